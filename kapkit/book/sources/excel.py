"""Excel and OpenDocument sheets, given to the engine as Arrow batches.

A column of numbers stays numbers, one of days stays days; a column that mixes them is text, in
which a day or a number is written as the rest of the book's table writes it.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from kapkit.book.config import FILE_NAME, TableSection
from kapkit.book.errors import DataError, listing
from kapkit.book.source import FILE, ROW
from kapkit.book.sources.text import named

SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_BATCH = 10_000
_TYPES: dict[str, pa.DataType] = {
    "number": pa.float64(),
    "day": pa.timestamp("us"),
    "truth": pa.bool_(),
}


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook: its place below the source, its columns and its rows."""

    place: str
    columns: list[str]
    cells: CalamineSheet

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give the rows that hold anything, each with its number."""
        for number, row in enumerate(_data(self.cells), 1):
            yield number, dict(zip(self.columns, row, strict=False))


def open_sheet(path: Path, sheet: str | None, *, name: str, place: str) -> Sheet:
    """Open the sheet that is said, else the only one, else the one called like the entry.

    Raises
    ------
    DataError
        If the file is no workbook, or the sheet is not there or has no column names.
    """
    try:
        with CalamineWorkbook.from_path(path) as book:
            cells = book.get_sheet_by_name(_called(book.sheet_names, sheet, name, place))
    except (CalamineError, OSError) as error:
        raise DataError(f"{place}: not a workbook that can be read: {error}") from None
    header = next(_filled(cells), None)
    if header is None:
        raise DataError(f"{place}#{cells.name}: the sheet is empty; name another one")
    return Sheet(f"{place}#{cells.name}", named([_word(cell) for cell in header]), cells)


def sheet_batches(sheets: list[Sheet], section: TableSection) -> pa.RecordBatchReader:
    """Stream the rows of sheets as Arrow, each column of one type over all of them."""
    kinds = _kinds(sheets)
    fields = [pa.field(name, _TYPES.get(kind, pa.string())) for name, kind in kinds.items()]
    schema = pa.schema([*fields, pa.field(FILE, pa.string()), pa.field(ROW, pa.int64())])

    def rows() -> Iterator[dict[str, Any]]:
        for sheet in sheets:
            for number, row in sheet.rows():
                cells = {c: _as_kind(v, kinds[c], section) for c, v in row.items()}
                yield cells | {FILE: sheet.place, ROW: number}

    stream = rows()
    parts = iter(lambda: list(islice(stream, _BATCH)), [])
    batches = (pa.RecordBatch.from_pylist(part, schema) for part in parts)
    return pa.RecordBatchReader.from_batches(schema, batches)


def _called(sheets: list[str], sheet: str | None, name: str, place: str) -> str:
    if sheet in sheets:
        return str(sheet)
    alike = [found for found in sheets if found.lower() == name.lower()]
    if sheet is None and (alike or len(sheets) == 1):
        return (alike or sheets)[0]
    missing = "which one is not said" if sheet is None else f"none is called {sheet}"
    raise DataError(
        f"{place} has {len(sheets)} sheets ({listing(sheets)}), {missing}; "
        f'name one in {FILE_NAME}, as in [formats.{name}] sheet = "{sheets[0]}"'
    )


def _filled(cells: CalamineSheet) -> Iterator[list[Any]]:
    return (row for row in cells.iter_rows() if any(cell != "" for cell in row))


def _data(cells: CalamineSheet) -> Iterator[list[Any]]:
    rows = _filled(cells)
    next(rows, None)
    return rows


def _kinds(sheets: list[Sheet]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for sheet in sheets:
        for column in sheet.columns:
            found.setdefault(column, set())
        for _, row in sheet.rows():
            for column, value in row.items():
                if value != "":
                    found[column].add(_kind(value))
    return {name: kinds.pop() if len(kinds) == 1 else "text" for name, kinds in found.items()}


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number"
    return "day" if isinstance(value, dt.date) else "text"


def _as_kind(value: Any, kind: str, section: TableSection) -> Any:
    if value == "":
        return None
    if kind == "day":
        return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
    if kind != "text":
        return value
    if isinstance(value, dt.date):
        return value.strftime(section.dates[0])
    word = _word(value)
    return word.replace(".", section.decimal) if _kind(value) == "number" else word


def _word(value: object) -> str:
    """Write a cell as text: the key 7.0 is 7."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
