"""How much a period will still bring: a pool of simple forecasts, with the errors they made."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kapkit.models.state_space import StateSpace
from kapkit.wording import percent, say, several

Array = npt.NDArray[np.float64]

#: A year that keeps the days of the week.
YEAR = 364
_QUARTER, _HALF = 91, 182
#: The forecasts of what is left of a period: six ratios of sums, and a level that drifts.
MEMBERS = (
    "last 13 weeks",
    "last year",
    "last year x growth",
    "last year x root of growth",
    "root of last 13 weeks x last year",
    "last year x growth of 26 weeks",
    "state space",
)
_POWER, _DAMPING = 1.5, 0.7
#: Errors of the past needed before a forecast has an interval.
ERRORS_NEEDED = 20
#: Quantiles in which a forecast is stored.
QUANTILES = (0.01, 0.025, *(step / 20 for step in range(1, 20)), 0.975, 0.99)


@dataclass(frozen=True)
class RestForecast:
    """What is left of a period, by region, and how wrong such forecasts were.

    ``table`` is indexed by region: ``done`` (so far in the period), ``rest`` (median of what is
    left) and the quantiles of the total that its other columns name; missing where nothing can
    be told. ``weights`` are those of `MEMBERS`. ``judged`` says of the pool and of each member
    the median absolute error on earlier origins, in logs, and ``errors`` how many there were.
    """

    table: pd.DataFrame
    weights: pd.Series
    judged: pd.Series
    errors: int
    sentence: str

    def chance(self, region: str, target: float) -> float:
        """Give the chance that a region's total reaches a target; missing if not known."""
        row = self.table.loc[region, list(QUANTILES)].to_numpy(float)
        return chance_above(row, target)


def daily_sums(
    amounts: pd.Series, dates: pd.Series, groups: pd.Series, *, first: dt.date, as_of: dt.date
) -> pd.DataFrame:
    """Add amounts up by day and group, every day from the first to ``as_of``.

    Parameters
    ----------
    amounts, dates, groups : Series
        Indexed alike; rows outside the days, without group or amount, are left out.
    first, as_of : date
        Both count.

    Returns
    -------
    DataFrame, days x groups
        Zero where nothing was sold.
    """
    days = pd.date_range(first, as_of, name="date")
    known = dates.between(days[0], days[-1]) & groups.notna() & amounts.notna()
    frame = pd.DataFrame({"date": dates, "group": groups, "amount": amounts})[known]
    summed = frame.pivot_table(index="date", columns="group", values="amount", aggfunc="sum")
    return summed.reindex(days).fillna(0.0)


def rest_forecast(
    daily: pd.DataFrame,
    *,
    start: dt.date,
    end: dt.date,
    levels: StateSpace | None = None,
    stops: bool = False,
) -> RestForecast:
    """Forecast the total of a period that has begun, for every region at once.

    Six forecasts of what is left (`MEMBERS`), and a seventh where a region has a year and a half
    of weeks, are averaged with weights 1 / MSE^1.5 of their log errors; the errors the average
    made at earlier origins with as many days left, pooled over regions and divided by how far off
    each region usually is, are laid around it.

    Parameters
    ----------
    daily : DataFrame, days x regions
        From `daily_sums`, up to and including the last known day. Further columns that are sums
        of others (the company) make forecasts of their own and pool their errors alike.
    start, end : date
        The period; both count. What lies after the last known day is forecast; it may all lie
        ahead.
    levels : StateSpace, optional
        From `state_space`, of the same days: makes the seventh member. It depends on the days
        alone, so one serves all periods.
    stops : bool
        Columns may bring nothing any more, as single accounts do: what came over what was forecast
        is then pooled as it is, with the noughts, and not scaled by column.

    Returns
    -------
    RestForecast

    Notes
    -----
    Where last year is not known only the last thirteen weeks speak. A sum that is not positive
    makes no ratio: it is left out, never taken as small. Fewer than twenty errors give no
    interval. Moving holidays are not corrected for.

    References
    ----------
    Bates, J. M. and Granger, C. W. J. (1969), The combination of forecasts, Operational
    Research Quarterly 20.
    """
    running = _running(daily)
    known, left = len(daily), (pd.Timestamp(end) - daily.index[-1]).days
    begin = min(max((pd.Timestamp(start) - daily.index[0]).days, 0), known)
    done = running[known] - running[begin]
    if left <= 0:
        return _finished(daily.columns, running, begin, (pd.Timestamp(end) - daily.index[0]).days)
    ahead = max((pd.Timestamp(start) - daily.index[-1]).days - 1, 0), left
    origins = np.arange(known - left, _QUARTER - 1, -7)
    actual = running[origins + left] - running[origins + ahead[0]]
    past, now = _all_members(running, origins, ahead, actual, levels)
    logs = _log(actual)[..., None] - _log(past)
    weights = _weights(logs)
    errors = _log(actual) - _log(_pooled(past, weights))
    rest = _pooled(now, weights)[0]
    if stops:
        errors = np.where(np.isfinite(_pooled(past, weights)) & (actual <= 0), -np.inf, errors)
    return _laid_out(daily.columns, done, rest, errors, logs, pd.Series(weights, MEMBERS))


