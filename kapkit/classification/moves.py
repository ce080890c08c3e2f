"""2.1 Who moved class, whether it is more than noise, and why."""

import numpy as np
import pandas as pd

CAUSES = ("data", "model", "behaviour", "peers")


def steady_classes(
    position: pd.Series, before: pd.Series, *, a: float = 0.2, b: float = 0.5, band: float = 0.15
) -> pd.Series:
    """Keep an account near a cut in its class, so that classes change on evidence, not on noise.

    An account leaves A only below the cut by the band, ``a (1 + band)``, and enters only above
    it by the band, ``a (1 - band)``; at the cut of B and C half the band counts.

    Parameters
    ----------
    position : Series
        Place in the ranking, 0 (best) to 1 (`positions`).
    before : Series
        Class held, A, B or C; an account that is missing here is classed by the cuts alone.
    a, b : float, 0 to 1
        Share of the accounts in A, and in A or B.
    band : float, 0 to 1
        0 for the cuts alone. On Online Retail II, 15 % takes away a quarter to a third of the
        quarterly moves at almost no loss; above 30 % newcomers are frozen out.

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
    in_a = position <= _cut(a, band, held, "A")
    in_b = in_a | (position <= _cut(b, band / 2, held, "AB"))
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
