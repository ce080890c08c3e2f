"""Kinds and directions of activities, in the words of the book."""

import re

from kapkit.book.errors import listing
from kapkit.book.proposal.table_draft import TableDraft
from kapkit.book.sources.duck_sql import quoted, text_of

_KINDS = {
    "visit": r"visit|meeting|appointment|besuch|termin|visite|rendez|rdv|reuni|拜访|会议",
    "call": r"call|phone|anruf|telefon|appel|llamada|电话",
    "email": r"mail|correo|邮件",
    "demo": r"demo|vorf|démo|演示",
    "training": r"train|schulung|formation|formaci|培训",
}


def set_kinds(draft: TableDraft, questions: list[str]) -> None:
    """Put the kinds of activities into the book's words."""
    placed = draft.columns["kind"]
    column = draft.column(placed.source)
    if column is None or column.distinct <= {*_KINDS, "other"}:
        return
    branches, unknown = [], []
    for value in sorted(column.distinct)[:50]:
        kind = next((k for k, said in _KINDS.items() if re.search(said, value.casefold())), None)
        if kind:
            branches.append(f"WHEN {text_of(value)} THEN {text_of(kind)}")
        else:
            unknown.append(value)
    if unknown:
        questions.append(
            f"{draft.first.place}: {placed.source} {listing(unknown)} are read as other"
        )
    said = f"base.{quoted(placed.source)}"
    sql = f"CASE {said} {' '.join(branches)} ELSE 'other' END" if branches else "'other'"
    draft.compute("kind", sql, f"{placed.source} in the book's words")


def set_inbound(draft: TableDraft, questions: list[str]) -> None:
    """Leave out a direction that is not said as yes or no."""
    placed = draft.columns.get("inbound")
    column = draft.column(placed.source) if placed else None
    if column and not column.distinct <= {"yes", "no"}:
        draft.columns.pop("inbound")
        draft.unplaced.append(column.name)
