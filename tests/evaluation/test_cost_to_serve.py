import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from kapkit.evaluation.cost_to_serve import cost_to_serve, cost_to_serve_of
from kapkit.sample import simulate
from tests.evaluation.serving import rates, uses
from tests.regions import DAY, bought, region

BEFORE = DAY - dt.timedelta(days=100)
LAST_YEAR = DAY - dt.timedelta(days=365)
RATES = rates(("visit", 10.0, None), ("visit", 12.0, DAY), ("return", 5.0, BEFORE))
ACCOUNTS = pd.Index(["a", "b", "c"], name="account_id")


def test_each_use_costs_the_rate_of_its_day() -> None:
    """Of the returns one lies before the first rate; dinners have none at all."""
    used = uses(
        ("a", BEFORE, "visit", 2.0),
        ("a", DAY, "visit", 1.0),
        ("a", BEFORE - dt.timedelta(days=1), "return", 4.0),
        ("a", LAST_YEAR, "visit", 100.0),
        ("a", DAY + dt.timedelta(days=1), "visit", 100.0),
        ("b", BEFORE, "return", 3.0),
        ("b", DAY, "dinner", 7.0),
    )
    found = cost_to_serve(used, RATES, as_of=DAY, currency="EUR")
    index = [("a", "return"), ("a", "visit"), ("b", "dinner"), ("b", "return")]
    expected = pd.DataFrame(
        {
            "quantity": [0.0, 3.0, 0.0, 3.0],
            "cost": [0.0, 32.0, 0.0, 15.0],
            "unpriced": [4.0, 0.0, 7.0, 0.0],
        },
        index=pd.MultiIndex.from_tuples(index, names=["account_id", "driver"]),
    )
    assert_frame_equal(found.table, expected)
    assert found.of(ACCOUNTS).to_dict() == {"a": 32.0, "b": 15.0, "c": 0.0}
    assert found.priced == ["visit", "return"]
    assert found.unpriced == ["return", "dinner"]
    assert found.drivers.loc["visit", ["rate", "accounts"]].tolist() == [32 / 3, 1]
    assert found.since == LAST_YEAR
    assert found.sentence == (
        "Serving the accounts cost 47.0 EUR (visit 32.0, return 15.0). Use of 2 drivers has no "
        "rate and is left out: return, dinner."
    )


def test_without_any_rate_the_cost_is_missing_and_not_zero() -> None:
    found = cost_to_serve(uses(("a", DAY, "dinner", 1.0)), RATES, as_of=DAY)
    assert not found.known
    assert found.of(ACCOUNTS).isna().all()
    assert found.sentence == "No driver has a rate (dinner), so the cost to serve is not known."


def test_where_no_use_is_recorded_the_cost_is_missing() -> None:
    found = cost_to_serve(uses(), RATES, as_of=DAY)
    assert found.since is None
    assert found.of(ACCOUNTS).isna().all()
    assert found.sentence == (
        "No use of any driver is recorded, so the cost to serve is not known."
    )


def test_a_year_without_use_cost_nothing() -> None:
    found = cost_to_serve(uses(("a", LAST_YEAR, "visit", 1.0)), RATES, as_of=DAY)
    assert found.of(ACCOUNTS).tolist() == [0.0, 0.0, 0.0]
    assert found.sentence == "Nothing was recorded that serving the accounts cost."


def test_the_year_before() -> None:
    used = uses(("a", LAST_YEAR, "visit", 1.0), ("a", DAY, "visit", 9.0))
    assert cost_to_serve(used, RATES, as_of=DAY, years_back=1).of(ACCOUNTS)["a"] == 10


def test_a_book_that_records_neither_has_none() -> None:
    assert cost_to_serve_of(region({"a": "Alpha"}, bought())) is None


@pytest.mark.parametrize("seed", [3, 4])
def test_the_simulated_company_to_the_cent(seed: int) -> None:
    """Priced line by line, without pandas, in whole cents."""
    company = simulate(accounts=60, seed=seed, dirt=False)
    used, rate = company.tables["service_costs"], company.tables["cost_rates"]
    start = company.as_of.replace(year=company.as_of.year - 1)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    steps = sorted(
        (row.driver, row.valid_from.date(), Decimal(str(row.rate))) for row in rate.itertuples()
    )
    for row in used.itertuples():
        if start < row.date.date() <= company.as_of:
            valid = [
                r
                for driver, day, r in steps
                if (driver, True) == (row.driver, day <= row.date.date())
            ]
            expected[row.account_id] += Decimal(str(row.quantity)) * valid[-1]
    found = cost_to_serve(used, rate, as_of=company.as_of)
    cost = found.of(company.truth.accounts.index)
    assert not found.unpriced
    assert cost[cost > 0].round(6).to_dict() == {k: round(float(v), 6) for k, v in expected.items()}
    assert float(cost.sum()) == pytest.approx(float(sum(expected.values())), abs=0.005)


amounts = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.integers(0, 700), st.sampled_from(["visit", "return", "dinner"]),
        st.integers(0, 40).map(lambda quarters: quarters / 4),
    ),
    max_size=20,
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=8)
@given(amounts, st.randoms(use_true_random=False))
def test_costs_add_up_and_names_and_order_do_not_matter(drawn: list[tuple], random) -> None:
    rows = [(account, DAY - dt.timedelta(days=age), *use) for account, age, *use in drawn]
    found = cost_to_serve(uses(*rows), RATES, as_of=DAY)
    assert found.table["cost"].sum() == pytest.approx(found.drivers["cost"].sum())
    assert found.of(ACCOUNTS).sum(min_count=0) == pytest.approx(found.table["cost"].sum())
    other = {"a": "z", "b": "y", "c": "x"}
    renamed = [(other[account], *rest) for account, *rest in rows]
    again = cost_to_serve(uses(*random.sample(renamed, len(rows))), RATES, as_of=DAY)
    expected = found.of(ACCOUNTS).rename(other)
    pd.testing.assert_series_equal(again.of(expected.index), expected)
    assert (again.known, sorted(again.priced)) == (found.known, sorted(found.priced))
