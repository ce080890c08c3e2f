"""What people are told when a book cannot be used."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from kapkit.book.book import open_book
from kapkit.book.config import read_config
from kapkit.book.errors import DataError, listing
from kapkit.book.totals import reconcile
from tests.book.tiny import tiny, write


def says(message: str) -> str:
    """Match a message from its first sign to its last."""
    return rf"\A{re.escape(message)}\Z"


def refused(folder: Path, toml: str) -> str:
    """Give what is said of a kapkit.toml, its own place left out."""
    path = folder / "kapkit.toml"
    path.write_text(dedent(toml), encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_config(path)
    return str(error.value).replace(str(path), "kapkit.toml")


@pytest.mark.parametrize("inside", ["", "file"])
def test_a_folder_without_description(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / inside
    message = (
        f"{folder}: there is no kapkit.toml; kapkit init proposes one "
        "(see data/sample/kapkit.toml for a short one)"
    )
    with pytest.raises(DataError, match=says(message)):
        open_book(folder)


def test_a_description_that_is_no_toml(tmp_path: Path) -> None:
    assert refused(tmp_path, "[book\n") == (
        "kapkit.toml: not valid TOML: "
        "Expected ']' at the end of a table declaration (at line 1, column 6)"
    )
    path = tmp_path / "kapkit.toml"
    path.write_bytes('[book]\nname = "Müller"'.encode("latin-1"))
    message = f"{path}: not valid TOML: 'utf-8' codec can't decode byte 0xfc in position 16: "
    with pytest.raises(DataError, match=rf"\A{re.escape(message)}"):
        read_config(path)


def test_unknown_settings_are_said_together_with_what_was_meant(tmp_path: Path) -> None:
    toml = """
        [bok]
        name = "Tiny"
        [book]
        nam = "Tiny"
        as_of = "yesterday"
        [tables.sales]
        colums = { revenue = "Value" }
        decimal = ";"
        [regions]
        other = "Rest"
        """
    assert refused(tmp_path, toml) == (
        "kapkit.toml: 9 to mend\n"
        "  book.name: field required\n"
        "  book.as_of: input should be a valid date or datetime, input is too short\n"
        "  book.nam: unknown setting; did you mean name?\n"
        "  tables.sales.decimal: input should be '.' or ','\n"
        "  tables.sales.colums: unknown setting; did you mean columns?\n"
        "  regions.other: unknown setting; known are unassigned\n"
        "  bok: unknown setting; did you mean book?\n"
        "  files: no file or view for the required table accounts\n"
        "  files: no file or view for the required table sales"
    )


def test_unknown_settings_and_unknown_names_are_said_in_one_round(tmp_path: Path) -> None:
    toml = """
        [book]
        name = "Tiny"
        [files]
        accounts = "accounts.csv"
        sales = "sales.csv"
        [tables.sales]
        decimals = ","
        [tables.sales.columns]
        revenu = "Value"
        [tables.accnts]
        """
    assert refused(tmp_path, toml) == (
        "kapkit.toml: 3 to mend\n"
        "  tables.sales.decimals: unknown setting; did you mean decimal?\n"
        "  tables.accnts: unknown table; did you mean accounts?\n"
        "  tables.sales.columns.revenu: unknown column; did you mean revenue?"
    )


def test_unknown_tables_columns_and_files_are_said_together(tmp_path: Path) -> None:
    toml = """
        [book]
        name = "Tiny"
        [files]
        accounts = "accounts.csv"
        invoice_lines = "invoices.csv"
        [tables.account]
        read = "accounts"
        [tables.sales]
        read = "invoice_line"
        columns = { revenu = "Value", till = "Till" }
        [tables.accounts]
        columns = { stars = "Stars" }
        [tables.products]
        """
    sales = (
        "order_id, account_id, date, product_id, quantity, revenue, discount, cost, channel, kind, "
        "region"
    )
    assert refused(tmp_path, toml) == (
        "kapkit.toml: 5 to mend\n"
        "  tables.account: unknown table; did you mean accounts?\n"
        "  tables.sales.columns.revenu: unknown column; did you mean revenue?\n"
        f"  tables.sales.columns.till: unknown column; known are {sales}\n"
        "  tables.sales.read: no file or view is called invoice_line; "
        "did you mean invoice_lines?\n"
        "  files: no file or view for the table products"
    )


def test_accounts_and_sales_are_required(tmp_path: Path) -> None:
    assert refused(tmp_path, '[book]\nname = "Tiny"') == (
        "kapkit.toml: 2 to mend\n"
        "  files: no file or view for the required table accounts\n"
        "  files: no file or view for the required table sales"
    )


def test_a_table_the_book_does_not_have(tmp_path: Path) -> None:
    message = '[files] has no file for products; add products = "..." to kapkit.toml'
    with pytest.raises(DataError, match=says(message)):
        tiny(tmp_path).source.table("products")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    folder = write(tmp_path)
    for file in folder.glob("sales*"):
        file.unlink()
    message = (
        f"[files] sales: no file matches sales_1.csv in {folder}; "
        "name the folder with --source or under [book] source in kapkit.toml"
    )
    with pytest.raises(DataError, match=says(message)):
        open_book(folder)


@pytest.mark.parametrize("place", ["", "/sales_1.csv"])
def test_files_that_are_not_below_the_source(tmp_path: Path, place: str) -> None:
    folder = write(tmp_path)
    toml = (folder / "kapkit.toml").read_text("utf-8")
    (folder / "kapkit.toml").write_text(toml.replace("sales_1.csv", place), "utf-8")
    message = (
        f"[files]: {place!r} is not a path below the source; "
        "name the folder with --source or under [book] source in kapkit.toml"
    )
    with pytest.raises(DataError, match=says(message)):
        open_book(folder)


def test_files_of_two_kinds(tmp_path: Path) -> None:
    message = (
        "[files] sales: Parquet and CSV files cannot be one table; give each kind a name of "
        "its own and join them under [views] with UNION ALL BY NAME"
    )
    with pytest.raises(DataError, match=says(message)):
        tiny(tmp_path, sales=["order_id\no1\n", {"order_id": ["o2"]}])


def test_columns_that_are_not_there_are_said_together(tmp_path: Path) -> None:
    toml = """
        [tables.sales.columns]
        revenue = "Umsatz"
        cost = "Kosten"
        """
    book = tiny(tmp_path, toml, sales="ORDER_ID,account_id,day,Umsätze\no1,1,2024-01-31,10\n")
    message = (
        "sales: column Umsatz (for revenue) is not there (is it Umsätze?); "
        "column Kosten (for cost) is not there; "
        "required column order_id is missing (is it ORDER_ID?); "
        "required column date is missing. "
        "It has ORDER_ID, account_id, day, Umsätze. "
        "Map columns under [tables.sales.columns] in kapkit.toml"
    )
    with pytest.raises(DataError, match=says(message)):
        book.at("2024-12-31").tables  # noqa: B018


def test_sql_that_fails_is_named(tmp_path: Path) -> None:
    start = 'kapkit.toml [views] lines: Binder Error: Referenced column "turnover" not found'
    with pytest.raises(DataError, match=rf"\A{re.escape(start)}"):
        tiny(tmp_path, '[views]\nlines = "SELECT turnover FROM sales"')
    start = 'kapkit.toml [tables.sales]: Binder Error: Referenced column "turnover" not found'
    with pytest.raises(DataError, match=rf"\A{re.escape(start)}"):
        tiny(tmp_path, '[tables.sales.set_aside]\nlow = "turnover < 1"').at()


@pytest.mark.parametrize("as_of", [None, "2024-12-31"])
def test_a_file_with_a_broken_row_is_one_error(tmp_path: Path, as_of: str | None) -> None:
    sales = "order_id,account_id,date,revenue\n" + "o1,1,2024-01-31,10\n" * 25_000 + "o2,1\n"
    book = tiny(tmp_path, sales=sales)
    message = (
        "sales_1.csv: line 25,002 cannot be read (o2,1): expected number of columns: 4 found: 2; "
        "mend it in the export, or say under [formats] in kapkit.toml how the file is written"
    )
    with pytest.raises(DataError, match=says(message)):
        book.at(as_of).totals  # noqa: B018


def test_sales_without_a_day(tmp_path: Path) -> None:
    message = "sales: no line has a date that can be read; see [tables.sales] dates"
    with pytest.raises(DataError, match=says(message)):
        tiny(tmp_path, sales="order_id,account_id,date,revenue\no1,1,31.01.2024,10\n").at()


def test_an_unknown_region(tmp_path: Path) -> None:
    message = "region: 'north' is not in the book, which has 2: North, South"
    with pytest.raises(DataError, match=says(message)):
        tiny(tmp_path).region("north")


@pytest.mark.parametrize("day", ["30.06.2026", "2026-06-31", ""])
def test_a_day_that_is_none(tmp_path: Path, day: str) -> None:
    message = f"as_of: {day!r} is not a day; write it as 2026-06-30"
    with pytest.raises(DataError, match=says(message)):
        tiny(tmp_path).at(day)


def test_totals_that_do_not_add_up(tmp_path: Path) -> None:
    totals = tiny(tmp_path).at().totals
    assert reconcile(totals) == (
        "read = accepted + set aside + after as_of, in rows and money, for accounts, sales"
    )
    lost = totals.query("region != 'South' or table != 'sales'")
    message = (
        "The control totals do not reconcile: sales rows: read 2, found 1; "
        "sales revenue: read 15.5000, found 10.0000"
    )
    with pytest.raises(DataError, match=says(message)):
        reconcile(lost)


def test_at_most_three_offenders_are_named() -> None:
    assert listing(["A", "B"]) == "A, B"
    assert listing(["A", "B", "C", "D", "E"]) == "A, B, C and 2 more"
    assert listing(["A", "B", "C"], count=12_345) == "A, B, C and 12,342 more"
