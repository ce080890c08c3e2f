"""CSV files: names and delimiter are read from the first line, never guessed from the rows."""

import csv
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from kapkit.book.config import FILE_NAME, FormatSection
from kapkit.book.errors import DataError
from kapkit.book.source import FILE, ROW
from kapkit.book.sources.duck_sql import text_of
from kapkit.book.sources.encoding import as_utf8, encoding_of, misread

_DELIMITERS = ",;\t|"


def csv_scan(path: Path, name: str, form: FormatSection, copy: Callable[[], Path]) -> str:
    """Write the SQL that reads one CSV file; text stays text, so that "NA" is a value.

    Raises
    ------
    DataError
        If the file is empty, or not of its encoding.
    """
    text = as_utf8(path, encoding_of(path, form.encoding), copy)
    first = _first_line(text, form.skip, name)
    delimiter = form.delimiter or max(_DELIMITERS, key=lambda sign: len(_cells(first, sign)))
    columns = ", ".join(f"{text_of(c)}: 'VARCHAR'" for c in named(_cells(first, delimiter)))
    # Said, not guessed from the first rows: a guess drops the rows that do not fit it.
    return (
        f"SELECT *, {text_of(name)} AS {FILE}, row_number() OVER () AS {ROW} "  # noqa: S608
        f"FROM read_csv({text_of(str(text))}, auto_detect=false, header=true, skip={form.skip}, "
        f"columns={{{columns}}}, delim={text_of(delimiter)}, quote='\"', escape='\"', comment='')"
    )


def named(header: list[str]) -> list[str]:
    """Give every column a name of its own, whatever the case.

    >>> named(["id", "ID", ""])
    ['id', 'ID_1', 'column3']
    """
    names: dict[str, str] = {}
    for place, cell in enumerate(header, 1):
        base = name = cell.strip() or f"column{place}"
        again = 0
        while name.lower() in names:
            again += 1
            name = f"{base}_{again}"
        names[name.lower()] = name
    return list(names.values())


def _first_line(path: Path, skip: int, name: str) -> list[str]:
    """Give the lines of the header; a quoted name may go over several."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = list(islice(file, skip, skip + 20))
    except UnicodeDecodeError:
        raise DataError(misread(path, "utf-8")) from None
    if not lines or not lines[0].strip():
        raise DataError(
            f"{name}: there are no column names on line {skip + 1}; export it again, or say under "
            f"[formats] in {FILE_NAME} how many lines to skip"
        )
    return lines


def _cells(lines: list[str], delimiter: str) -> list[str]:
    return next(csv.reader(lines, delimiter=delimiter), [])
