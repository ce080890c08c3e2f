"""TPC-H, small: the same account-days from DuckDB, from Spark and from plain SQL."""

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kapkit.book.book import SourceBook, read_book
from kapkit.book.totals import reconcile

pytestmark = pytest.mark.slow

BOOK = Path(__file__).parents[2] / "data" / "tpch"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tool = Path(sys.executable).with_name("tpchgen-cli")
    if not tool.is_file():
        pytest.skip("tpchgen-cli is not installed: make engines")
    folder = tmp_path_factory.mktemp("tpch")
    tables = "customer,nation,part,partsupp,orders,lineitem"
    subprocess.run(
        [tool, "parquet", "-s", "0.01", "--tables", tables, "--output-dir", folder], check=True
    )
    return folder


@pytest.fixture(scope="module")
def book(data: Path) -> SourceBook:
    return read_book(BOOK, source=data)


def test_the_sums_are_those_of_plain_sql(book: SourceBook, data: Path) -> None:
    found = book.company().purchases[["account_id", "date", "lines", "orders", "revenue", "cost"]]
    query = f"""
        SELECT CAST(o_custkey AS VARCHAR) AS account_id, CAST(o_orderdate AS TIMESTAMP) AS date,
               count(*) AS lines, count(DISTINCT o_orderkey) AS orders,
               CAST(sum(l_extendedprice * (1 - l_discount)) AS DOUBLE) AS revenue,
               CAST(sum(ps_supplycost * l_quantity) AS DOUBLE) AS cost
        FROM '{data}/lineitem.parquet' JOIN '{data}/orders.parquet' ON o_orderkey = l_orderkey
        JOIN '{data}/partsupp.parquet' ON ps_partkey = l_partkey AND ps_suppkey = l_suppkey
        GROUP BY ALL ORDER BY ALL"""  # noqa: S608
    expected = duckdb.connect().execute(query).df()
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    reconcile(book.at().totals)


def test_spark_gives_the_same(book: SourceBook, data: Path) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed: make engines")
    if not shutil.which("java"):
        pytest.skip("no Java here, which Spark needs")
    moved = read_book(BOOK, source=f"spark:{data}")
    pd.testing.assert_frame_equal(moved.at().totals, book.at().totals)
    one, other = book.company(), moved.company()
    pd.testing.assert_frame_equal(other.accounts, one.accounts)
    pd.testing.assert_frame_equal(other.purchases, one.purchases)
    pd.testing.assert_frame_equal(other.categories, one.categories)
