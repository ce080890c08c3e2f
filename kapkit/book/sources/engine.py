"""What every source shares: the engine's frames, the place of a row, quoting, its errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw

from kapkit.book.config import FILE_NAME
from kapkit.book.errors import DataError
from kapkit.book.sources.encoding import misread

#: A frame that stays in the engine until it is collected.
LazyFrame = nw.LazyFrame[Any]

#: Columns that travel with each row: where it stands, what makes it itself, why it was refused.
FILE, ROW, CONTENT, RULE, UNREADABLE = "_file", "_row", "_content", "_rule", "_unreadable"
#: The place of a row; a view that joins files has a second one, which DuckDB numbers.
PLACE = re.compile(rf"({FILE}|{ROW})(_\d+)?")

_NOT_UTF8 = re.compile(r"not utf-8 encoded.*?^ *file = ([^\n]+)$", re.DOTALL | re.MULTILINE)


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn the engine's errors into the one error people see, with its place."""
    try:
        yield
    except duckdb.Error as error:
        if found := _NOT_UTF8.search(str(error)):
            raise DataError(misread(Path(found[1]), "utf-8")) from None
        raise DataError(f"{FILE_NAME} {place}: {error}") from None


def quoted(name: str) -> str:
    """Write a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_of(value: str) -> str:
    """Write a text as SQL."""
    return "'" + value.replace("'", "''") + "'"
