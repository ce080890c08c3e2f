"""The draft: a proposal written as kapkit.toml, each part with its reason as a comment.

What stands in files is not trusted: names and values are quoted as TOML text, and comments are
one line each.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.exports import Form, Unread
from kapkit.book.proposal.systems import System
from kapkit.book.proposal.table_draft import Plan, TableDraft
from kapkit.book.sources.duck_sql import quoted

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(value: str) -> str:
    r"""Write a text as TOML.

    >>> toml_text('say "no"\n')
    '"say \\"no\\"\\n"'
    """
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    """Write a key as TOML, in quotes where it must be."""
    return name if _BARE.fullmatch(name) else toml_text(name)


def comment(text: str) -> str:
    """Write a text as one line of comment."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return "# " + "".join(sign if sign.isprintable() else " " for sign in clean)


def write_draft(
    name: str, currency: str, plan: Plan, system: System | None, delivered: Sequence[Delivery]
) -> str:
    """Write the kapkit.toml of a proposal."""
    lines = [
        comment("Proposed by kapkit init; every line is yours to change. Run kapkit check next."),
        "[book]",
        f"name = {toml_text(name)}",
        *([f"currency = {toml_text(currency)}"] if currency else ['# currency = "EUR"']),
        *([f"preset = {toml_text(system.preset)}"] if system else []),
    ]
    lines += _questions(plan)
    entries = entries_of(plan, system, delivered)
    lines += _files(entries, system)
    lines += _views(plan, entries)
    for draft in plan.tables:
        lines += _table(draft, entries)
    lines += _left(plan.left)
    return "\n".join(lines) + "\n"


def _questions(plan: Plan) -> Iterator[str]:
    if plan.questions:
        yield ""
        yield comment("To decide:")
        yield from (comment(f"- {question}") for question in plan.questions)


def _files(entries: Mapping[str, Delivery], system: System | None) -> Iterator[str]:
    """Name the files of each table, as the preset names them or after the table."""
    yield ""
    yield "[files]"
    reasons = (
        {id(one): system.reasons[name] for name, one in system.exports.items()} if system else {}
    )
    for entry, one in entries.items():
        if id(one) in reasons:
            yield comment(f"{one.place}: {reasons[id(one)]}")
        patterns = [toml_text(pattern) for pattern in one.patterns]
        value = patterns[0] if len(patterns) == 1 else f"[{', '.join(patterns)}]"
        yield f"{toml_key(entry)} = {value}"
    for entry, one in entries.items():
        yield from _format(entry, one)


def entries_of(
    plan: Plan, system: System | None, delivered: Sequence[Delivery]
) -> dict[str, Delivery]:
    """Map each entry of [files] to its files: those placed, and those that look-ups need."""
    entries = dict(system.exports) if system else {}
    chosen = {id(one) for draft in plan.tables for one in draft.sources}
    chosen |= {id(part) for draft in plan.tables for one in draft.sources for part in one.parts}
    sql = "\n".join(join for draft in plan.tables for join in draft.joins)
    for one in delivered:
        if id(one) in chosen or quoted(one.name) in sql:
            entries[one.name] = one
    return entries


def _format(entry: str, one: Delivery) -> Iterator[str]:
    form = one.form
    sheet = form.sheet if form.sheet and "#" in form.sheet else None
    said = Form(form.encoding, form.delimiter, form.skip, sheet)
    if said == Form():
        return
    yield ""
    yield f"[formats.{toml_key(entry)}]"
    if said.encoding:
        yield f"encoding = {toml_text(said.encoding)}"
    if said.delimiter:
        yield f"delimiter = {toml_text(said.delimiter)}"
    if said.skip:
        yield f"skip = {said.skip}"
    if said.sheet:
        yield f"sheet = {toml_text(said.sheet)}"


def view_of(draft: TableDraft) -> str | None:
    """Write the SQL of a table that is not read from its file as it stands; None where it is."""
    plain = len(draft.sources) == 1 and draft.base == quoted(draft.first.name)
    if plain and not (draft.computed or draft.joins or draft.unwanted):
        return None
    left_out = f" EXCLUDE ({', '.join(map(quoted, draft.unwanted))})" if draft.unwanted else ""
    picked = [f"base.*{left_out}", *(f"{sql} AS {quoted(name)}" for name, sql in draft.computed)]
    # The names are the files' own and are quoted; the rest is the proposal's.
    return "\n".join([f"SELECT {', '.join(picked)}", f"FROM {draft.base} AS base", *draft.joins])


def _views(plan: Plan, entries: Collection[str]) -> Iterator[str]:
    made = {draft.table: sql for draft in plan.tables if (sql := view_of(draft))}
    if made:
        yield ""
        yield "[views]"
    for table, sql in made.items():
        yield f"{_view_name(table, entries)} = {_long_text(sql)}"


def _view_name(table: str, entries: Collection[str]) -> str:
    taken = {entry.casefold() for entry in entries}
    return table if table not in taken else f"{table}_made"


def _long_text(text: str) -> str:
    plain = (
        "\n" in text
        and "'''" not in text
        and all(sign.isprintable() or sign == "\n" for sign in text)
    )
    return f"'''\n{text}\n'''" if plain else toml_text(text)


def _table(draft: TableDraft, entries: Collection[str]) -> Iterator[str]:
    yield ""
    yield comment(f"{draft.first.place}: {draft.reason}")
    yield from (comment(note) for note in draft.notes)
    yield f"[tables.{draft.table}]"
    read = _view_name(draft.table, entries) if view_of(draft) else draft.first.name
    if read != draft.table:
        yield f"read = {toml_text(read)}"
    if draft.dates:
        why = f"  {comment(draft.dates_reason)}" if draft.dates_reason else ""
        yield f"dates = [{', '.join(toml_text(form) for form in draft.dates)}]{why}"
    yield from (f"# dates = {toml_text(form)}" for form in draft.dates_choice)
    if draft.decimal != ".":
        yield f"decimal = {toml_text(draft.decimal)}"
    yield ""
    yield f"[tables.{draft.table}.columns]"
    for column, placed in draft.columns.items():
        yield f"{column} = {toml_text(placed.source)}  {comment(placed.reason)}"
    if draft.unplaced:
        yield comment(f"not placed: {', '.join(draft.unplaced)}")


def _left(left: Sequence[Unread]) -> Iterator[str]:
    if left:
        yield ""
        yield comment("Not placed:")
        yield from (comment(f"- {one.place}: {one.reason}") for one in left)
