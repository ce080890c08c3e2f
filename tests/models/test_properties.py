"""What holds for any purchases: order of rows, currency, later rows, inputs left alone."""

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from kapkit.models.backtest import capture
from kapkit.models.value import expected_value, past_value
from tests.regions import DAY, FIRST, bought

ACCOUNTS = pd.Index(["a", "b", "c", "never"], name="account_id")

cents = st.integers(-100_000, 1_000_000).map(lambda count: count / 100)
ages = st.integers(0, 1000)
rows = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), ages, cents, st.none() | cents),
    unique_by=lambda row: row[:2],
    max_size=30,
)
histories = rows.map(
    lambda drawn: bought(*((a, DAY - dt.timedelta(days=age), *money) for a, age, *money in drawn))
)
measures = st.sampled_from(["margin", "revenue"])


def value(purchases: pd.DataFrame, measure: str) -> pd.DataFrame:
    return expected_value(purchases, ACCOUNTS, as_of=DAY, first_day=FIRST, measure=measure).join(
        past_value(purchases, ACCOUNTS, as_of=DAY, measure=measure)
    )


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories, measures, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(purchases, measure, random) -> None:
    order = random.sample(range(len(purchases)), len(purchases))
    assert_frame_equal(
        value(purchases.iloc[order], measure), value(purchases, measure), rtol=1e-9, atol=1e-6
    )


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories, measures)
def test_another_currency_scales_the_value(purchases, measure) -> None:
    money = ["revenue", "cost", "costed_revenue", "credits"]
    scaled = purchases.assign(**(purchases[money] * 1000))
    expected = (
        value(purchases, measure).mul(1000).assign(order_days=lambda f: f["order_days"] / 1000)
    )
    assert_frame_equal(value(scaled, measure), expected, rtol=1e-9, atol=1e-4, check_dtype=False)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories, measures, st.integers(1, 400), cents)
def test_later_days_change_nothing_and_inputs_stay(purchases, measure, days, revenue) -> None:
    later = bought(*((a, DAY + dt.timedelta(days=days), revenue, 1.0) for a in ("a", "never")))
    both = pd.concat([purchases, later], ignore_index=True)
    before = both.copy(deep=True)
    assert_frame_equal(value(both, measure), value(purchases, measure))
    assert_frame_equal(both, before)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories, measures)
def test_the_interval_is_around_the_value(purchases, measure) -> None:
    found = value(purchases, measure).dropna()
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()
    assert list(value(purchases, measure).index) == list(ACCOUNTS)


scores = st.lists(st.tuples(cents, cents), min_size=1, max_size=30)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(scores, st.floats(0.01, 1.0))
def test_no_choice_beats_hindsight(drawn, share) -> None:
    score, future = (pd.Series(column) for column in zip(*drawn, strict=True))
    before = score.copy(), future.copy()
    caught = capture(score, future, share=share)
    assert np.isnan(caught) or caught <= 1 + 1e-9
    assert capture(future, future, share=share) == 1 or np.isnan(caught)
    assert_series_equal(score, before[0])
    assert_series_equal(future, before[1])
    scaled = capture(score * 1000, future * 1000, share=share)
    np.testing.assert_allclose(scaled, caught, rtol=1e-9)
