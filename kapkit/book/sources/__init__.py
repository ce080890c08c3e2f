"""Sources: where rows lie, and the engine that reads them."""

from pathlib import Path

from kapkit.book.config import POSTGRES, SPARK, BookConfig, is_database
from kapkit.book.source import Source
from kapkit.book.sources.database import DatabaseFile
from kapkit.book.sources.duck import DuckSource, Origin
from kapkit.book.sources.files import Folder
from kapkit.book.sources.postgres import Postgres
from kapkit.book.sources.spark import SparkSource


def open_source(config: BookConfig, place: str) -> Source:
    """Open what a place names: a folder, a DuckDB file, ``postgresql:``, ``spark:`` and a folder.

    Raises
    ------
    DataError
        If it is not there, cannot be opened, or lacks what the book reads.
    """
    if place.startswith(SPARK):
        return SparkSource(config, place.removeprefix(SPARK))
    return DuckSource(_origin(config, place))


def below(folder: Path, source: str) -> str:
    """Place a source below the folder of its book; a server lies nowhere."""
    if source.startswith(POSTGRES) or source == SPARK or "://" in source:
        return source
    if source.startswith(SPARK):
        return f"{SPARK}{folder / source.removeprefix(SPARK)}"
    return str(folder / source)


def _origin(config: BookConfig, place: str) -> Origin:
    if place.startswith(POSTGRES):
        return Postgres(config, place)
    path = Path(place).resolve()
    return DatabaseFile(config, path) if is_database(place) else Folder(config, path)