def chance_above(quantiles: Array, target: float) -> float:
    """Read the chance to reach a target off the quantiles (`QUANTILES`) of a total.

    Beyond the outer quantiles it is theirs, .01 or .99: past errors tell no more.

    >>> chance_above(np.linspace(80, 120, len(QUANTILES)), 100.0)
    0.5
    """
    if np.isnan(quantiles).any() or np.isnan(target):
        return float("nan")
    if quantiles[0] == quantiles[-1]:
        return float(quantiles[0] >= target)
    return float(round(1 - np.interp(target, quantiles, QUANTILES), 10))


def _running(daily: pd.DataFrame) -> Array:
    """Add up from the first day on; row i is the sum of the first i days."""
    values = daily.to_numpy(float)
    return np.vstack([np.zeros(values.shape[1]), values.cumsum(axis=0)])


def _members(running: Array, origins: npt.NDArray[np.int64], ahead: tuple[int, int]) -> Array:
    """Forecast the days between two distances ahead of each origin: origins x regions x members."""
    quarter = _between(running, origins - _QUARTER, origins)
    ago = _between(running, origins - YEAR - _QUARTER, origins - YEAR)
    span = np.clip(origins - YEAR, 0, _HALF)
    half, half_ago = (_between(running, at - span, at) for at in (origins, origins - YEAR))
    last = _between(running, origins - YEAR + ahead[0], origins - YEAR + ahead[1])
    run, growth = quarter / _QUARTER * (ahead[1] - ahead[0]), quarter / ago
    half_growth = np.where(span[:, None] >= _QUARTER, half / half_ago, np.nan)
    found = [
        run,
        last,
        last * growth,
        last * np.sqrt(growth),
        np.sqrt(run * last),
        last * half_growth**_DAMPING,
    ]
    return np.stack([np.where(one > 0, one, np.nan) for one in found], axis=2)


def _all_members(
    running: Array,
    origins: npt.NDArray[np.int64],
    ahead: tuple[int, int],
    actual: Array,
    levels: StateSpace | None,
) -> tuple[Array, Array]:
    """Forecast at the earlier origins, and now, by the ratios and the level that drifts."""
    every = np.append(origins, len(running) - 1)
    ratios = _members(running, every, ahead)
    unknown = np.full((1, running.shape[1]), np.nan)
    came = np.vstack([actual, unknown])
    last = np.full(came.shape, np.nan) if levels is None else levels.between(every, ahead, came)
    members = np.dstack([ratios, np.where(last > 0, last, np.nan)])
    return members[:-1], members[-1:]


