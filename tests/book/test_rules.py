"""Which rows are set aside, why, and which region they count for."""

from pathlib import Path

import pandas as pd
import pytest

from kapkit.book.book import read_book
from kapkit.book.schema import ACCOUNTS, CATEGORIES, PURCHASES
from tests.book.tiny import SALES, assert_same, became, purchases, revenue, tiny, write

TWICE = "delivered twice: the same line stands in another file"
COPY = "exact duplicate in the same file"
KEEP = '[tables.sales]\nduplicates = "keep"'
HEAD = "order_id,account_id,date,revenue\n"
LINE = "o1,1,2024-01-31,10\n"
OTHER = "o2,2,2024-02-29,5.5\n"


def test_a_required_column_must_not_be_empty(tmp_path: Path) -> None:
    accounts = "account_id,name,region\n1,Alpha,North\n,Beta,South\n3,,South\n4,Delta,\n"
    sales = HEAD + LINE + ",1,2024-01-31,1\no3,,2024-01-31,1\no4,1,,1\no5,1,2024-01-31,\n"
    snapshot = tiny(tmp_path, accounts=accounts, sales=sales).at()
    assert became(snapshot, "accounts") == {
        ("accepted", "North"): 1,
        ("account_id is empty", "South"): 1,
        ("name is empty", "South"): 1,
        ("region is empty", None): 1,
    }
    assert became(snapshot) == {
        ("accepted", "North"): 1,
        ("order_id is empty", "North"): 1,
        ("account_id is empty", None): 1,
        ("date is empty", "North"): 1,
        ("revenue is empty", "North"): 1,
    }


def test_sales_need_an_account_that_stands(tmp_path: Path) -> None:
    accounts = "account_id,name,region\n1,Alpha,North\n2,Beta,\n3,,South\n"
    sales = HEAD + LINE + OTHER + "o3,3,2024-01-31,7\no4,4,2024-01-31,3\n"
    snapshot = tiny(tmp_path, accounts=accounts, sales=sales).at()
    assert revenue(snapshot) == {
        ("accepted", "North"): 10,
        ("account has no region", None): pytest.approx(5.5),
        ("account is itself set aside", "South"): 7,
        ("account is not in accounts", None): 3,
    }


def test_a_line_without_account_counts_for_the_region_it_says(tmp_path: Path) -> None:
    sales = """
        order_id,account_id,date,revenue,region
        o1,1,2024-01-31,10,South
        o2,,2024-01-31,1,Bermuda
        o3,9,2024-01-31,2,Bermuda
        o4,9,2024-01-31,4,
        """
    book = tiny(tmp_path, sales=sales)
    assert revenue(book.at()) == {
        ("accepted", "North"): 10,
        ("account_id is empty", "Bermuda"): 1,
        ("account is not in accounts", "Bermuda"): 2,
        ("account is not in accounts", None): 4,
    }
    assert book.regions() == ["Bermuda", "North", "South"]


def test_unassigned_names_the_region_of_accounts_that_have_none(tmp_path: Path) -> None:
    accounts = "account_id,name,region\n1,Alpha,North\n2,Beta,\n"
    book = tiny(tmp_path, '[regions]\nunassigned = "Head office"', accounts=accounts)
    assert became(book.at(), "accounts") == {
        ("accepted", "North"): 1,
        ("accepted", "Head office"): 1,
    }
    assert book.region("Head office").purchases["revenue"].tolist() == [5.5]


TWO_REGIONS = "account in two regions: the latest row stands"
LISTED_TWICE = "account listed twice: the latest row stands"


def test_of_two_regions_the_last_row_stands(tmp_path: Path) -> None:
    accounts = (
        "account_id,name,region\n1,Alpha,North\n2,Beta,South\n1,Alpha,East\n2,Beta Ltd,South\n"
    )
    book = tiny(tmp_path, accounts=accounts)
    assert became(book.at(), "accounts") == {
        ("accepted", "East"): 1,
        ("accepted", "South"): 1,
        (TWO_REGIONS, "North"): 1,
        (LISTED_TWICE, "South"): 1,
    }
    assert book.company().accounts["name"].to_dict() == {"1": "Alpha", "2": "Beta Ltd"}
    assert revenue(book.at()) == {
        ("accepted", "East"): 10,
        ("accepted", "South"): pytest.approx(5.5),
    }


def test_of_two_regions_the_one_recorded_last_stands(tmp_path: Path) -> None:
    accounts = """
        account_id,name,region,recorded
        1,Alpha,West,2024-01-15
        1,Alpha,East,2024-01-20
        1,Alpha,North,2024-01-10
        1,Alpha,South,
        2,Beta,South,
        """
    book = tiny(tmp_path, accounts=accounts)
    assert book.region("East").accounts.index.tolist() == ["1"]
    assert became(book.at(), "accounts")[TWO_REGIONS, "South"] == 1
    assert book.region("West", as_of="2024-01-15").accounts.index.tolist() == ["1"]
    assert became(book.at("2024-01-15"), "accounts") == {
        ("accepted", "West"): 1,
        ("accepted", "South"): 1,
        (TWO_REGIONS, "North"): 1,
        (TWO_REGIONS, "South"): 1,
        ("after as_of", "East"): 1,
    }


