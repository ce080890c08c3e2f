"""2.1 Who moved class, whether it is more than noise, and why."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.errors import DataError

CAUSES = ("data", "model", "behaviour", "peers")
#: Widest band about a cut.
_WIDEST = 0.3


@dataclass(frozen=True)
class Stability:
    """What evidence a move between classes needs; a book says so under [classes].

    ``band`` is how far beyond a cut an account must stand to pass it (0: nothing more);
    ``missed`` the cost of leaving a true account of the better class out, in costs of letting a
    wrong one in. At 1 a move needs the more likely side, at 3 a chance of a quarter lets an
    account in, and keeps one there.

    Raises
    ------
    DataError
        If the band is not 0 to 0.3 (beyond, newcomers are frozen out), or the cost not positive.
    """

    band: float = 0.15
    missed: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what would freeze classes, or make no sense."""
        if not 0 <= self.band <= _WIDEST:
            raise DataError(
                f"band: {self.band} is not 0 to {_WIDEST}; beyond, newcomers are frozen out"
            )
        if not self.missed > 0:
            raise DataError(f"missed_cost: {self.missed} must be positive")


def steady_classes(
    position: pd.Series,
    before: pd.Series,
    *,
    a: float = 0.2,
    b: float = 0.5,
    band: float = 0.15,
    chances: pd.DataFrame | None = None,
    missed: float = 1.0,
) -> pd.Series:
    """Keep an account near a cut in its class, so that classes change on evidence, not on noise.

    An account leaves A only below the cut by the band, ``a (1 + band)``, and enters only above
    it by the band, ``a (1 - band)``; so too at the cut of B and C, about which ranks move at least
    as much from quarter to quarter.

    Parameters
    ----------
    position : Series
        Place in the ranking, 0 (best) to 1 (`positions`).
    before : Series
        Class held, A, B or C; an account that is missing here is classed by the cuts alone.
    a, b : float, 0 to 1
        Share of the accounts in A, and in A or B.
    band : float, 0 to 1
        0 for the cuts alone. On Online Retail II, 15 % takes away two fifths of the quarterly
        moves at almost no loss; above 30 % newcomers are frozen out.
    chances : DataFrame, optional
        ``A``, ``B`` and ``C`` per account. Where they are known, a move also needs the chance on
        its side: into a class or a better one at 1 / (1 + missed) at least, out of it below that.
    missed : float
        Cost of a true account left out, in costs of a wrong one let in (`Stability`).

    Returns
    -------
    Series indexed like ``position``
        A, B or C; C where the position is missing.

    Examples
    --------
    >>> held = pd.Series({"x": "A", "y": "B", "z": "B"})
    >>> steady_classes(pd.Series({"x": 0.22, "y": 0.18, "z": 0.16}), held).tolist()
    ['A', 'B', 'A']
    """
    held = before.reindex(position.index)
    in_a = _backed(position <= _cut(a, band, held, "A"), held, "A", chances, missed)
    inside = position <= _cut(b, band, held, "AB")
    in_b = in_a | _backed(inside, held, "AB", chances, missed)
    return pd.Series(np.select([in_a, in_b], ["A", "B"], "C"), position.index, name="class")


def positions(value: pd.Series) -> pd.Series:
    """Give each account's place in the ranking: its rank over the number of positive values.

    Equal values share the better place; what is not positive is missing.

    Examples
    --------
    >>> positions(pd.Series([9.0, 5.0, 0.0])).tolist()
    [0.5, 1.0, nan]
    """
    ordered = np.sort(value.to_numpy(dtype=float))
    return _placed(value, ordered, int((value > 0).sum())).where(value > 0)


def split_moves(said: pd.Series, data: pd.Series, model: pd.Series, now: pd.Series) -> pd.DataFrame:
    """Split how far each account moved in the ranking into its causes, to the last digit.

    Four valuations of the same accounts follow on each other: as an earlier run said them; the
    same day and model from today's book (what changed is the ``data``); the same day by
    today's model (``model``); today. The last step is the account's own change (``behaviour``)
    and that of the others (``peers``): each is taken once before and once after the other, and
    averaged (Shapley value), so that neither order is favoured.

    Parameters
    ----------
    said, data, model, now : Series
        Value a year per account, indexed alike; an account without one then is worth 0.

    Returns
    -------
    DataFrame indexed like ``now``
        ``before`` and ``after`` (place, 0 best to 1; worth nothing is last), ``data``,
        ``model``, ``behaviour``, ``peers`` (their sum is after less before; negative is up) and
        ``cause``, the largest in the direction of the move, empty where there is none.

    References
    ----------
    Shapley, L. S. (1953), A value for n-person games.
    """
    values = [one.reindex(now.index).fillna(0.0) for one in (said, data, model, now)]
    first, second, third, last = (_places(one, one) for one in values)
    own, others = _places(values[3], values[2]), _places(values[2], values[3])
    table = pd.DataFrame(
        {
            "before": first,
            "after": last,
            "data": second - first,
            "model": third - second,
            "behaviour": ((own - third) + (last - others)) / 2,
            "peers": ((others - third) + (last - own)) / 2,
        }
    )
    return table.assign(cause=_main_cause(table))


def _cut(share: float, band: float, held: pd.Series, inside: str) -> pd.Series:
    """Move the cut away from where each account stands; nothing is moved for a new one."""
    stays = held.isin(list(inside))
    moved = np.select([stays, held.notna()], [1 + band, 1 - band], 1.0)
    return pd.Series(share * moved, held.index)


def _backed(
    inside: pd.Series, held: pd.Series, names: str, chances: pd.DataFrame | None, missed: float
) -> pd.Series:
    """Let an account pass a cut only where its chance is on that side too."""
    if chances is None:
        return inside
    chance = chances.reindex(held.index)[list(names)].sum(axis=1, min_count=1)
    likely = chance >= 1 / (1 + missed)
    was_in = held.isin(list(names))
    asked = held.notna() & chance.notna() & (inside != was_in)
    return inside.where(~asked | (likely == inside), was_in)


def _places(own: pd.Series, others: pd.Series) -> pd.Series:
    """Place each account by its own value among the values of the others, 0 best to 1."""
    ordered = np.sort(others.to_numpy(dtype=float))
    better = len(ordered) - np.searchsorted(ordered, own.to_numpy(dtype=float), side="right")
    # Its own other value does not stand among the others.
    better = better - (others > own).to_numpy()
    return pd.Series(better / max(len(own) - 1, 1), own.index)


def _placed(value: pd.Series, ordered: np.ndarray, positive: int) -> pd.Series:
    better = len(ordered) - np.searchsorted(ordered, value.to_numpy(dtype=float), side="right")
    return pd.Series((better + 1) / max(positive, 1), value.index)


def _main_cause(table: pd.DataFrame) -> pd.Series:
    way = np.sign(table["after"] - table["before"])
    pulls = table[list(CAUSES)].mul(way, axis=0)
    named = pd.Series(np.array(CAUSES)[pulls.to_numpy().argmax(axis=1)], table.index, dtype="str")
    return named.where(way != 0, "")
