"""Levels that do not add up over time - satisfaction, retention, breadth - and what they become."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.forecast import ERRORS_NEEDED, QUANTILES

LEVELS = ("satisfaction", "retention", "breadth")
_STEP = 28


def level(region: Region, metric: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """Measure a level of each region between two days.

    Parameters
    ----------
    region : Region
        Usually the company.
    metric : str
        ``satisfaction`` (mean answer, as a share of its scale), ``retention`` (of the accounts
        that bought in the year before, the share that bought between the days) or ``breadth``
        (product categories that an account which bought, bought of; months count whole).
    first, last : Timestamp
        Both count.

    Returns
    -------
    Series indexed by region, and ``None`` for all of them together
        Missing where nothing was measured.
    """
    measured = _MEASURES[metric](region, first, last)
    home = region.accounts["region"].reindex(measured.index)
    by = measured.groupby(home.to_numpy(dtype=object)).mean()
    found: pd.Series = pd.concat([by, pd.Series({None: measured.mean()})]).astype(float)
    return found


def level_forecast(
    region: Region, metric: str, *, start: dt.date, end: dt.date, as_of: dt.date
) -> pd.DataFrame:
    """Forecast the level of a period from the same span up to now, with the errors that had.

    Parameters
    ----------
    region : Region
        The company, for errors pooled over its regions.
    metric : str
        One of `LEVELS`.
    start, end : date
        The period; both count.
    as_of : date
        Last day known.

    Returns
    -------
    DataFrame indexed by region (None: all)
        ``done`` (level so far in the period), ``rest`` (level of the span up to now) and the
        quantiles of `QUANTILES`, missing below twenty errors.
    """
    span = pd.Timestamp(end) - pd.Timestamp(start)
    now, left = pd.Timestamp(as_of), max((end - as_of).days, 0)
    naive = level(region, metric, now - span, now)
    done = level(region, metric, pd.Timestamp(start), min(now, pd.Timestamp(end)))
    errors = _errors(region, metric, now, span, left)
    told = len(errors) >= ERRORS_NEEDED
    around = np.quantile(errors, QUANTILES) if told else np.full(len(QUANTILES), np.nan)
    table = pd.DataFrame(naive.to_numpy()[:, None] + around, naive.index, list(QUANTILES))
    table.insert(0, "done", done.reindex(table.index))
    table.insert(1, "rest", naive)
    return table


def _errors(
    region: Region, metric: str, now: pd.Timestamp, span: pd.Timedelta, left: int
) -> np.ndarray:
    """Compare past spans with those that ended so many days later, over all regions."""
    first, found = pd.Timestamp(region.book.first_day or now), []
    year = pd.Timedelta(days=365) if metric == "retention" else pd.Timedelta(0)
    later = now
    while left and later - pd.Timedelta(days=left) - span - year >= first:
        before = later - pd.Timedelta(days=left)
        then = level(region, metric, before - span, before)
        found.append((level(region, metric, later - span, later) - then).dropna().to_numpy())
        later -= pd.Timedelta(days=_STEP)
    return np.concatenate(found) if found else np.array([0.0] * ERRORS_NEEDED if not left else [])


def _satisfaction(region: Region, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    surveys = region.tables.get("surveys")
    if surveys is None:
        return pd.Series(dtype=float)
    asked = surveys[surveys["date"].between(first, last)]
    share = (asked["score"] - asked["scale_min"]) / (asked["scale_max"] - asked["scale_min"])
    return pd.Series(share.to_numpy(float), asked["account_id"])


def _retention(region: Region, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    bought = region.purchases[region.purchases["orders"] > 0]
    year = bought["date"].between(first - pd.Timedelta(days=365), first - pd.Timedelta(days=1))
    before = bought.loc[year, "account_id"].unique()
    since = bought.loc[bought["date"].between(first, last), "account_id"]
    return pd.Series(np.isin(before, since).astype(float), before)


def _breadth(region: Region, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    sold = region.categories
    inside = sold["month"].between(first.to_period("M").to_timestamp(), last) & (
        sold["revenue"] > 0
    )
    return sold[inside].groupby("account_id")["category"].nunique().astype(float)


_MEASURES: dict[str, Callable[[Region, pd.Timestamp, pd.Timestamp], pd.Series]] = {
    "satisfaction": _satisfaction,
    "retention": _retention,
    "breadth": _breadth,
}
