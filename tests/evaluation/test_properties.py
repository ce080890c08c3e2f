"""What holds for any purchases: shares, order, currency, later rows, inputs left alone."""

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from kapkit.evaluation.profit import large_but_losing, profit_contribution, whale_curve
from tests.regions import DAY, bought

ACCOUNTS = pd.Index(["a", "b", "c", "d", "never"], name="account_id")

euros = st.integers(-100, 1000).map(float)
histories = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 800), euros, st.none() | euros),
    unique_by=lambda row: row[:2],
    max_size=25,
).map(lambda rows: bought(*((a, DAY - dt.timedelta(days=age), *money) for a, age, *money in rows)))


def table(purchases: pd.DataFrame) -> pd.DataFrame:
    return profit_contribution(purchases, ACCOUNTS, as_of=DAY).table


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories)
def test_shares_sum_to_one_and_sums_to_the_whole(purchases) -> None:
    found = table(purchases)
    for share in ("revenue_share", "contribution_share"):
        assert found[share].isna().all() or np.isclose(found[share].sum(), 1)
    year = purchases[purchases["date"] > pd.Timestamp(DAY) - pd.DateOffset(years=1)]
    assert found["revenue"].sum() == year["revenue"].sum()
    margin = year["costed_revenue"] - year["cost"].fillna(0.0)
    assert found["contribution"].sum() == margin.sum()
    assert sorted(found.index) == sorted(ACCOUNTS)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(purchases, random) -> None:
    order = random.sample(range(len(purchases)), len(purchases))
    assert_frame_equal(table(purchases.iloc[order]), table(purchases))


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories)
def test_another_currency_changes_no_share(purchases) -> None:
    money = ["revenue", "cost", "costed_revenue", "credits"]
    scaled, found = table(purchases.assign(**(purchases[money] * 1000))), table(purchases)
    shares = [name for name in found if name.endswith("share")]
    assert_frame_equal(scaled[shares], found[shares])
    amounts = found.columns.difference(shares)
    assert_frame_equal(scaled[amounts], found[amounts] * 1000)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories, st.integers(1, 400), euros)
def test_later_days_change_nothing_and_inputs_stay(purchases, days, revenue) -> None:
    later = bought(*((a, DAY + dt.timedelta(days=days), revenue, 1.0) for a in ("a", "never")))
    both = pd.concat([purchases, later], ignore_index=True)
    before = both.copy(deep=True)
    assert_frame_equal(table(both), table(purchases))
    assert_frame_equal(both, before)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.none() | euros, max_size=30))
def test_whale_curve_rises_then_falls_and_ends_at_one(drawn) -> None:
    earned = pd.Series(drawn, dtype=float)
    assume(earned.sum() > 0)
    before = earned.copy()
    curve = whale_curve(earned)
    np.testing.assert_allclose(curve.iloc[-1], [1.0, 1.0])
    steps = np.diff(curve["profit_share"], prepend=0.0)
    assert (np.diff(steps) <= 1e-9).all()
    assert curve["profit_share"].max() >= 1 - 1e-12
    assert before.equals(earned)
    scaled = whale_curve(earned * 1000)
    assert_frame_equal(scaled, curve)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(histories, st.floats(0.01, 1.0))
def test_who_loses_is_large_and_bought(purchases, share) -> None:
    found = profit_contribution(purchases, ACCOUNTS, as_of=DAY)
    before = found.table.copy(deep=True)
    losing = large_but_losing(found, share=share).table
    assert_frame_equal(found.table, before)
    assert (losing["contribution"] < 0).all()
    assert (losing["revenue"] > 0).all()
    assert losing["contribution"].is_monotonic_increasing
