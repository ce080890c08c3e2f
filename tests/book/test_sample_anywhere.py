"""The sample from every source: the same totals, the same regions, the same frames."""

import os
import shutil
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from typer.testing import CliRunner

from kapkit.book.book import SourceBook, read_book
from kapkit.book.totals import reconcile
from kapkit.cli import app
from tests.book.conftest import PASSWORD

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
TOML = (SAMPLE / "kapkit.toml").read_text("utf-8")
FILES = tomllib.loads(TOML)["files"]


def _relations() -> dict[str, pd.DataFrame]:
    """Read every file of the sample: text as text where it is CSV, typed where it is Parquet."""
    with duckdb.connect() as connection:
        return {
            path.stem: connection.sql(f"SELECT * FROM {_scan(path)}").df()  # noqa: S608
            for pattern in FILES.values()
            for path in sorted(SAMPLE.glob(pattern))
        }


def _scan(path: Path) -> str:
    if path.suffix == ".parquet":
        return f"read_parquet('{path}')"
    return f"read_csv('{path}', all_varchar = true, header = true)"


def _one_kind(folder: Path, suffix: str) -> Path:
    text = TOML.replace('.csv"', f'{suffix}"').replace('.parquet"', f'{suffix}"')
    (folder / "kapkit.toml").write_text(text, encoding="utf-8")
    return folder


def _csv(folder: Path) -> Path:
    for name, frame in _relations().items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return _one_kind(folder, ".csv")


def _excel(folder: Path) -> Path:
    for name, frame in _relations().items():
        book = Workbook(write_only=True)
        sheet = book.create_sheet(name)
        sheet.append(list(frame.columns))
        for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False):
            sheet.append([_cell(sheet, value) for value in row])
        book.save(folder / f"{name}.xlsx")
    return _one_kind(folder, ".xlsx")


def _cell(sheet: object, value: object) -> object:
    """Write a text as text, though it looks like a formula."""
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell


def _in_tables(folder: Path, source: str, names: list[str]) -> Path:
    """Describe the same book in tables: deliveries of one table are put under each other."""
    head = TOML.partition("[files]")[0].replace("[book]\n", f'[book]\nsource = "{source}"\n')
    views = [
        f'{table} = "{_deliveries(pattern, names)}"'
        for table, pattern in FILES.items()
        if "*" in pattern
    ]
    rest = TOML.partition("[files]")[2].partition("\n\n")[2]
    text = "\n".join([head, "[views]", *views, rest])
    (folder / "kapkit.toml").write_text(text, encoding="utf-8")
    return folder


def _deliveries(pattern: str, names: list[str]) -> str:
    stem = pattern.partition("*")[0]
    found = [name for name in sorted(names) if name.startswith(stem)]
    return " UNION ALL BY NAME ".join(f"SELECT '{n}' AS _file, * FROM {n}" for n in found)  # noqa: S608


def _duckdb(folder: Path) -> Path:
    relations = _relations()
    with duckdb.connect(str(folder / "sample.duckdb")) as connection:
        for name, frame in relations.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")  # noqa: S608
    return _in_tables(folder, "sample.duckdb", list(relations))


@pytest.fixture
def in_postgres(database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    dbapi = import_module("adbc_driver_postgresql.dbapi")
    relations = _relations()
    with dbapi.connect(database) as connection, connection.cursor() as cursor:
        for name, frame in relations.items():
            rows = pa.Table.from_pandas(frame, preserve_index=False)
            cursor.adbc_ingest(name, rows, mode="create")
        connection.commit()
    monkeypatch.setenv("KAPKIT_POSTGRES", database)
    return lambda folder: _in_tables(folder, "postgresql:", list(relations))


def _spark(folder: Path) -> Path:
    pytest.importorskip("pyspark", reason="Spark is not installed: kapkit[spark]")
    if not shutil.which("java"):
        pytest.skip("no Java here, which Spark needs")
    for file in SAMPLE.iterdir():
        shutil.copy(file, folder)
    text = TOML.replace("[book]\n", '[book]\nsource = "spark:"\n').replace("spark:", "spark:.")
    (folder / "kapkit.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(params=["csv", "excel", "duckdb", "postgres", "spark"])
def maker(request: pytest.FixtureRequest) -> Callable[[Path], Path]:
    if request.param == "postgres":
        return request.getfixturevalue("in_postgres")
    return {"csv": _csv, "excel": _excel, "duckdb": _duckdb, "spark": _spark}[request.param]


@pytest.fixture(scope="module")
def sample() -> SourceBook:
    return read_book(SAMPLE)


def test_every_source_gives_the_same_book(
    tmp_path: Path, sample: SourceBook, maker: Callable[[Path], Path]
) -> None:
    moved = read_book(maker(tmp_path))
    reconcile(moved.at().totals)
    pd.testing.assert_frame_equal(moved.at().totals, sample.at().totals)
    whole, same = sample.company(), moved.company()
    pd.testing.assert_frame_equal(same.accounts, whole.accounts)
    pd.testing.assert_frame_equal(same.purchases, whole.purchases)
    pd.testing.assert_frame_equal(same.categories, whole.categories)
    assert same.tables.keys() == whole.tables.keys()
    for table, rows in whole.tables.items():
        pd.testing.assert_frame_equal(same.tables[table], rows)


def test_a_run_from_a_server_writes_no_secret(
    tmp_path: Path, in_postgres: Callable[[Path], Path]
) -> None:
    (tmp_path / "book").mkdir()
    folder = in_postgres(tmp_path / "book")
    places = ["--runs", str(tmp_path / "runs"), "--reports", str(tmp_path / "reports")]
    done = CliRunner().invoke(
        app, ["run", "--book", str(folder), "--region", "Islands", "--jobs", "1", *places]
    )
    assert done.exit_code == 0, done.output
    assert "Islands: ok" in done.output
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".html" for path in written)
    secrets = [PASSWORD.encode(), os.environ["KAPKIT_POSTGRES"].encode()]
    told = [path for path in written if any(secret in path.read_bytes() for secret in secrets)]
    assert told == []
    assert PASSWORD not in done.output
