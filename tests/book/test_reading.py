"""Exports as they are: names, keys, days, numbers and quirks of files survive the reading."""

import datetime as dt
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
import pytest

from kapkit.book.book import read_book
from kapkit.book.errors import DataError
from kapkit.book.notices import notices
from kapkit.book.snapshot import Snapshot
from kapkit.book.source import FILE, ROW
from tests.book.tiny import SALES, assert_same, became, categories, purchases, revenue, tiny, write


def accepted(snapshot: Snapshot, column: str) -> list[object]:
    """List the accepted values of a sales column, by order."""
    rows = snapshot.tables["sales"].collect("pyarrow").to_arrow().to_pylist()
    good = sorted((row for row in rows if row["_state"] == "accepted"), key=lambda r: r["order_id"])
    return [row[column] for row in good]


def sales_of(*days_or_money: object, column: str) -> dict[str, list[object]]:
    """Make Parquet columns of sales of account 1 that differ in one column."""
    count = len(days_or_money)
    columns = {
        "order_id": [f"o{i}" for i in range(1, count + 1)],
        "account_id": ["1"] * count,
        "date": ["2024-01-31"] * count,
        "revenue": [1.0] * count,
    }
    return {**columns, column: list(days_or_money)}


def test_own_columns_are_mapped_and_the_frames_are_these(tmp_path: Path) -> None:
    accounts = """
        KUNNR;NAME1;VKBUR;Mitarbeiter;Stars
        0007;Müller, Söhne;NA;12;4
        0010;None;Süd;;5
        """
    sales = """
        VBELN;KUNAG;FKDAT;NETWR;WAVWR;FKIMG;MATNR
        1;0007;31.01.2024;1.234,50;1.000,00;2;p1
        2;0007;31.01.2024;-34,5;;-1;p1
        3;0007;31.01.2024;100;40;;p9
        3;0007;31.01.2024;50;;;
        4;0010;29.02.2024;7;;;p1
        """
    products = "MATNR;MAKTX;MATKL\np1;Screw;Fasteners\np2;Saw;Tools\n"
    toml = """
        [tables.accounts.columns]
        account_id = "KUNNR"
        name = "NAME1"
        region = "VKBUR"
        employees = "Mitarbeiter"
        stars = "Stars"
        [tables.sales]
        dates = "%d.%m.%Y"
        decimal = ","
        [tables.sales.columns]
        order_id = "VBELN"
        account_id = "KUNAG"
        date = "FKDAT"
        revenue = "NETWR"
        cost = "WAVWR"
        quantity = "FKIMG"
        product_id = "MATNR"
        [tables.products.columns]
        product_id = "MATNR"
        name = "MAKTX"
        category = "MATKL"
        """
    book = tiny(tmp_path, toml, accounts=accounts, sales=sales, products=products)
    assert book.regions() == ["NA", "Süd"]
    north = book.region("NA")
    assert_same(
        north.accounts,
        pd.DataFrame(
            {"name": ["Müller, Söhne"], "region": ["NA"], "employees": [12.0], "stars": ["4"]},
            index=pd.Index(["0007"], name="account_id"),
        ),
    )
    day, month, gone = dt.date(2024, 1, 31), dt.date(2024, 1, 1), None
    assert_same(
        north.purchases, purchases(("0007", day, 4, 2, 1350.0, -34.5, 1, 1040.0, 1334.5, 2))
    )
    assert_same(
        north.categories,
        categories(
            ("0007", month, "Fasteners", 1200.0, 1, 1000.0, 1234.5, 1),
            ("0007", month, gone, 150.0, gone, 40.0, 100.0, 1),
        ),
    )
    south = book.region("Süd")
    assert south.accounts["name"].tolist() == ["None"]
    assert south.accounts["employees"].isna().all()
    assert_same(
        south.purchases, purchases(("0010", "2024-02-29", 1, 1, 7.0, 0.0, gone, gone, 0.0, 0))
    )


