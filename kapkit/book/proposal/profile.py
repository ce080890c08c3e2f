"""Profiles: what the values of a column show, and how well that fits a canonical column."""

from dataclasses import dataclass, field
from functools import cached_property

from kapkit.book.proposal.days import Days, days_of
from kapkit.book.proposal.numbers import Writing, writing_of

#: The share of values that must read as what a column is to hold.
_MOSTLY = 0.9
_FEW = 40


@dataclass(frozen=True)
class Column:
    """A source's column: its name, the type its file states, and its values in the sample."""

    name: str
    type: str
    cells: tuple[str | None, ...] = field(repr=False)
    decimal: str = ""

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The values that are given."""
        return tuple(cell for cell in self.cells if cell)

    @cached_property
    def distinct(self) -> frozenset[str]:
        """The different values."""
        return frozenset(self.values)

    @cached_property
    def filled(self) -> float:
        """Share of rows with a value."""
        return len(self.values) / len(self.cells) if self.cells else 0.0

    @cached_property
    def unique(self) -> bool:
        """Whether it could be a key: always there and never twice (one row in a hundred may be)."""
        rows = len(self.cells)
        return rows > 0 and len(self.values) == rows and len(self.distinct) >= 0.99 * rows

    @cached_property
    def vocabulary(self) -> bool:
        """Whether few words come again and again."""
        return 0 < len(self.distinct) <= _FEW and 2 * len(self.distinct) <= len(self.values)

    @cached_property
    def days(self) -> Days | None:
        """The days it holds, if it does; those of a typed column need no format."""
        if self.type == "day":
            return Days((), 1.0)
        return None if self.type == "truth" else days_of(self.values)

    @cached_property
    def number(self) -> Writing | None:
        """The numbers it holds, if it does."""
        if self.type == "number":
            negative = sum(value.startswith("-") for value in self.values)
            return Writing(".", True, negative / max(1, len(self.values)))
        if self.type != "text":
            return None
        return writing_of(self.values, decimal=self.decimal)

    @cached_property
    def zeros(self) -> str | None:
        """A key that starts with a zero, if any does."""
        keys = (value for value in self.values if value[0] == "0" and len(value) > 1)
        return next((key for key in keys if key.isdecimal()), None)

    def fit(self, kind: str) -> float:
        """Tell how well the values fit a kind of column: 1 well, 0 not at all.

        An empty column fits nothing surely; text holds anything, days and decimals rarely.
        """
        if not self.values:
            return 0.2
        if kind == "day":
            return 1.0 if self.days else 0.0
        if kind in {"number", "money"}:
            if self.number is None:
                return 0.0
            return 0.5 if self.days and self.days.formats == ("%Y%m%d",) else 1.0
        wrong = self.type == "day" or (self.days and self.days.formats != ("%Y%m%d",))
        return 0.1 if wrong or self._fractions else 1.0

    @cached_property
    def _fractions(self) -> bool:
        return self.number is not None and any(map(_fraction, self.values[:200]))


def _fraction(value: str) -> bool:
    return any(sign in value.strip("0") for sign in ".,")
