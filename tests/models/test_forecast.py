"""What a period will bring: hand-computed pools, and intervals that hold."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.goals import QUARTERS, WEEKS, daily_sales, judged
from kapkit.models.forecast import (
    MEMBERS,
    QUANTILES,
    _weights,
    chance_above,
    daily_sums,
    rest_forecast,
)

FIRST = dt.date(2023, 7, 3)


def sold(
    days: int, regions: dict[str, float], *, seed: int = 1, noise: float = 0.3
) -> pd.DataFrame:
    """Simulate daily sales with a season and noise."""
    rng = np.random.default_rng(seed)
    season = 1 + 0.3 * np.sin(np.arange(days) * 2 * np.pi / 364)
    index = pd.date_range(FIRST, periods=days, name="date")
    made = {name: level * season * rng.lognormal(0, noise, days) for name, level in regions.items()}
    return pd.DataFrame(made, index)


def test_daily_sums_add_up_by_day_and_leave_out_what_is_later() -> None:
    dates = pd.to_datetime(pd.Series(["2026-01-01", "2026-01-01", "2026-01-03", "2026-01-04"]))
    found = daily_sums(
        pd.Series([1.0, 2.0, 4.0, 8.0]),
        dates,
        pd.Series(["N", "N", "S", "S"]),
        first=dt.date(2026, 1, 1),
        as_of=dt.date(2026, 1, 3),
    )
    assert found.to_dict("list") == {"N": [3.0, 0.0, 0.0], "S": [0.0, 0.0, 4.0]}


def test_with_constant_sales_every_member_says_the_same() -> None:
    daily = pd.DataFrame({"N": 2.0}, pd.date_range(FIRST, periods=800))
    start = daily.index[-1].date() - dt.timedelta(days=9)
    found = rest_forecast(daily, start=start, end=start + dt.timedelta(days=89))
    assert found.table.loc["N", "done"] == 20.0
    assert found.table.loc["N", "rest"] == pytest.approx(160.0)
    assert found.table.loc["N", [0.1, 0.9]].tolist() == pytest.approx([180.0, 180.0])
    assert found.weights.sum() == pytest.approx(1.0)


def test_a_period_to_come_counts_its_own_days_only() -> None:
    daily = pd.DataFrame({"N": 2.0}, pd.date_range(FIRST, periods=800))
    start = daily.index[-1].date() + dt.timedelta(days=31)
    found = rest_forecast(daily, start=start, end=start + dt.timedelta(days=9))
    assert found.table.loc["N", ["done", "rest"]].tolist() == pytest.approx([0.0, 20.0])


def test_a_period_that_is_over_is_what_it_brought() -> None:
    daily = pd.DataFrame({"N": np.arange(10.0)}, pd.date_range("2026-01-01", periods=10))
    found = rest_forecast(daily, start=dt.date(2026, 1, 2), end=dt.date(2026, 1, 4))
    assert found.table.loc["N"].tolist() == [6.0, 0.0, *[6.0] * len(QUANTILES)]
    assert found.chance("N", 6.0) == 1.0
    assert found.chance("N", 6.1) == 0.0


def test_without_a_year_only_the_last_weeks_speak_and_no_interval_is_given() -> None:
    daily = sold(120, {"N": 5.0}, noise=0.0)
    end = daily.index[-1].date() + dt.timedelta(days=30)
    found = rest_forecast(daily, start=daily.index[0].date(), end=end)
    assert found.table.loc["N", "rest"] == pytest.approx(daily["N"].iloc[-91:].mean() * 30)
    assert np.isnan(found.table.loc["N", 0.5])
    assert np.isnan(found.chance("N", 1.0))
    assert found.sentence.startswith("Not enough data to tell")


def test_days_without_sales_are_no_logs_of_one() -> None:
    daily = sold(900, {"N": 5.0, "never": 0.0})
    end = daily.index[-1].date() + dt.timedelta(days=30)
    found = rest_forecast(daily, start=daily.index[-1].date(), end=end)
    assert np.isnan(found.table.loc["never", "rest"])
    assert 0.7 < found.table.loc["N", "rest"] / (30 * 5.0) < 1.5


def test_what_comes_after_the_last_day_changes_nothing() -> None:
    daily = sold(900, {"N": 5.0})
    period = {"start": daily.index[790].date(), "end": daily.index[890].date()}
    known = rest_forecast(daily.iloc[:800], **period)
    other = daily.copy()
    other.iloc[800:] *= 9
    pd.testing.assert_frame_equal(known.table, rest_forecast(other.iloc[:800], **period).table)


@given(st.floats(0.01, 100), st.integers(0, 40))
def test_the_currency_does_not_matter(rate: float, left: int) -> None:
    daily = sold(700, {"N": 5.0, "S": 2.0})
    end = daily.index[-1].date() + dt.timedelta(days=left)
    period = {"start": daily.index[650].date(), "end": end}
    here, there = (rest_forecast(one, **period).table for one in (daily, daily * rate))
    np.testing.assert_allclose(there, here * rate, rtol=1e-6)


@given(st.floats(-10, 200), st.floats(-10, 200))
def test_a_higher_target_is_never_more_likely(one: float, other: float) -> None:
    quantiles = np.linspace(80, 120, len(QUANTILES)) ** 1.01
    low, high = sorted([one, other])
    assert chance_above(quantiles, low) >= chance_above(quantiles, high)


@pytest.mark.slow
def test_on_online_retail_the_pool_is_sharp_and_holds_where_the_run_rate_fails(
    shared_data: Callable[[str], Path],
) -> None:
    daily = daily_sales(shared_data("online_retail_ii"))["areas"]
    quarters = [pd.Timestamp(one) for one in QUARTERS]
    found = pd.concat([judged(daily, start, week) for start in quarters for week in WEEKS])
    missed = (100 * found["crps"] / found["last"]).groupby(found["week"]).mean()
    assert (missed <= pd.Series({0: 18, 3: 12.5, 6: 13, 9: 7.2, 11: 5.2})).all()
    held = found.groupby("week")[["held", "run rate held"]].mean()
    assert held["held"].between(0.75, 0.98).all()
    early = held["run rate held"][[0, 3, 6, 9]]
    assert (early < 0.75).all(), "a normal interval around the run rate claims 80 % and fails"


def test_members_are_the_six_of_the_method_and_the_state_space() -> None:
    assert len(MEMBERS) == 7


def test_who_may_stop_has_noughts_among_the_errors() -> None:
    # Nine of ten go on as they were; one in ten brings nothing any more from its day on.
    days = pd.date_range(FIRST, periods=800)
    daily = pd.DataFrame({f"a{at}": np.full(800, 2.0) for at in range(20)}, days)
    for at in range(10):
        daily.loc[days[400 + 40 * at] :, f"a{at}"] = 0.0
    period = {"start": days[-1].date(), "end": days[-1].date() + dt.timedelta(days=30)}
    found = rest_forecast(daily, **period, stops=True).table.loc["a19"]
    assert found[0.01] == found["done"], "the worst is that nothing comes any more"
    assert found[0.5] == pytest.approx(found["done"] + 60.0)
    without = rest_forecast(daily, **period).table.loc["a19"]
    assert without[0.01] > without["done"], "logs leave out who stopped"


class TestWeights:
    def test_six_weigh_by_their_errors_to_the_power_and_the_seventh_beside_them(self) -> None:
        logs = np.full((40, 1, 7), 0.2)
        logs[:, :, 0], logs[:20, :, 6] = 0.1, 0.1
        logs[20:, :, 6] = np.nan
        found = _weights(logs)
        assert found[0] / found[1] == pytest.approx(8.0), "(.2 / .1) ** (2 x 1.5)"
        assert found[6] == pytest.approx(found[0]), "as good, where it speaks"

    def test_a_seventh_that_spoke_on_easy_days_is_not_rewarded_for_them(self) -> None:
        logs = np.full((60, 1, 7), 0.4)
        logs[40:] = 0.1
        logs[:40, :, 6] = np.nan
        assert _weights(logs) == pytest.approx(np.full(7, 1 / 7))

    def test_a_seventh_with_few_errors_is_not_heard(self) -> None:
        logs = np.full((40, 1, 7), 0.2)
        logs[19:, :, 6] = np.nan
        assert _weights(logs)[6] == 0.0
