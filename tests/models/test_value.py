import datetime as dt

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from kapkit.book.errors import DataError
from kapkit.models.value import expected_value, past_value, worth, year_to
from tests.regions import DAY, bought

#: 104 weeks of sales: at a half-life of 26 the weights of all weeks sum to 26 / ln 2 * 15 / 16.
TWO_YEARS = DAY - dt.timedelta(weeks=104) + dt.timedelta(days=1)


def weeks_ago(weeks: int) -> dt.date:
    return DAY - dt.timedelta(weeks=weeks)


def test_worth_is_the_margin_of_lines_with_a_cost() -> None:
    days = bought(
        ("a", DAY, 100.0, 60.0),
        ("b", DAY, 100.0, 60.0, 70.0),
        ("c", DAY, 100.0),
        ("d", DAY, -20.0, -8.0),
    )
    assert_series_equal(
        worth(days, measure="margin"), pd.Series([40.0, 10.0, np.nan, -12.0], name="worth")
    )
    assert_series_equal(
        worth(days, measure="revenue"), pd.Series([100.0, 100.0, 100.0, -20.0], name="worth")
    )


@pytest.mark.parametrize(
    ("day", "back", "first", "last"),
    [
        (dt.date(2026, 6, 30), 0, "2025-07-01", "2026-06-30"),
        (dt.date(2026, 6, 30), 1, "2024-07-01", "2025-06-30"),
        (dt.date(2024, 2, 29), 0, "2023-03-01", "2024-02-29"),
        (dt.date(2024, 2, 29), 1, "2022-03-01", "2023-02-28"),
        (dt.date(2025, 2, 28), 0, "2024-02-29", "2025-02-28"),
    ],
)
def test_a_year_ends_on_its_day(day: dt.date, back: int, first: str, last: str) -> None:
    days = pd.DataFrame({"date": pd.date_range("2020-01-01", "2026-12-31")})
    kept = year_to(days, day, years_back=back)["date"]
    assert (str(kept.min().date()), str(kept.max().date())) == (first, last)


def test_years_join_without_gap_or_overlap() -> None:
    days = pd.DataFrame({"date": pd.date_range("2020-03-01", "2024-02-29")})
    parts = [year_to(days, dt.date(2024, 2, 29), years_back=back) for back in range(4)]
    assert sorted(pd.concat(parts).index) == list(days.index)


def test_past_value_sums_twelve_months() -> None:
    days = bought(
        ("a", dt.date(2025, 6, 30), 1000.0, 1.0),
        ("a", dt.date(2025, 7, 1), 100.0, 60.0),
        ("a", DAY, 50.0, 20.0),
        ("a", dt.date(2026, 7, 1), 1000.0, 1.0),
        ("b", DAY, 70.0),
        ("elsewhere", DAY, 5.0, 1.0),
    )
    accounts = pd.Index(["b", "a", "never"], name="account_id")
    expected = pd.Series([0.0, 70.0, 0.0], index=accounts, name="past_value")
    assert_series_equal(past_value(days, accounts, as_of=DAY, measure="margin"), expected)
    assert past_value(days, accounts, as_of=DAY, measure="revenue").tolist() == [70.0, 150.0, 0.0]


def test_expected_value_by_hand() -> None:
    """Weights 1, 1/2, 1/4; a year has 365.25 / 7 weeks; the 90 % quantile is 1.2815515655."""
    days = bought(
        ("a", DAY, 100.0),
        ("a", weeks_ago(26), 100.0),
        ("a", weeks_ago(52), 100.0),
        ("b", weeks_ago(26), 300.0),
        ("b", weeks_ago(52), -100.0),
        ("b", DAY + dt.timedelta(days=1), 9999.0),
    )
    accounts = pd.Index(["b", "never", "a"], name="account_id")
    rate = 365.25 / 7 / (26 / np.log(2) * 15 / 16)
    assert rate == pytest.approx(1.483791, abs=1e-6)
    reach_a, reach_b = 1.2815515655 * np.sqrt([13125, 23125]) * rate
    expected = pd.DataFrame(
        {
            "value": [125 * rate, 0.0, 175 * rate],
            "low": [125 * rate - reach_b, np.nan, 175 * rate - reach_a],
            "high": [125 * rate + reach_b, np.nan, 175 * rate + reach_a],
            "order_days": [2, 0, 3],
        },
        index=accounts,
    )
    found = expected_value(days, accounts, as_of=DAY, first_day=TWO_YEARS, measure="revenue")
    assert_frame_equal(found, expected, rtol=1e-7)
    assert found.loc["a"].round(1).tolist() == [259.7, 41.8, 477.5, 3.0]


