"""Tables beside accounts and sales: checked, counted, placed in regions, told as of a day."""

from pathlib import Path

import pandas as pd
import pytest

from kapkit.batch.prepare import prepare
from kapkit.book.book import open_book
from kapkit.book.schema import TABLES
from tests.book.tiny import became, tiny

OTHERS = {
    "activities": "activity_id,account_id,date,kind,minutes\n"
    "a1,1,2024-01-05,visit,60\na2,1,2024-01-06,lunch,60\na3,9,2024-01-07,call,5\n"
    "a4,2,2025-06-01,call,5\n",
    "opportunities": "opportunity_id,account_id,created,stage,amount\no1,1,2024-01-05,won,10.25\n",
    "complaints": "complaint_id,account_id,opened,closed\n"
    "c1,1,2024-01-05,2024-01-20\nc2,2,2024-01-05,2025-02-01\n",
    "goals": "region,account_id,metric,start,end,target\n"
    "NA,,revenue,2024-01-01,2024-12-31,100\n,2,revenue,2024-01-01,2024-12-31,5\n"
    ",,margin,2024-01-01,2024-12-31,50\n",
    "cost_rates": "driver,rate,valid_from\nhour,40,2024-01-01\nhour,45,2025-01-01\n",
    "staff": "owner,region,hours_per_month\nIda,NA,120\nJon,,100\nKim,Moon,80\n",
}
FILES = "\n".join(f'{name} = "{name}.csv"' for name in OTHERS)


@pytest.fixture
def book(tmp_path: Path):
    for name, text in OTHERS.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "accounts.csv").write_text("account_id,name,region\n1,Uno,NA\n2,Due,East\n")
    (tmp_path / "sales.csv").write_text("order_id,account_id,date,revenue\no1,1,2024-01-31,10\n")
    (tmp_path / "kapkit.toml").write_text(
        f'[book]\nname = "T"\n[files]\naccounts = "accounts.csv"\nsales = "sales.csv"\n{FILES}\n'
    )
    return open_book(tmp_path)


def test_rows_are_accepted_set_aside_or_later_by_the_rules_of_their_table(book) -> None:
    snapshot = book.at("2024-12-31")
    assert became(snapshot, "activities") == {
        ("accepted", "NA"): 1,
        ("after as_of", "East"): 1,
        ("kind must be one of visit, call, email, demo, training, other", "NA"): 1,
        ("account is not in accounts", None): 1,
    }
    assert became(snapshot, "cost_rates") == {("accepted", None): 1, ("after as_of", None): 1}
    assert became(snapshot, "staff") == {
        ("accepted", "NA"): 1,
        ("accepted", None): 1,
        ("region is not that of any account", "Moon"): 1,
    }


def test_a_region_holds_its_rows_and_those_for_all(book) -> None:
    east = book.region("East", as_of="2024-12-31").tables
    assert set(east) == set(OTHERS)
    assert east["activities"].empty
    assert east["complaints"]["complaint_id"].tolist() == ["c2"]
    assert sorted(east["goals"]["target"]) == [5, 50]
    assert east["staff"]["owner"].tolist() == ["Jon"]
    assert east["cost_rates"]["rate"].tolist() == [40]


@pytest.mark.slow
def test_what_happened_after_the_day_has_not_happened(book) -> None:
    closed = book.company(as_of="2024-12-31").tables["complaints"].set_index("complaint_id")
    assert closed["closed"].tolist() == [pd.Timestamp("2024-01-20"), pd.NaT]
    later = book.company(as_of="2025-12-31").tables["complaints"]
    assert later["closed"].notna().all()


@pytest.mark.slow
def test_only_accounts_and_sales_make_a_region(book) -> None:
    assert book.regions(as_of="2024-12-31") == ["East", "NA"]


def test_money_of_deals_is_counted_too(book) -> None:
    totals = book.at("2024-12-31").totals.query("table == 'opportunities'")
    assert [float(value) for value in totals["amount"]] == [10.25, 10.25]


@pytest.mark.slow
def test_a_prepared_book_gives_the_same_tables(book, tmp_path: Path) -> None:
    prepare(book.at("2024-12-31"), tmp_path / "prepared")
    prepared = open_book(tmp_path / "prepared")
    for name in ("East", "NA"):
        here, there = book.region(name, as_of="2024-12-31"), prepared.region(name)
        for table in OTHERS:
            pd.testing.assert_frame_equal(here.tables[table], there.tables[table])


@pytest.mark.slow
def test_parts_of_the_company_are_its_regions(book) -> None:
    for part in book.company(as_of="2024-12-31").parts():
        region = book.region(part.name, as_of="2024-12-31")
        for table in OTHERS:
            pd.testing.assert_frame_equal(part.tables[table], region.tables[table])


@pytest.mark.slow
def test_every_table_of_the_schema_can_be_read(tmp_path: Path) -> None:
    files = {
        name: ",".join(table.columns) + "\n"
        for name, table in TABLES.items()
        if name not in {"accounts", "sales"}
    }
    snapshot = tiny(tmp_path, "", **files).at("2024-12-31")
    assert set(snapshot.tables) == set(TABLES)
    assert set(snapshot.region("North").tables) == set(TABLES) - {"accounts", "sales"}