def test_discounts_are_summed_where_the_book_has_them(tmp_path: Path) -> None:
    """A line that names none was sold at its list price; a credit takes its discount back."""
    sales = "order_id,account_id,date,revenue,discount\n" + "".join(
        f"{line}\n"
        for line in (
            "o1,1,2024-01-31,90,10",
            "o1,1,2024-01-31,50,",
            "c1,1,2024-01-31,-45,-5",
            "o2,1,2024-02-29,7,",
        )
    )
    found = tiny(tmp_path, sales=sales).company().purchases
    assert found["revenue"].tolist() == [95.0, 7.0]
    assert found["discount"].tolist() == [5.0, 0.0]


def test_a_view_joins_what_a_book_keeps_elsewhere(tmp_path: Path) -> None:
    toml = """
        [views]
        customers = "SELECT * FROM customers_raw LEFT JOIN territories USING (t_id)"
        lines = "SELECT * FROM sales JOIN costs USING (order_id)"
        [tables.accounts]
        read = "customers"
        [tables.accounts.columns]
        region = "territory"
        [tables.sales]
        read = "lines"
        """
    book = tiny(
        tmp_path,
        toml,
        customers_raw="account_id,name,t_id\n1,Alpha,7\n2,Beta,8\n",
        territories={"t_id": ["7"], "territory": ["NA"]},
        costs={"order_id": ["o1", "o2"], "cost": [4.25, None]},
    )
    snapshot = book.at()
    assert became(snapshot, "accounts") == {("accepted", "NA"): 1, ("region is empty", None): 1}
    assert_same(
        book.region("NA").purchases,
        purchases(("1", "2024-01-31", 1, 1, 10.0, 0.0, None, 4.25, 10.0, 1)),
    )


def test_a_view_that_joins_deliveries_counts_a_line_once(tmp_path: Path) -> None:
    lines = "order_id,product_id,revenue\no1,p1,10\n"
    heads = "order_id,account_id,date\no1,1,2024-01-31\n"
    toml = """
        [views]
        joined = "SELECT * FROM lines JOIN heads USING (order_id)"
        [tables.sales]
        read = "joined"
        """
    snapshot = tiny(tmp_path, toml, lines=[lines, lines], heads=[heads, heads]).at()
    assert became(snapshot)["accepted", "North"] == 1
    assert became(snapshot)["delivered twice: the same line stands in another file", "North"] >= 1


def test_keys_of_any_type_meet(tmp_path: Path) -> None:
    accounts = {"account_id": [1.0, 2.0], "name": [10, 20], "region": ["North", "North"]}
    book = tiny(tmp_path, accounts=accounts, sales=SALES)
    assert became(book.at()) == {("accepted", "North"): 2}
    assert book.region("North").accounts["name"].to_dict() == {"1": "10", "2": "20"}


@pytest.mark.parametrize("products", [[7, 8], ["7", "8"]], ids=["whole", "text in one table"])
def test_whole_keys_are_text_to_everyone_but_the_engine(
    tmp_path: Path, products: list[object]
) -> None:
    book = tiny(
        tmp_path,
        accounts={"account_id": [1, 10], "name": ["Alpha", "Beta"], "region": ["N", "N"]},
        sales={
            "order_id": [5, 5, 6, 9],
            "account_id": [10, 10, 1, 2],
            "date": [dt.date(2024, 1, 31)] * 4,
            "revenue": [1.0, 2.0, 4.0, 8.0],
            "product_id": [7, 8, 7, None],
        },
        products={"product_id": products, "name": ["Saw", "Nut"], "category": ["Tools", "Parts"]},
    )
    snapshot = book.at()
    held = snapshot.tables["sales"].collect_schema()
    assert held["account_id"] == held["order_id"] == nw.Int64()
    assert (held["product_id"] == nw.Int64()) is (products == [7, 8])
    company = snapshot.company
    assert company.accounts.index.tolist() == ["1", "10"]
    assert company.purchases["account_id"].tolist() == ["1", "10"]
    assert company.purchases["orders"].tolist() == [1, 1]
    sold = company.categories.set_index(["account_id", "category"])["revenue"]
    assert sold.to_dict() == {("1", "Tools"): 4.0, ("10", "Parts"): 2.0, ("10", "Tools"): 1.0}
    (refused,) = snapshot.set_aside("sales").collect("pyarrow").to_arrow().to_pylist()
    assert (refused["account_id"], refused["order_id"]) == ("2", "9")
    assert [notice.offenders for notice in notices(snapshot)] == [["9"]]


