"""One canonical table of a proposal, while it is being made."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.exports import Unread
from kapkit.book.proposal.match import Placed
from kapkit.book.proposal.profile import Column
from kapkit.book.schema import TABLES
from kapkit.book.sources.duck_sql import quoted


@dataclass
class TableDraft:
    """One canonical table of the proposal: where it is read, its columns, and why."""

    table: str
    sources: list[Delivery]
    columns: dict[str, Placed]
    reason: str
    base: str = ""
    own: list[str] | None = None
    computed: list[tuple[str, str]] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    dates_reason: str = ""
    dates_choice: list[str] = field(default_factory=list)
    decimal: str = "."
    notes: list[str] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)

    @property
    def first(self) -> Delivery:
        """The file that the columns were read from."""
        return self.sources[0]

    def column(self, source: str) -> Column | None:
        """Find a column of the file; None where the draft computes it."""
        return next((one for one in self.first.columns if one.name == source), None)

    def name_of(self, column: str) -> str:
        """Find a name for a computed column that no column of the file has."""
        taken = {one.name.casefold() for source in self.sources for one in source.columns}
        taken |= {name.casefold() for name, _ in self.computed}
        return next(
            n
            for n in (column, *(f"{column} {i}" for i in range(2, 99)))
            if n.casefold() not in taken
        )

    def compute(self, column: str, sql: str, reason: str) -> None:
        """Make a canonical column by SQL on the file's own."""
        name = self.name_of(f"{TABLES[self.table].name} {column}".replace("_", " "))
        self.computed.append((name, sql))
        self.columns[column] = Placed(name, column, 1.0, reason)


@dataclass
class Plan:
    """The tables placed, the files that were not and why, and what is left to the user."""

    tables: list[TableDraft]
    left: list[Unread]
    questions: list[str]


def relation(sources: Sequence[Delivery]) -> str:
    """Write the relation of a table's files; every name in it is quoted."""
    if len(sources) == 1:
        return sources[0].sql or quoted(sources[0].name)
    each = [f"SELECT * FROM {relation([source])}" for source in sources]  # noqa: S608
    return f"({' UNION ALL BY NAME '.join(each)})"
