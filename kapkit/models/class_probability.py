"""How likely is it that an account will belong to A, B or C? Never a hard class alone."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from kapkit.models.account_features import account_features
from kapkit.models.backtest import ACCOUNTS_NEEDED
from kapkit.models.ridge_glm import fit_ridge_glm
from kapkit.models.scores import brier_skill, calibration_error
from kapkit.models.value import Measure, expected_value, worth
from kapkit.wording import percent, several

CLASSES = ["A", "B", "C"]
_FEATURES = ["value_8", "value_26", "value_rate", "recency", "overdue", "mean_order", "single"]
_ORIGINS, _LEAST_HISTORY_WEEKS = 4, 13


@dataclass(frozen=True)
class ClassProbabilities:
    """The chance of each class over the next horizon, and how such chances came true before.

    ``probability`` has a row per account and the columns A, B, C, which sum to 1; missing where
    it cannot be told. ``table`` has the rows ``logit`` and ``hard class`` (1 for those ranked
    A at the origin), with ``brier_skill`` and ``calibration_error`` of A.
    """

    probability: pd.DataFrame
    table: pd.DataFrame
    undecided: float
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

    Returns
    -------
    ClassProbabilities
        ``undecided`` is the share of accounts with a chance of A between 30 and 70 %.
    """
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    now = class_chances(past, as_of, first_day, measure, shares, horizon_weeks)
    probability = now.reindex(accounts)
    never = ~accounts.isin(past["account_id"])
    probability[never] = [0.0, 0.0, 1.0]
    table = _judged(past, as_of, first_day, measure, shares, horizon_weeks)
    undecided = float(probability["A"].between(0.3, 0.7).mean()) if len(now) else float("nan")
    return ClassProbabilities(probability, table, undecided, _sentence(table, undecided))


def class_chances(
    purchases: pd.DataFrame,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    shares: tuple[float, float],
    weeks: int,
) -> pd.DataFrame:
    """Learn at past origins and apply at a day; empty where there is too little to learn from."""
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    origins = _origins(as_of, first_day, weeks)
    stacked = [_described(past, day, first_day, measure) for day in origins]
    future = [
        _rank_share(past, part.index, day, weeks, measure)
        for part, day in zip(stacked, origins, strict=True)
    ]
    if not stacked or len(stacked[0]) < ACCOUNTS_NEEDED:
        return pd.DataFrame(columns=CLASSES, dtype=float)
    features, ranks = pd.concat(stacked, ignore_index=True), pd.concat(future, ignore_index=True)
    now = _described(past, as_of, first_day, measure)
    within = []
    for share in shares:
        inside = (ranks <= share).astype(float)
        fitted = fit_ridge_glm(features, inside, family=sm.families.Binomial())
        within.append(fitted.predict(now) if fitted.converged else fitted.predict(now) * np.nan)
    in_a = within[0]
    in_b = pd.Series(np.maximum(within[0], within[1]), index=now.index)
    return pd.DataFrame({"A": in_a, "B": in_b - in_a, "C": 1 - in_b})


def _origins(as_of: dt.date, first_day: dt.date | None, weeks: int) -> list[dt.date]:
    """Origins whose horizon is complete; shorter horizons are not learned from."""
    days = [as_of - dt.timedelta(weeks=weeks + 13 * back) for back in range(_ORIGINS)]
    return [day for day in days if (day - (first_day or as_of)).days >= 7 * _LEAST_HISTORY_WEEKS]


def _described(
    past: pd.DataFrame, day: dt.date, first_day: dt.date | None, measure: Measure
) -> pd.DataFrame:
    """Give features of each account, with its rank by half-life value as log odds."""
    features = account_features(past, worth(past, measure=measure), as_of=day, first_day=first_day)
    value = expected_value(past, features.index, as_of=day, first_day=first_day, measure=measure)
    share = (value["value"].rank(ascending=False) - 0.5) / len(value)
    return features[_FEATURES].assign(rank=np.log(share / (1 - share)))


def _rank_share(
    past: pd.DataFrame, accounts: pd.Index, day: dt.date, weeks: int, measure: Measure
) -> pd.Series:
    """Rank accounts by the value that came: 0 the best, 1 the last; what earns nothing is last."""
    date, start = past["date"], pd.Timestamp(day)
    after = past[(date > start) & (date <= start + pd.Timedelta(weeks=weeks))]
    future = worth(after, measure=measure).groupby(after["account_id"]).sum()
    future = future.reindex(accounts, fill_value=0.0)
    rank = future.rank(ascending=False, method="first") / max(len(future), 1)
    return rank.where(future > 0, 1.0)


def _judged(
    past: pd.DataFrame,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    shares: tuple[float, float],
    weeks: int,
) -> pd.DataFrame:
    """Compare the chances of A said a horizon ago, and the hard class, with what came."""
    ways = pd.Index(["logit", "hard class"], name="way")
    day = as_of - dt.timedelta(weeks=weeks)
    said = class_chances(past, day, first_day, measure, shares, weeks)
    if said.empty or said["A"].isna().any():
        nothing = pd.DataFrame(np.nan, index=ways, columns=["brier_skill", "calibration_error"])
        return nothing.assign(accounts=len(said))
    came = (_rank_share(past, said.index, day, weeks, measure) <= shares[0]).astype(float)
    value = expected_value(past, said.index, as_of=day, first_day=first_day, measure=measure)
    hard = (value["value"].rank(ascending=False, pct=True) <= shares[0]).astype(float)
    rows = [
        [brier_skill(way, came), calibration_error(way, came), len(came)]
        for way in (said["A"], hard)
    ]
    return pd.DataFrame(rows, index=ways, columns=["brier_skill", "calibration_error", "accounts"])


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
