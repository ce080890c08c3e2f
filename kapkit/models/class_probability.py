"""How likely is it that an account will belong to A, B or C? Never a hard class alone."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import special

from kapkit.models.account_features import account_features
from kapkit.models.backtest import ACCOUNTS_NEEDED
from kapkit.models.ridge_glm import fit_ridge_glm
from kapkit.models.scores import brier_skill, calibration_curve, calibration_error
from kapkit.models.value import Measure, expected_value, worth
from kapkit.wording import percent, several

if TYPE_CHECKING:
    from pandas.core.groupby import SeriesGroupBy

#: Top shares whose chances are learned: those of other cuts are read off between them.
SHARES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)
_FEATURES = ["value_8", "value_26", "value_rate", "recency", "overdue", "mean_order", "single"]
_ORIGINS, _LEAST_HISTORY_WEEKS = 4, 13


@dataclass(frozen=True)
class ClassProbabilities:
    """The chance of each class over the next horizon, and how such chances came true before.

    ``probability`` has a row per account and the columns A, B, C, which sum to 1; missing where
    it cannot be told; ``within`` the chance to be in the top share that each column names, from
    which the classes of other cuts follow. ``table`` has the rows ``logit`` and ``hard class`` (1
    for those ranked A at the origin), with ``brier_skill`` and ``calibration_error`` of A;
    ``curve`` sets the chances of A said then against what came (`calibration_curve`).
    """

    probability: pd.DataFrame
    within: pd.DataFrame
    table: pd.DataFrame
    undecided: float
    curve: pd.DataFrame
    sentence: str


def class_probabilities(
    purchases: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    shares: tuple[float, float] = (0.2, 0.5),
    horizon_weeks: int = 26,
    regions: pd.Series | None = None,
) -> ClassProbabilities:
    """Give the chance that an account's next value ranks it A, B or C.

    A logit per cut ("in the top 20 %", "in the top half" of the value to come) is learned at
    past origins from half-life rates, recency, and the rank by half-life value; the chances of
    the cuts are made to nest. What was said at the last complete horizon is compared with what
    came.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``), of all regions; later days are
        ignored.
    accounts : Index
        The accounts wanted; one that never bought is C for sure.
    as_of : date
        Last day that counts.
    first_day : date or None
        First day of the book's sales.
    measure : {"margin", "revenue"}
        What ranks the accounts (`worth`).
    shares : pair of float, 0 to 1, rising
        Share of the accounts in A, and in A or B.
    horizon_weeks : int, weeks
        Over which the value to come is summed.
    regions : Series, optional
        Region of each account, where accounts are ranked within theirs; what is learned is
        still learned from all, so that small regions borrow strength.

    Returns
    -------
    ClassProbabilities
        ``undecided`` is the share of accounts with a chance of A between 30 and 70 %.
    """
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    asked = tuple(sorted({*SHARES, *shares}))
    now = share_chances(past, as_of, first_day, measure, asked, horizon_weeks, regions)
    within = now.reindex(accounts)
    within[~accounts.isin(past["account_id"])] = 0.0
    probability = chances_of_classes(within, *shares)
    table, curve = _judged(
        past, as_of, first_day, measure, asked, shares[0], horizon_weeks, regions
    )
    undecided = float(probability["A"].between(0.3, 0.7).mean()) if len(now) else float("nan")
    said = _sentence(table, undecided)
    return ClassProbabilities(probability, within, table, undecided, curve, said)


def chances_of_classes(within: pd.DataFrame, a: float, b: float) -> pd.DataFrame:
    """Give the chances of A, B and C for any cuts, from those of the shares that were learned.

    Parameters
    ----------
    within : DataFrame
        `ClassProbabilities.within`: chance to be in the top share of each column.
    a, b : float, 0 to 1
        Share of the accounts in A, and in A or B. Between learned shares log odds are taken as
        linear in the log odds of the share; beyond the last ones, as going on in that line.

    Returns
    -------
    DataFrame indexed like ``within``
        A, B and C, which sum to 1.

    Examples
    --------
    >>> chances_of_classes(pd.DataFrame({0.2: [0.3], 0.5: [0.8]}), 0.2, 0.5).round(2).to_numpy()
    array([[0.3, 0.5, 0.2]])
    """
    in_a = _chance_within(within, a)
    in_b = np.maximum(in_a, _chance_within(within, b))
    return pd.DataFrame({"A": in_a, "B": in_b - in_a, "C": 1 - in_b}, index=within.index)


def _chance_within(within: pd.DataFrame, share: float) -> np.ndarray:
    """Read a share off the line through the two learned shares beside it."""
    known = within.columns.to_numpy(dtype=float)
    chances = within.to_numpy(dtype=float)
    if share >= 1:
        return np.where(np.isnan(chances[:, -1]), np.nan, (chances[:, -1] > 0).astype(float))
    left = int(np.clip(np.searchsorted(known, share) - 1, 0, len(known) - 2))
    low, high = special.logit(np.clip(chances[:, left : left + 2], 1e-9, 1 - 1e-9)).T
    start, end, wanted = special.logit([known[left], known[left + 1], max(share, 1e-6)])
    found = special.expit(low + (wanted - start) / (end - start) * (high - low))
    # One that never bought is in no top share whatever the line says.
    return np.where(chances[:, -1] == 0, 0.0, found)


def share_chances(
    purchases: pd.DataFrame,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    shares: tuple[float, ...],
    weeks: int,
    regions: pd.Series | None = None,
) -> pd.DataFrame:
    """Learn at past origins and apply at a day; missing where there is too little to learn from.

    Returns
    -------
    DataFrame
        A row per account that ever ordered, a column per share: the chance to be in that top
        share of the value to come. Empty below 30 accounts or without a complete horizon.
    """
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    if past["account_id"].nunique() < ACCOUNTS_NEEDED:
        return pd.DataFrame(columns=list(shares), dtype=float)
    origins = _origins(as_of, first_day, weeks)
    stacked = [_described(past, day, first_day, measure, regions) for day in origins]
    future = [
        _rank_share(past, part.index, day, weeks, measure, regions)
        for part, day in zip(stacked, origins, strict=True)
    ]
    if not stacked or len(stacked[0]) < ACCOUNTS_NEEDED or not any((f < 1).any() for f in future):
        return pd.DataFrame(columns=list(shares), dtype=float)
    features, ranks = pd.concat(stacked, ignore_index=True), pd.concat(future, ignore_index=True)
    now = _described(past, as_of, first_day, measure, regions)
    within = []
    for share in shares:
        inside = (ranks <= share).astype(float)
        within.append(_chance(features, inside, now))
    nested = np.maximum.accumulate(np.column_stack(within), axis=1)
    return pd.DataFrame(nested, index=now.index, columns=list(shares))


def _chance(features: pd.DataFrame, inside: pd.Series, now: pd.DataFrame) -> pd.Series:
    """Fit a logit; where all regions are too small for the share to hold anyone, nobody is in."""
    if inside.min() == inside.max():
        return pd.Series(float(inside.iloc[0]), index=now.index)
    fitted = fit_ridge_glm(features, inside, family=sm.families.Binomial())
    return fitted.predict(now) if fitted.converged else fitted.predict(now) * np.nan


def _origins(as_of: dt.date, first_day: dt.date | None, weeks: int) -> list[dt.date]:
    """Origins whose horizon is complete; shorter horizons are not learned from."""
    days = [as_of - dt.timedelta(weeks=weeks + 13 * back) for back in range(_ORIGINS)]
    return [day for day in days if (day - (first_day or as_of)).days >= 7 * _LEAST_HISTORY_WEEKS]


def _described(
    past: pd.DataFrame,
    day: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    regions: pd.Series | None,
) -> pd.DataFrame:
    """Give features of each account, with its rank by half-life value as log odds."""
    features = account_features(past, worth(past, measure=measure), as_of=day, first_day=first_day)
    value = expected_value(past, features.index, as_of=day, first_day=first_day, measure=measure)
    ranked = _grouped(value["value"], regions)
    share = (ranked.rank(ascending=False) - 0.5) / ranked.transform("size")
    return features[_FEATURES].assign(rank=np.log(share / (1 - share)))


def _rank_share(
    past: pd.DataFrame,
    accounts: pd.Index,
    day: dt.date,
    weeks: int,
    measure: Measure,
    regions: pd.Series | None,
) -> pd.Series:
    """Rank accounts by the value that came: 0 the best, 1 the last; what earns nothing is last."""
    date, start = past["date"], pd.Timestamp(day)
    after = past[(date > start) & (date <= start + pd.Timedelta(weeks=weeks))]
    future = worth(after, measure=measure).groupby(after["account_id"]).sum()
    future = future.reindex(accounts, fill_value=0.0)
    ranked = _grouped(future, regions)
    # Half a place up, as cuts are rounded to the nearest account.
    share = (ranked.rank(ascending=False, method="first") - 0.5) / ranked.transform("size")
    kept: pd.Series = share.where(future > 0, 1.0)
    return kept


def _grouped(values: pd.Series, regions: pd.Series | None) -> "SeriesGroupBy[Any, Any]":
    """Group accounts by region; all in one where none are given."""
    if regions is None:
        return values.groupby(np.zeros(len(values)))
    return values.groupby(regions.reindex(values.index).fillna("").to_numpy())


def _judged(
    past: pd.DataFrame,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    shares: tuple[float, ...],
    top: float,
    weeks: int,
    regions: pd.Series | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare chances of the ``top`` share said a horizon ago, and the class, with what came."""
    ways = pd.Index(["logit", "hard class"], name="way")
    day = as_of - dt.timedelta(weeks=weeks)
    said = share_chances(past, day, first_day, measure, shares, weeks, regions)
    if said.empty or said.isna().any(axis=None):
        nothing = pd.DataFrame(np.nan, index=ways, columns=["brier_skill", "calibration_error"])
        empty = pd.DataFrame(columns=["said", "seen", "accounts"], dtype=float)
        return nothing.assign(accounts=len(said)), empty
    rank = _rank_share(past, said.index, day, weeks, measure, regions)
    came = (rank <= top).astype(float)
    value = expected_value(past, said.index, as_of=day, first_day=first_day, measure=measure)
    ranked = _grouped(value["value"], regions)
    hard = (ranked.rank(ascending=False, pct=True) <= top).astype(float)
    rows = [
        [brier_skill(way, came), calibration_error(way, came), len(came)]
        for way in (said[top], hard)
    ]
    table = pd.DataFrame(rows, index=ways, columns=["brier_skill", "calibration_error", "accounts"])
    return table, calibration_curve(said[top], came)


def _sentence(table: pd.DataFrame, undecided: float) -> str:
    if table.isna().any(axis=None):
        return (
            "Not enough data to tell how likely each class is: 30 accounts and two complete "
            "horizons of sales are needed."
        )
    logit, hard = (float(table["brier_skill"][way]) for way in ("logit", "hard class"))
    asked = several(int(table["accounts"].iloc[0]), "account")
    return (
        f"Chances of class A said one horizon ago of {asked} took away {percent(logit)} of the "
        f"error of the base rate, the class alone {percent(hard)}; they were off by "
        f"{percent(float(table['calibration_error']['logit']))} on average. "
        f"{percent(undecided)} of the accounts are undecided (30 to 70 %)."
    )
