import datetime as dt

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from kapkit.book.errors import DataError
from kapkit.evaluation.cost_to_serve import CostToServe, cost_to_serve
from kapkit.evaluation.profit import (
    Contribution,
    contribution_of,
    large_but_losing,
    profit_contribution,
    whale_curve,
)
from tests.evaluation.serving import rates, uses
from tests.regions import DAY, bought, region

NAN = float("nan")
LAST_YEAR = DAY - dt.timedelta(days=365)
ACCOUNTS = pd.Index(list("abcdef"), name="account_id")


def served(*rows: tuple) -> CostToServe:
    """Price uses (account, day, driver, quantity); a visit costs 12."""
    return cost_to_serve(uses(*rows), rates(("visit", 12.0, None)), as_of=DAY)


def contribution(*rows: tuple, **options: object) -> Contribution:
    return profit_contribution(bought(*rows), ACCOUNTS, as_of=DAY, currency="EUR", **options)


def test_profit_contribution() -> None:
    """a earns, b has one of two lines costed, c none, d only credits, e bought before, f never."""
    found = contribution(
        ("a", DAY, 100.0, 60.0),
        ("a", DAY - dt.timedelta(days=1), -20.0, -10.0),
        ("a", LAST_YEAR, 40.0, 1.0),
        ("a", DAY + dt.timedelta(days=1), 1000.0, 1.0),
        ("b", DAY, 70.0, 30.0, 50.0),
        ("c", DAY, 25.0),
        ("d", DAY, -5.0, -1.0),
        ("e", LAST_YEAR, 9.0, 8.0),
    )
    expected = pd.DataFrame(
        {
            "revenue": [80.0, 70.0, 0.0, 0.0, -5.0, 25.0],
            "credits": [-20.0, 0.0, 0.0, 0.0, -5.0, 0.0],
            "discount": [NAN] * 6,
            "cost": [50.0, 30.0, 0.0, 0.0, -1.0, NAN],
            "margin": [30.0, 20.0, 0.0, 0.0, -4.0, NAN],
            "cost_to_serve": [NAN] * 6,
            "contribution": [30.0, 20.0, 0.0, 0.0, -4.0, NAN],
            "margin_share": [30 / 80, 20 / 50, NAN, NAN, NAN, NAN],
            "revenue_share": [80 / 170, 70 / 170, 0.0, 0.0, -5 / 170, 25 / 170],
            "contribution_share": [30 / 46, 20 / 46, 0.0, 0.0, -4 / 46, NAN],
            "uncosted_revenue": [0.0, 20.0, 0.0, 0.0, 0.0, 25.0],
            "revenue_before": [40.0, 0.0, 9.0, 0.0, 0.0, 0.0],
        },
        index=pd.Index(list("abefdc"), name="account_id"),
    )
    assert_frame_equal(found.table, expected)
    assert found.sentence == (
        "The last twelve months brought 170 EUR of revenue and 46.0 EUR of contribution. "
        "45.0 EUR of revenue has no known cost."
    )


def test_discounts_are_shown_against_list_prices() -> None:
    """By hand: 100 and 40 of revenue after 25 and 35 off; 60 of 200 is 30 %."""
    sold = bought(("a", DAY, 100.0, 60.0), ("b", DAY, 40.0, 10.0), ("b", LAST_YEAR, 9.0, 1.0))
    sold["discount"] = [25.0, 35.0, 99.0]
    found = profit_contribution(sold, ACCOUNTS, as_of=DAY, currency="EUR")
    assert found.table["discount"].loc[["a", "b", "c"]].tolist() == [25.0, 35.0, 0.0]
    assert found.table["contribution"].loc[["a", "b"]].tolist() == [40.0, 30.0]
    assert found.sentence.endswith(
        " Before that, discounts took 60.0 EUR off list prices, 30 % of them."
    )


def test_where_all_costs_are_known_nothing_is_said_of_them() -> None:
    found = contribution(("a", DAY, 100.0, 60.0))
    assert found.sentence == (
        "The last twelve months brought 100 EUR of revenue and 40.0 EUR of contribution."
    )


