"""Sources: files read lazily by DuckDB, given on as Narwhals frames of canonical columns.

Reading text as days and money is the engine's dialect and stays here; every later step is a
Narwhals expression and runs on any engine.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pyarrow as pa

from kapkit.book.config import FILE_NAME, BookConfig, TableSection, column_kinds
from kapkit.book.errors import DataError, listing
from kapkit.book.schema import TABLES

#: A frame that stays in the engine until it is collected.
LazyFrame = nw.LazyFrame[Any]

#: Columns that travel with each row: where it stands, what makes it itself, why it was refused.
FILE, ROW, CONTENT, RULE, UNREADABLE = "_file", "_row", "_content", "_rule", "_unreadable"
#: The place of a row; a view that joins files has a second one, which DuckDB numbers.
_PLACE = re.compile(rf"({FILE}|{ROW})(_\d+)?")


class FileSource:
    """CSV and Parquet files under one folder, each a view of an in-process DuckDB."""

    def __init__(self, config: BookConfig, folder: Path) -> None:
        self._config = config
        self._folder = folder
        self._paths = {name: self._found(name) for name in config.files}
        self._connection = duckdb.connect(":memory:")
        # Which day a time stamp with a zone falls on must not depend on the machine.
        self._connection.execute("SET TimeZone = 'UTC'")
        with explained("[files]"):
            for name, paths in self._paths.items():
                scan = _scan(paths, folder)
                self._connection.execute(f"CREATE VIEW {_quoted(name)} AS {scan}")
        for name, query in config.views.items():
            with explained(f"[views] {name}"):
                self._connection.execute(f"CREATE VIEW {_quoted(name)} AS {query}")

    def table(self, name: str) -> LazyFrame:
        """Give a canonical table as its source has it, typed.

        Columns: the canonical ones found, and per row ``_file``, ``_row``, ``_content`` (a hash
        of all source columns), ``_rule`` (the reason of a set-aside rule that holds) and
        ``_unreadable`` (the first column that could not be read).
        """
        relation = self._config.relation(name)
        if relation is None:
            raise DataError(f'[files] has no file for {name}; add {name} = "..." to {FILE_NAME}')
        section = self._config.table(name)
        types = self._types(relation)
        columns = _mapping(name, section, [c for c in types if not _PLACE.fullmatch(c)], relation)
        query = _reading(relation, name, section, columns, types)
        with explained(f"[tables.{name}]"):
            return nw.from_native(self._connection.sql(query))

    def keep(self, frame: LazyFrame, name: str) -> LazyFrame:
        """Compute a frame once and hold it in the engine, outside pandas."""
        native = frame.to_native()
        with explained(name):
            # A book asked for many days forgets the first ones and may compute them again.
            self._connection.execute(f"DROP TABLE IF EXISTS {_quoted(name)}")
            native.create(_quoted(name))
            return nw.from_native(self._connection.table(_quoted(name)))

    def batches(self, frame: LazyFrame) -> pa.RecordBatchReader:
        """Stream a frame as Arrow record batches."""
        return pa.RecordBatchReader.from_stream(frame.to_native())

    def fingerprint(self) -> str:
        """Hash the bytes of every file of the book (BLAKE2b, 32 hex digits)."""
        digest = hashlib.blake2b(digest_size=16)
        for path in sorted({path for paths in self._paths.values() for path in paths}):
            digest.update(path.name.encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
        return digest.hexdigest()

    def _found(self, name: str) -> list[Path]:
        patterns = self._config.files[name]
        found = {pattern: _matches(self._folder, pattern) for pattern in patterns}
        if missing := [pattern for pattern, paths in found.items() if not paths]:
            raise DataError(
                f"[files] {name}: no file matches {listing(missing)} in {self._folder}; "
                f"name the folder with --source or under [book] source in {FILE_NAME}"
            )
        # A file that two patterns match is one delivery.
        paths = list(dict.fromkeys(path for paths in found.values() for path in paths))
        if len({_is_parquet(path) for path in paths}) > 1:
            raise DataError(
                f"[files] {name}: Parquet and CSV files cannot be one table; give each kind a "
                f"name of its own and join them under [views] with UNION ALL BY NAME"
            )
        return paths

    def _types(self, relation: str) -> dict[str, str]:
        described = self._connection.execute(f"DESCRIBE {_quoted(relation)}").fetchall()
        return {str(row[0]): str(row[1]) for row in described}


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn the engine's errors into the one error people see, with its place."""
    try:
        yield
    except duckdb.Error as error:
        raise DataError(f"{FILE_NAME} {place}: {error}") from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _matches(folder: Path, pattern: str) -> list[Path]:
    if not pattern or Path(pattern).is_absolute():
        raise DataError(
            f"[files]: {pattern!r} is not a path below the source; "
            f"name the folder with --source or under [book] source in {FILE_NAME}"
        )
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _scan(paths: list[Path], folder: Path) -> str:
    """Read files of one kind as one relation; text stays text, so that "NA" is a value."""
    files = "[" + ", ".join(_text(str(path)) for path in paths) + "]"
    if _is_parquet(paths[0]):
        row = "file_row_number"
        read = f"read_parquet({files}, union_by_name=true, filename={_text(FILE)})"
    else:
        row = "row_number() OVER ()"
        # Said, not guessed from the first rows: a guess drops rows that begin with "#".
        read = (
            f"read_csv({files}, header=true, all_varchar=true, union_by_name=true, "
            f"""quote='"', escape='"', comment='', filename={_text(FILE)})"""
        )
    # Below the source, so that two deliveries of one name are told apart.
    file = f"substr({FILE}, {len(str(folder)) + 2})"
    return f"SELECT * REPLACE ({file} AS {FILE}), {row} AS {ROW} FROM {read}"  # noqa: S608