def test_rows_of_a_view_settle_the_same_way_in_any_order(tmp_path: Path) -> None:
    rows = [f"{key},Alpha,{region}\n" for key in range(8) for region in ("North", "South", "East")]
    toml = """
        [views]
        customers = "SELECT DISTINCT account_id, name, region FROM listed"
        [tables.accounts]
        read = "customers"
        """
    found = []
    for order in (rows, rows[::-1]):
        book = tiny(tmp_path, toml, listed="account_id,name,region\n" + "".join(order))
        found.append(book.company().accounts["region"])
    pd.testing.assert_series_equal(*found)


def test_of_a_repeated_product_the_last_row_stands(tmp_path: Path) -> None:
    products = "product_id,name,category\np1,Screw,Old\np2,Saw,Tools\np1,Screw,New\n"
    sales = "order_id,account_id,date,revenue,product_id\no1,1,2024-01-31,10,p1\n"
    book = tiny(tmp_path, products=products, sales=sales)
    assert became(book.at(), "products") == {
        ("accepted", None): 2,
        ("product_id repeated: the last row stands", None): 1,
    }
    assert book.company().categories["category"].tolist() == ["New"]
    assert book.company().categories["revenue"].tolist() == [10.0]


def test_credit_notes_lower_the_day_and_are_no_orders(tmp_path: Path) -> None:
    sales = """
        order_id,account_id,date,revenue,quantity,cost,kind
        o1,1,2024-01-31,10,2,6,sale
        c1,1,2024-01-31,-4,-1,-3,credit
        c2,1,2024-02-01,-1,,,credit
        o2,1,2024-02-02,0,1,,
        """
    assert_same(
        tiny(tmp_path, sales=sales).region("North").purchases,
        purchases(
            ("1", "2024-01-31", 2, 1, 6.0, -4.0, 1, 3.0, 6.0, 2),
            ("1", "2024-02-01", 1, 0, -1.0, -1.0, None, None, 0.0, 0),
            ("1", "2024-02-02", 1, 0, 0.0, 0.0, 1, None, 0.0, 0),
        ),
    )


def test_equal_lines_of_a_file_are_set_aside_unless_they_are_kept(tmp_path: Path) -> None:
    sales = HEAD + LINE + LINE + OTHER + LINE
    assert became(tiny(tmp_path, sales=sales).at()) == {
        ("accepted", "North"): 1,
        ("accepted", "South"): 1,
        (COPY, "North"): 2,
    }
    kept = tiny(tmp_path, KEEP, sales=sales).at()
    assert became(kept) == {("accepted", "North"): 3, ("accepted", "South"): 1}


@pytest.mark.parametrize("toml", ["", KEEP])
def test_a_file_delivered_twice_counts_once(tmp_path: Path, toml: str) -> None:
    snapshot = tiny(tmp_path, toml, sales=[SALES, SALES, SALES]).at()
    assert became(snapshot) == {
        ("accepted", "North"): 1,
        ("accepted", "South"): 1,
        (TWICE, "North"): 2,
        (TWICE, "South"): 2,
    }


def test_where_files_overlap_lines_repeated_on_purpose_are_kept(tmp_path: Path) -> None:
    january, both = HEAD + LINE + LINE, HEAD + OTHER + LINE + LINE + LINE
    kept = tiny(tmp_path, KEEP, sales=[january, both]).at()
    assert became(kept) == {
        ("accepted", "North"): 3,
        ("accepted", "South"): 1,
        (TWICE, "North"): 2,
    }
    strict = tiny(tmp_path, sales=[january, both]).at()
    assert became(strict) == {
        ("accepted", "North"): 1,
        ("accepted", "South"): 1,
        (TWICE, "North"): 2,
        (COPY, "North"): 2,
    }


def test_a_line_that_differs_in_any_column_is_another_line(tmp_path: Path) -> None:
    sales = "order_id,account_id,date,revenue,till\no1,1,2024-01-31,10,A\no1,1,2024-01-31,10,B\n"
    assert became(tiny(tmp_path, sales=sales).at()) == {("accepted", "North"): 2}


def test_rules_of_the_book_set_rows_aside_with_its_own_words(tmp_path: Path) -> None:
    toml = """
        [tables.sales.set_aside]
        "our own people's orders" = "customer_group = 'staff'"
        "test" = "order_id LIKE 'T%'"
        """
    sales = """
        order_id,account_id,date,revenue,customer_group
        o1,1,2024-01-31,10,shop
        o2,1,2024-01-31,20,staff
        T1,1,2024-01-31,30,staff
        T2,1,2024-01-31,40,
        T3,,2024-01-31,50,
        """
    snapshot = tiny(tmp_path, toml, sales=sales).at()
    assert revenue(snapshot) == {
        ("accepted", "North"): 10,
        ("our own people's orders", "North"): 50,
        ("test", "North"): 40,
        ("account_id is empty", None): 50,
    }


