"""Columns that a book leaves unread although they look like one it could use."""

from collections.abc import Iterator
from pathlib import Path

from kapkit.book.config import BookConfig, is_database
from kapkit.book.proposal.exports import Export, looked_at
from kapkit.book.proposal.match import match
from kapkit.book.proposal.profile import Column
from kapkit.book.schema import TABLES
from kapkit.book.sources.excel import SUFFIXES

#: Said only where a column is surely like one: a name that is a known label, values that fit.
_SURE = 0.75


def unmapped(config: BookConfig, place: str) -> list[str]:
    """Say which columns of the files look like optional ones that are not mapped.

    Parameters
    ----------
    config : BookConfig
        The book's description.
    place : str
        Where its files lie; of a database or a cluster nothing is said.

    Returns
    -------
    list of str
        One sentence a column. Tables read from a view are left out: its SQL says what they hold.
    """
    if is_database(place) or not Path(place).is_dir():
        return []
    return [
        f"{table}: {source} looks like {column}; map it under [tables.{table}.columns]"
        for table in TABLES
        if (export := _first_export(config, table, Path(place)))
        for column, source in _likely(config, table, export)
    ]


def _first_export(config: BookConfig, table: str, folder: Path) -> Export | None:
    """Look at the first file that a table is read from."""
    relation = config.relation(table)
    for pattern in config.files.get(relation or "", ()):
        glob, mark, sheet = pattern.rpartition("#")
        if not mark or Path(glob).suffix.lower() not in SUFFIXES:
            glob, sheet = pattern, ""
        sheet = (
            sheet
            or (config.formats[str(relation)].sheet if relation in config.formats else "")
            or ""
        )
        for path in sorted(folder.glob(glob)):
            looked = looked_at(path, path.relative_to(folder).as_posix())
            tables = [one for one in looked if isinstance(one, Export)]
            named = [one for one in tables if not sheet or one.form.sheet == sheet]
            if named:
                return named[0]
    return None


def _likely(config: BookConfig, table: str, export: Export) -> Iterator[tuple[str, str]]:
    """Give the optional columns that are not read, each with the column that is like it."""
    mapped = config.table(table).columns
    schema = TABLES[table].columns
    read = {*mapped.values(), *(set(schema) & set(export.columns))}
    cells = zip(*export.rows, strict=True) if export.rows else ((),) * len(export.columns)
    free = [
        Column(name, type_, values)
        for name, type_, values in zip(export.columns, export.types, cells, strict=True)
        if name not in read
    ]
    for column, placed in match(free, table).columns.items():
        known = column in mapped or column in export.columns
        if placed.score >= _SURE and not schema[column].required and not known:
            yield column, placed.source
