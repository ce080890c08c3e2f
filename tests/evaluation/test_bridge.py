import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from kapkit.evaluation.bridge import STEPS, bridge, bridge_of, last_twelve, margin_bridge
from kapkit.report.evaluation.bridge import table_bridge_categories
from tests.evaluation.serving import rates, uses
from tests.regions import DAY, bought, region

NAN = float("nan")
NOW, THEN = last_twelve(DAY), last_twelve(DAY, years_back=1)
PARTS = [step for step in STEPS if step != "serving"]


def sold(*rows: tuple) -> pd.DataFrame:
    """Make a period: account, category, quantity, revenue, cost."""
    columns = ["account_id", "category", "quantity", "costed_revenue", "cost"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype(dict.fromkeys(columns[2:], float))


def months(*rows: tuple) -> pd.DataFrame:
    """Make categories: account, month, category, quantity, revenue, cost (None: not known)."""
    columns = ["account_id", "month", "category", "quantity", "revenue", "cost"]
    frame = pd.DataFrame(rows, columns=columns).astype({"cost": float, "quantity": float})
    costed = frame["cost"].notna()
    return frame.assign(
        month=pd.to_datetime(frame["month"]),
        costed_revenue=frame["revenue"].where(costed, 0.0).astype(float),
        costed_lines=costed.astype(float),
    )


def test_two_categories_by_hand() -> None:
    """Units at old prices go from 100 to 120; the new mix holds more of the better category."""
    before = sold(("a", "x", 10, 60, 40), ("a", "y", 10, 40, 30))
    after = sold(("a", "x", 15, 105, 75), ("a", "y", 7.5, 30, 15))
    found = margin_bridge(before, after)
    expected = pd.DataFrame(
        {
            "before": [30.0],
            "new": [0.0],
            "lost": [0.0],
            "volume": [(120 / 100 - 1) * 30],
            "mix": [(15 * 2 + 7.5 * 1) - 1.2 * 30],
            "price": [15.0 + 0.0],
            "cost": [-(75 - 60) + (22.5 - 15)],
            "unsplit": [0.0],
            "after": [45.0],
        },
        index=pd.Index(["a"], name="account_id"),
    )
    assert_frame_equal(found, expected)


def test_who_came_and_left_counts_whole() -> None:
    found = margin_bridge(sold(("lost", "x", 1, 9, 4)), sold(("new", "x", 2, 9, 2)))
    assert found.loc["lost", ["before", "lost", "after"]].tolist() == [5, -5, 0]
    assert found.loc["new", ["before", "new", "after"]].tolist() == [0, 7, 7]
    assert not found[["volume", "mix", "price", "cost", "unsplit"]].any(axis=None)


@pytest.mark.parametrize("quantity", [NAN, 0.0, -3.0])
def test_without_units_nothing_is_split(quantity: float) -> None:
    before = sold(("a", "x", 10, 60, 40), ("a", "y", quantity, 9, 5))
    after = sold(("a", "x", 10, 66, 40), ("a", "y", 3, 12, 5))
    found = margin_bridge(before, after).loc["a"]
    assert found[["price", "unsplit"]].tolist() == pytest.approx([6.0, 3.0])
    assert found[["volume", "mix", "cost"]].tolist() == pytest.approx([0.0, 0.0, 0.0])


def test_a_category_bought_for_the_first_time_is_volume_and_mix() -> None:
    found = margin_bridge(
        sold(("a", "x", 10, 100, 60)), sold(("a", "x", 10, 100, 60), ("a", "y", 1, 50, 10))
    ).loc["a"]
    assert found[["volume", "mix", "price", "cost"]].tolist() == pytest.approx([20, 20, 0, 0])


money = st.integers(-200, 900).map(float)
periods = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from("xyz"),
        st.integers(-2, 40).map(float),
        money,
        money,
    ),
    unique_by=lambda row: row[:2],
    max_size=12,
)


@settings(derandomize=True, deadline=None, max_examples=15)
@given(periods, periods, st.sampled_from([0.01, 7.0]))
def test_it_adds_up_whatever_was_sold(drawn_before, drawn_after, litres: float) -> None:
    before, after = sold(*drawn_before), sold(*drawn_after)
    found = margin_bridge(before, after)
    moved = found["before"] + found[PARTS].sum(axis=1)
    np.testing.assert_allclose(moved, found["after"], atol=1e-6)
    for frame, name in ((before, "before"), (after, "after")):
        assert found[name].sum() == pytest.approx((frame["costed_revenue"] - frame["cost"]).sum())
    # In other units of one category nothing changes.
    other = [
        frame.assign(
            quantity=frame["quantity"].where(frame["category"] != "y", frame["quantity"] * litres)
        )
        for frame in (before, after)
    ]
    assert_frame_equal(margin_bridge(*other), found, atol=1e-6)
    renamed = [frame.replace({"account_id": {"a": "z"}}).iloc[::-1] for frame in (before, after)]
    assert_frame_equal(margin_bridge(*renamed).rename({"z": "a"}).sort_index(), found, atol=1e-6)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(periods, periods)