@pytest.mark.parametrize("kept", [0, 30, -12])
def test_a_parquet_file_cut_short_is_named(tmp_path: Path, kept: int) -> None:
    write(tmp_path, sales=sales_of(1.0, 2.0, column="revenue"))
    file = tmp_path / "sales_1.parquet"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"^sales_1\.parquet: is no whole Parquet file"):
        read_book(tmp_path)


def test_float_keys_with_fractions_or_no_value(tmp_path: Path) -> None:
    sales = sales_of(1.0, 1.5, float("nan"), float("inf"), None, 1e300, column="account_id")
    snapshot = tiny(tmp_path, sales=sales).at()
    assert became(snapshot) == {
        ("accepted", "North"): 1,
        ("account is not in accounts", None): 2,
        ("account_id is empty", None): 3,
    }


def test_leading_zeros_tell_keys_apart(tmp_path: Path) -> None:
    accounts = "account_id,name,region\n7,Alpha,North\n007,Beta,South\n"
    sales = "order_id,account_id,date,revenue\no1,007,2024-01-31,10\no2,7,2024-01-31,1\n"
    snapshot = tiny(tmp_path, accounts=accounts, sales=sales).at()
    assert revenue(snapshot) == {("accepted", "South"): 10, ("accepted", "North"): 1}


def test_words_for_nothing_are_names_too(tmp_path: Path) -> None:
    names = ["-", "N/A", "NA", "None", "nan", "null"]
    rows = "".join(f"{i},{name},{name}\n" for i, name in enumerate(names))
    book = tiny(tmp_path, accounts=f"account_id,name,region\n{rows}")
    assert book.regions() == names
    assert book.company().accounts["name"].tolist() == names
    assert [book.region(name).accounts["region"].tolist() for name in names] == [[n] for n in names]
    assert book.region("N/A").purchases["revenue"].tolist() == [10.0]


def test_decimal_commas(tmp_path: Path) -> None:
    sales = """
        order_id;account_id;date;revenue
        o1;1;2024-01-31;1.234,50
        o2;1;2024-01-31;-1.234.567,8
        o3;1;2024-01-31;12
        o4;1;2024-01-31;12.50
        o5;1;2024-01-31;1.23,4
        """
    snapshot = tiny(tmp_path, '[tables.sales]\ndecimal = ","', sales=sales).at()
    assert accepted(snapshot, "revenue") == [
        Decimal("1234.5000"),
        Decimal("-1234567.8000"),
        Decimal("12.0000"),
    ]
    assert became(snapshot)["revenue cannot be read", "North"] == 2


def test_decimal_commas_are_for_text_only(tmp_path: Path) -> None:
    sales = sales_of(1234.5, column="revenue")
    snapshot = tiny(tmp_path, '[tables.sales]\ndecimal = ","', sales=sales).at()
    assert accepted(snapshot, "revenue") == [Decimal("1234.5000")]


def test_days_are_read_by_the_formats_named(tmp_path: Path) -> None:
    days = ("03/04/2024", "2024-04-05", "2024-04-06 23:59:59", "13/13/2024", "03/04/24", "soon")
    toml = '[tables.sales]\ndates = ["%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"]'
    snapshot = tiny(tmp_path, toml, sales=sales_of(*days, column="date")).at()
    assert accepted(snapshot, "date") == [dt.date(2024, 4, day) for day in (3, 5, 6)]
    assert became(snapshot)["date cannot be read", "North"] == 3


