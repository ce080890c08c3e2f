"""The engine that needs nothing else: an in-process DuckDB over files, a database, a server."""

import re
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Protocol

import duckdb
import narwhals as nw
import pyarrow as pa

from kapkit.book.config import BookConfig
from kapkit.book.source import LazyFrame
from kapkit.book.sources.columns import reading, whole_keys
from kapkit.book.sources.dialect import EXACT, FLOAT, OTHER, TEXT, WHOLE
from kapkit.book.sources.duck_sql import DuckSql, explained, quoted, text_of
from kapkit.book.sources.scratch import scratch_folder

_WHOLE = re.compile(r"U?(TINY|SMALL)INT|U?INTEGER|BIGINT")
_EXACT = re.compile(r"UBIGINT|U?HUGEINT|DECIMAL\(.*\)")


class Origin(Protocol):
    """Where the rows of a source lie."""

    config: BookConfig

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make each relation known to the engine."""
        ...

    def fingerprint(self) -> str:
        """Hash what the relations hold."""
        ...


class DuckSource:
    """Any origin, read by DuckDB within the memory that the book allows."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._connection = duckdb.connect(":memory:")
        self._known_types: dict[str, dict[str, str]] = {}
        self._configure()
        origin.attach(self._connection)
        for name, query in self.config.views.items():
            with explained(f"[views] {name}"):
                self._connection.execute(f"CREATE VIEW {quoted(name)} AS {query}")

    @property
    def config(self) -> BookConfig:
        """The book's description, with the relations that a database turned out to have."""
        return self._origin.config

    def table(self, name: str) -> LazyFrame:
        """Give a canonical table as its source has it, typed."""
        relation = self.config.needed(name)
        section = self.config.table(name)
        types = self._types(relation)
        columns = reading(relation, name, section, types, DuckSql(), self._whole_keys)
        # The book's own description is its owner's SQL; every name in it is quoted.
        query = f"SELECT {', '.join(columns)} FROM {quoted(relation)}"  # noqa: S608
        with explained(f"[tables.{name}]"):
            return nw.from_native(self._connection.sql(query))

    def keep(self, frame: LazyFrame, name: str) -> LazyFrame:
        """Compute a frame once and hold it in the engine, outside pandas."""
        native = frame.to_native()
        with explained(name):
            # A book asked for many days forgets the first ones and may compute them again.
            self.release(name)
            native.create(quoted(name))
            return nw.from_native(self._connection.table(quoted(name)))

    def release(self, name: str) -> None:
        """Let go of a frame that was kept."""
        self._connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")

    def batches(self, frame: LazyFrame) -> pa.RecordBatchReader:
        """Stream a frame as Arrow record batches."""
        return pa.RecordBatchReader.from_stream(frame.to_native())

    def fingerprint(self) -> str:
        """Hash all that the source holds."""
        return self._origin.fingerprint()

    def explained(self, place: str) -> AbstractContextManager[None]:
        """Turn DuckDB's errors into the one error people see."""
        return explained(place)

    def _configure(self) -> None:
        engine = self.config.engine
        # Which day a time stamp with a zone falls on must not depend on the machine.
        settings = {"TimeZone": "UTC", "temp_directory": str(scratch_folder(self))}
        # Every result is put in order where it matters.
        settings["preserve_insertion_order"] = "false"
        settings |= {"memory_limit": engine.memory} if engine.memory else {}
        settings |= {"threads": str(engine.threads)} if engine.threads else {}
        with explained("[engine]"):
            for name, value in settings.items():
                self._connection.execute(f"SET {name} = {text_of(value)}")

    @cached_property
    def _whole_keys(self) -> frozenset[str]:
        return whole_keys(self.config, self._types)

    def _types(self, relation: str) -> dict[str, str]:
        """Tell how the columns of a relation are held; asked once, since a CSV file is sniffed."""
        if relation not in self._known_types:
            described = self._connection.execute(f"DESCRIBE {quoted(relation)}").fetchall()
            self._known_types[relation] = {str(row[0]): _held(str(row[1])) for row in described}
        return self._known_types[relation]


def _held(type_: str) -> str:
    if type_ == "VARCHAR":
        return TEXT
    if type_ in {"DOUBLE", "FLOAT"}:
        return FLOAT
    if _WHOLE.fullmatch(type_):
        return WHOLE
    return EXACT if _EXACT.fullmatch(type_) else OTHER
