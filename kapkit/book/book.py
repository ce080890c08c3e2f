"""The account book: open a folder, give its regions as of a day."""

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import narwhals as nw

from kapkit.book.config import FILE_NAME, BookConfig, read_config
from kapkit.book.day import as_day
from kapkit.book.errors import DataError
from kapkit.book.prepared import PreparedBook, is_prepared
from kapkit.book.region import Region
from kapkit.book.snapshot import Snapshot
from kapkit.book.source import Source
from kapkit.book.sources import below, open_source
from kapkit.wording import speak


class Book(Protocol):
    """What notebooks need of a book, whether read from its source or prepared by a run."""

    @property
    def name(self) -> str:
        """What the book is called."""
        ...

    def regions(self, *, as_of: dt.date | str | None = None) -> list[str]:
        """Name the regions, sorted."""
        ...

    def region(self, name: str, *, as_of: dt.date | str | None = None) -> Region:
        """Give one region as of a day."""
        ...

    def company(self, *, as_of: dt.date | str | None = None) -> Region:
        """Give all regions together as of a day."""
        ...


def open_book(path: str | Path, *, source: str | Path | None = None) -> Book:
    """Open the account book whose ``kapkit.toml`` lies in a folder, and speak its language.

    Parameters
    ----------
    path : path
        Folder with a kapkit.toml, or the prepared folder of a run.
    source : path, optional
        Folder of the files, DuckDB file, ``postgresql:`` or ``spark:FOLDER``, instead of the one
        the toml names.

    Raises
    ------
    DataError
        If the description or the files break a rule; all breaches of a table together.
    """
    folder = Path(path).resolve()
    if is_prepared(folder):
        prepared = PreparedBook(folder)
        speak(prepared.facts.language)
        return prepared
    opened = read_book(folder, source=source)
    speak(opened.config.book.language)
    return opened


def read_book(folder: Path, *, source: str | Path | None = None) -> "SourceBook":
    """Open a book at its source, prepared runs left aside."""
    given = str(source) if source else None
    config = read_config(folder / FILE_NAME, source=given)
    opened = open_source(config, given or below(folder, config.book.source))
    return SourceBook(opened.config, opened)


class SourceBook:
    """A book read from its source; every answer is computed as of a day."""

    def __init__(self, config: BookConfig, source: Source) -> None:
        self.config = config
        self.source = source
        self._snapshot = lru_cache(maxsize=4)(self._take)

    @property
    def name(self) -> str:
        """What the book is called."""
        return self.config.book.name

    def regions(self, *, as_of: dt.date | str | None = None) -> list[str]:
        """Name the regions that have accounts or lines, sorted."""
        return self.at(as_of).regions

    def region(self, name: str, *, as_of: dt.date | str | None = None) -> Region:
        """Give one region as of a day (default: the book's own day).

        Raises
        ------
        DataError
            If the book has no such region.
        """
        return self.at(as_of).region(name)

    def company(self, *, as_of: dt.date | str | None = None) -> Region:
        """Give all regions together as of a day."""
        return self.at(as_of).region(None)

    def at(self, as_of: dt.date | str | None = None) -> Snapshot:
        """Check the book as of a day: the one given, else the toml's, else the last sale's."""
        return self._snapshot(as_day(as_of) or self.config.book.as_of or self._last_day())

    def _take(self, as_of: dt.date) -> Snapshot:
        return Snapshot(self.config, self.source, as_of)

    def _last_day(self) -> dt.date:
        dates = self.source.table("sales").select(nw.col("date").max())
        with self.source.explained("sales"):
            (row,) = dates.collect("pyarrow").to_arrow().to_pylist()
        if row["date"] is None:
            raise DataError("sales: no line has a date that can be read; see [tables.sales] dates")
        day: dt.date = row["date"]
        return day