def test_days_written_as_numbers_are_read_by_format(tmp_path: Path) -> None:
    toml = '[tables.sales]\ndates = "%Y%m%d"'
    whole = sales_of(20240131, 20241332, column="date")
    pandas = sales_of(20240229.0, None, column="date")
    snapshot = tiny(tmp_path, toml, sales=[whole]).at()
    assert accepted(snapshot, "date") == [dt.date(2024, 1, 31)]
    assert became(snapshot)["date cannot be read", "North"] == 1
    snapshot = tiny(tmp_path, toml, sales=[pandas]).at()
    assert accepted(snapshot, "date") == [dt.date(2024, 2, 29)]
    assert became(snapshot)["date is empty", "North"] == 1


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_time_stamps_fall_on_the_same_day_wherever_the_reader_sits(tmp_path: Path) -> None:
    stamps = pd.DatetimeIndex(["2024-01-31 18:00", "2024-02-01 00:30"])
    plain = sales_of(*stamps, column="date")
    assert accepted(tiny(tmp_path, sales=plain).at(), "date") == [
        dt.date(2024, 1, 31),
        dt.date(2024, 2, 1),
    ]
    zoned = plain | {"date": pa.array(stamps.tz_localize("America/Sao_Paulo"))}
    assert accepted(tiny(tmp_path, sales=zoned).at(), "date") == [
        dt.date(2024, 1, 31),
        dt.date(2024, 2, 1),
    ]


def test_absurd_days_are_set_aside(tmp_path: Path) -> None:
    days = ["0001-01-01", "1500-06-30", "9999-12-31", "2024-01-31"]
    typed = sales_of(*map(dt.date.fromisoformat, days), column="date")
    book = tiny(
        tmp_path, sales=[typed, sales_of(*days, column="date") | {"order_id": list("abcd")}]
    )
    assert became(book.at()) == {("accepted", "North"): 2, ("date cannot be read", "North"): 6}
    assert book.company().purchases["date"].tolist() == [pd.Timestamp("2024-01-31")]


def test_money_that_is_no_number_is_set_aside(tmp_path: Path) -> None:
    money = (1.0, float("nan"), float("inf"), float("-inf"), 1e15)
    snapshot = tiny(tmp_path, sales=sales_of(*money, column="revenue")).at()
    assert became(snapshot) == {("accepted", "North"): 1, ("revenue cannot be read", "North"): 4}
    words = ("1", "nan", "inf", "1,5", "(5)", "5-", "1.2.3", "EUR 5", "1e15")
    snapshot = tiny(tmp_path, sales=sales_of(*words, column="revenue")).at()
    assert became(snapshot) == {("accepted", "North"): 1, ("revenue cannot be read", "North"): 8}


def test_numbers_of_optional_columns_may_be_blank_but_not_nonsense(tmp_path: Path) -> None:
    columns = sales_of("2", "", " ", None, "many", "inf", column="quantity")
    snapshot = tiny(tmp_path, sales=columns).at()
    assert accepted(snapshot, "quantity") == [2.0, None, None, None]
    assert became(snapshot)["quantity cannot be read", "North"] == 2


def test_a_blank_is_empty_not_unreadable(tmp_path: Path) -> None:
    sales = sales_of("2024-01-31", "", " ", None, column="date")
    expected = {("accepted", "North"): 1, ("date is empty", "North"): 3}
    assert became(tiny(tmp_path, sales=sales).at()) == expected


def test_money_is_exact(tmp_path: Path) -> None:
    sales = sales_of(*["0.1"] * 10, "1e3", "12345678901234.5678", column="revenue")
    assert revenue(tiny(tmp_path, sales=sales).at()) == {
        ("accepted", "North"): Decimal("12345678902235.5678")
    }


