"""What columns mean: the SQL that reads a source's columns as text, days, numbers and money."""

from collections.abc import Callable, Collection
from difflib import get_close_matches

from kapkit.book.config import FILE_NAME, BookConfig, TableSection, column_kinds
from kapkit.book.errors import DataError
from kapkit.book.schema import KEYS, TABLES
from kapkit.book.source import CONTENT, FILE, PLACE, ROW, RULE, UNREADABLE
from kapkit.book.sources.dialect import EXACT, FLOAT, NUMBERS, TEXT, WHOLE, Dialect


def mapping(
    table: str, section: TableSection, available: list[str], relation: str
) -> dict[str, str]:
    """Map canonical columns to the source's; report every slip of the table together."""
    schema = TABLES[table].columns
    given = {name: _as_there(source, available) for name, source in section.columns.items()}
    mapped = {name: name for name in schema if name in available} | given
    breaches = [
        f"column {source} (for {name}) is not there{_nearest(source, available)}"
        for name, source in given.items()
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


def _as_there(name: str, available: list[str]) -> str:
    """Spell a column as the source does: a database may hold names in lower case."""
    alike = [column for column in available if column.lower() == name.lower()]
    return alike[0] if name not in available and len(alike) == 1 else name


def _nearest(name: str, available: list[str]) -> str:
    near = get_close_matches(name.lower(), {column.lower(): column for column in available}, n=1)
    actual = [column for column in available if near and column.lower() == near[0]]
    return f" (is it {actual[0]}?)" if actual else ""


def reading(
    relation: str,
    table: str,
    section: TableSection,
    types: dict[str, str],
    sql: Dialect,
    whole: Collection[str] = (),
) -> list[str]:
    """Write the SQL of a table's columns, with the place and the judgement of each row.

    ``types`` are the source's columns, each with how the engine holds it (`dialect`); ``whole``
    are the keys that stay whole numbers (`whole_keys`).
    """
    content = {column: type_ for column, type_ in types.items() if not PLACE.fullmatch(column)}
    kinds = column_kinds(table)
    parsed, unreadable = [], []
    for name, source in mapping(table, section, list(content), relation).items():
        kind = kinds.get(name) or ("number" if types[source] in NUMBERS else "text")
        column = sql.name(source)
        parser = _read_whole if name in whole else _PARSERS[kind]
        value = parser(column, types[source], section, sql)
        parsed.append(f"{value} AS {sql.name(name)}")
        if kind != "text":
            given = _given(column, types[source])
            unreadable.append(f"WHEN {given} AND ({value}) IS NULL THEN {sql.literal(name)}")
    rules = [
        f"WHEN {sql.condition(test)} THEN {sql.literal(why)}"
        for why, test in section.set_aside.items()
    ]
    place = [
        FILE if FILE in types else f"{sql.literal(relation)} AS {FILE}",
        f"CAST({ROW} AS BIGINT) AS {ROW}" if ROW in types else f"CAST(0 AS BIGINT) AS {ROW}",
    ]
    judged = [
        f"{sql.content([sql.name(column) for column in content])} AS {CONTENT}",
        f"{_case(rules, sql)} AS {RULE}",
        f"{_case(unreadable, sql)} AS {UNREADABLE}",
    ]
    return [*parsed, *place, *judged]


def whole_keys(config: BookConfig, types: Callable[[str], dict[str, str]]) -> frozenset[str]:
    """Name the keys that are whole numbers in every table of a book that has them.

    Engines join and group whole numbers faster than text; `frames.text_keys` makes text of them
    where rows leave the engine. ``types`` gives the columns of a relation (`reading`).
    """
    held: dict[str, set[str]] = {key: set() for key in KEYS}
    for table in TABLES:
        if relation := config.relation(table):
            there = types(relation)
            given = config.table(table).columns
            for key in KEYS & set(TABLES[table].columns):
                column = _as_there(given.get(key, key), list(there))
                held[key] |= {there[column]} if column in there else set()
    return frozenset(key for key, kinds in held.items() if kinds == {WHOLE})


def _case(branches: list[str], sql: Dialect) -> str:
    return f"CASE {' '.join(branches)} END" if branches else f"CAST(NULL AS {sql.string})"


def _given(column: str, type_: str) -> str:
    present = f"nullif(trim({column}), '')" if type_ == TEXT else column
    return f"{present} IS NOT NULL"


def _finite(value: str) -> str:
    # NaN is above all numbers in every engine's order.
    return f"{value} BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308"


def _read_text(column: str, type_: str, _: TableSection, sql: Dialect) -> str:
    # A key that a spreadsheet turned into a float: 12345.0 is the key 12345.
    if type_ == FLOAT:
        whole = f"CASE WHEN {column} = floor({column}) THEN TRY_CAST({column} AS {sql.whole}) END"
        either = f"coalesce(CAST({whole} AS {sql.string}), CAST({column} AS {sql.string}))"
        return f"CASE WHEN {_finite(column)} THEN {either} END"
    if type_ in {WHOLE, EXACT}:
        return f"CAST({column} AS {sql.string})"
    return f"nullif(trim(CAST({column} AS {sql.string})), '')"


def _read_whole(column: str, *_: object) -> str:
    return f"CAST({column} AS BIGINT)"


def _read_day(column: str, type_: str, section: TableSection, sql: Dialect) -> str:
    if type_ in {TEXT, *NUMBERS}:
        day = sql.day(_read_text(column, type_, section, sql), section.dates)
    else:
        day = f"TRY_CAST({column} AS DATE)"
    # Year 24 is a year of two digits read as one of four; pandas holds no day outside these.
    return f"CASE WHEN year({day}) BETWEEN 1678 AND 2261 THEN {day} END"


def _plain_number(column: str, type_: str, section: TableSection, sql: Dialect) -> str:
    if type_ != TEXT:
        return column
    # trim also keeps DuckDB from pushing the cast into the CSV reader, where it would fail hard.
    text = f"trim({column})"
    if section.decimal == ".":
        return text
    # A dot must part thousands: 12.50 among decimal commas is unreadable, not 1250.
    good = sql.matches(text, "[^.]*|[-+]?[0-9]{1,3}([.][0-9]{3})+(,[0-9]*)?")
    return f"CASE WHEN {good} THEN replace(replace({text}, '.', ''), ',', '.') END"


def _cast(column: str, type_: str, wanted: str, section: TableSection, sql: Dialect) -> str:
    plain = _plain_number(column, type_, section, sql)
    return sql.number(plain, wanted) if type_ == TEXT else f"TRY_CAST({plain} AS {wanted})"


def _read_number(column: str, type_: str, section: TableSection, sql: Dialect) -> str:
    value = _cast(column, type_, "DOUBLE", section, sql)
    return f"CASE WHEN {_finite(value)} THEN {value} END"


def _read_money(column: str, type_: str, section: TableSection, sql: Dialect) -> str:
    """Money is exact: four decimals, so that totals reconcile to the cent."""
    return _cast(column, type_, "DECIMAL(18, 4)", section, sql)


_PARSERS: dict[str, Callable[[str, str, TableSection, Dialect], str]] = {
    "text": _read_text,
    "day": _read_day,
    "number": _read_number,
    "money": _read_money,
}
