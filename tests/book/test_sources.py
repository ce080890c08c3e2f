"""One little book, whatever it lies in: CSV of any encoding, Parquet, Excel, DuckDB, PostgreSQL."""

import datetime as dt
import gc
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from openpyxl import Workbook

from kapkit.book.book import SourceBook, open_book, read_book
from kapkit.book.errors import DataError
from kapkit.book.totals import reconcile
from tests.book.tiny import became, tiny, write

ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["007", "7", "A-1"],
        "name": ["Müller 穆勒", "None", "null"],
        "region": ["NA", "South", "NA"],
    }
)
SALES = pd.DataFrame(
    {
        "order_id": ["o1", "o2", "o3", "o4", "o5"],
        "account_id": ["007", "7", "A-1", "9", "7"],
        "date": [dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2024, 3, 1)] * 1
        + [dt.date(2024, 3, 2), dt.date(2024, 3, 3)],
        "revenue": [1234.5, -34.25, 7.0, 1.0, 0.1],
    }
)
TABLES = {"accounts": ACCOUNTS, "sales": SALES}
BOOK = '[book]\nname = "Tiny"\n'


def _described(folder: Path, toml: str) -> Path:
    (folder / "kapkit.toml").write_text(BOOK + toml, encoding="utf-8")
    return folder


def _csv(folder: Path) -> Path:
    for name, frame in TABLES.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return _described(folder, '[files]\naccounts = "accounts.csv"\nsales = "sales.csv"')


def _parquet(folder: Path) -> Path:
    for name, frame in TABLES.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return _described(folder, '[files]\naccounts = "accounts.parquet"\nsales = "sales.parquet"')


def _excel(folder: Path) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, frame in TABLES.items():
        sheet = book.create_sheet(name.title())
        for row in [list(frame.columns), *frame.to_numpy().tolist()]:
            sheet.append(row)
    book.save(folder / "book.xlsx")
    return _described(folder, '[files]\naccounts = "book.xlsx"\nsales = "book.xlsx#Sales"')


def _duckdb(folder: Path) -> Path:
    with duckdb.connect(str(folder / "exports.duckdb")) as connection:
        _fill(lambda query: connection.execute(query))
    toml = 'source = "exports.duckdb"\n[tables.sales]\nread = "erp.invoices"'
    return _described(folder, toml)


def _fill(execute: Callable[[str], Any]) -> None:
    execute("CREATE TABLE customers (account_id VARCHAR(9), name TEXT, region TEXT)")
    execute("CREATE VIEW accounts AS SELECT * FROM customers")
    execute("CREATE SCHEMA erp")
    execute(
        "CREATE TABLE erp.invoices (order_id TEXT, account_id TEXT, date DATE, revenue NUMERIC)"
        if execute.__name__ == "run"
        else "CREATE TABLE erp.invoices "
        "(order_id TEXT, account_id TEXT, date DATE, revenue DECIMAL(9, 2))"
    )
    for table, frame in {"customers": ACCOUNTS, "erp.invoices": SALES}.items():
        for row in frame.to_numpy().tolist():
            values = ", ".join(f"'{value}'" for value in row)
            execute(f"INSERT INTO {table} VALUES ({values})")  # noqa: S608


@pytest.fixture
def filled(database: str) -> str:
    dbapi = import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(database) as connection, connection.cursor() as cursor:

        def run(query: str) -> None:
            cursor.execute(query)

        _fill(run)
        connection.commit()
    return database


def _postgres(folder: Path) -> Path:
    return _described(folder, 'source = "postgresql:"\n[tables.sales]\nread = "erp.invoices"')