def test_rows_that_begin_with_a_hash_are_rows(tmp_path: Path) -> None:
    accounts = "account_id,name,region\n#1,Alpha,North\n2,Beta,South\n#3,Gamma,NA\n"
    book = tiny(tmp_path, accounts=accounts)
    assert book.company().accounts.index.tolist() == ["#1", "#3", "2"]


def test_quotes_that_come_late_are_quotes(tmp_path: Path) -> None:
    plain = "".join(f"{i},Alpha,North\n" for i in range(25_000))
    late = '"x1","Say ""Beta"", Inc","South"\n\'s,\'s-Gravenhage,South\n'
    accounts = f"account_id,name,region\n{plain}{late}"
    south = tiny(tmp_path, accounts=accounts).region("South").accounts
    assert south["name"].to_dict() == {"x1": 'Say "Beta", Inc', "'s": "'s-Gravenhage"}


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    folder = write(tmp_path)
    file = folder / "accounts_1.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_book(folder).regions() == ["North", "South"]


def test_a_key_of_universal_ids_and_other_types_is_text(tmp_path: Path) -> None:
    folder = write(tmp_path, '[tables.accounts.columns]\nguid = "guid"\nactive = "active"\nn = "n"')
    identity = "0b1c2d3e-0000-4000-8000-000000000001"
    duckdb.sql(
        f"COPY (SELECT '1' AS account_id, 'Alpha' AS name, 'North' AS region, "
        f"'{identity}'::UUID AS guid, true AS active, 3::UTINYINT AS n) "
        f"TO '{folder / 'accounts_1.parquet'}'"
    )
    toml = (
        (folder / "kapkit.toml").read_text("utf-8").replace("accounts_1.csv", "accounts_1.parquet")
    )
    (folder / "kapkit.toml").write_text(toml, "utf-8")
    accounts = read_book(folder).region("North").accounts
    assert accounts.loc["1", ["guid", "active", "n"]].tolist() == [identity, "true", 3.0]


def test_files_of_one_name_in_two_folders_are_two_deliveries(tmp_path: Path) -> None:
    folder = write(tmp_path, '[tables.sales]\nduplicates = "keep"')
    text = (folder / "sales_1.csv").read_text("utf-8")
    for year in ("2023", "2024"):
        (folder / year).mkdir()
        (folder / year / "sales.csv").write_text(text, "utf-8")
    toml = (folder / "kapkit.toml").read_text("utf-8").replace("sales_1.csv", "20*/sales.csv")
    (folder / "kapkit.toml").write_text(toml, "utf-8")
    snapshot = read_book(folder).at()
    rows = snapshot.tables["sales"].select(FILE, ROW).collect("pyarrow").to_arrow().to_pylist()
    assert {row[FILE] for row in rows} == {"2023/sales.csv", "2024/sales.csv"}
    twice = "delivered twice: the same line stands in another file"
    assert {key: n for key, n in became(snapshot).items() if key[0] == twice} == {
        (twice, "North"): 1,
        (twice, "South"): 1,
    }


def test_a_file_that_two_patterns_match_is_read_once(tmp_path: Path) -> None:
    folder = write(tmp_path)
    toml = (folder / "kapkit.toml").read_text("utf-8")
    both = toml.replace("['sales_1.csv']", '["sales_1.csv", "sales_*.csv", "sal*"]')
    (folder / "sales_of_2023").mkdir()
    (folder / "kapkit.toml").write_text(both, "utf-8")
    assert became(read_book(folder).at()) == {("accepted", "North"): 1, ("accepted", "South"): 1}


def test_the_source_given_goes_before_the_one_named(tmp_path: Path) -> None:
    description, files = tmp_path / "description", tmp_path / "files"
    description.mkdir()
    files.mkdir()
    write(files, settings='source = "nowhere"').joinpath("kapkit.toml").rename(
        description / "kapkit.toml"
    )
    assert read_book(description, source=files).regions() == ["North", "South"]
