"""How the days of a table are written; where day and month could be swapped, a question."""

from kapkit.book.config import column_kinds
from kapkit.book.proposal.days import Days
from kapkit.book.proposal.table_draft import TableDraft
from kapkit.book.schema import TABLES

_DEFAULT_DAYS = {"%Y-%m-%d", "%Y-%m-%d %H:%M:%S"}


def set_days(draft: TableDraft, questions: list[str]) -> None:
    """Say the formats of days; where day and month could be swapped, ask instead of choosing."""
    known = {
        name: column.days
        for name, placed in draft.columns.items()
        if column_kinds(draft.table)[name] == "day"
        and (column := draft.column(placed.source))
        and column.days
    }
    settled = {form for days in known.values() if not days.other_order for form in days.formats}
    for name, days in known.items():
        if days.other_order and not _settles(settled, days):
            _ask_order(draft, name, days, questions)
    formats = [
        f for name, days in known.items() if name in draft.columns for f in _formats(days, settled)
    ]
    if draft.dates_choice:
        return
    draft.dates = [] if set(formats) <= _DEFAULT_DAYS else list(dict.fromkeys(formats))
    said = [
        f"{draft.columns[n].source} has {d.over_twelve}" for n, d in known.items() if d.over_twelve
    ]
    draft.dates_reason = "; ".join(said[:2])


def _formats(days: Days, settled: set[str]) -> tuple[str, ...]:
    if days.other_order and days.other_order[:5] in {form[:5] for form in settled}:
        return (days.other_order,)
    return days.formats


def _settles(settled: set[str], days: Days) -> bool:
    """Tell whether another column of the file shows the order that this one does not."""
    orders = {form[:5] for form in settled}
    mine = {days.formats[0][:5], str(days.other_order)[:5]}
    return len(orders & mine) == 1


def _ask_order(draft: TableDraft, name: str, days: Days, questions: list[str]) -> None:
    source = draft.columns[name].source
    either = f'"{days.formats[0]}" or "{days.other_order}"'
    asked = (
        f"{draft.first.place}: {source} does not tell day from month, no value is over 12: {either}"
    )
    if not TABLES[draft.table].columns[name].required:
        draft.columns.pop(name)
        questions.append(
            f"{asked}; left out until you say, with its line under [tables.{draft.table}.columns]"
        )
        return
    draft.dates_choice = [days.formats[0], str(days.other_order)]
    questions.append(f"{asked}; take one of the two lines under [tables.{draft.table}]")
