"""Spark's SQL: the same meaning as DuckDB's, in its words."""

import re
from collections.abc import Callable

from kapkit.book.errors import DataError

#: Python's letters in Java's, in which one letter takes one or two digits and two take two.
_JAVA = {
    "Y": "yyyy",
    "y": "yy",
    "m": "M",
    "d": "d",
    "H": "H",
    "I": "h",
    "M": "m",
    "S": "s",
    "f": "SSSSSS",
    "p": "a",
    "b": "MMM",
    "B": "MMMM",
    "a": "EEE",
    "A": "EEEE",
    "j": "D",
    "z": "xx",
}
_PIECE = re.compile(r"%(.)|([^%]+)", re.DOTALL)
_NUMBER = r"[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?"


class SparkSql:
    """How Spark writes what reading a column takes (`Dialect`)."""

    string = "STRING"
    whole = "DECIMAL(38, 0)"

    def name(self, name: str) -> str:
        """Write a name."""
        return "`" + name.replace("`", "``") + "`"

    def literal(self, text: str) -> str:
        """Write a text, in which Spark takes backslashes for escapes."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def number(self, text: str, type_: str) -> str:
        """Read a text as a number; Java's own, such as 1d, are none."""
        return f"CASE WHEN {self.matches(text, _NUMBER)} THEN TRY_CAST({text} AS {type_}) END"

    def matches(self, text: str, pattern: str) -> str:
        """Tell whether a whole text has a form."""
        return f"{text} RLIKE {self.literal(f'^({pattern})$')}"

    def day(self, text: str, formats: list[str]) -> str:
        """Read a text as a day."""
        days = [self._day(text, form) for form in formats]
        return f"coalesce({', '.join(days)})" if len(days) > 1 else days[0]

    def content(self, columns: list[str]) -> str:
        """Hash columns; Spark's hash passes over missing values, so they get a sign."""
        signed = [f"coalesce(CAST({column} AS STRING), '\\u0000')" for column in columns]
        return f"xxhash64({', '.join(signed)})"

    def condition(self, sql: str) -> str:
        """Translate a condition."""
        return translated(f"SELECT {sql}").removeprefix("SELECT ")

    def _day(self, text: str, form: str) -> str:
        day = f"CAST(try_to_timestamp({text}, {self.literal(java_format(form))}) AS DATE)"
        if "%y" not in form:
            return day
        # Years of two digits: 69 to 99 are of the last century, as in DuckDB and Python.
        return f"CASE WHEN year({day}) > 2068 THEN add_months({day}, -1200) ELSE {day} END"


def translated(sql: str) -> str:
    """Translate a query from DuckDB's SQL."""
    import sqlglot

    return str(sqlglot.transpile(sql, read="duckdb", write="spark")[0])


def without_by_name(sql: str, by_name: Callable[[str, str], str]) -> str:
    """Translate a query whose unions by name ``by_name`` makes, and names, beforehand."""
    import sqlglot

    tree = sqlglot.parse_one(sql, read="duckdb")
    unions = [one for one in tree.find_all(sqlglot.exp.Union) if one.args.get("by_name")]
    # The innermost first: what holds a union is translated with its result.
    for union in reversed(unions):
        sides = (side.sql(dialect="spark") for side in (union.left, union.right))
        joined = sqlglot.exp.select("*").from_(by_name(*sides))
        if union is tree:
            return str(joined.sql(dialect="spark"))
        union.replace(joined)
    return str(tree.sql(dialect="spark"))


def java_format(form: str) -> str:
    """Write a format of days in Java's letters.

    >>> java_format("%d.%m.%Y"), java_format("%Y%m%d"), java_format("%Y-%m-%dT%H:%M:%S")
    ('d.M.yyyy', 'yyyyMMdd', "yyyy-M-d'T'H:m:s")
    """
    pieces = [("", ""), *_PIECE.findall(form), ("", "")]
    return "".join(
        _java_piece(form, letter, between, tight=bool(before or after))
        for (before, _), (letter, between), (after, _) in zip(
            pieces, pieces[1:], pieces[2:], strict=False
        )
    )


def _java_piece(form: str, letter: str, between: str, *, tight: bool) -> str:
    if between:
        return re.sub(r"[A-Za-z']+", lambda word: "'" + word[0].replace("'", "''") + "'", between)
    if letter == "%":
        return "%"
    if letter not in _JAVA:
        raise DataError(f"dates: {form}: Spark does not know %{letter}; write %Y, %m, %d, %y or %b")
    java = _JAVA[letter]
    # Where nothing parts the numbers, each has its full width.
    return java * 2 if tight and len(java) == 1 else java
