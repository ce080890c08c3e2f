"""Exports: the tables found in a folder, each with its columns and some thousands of its rows."""

import codecs
import csv
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from kapkit.book.config import FILE_NAME
from kapkit.book.errors import DataError
from kapkit.book.proposal.charset import encoding_told
from kapkit.book.sources.excel import SUFFIXES, open_sheet
from kapkit.book.sources.text import named

TEXTS = {".csv", ".txt", ".tsv"}
_HEAD, _BLOCK, _BLOCKS, _BYTES = 2_000, 600, 4, 1 << 18
_DELIMITERS = ",;\t|"
_MOST_SKIPPED = 30


@dataclass(frozen=True)
class Form:
    """How a file is written, as [formats] says it; only what is not the default."""

    encoding: str | None = None
    delimiter: str | None = None
    skip: int = 0
    sheet: str | None = None


@dataclass(frozen=True)
class Export:
    """One file or sheet: its path below the folder, how it is written, and a sample of it.

    ``types`` are those the file itself states: text, number, day or truth.
    """

    path: str
    columns: tuple[str, ...]
    rows: list[tuple[str | None, ...]] = field(repr=False)
    types: tuple[str, ...]
    form: Form = Form()
    whole: bool = True

    @property
    def place(self) -> str:
        """Name the file, with the sheet of a workbook."""
        return f"{self.path}#{self.form.sheet}" if self.form.sheet else self.path


@dataclass(frozen=True)
class Unread:
    """A file that is no table, and why."""

    place: str
    reason: str


def found(folder: Path) -> tuple[list[Export], list[Unread]]:
    """Look at every file below a folder; hidden ones and kapkit's own are left alone."""
    exports: list[Export] = []
    unread: list[Unread] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith((".", "~$")) for part in inside.parts)
        if hidden or not path.is_file() or path.name == FILE_NAME:
            continue
        for one in looked_at(path, inside.as_posix()):
            exports.append(one) if isinstance(one, Export) else unread.append(one)
    return exports, unread


def looked_at(path: Path, place: str) -> list[Export | Unread]:
    """Look at one file: its table, or the sheets of a workbook, or why it is none."""
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            return [_parquet(path, place)]
        if suffix in SUFFIXES:
            return list(_sheets(path, place))
        if suffix in TEXTS:
            return [_text(path, place)]
    except (DataError, OSError, ValueError, csv.Error, CalamineError, pa.ArrowException) as error:
        return [
            Unread(place, f"cannot be read: {str(error).splitlines()[0] if str(error) else '?'}")
        ]
    return [Unread(place, "is not CSV, Parquet or Excel")]


