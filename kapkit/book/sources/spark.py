"""Spark, for books beyond one machine: the same tables, read and checked on the cluster.

The session comes from the environment as Spark's own tools take it (``SPARK_REMOTE``,
``spark-defaults.conf``; else a local one); its credentials never pass through a book.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from importlib import import_module
from typing import Any

import narwhals as nw
import pyarrow as pa

from kapkit.book.config import FILE_NAME, BookConfig, FormatSection
from kapkit.book.errors import DataError
from kapkit.book.schema import TABLES
from kapkit.book.source import FILE, ROW, LazyFrame
from kapkit.book.sources.columns import reading, whole_keys
from kapkit.book.sources.dialect import EXACT, FLOAT, OTHER, TEXT, WHOLE
from kapkit.book.sources.spark_sql import SparkSql, without_by_name

#: Of a cluster that is not running yet.
_STARTED = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
_SETTINGS = {
    # Which day a time stamp with a zone falls on must not depend on the machine.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
_TYPES = {"string": TEXT, "double": FLOAT, "float": FLOAT}
_TYPES |= dict.fromkeys(("tinyint", "smallint", "int", "bigint"), WHOLE)


class SparkSource:
    """Files below a folder (any address Spark reads), or the tables of Spark's catalog."""

    def __init__(self, config: BookConfig, folder: str) -> None:
        self._session = _session()
        self._made = 0
        self.config = config
        if folder:
            for name, patterns in config.files.items():
                with self.explained(f"[files] {name}"):
                    form = config.formats.get(name, FormatSection())
                    rows = _files(self._session, folder.rstrip("/"), patterns, form)
                    rows.createOrReplaceTempView(name)
        else:
            self.config = config.with_relations(_catalog(self._session), "spark")
        for name, query in config.views.items():
            with self.explained(f"[views] {name}"):
                self._view(query).createOrReplaceTempView(name)

    def table(self, name: str) -> LazyFrame:
        """Give a canonical table as its source has it, typed."""
        relation = self.config.needed(name)
        section = self.config.table(name)
        with self.explained(f"[tables.{name}]"):
            rows = self._relation(relation)
            types = self._types(relation)
            columns = reading(relation, name, section, types, SparkSql(), self._whole_keys)
            typed: LazyFrame = nw.from_native(rows.selectExpr(*columns))
            return typed

    def keep(self, frame: LazyFrame, name: str) -> LazyFrame:
        """Compute a frame once and hold it on the cluster."""
        with self.explained(name):
            kept: LazyFrame = nw.from_native(frame.to_native().persist())
            return kept

    def release(self, name: str) -> None:
        """Leave it to Spark, which computes late and drops what it has no room for."""

    def batches(self, frame: LazyFrame) -> pa.RecordBatchReader:
        """Fetch a frame as Arrow record batches."""
        table: pa.Table = frame.to_native().toArrow()
        return table.to_reader()

    def fingerprint(self) -> str:
        """Hash what the relations hold, whatever the order of their rows."""
        digest = hashlib.blake2b(digest_size=16)
        for relation in sorted({self.config.relation(table) or "" for table in TABLES} - {""}):
            digest.update(f"{relation}: {_content(self._relation(relation))}".encode())
        return digest.hexdigest()

    def explained(self, place: str) -> AbstractContextManager[None]:
        """Turn Spark's errors into the one error people see, without its stack."""
        return _explained(place)

    def _view(self, query: str) -> Any:
        """Run a query of DuckDB's; unions by name, which Spark's SQL lacks, are made apart."""
        return self._session.sql(without_by_name(query, self._by_name))

    @cached_property
    def _whole_keys(self) -> frozenset[str]:
        return whole_keys(self.config, self._types)

    def _types(self, relation: str) -> dict[str, str]:
        return {column: _held(type_) for column, type_ in self._relation(relation).dtypes}

    def _by_name(self, one: str, other: str) -> str:
        """Join two queries by the names of their columns; name the view that holds the rows."""
        self._made += 1
        name = f"kapkit_by_name_{self._made}"
        rows, more = (self._session.sql(query) for query in (one, other))
        rows.unionByName(more, allowMissingColumns=True).createOrReplaceTempView(name)
        return name

    def _relation(self, name: str) -> Any:
        return self._session.table(".".join(SparkSql().name(part) for part in name.split(".")))


