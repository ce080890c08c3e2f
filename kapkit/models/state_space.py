"""Sales by week as a level that drifts: a state-space forecast of what is left of a period."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.statespace.structural import UnobservedComponents

Array = npt.NDArray[np.float64]

#: Weeks below which a region has no state-space forecast, and after which it is fitted anew.
WEEKS_NEEDED, _REFIT = 78, 26
#: Scatter of the weekly growth on the year before from which growth is no level to follow.
STEADY = 0.15
_SOLD, _LARGEST, _YEAR, _WAVES = 0.9, 40, 52, 2


@dataclass(frozen=True)
class StateSpace:
    """What each region's weeks were expected to bring, as of the end of every earlier week.

    ``seasonal`` and ``growth`` hold for each region that has one the expected sales of a week to
    come: row k is as of the end of week k, column h the week h + 1 ahead. Regions are places of
    columns; ``offset`` days come before the first week.
    """

    seasonal: dict[int, Array]
    growth: dict[int, Array]
    offset: int
    regions: int

    def between(
        self, origins: npt.NDArray[np.int64], ahead: tuple[int, int], actual: Array
    ) -> Array:
        """Forecast the days between two distances ahead of each origin: origins x regions.

        Parameters
        ----------
        origins : array of int
            Days known at each.
        ahead : tuple of int
            First and last distance, in days.
        actual : array, origins x regions
            What came, as far as it is known: where growth is steady, whichever of the two forms
            was less far off is taken.
        """
        found = np.full((len(origins), self.regions), np.nan)
        for region, paths in self.seasonal.items():
            found[:, region] = _days(paths, origins - self.offset, ahead)
        for region, paths in self.growth.items():
            other = _days(paths, origins - self.offset, ahead)
            if _missed(other, actual[:, region]) < _missed(found[:, region], actual[:, region]):
                found[:, region] = other
        return found


def state_space(daily: pd.DataFrame, *, longest: int = 54) -> StateSpace:
    """Follow each region's weekly sales by a local level, with a season or on the year before.

    Parameters
    ----------
    daily : DataFrame, days x regions
        From `daily_sums`, up to and including the last known day.
    longest : int
        Weeks ahead that are forecast.

    Returns
    -------
    StateSpace
        For the forty largest regions that have 78 weeks and sold in nine of ten of them. Growth
        on the year before is followed only where every week sold something and its weekly
        standard deviation, in logs, is below .15.

    Notes
    -----
    Weeks without sales are missing, never a log of one. Variances are fitted anew every half-year
    on the weeks known by then; the level and the season are those the filter knew at each week.

    References
    ----------
    Harvey, A. C. (1989), Forecasting, structural time series models and the Kalman filter.
    """
    offset, weeks = len(daily) % 7, len(daily) // 7
    sums = daily.to_numpy(float)[offset:].reshape(weeks, 7, daily.shape[1]).sum(axis=1)
    largest = np.argsort(-sums.sum(axis=0), kind="stable")[:_LARGEST]
    logs = np.log(np.where(sums > 0, sums, np.nan))
    enough = weeks >= WEEKS_NEEDED
    seasonal, growth = {}, {}
    for region in map(int, largest):
        series = logs[:, region]
        if not enough or np.isfinite(series).mean() < _SOLD:
            continue
        seasonal[region] = _seasonal(series, longest)
        ratio = series[_YEAR:] - series[:-_YEAR]
        if np.isfinite(series).all() and ratio.std(ddof=1) < STEADY:
            growth[region] = _growth(series, ratio, longest)
    return StateSpace(seasonal, growth, offset, daily.shape[1])


def _seasonal(series: Array, longest: int) -> Array:
    """Follow a level beside two waves a year; expected sales by origin and week ahead."""
    weeks = len(series)
    angle = np.arange(weeks + longest)[:, None] * np.arange(1, _WAVES + 1) * 2 * np.pi / 52.18
    waves = np.hstack([np.sin(angle), np.cos(angle)])
    paths = np.full((weeks + 1, longest), np.nan)
    for first, last in _spans(WEEKS_NEEDED, weeks):
        state, variance = _filtered(series, first, waves[:weeks])
        for at in range(first, last):
            ahead = state[0, at] + waves[at : at + longest] @ state[1:, at]
            paths[at] = np.exp(ahead + variance / 2)
    return paths


def _growth(series: Array, ratio: Array, longest: int) -> Array:
    """Follow the growth on the year before; expected sales by origin and week ahead."""
    paths = np.full((len(series) + 1, longest), np.nan)
    for first, last in _spans(WEEKS_NEEDED, len(series)):
        state, variance = _filtered(ratio, first - _YEAR, None)
        for at in range(first, last):
            ago = np.exp(series[at - _YEAR : min(at - _YEAR + longest, at)])
            paths[at, : len(ago)] = ago * np.exp(state[0, at - _YEAR] + variance / 2)
    return paths


def _spans(first: int, weeks: int) -> list[tuple[int, int]]:
    starts = range(first, weeks + 1, _REFIT)
    return [(start, min(start + _REFIT, weeks + 1)) for start in starts]


def _filtered(series: Array, known: int, waves: Array | None) -> tuple[Array, float]:
    """Fit on the weeks known, and filter all: the state expected of each week, and the noise."""

    def model(weeks: int) -> UnobservedComponents:
        exog = None if waves is None else waves[:weeks]
        return UnobservedComponents(
            series[:weeks], "local level", exog=exog, mle_regression=exog is None
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = model(known).fit(disp=False).params
    found = model(len(series)).filter(fitted)
    return np.asarray(found.predicted_state), float(fitted[0])


def _days(paths: Array, origins: npt.NDArray[np.int64], ahead: tuple[int, int]) -> Array:
    """Add up expected days from the weeks expected at the end of the last whole week."""
    week = np.clip(origins // 7, 0, len(paths) - 1)
    running = np.hstack([np.zeros((len(week), 1)), paths[week].cumsum(axis=1)])
    edges = 7 * np.arange(running.shape[1])
    since = origins - 7 * week
    found = np.full(len(week), np.nan)
    for at, row in enumerate(running):
        ends = (since[at] + ahead[0], since[at] + ahead[1])
        if ends[1] <= edges[-1]:
            found[at] = np.diff(np.interp(ends, edges, row))[0]
    return found


def _missed(forecast: Array, actual: Array) -> float:
    """Give the mean squared error in logs; infinite where nothing can be compared."""
    both = np.isfinite(forecast) & (forecast > 0) & np.isfinite(actual) & (actual > 0)
    error = np.log(actual[both] / forecast[both])
    return float((error**2).mean()) if len(error) else float("inf")
