"""The few words in which the SQL of engines differs."""

from typing import Protocol

#: How an engine holds a column: text, floating point, whole number of 64 bits at most, other
#: exact number, or anything else.
TEXT, FLOAT, WHOLE, EXACT, OTHER = "text", "float", "whole", "exact", "other"
NUMBERS = frozenset({FLOAT, WHOLE, EXACT})


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
