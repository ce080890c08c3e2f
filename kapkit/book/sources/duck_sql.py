"""DuckDB's SQL and its errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from kapkit.book.config import FILE_NAME
from kapkit.book.errors import DataError
from kapkit.book.sources.encoding import misread

_NOT_UTF8 = re.compile(r"not utf-8 encoded.*?^ *file = ([^\n]+)$", re.DOTALL | re.MULTILINE)
_BROKEN_LINE = re.compile(
    r"CSV Error on Line: (\d+)\nOriginal Line: (.*)\n(.*)\n(?:.*\n)*? *file = ([^\n]+)$",
    re.MULTILINE,
)
#: The query that DuckDB prints below its message; it is ours, not the reader's.
_QUERY = re.compile(r"\n\s*LINE \d+:")
_SHOWN = 80


class DuckSql:
    """How DuckDB writes what reading a column takes (`Dialect`)."""

    string = "VARCHAR"
    whole = "HUGEINT"

    def name(self, name: str) -> str:
        """Write a name."""
        return quoted(name)

    def literal(self, text: str) -> str:
        """Write a text."""
        return text_of(text)

    def number(self, text: str, type_: str) -> str:
        """Read a text as a number."""
        return f"TRY_CAST({text} AS {type_})"

    def matches(self, text: str, pattern: str) -> str:
        """Tell whether a whole text has a form."""
        return f"regexp_full_match({text}, {text_of(pattern)})"

    def day(self, text: str, formats: list[str]) -> str:
        """Read a text as a day."""
        short = [form for form in formats if "%y" in form]
        full = [form for form in formats if form not in short]
        if not (short and full):
            return _day(text, formats)
        # DuckDB reads 24 as the year 24 where four digits are due.
        whole = f"CASE WHEN year({_day(text, full)}) > 99 THEN {_day(text, full)} END"
        return f"coalesce({whole}, {_day(text, short)})"

    def content(self, columns: list[str]) -> str:
        """Hash columns."""
        return f"hash({', '.join(columns)})"

    def condition(self, sql: str) -> str:
        """Give the condition as it is."""
        return sql


def _day(text: str, formats: list[str]) -> str:
    known = ", ".join(text_of(form) for form in formats)
    return f"CAST(try_strptime({text}, [{known}]) AS DATE)"


def quoted(name: str) -> str:
    """Write a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_of(value: str) -> str:
    """Write a text as SQL."""
    return "'" + value.replace("'", "''") + "'"


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn the engine's errors into the one error people see, with its place."""
    try:
        yield
    except duckdb.Error as error:
        if found := _NOT_UTF8.search(str(error)):
            raise DataError(misread(Path(found[1]), "utf-8")) from None
        if found := _BROKEN_LINE.search(str(error)):
            raise DataError(_broken_line(*found.groups())) from None
        said = _QUERY.split(str(error))[0].strip()
        raise DataError(f"{FILE_NAME} {place}: {said}") from None


def _broken_line(number: str, line: str, why: str, path: str) -> str:
    shown = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
    return (
        f"{Path(path).name}: line {int(number):,} cannot be read ({shown}): "
        f"{why.lower().rstrip('.')}; mend it in the export, or say under [formats] in {FILE_NAME} "
        "how the file is written"
    )
