"""What an account will be worth next, from its own history."""

import datetime as dt
import math
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.errors import DataError

Measure = Literal["margin", "revenue"]

WEEKS_PER_YEAR = 365.25 / 7


def worth(purchases: pd.DataFrame, *, measure: Measure) -> pd.Series:
    """Value each purchase: its margin, or its net revenue where costs are not known.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``).
    measure : {"margin", "revenue"}
        ``margin`` counts only lines with a known cost.

    Returns
    -------
    Series indexed like ``purchases``
        In the book's currency; missing where no line of the day has a cost.

    Examples
    --------
    >>> day = pd.DataFrame({"revenue": [9.0], "costed_revenue": [8.0], "cost": [5.0]})
    >>> worth(day, measure="margin").tolist()
    [3.0]
    """
    if measure == "revenue":
        return purchases["revenue"].rename("worth")
    return (purchases["costed_revenue"] - purchases["cost"]).rename("worth")


def year_to(purchases: pd.DataFrame, day: dt.date, *, years_back: int = 0) -> pd.DataFrame:
    """Keep the twelve months that end on a day: the year every sum of the plan is over.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``).
    day : date
        Last day of the twelve months.
    years_back : int
        1 for the twelve months before those; the years join without a gap or an overlap.

    Returns
    -------
    DataFrame
        The rows of those months, with their columns.

    Examples
    --------
    >>> bought = pd.DataFrame({"date": pd.to_datetime(["2025-06-30", "2025-07-01"])})
    >>> year_to(bought, dt.date(2026, 6, 30)).index.tolist()
    [1]
    """
    end = pd.Timestamp(day) - pd.DateOffset(years=years_back)
    start = pd.Timestamp(day) - pd.DateOffset(years=years_back + 1)
    return purchases[(purchases["date"] > start) & (purchases["date"] <= end)]


def past_value(
    purchases: pd.DataFrame, accounts: pd.Index, *, as_of: dt.date, measure: Measure
) -> pd.Series:
    """Sum the last twelve months: the plain ranking every other one is judged against.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    accounts : Index
        The accounts to value, also those that never bought.
    as_of : date
        Last day of the twelve months.
    measure : {"margin", "revenue"}
        What is summed (`worth`).

    Returns
    -------
    Series indexed like ``accounts``
        In the book's currency; 0 where nothing was bought, or nothing with a known cost.

    Examples
    --------
    >>> bought = pd.DataFrame({"account_id": ["a"], "date": [pd.Timestamp("2026-06-30")],
    ...                        "revenue": [100.0]})
    >>> past_value(bought, pd.Index(["a", "b"]), as_of=dt.date(2026, 6, 30),
    ...            measure="revenue").tolist()
    [100.0, 0.0]
    """
    year = year_to(purchases, as_of)
    total = worth(year, measure=measure).groupby(year["account_id"]).sum()
    return total.reindex(accounts, fill_value=0.0).rename("past_value")


def expected_value(
    purchases: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    half_life_weeks: float = 26.0,
    level: float = 0.8,
) -> pd.DataFrame:
    r"""Expect next year's value from history in which older purchases count less.

    A purchase of ``age`` weeks weighs :math:`0.5^{age/h}`; the weighted sum is divided by the
    weight of all weeks observed, :math:`h (1 - 0.5^{T/h}) / \ln 2`, and so is a rate, given
    per year. Nothing is fitted. On the two public books that kapkit tests with, a half-life
    of 26 weeks finds more of the next half-year's value than the plain ranking.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    accounts : Index
        The accounts to value, also those that never bought.
    as_of : date
        Last day that counts.
    first_day : date or None
        First day of the book's sales: an account that starts later has earned nothing before.
    measure : {"margin", "revenue"}
        What is summed.
    half_life_weeks : float, weeks, above 0
        Age at which a purchase counts half; 26 held on every book tried.
    level : float, 0 to 1
        Probability of the interval.

    Returns
    -------
    DataFrame indexed like ``accounts``
        ``value`` (per year, book's currency), ``low``, ``high`` and ``order_days`` (the sample
        size). Of accounts that never bought, or of whose purchases no cost is known, the value
        is 0 and the interval missing.

    Raises
    ------
    DataError
        If the half-life is not positive.

    Notes
    -----
    The interval is that of a compound Poisson process: the variance of a weighted sum is
    estimated by the sum of squared terms (Campbell's theorem). It says how far chance in the
    timing and size of past orders puts the value off the account's own rate; it knows nothing
    of seasons or of accounts that leave, and is too wide for very regular buyers. Simulated
    accounts with an order a week are covered in 78 to 82 % of cases at a level of 80 %; with
    two to six orders a year only in 54 to 76 %, the less the more their sizes differ, because
    the large order that was not yet seen is missing. What one single year brings scatters more
    than the rate: 47 to 64 % fall inside.

    References
    ----------
    Campbell's theorem: Kingman, J. F. C. (1993), Poisson Processes, section 3.2.

    Examples
    --------
    >>> bought = pd.DataFrame({"account_id": ["a"], "date": [pd.Timestamp("2026-06-30")],
    ...                        "revenue": [100.0]})
    >>> expected_value(bought, pd.Index(["a", "b"]), as_of=dt.date(2026, 6, 30),
    ...                first_day=dt.date(2025, 7, 1), measure="revenue")["value"].round(1).tolist()
    [185.2, 0.0]
    """
    if not half_life_weeks > 0:
        raise DataError(f"half_life_weeks: {half_life_weeks} is not positive; 26 is a good start")
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    age_weeks = (pd.Timestamp(as_of) - past["date"]).dt.days / 7
    weighted = worth(past, measure=measure) * 0.5 ** (age_weeks / half_life_weeks)
    scale = WEEKS_PER_YEAR / weeks_weighed(as_of, first_day, half_life_weeks)
    per_account = pd.DataFrame({"sum": weighted, "square": weighted**2}).groupby(past["account_id"])
    sums = per_account.sum(min_count=1).reindex(accounts)
    value = sums["sum"] * scale
    reach = float(stats.norm.ppf((1 + level) / 2)) * np.sqrt(sums["square"]) * scale
    days = past.groupby("account_id").size().reindex(accounts, fill_value=0)
    return pd.DataFrame(
        {
            "value": value.fillna(0.0),
            "low": value - reach,
            "high": value + reach,
            "order_days": days,
        }
    )


def decayed_sum(
    purchases: pd.DataFrame, value: pd.Series, *, as_of: dt.date, half_life_weeks: float
) -> pd.Series:
    """Sum a value per account, halved for every half-life of its age; no row is in the future."""
    age_weeks = (pd.Timestamp(as_of) - purchases["date"]).dt.days / 7
    weighted = value * 0.5 ** (age_weeks / half_life_weeks)
    summed: pd.Series = weighted.groupby(purchases["account_id"]).sum()
    return summed


def weeks_weighed(as_of: dt.date, first_day: dt.date | None, half_life_weeks: float) -> float:
    """Sum the weights of all weeks observed."""
    days = (as_of - (first_day or as_of)).days + 1
    lost = math.pow(0.5, max(days, 1) / 7 / half_life_weeks)
    return half_life_weeks / math.log(2) * (1 - lost)
