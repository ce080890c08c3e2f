"""Spark reads, checks and sums as DuckDB does: one dirty book, both engines."""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from kapkit.book.book import read_book
from kapkit.book.errors import DataError
from kapkit.book.sources.spark_sql import SparkSql, java_format
from tests.book.tiny import became, write

SALES = r"""
    order_id;account_id;date;revenue;quantity;cost;kind
    o1;007;31.01.2024;1.234,50;1;;sale
    o1;007;31.01.2024;1.234,50;1;;sale
    o2;7;20240229;-34,25;1d;1,5;credit
    o3;7;30.02.2024;7;2;3;sale
    o4;9;1.3.24;1;;0,1;sale
    o5; 7 ;01.03.69;12.50;2;1;sale
    o6;7;01.03.2024;;NaN;1;sale
    o7;7;02.03.2024;0,005;inf;1e2;it's \\ odd
    o8;;02.03.2024;5;1;1;test
    ;7;02.03.2024;5;1;1;sale
    """
ACCOUNTS = """
    account_id,name,region,size
    007,Müller,NA,12.5
    7,None,South,
    7,None,North,3
    8,"Two
    lines, ""quoted"" ",,1
    """
TOML = """
    [formats.sales]
    delimiter = ";"

    [tables.accounts.columns]
    size = "size"

    [tables.sales]
    dates = ["%d.%m.%Y", "%Y%m%d", "%d.%m.%y"]
    decimal = ","
    set_aside = { "a test" = "kind = 'test' AND regexp_matches(order_id, '^o')" }

    [regions]
    unassigned = "Elsewhere"
    """


@pytest.fixture(scope="module")
def spark() -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed: kapkit[spark]")
    if not shutil.which("java"):
        pytest.skip("no Java here, which Spark needs")


@pytest.mark.slow
def test_a_dirty_book_on_both_engines(spark: None, tmp_path: Path) -> None:
    folder = write(tmp_path, TOML, accounts=ACCOUNTS, sales=SALES)
    one, other = (read_book(folder, source=f"{kind}{folder}") for kind in ("", "spark:"))
    for day in ("2024-12-31", "2024-02-10"):
        plain, moved = one.at(day), other.at(day)
        assert became(moved) == became(plain)
        pd.testing.assert_frame_equal(moved.totals, plain.totals)
        pd.testing.assert_frame_equal(moved.region(None).purchases, plain.region(None).purchases)
        pd.testing.assert_frame_equal(moved.region(None).accounts, plain.region(None).accounts)
    assert sum(became(one.at("2024-12-31")).values()) == 10
    again = read_book(folder, source=f"spark:{folder}")
    assert again.source.fingerprint() == other.source.fingerprint()


@pytest.mark.slow
def test_what_spark_lacks_is_one_error(spark: None, tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match=r"kapkit.toml \[files\] accounts: .*PATH_NOT_FOUND"):
        read_book(tmp_path, source="spark:/nowhere")
    with pytest.raises(DataError, match="no file or view for the required table accounts"):
        read_book(tmp_path, source="spark:")
    write(tmp_path, '[tables.sales]\nset_aside = { odd = "no_such_column = 1" }')
    with pytest.raises(DataError, match=r"kapkit.toml \[tables.sales\]: .*no_such_column"):
        read_book(tmp_path, source=f"spark:{tmp_path}").at("2024-12-31").totals  # noqa: B018


@pytest.mark.parametrize(
    ("python", "java"),
    [
        ("%Y-%m-%d", "yyyy-M-d"),
        ("%Y%m%d", "yyyyMMdd"),
        ("%d.%m.%y", "d.M.yy"),
        ("%b %d, %Y", "MMM d, yyyy"),
        ("%Y-%m-%dT%H:%M:%S", "yyyy-M-d'T'H:m:s"),
        ("%Y%m%d %H%M", "yyyyMMdd HHmm"),
        ("%Y年%m月", "yyyy年M月"),
    ],
)
def test_formats_in_javas_letters(python: str, java: str) -> None:
    assert java_format(python) == java


def test_a_letter_spark_does_not_know() -> None:
    with pytest.raises(DataError, match="Spark does not know %U"):
        java_format("%Y-%U")


def test_texts_and_names_are_quoted() -> None:
    sql = SparkSql()
    assert sql.literal("it's \\ odd") == r"'it\'s \\ odd'"
    assert sql.name("a`b") == "`a``b`"


def test_spark_that_is_not_installed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(DataError, match=r"\Aspark: install kapkit\[spark\], and Java 17 or later"):
        read_book(write(tmp_path), source=f"spark:{tmp_path}")
