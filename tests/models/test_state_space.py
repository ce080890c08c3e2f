"""The level that drifts: what it follows, whom it follows, and that it knows no later day."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kapkit.models.forecast import rest_forecast
from kapkit.models.state_space import state_space

FIRST = dt.date(2023, 7, 3)
WEEKS = 130


def weekly(*, noise: float = 0.05, growth: float = 0.2, seed: int = 1) -> np.ndarray:
    """Simulate weekly sales with a season and steady growth."""
    rng = np.random.default_rng(seed)
    week = np.arange(WEEKS)
    season = 0.4 * np.sin(2 * np.pi * week / 52.18)
    return np.exp(5 + season + growth * week / 52 + rng.normal(0, noise, WEEKS))


def daily(**regions: np.ndarray) -> pd.DataFrame:
    spread = {name: np.repeat(sums / 7, 7) for name, sums in regions.items()}
    return pd.DataFrame(spread, pd.date_range(FIRST, periods=7 * WEEKS, name="date"))


def test_a_season_and_growth_are_followed_ahead() -> None:
    sums = weekly(noise=0.02)
    found = state_space(daily(N=sums))
    origins = np.array([7 * 104])
    ahead = found.between(origins, (0, 91), np.full((1, 1), np.nan))
    assert ahead[0, 0] == pytest.approx(sums[104:117].sum(), rel=0.1)
    last_13_weeks = sums[91:104].sum()
    assert abs(last_13_weeks / sums[104:117].sum() - 1) > 0.2, "the pace alone would be far off"


def test_distances_are_in_days_and_add_up() -> None:
    found = state_space(daily(N=weekly()))
    origins, unknown = np.array([7 * 104 + 3]), np.full((1, 1), np.nan)
    parts = [found.between(origins, span, unknown)[0, 0] for span in ((0, 40), (40, 91))]
    assert sum(parts) == pytest.approx(found.between(origins, (0, 91), unknown)[0, 0])


def test_later_weeks_change_no_earlier_forecast() -> None:
    sums = weekly()
    other = sums.copy()
    other[110:] *= 5
    origins, unknown = np.array([7 * 100, 7 * 109]), np.full((2, 1), np.nan)
    one, two = (
        state_space(daily(N=each)).between(origins, (0, 60), unknown) for each in (sums, other)
    )
    np.testing.assert_allclose(one, two, rtol=1e-9)


def test_only_regions_with_weeks_enough_are_followed() -> None:
    often, seldom = weekly(), weekly(seed=2)
    seldom[::3] = 0.0
    found = state_space(daily(often=often, seldom=seldom))
    assert list(found.seasonal) == [0]
    assert not state_space(daily(often=often).iloc[: 7 * 77]).seasonal


def test_growth_is_a_level_only_where_it_is_steady_and_no_week_is_empty() -> None:
    steady, rough, holed = weekly(noise=0.05), weekly(noise=0.3), weekly(noise=0.05)
    holed[60] = 0.0
    found = state_space(daily(steady=steady, rough=rough, holed=holed))
    assert list(found.growth) == [0]
    assert set(found.seasonal) == {0, 1, 2}, "a week without sales is missing, no log of one"


def test_the_form_that_was_less_far_off_is_taken() -> None:
    # A season of one odd month, which two waves cannot follow but the year before can.
    sums = weekly(noise=0.03)
    sums[np.isin(np.arange(WEEKS) % 52, range(46, 50))] *= 2
    found = state_space(daily(N=sums))
    origins = 7 * np.arange(80, 126)
    came = np.array([[sums[at // 7 : at // 7 + 4].sum()] for at in origins])
    chosen = found.between(origins, (0, 28), came)
    without = found.between(origins, (0, 28), np.full(came.shape, np.nan))
    missed = [np.mean(np.log(one / came) ** 2) for one in (chosen, without)]
    assert missed[0] < missed[1]


def test_in_the_pool_it_has_weight_where_it_has_errors() -> None:
    table = daily(**{f"R{seed}": weekly(seed=seed) for seed in range(3)})
    period = {"start": table.index[-30].date(), "end": table.index[-1].date()}
    known = table.iloc[:-14]
    found = rest_forecast(known, **period, levels=state_space(known))
    assert found.weights["state space"] > 0.05
    assert np.isfinite(found.judged["state space"])
    assert rest_forecast(known, **period).weights["state space"] == 0.0