def test_without_any_costs_no_contribution_is_made_up() -> None:
    found = contribution(("a", DAY, 100.0), ("b", DAY, 300.0), costs_known=False)
    missing = ["cost", "margin", "contribution", "margin_share", "contribution_share"]
    assert found.table[missing].isna().all(axis=None)
    assert found.table["revenue"].tolist() == [300.0, 100.0, 0.0, 0.0, 0.0, 0.0]
    assert found.sentence == (
        "Revenue of the last twelve months was 400 EUR; no cost is known, so contribution cannot "
        "be computed."
    )


def test_a_loss_is_said_and_has_no_shares() -> None:
    found = contribution(("a", DAY, 100.0, 60.0), ("b", DAY, 10.0, 90.0))
    assert found.table["contribution_share"].isna().all()
    assert found.table["revenue_share"].sum() == pytest.approx(1)
    assert found.sentence == (
        "The last twelve months brought 110 EUR of revenue and -40.0 EUR of contribution."
    )


def test_nobody_bought_or_there_is_nobody() -> None:
    idle = contribution(("a", LAST_YEAR, 10.0, 5.0))
    assert idle.table["contribution"].tolist() == [0.0] * 6
    nothing = "The last twelve months brought 0 EUR of revenue and 0 EUR of contribution."
    assert idle.sentence == nothing
    empty = profit_contribution(bought(), pd.Index([]), as_of=DAY, currency="EUR")
    assert empty.table.empty
    assert empty.sentence == nothing


def test_contribution_of_a_region() -> None:
    purchases = bought(("a", DAY, 100.0, 60.0))
    known = contribution_of(region({"a": "Alpha"}, purchases))
    assert known.table.loc["a", "contribution"] == 40
    assert "EUR" in known.sentence
    unknown = contribution_of(region({"a": "Alpha"}, purchases, costed_share=0.0))
    assert unknown.table["contribution"].isna().all()


def test_contribution_is_net_of_cost_to_serve() -> None:
    """a is served for 12; c's margin is not known, and so is its contribution; f only costs."""
    used = served(("a", DAY, "visit", 1.0), ("c", DAY, "visit", 2.0), ("f", DAY, "visit", 0.5))
    found = contribution(("a", DAY, 100.0, 60.0), ("c", DAY, 25.0), served=used)
    assert found.table["cost_to_serve"].to_dict() == {
        "a": 12.0, "b": 0.0, "c": 24.0, "d": 0.0, "e": 0.0, "f": 6.0
    }  # fmt: skip
    assert found.table["contribution"].dropna().to_dict() == {
        "a": 28.0, "b": 0.0, "d": 0.0, "e": 0.0, "f": -6.0
    }  # fmt: skip
    assert found.table.loc["a", "margin_share"] == pytest.approx(0.28)
    assert found.sentence == (
        "The last twelve months brought 125 EUR of revenue and 22.0 EUR of contribution after "
        "42.0 EUR of cost to serve. 25.0 EUR of revenue has no known cost."
    )


GOODS = "Contribution is net revenue less cost of goods, over lines whose cost is known"


@pytest.mark.parametrize(
    ("uses", "definition"),
    [
        (None, f"{GOODS}. Cost to serve is not in it: the book does not say what that is."),
        (
            [("a", DAY, "dinner", 1.0)],
            f"{GOODS}. Cost to serve is not in it: the book does not say what that is.",
        ),
        (
            [("a", DAY, "visit", 1.0)],
            f"{GOODS}, less cost to serve (visit). Other costs are left out.",
        ),
        (
            [("a", DAY, "visit", 1.0), ("a", DAY, "dinner", 1.0)],
            f"{GOODS}, less cost to serve (visit). Other costs are left out. Left out for want of "
            "a rate: dinner.",
        ),
        (
            [("a", LAST_YEAR, "visit", 1.0)],
            f"{GOODS}, less cost to serve, of which none was recorded.",
        ),
    ],
)
def test_what_contribution_means_is_said(uses: list[tuple] | None, definition: str) -> None:
    used = None if uses is None else served(*uses)
    found = contribution(("a", DAY, 100.0, 60.0), served=used)
    assert found.definition == definition


