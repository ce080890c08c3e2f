"""2.1 Classes A, B and C by purchasing power."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kapkit.book.errors import DataError
from kapkit.wording import percent, say, several

CLASSES = ("A", "B", "C")
#: Cuts are sought among so many places of the ranking.
_PLACES = 2000


@dataclass(frozen=True)
class Cuts:
    """Where the classes are cut, going down the ranking; ``b`` counts A and B together.

    ``by`` says of what: ``accounts`` (shares of the accounts with a positive value), ``value``
    (shares of the summed value), ``count`` (numbers of accounts) or ``breaks`` (where the logs of
    the values fall apart best, by natural breaks; ``a`` and ``b`` then say nothing).

    Raises
    ------
    DataError
        If ``by`` is unknown, or the cuts are not 0 < a <= b <= 1, as counts 1 <= a <= b.
    """

    by: Literal["accounts", "value", "count", "breaks"] = "accounts"
    a: float = 0.2
    b: float = 0.5

    def __post_init__(self) -> None:
        if self.by not in {"accounts", "value", "count", "breaks"}:
            raise DataError(
                f"cut_by: {self.by!r} is unknown; take accounts, value, count or breaks"
            )
        counted = self.by == "count"
        if not (1 <= self.a <= self.b if counted else 0 < self.a <= self.b <= 1):
            rule = "1 <= a <= b, numbers of accounts" if counted else "0 < a <= b <= 1"
            raise DataError(f"cuts: a {self.a} and b {self.b} must keep {rule}")


@dataclass(frozen=True)
class Classification:
    """Accounts with their class, best first, and the values at which they would change it.

    ``table`` is indexed by account: ``class``, ``rank``, ``value``, ``low``, ``high``,
    ``past_value``, ``order_days`` and ``value_share`` (of the sum of the positive values).
    An account enters A or B at ``thresholds``, the lowest value in the class, and leaves it
    below ``limits``, the value that would take its place; both are missing for an empty class.
    """

    table: pd.DataFrame
    thresholds: dict[str, float]
    limits: dict[str, float]
    cuts: Cuts
    sentence: str

    def counts(self) -> pd.Series:
        """Count the accounts of each class, empty classes included."""
        return self.table["class"].value_counts().reindex(list(CLASSES), fill_value=0)


def classify(
    value: pd.DataFrame, past_value: pd.Series, *, cuts: Cuts | None = None
) -> Classification:
    """Name the key accounts: A, B or C by the value each is expected to have next year.

    Parameters
    ----------
    value : DataFrame
        Indexed by account: ``value`` per year in the book's currency, its interval ``low`` and
        ``high``, and ``order_days`` (see `expected_value`).
    past_value : Series
        Value of the last twelve months, beside which the expected one is shown.
    cuts : Cuts
        Default: of the accounts with a positive value the first fifth is A, the next three
        tenths are B.

    Returns
    -------
    Classification

    Notes
    -----
    A region with at least one account of positive value has an A account. Accounts of equal
    value share the better class. An account whose value is not positive is C however few
    there are. An empty region gives an empty table.

    References
    ----------
    Dickie, H. F. (1951), ABC inventory analysis shoots for dollars, not pennies.

    Examples
    --------
    >>> worth = pd.DataFrame({"value": [70.0, 30.0, 0.0], "low": 0.0, "high": 90.0,
    ...                       "order_days": [9, 4, 0]}, index=["x", "y", "z"])
    >>> classify(worth, worth["value"]).table["class"].tolist()
    ['A', 'C', 'C']
    """
    cuts = cuts or Cuts()
    ranked = value.assign(past_value=past_value.reindex(value.index))
    ranked = ranked.sort_index().sort_values("value", ascending=False, kind="stable")
    positive = ranked.loc[ranked["value"] > 0, "value"]
    thresholds, limits = _bounds(positive, cuts)
    conditions = [ranked["value"] >= thresholds["A"], ranked["value"] >= thresholds["B"]]
    table = ranked.assign(
        **{"class": np.select(conditions, ["A", "B"], "C")},
        rank=ranked["value"].rank(ascending=False, method="min").astype(int),
        value_share=ranked["value"] / positive.sum() if len(positive) else np.nan,
    )
    return Classification(table, thresholds, limits, cuts, summary(table, positive))


def pareto_curve(value: pd.Series) -> pd.DataFrame:
    """Show how few accounts make most of the value.

    Parameters
    ----------
    value : Series
        Per account; accounts that are worth nothing, or less, add nothing.

    Returns
    -------
    DataFrame indexed like the accounts, highest value first
        ``account_share`` and ``value_share``, both cumulative, 0 to 1.

    Raises
    ------
    DataError
        If no account has a positive value: shares of it have no meaning.

    Examples
    --------
    >>> pareto_curve(pd.Series({"a": 8.0, "b": 2.0}))["value_share"].tolist()
    [0.8, 1.0]
    """
    ranked = value.sort_values(ascending=False, kind="stable").clip(lower=0)
    if not ranked.sum() > 0:
        raise DataError("value: no account has a positive value, so there are no shares to show")
    return pd.DataFrame(
        {
            "account_share": np.arange(1, len(ranked) + 1) / len(ranked),
            "value_share": ranked.cumsum() / ranked.sum(),
        }
    )


def _bounds(positive: pd.Series, cuts: Cuts) -> tuple[dict[str, float], dict[str, float]]:
    """Find the values at which accounts enter and leave A and B; missing for an empty class."""
    missing = dict.fromkeys(("A", "B"), math.nan)
    if positive.empty:
        return missing, missing
    values = [*positive, 0.0]
    counts = {"A": _count(positive, cuts, cuts.a), "B": _count(positive, cuts, cuts.b)}
    if cuts.by == "breaks":
        counts = dict(zip(("A", "B"), natural_breaks(positive), strict=True))
    if values[counts["A"] - 1] == values[counts["B"] - 1]:
        del counts["B"]
    thresholds = {name: float(values[count - 1]) for name, count in counts.items()}
    limits = {name: float(values[count]) for name, count in counts.items()}
    return missing | thresholds, missing | limits


def natural_breaks(values: pd.Series) -> tuple[int, int]:
    """Find how many of the best values make A, and A and B, where their logs fall apart best.

    Of all ways to cut the ranking in three, the one whose groups vary least within.

    Parameters
    ----------
    values : Series of float
        Positive, highest first.

    Returns
    -------
    tuple of int
        Numbers of accounts; at least one each, at most all.

    Notes
    -----
    Above 2,000 values the cuts are sought among 2,000 places, evenly spaced in the ranking.

    References
    ----------
    Fisher, W. D. (1958), On grouping for maximum homogeneity, J. Am. Stat. Assoc. 53(284).

    Examples
    --------
    >>> natural_breaks(pd.Series([900.0, 800.0, 90.0, 80.0, 70.0, 3.0]))
    (2, 5)
    """
    logs = np.log(values.to_numpy(dtype=float))
    count = len(logs)
    if count < 3:
        return 1, count
    places = np.unique(np.linspace(1, count, min(count, _PLACES)).round().astype(int))
    sums = np.r_[0.0, logs.cumsum()]
    first, second = places[:-1, None], places[None, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (
            sums[first] ** 2 / first
            + (sums[second] - sums[first]) ** 2 / (second - first)
            + np.where(second < count, (sums[count] - sums[second]) ** 2 / (count - second), 0.0)
        )
    usable = np.where((second > first) & (second < count), between, -np.inf)
    a, b = np.unravel_index(int(usable.argmax()), usable.shape)
    return int(places[a]), int(places[1:][b])


def _count(positive: pd.Series, cuts: Cuts, cut: float) -> int:
    """Count the accounts of positive value above a cut: at least one, at most all."""
    if cuts.by == "value":
        # The account that carries the sum over the cut still belongs to the class.
        reached = (positive.cumsum() / positive.sum()).to_numpy()
        count = int(np.searchsorted(reached, cut - 1e-12)) + 1
    else:
        wanted = cut * len(positive) if cuts.by == "accounts" else min(cut, len(positive))
        count = math.floor(wanted + 0.5)
    return min(max(count, 1), len(positive))


def summary(table: pd.DataFrame, positive: pd.Series) -> str:
    """Say how many key accounts there are, and what share of the value they carry."""
    if positive.empty:
        return say(
            "No key account: none of {accounts} has a positive value.",
            accounts=several(len(table), "account"),
        )
    key = table[table["class"] == "A"]
    share = key["value"].sum() / positive.sum()
    return say(
        "Class A holds {key} of {accounts}, expected to make {share} of next year's value.",
        key=f"{len(key):,}",
        accounts=several(len(table), "account"),
        share=percent(share),
    )