def test_a_steady_account_is_expected_to_go_on() -> None:
    """700 a week is 36,525 a year, after one year as after three, whatever the half-life."""
    days = bought(*(("a", DAY - dt.timedelta(days=age), 100.0) for age in range(364)))
    for half_life in (4.0, 26.0, 1e6):
        found = expected_value(
            days,
            pd.Index(["a"]),
            as_of=DAY,
            first_day=weeks_ago(52) + dt.timedelta(days=1),
            measure="revenue",
            half_life_weeks=half_life,
        )
        assert found.loc["a", "value"] == pytest.approx(36525, rel=0.02)


def test_what_has_no_known_cost_has_no_interval() -> None:
    days = bought(("a", DAY, 100.0), ("b", DAY, 100.0), ("b", weeks_ago(1), 100.0, 60.0))
    found = expected_value(
        days, pd.Index(["a", "b"]), as_of=DAY, first_day=TWO_YEARS, measure="margin"
    )
    assert found.loc["a", "value"] == 0
    assert found.loc["a", ["low", "high"]].isna().all()
    assert found.loc["b"].notna().all()
    assert found["order_days"].tolist() == [1, 2]


@pytest.mark.parametrize("first_day", [None, DAY, DAY + dt.timedelta(days=1)])
def test_a_book_of_a_day_or_none_has_values(first_day: dt.date | None) -> None:
    nobody = expected_value(
        bought(), pd.Index(["a"]), as_of=DAY, first_day=first_day, measure="revenue"
    )
    assert nobody["value"].tolist() == [0.0]
    nothing = expected_value(
        bought(), pd.Index([]), as_of=DAY, first_day=first_day, measure="revenue"
    )
    assert nothing.empty


def test_a_wider_level_reaches_further() -> None:
    days = bought(("a", DAY, 100.0))
    reach = [
        expected_value(
            days, pd.Index(["a"]), as_of=DAY, first_day=TWO_YEARS, measure="revenue", level=level
        )
        .eval("high - low")
        .item()
        for level in (0.5, 0.8)
    ]
    assert reach[1] / reach[0] == pytest.approx(1.2815516 / 0.6744898)


@pytest.mark.parametrize("half_life", [0.0, -1.0, float("nan")])
def test_half_life_is_positive(half_life: float) -> None:
    with pytest.raises(DataError) as error:
        expected_value(
            bought(),
            pd.Index(["a"]),
            as_of=DAY,
            first_day=DAY,
            measure="revenue",
            half_life_weeks=half_life,
        )
    assert str(error.value) == f"half_life_weeks: {half_life} is not positive; 26 is a good start"


def simulate(orders_a_year: float, sizes_sd: float, *, accounts: int = 2000) -> pd.DataFrame:
    """Three years of accounts that order at random, sizes log-normal around 100."""
    random = np.random.default_rng(1)
    days = 3 * 364
    counts = random.poisson(orders_a_year * days / 365.25, accounts)
    age = random.integers(days, size=counts.sum())
    size = 100 * random.lognormal(-(sizes_sd**2) / 2, sizes_sd, counts.sum())
    orders = pd.DataFrame(
        {
            "account_id": np.repeat(np.arange(accounts), counts),
            "date": pd.Timestamp(DAY) - pd.to_timedelta(age, unit="D"),
            "revenue": size,
        }
    )
    return orders.groupby(["account_id", "date"], as_index=False).sum()


def coverage(orders_a_year: float, sizes_sd: float) -> float:
    found = expected_value(
        simulate(orders_a_year, sizes_sd),
        pd.RangeIndex(2000),
        as_of=DAY,
        first_day=weeks_ago(3 * 52) + dt.timedelta(days=1),
        measure="revenue",
    )
    rate = 100 * orders_a_year
    assert found["value"].mean() == pytest.approx(rate, rel=0.04)
    return float(found["low"].le(rate).mul(found["high"].ge(rate)).mean())


@pytest.mark.parametrize("sizes_sd", [0.3, 0.8])
def test_interval_holds_the_rate_of_busy_accounts(sizes_sd: float) -> None:
    """Compound Poisson, an order a week, nominal 80 %."""
    assert 0.76 <= coverage(52, sizes_sd) <= 0.84


@pytest.mark.parametrize(("sizes_sd", "low", "high"), [(0.3, 0.68, 0.76), (1.2, 0.50, 0.58)])
def test_interval_is_too_narrow_for_few_orders(sizes_sd: float, low: float, high: float) -> None:
    """Two orders a year: as the docstring and the page say. A better interval moves this."""
    assert low <= coverage(2, sizes_sd) <= high
