"""One region from purchases to sentences."""

import datetime as dt

import numpy as np
import pytest

from kapkit.book.region import Region
from kapkit.classification.abc import Cuts
from kapkit.classification.key_accounts import backtest_classes, key_accounts
from kapkit.models.value_axis import CANDIDATES
from tests.regions import DAY, bought, region

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
        *("name", "plain_class", "A", "B", "C", "potential", "potential_low", "potential_high"),
        *("headroom", "buys", "stated_potential"),
        "held",
        *("last_purchase", "days_since", "usual_gap_days"),
        *("reason", "would_change", "reaches", "model_class"),
    ]
    best = table.loc["a"]
    assert (best["name"], best["days_since"], best["usual_gap_days"]) == ("Alpha", 0, 7)
    assert best["reason"] == (
        "Rank 1 of 3, 0.6 % above last year. Orders about every 7 days, last on the reporting day."
    )
    assert table.loc["c", "reason"] == "Never bought."
    assert table.index.name == "account_id"


def test_cuts_are_passed_on() -> None:
    old = [("a", DAY - dt.timedelta(weeks=100), 1000.0, 0.0)]
    here = region(NAMES, bought(*old, ("b", DAY, 1.0, 0.0)))
    two = key_accounts(here, cuts=Cuts(by="count", a=2, b=2))
    assert two.counts().to_dict() == {"A": 2, "B": 0, "C": 1}


def test_the_plain_class_stands_beside() -> None:
    """Last year's best bought early in the year and not again: history that ages ranks it lower."""
    early = [("a", DAY - dt.timedelta(weeks=50), 1000.0, 0.0)]
    here = region(NAMES, bought(*early, *weekly("b", 15.0, 0.0)))
    table = key_accounts(here).table
    assert table["class"].to_dict() == {"b": "A", "a": "C", "c": "C"}
    assert table["plain_class"].to_dict() == {"b": "C", "a": "A", "c": "C"}


def forty(seed: int = 3) -> Region:
    """Forty accounts that order monthly, by amounts of their own."""
    random = np.random.default_rng(seed)
    names = {f"a{number:02}": f"Account {number}" for number in range(40)}
    days = [DAY - dt.timedelta(days=int(age)) for age in range(0, 900, 30)]
    size = dict(zip(names, random.lognormal(4, 1, 40), strict=True))
    rows = [(a, day, size[a] * random.lognormal(0, 0.5), 0.0) for a in names for day in days]
    return region(names, bought(*rows))


@pytest.mark.slow
def test_chances_follow_the_cuts_and_sum_to_one() -> None:
    here = forty()
    usual, wide = (key_accounts(here, cuts=cuts).table for cuts in (None, Cuts(a=0.4, b=0.8)))
    for table in (usual, wide):
        assert table[["A", "B", "C"]].sum(axis=1).round(9).eq(1).all()
        assert table[["A", "B", "C"]].ge(0).all(axis=None)
    assert usual["A"].sum() == pytest.approx(8, abs=1)
    assert wide["A"].sum() == pytest.approx(16, abs=1)
    assert (wide["A"] >= usual["A"].reindex(wide.index)).all()
    best = usual.iloc[0]
    assert best["class"] == "A"
    assert best["A"] > 0.9


@pytest.mark.slow
def test_an_account_is_undecided_where_another_class_is_likely() -> None:
    table = key_accounts(forty()).table
    own = np.array([row[row["class"]] for _, row in table.iterrows()])
    likely = table["reaches"] != ""
    assert likely.any()
    assert (own[likely] <= 0.7).all()
    assert (own[~likely] > 0.4).all()
    first = table[likely].iloc[0]
    assert "Undecided: " in first["would_change"]
    assert f"{first['reaches']} (" in first["would_change"]


@pytest.mark.slow
def test_the_choice_is_judged_here_and_in_the_company() -> None:
    here = forty()
    found = backtest_classes(here)
    assert list(found.table.index) == CANDIDATES
    assert found.table["chosen"].sum() == 1
    # The region is the whole company here.
    assert found.table["capture_here"].equals(found.table["capture_20"].rename("capture_here"))
    assert found.told
    assert found.sentences[0].startswith("Of 5 ways to value accounts")
    assert found.sentences[1].startswith("In this region ")


def test_a_small_region_says_that_it_cannot_tell() -> None:
    found = backtest_classes(region(NAMES, bought(*weekly("a", 100.0, 40.0))))
    assert not found.told
    assert found.table["capture_here"].isna().all()
    assert all(said.startswith("Not enough data to tell") for said in found.sentences)
