"""2.2 Growth: who really buys more than a year ago, and who less?"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.region import Region
from kapkit.models.value import year_to
from kapkit.wording import amount, say, say_count, signed_percent

#: An account's own growth is told from this many order days in each of the two years.
_ORDERS_NEEDED = 2
#: Order days of the usual account that count beside an account's own.
_PRIOR_DAYS = 5.0
_EIGHTY = float(stats.norm.ppf(0.9))


@dataclass(frozen=True)
class Growth:
    """Revenue of twelve months against the twelve before.

    ``table`` is indexed by account: ``revenue``, ``revenue_before``, ``growth`` (drawn to the
    region's by how little chance leaves to tell; .1 is a tenth more) with its 80 % interval
    ``growth_low`` and ``growth_high``, ``raw`` (as it came), and ``course``: ``grows`` or
    ``shrinks`` where the interval leaves 0 out, ``new`` and ``stopped`` where one of the years
    is empty, else empty. ``total`` is the region's with ``total_low`` and ``total_high``.
    """

    table: pd.DataFrame
    total: float
    total_low: float
    total_high: float
    sentence: str


def growth_of(region: Region) -> Growth:
    """Tell which accounts of a region grow and shrink beyond chance."""
    return growth(
        region.purchases,
        region.accounts.index,
        as_of=region.as_of,
        currency=region.book.currency,
    )


def growth(
    purchases: pd.DataFrame, accounts: pd.Index, *, as_of: dt.date, currency: str = ""
) -> Growth:
    """Tell growth from chance: this year's revenue against last year's, with intervals.

    A year's revenue is a sum of orders whose number and size are chance (compound Poisson): the
    variance of its log is about (1 + cv²)/n with n order days, whose variation cv is the
    account's own drawn to that of all. The log ratio of two years is drawn to the region's by
    how much of the spread between accounts is chance.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    accounts : Index
        The accounts to look at.
    as_of : date
        Last day of this year's twelve months.
    currency : str
        Written behind amounts.

    Returns
    -------
    Growth
        Growth is missing below two order days in either year.

    Notes
    -----
    Accounts that order by a rhythm vary less than this says: their intervals are on the safe
    side.

    References
    ----------
    Morris, C. N. (1983), Parametric empirical Bayes inference: theory and applications,
    J. Am. Stat. Assoc. 78(381).
    """
    now, before = (_year(purchases, accounts, as_of, back) for back in (0, 1))
    table = pd.DataFrame({"revenue": now["revenue"], "revenue_before": before["revenue"]})
    positive = (table > 0).all(axis=1)
    enough = positive & (now["days"] >= _ORDERS_NEEDED) & (before["days"] >= _ORDERS_NEEDED)
    log = pd.Series(np.log((now["revenue"] / before["revenue"]).where(enough)), accounts)
    variance = _variance(now[enough], before[enough]).reindex(accounts)
    sums = [float(part.loc[enough, "revenue"].sum()) for part in (now, before)]
    centre = float(np.log(sums[0] / sums[1])) if enough.any() else float("nan")
    drawn, error = _drawn(log, variance, centre)
    alone = _EIGHTY * np.sqrt(variance)
    table = table.assign(
        raw=np.expm1(log),
        growth=np.expm1(drawn),
        growth_low=np.expm1(drawn - _EIGHTY * error),
        growth_high=np.expm1(drawn + _EIGHTY * error),
    )
    table["course"] = np.select(
        [
            (table["growth_low"] > 0) & (log > alone),
            (table["growth_high"] < 0) & (log < -alone),
            (table["revenue"] > 0) & ~(table["revenue_before"] > 0),
            (table["revenue_before"] > 0) & ~(table["revenue"] > 0),
        ],
        ["grows", "shrinks", "new", "stopped"],
        "",
    )
    ends = _total(now, before)
    return Growth(table, *ends, _sentence(table, ends, currency))


def _year(purchases: pd.DataFrame, accounts: pd.Index, as_of: dt.date, back: int) -> pd.DataFrame:
    year = year_to(purchases, as_of, years_back=back)
    by = year.assign(squares=year["revenue"] ** 2, days=(year["orders"] > 0).astype(float))
    summed = by.groupby("account_id")[["revenue", "squares", "days"]].sum()
    return summed.reindex(accounts, fill_value=0.0)


def _variance(now: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Expect the variance of the log ratio from order days, and how much they vary in size."""
    days = now["days"] + before["days"]
    mean = (now["revenue"] + before["revenue"]) / days
    spread = ((now["squares"] + before["squares"]) / days / mean**2 - 1).clip(lower=0)
    usual = float(spread.median()) if len(spread) else 0.0
    varied = (days * spread + _PRIOR_DAYS * usual) / (days + _PRIOR_DAYS)
    return (1 + varied) * (1 / now["days"] + 1 / before["days"])


def _drawn(log: pd.Series, variance: pd.Series, centre: float) -> tuple[pd.Series, pd.Series]:
    """Draw each log ratio to that of the sums; give it with its standard error."""
    y, v = log.dropna(), variance[log.notna()]
    if y.empty:
        return log, variance
    between = max(float((((y - centre) ** 2 - v) / v**2).sum() / (1 / v**2).sum()), 0.0)
    keep = between / (between + v)
    pooled = 1 / float((1 / (v + between)).sum())
    error = np.sqrt(keep * v + (1 - keep) ** 2 * pooled)
    drawn = centre + keep * (y - centre)
    return drawn.reindex(log.index), pd.Series(error, y.index).reindex(log.index)


def _total(now: pd.DataFrame, before: pd.DataFrame) -> tuple[float, float, float]:
    sums = [float(part["revenue"].sum()) for part in (now, before)]
    if not min(sums) > 0:
        return (float("nan"),) * 3
    variance = sum(
        float(part["squares"].sum()) / total**2
        for part, total in zip((now, before), sums, strict=True)
    )
    log, reach = np.log(sums[0] / sums[1]), _EIGHTY * np.sqrt(variance)
    low, middle, high = (float(np.expm1(log + step)) for step in (-reach, 0.0, reach))
    return middle, low, high


def _sentence(table: pd.DataFrame, ends: tuple[float, float, float], currency: str) -> str:
    if np.isnan(ends[0]):
        return say("Not enough data to tell growth: two years with revenue are needed.")
    middle, low, high = ends
    counts = table["course"].value_counts()
    told = int(table["growth"].notna().sum())
    first = say(
        "Revenue went from {before} to {now}, {change} ({low} to {high} by chance in the orders).",
        before=amount(float(table["revenue_before"].sum()), currency),
        now=amount(float(table["revenue"].sum()), currency),
        change=signed_percent(middle),
        low=signed_percent(low),
        high=signed_percent(high),
    )
    grows, shrinks = int(counts.get("grows", 0)), int(counts.get("shrinks", 0))
    return f"{first} " + say_count(
        told,
        "Of {count} account that ordered in both years {grows} grows and {shrinks} shrinks beyond "
        "chance.",
        "Of {count} accounts that ordered in both years {grows} grow and {shrinks} shrink beyond "
        "chance; of the others growth cannot be told from luck.",
        grows=f"{grows:,}",
        shrinks=f"{shrinks:,}",
    )
