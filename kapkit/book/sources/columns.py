"""What columns mean: the SQL that reads a source's columns as text, days, numbers and money."""

import re
from collections.abc import Callable
from difflib import get_close_matches

from kapkit.book.config import FILE_NAME, TableSection, column_kinds
from kapkit.book.errors import DataError
from kapkit.book.schema import TABLES
from kapkit.book.sources.engine import (
    CONTENT,
    FILE,
    PLACE,
    ROW,
    RULE,
    UNREADABLE,
    quoted,
    text_of,
)


def mapping(
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


def reading(
    relation: str,
    table: str,
    section: TableSection,
    columns: dict[str, str],
    types: dict[str, str],
) -> str:
    """Write the SQL that reads a table's columns, with the place and the judgement of rows."""
    kinds = column_kinds(table)
    content = [quoted(column) for column in types if not PLACE.fullmatch(column)]
    parsed, unreadable = [], []
    for name, source in columns.items():
        kind = kinds.get(name) or ("number" if _numeric(types[source]) else "text")
        value = _PARSERS[kind](quoted(source), types[source], section)
        parsed.append(f"{value} AS {quoted(name)}")
        if kind != "text":
            given = _given(quoted(source), types[source])
            unreadable.append(f"WHEN {given} AND ({value}) IS NULL THEN {text_of(name)}")
    rules = [f"WHEN {test} THEN {text_of(why)}" for why, test in section.set_aside.items()]
    place = [
        FILE if FILE in types else f"{text_of(relation)} AS {FILE}",
        f"CAST({ROW} AS BIGINT) AS {ROW}" if ROW in types else f"CAST(0 AS BIGINT) AS {ROW}",
    ]
    judged = [
        f"hash({', '.join(content)}) AS {CONTENT}",
        f"{_case(rules)} AS {RULE}",
        f"{_case(unreadable)} AS {UNREADABLE}",
    ]
    # The book's own description is its owner's SQL; every name in it is quoted.
    return f"SELECT {', '.join([*parsed, *place, *judged])} FROM {quoted(relation)}"  # noqa: S608


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
    formats = ", ".join(text_of(form) for form in section.dates)
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
