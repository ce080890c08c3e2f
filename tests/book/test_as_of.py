"""Every answer is as of a day, and nothing dated later matters."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from kapkit.book.day import as_day
from tests.book.tiny import became, tiny

ACCOUNTS = """
    account_id,name,region,recorded
    1,Alpha,North,2024-01-01
    1,Alpha,East,2024-06-01
    2,Beta,South,
    3,Gamma,West,2024-06-01
    """
SALES = """
    order_id,account_id,date,revenue,region
    o1,1,2024-01-31,10,
    o2,3,2024-01-31,3,
    o3,2,2024-06-30,5,
    o4,3,2024-06-30,7,
    o5,,2024-06-30,1,Bermuda
    """


def test_the_day_is_the_one_given_else_the_books_else_the_last_sales(tmp_path: Path) -> None:
    assert tiny(tmp_path).at().as_of == dt.date(2024, 2, 29)
    book = tiny(tmp_path, settings="as_of = 2024-02-15")
    assert book.at().as_of == dt.date(2024, 2, 15)
    assert book.at("2024-01-31").as_of == dt.date(2024, 1, 31)


@pytest.mark.parametrize(
    "day", ["2024-06-30", dt.date(2024, 6, 30), pd.Timestamp("2024-06-30 12:00")]
)
def test_a_day_may_be_text_or_a_date(day: dt.date | str) -> None:
    assert as_day(day) == dt.date(2024, 6, 30)
    assert type(as_day(day)) is dt.date


def test_the_day_itself_counts(tmp_path: Path) -> None:
    book = tiny(tmp_path)
    assert became(book.at("2024-01-31")) == {("accepted", "North"): 1, ("after as_of", "South"): 1}
    assert became(book.at("2024-01-30")) == {
        ("after as_of", "North"): 1,
        ("after as_of", "South"): 1,
    }


def test_what_is_known_only_later_is_not_known(tmp_path: Path) -> None:
    book = tiny(tmp_path, accounts=ACCOUNTS, sales=SALES)
    early = book.at("2024-05-31")
    assert early.regions == ["North", "South"]
    assert became(early, "accounts") == {
        ("accepted", "North"): 1,
        ("accepted", "South"): 1,
        ("after as_of", "East"): 1,
        ("after as_of", "West"): 1,
    }
    assert became(early) == {
        ("accepted", "North"): 1,
        ("account is not in accounts", None): 1,
        ("after as_of", "South"): 1,
        ("after as_of", None): 1,
        ("after as_of", "Bermuda"): 1,
    }
    assert book.regions(as_of="2024-06-30") == ["Bermuda", "East", "North", "South", "West"]
    assert book.region("East", as_of="2024-06-30").purchases["revenue"].tolist() == [10.0]


def test_facts_and_frames_end_on_the_day(tmp_path: Path) -> None:
    book = tiny(tmp_path, accounts=ACCOUNTS, sales=SALES)
    facts = book.at("2024-05-31").facts
    assert (facts.as_of, facts.first_day, facts.last_day) == (
        dt.date(2024, 5, 31),
        dt.date(2024, 1, 31),
        dt.date(2024, 1, 31),
    )
    assert (facts.orders, facts.accounts, facts.buying_accounts) == (1, 2, 1)
    company = book.company(as_of="2024-05-31")
    assert company.purchases["revenue"].tolist() == [10.0]
    assert company.coverage == (
        "Tiny as of 31 May 2024: 2 accounts, 1 sales line accepted, 1 set aside, 3 dated later"
    )


def test_a_book_may_be_asked_for_many_days_and_the_first_again(tmp_path: Path) -> None:
    book = tiny(tmp_path)
    first = book.at("2024-02-01")
    for month in range(3, 8):
        assert book.at(f"2024-{month:02}-01").tables
    again = book.at("2024-02-01")
    assert first.as_of == again.as_of
    pd.testing.assert_frame_equal(first.totals, again.totals)