@pytest.fixture(params=["parquet", "excel", "duckdb", "postgres"])
def other(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "postgres":
        monkeypatch.setenv("KAPKIT_POSTGRES", request.getfixturevalue("filled"))
    makers = {"parquet": _parquet, "excel": _excel, "duckdb": _duckdb, "postgres": _postgres}
    return makers[request.param]


def _opened(maker: Callable[[Path], Path], folder: Path) -> SourceBook:
    folder.mkdir()
    return read_book(maker(folder))


def test_the_same_book_wherever_it_lies(tmp_path: Path, other: Any) -> None:
    plain, moved = _opened(_csv, tmp_path / "csv"), _opened(other, tmp_path / "other")
    assert moved.regions() == plain.regions() == ["NA", "South"]
    pd.testing.assert_frame_equal(moved.at().totals, plain.at().totals)
    reconcile(moved.at().totals)
    for region in plain.regions():
        one, two = plain.region(region), moved.region(region)
        pd.testing.assert_frame_equal(two.accounts, one.accounts)
        pd.testing.assert_frame_equal(two.purchases, one.purchases)
        pd.testing.assert_frame_equal(two.categories, one.categories)
    again = read_book(tmp_path / "other")
    assert again.source.fingerprint() == moved.source.fingerprint() != plain.source.fingerprint()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    text = ACCOUNTS.to_csv(index=False, lineterminator=end).replace(",", ";")
    folder = write(tmp_path, f'[formats.accounts]\nencoding = "{encoding}"\ndelimiter = ";"')
    (folder / "accounts_1.csv").write_bytes(text.replace("ü", "").encode(encoding))
    accounts = read_book(folder).company().accounts
    assert accounts["name"].to_dict() == {"007": "Mller 穆勒", "7": "None", "A-1": "null"}


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_western_encodings(tmp_path: Path, encoding: str) -> None:
    folder = write(tmp_path, f'[formats.accounts]\nencoding = "{encoding}"')
    (folder / "accounts_1.csv").write_bytes("account_id,name,region\n1,é,Süd".encode(encoding))
    assert read_book(folder).regions() == ["Süd"]


def test_a_byte_order_mark_is_believed(tmp_path: Path) -> None:
    folder = write(tmp_path)
    file = folder / "accounts_1.csv"
    file.write_bytes(file.read_text("utf-8").encode("utf-16"))
    assert read_book(folder).regions() == ["North", "South"]


@pytest.mark.parametrize("rows", [1, 30_000])
@pytest.mark.parametrize(("said", "named"), [(None, "utf-8"), ("gb18030", "gb18030")])
def test_a_wrong_encoding_is_one_error(
    tmp_path: Path, said: str | None, named: str, rows: int
) -> None:
    folder = write(tmp_path, f'[formats.accounts]\nencoding = "{said}"' if said else "")
    text = b"account_id,name,region\n" + b"1,Alpha,North\n" * rows
    (folder / "accounts_1.csv").write_bytes(text + b"2,M\xff,South\n")
    message = (
        f"accounts_1.csv: line {rows + 2:,} (byte {len(text) + 4:,}) is not {named}; say what "
        'the file is in kapkit.toml, as in [formats.sales] encoding = "cp1252" '
        '(or "gb18030", "utf-16")'
    )
    with pytest.raises(DataError) as error:
        read_book(folder).at("2024-12-31").totals  # noqa: B018
    assert str(error.value) == message


def test_copies_in_utf8_go_with_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    source = tiny(tmp_path, '[formats.accounts]\nencoding = "latin-1"').source
    assert list((tmp_path / "copies").rglob("accounts_1.csv"))
    del source
    gc.collect()
    assert list((tmp_path / "copies").iterdir()) == []


@pytest.mark.parametrize("row", ["o2,1", "o2,1,2024-01-31,5,6", 'o2,1,2024-01-31,"5'])
@pytest.mark.parametrize("rows", [0, 1])
def test_a_row_of_other_columns_is_one_error(tmp_path: Path, row: str, rows: int) -> None:
    text = "order_id,account_id,date,revenue\n" + "o1,1,2024-01-31,10\n" * rows + row
    book = tiny(tmp_path, sales=text)
    with pytest.raises(DataError, match=rf"\Asales_1.csv: line {rows + 2} cannot be read"):
        book.at("2024-12-31").totals  # noqa: B018


def test_lines_above_the_names_are_skipped_when_said(tmp_path: Path) -> None:
    text = "Report of March\n\naccount_id;name;region\n1;Alpha, Inc;North\n2;Beta;South\n"
    book = tiny(tmp_path, "[formats.accounts]\nskip = 2", accounts=text)
    assert book.company().accounts["name"].tolist() == ["Alpha, Inc", "Beta"]


def test_a_file_without_names_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\Aaccounts_1.csv: there are no column names on line 1;"):
        tiny(tmp_path, accounts="")


def test_formats_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a known encoding; write utf-8"):
        tiny(tmp_path, '[formats.accounts]\nencoding = "utf-88"')
    with pytest.raises(
        DataError, match=r"formats\.account: no file is called so; did you mean acc"
    ):
        tiny(tmp_path, "[formats.account]\nskip = 1")


def _workbook(folder: Path, **sheets: list[list[object]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "book.xlsx")
    return folder


def test_sheets_that_mix_kinds_lose_nothing(tmp_path: Path) -> None:
    sales = [
        ["order_id", "account_id", "date", "revenue"],
        [1, 1.0, dt.datetime(2024, 1, 31, 10), 1234.5],
        [None, None, None, None],
        ["x", "1", "29.02.2024", "1.234,50"],
    ]
    toml = '[tables.sales]\ndates = "%d.%m.%Y"\ndecimal = ","'
    folder = write(_workbook(tmp_path, Lines=sales), toml)
    path = folder / "kapkit.toml"
    path.write_text(path.read_text("utf-8").replace("sales_1.csv", "book.xlsx"), "utf-8")
    book = read_book(folder)
    assert became(book.at()) == {("accepted", "North"): 2}
    assert book.company().purchases["revenue"].tolist() == [1234.5, 1234.5]
    assert book.company().purchases["date"].dt.day.tolist() == [31, 29]


def test_a_sheet_that_is_not_there_and_a_file_that_is_no_workbook(tmp_path: Path) -> None:
    _workbook(tmp_path, One=[["a"]], Two=[["a"]])
    _described(tmp_path, '[files]\naccounts = "book.xlsx#Three"\nsales = "book.xlsx"')
    with pytest.raises(DataError, match=r"2 sheets \(One, Two\), none is called Three; name one"):
        open_book(tmp_path)
    (tmp_path / "book.xlsx").write_text("no")
    with pytest.raises(DataError, match=r"\Abook.xlsx: not a workbook that can be read: "):
        open_book(tmp_path)


def test_a_database_in_place_of_files(tmp_path: Path) -> None:
    folder = _csv(tmp_path)
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        for name, frame in TABLES.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")  # noqa: S608
    book = read_book(folder, source=tmp_path / "other.duckdb")
    pd.testing.assert_frame_equal(book.at().totals, read_book(folder).at().totals)


def test_a_database_that_lacks_a_table_or_is_none(tmp_path: Path) -> None:
    _duckdb(tmp_path)
    _described(tmp_path, 'source = "exports.duckdb"\n[tables.sales]\nread = "invoices"')
    with pytest.raises(DataError) as error:
        open_book(tmp_path)
    assert str(error.value) == (
        "exports.duckdb: tables.sales.read: no file or view is called invoices; did you mean "
        "erp.invoices? (it has accounts, customers, erp.invoices)"
    )
    (tmp_path / "exports.duckdb").write_text("no")
    with pytest.raises(DataError, match="cannot be opened as a DuckDB file: "):
        open_book(tmp_path)
    with pytest.raises(DataError, match="there is no such DuckDB file"):
        open_book(tmp_path, source=tmp_path / "none.duckdb")


def test_an_address_is_never_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("adbc_driver_postgresql")
    secret = "postgresql://someone:secret@127.0.0.1:1/somewhere"  # noqa: S105
    for given in (secret, "postgresql:"):
        monkeypatch.setenv("KAPKIT_POSTGRES", secret)
        with pytest.raises(DataError) as error:
            open_book(_described(tmp_path, f'source = "{given}"'))
        said = str(error.value)
        assert "secret" not in said
        assert "someone" not in said
        assert "127.0.0.1" not in said
        assert error.value.__context__ is None


def test_memory_is_bounded_as_the_book_says(tmp_path: Path) -> None:
    source = tiny(tmp_path, '[engine]\nmemory = "1GiB"\nthreads = 1').source
    settings = "SELECT current_setting('memory_limit'), current_setting('threads')"
    assert source._connection.execute(settings).fetchall() == [("1.0 GiB", 1)]
    with pytest.raises(DataError, match=r"\Akapkit.toml \[engine\]: "):
        tiny(tmp_path, '[engine]\nmemory = "lots"')