def _between(running: Array, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> Array:
    """Sum the days between; missing where they are not all known or add up to nothing."""
    inside = (first >= 0) & (last < len(running))
    total = running[np.where(inside, last, 0)] - running[np.where(inside, first, 0)]
    found: Array = np.where(inside[:, None] & (total > 0), total, np.nan)
    return found


def _log(values: Array) -> Array:
    found: Array = np.log(np.where(values > 0, values, np.nan))
    return found


def _weights(logs: Array) -> Array:
    """Weigh members by 1 / MSE^1.5 over the origins and regions where all that ever speak do.

    The last one, the level that drifts, speaks late and in few regions: its error is set beside
    that of the others where it speaks. With fewer than twenty such errors it is not heard.
    """
    flat = logs.reshape(-1, logs.shape[-1])
    ratios, level = flat[:, :-1], flat[:, -1]
    heard = np.isfinite(ratios).any(axis=0)
    fair = np.isfinite(ratios[:, heard]).all(axis=1) if heard.any() else np.zeros(len(flat), bool)
    if fair.sum() < ERRORS_NEEDED:
        return np.append(np.full(ratios.shape[1], 1 / ratios.shape[1]), 0.0)
    squares = np.where(heard, np.mean(np.where(heard, ratios[fair], 1.0) ** 2, axis=0), np.nan)
    both = fair & np.isfinite(level)
    others = np.mean(ratios[both][:, heard] ** 2) if both.sum() >= ERRORS_NEEDED else np.nan
    usual = np.nanmean(squares) / others
    squares = np.append(squares, np.mean(level[both] ** 2) * usual if both.any() else np.nan)
    weights = np.nan_to_num((squares + 1e-12) ** -_POWER)
    found: Array = weights / weights.sum()
    return found


def _pooled(members: Array, weights: Array) -> Array:
    """Average the members that can be made, as ratios are: in logs; missing where none can."""
    total = (np.isfinite(members) * weights).sum(axis=-1)
    summed = np.nansum(np.log(members) * weights, axis=-1)
    found: Array = np.exp(summed / np.where(total > 0, total, np.nan))
    return found


def _laid_out(
    regions: pd.Index,
    done: Array,
    rest: Array,
    errors: Array,
    logs: Array,
    weights: pd.Series,
) -> RestForecast:
    around, pooled = _around(errors)
    total = done[:, None] + rest[:, None] * around
    table = pd.DataFrame(total, regions, list(QUANTILES))
    table.insert(0, "done", done)
    table.insert(1, "rest", rest)
    missed = {name: _typical(logs[..., at]) for at, name in enumerate(weights.index)}
    judged = pd.Series({"pool": _typical(errors), **missed})
    return RestForecast(table, weights, judged, pooled, _sentence(judged, pooled))


def _around(errors: Array) -> tuple[Array, int]:
    """Give what came over what was forecast, as quantiles by region, and of how many errors."""
    if np.isneginf(errors).any():
        came = np.exp(errors[~np.isnan(errors)])
        enough = len(came) >= ERRORS_NEEDED
        found = np.quantile(came, QUANTILES) if enough else np.full(len(QUANTILES), np.nan)
        return np.tile(found, (errors.shape[1], 1)), len(came)
    scale, standard = _standardised(errors)
    if len(standard) < ERRORS_NEEDED:
        return np.full((errors.shape[1], len(QUANTILES)), np.nan), len(standard)
    return np.exp(scale[:, None] * np.quantile(standard, QUANTILES)), len(standard)


def _standardised(errors: Array, *, prior: float = 10.0) -> tuple[Array, Array]:
    """Divide errors by how far off each region usually is, shrunk to what all regions are.

    Errors of successive weeks overlap, so a region's own history counts for few: ``prior`` is
    the number of its errors that weigh as much as those of all.
    """
    known = np.isfinite(errors)
    count = known.sum(axis=0)
    squares = np.nansum(errors**2, axis=0)
    overall = squares.sum() / max(int(count.sum()), 1)
    scale = np.sqrt((squares + prior * overall) / (count + prior)) if overall > 0 else count * 0.0
    with np.errstate(invalid="ignore"):
        standard = errors / np.where(scale > 0, scale, 1.0)
    return scale, standard[known]


def _typical(errors: Array) -> float:
    known = np.abs(errors[np.isfinite(errors)])
    return float(np.median(known)) if len(known) else float("nan")


def _finished(regions: pd.Index, running: Array, begin: int, end: int) -> RestForecast:
    """Say what a period brought that is over."""
    total = running[end + 1] - running[begin]
    table = pd.DataFrame(np.tile(total[:, None], len(QUANTILES)), regions, list(QUANTILES))
    table.insert(0, "done", total)
    table.insert(1, "rest", 0.0)
    none = pd.Series(dtype=float)
    return RestForecast(table, none, none, 0, say("The period is over."))


def _sentence(judged: pd.Series, errors: int) -> str:
    if errors < ERRORS_NEEDED:
        return say(
            "Not enough data to tell how a period ends: it takes a year and a half of sales."
        )
    return say(
        "Forecasts with as many days left were off by {pool} (median of {errors}); the last "
        "thirteen weeks alone by {naive}.",
        pool=percent(float(np.expm1(judged["pool"]))),
        errors=several(errors, "forecast"),
        naive=percent(float(np.expm1(judged[MEMBERS[0]]))),
    )
