"""The few words in which the SQL of engines differs."""

from collections.abc import Mapping, Sequence
from typing import Protocol

#: How an engine holds a column: text, floating point, exact number, or anything else.
TEXT, FLOAT, EXACT, OTHER = "text", "float", "exact", "other"


class Dialect(Protocol):
    """How an engine writes what reading a column takes."""

    #: The type of text, and the widest one of whole numbers.
    string: str
    whole: str

    def name(self, name: str) -> str:
        """Write a name."""
        ...

    def literal(self, text: str) -> str:
        """Write a text."""
        ...

    def number(self, text: str, type_: str) -> str:
        """Read a text as a number; missing where it is none."""
        ...

    def matches(self, text: str, pattern: str) -> str:
        """Tell whether a whole text has a form."""
        ...

    def day(self, text: str, formats: list[str]) -> str:
        """Read a text as a day in the first format (Python's letters) that fits."""
        ...

    def content(self, columns: list[str]) -> str:
        """Hash columns, missing values told apart."""
        ...

    def condition(self, sql: str) -> str:
        """Write a condition that the book states in DuckDB's SQL."""
        ...


def grouping_sets(
    relation: str, sets: Sequence[Sequence[str]], sums: Mapping[str, str], sql: Dialect
) -> str:
    """Write the query that groups a relation by several sets of columns in one pass."""
    columns = [sql.name(name) for name in dict.fromkeys(name for one in sets for name in one)]
    made = [f"{aggregate} AS {sql.name(name)}" for name, aggregate in sums.items()]
    groups = ", ".join(f"({', '.join(map(sql.name, one))})" for one in sets)
    picked = ", ".join([*columns, *made])
    return f"SELECT {picked} FROM {relation} GROUP BY GROUPING SETS ({groups})"  # noqa: S608
