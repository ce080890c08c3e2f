"""A source: an engine that gives the canonical tables as Narwhals frames.

Reading text as days and money is each engine's dialect (`kapkit.book.sources`); every later step
is a Narwhals expression and runs on any engine.
"""

import re
from contextlib import AbstractContextManager
from typing import Any, Protocol

import narwhals as nw
import pyarrow as pa

from kapkit.book.config import BookConfig

#: A frame that stays in the engine until it is collected.
LazyFrame = nw.LazyFrame[Any]

#: Columns that travel with each row: where it stands, what makes it itself, why it was refused.
FILE, ROW, CONTENT, RULE, UNREADABLE = "_file", "_row", "_content", "_rule", "_unreadable"
#: The place of a row; a view that joins files has a second one, which DuckDB numbers.
PLACE = re.compile(rf"({FILE}|{ROW})(_\d+)?")


class Source(Protocol):
    """The tables of a book, wherever their rows lie."""

    @property
    def config(self) -> BookConfig:
        """The book's description, with the relations that a database turned out to have."""
        ...

    def table(self, name: str) -> LazyFrame:
        """Give a canonical table as its source has it, typed.

        Columns: the canonical ones found, and per row ``_file``, ``_row``, ``_content`` (a hash
        of all source columns), ``_rule`` (the reason of a set-aside rule that holds) and
        ``_unreadable`` (the first column that could not be read).

        Raises
        ------
        DataError
            If the book has no such table, or a column it maps is not there.
        """
        ...

    def keep(self, frame: LazyFrame, name: str) -> LazyFrame:
        """Compute a frame once and hold it in the engine, outside pandas."""
        ...

    def release(self, name: str) -> None:
        """Let go of a frame that was kept."""
        ...

    def batches(self, frame: LazyFrame) -> pa.RecordBatchReader:
        """Stream a frame as Arrow record batches."""
        ...

    def fingerprint(self) -> str:
        """Hash all that the source holds (BLAKE2b, 32 hex digits)."""
        ...

    def explained(self, place: str) -> AbstractContextManager[None]:
        """Turn the engine's errors into the one error people see, with its place."""
        ...