def _session() -> Any:
    try:
        sql = import_module("pyspark.sql")
        import_module("sqlglot")
    except ImportError:
        raise DataError("spark: install kapkit[spark], and Java 17 or later") from None
    builder = sql.SparkSession.builder.appName("kapkit")
    for name, value in _STARTED.items():
        builder = builder.config(name, value)
    try:
        # A session of our own on the shared cluster: its settings and views change no other.
        session = builder.getOrCreate().newSession()
    except Exception as error:
        raise DataError(f"spark: no session could be started ({type(error).__name__})") from None
    _hush()
    for name, value in _settings(session.conf.get("spark.master", "")).items():
        session.conf.set(name, value)
    return session


def _hush() -> None:
    """Keep stacks of the Java side off the screen: an error is said once, in a line."""
    known = import_module("pyspark.logger").PySparkLogger
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        known.getLogger(name).setLevel(logging.CRITICAL)


def _settings(master: str) -> dict[str, str]:
    if not master.startswith("local"):
        return _SETTINGS
    # Two hundred parts, Spark's default, are for a cluster.
    return _SETTINGS | {"spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1))}


def _files(session: Any, folder: str, patterns: list[str], form: FormatSection) -> Any:
    """Read the files of one entry, each row with its place."""
    paths = [f"{folder}/{pattern}" for pattern in patterns]
    place = "_metadata.file_name"
    if all(path.lower().endswith(".parquet") for path in paths):
        rows = session.read.option("mergeSchema", True).parquet(*paths)
        return rows.selectExpr("*", f"{place} AS {FILE}", f"_metadata.row_index AS {ROW}")
    if any(path.lower().endswith((".parquet", ".xlsx", ".xls", ".ods")) for path in paths):
        raise DataError("[files]: Spark reads CSV or Parquet files, one kind an entry")
    rows = _csv(session, paths, form).selectExpr(
        "*", f"{place} AS {FILE}", "monotonically_increasing_id() AS _order"
    )
    number = f"row_number() OVER (PARTITION BY {FILE} ORDER BY _order) AS {ROW}"
    return rows.selectExpr("* EXCEPT (_order)", number)


def _csv(session: Any, paths: list[str], form: FormatSection) -> Any:
    # A quoted cell may go over lines, so that a file is read whole, by one task, in its order.
    options = {
        "header": True,
        "multiLine": True,
        "escape": '"',
        "mode": "FAILFAST",
        "encoding": form.encoding or "UTF-8",
        "sep": form.delimiter or ",",
        "nullValue": "\0",
        "emptyValue": "",
        "enforceSchema": False,
    }
    return session.read.options(**options).csv(paths)


def _catalog(session: Any) -> list[str]:
    """Name the tables of the current database as they are, those of others as database.table."""
    current = session.catalog.currentDatabase()
    return [
        table.name if database.name == current else f"{database.name}.{table.name}"
        for database in session.catalog.listDatabases()
        for table in session.catalog.listTables(database.name)
    ]


def _content(rows: Any) -> tuple[Any, ...]:
    sql = SparkSql()
    columns = [sql.name(column) for column in rows.columns if column not in {FILE, ROW}]
    hashed = f"sum(CAST({sql.content(columns)} AS DECIMAL(38, 0)))"
    return tuple(rows.selectExpr("count(*)", hashed).first())


def _held(type_: str) -> str:
    return EXACT if type_.startswith("decimal") else _TYPES.get(type_, OTHER)


@contextmanager
def _explained(place: str) -> Iterator[None]:
    errors = import_module("pyspark.errors")
    try:
        yield
    except errors.PySparkException as error:
        first = str(error).strip().splitlines()[0]
        raise DataError(f"{FILE_NAME} {place}: {first}") from None