def test_categories_add_up_to_the_accounts_whatever_was_sold(drawn_before, drawn_after) -> None:
    history = [
        (account, day, category, units, revenue, cost)
        for day, drawn in (("2024-08-01", drawn_before), ("2025-08-01", drawn_after))
        for account, category, units, revenue, cost in drawn
    ]
    found = bridge(months(*history), before=THEN, after=NOW)
    by_category = found.categories
    np.testing.assert_allclose(by_category.sum(), found.total, atol=1e-6)
    np.testing.assert_allclose(found.serving, 0.0, atol=1e-6)
    moved = by_category["before"] + by_category[list(STEPS)].sum(axis=1)
    np.testing.assert_allclose(moved, by_category["after"], atol=1e-6)
    size = (by_category["after"] - by_category["before"]).abs()
    assert size.round(6).is_monotonic_decreasing


HISTORY = (
    ("a", "2024-08-01", "x", 10, 100.0, 60.0),
    ("a", "2025-08-01", "x", 10, 110.0, 60.0),
    ("b", "2024-08-01", "x", 1, 10.0, 4.0),
    ("c", "2026-06-01", "x", 1, 10.0, 4.0),
    ("c", "2026-07-01", "x", 1, 999.0, 4.0),
)
USED = uses(
    ("a", dt.date(2024, 7, 3), "visit", 1.0),
    ("a", dt.date(2025, 9, 1), "visit", 3.0),
    ("b", dt.date(2024, 9, 1), "visit", 1.0),
    ("d", dt.date(2025, 9, 1), "visit", 0.5),
)
VISIT = rates(("visit", 2.0, None))


def test_cost_to_serve_is_a_step_or_part_of_who_came_and_left() -> None:
    found = bridge(
        months(*HISTORY),
        before=THEN,
        after=NOW,
        service_costs=USED,
        cost_rates=VISIT,
        currency="EUR",
    )
    assert found.net
    table = found.table
    assert table.loc["a", ["before", "price", "serving", "after"]].tolist() == [38, 10, -4, 44]
    assert table.loc["b", ["before", "lost", "after"]].tolist() == [4, -4, 0]
    assert table.loc["c", ["before", "new", "after"]].tolist() == [0, 6, 6]
    assert table.loc["d", ["before", "serving", "after"]].tolist() == [0, -1, -1]
    assert found.total["before"] + found.total[list(STEPS)].sum() == found.total["after"]
    assert found.categories.loc["x", ["before", "new", "lost", "after"]].tolist() == [46, 6, -6, 56]
    serving = found.serving[["before", "new", "lost", "serving", "after"]]
    assert serving.tolist() == [-4, 0, 2, -5, -7]
    here = region({"a": "Alpha"}, bought(("a", DAY, 9.0, 4.0)))
    rows = table_bridge_categories(here, found, most=1).rows() if len(found.categories) > 1 else []
    assert rows == []
    assert found.sentence == (
        "Contribution of July 2025 to June 2026 was 49.0 EUR, +7.00 on July 2024 to June 2025: "
        "price +10.0, new accounts +6.00, cost to serve -5.00, lost accounts -4.00."
    )


@pytest.mark.parametrize(
    ("used", "rate"),
    [(None, VISIT), (USED, None), (USED.iloc[1:2], VISIT), (USED, VISIT.iloc[:0])],
)
def test_cost_to_serve_known_for_a_part_is_left_out(used, rate) -> None:
    found = bridge(months(*HISTORY), before=THEN, after=NOW, service_costs=used, cost_rates=rate)
    assert not found.net
    assert not found.table["serving"].any()
    assert found.sentence.startswith("Contribution before cost to serve of July 2025 to June 2026")


def test_units_of_lines_without_a_cost_are_left_out() -> None:
    """Half of the last year's revenue has no cost: 10 of the 20 units count."""
    history = [*HISTORY[:2], ("a", "2025-09-01", "x", 10, 110.0, None)]
    table = bridge(months(*history), before=THEN, after=NOW).table
    assert table.loc["a", ["volume", "price"]].tolist() == pytest.approx([0.0, 10.0])


def test_periods_are_whole_months() -> None:
    assert (str(NOW), str(THEN)) == ("July 2025 to June 2026", "July 2024 to June 2025")
    assert last_twelve(dt.date(2026, 7, 30)) == NOW
    assert last_twelve(dt.date(2024, 2, 29)).last == dt.date(2024, 2, 29)


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"costed_share": 0.0}, "No bridge: the book has no costs."),
        (
            {"first_day": dt.date(2025, 1, 1)},
            "No bridge: the book has less than two years of sales.",
        ),
        ({"first_day": None}, "No bridge: the book has less than two years of sales."),
    ],
)
def test_no_bridge_where_years_cannot_be_compared(about: dict, sentence: str) -> None:
    found = bridge_of(region({"a": "Alpha"}, bought(("a", DAY, 9.0, 4.0)), **about))
    assert found.table.empty
    assert found.sentence == sentence