def _mapping(
    table: str, section: TableSection, available: list[str], relation: str
) -> dict[str, str]:
    """Map canonical columns to the source's; report every slip of the table together."""
    schema = TABLES[table].columns
    mapped = {name: name for name in schema if name in available} | section.columns
    breaches = [
        f"column {source} (for {name}) is not there{_nearest(source, available)}"
        for name, source in section.columns.items()
        if source not in available
    ]
    breaches += [
        f"required column {name} is missing{_nearest(name, available)}"
        for name, column in schema.items()
        if column.required and name not in mapped
    ]
    if breaches:
        raise DataError(
            f"{relation}: {'; '.join(breaches)}. It has {', '.join(available)}. "
            f"Map columns under [tables.{table}.columns] in {FILE_NAME}"
        )
    return mapped


def _nearest(name: str, available: list[str]) -> str:
    near = get_close_matches(name.lower(), {column.lower(): column for column in available}, n=1)
    actual = [column for column in available if near and column.lower() == near[0]]
    return f" (is it {actual[0]}?)" if actual else ""


def _reading(
    relation: str,
    table: str,
    section: TableSection,
    columns: dict[str, str],
    types: dict[str, str],
) -> str:
    kinds = column_kinds(table)
    content = [_quoted(column) for column in types if not _PLACE.fullmatch(column)]
    parsed, unreadable = [], []
    for name, source in columns.items():
        kind = kinds.get(name) or ("number" if _numeric(types[source]) else "text")
        value = _PARSERS[kind](_quoted(source), types[source], section)
        parsed.append(f"{value} AS {_quoted(name)}")
        if kind != "text":
            given = _given(_quoted(source), types[source])
            unreadable.append(f"WHEN {given} AND ({value}) IS NULL THEN {_text(name)}")
    rules = [f"WHEN {test} THEN {_text(why)}" for why, test in section.set_aside.items()]
    place = [
        FILE if FILE in types else f"{_text(relation)} AS {FILE}",
        f"CAST({ROW} AS BIGINT) AS {ROW}" if ROW in types else f"CAST(0 AS BIGINT) AS {ROW}",
    ]
    judged = [
        f"hash({', '.join(content)}) AS {CONTENT}",
        f"{_case(rules)} AS {RULE}",
        f"{_case(unreadable)} AS {UNREADABLE}",
    ]
    # The book's own description is its owner's SQL; every name in it is quoted.
    return f"SELECT {', '.join([*parsed, *place, *judged])} FROM {_quoted(relation)}"  # noqa: S608


def _case(branches: list[str]) -> str:
    return f"CASE {' '.join(branches)} END" if branches else "CAST(NULL AS VARCHAR)"


def _numeric(type_: str) -> bool:
    return re.fullmatch(rf"{_INTEGER}|DOUBLE|FLOAT|DECIMAL\(.*\)", type_) is not None


def _given(column: str, type_: str) -> str:
    present = f"nullif(trim({column}), '')" if type_ == "VARCHAR" else column
    return f"{present} IS NOT NULL"


def _read_text(column: str, type_: str, _: TableSection) -> str:
    # A key that a spreadsheet turned into a float: 12345.0 is the key 12345.
    if type_ in {"DOUBLE", "FLOAT"}:
        whole = f"CASE WHEN {column} = floor({column}) THEN TRY_CAST({column} AS HUGEINT) END"
        either = f"coalesce(CAST({whole} AS VARCHAR), CAST({column} AS VARCHAR))"
        return f"CASE WHEN isfinite({column}) THEN {either} END"
    return f"nullif(trim(CAST({column} AS VARCHAR)), '')"


def _read_day(column: str, type_: str, section: TableSection) -> str:
    formats = ", ".join(_text(form) for form in section.dates)
    day = f"TRY_CAST({column} AS DATE)"
    if type_ == "VARCHAR" or _numeric(type_):
        text = _read_text(column, type_, section)
        day = f"CAST(try_strptime({text}, [{formats}]) AS DATE)"
    # Year 24 is a year of two digits read as one of four; pandas holds no day outside these.
    return f"CASE WHEN year({day}) BETWEEN 1678 AND 2261 THEN {day} END"


def _plain_number(column: str, type_: str, section: TableSection) -> str:
    if type_ != "VARCHAR":
        return column
    # trim also keeps DuckDB from pushing the cast into the CSV reader, where it would fail hard.
    text = f"trim({column})"
    if section.decimal == ".":
        return text
    # A dot must part thousands: 12.50 among decimal commas is unreadable, not 1250.
    good = f"regexp_full_match({text}, '[^.]*|[-+]?[0-9]{{1,3}}([.][0-9]{{3}})+(,[0-9]*)?')"
    return f"CASE WHEN {good} THEN replace(replace({text}, '.', ''), ',', '.') END"


def _read_number(column: str, type_: str, section: TableSection) -> str:
    value = f"TRY_CAST({_plain_number(column, type_, section)} AS DOUBLE)"
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def _read_money(column: str, type_: str, section: TableSection) -> str:
    """Money is exact: four decimals, so that totals reconcile to the cent."""
    return f"TRY_CAST({_plain_number(column, type_, section)} AS DECIMAL(18, 4))"


_INTEGER = "U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER"

_PARSERS: dict[str, Callable[[str, str, TableSection], str]] = {
    "text": _read_text,
    "day": _read_day,
    "number": _read_number,
    "money": _read_money,
}