def test_without_costs_of_goods_there_is_no_contribution_to_define() -> None:
    found = contribution(("a", DAY, 100.0), costs_known=False)
    assert found.definition == "Contribution is not known: the book has no cost of goods."


def test_whale_curve() -> None:
    earned = pd.Series({"a": 4.0, "b": -2.0, "c": 8.0, "d": NAN, "e": 0.0})
    expected = pd.DataFrame(
        {"account_share": [0.25, 0.5, 0.75, 1.0], "profit_share": [0.8, 1.2, 1.2, 1.0]},
        index=list("caeb"),
    )
    assert_frame_equal(whale_curve(earned), expected)


@pytest.mark.parametrize(
    ("earned", "message"),
    [
        (
            [4.0, -9.0],
            "contribution: the total of 2 accounts is -5.00, not positive, so there are no shares "
            "of it; read the amounts instead",
        ),
        (
            [0.0],
            "contribution: the total of 1 account is 0, not positive, so there are no shares of "
            "it; read the amounts instead",
        ),
        (
            [NAN],
            "contribution: the total of 0 accounts is 0, not positive, so there are no shares of "
            "it; read the amounts instead",
        ),
    ],
)
def test_whale_curve_of_a_loss(earned: list[float], message: str) -> None:
    with pytest.raises(DataError) as error:
        whale_curve(pd.Series(earned))
    assert str(error.value) == message


def test_large_but_losing() -> None:
    """Of ten accounts two are large; three share the second place."""
    revenue = {"a": 100.0, "b": 90.0, "c": 90.0, "d": 90.0} | {f"e{i}": 10.0 for i in range(6)}
    cost = {"a": 50.0, "b": 95.0, "c": 99.0, "d": 10.0} | {f"e{i}": 20.0 for i in range(6)}
    rows = [(name, DAY, revenue[name], cost[name]) for name in revenue]
    found = profit_contribution(bought(*rows), pd.Index(list(revenue)), as_of=DAY)
    losing = large_but_losing(found, currency="EUR")
    expected = found.table.loc[["c", "b"]].assign(revenue_rank=[2, 2])
    assert_frame_equal(losing.table, expected)
    assert losing.sentence == (
        "2 of the 4 largest accounts lose money: 14.0 EUR lost on 180 EUR of revenue, 42 % of the "
        "region's."
    )
    narrow = large_but_losing(found, share=0.1)
    assert narrow.table.empty
    assert narrow.sentence == "The largest account does not lose money."


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "No account bought anything in the last twelve months."),
        ([("a", DAY, -5.0, 0.0)], "No account bought anything in the last twelve months."),
        ([("a", DAY, 5.0)], "Without costs, accounts that lose money cannot be found."),
        ([("a", DAY, 5.0, 1.0)], "The largest account does not lose money."),
        (
            [("a", DAY, 5.0, 6.0)],
            "The largest account loses money: 1.00 EUR lost on 5.00 EUR of revenue, 100 % of the "
            "region's.",
        ),
        (
            [(name, DAY, 5.0, 1.0) for name in "abcdef"],
            "None of the 6 largest accounts loses money.",
        ),
        (
            [("a", DAY, 5.0, 1.0), ("b", DAY, 5.0, 6.0)],
            "1 of the 2 largest accounts loses money: 1.00 EUR lost on 5.00 EUR of revenue, 50 % "
            "of the region's.",
        ),
    ],
)
def test_large_but_losing_in_words(rows: list[tuple], sentence: str) -> None:
    found = large_but_losing(contribution(*rows), currency="EUR")
    assert found.sentence == sentence
    assert "revenue_rank" in found.table


def test_a_small_account_that_loses_is_not_large() -> None:
    rows = [("a", DAY, 100.0, 1.0), ("b", DAY, 50.0, 1.0), ("c", DAY, 1.0, 99.0)]
    assert large_but_losing(contribution(*rows)).table.empty
    assert np.isfinite(contribution(*rows).table["margin_share"].dropna()).all()
