"""Orders: heads and lines in two files, seen as the one table of sales they are."""

from collections.abc import Sequence
from dataclasses import replace

from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.exports import Export
from kapkit.book.proposal.labels import likeness, words
from kapkit.book.proposal.links import contained
from kapkit.book.proposal.profile import Column
from kapkit.book.sources.duck_sql import quoted

_ON_THE_HEAD = ("account_id", "date")


def joined(delivered: Sequence[Delivery]) -> list[Delivery]:
    """Join lines that name no account or no day to the heads that do, by the order's key."""
    made = list(delivered)
    for at, lines in enumerate(delivered):
        lacking = [name for name in _ON_THE_HEAD if not _says(lines, name)]
        pairs = [(head, key) for head in delivered if (key := _key(lines, head, lacking))]
        if lacking and _says(lines, "order_id") and len(pairs) == 1:
            made[at] = _together(lines, *pairs[0])
    return made


def _says(one: Delivery, name: str) -> bool:
    kind = "day" if name == "date" else "text"
    return any(likeness(c.name, "sales", name) >= 0.7 and c.fit(kind) > 0.5 for c in one.columns)


def _key(lines: Delivery, head: Delivery, lacking: Sequence[str]) -> str:
    """Name the order's key: once for each head, again and again in the lines."""
    if head is lines or not all(_says(head, name) for name in lacking):
        return ""
    for key in head.columns:
        for column in lines.columns:
            alike = words(column.name) == words(key.name) and column.name == key.name
            order = likeness(key.name, "sales", "order_id") >= 0.7
            shared = contained(column, key.distinct) >= (0.9 if head.whole else 0.01)
            if alike and order and key.unique and not column.unique and shared:
                return key.name
    return ""


def _together(lines: Delivery, head: Delivery, key: str) -> Delivery:
    """See lines with what only their head says; a sample of both is joined here."""
    own = {column.name.casefold() for column in lines.columns}
    further = [c for c in head.columns if c.name.casefold() not in own]
    at = {cell: row for row, cell in enumerate(head.column(key).cells) if cell}
    rows = [at.get(cell) if cell else None for cell in lines.column(key).cells]
    columns = [*lines.columns, *(_spread(column, rows) for column in further)]
    sample = Export(
        lines.place,
        tuple(column.name for column in columns),
        list(zip(*(column.cells for column in columns), strict=True)),
        tuple(column.type for column in columns),
        whole=False,
    )
    picked = "".join(f", head.{quoted(column.name)}" for column in further)
    # Only the names of the files' own columns are put in, quoted.
    sql = (
        f"(SELECT line.*{picked} FROM {quoted(lines.name)} AS line "  # noqa: S608
        f"LEFT JOIN {quoted(head.name)} AS head "
        f"ON head.{quoted(key)}::VARCHAR = line.{quoted(key)}::VARCHAR)"
    )
    return replace(lines, exports=(sample,), sql=sql, parts=(lines, head))


def _spread(column: Column, rows: Sequence[int | None]) -> Column:
    cells = tuple(None if row is None else column.cells[row] for row in rows)
    return Column(column.name, column.type, cells)
