"""Sources: relations of the engine, given on as Narwhals frames of canonical columns.

Reading text as days and money is the engine's dialect and stays below; every later step is a
Narwhals expression and runs on any engine.
"""

from pathlib import Path
from typing import Protocol

import duckdb
import narwhals as nw
import pyarrow as pa

from kapkit.book.config import FILE_NAME, POSTGRES, BookConfig, is_database
from kapkit.book.errors import DataError
from kapkit.book.sources.columns import mapping, reading
from kapkit.book.sources.database import DatabaseFile
from kapkit.book.sources.engine import (
    CONTENT,
    FILE,
    PLACE,
    ROW,
    RULE,
    UNREADABLE,
    LazyFrame,
    explained,
    quoted,
)
from kapkit.book.sources.files import Folder
from kapkit.book.sources.postgres import Postgres

__all__ = [
    "CONTENT",
    "FILE",
    "ROW",
    "RULE",
    "UNREADABLE",
    "FileSource",
    "LazyFrame",
    "below",
    "explained",
]


class Origin(Protocol):
    """Where the rows of a source lie."""

    config: BookConfig

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make each relation known to the engine."""
        ...

    def fingerprint(self) -> str:
        """Hash what the relations hold."""
        ...


class FileSource:
    """A folder of files, a DuckDB file or a PostgreSQL server, read by an in-process DuckDB."""

    def __init__(self, config: BookConfig, place: Path) -> None:
        self._connection = duckdb.connect(":memory:")
        # Which day a time stamp with a zone falls on must not depend on the machine.
        self._connection.execute("SET TimeZone = 'UTC'")
        self._origin = _origin(config, place)
        self._origin.attach(self._connection)
        for name, query in config.views.items():
            with explained(f"[views] {name}"):
                self._connection.execute(f"CREATE VIEW {quoted(name)} AS {query}")

    @property
    def config(self) -> BookConfig:
        """The book's description, with the relations that a database turned out to have."""
        return self._origin.config

    def table(self, name: str) -> LazyFrame:
        """Give a canonical table as its source has it, typed.

        Columns: the canonical ones found, and per row ``_file``, ``_row``, ``_content`` (a hash
        of all source columns), ``_rule`` (the reason of a set-aside rule that holds) and
        ``_unreadable`` (the first column that could not be read).
        """
        relation = self.config.relation(name)
        if relation is None:
            raise DataError(f'[files] has no file for {name}; add {name} = "..." to {FILE_NAME}')
        section = self.config.table(name)
        types = self._types(relation)
        columns = mapping(name, section, [c for c in types if not PLACE.fullmatch(c)], relation)
        query = reading(relation, name, section, columns, types)
        with explained(f"[tables.{name}]"):
            return nw.from_native(self._connection.sql(query))

    def keep(self, frame: LazyFrame, name: str) -> LazyFrame:
        """Compute a frame once and hold it in the engine, outside pandas."""
        native = frame.to_native()
        with explained(name):
            # A book asked for many days forgets the first ones and may compute them again.
            self._connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
            native.create(quoted(name))
            return nw.from_native(self._connection.table(quoted(name)))

    def batches(self, frame: LazyFrame) -> pa.RecordBatchReader:
        """Stream a frame as Arrow record batches."""
        return pa.RecordBatchReader.from_stream(frame.to_native())

    def fingerprint(self) -> str:
        """Hash all that the source holds (BLAKE2b, 32 hex digits)."""
        return self._origin.fingerprint()

    def _types(self, relation: str) -> dict[str, str]:
        described = self._connection.execute(f"DESCRIBE {quoted(relation)}").fetchall()
        return {str(row[0]): str(row[1]) for row in described}


def below(folder: Path, source: Path) -> Path:
    """Place a source below the folder of its book; a server lies nowhere."""
    return source if str(source).startswith(POSTGRES) else folder / source


def _origin(config: BookConfig, place: Path) -> Origin:
    if str(place).startswith(POSTGRES):
        return Postgres(config, str(place))
    if is_database(place):
        return DatabaseFile(config, place.resolve())
    return Folder(config, place.resolve())