def _parquet(path: Path, place: str) -> Export:
    with pq.ParquetFile(path) as file:
        groups = file.num_row_groups
        chosen = sorted({0, groups // 2, groups - 1} & set(range(groups)))
        size = _HEAD if groups == 1 else _HEAD // 2
        batches = [b for group in chosen for b in _first(file, group, size)]
        schema, total = file.schema_arrow, file.metadata.num_rows
    rows = [tuple(_word(cell) for cell in row.values()) for b in batches for row in b.to_pylist()]
    types = tuple(_arrow_type(kind) for kind in schema.types)
    return Export(place, tuple(schema.names), rows, types, whole=len(rows) == total)


def _first(file: pq.ParquetFile, group: int, size: int) -> Iterator[pa.RecordBatch]:
    return islice(file.iter_batches(batch_size=size, row_groups=[group]), 1)


def _arrow_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "truth"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "day" if pa.types.is_date(kind) or pa.types.is_timestamp(kind) else "text"


def _sheets(path: Path, place: str) -> Iterator[Export | Unread]:
    with CalamineWorkbook.from_path(path) as book:
        names = book.sheet_names
    for name in names:
        try:
            yield _sheet(path, place, name)
        except DataError as error:
            yield Unread(f"{place}#{name}", f"cannot be read: {error}")


def _sheet(path: Path, place: str, name: str) -> Export:
    sheet = open_sheet(path, name, name=name, place=place)
    cells = list(islice((row for _, row in sheet.rows()), _HEAD + 1))
    columns = tuple(sheet.columns)
    unnamed = sum(column.startswith("column") and column[6:].isdecimal() for column in columns)
    if cells and unnamed * 2 > max(len(row) for row in cells):
        raise DataError("its first row holds no column names; delete the rows above them")
    typed = tuple(_cell_type([row.get(column, "") for row in cells]) for column in columns)
    rows = [tuple(_word(row.get(column)) for column in columns) for row in cells[:_HEAD]]
    return Export(place, columns, rows, typed, Form(sheet=name), whole=len(cells) <= _HEAD)


def _cell_type(cells: Sequence[Any]) -> str:
    kinds = {_kind(cell) for cell in cells if cell not in ("", None)}
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind(cell: object) -> str:
    if isinstance(cell, bool):
        return "truth"
    if isinstance(cell, int | float):
        return "number"
    return "day" if isinstance(cell, dt.date) else "text"


def _word(cell: object) -> str | None:
    """Write a cell as text, as the book reads it; None where it is empty."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = "" if cell is None else str(cell).strip()
    return text or None


def _text(path: Path, place: str) -> Export:
    encoding = encoding_told(path)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding) as file:
        head = list(islice(file, _HEAD + _MOST_SKIPPED))
        whole = not file.read(1)
    if not head:
        raise DataError("it is empty")
    skip, delimiter = layout(head)
    header = next(csv.reader(head[skip:], delimiter=delimiter), [])
    columns = tuple(named(header))
    rows = list(_records(head[skip + 1 :], delimiter, len(columns)))
    if not whole:
        start = len("".join(head).encode(encoding, "replace"))
        rows += _later_rows(path, start, encoding, delimiter, len(columns))
    form = Form(
        encoding=None if encoding in {"utf-8", "utf-16"} else encoding,
        delimiter=None if delimiter == _default_delimiter(head[skip:]) else delimiter,
        skip=skip,
    )
    return Export(place, columns, rows, ("text",) * len(columns), form, whole=whole)


def layout(lines: Sequence[str]) -> tuple[int, str]:
    r"""Tell how many lines stand above the column names, and the sign between columns.

    The column names are the first line as wide as most lines are.

    >>> layout(["Umsatz 2024\n", "\n", "Nr;Datum;Netto\n", "1;31.01.2024;10,5\n"])
    (2, ';')
    """
    best: tuple[float, int, str] = (0.0, 0, ",")
    for delimiter in _DELIMITERS:
        # Line by line: what stands above the names need not be well-formed.
        widths = [_width(line, delimiter) for line in lines[:200]]
        wide = [width for width in widths if width > 1]
        if not wide:
            continue
        usual = max(sorted(set(wide), reverse=True), key=wide.count)
        share = wide.count(usual) / max(1, sum(width > 0 for width in widths))
        first = widths.index(usual)
        if first <= _MOST_SKIPPED and share * usual > best[0]:
            best = (share * usual, first, delimiter)
    return best[1], best[2]


def _width(line: str, delimiter: str) -> int:
    if not line.strip():
        return 0
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return 0


def _default_delimiter(lines: Sequence[str]) -> str:
    """Name the delimiter that a book takes where none is said."""
    return max(_DELIMITERS, key=lambda sign: len(next(csv.reader(lines, delimiter=sign), [])))


def _records(lines: Sequence[str], delimiter: str, width: int) -> Iterator[tuple[str | None, ...]]:
    for row in csv.reader(lines, delimiter=delimiter):
        if len(row) == width:
            yield tuple(_word(cell) for cell in row)


def _later_rows(
    path: Path, begin: int, encoding: str, delimiter: str, width: int
) -> list[tuple[str | None, ...]]:
    """Read some rows from the middle and the end of a long file."""
    size, rows = path.stat().st_size, []
    with path.open("rb") as file:
        if encoding == "utf-16":
            encoding = "utf-16-be" if file.read(2) == codecs.BOM_UTF16_BE else "utf-16-le"
        for block in range(1, _BLOCKS + 1):
            start = max(begin, size * block // _BLOCKS - _BYTES) // 2 * 2
            if start >= size:
                break
            begin = start + _BYTES
            file.seek(start)
            lines = file.read(_BYTES).decode(encoding, "ignore").splitlines(keepends=True)[1:-1]
            try:
                rows += list(islice(_records(lines, delimiter, width), _BLOCK))
            except csv.Error:
                continue
    return rows
