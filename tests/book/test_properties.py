"""What holds for any export, however dirty."""

import datetime as dt
import re
import tempfile
from collections import Counter
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapkit.batch.prepare import prepare
from kapkit.book.book import SourceBook, open_book
from kapkit.book.totals import reconcile
from tests.book.tiny import tiny

AS_OF = "2024-06-30"
FRAMES = ("accounts", "purchases", "categories")
HEAD = ("order_id", "account_id", "date", "revenue", "cost", "product_id", "region")
ACCOUNTS = """
    account_id,name,region,recorded
    1,Alpha,North,2024-01-01
    1,Alpha,South,2023-01-01
    2,Beta,NA,
    3,Gamma,,
    4,Delta,East,2024-07-01
    """
PRODUCTS = "product_id,name,category\np1,Screw,Fasteners\np2,Saw,Tools\n"

_RECENT = ["2024-01-31", "2024-02-01", "2024-06-30"]
_LATER = ["2024-07-01", "2031-12-31"]
_MONEY = ["10", "-2.5", "0.0001", "1e2", "0"]


def line(days: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Make a line of an export; small pools, so that lines often are copies."""
    return st.tuples(
        st.sampled_from(["o1", "o2", "o3", ""]),
        st.sampled_from(["1", "1", "2", "3", "4", "9", ""]),
        st.sampled_from(days),
        st.sampled_from([*_MONEY, "abc", "nan", ""]),
        st.sampled_from(["4", "-1.25", "", "x"]),
        st.sampled_from(["p1", "p2", "p9", ""]),
        st.sampled_from(["North", "Bermuda", ""]),
    )


delivery = st.lists(line([*_RECENT, *_RECENT, *_LATER, "31.01.2024", ""]), max_size=12)
deliveries = st.lists(delivery, min_size=1, max_size=2)
later = st.lists(line(_LATER), min_size=1, max_size=6)
pytestmark = pytest.mark.slow

few = settings(max_examples=5, deadline=None, derandomize=True)


def csv(lines: list[tuple[str, ...]]) -> str:
    return "".join(",".join(one) + "\n" for one in [HEAD, *lines])


@contextmanager
def opened(
    files: list[list[tuple[str, ...]]], *, keep: bool = False, accounts: str = ACCOUNTS
) -> AbstractContextManager[SourceBook]:
    """Write the deliveries to a folder of their own and open the book."""
    toml = '[tables.sales]\nduplicates = "keep"' if keep else ""
    sales = [csv(file) for file in files]
    with tempfile.TemporaryDirectory() as folder:
        yield tiny(
            Path(folder),
            toml,
            settings=f"as_of = {AS_OF}",
            accounts=accounts,
            products=PRODUCTS,
            sales=sales,
        )


def money(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?(e\d+)?", text) else None


def day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None


def judged(files: list[list[tuple[str, ...]]], *, keep: bool) -> dict[str, list[Decimal]]:
    """Judge lines by the stated rules, in plain Python: rows, revenue and cost by state."""
    sums = {state: [Decimal()] * 3 for state in ("read", "accepted", "set aside", "after as_of")}
    delivered: Counter[tuple] = Counter()
    for file in files:
        copies: Counter[tuple] = Counter()
        for one in file:
            copies[one] += 1
            copy = (one, copies[one])
            first = delivered[copy] == 0 and (keep or copies[one] == 1)
            delivered[copy] += 1
            for state in ("read", _state(one, first=first)):
                worth = (Decimal(1), money(one[3]) or Decimal(), money(one[4]) or Decimal())
                sums[state] = [a + b for a, b in zip(sums[state], worth, strict=True)]
    return sums


def _state(one: tuple[str, ...], *, first: bool) -> str:
    order, account, date, revenue, cost, *_ = one
    when = day(date)
    if when is not None and when > dt.date.fromisoformat(AS_OF):
        return "after as_of"
    known = bool(order) and account in {"1", "2"} and when is not None
    priced = money(revenue) is not None and (cost == "" or money(cost) is not None)
    return "accepted" if first and known and priced else "set aside"


def assert_same_frames(one, other) -> None:
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


@given(files=deliveries, keep=st.booleans())
@settings(few, max_examples=12)
def test_every_row_and_every_cent_is_somewhere(files, keep: bool) -> None:
    with opened(files, keep=keep) as book:
        totals = book.at().totals
        assert reconcile(totals).endswith("accounts, products, sales")
        sales = totals[totals["table"] == "sales"]
        for state, expected in judged(files, keep=keep).items():
            found = sales[sales["state"] == state]
            sums = [sum(column.dropna(), Decimal()) for _, column in found[_MEASURES].items()]
            assert sums == expected, state
        assert book.company().check()


_MEASURES = ["rows", "revenue", "cost"]


@given(files=deliveries, keep=st.booleans(), random=st.randoms(use_true_random=False))
@few
def test_the_order_of_rows_does_not_matter(files, keep: bool, random) -> None:
    shuffled = [random.sample(file, len(file)) for file in files]
    with opened(files, keep=keep) as one, opened(shuffled, keep=keep) as other:
        pd.testing.assert_frame_equal(one.at().totals, other.at().totals)
        assert_same_frames(one.company(), other.company())


@given(files=deliveries, after=later, keep=st.booleans(), first=st.booleans())
@few
def test_rows_dated_later_change_nothing(files, after, keep: bool, first: bool) -> None:
    accounts = f"{ACCOUNTS.rstrip()}\n    1,Other,West,2024-07-01\n    9,Iota,West,2024-07-02\n"
    more = [after, *files] if first else [*files[:-1], files[-1] + after]
    with opened(files, keep=keep) as one, opened(more, keep=keep, accounts=accounts) as other:
        assert_same_frames(one.company(), other.company())
        facts, again = one.at().facts, other.at().facts
        assert facts.regions == again.regions
        assert (facts.first_day, facts.last_day) == (again.first_day, again.last_day)
        known = [f.totals.query("state in ('accepted', 'set aside')") for f in (facts, again)]
        pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in known))


@given(files=deliveries, keep=st.booleans())
@few
def test_a_prepared_book_gives_the_same_frames(files, keep: bool) -> None:
    with opened(files, keep=keep) as book, tempfile.TemporaryDirectory() as folder:
        prepare(book.at(), Path(folder) / "prepared")
        prepared = open_book(Path(folder) / "prepared")
        assert prepared.regions() == book.regions()
        assert_same_frames(prepared.company(), book.company())
        first = prepared.region(book.regions()[0])
        assert_same_frames(first, book.region(str(first.name)))
