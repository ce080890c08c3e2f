"""One region from purchases to sentences."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kapkit.classification.abc import Cuts
from kapkit.classification.key_accounts import backtest_classes, key_accounts
from kapkit.models.backtest import backtest_value
from tests.regions import DAY, FIRST, bought, region

NAMES = {"a": "Alpha", "b": "Beta", "c": "Gamma"}


def weekly(account: str, revenue: float, cost: float, weeks: int = 100) -> list[tuple]:
    return [(account, DAY - dt.timedelta(weeks=week), revenue, cost) for week in range(weeks)]


def test_accounts_are_ranked_by_margin_where_costs_are_known() -> None:
    purchases = bought(*weekly("a", 100.0, 99.0), *weekly("b", 10.0, 5.0))
    by_margin = key_accounts(region(NAMES, purchases)).table
    by_revenue = key_accounts(region(NAMES, purchases, costed_share=0.9)).table
    assert by_margin["class"].to_dict() == {"b": "A", "a": "C", "c": "C"}
    assert by_revenue["class"].to_dict() == {"a": "A", "b": "C", "c": "C"}


def test_the_table_tells_everything_of_an_account() -> None:
    purchases = bought(*weekly("a", 100.0, 40.0), *weekly("b", 10.0, 5.0))
    table = key_accounts(region(NAMES, purchases)).table
    assert list(table.columns) == [
        *("value", "low", "high", "order_days", "past_value", "class", "rank", "value_share"),
        *("name", "last_purchase", "days_since", "usual_gap_days"),
        *("reason", "would_change", "reaches"),
    ]
    best = table.loc["a"]
    assert (best["name"], best["days_since"], best["usual_gap_days"]) == ("Alpha", 0, 7)
    assert best["reason"] == (
        "Rank 1 of 3, 5.7 % below last year. Orders about every 7 days, last on the reporting day."
    )
    assert table.loc["c", "reason"] == "Never bought."
    assert table.index.name == "account_id"


def test_cuts_and_half_life_are_passed_on() -> None:
    old = [("a", DAY - dt.timedelta(weeks=100), 1000.0, 0.0)]
    here = region(NAMES, bought(*old, ("b", DAY, 1.0, 0.0)))
    assert key_accounts(here).table.index[0] == "a"
    assert key_accounts(here, half_life_weeks=4).table.index[0] == "b"
    two = key_accounts(here, cuts=Cuts(by="count", a=2, b=2))
    assert two.counts().to_dict() == {"A": 2, "B": 0, "C": 1}


@pytest.mark.parametrize(
    ("cuts", "share"),
    [
        (None, 0.2),
        (Cuts(a=0.3), 0.3),
        (Cuts(by="count", a=5, b=9), 0.2),
        (Cuts(by="value", a=0.8, b=0.9), 0.2),
    ],
)
def test_the_choice_is_judged_as_it_is_made(cuts: Cuts | None, share: float) -> None:
    random = np.random.default_rng(3)
    names = {f"a{number:02}": f"Account {number}" for number in range(40)}
    days = [DAY - dt.timedelta(days=int(age)) for age in range(0, 900, 30)]
    purchases = bought(
        *((a, day, float(random.integers(1, 99)), 0.0) for a in names for day in days)
    )
    found = backtest_classes(region(names, purchases), cuts=cuts, half_life_weeks=13)
    same = backtest_value(
        purchases,
        pd.Index(sorted(names)),
        as_of=DAY,
        first_day=FIRST,
        measure="margin",
        half_life_weeks=13,
        share=share,
    )
    assert found.sentence == same.sentence
    assert found.table.equals(same.table)
