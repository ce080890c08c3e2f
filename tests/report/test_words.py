"""Tables, findings and tiles: the words and numbers a reader gets."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from kapkit.book.book import Book, open_book
from kapkit.book.prepared import PreparedBook
from kapkit.book.region import Region
from kapkit.classification.abc import Cuts
from kapkit.classification.key_accounts import backtest_classes, key_accounts
from kapkit.evaluation.profit import contribution_of, large_but_losing
from kapkit.report.brief import attention, finding_state, table_attention, tiles_region
from kapkit.report.classification import (
    finding_backtest,
    finding_classes,
    table_backtest,
    table_key_accounts,
    table_potential_backtest,
)
from kapkit.report.display import Finding, Table, Tiles
from kapkit.report.evaluation.profit import finding_losing, table_contribution, table_losing
from kapkit.report.portfolio import finding_regions, region_summaries, table_regions, tiles_company
from kapkit.report.trust import finding_coverage, table_book_totals, table_totals
from tests.regions import DAY, bought, company, region

SILENT = [("s", DAY - dt.timedelta(days=days), 900.0, 100.0) for days in (200, 230, 260, 290)]


def tiles(shown: Tiles) -> list[str]:
    return [str(tile) for tile in shown.tiles]


def column(table: Table, name: str) -> list[str]:
    place = list(table.columns).index(name)
    return [row[place] for row in table.rows()]


def test_key_accounts_are_listed_best_first(north: Region) -> None:
    shown = table_key_accounts(north, key_accounts(north), most=2)
    assert shown.caption == "Accounts by expected value: 2 of 5"
    assert column(shown, "value")[0] == "1.39 k"
    assert column(shown, "range") == ["-392 to 3.17 k", "-235 to 1.90 k"]
    assert column(shown, "name") == ["Alpha", "$x^2$ <script>"]
    assert column(shown, "class") == ["A", "B"]
    assert "next year's margin" in shown.how
    page = shown._repr_mimebundle_()[0]["text/html"]
    assert "$x^2$ &lt;script&gt;" in page
    assert "<script>" not in page


def test_who_never_bought_has_a_dash_for_a_range(north: Region) -> None:
    here = region({"a": "Alpha", "n": "Never"}, bought(("a", DAY, 9.0, 1.0)))
    shown = table_key_accounts(here, key_accounts(here))
    assert shown.caption == "Accounts by expected value"
    assert shown.rows()[1][:5] == ["Never", "C", "0 / 0 / 100", "0", "–"]


def test_undecided_accounts_are_counted(north: Region) -> None:
    assert finding_classes(key_accounts(north)).sentences == [
        "Class A holds 1 of 5 accounts, expected to make 50 % of next year's value.",
        "The class of 4 accounts is undecided: another one is likely too.",
    ]


def test_a_back_test_that_cannot_tell_is_a_caution(north: Region) -> None:
    judged = backtest_classes(north)
    assert finding_backtest(judged).caution
    assert table_backtest(judged).rows()[:2] == [
        ["last 12 months", *["–"] * 6, ""],
        ["half-life", *["–"] * 6, "yes"],
    ]
    assert table_backtest(judged).caption == (
        "Ways to value accounts, chosen at past days, judged by the 26 weeks that followed"
    )
    assert not finding_backtest(replace(judged, told=True)).caution
    untried = table_potential_backtest(north)
    assert isinstance(untried, Finding)
    assert untried.sentences == []
    assert finding_backtest(replace(judged, told=True, worse=True)).caution


def test_contribution_is_listed_highest_first(losing: Region) -> None:
    found = contribution_of(losing)
    shown = table_contribution(losing, found, most=1)
    assert shown.caption == "Profit contribution of the last twelve months, EUR: 1 of 4"
    assert shown.rows() == [["Alpha", "a", "9.00 k", "0", "0", "8.00 k", "89 %", "80 %"]]
    whole = table_contribution(losing, found)
    assert whole.caption == "Profit contribution of the last twelve months, EUR"
    assert column(whole, "name") == ["Alpha", "Beta", "Gamma", "Delta"]


def test_who_loses_money_is_listed(losing: Region) -> None:
    found = large_but_losing(contribution_of(losing), currency="EUR")
    assert table_losing(losing, found).rows() == [
        ["Delta", "d", "10.0 k", "0", "0", "-2.00 k", "-20 %", "-20 %"]
    ]
    none = table_losing(losing, found, most=0)
    assert none.caption == "Large accounts that lose money, EUR: 0 of 1"
    assert finding_losing(found).sentences == [
        "The largest account loses money: 2.00 k EUR lost on 10.0 k EUR of revenue, 41 % of the "
        "region's."
    ]


def test_tiles_of_a_region(north: Region) -> None:
    assert tiles(tiles_region(north, key_accounts(north), contribution_of(north))) == [
        "Revenue, 12 months: 1.65 k EUR (+25 % on the year before)",
        "Contribution: 1.00 k EUR (61 % of revenue)",
        "Key accounts: 1 (50 % of expected value)",
        "Accounts: 5 (5 bought in 12 months)",
        "Silent key accounts: 0 (none for twice its usual gap)",
    ]


@pytest.mark.parametrize(
    ("here", "revenue", "contribution"),
    [
        (
            region({"a": "Alpha"}, bought(("a", DAY - dt.timedelta(days=365), 10.0, 5.0))),
            "Revenue, 12 months: 0 EUR (-100 % on the year before)",
            "Contribution: 0 EUR (no revenue)",
        ),
        (
            region({"a": "Alpha"}, bought(("a", DAY, -10.0, -5.0))),
            "Revenue, 12 months: -10.0 EUR (no year before to compare)",
            "Contribution: -5.00 EUR (no revenue)",
        ),
        (
            region({"a": "Alpha"}, bought(("a", DAY, 10.0)), costed_share=0.0),
            "Revenue, 12 months: 10.0 EUR (no year before to compare)",
            "Contribution: – (no cost is known)",
        ),
    ],
)
def test_tiles_where_there_is_nothing_to_divide_by(
    here: Region, revenue: str, contribution: str
) -> None:
    found = region_summaries(replace(here, name=None))
    shown = tiles(tiles_region(here, key_accounts(here), contribution_of(here)))
    assert shown[:2] == [revenue, contribution]
    assert tiles(tiles_company(replace(here, name=None), found))[:2] == [revenue, contribution]


@pytest.fixture
def alarming() -> Region:
    """A silent key account, a large one that loses money, and one that does both."""
    purchases = bought(
        *SILENT,
        ("l", DAY, 5000.0, 5100.0),
        *(("b", DAY - dt.timedelta(days=days), 900.0, 1.0) for days in (400, 430, 460)),
        ("b", DAY - dt.timedelta(days=200), 6000.0, 6001.0),
        ("q", DAY, 5.0, 1.0),
    )
    return region({"s": "Silent", "l": "Losing", "b": "Both", "q": "Quiet"}, purchases)


def test_attention_goes_where_most_is_at_stake(alarming: Region) -> None:
    classified = key_accounts(alarming, cuts=Cuts(by="count", a=2, b=3))
    losing = large_but_losing(contribution_of(alarming), share=0.5)
    found = attention(classified, losing)
    value = classified.table["value"]
    expected = pd.DataFrame(
        {
            "name": ["Silent", "Both", "Losing", "Both"],
            "why": [
                classified.table.loc["s", "reason"],
                classified.table.loc["b", "reason"],
                "Large, but loses money: contribution -2.0 % of revenue.",
                "Large, but loses money: contribution 0.0 % of revenue.",
            ],
            "at_stake": [value["s"], value["b"], 100.0, 1.0],
        },
        index=pd.Index(["s", "b", "l", "b"], name="account_id"),
    )
    assert_frame_equal(found, expected)
    assert expected["why"].iloc[0].endswith("Silent for 200 days; it used to order every 30.")


def test_attention_is_listed_with_what_is_left_out(alarming: Region) -> None:
    classified = key_accounts(alarming, cuts=Cuts(by="count", a=2, b=3))
    found = attention(classified, large_but_losing(contribution_of(alarming), share=0.5))
    shown = table_attention(alarming, found, most=2)
    assert shown.caption == "Look at these first: 2 of 4"
    assert column(shown, "name") == ["Silent", "Both"]
    assert table_attention(alarming, found).caption == "Look at these first"


def test_nobody_needs_attention(north: Region) -> None:
    found = attention(key_accounts(north), large_but_losing(contribution_of(north)))
    assert list(found.columns) == ["name", "why", "at_stake"]
    assert found.empty


def test_the_state_names_silent_key_accounts(alarming: Region) -> None:
    both = key_accounts(alarming, cuts=Cuts(by="count", a=2, b=3))
    one = key_accounts(alarming, cuts=Cuts(by="count", a=1, b=3))
    state = [finding_state(alarming, found, contribution_of(alarming)) for found in (both, one)]
    last = [finding.sentences[-1] for finding in state]
    assert last[0].startswith("2 key accounts are silent for twice the usual gap; ")
    assert last[1].startswith("1 key account is silent for twice the usual gap; ")
    assert all(sentence.endswith(" EUR a year is at stake.") for sentence in last)


@pytest.fixture(scope="module")
def sample(prepared_sample: Path) -> Book | PreparedBook:
    return open_book(prepared_sample)


@pytest.fixture(scope="module")
def summaries(sample: Book | PreparedBook) -> pd.DataFrame:
    return region_summaries(sample.company())


@pytest.mark.slow
def test_a_summary_is_what_the_region_itself_finds(
    sample: Book | PreparedBook, summaries: pd.DataFrame
) -> None:
    assert sorted(summaries.index) == sample.regions()
    assert summaries["revenue"].is_monotonic_decreasing
    for name, row in summaries.iterrows():
        here = sample.region(str(name))
        classified, found = key_accounts(here), contribution_of(here)
        assert row["accounts"] == len(here.accounts)
        assert row[["A", "B", "C"]].tolist() == classified.counts().tolist()
        assert row["revenue"] == pytest.approx(found.table["revenue"].sum())
        assert row["revenue_before"] == pytest.approx(found.table["revenue_before"].sum())
        assert row["contribution"] == pytest.approx(found.table["contribution"].sum())
        assert row["losing"] == len(large_but_losing(found).table)
        shown = tiles(tiles_region(here, classified, found))
        assert shown[4].startswith(f"Silent key accounts: {row['silent']:.0f} ")


@pytest.mark.slow
def test_the_cuts_reach_every_region(sample: Book | PreparedBook) -> None:
    found = region_summaries(sample.company(), cuts=Cuts(by="count", a=1, b=2))
    # In NA a person has set one more.
    assert found["A"].to_dict() == dict.fromkeys(found.index, 1) | {"NA": 2}


@pytest.fixture
def whole() -> Region:
    accounts = {"s": ("Silent", "North"), "l": ("Losing", "South"), "n": ("Never", "West")}
    purchases = bought(
        *SILENT, ("l", DAY, 5000.0, 5100.0), ("l", DAY - dt.timedelta(400), 10.0, 1.0)
    )
    return company(accounts, purchases, also=("Empty",))


def test_regions_side_by_side(whole: Region) -> None:
    found = region_summaries(whole)
    assert list(found.index) == ["South", "North", "Empty", "West"]
    rows = {row[0]: row[1:] for row in table_regions(whole, found).rows()}
    stake = found.loc["North", "at_stake"]
    assert stake > 0
    assert rows["North"][:7] == ["1", "1 / 0 / 0", "100 %", "3.60 k", "–", "3.20 k", "0"]
    assert rows["South"][4] == "+49,900 %"
    assert rows["South"][6] == "1"
    assert rows["West"] == ["1", "0 / 0 / 1", "–", "0", "–", "0", "0", "0", "0", "0"]
    assert rows["Empty"] == ["0", "0 / 0 / 0", "–", "0", "–", "–", "0", "0", "0", "1.50"]


def test_tiles_of_the_company(whole: Region) -> None:
    assert tiles(tiles_company(whole, region_summaries(whole))) == [
        "Revenue, 12 months: 8.60 k EUR (+85,900 % on the year before)",
        "Contribution: 3.10 k EUR (36 % of revenue)",
        "Regions: 4 (3 accounts)",
        "Key accounts: 1 (1 of them silent)",
        "Large but losing: 1 (large accounts with negative margin)",
    ]


def test_losses_and_silence_are_named(whole: Region) -> None:
    first, second = finding_regions(whole, region_summaries(whole)).sentences
    assert first == "1 region made a loss: South (-100 EUR)."
    assert second.startswith("Most is at stake with silent key accounts in North: ")


@pytest.mark.parametrize(
    ("share", "sentence"),
    [
        (1.0, "No region made a loss and no key account is silent."),
        (0.0, "No key account is silent."),
    ],
)
def test_calm_is_said_as_far_as_it_is_known(share: float, sentence: str) -> None:
    calm = company({"a": ("Alpha", "North")}, bought(("a", DAY, 9.0, 1.0)), costed_share=share)
    assert finding_regions(calm, region_summaries(calm)).sentences == [sentence]


def test_totals_of_a_region_and_of_the_book(whole: Region) -> None:
    empty = next(part for part in whole.parts() if part.name == "Empty")
    assert table_totals(empty).rows() == [
        ["set aside", "account is not in accounts", "1", "1.50", "0.00"]
    ]
    assert table_totals(empty).caption == "Sales lines of Empty, EUR"
    assert table_book_totals(whole).rows() == [
        ["sales", "read", "–", "7", "8,611.50", "5,501.00"],
        ["sales", "accepted", "–", "6", "8,610.00", "5,501.00"],
        ["sales", "set aside", "account is not in accounts", "1", "1.50", "0.00"],
    ]


def test_coverage_says_what_weakens_the_numbers(whole: Region) -> None:
    parts = {part.name: part for part in whole.parts()}
    assert not finding_coverage(parts["North"]).caution
    refused = finding_coverage(parts["Empty"])
    assert refused.caution
    assert refused.sentences == [
        "Empty as of 30 June 2026: 0 accounts, 0 sales lines accepted, 1 set aside, 0 dated later.",
        "Set aside: account is not in accounts (1).",
    ]
    patchy = region({"a": "Alpha"}, bought(("a", DAY, 9.0, 1.0)), costed_share=0.9)
    assert finding_coverage(patchy).caution
    assert finding_coverage(patchy).sentences[1] == (
        "The book's costs are missing or patchy, so accounts are ranked by revenue, not margin."
    )
