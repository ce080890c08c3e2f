"""A PostgreSQL server, read through ADBC: each relation streams as Arrow into the engine.

The address comes from the environment only (``KAPKIT_POSTGRES``, else libpq's ``PGHOST``,
``PGUSER``, ``PGPASSWORD`` ...) and never stands in a message: of the server's errors only the
SQLSTATE is said.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

import duckdb

from kapkit.book.config import POSTGRES, BookConfig
from kapkit.book.errors import DataError
from kapkit.book.schema import TABLES
from kapkit.book.source import ROW
from kapkit.book.sources.duck_sql import quoted

Answer = TypeVar("Answer")

_ADDRESS = "KAPKIT_POSTGRES"
#: Types that arrive as they are; every other one is read as text.
_TYPED = {"bool", "int2", "int4", "int8", "float4", "float8"}
_DAYS = {"date", "timestamp", "timestamptz"}
_RELATIONS = """
SELECT relation.oid::bigint, namespace.nspname::text, relation.relname::text,
       pg_catalog.pg_table_is_visible(relation.oid)
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND namespace.nspname NOT IN ('pg_catalog', 'information_schema')
  AND namespace.nspname NOT LIKE 'pg\\_t%'
ORDER BY 2, 3
"""
_COLUMNS = """
SELECT attribute.attname::text, type.typname::text
FROM pg_catalog.pg_attribute AS attribute
JOIN pg_catalog.pg_type AS type ON type.oid = attribute.atttypid
WHERE attribute.attrelid = {oid} AND attribute.attnum > 0 AND NOT attribute.attisdropped
ORDER BY attribute.attnum
"""


class Postgres:
    """Tables and views of a server, as of one moment; unseen schemas are schema.table."""

    def __init__(self, config: BookConfig, source: str) -> None:
        if source != POSTGRES:
            raise DataError(
                '[book] source: write "postgresql:" alone and give the address in the environment '
                f"({_ADDRESS}, or PGHOST, PGUSER, PGPASSWORD ...)"
            )
        self._given = config
        self.config = config
        self._fingerprint = ""

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Copy the relations that the book reads into the engine, all as of one moment."""
        driver = _driver()
        address = os.environ.get(_ADDRESS, "postgresql://")
        server = _asked("cannot connect", lambda: driver.connect(address))
        with closing(server), closing(server.cursor()) as cursor:
            found = _asked("cannot list its tables", lambda: _listed(cursor))
            self.config = self._given.with_relations(list(found), "postgresql")
            digest = hashlib.blake2b(digest_size=16)
            for known in sorted(self._read(found)):
                relation = found[known]
                _asked(f"cannot read {known}", partial(_copy, cursor, connection, known, relation))
                digest.update(_content(connection, known).encode())
        self._fingerprint = digest.hexdigest()

    def fingerprint(self) -> str:
        """Hash what the relations held when they were read, whatever the order of their rows."""
        return self._fingerprint

    def _read(self, found: Iterable[str]) -> set[str]:
        """Choose the relations that a table reads or that a view's SQL mentions."""
        read = {self.config.relation(table) for table in TABLES}
        views = "\n".join(self.config.views.values()).lower()
        return {name for name in found if name in read or name.rpartition(".")[2].lower() in views}


def _listed(cursor: Any) -> dict[str, tuple[int, str]]:
    """Map each relation by the name the book gives it to its number and its name there."""
    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    cursor.execute("SET synchronize_seqscans = off")
    cursor.execute(_RELATIONS)
    return {
        name if seen else f"{schema}.{name}": (oid, f"{quoted(schema)}.{quoted(name)}")
        for oid, schema, name, seen in cursor.fetchall()
    }


def _copy(cursor: Any, connection: Any, known: str, relation: tuple[int, str]) -> None:
    oid, inside = relation
    cursor.execute(_COLUMNS.format(oid=int(oid)))
    columns = cursor.fetchall()
    picked = ", ".join(_picked(quoted(name), kind) for name, kind in columns)
    cursor.execute(f"SELECT {picked} FROM {inside}")  # noqa: S608
    staged = quoted(f"{known} as sent")
    with closing(cursor.fetch_record_batch()) as stream:
        connection.register("_stream", stream)
        connection.execute(f"CREATE TABLE {staged} AS SELECT * FROM _stream")  # noqa: S608
        connection.unregister("_stream")
    numbers = [quoted(name) for name, kind in columns if kind == "numeric"]
    typed = ", ".join(
        f"CAST({name} AS {_exact(connection, staged, name)}) AS {name}" for name in numbers
    )
    replaced = f"* REPLACE ({typed})" if typed else "*"
    # Rows come in the order in which they lie there, so that "the last row stands" has a meaning.
    numbered = f"SELECT {replaced}, rowid AS {ROW} FROM {staged}"  # noqa: S608
    connection.execute(f"CREATE VIEW {quoted(known)} AS {numbered}")


def _picked(column: str, kind: str) -> str:
    if kind in _TYPED:
        return column
    if kind in _DAYS:
        # Arrow has no endless day; one before all others cannot be read either, and says so.
        return f"CASE WHEN isfinite({column}) THEN {column} ELSE '0001-01-01' END AS {column}"
    return f"{column}::text AS {column}"


def _exact(connection: Any, staged: str, column: str) -> str:
    """Choose the engine's type for a numeric column: a decimal that holds every value, if any."""
    query = (
        f"SELECT bool_and(TRY_CAST({column} AS DECIMAL(38, 10)) IS NOT NULL) "  # noqa: S608
        f"FROM {staged} WHERE {column} IS NOT NULL"
    )
    return "DOUBLE" if connection.execute(query).fetchall() == [(False,)] else "DECIMAL(38, 10)"


def _content(connection: Any, name: str) -> str:
    rows = f"(SELECT * EXCLUDE ({ROW}) FROM {quoted(name)}) AS r"  # noqa: S608
    query = f"SELECT count(*), sum(hash(r)::HUGEINT) FROM {rows}"  # noqa: S608
    return f"{name}: {connection.execute(query).fetchall()}"


def _driver() -> Any:
    try:
        return import_module("adbc_driver_postgresql.dbapi")
    except ImportError:
        raise DataError("postgresql: install kapkit[postgres] to read from a server") from None


def _asked(what: str, ask: Callable[[], Answer]) -> Answer:
    """Say what the server refused without its own words, which may hold the address."""
    try:
        return ask()
    except DataError:
        raise
    except Exception as error:
        state = getattr(error, "sqlstate", None) or type(error).__name__
    # Raised apart, so that the driver's error is not even its context.
    raise DataError(
        f"postgresql: {what} ({state}); the address comes from {_ADDRESS}, "
        "or PGHOST, PGUSER, PGPASSWORD ... in the environment"
    )
