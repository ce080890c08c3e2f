"""A DuckDB file, opened read-only: its tables and views are there by name."""

from pathlib import Path

import duckdb

from kapkit.book.config import BookConfig
from kapkit.book.errors import DataError
from kapkit.book.source import ROW
from kapkit.book.sources.duck_sql import quoted, text_of
from kapkit.book.sources.files import hash_files

_INSIDE = "_source"


class DatabaseFile:
    """The tables and views of a DuckDB file; those outside ``main`` are called schema.table."""

    def __init__(self, config: BookConfig, path: Path) -> None:
        self._given = config
        self._path = path
        self.config = config

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Open the file for reading and name what it holds."""
        if not self._path.is_file():
            raise DataError(f"{self._path}: there is no such DuckDB file; see [book] source")
        try:
            connection.execute(f"ATTACH {text_of(str(self._path))} AS {_INSIDE} (READ_ONLY)")
        except duckdb.Error as error:
            raise DataError(f"{self._path}: cannot be opened as a DuckDB file: {error}") from None
        found = connection.execute(
            "SELECT schema_name, table_name, true FROM duckdb_tables() WHERE database_name = ? "
            "UNION ALL SELECT schema_name, view_name, false FROM duckdb_views() "
            "WHERE database_name = ? AND NOT internal ORDER BY ALL",
            [_INSIDE, _INSIDE],
        ).fetchall()
        names = {_name(schema, name): (schema, name, table) for schema, name, table in found}
        self.config = self._given.with_relations(list(names), self._path.name)
        for known, (schema, name, table) in names.items():
            # Only a table's rows have a place of their own.
            place = f", rowid AS {ROW}" if table else ""
            inside = f"{_INSIDE}.{quoted(schema)}.{quoted(name)}"
            connection.execute(
                f"CREATE VIEW {quoted(known)} AS SELECT *{place} FROM {inside}"  # noqa: S608
            )

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return hash_files({self._path})


def _name(schema: str, name: str) -> str:
    return name if schema == "main" else f"{schema}.{name}"
