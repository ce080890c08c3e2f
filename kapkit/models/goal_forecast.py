"""What each goal's period will bring: forecast once over the company, read by each region."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.forecast import QUANTILES, daily_sums, rest_forecast
from kapkit.models.levels import LEVELS, level_forecast
from kapkit.models.pooled import rows_of
from kapkit.models.state_space import state_space

#: Metrics that add up over days.
SUMS = ("revenue", "margin")
_FAN_DAYS = 10
_KEYS = ["metric", "start", "end"]
_NAMES = [f"q{one:g}" for one in QUANTILES]
_LAYOUT = {
    **dict.fromkeys(["region", "metric"], "str"),
    **dict.fromkeys(["start", "end", "day"], "datetime64[us]"),
    **dict.fromkeys(["done", "rest", "last_year", *_NAMES], "float64"),
}


@dataclass(frozen=True)
class GoalForecasts:
    """Forecasts of the periods goals are set for.

    ``table`` has a row per region (missing: the company), ``metric``, ``start``, ``end`` and
    ``day`` up to which it forecasts: ``done`` so far, ``rest`` (median of what is left; for
    levels that of the span up to now), ``last_year`` (the same days a year before) and the
    quantiles ``q0.01`` to ``q0.99`` of the total by that day. Rows whose ``day`` is the period's
    end are the forecasts, the others the way there. ``said`` maps each metric to a sentence on
    how far off such forecasts were.
    """

    table: pd.DataFrame
    said: dict[str, str]

    def of(self, region: str | None) -> pd.DataFrame:
        """Give the rows of a region; None: of the company."""
        return rows_of(self.table, region)


def goal_periods(company: Region) -> pd.DataFrame:
    """List the periods that goals are set for; without any, the year that is under way.

    Returns
    -------
    DataFrame
        ``metric``, ``start`` and ``end``; goals of single accounts (`account_goals_of`) and of
        unknown metrics are left out.
    """
    goals = company.tables.get("goals")
    year = (company.as_of + dt.timedelta(days=1)).year
    periods = pd.DataFrame(
        {
            "metric": ["revenue", "margin"][: 1 + (company.book.value_measure == "margin")],
            "start": pd.Timestamp(year, 1, 1),
            "end": pd.Timestamp(year, 12, 31),
        }
    )
    if goals is not None and len(goals):
        known = goals["metric"].isin([*SUMS, *LEVELS]) & goals["end"].ge(goals["start"])
        wide = known & goals.reindex(columns=["account_id"])["account_id"].isna()
        periods = pd.concat([periods, goals.loc[wide, _KEYS]])
    return periods.drop_duplicates().sort_values(_KEYS, ignore_index=True)


def goal_forecasts_of(region: Region) -> GoalForecasts:
    """Give the forecasts a run has stored for a region, else make them over the company now.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.

    Returns
    -------
    GoalForecasts
        Of the region and the company.
    """
    if "goal_forecasts" in region.pooled and region.name is not None:
        said = region.pooled["goal_forecasts_said"]
        found = GoalForecasts(
            region.pooled["goal_forecasts"].astype(_LAYOUT),
            dict(zip(said["metric"], said["sentence"], strict=True)),
        )
    else:
        found = _forecast(region.company)
    if region.name is None:
        return found
    here = found.table["region"].isna() | (found.table["region"] == region.name)
    return GoalForecasts(found.table[here].reset_index(drop=True), found.said)


def goal_forecasts(company: Region) -> GoalForecasts:
    """Forecast every period that a goal is set for, for each region and the company.

    Parameters
    ----------
    company : Region
        The whole company as of a day: errors are pooled over its regions.

    Returns
    -------
    GoalForecasts
    """
    parts, said = [pd.DataFrame(columns=list(_LAYOUT))], {}
    for metric, periods in goal_periods(company).groupby("metric", sort=False):
        made = _sums if metric in SUMS else _levels
        tables, sentence = made(company, str(metric), periods)
        parts += tables
        said[str(metric)] = sentence
    table = pd.concat([part for part in parts if len(part)] or parts)
    return GoalForecasts(table[list(_LAYOUT)].astype(_LAYOUT).reset_index(drop=True), said)


def goal_forecast_frames(found: GoalForecasts) -> dict[str, pd.DataFrame]:
    """Lay forecasts out as a run stores them: rows with a region, those for all without one."""
    said = pd.DataFrame({"metric": list(found.said), "sentence": list(found.said.values())})
    return {
        "goal_forecasts": found.table,
        "goal_forecasts_said": said.assign(region=pd.Series(None, said.index, dtype="str")).astype(
            "str"
        ),
    }


def daily_of(company: Region, metric: str) -> pd.DataFrame:
    """Add up revenue or margin by day and region, and over all of them (column ``""``)."""
    sold, book = company.purchases, company.book
    amount = sold["revenue"] if metric == "revenue" else sold["costed_revenue"] - sold["cost"]
    home = sold["account_id"].map(company.accounts["region"])
    first = book.first_day or company.as_of
    daily = daily_sums(amount, sold["date"], home, first=first, as_of=company.as_of)
    missing = [name for name in book.regions if name not in daily]
    daily = daily.assign(**dict.fromkeys(missing, 0.0))
    return daily.assign(**{"": daily.sum(axis=1)})


@lru_cache(maxsize=2)
def _forecast(company: Region) -> GoalForecasts:
    return goal_forecasts(company)


def _sums(company: Region, metric: str, periods: pd.DataFrame) -> tuple[list[pd.DataFrame], str]:
    daily, said, found = daily_of(company, metric), "", []
    levels = state_space(daily)
    for start, end in zip(periods["start"], periods["end"], strict=True):
        for day in _days(company.as_of, start, end):
            made = rest_forecast(daily, start=start.date(), end=day.date(), levels=levels)
            found.append(_rows(made.table, metric, start, end, day, _last_year(daily, start, day)))
            said = made.sentence if day == end and made.errors else said or made.sentence
    return found, said


def _levels(company: Region, metric: str, periods: pd.DataFrame) -> tuple[list[pd.DataFrame], str]:
    found = []
    for start, end in zip(periods["start"], periods["end"], strict=True):
        made = level_forecast(
            company, metric, start=start.date(), end=end.date(), as_of=company.as_of
        )
        found.append(_rows(made, metric, start, end, end, pd.Series(np.nan, made.index)))
    return found, ""


def _days(as_of: dt.date, start: pd.Timestamp, end: pd.Timestamp) -> list[pd.Timestamp]:
    """Choose the days of the fan, evenly from now to the end; of a period to come only that."""
    now = pd.Timestamp(as_of)
    if end <= now or start > now:
        return [end]
    steps = np.unique(np.linspace(0, (end - now).days, _FAN_DAYS + 1).round())[1:]
    return [now + pd.Timedelta(days=int(step)) for step in steps]


def _last_year(daily: pd.DataFrame, start: pd.Timestamp, day: pd.Timestamp) -> pd.Series:
    """Sum the same days a year before; missing where they are not all known."""
    year = pd.DateOffset(years=1)
    first, last = start - year, day - year
    known = first >= daily.index[0] and last <= daily.index[-1]
    return daily.loc[first:last].sum() if known else pd.Series(np.nan, daily.columns)


def _rows(
    table: pd.DataFrame,
    metric: str,
    start: pd.Timestamp,
    end: pd.Timestamp,
    day: pd.Timestamp,
    last_year: pd.Series,
) -> pd.DataFrame:
    named = table.rename(columns=dict(zip(QUANTILES, _NAMES, strict=True)))
    regions = pd.Series(named.index.to_numpy(dtype=object), dtype="str").replace("", None)
    return (
        named.assign(last_year=last_year)
        .reset_index(drop=True)
        .assign(region=regions, metric=metric, start=start, end=end, day=day)
    )