def test_values_out_of_range_are_set_aside_with_the_range(tmp_path: Path) -> None:
    accounts = "account_id,name,region,employees\n1,Alpha,North,0\n2,Beta,South,-1\n"
    sales = "order_id,account_id,date,revenue,kind\no1,1,2024-01-31,10,refund\no2,1,2024-01-31,1,\n"
    snapshot = tiny(tmp_path, accounts=accounts, sales=sales).at()
    assert became(snapshot, "accounts") == {
        ("accepted", "North"): 1,
        ("employees must not be negative", "South"): 1,
    }
    assert became(snapshot) == {
        ("accepted", "North"): 1,
        ("kind must be one of sale, credit", "North"): 1,
    }


def test_a_region_without_accounts_has_empty_frames_of_the_same_shape(tmp_path: Path) -> None:
    accounts = """
        account_id,name,region,employees,since
        1,Alpha,North,3,2020-01-01
        """
    sales = (
        "order_id,account_id,date,revenue,region\no1,1,2024-01-31,10,\no2,,2024-01-31,1,Bermuda\n"
    )
    book = tiny(tmp_path, accounts=accounts, sales=sales)
    full, empty = book.region("North"), book.region("Bermuda")
    for name in ("accounts", "purchases", "categories"):
        one, none = getattr(full, name), getattr(empty, name)
        assert len(none) == 0
        pd.testing.assert_series_equal(none.dtypes, one.dtypes)
        assert none.index.dtype == one.index.dtype
        assert none.index.name == one.index.name
    assert set(full.accounts) | {"account_id"} <= set(ACCOUNTS.columns)
    assert set(full.purchases) == set(PURCHASES.columns)
    assert set(full.categories) == set(CATEGORIES.columns)
    assert empty.coverage == (
        "Bermuda as of 31 January 2024: 0 accounts, 0 sales lines accepted, 1 set aside, "
        "0 dated later"
    )
    assert empty.check().endswith("; revenue 0.00 here")


def test_accounts_that_never_bought_are_accounts(tmp_path: Path) -> None:
    book = tiny(tmp_path, sales=HEAD + LINE)
    south = book.region("South")
    assert south.accounts.index.tolist() == ["2"]
    assert len(south.purchases) == 0
    assert (book.at().facts.accounts, book.at().facts.buying_accounts) == (2, 1)


def test_a_book_without_sales_so_far_counts_zero(tmp_path: Path) -> None:
    book = tiny(tmp_path, sales=HEAD)
    facts = book.at("2024-01-01").facts
    assert (facts.orders, facts.buying_accounts, facts.accounts) == (0, 0, 2)
    assert (facts.first_day, facts.last_day, facts.value_measure) == (None, None, "revenue")
    assert book.regions(as_of="2024-01-01") == ["North", "South"]


def test_the_company_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    sales = (
        "order_id,account_id,date,revenue,region\no1,1,2024-01-31,10,\no2,,2024-01-31,1,Bermuda\n"
    )
    book = tiny(tmp_path, sales=[sales, SALES])
    for part in book.company().parts():
        whole = book.region(str(part.name))
        for name in ("accounts", "purchases", "categories"):
            found = getattr(part, name)
            found = found if name == "accounts" else found.reset_index(drop=True)
            pd.testing.assert_frame_equal(found, getattr(whole, name))
        assert part.check() == whole.check()


@pytest.mark.parametrize(("costs", "measure"), [("9,9", "margin"), ("9,", "revenue")])
def test_accounts_are_valued_by_margin_where_costs_are_known(
    tmp_path: Path, costs: str, measure: str
) -> None:
    first, second = costs.split(",")
    sales = (
        f"order_id,account_id,date,revenue,cost\no1,1,2024-01-31,10,{first}\n"
        f"o2,2,2024-01-31,10,{second}\no3,2,2024-01-31,-5,\n"
    )
    facts = tiny(tmp_path, sales=sales).at().facts
    assert facts.value_measure == measure
    assert facts.costed_share == (1.0 if second else 0.5)


def test_what_was_set_aside_keeps_its_place_and_reason(tmp_path: Path) -> None:
    folder = write(tmp_path, sales=[SALES, HEAD + "o3,9,2024-01-31,1\n" + OTHER])
    refused = read_book(folder).at().set_aside("sales").sort("_row")
    rows = refused.collect("pyarrow").to_arrow().to_pylist()
    assert [(row["_file"], row["order_id"], row["_reason"]) for row in rows] == [
        ("sales_2.csv", "o3", "account is not in accounts"),
        ("sales_2.csv", "o2", TWICE),
    ]
