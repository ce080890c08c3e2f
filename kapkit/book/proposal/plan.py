"""The plan: which files become which canonical tables, what must be computed, what is in doubt."""

from collections.abc import Callable, Mapping, Sequence

from kapkit.book.errors import listing
from kapkit.book.proposal.amounts import set_credits, set_discount, set_numbers, set_revenue
from kapkit.book.proposal.contacts import set_inbound, set_kinds
from kapkit.book.proposal.dating import set_days
from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.exports import Unread
from kapkit.book.proposal.links import contained
from kapkit.book.proposal.lookups import fill_in
from kapkit.book.proposal.match import Match, match
from kapkit.book.proposal.orders import joined
from kapkit.book.proposal.placement import assigned, draft_table, links_between
from kapkit.book.proposal.stand_ins import add_stand_ins
from kapkit.book.proposal.table_draft import Plan, TableDraft
from kapkit.book.schema import TABLES
from kapkit.book.sources.duck_sql import quoted

_STEPS: dict[str, tuple[Callable[[TableDraft, list[str]], None], ...]] = {
    "sales": (set_revenue, set_discount, set_credits),
    "activities": (set_kinds, set_inbound),
}


def plan(delivered: Sequence[Delivery], reserved: Sequence[str] = ()) -> Plan:
    """Place each file in a canonical table, as likely as can be; ``reserved`` are taken."""
    names = [name for name in TABLES if name not in reserved]
    delivered = joined(delivered)
    links, homes = links_between(delivered)
    matches = [
        {name: match(one.columns, name, one.stem, links[at]) for name in names}
        for at, one in enumerate(delivered)
    ]
    drafts = assigned(homes, matches, names)
    made = Plan([], [], [])
    for table, rows in drafts.items():
        made.tables.append(
            draft_table(table, [delivered[row] for row in rows], matches[rows[0]][table])
        )
    add_stand_ins(made, reserved)
    for draft in made.tables:
        _complete(draft, delivered, made.questions)
    made.tables = [draft for draft in made.tables if _whole(draft, made)]
    used = {id(one) for draft in made.tables for one in draft.sources}
    used |= {id(part) for draft in made.tables for one in draft.sources for part in one.parts}
    used |= {id(step) for draft in made.tables for step in _looked_up(draft, delivered)}
    said = {one.place for one in made.left}
    for row, one in enumerate(delivered):
        if id(one) not in used and one.place not in said:
            made.left.append(Unread(one.place, _why_not(matches[row], made.tables)))
    _check_keys(made)
    return made


def _complete(draft: TableDraft, delivered: Sequence[Delivery], questions: list[str]) -> None:
    """Say how days and numbers are written, and compute what the file has otherwise."""
    fill_in(draft, delivered, questions)
    set_numbers(draft, questions)
    for step in _STEPS.get(draft.table, ()):
        step(draft, questions)
    set_days(draft, questions)
    everything = [one.name for source in draft.sources for one in source.columns]
    own = draft.own or everything
    mapped = {name: placed.source for name, placed in draft.columns.items()}
    # A column called like a canonical one is read as that, unless it is left out.
    draft.unwanted = sorted(
        c for c in TABLES[draft.table].columns if c in own and mapped.get(c) != c
    )
    zeros = [
        p.source for n, p in draft.columns.items() if n.endswith("_id") and _zeros(draft, p.source)
    ]
    if zeros:
        draft.notes.append(f"keys keep their leading zeros: {listing(zeros)}")


def _zeros(draft: TableDraft, source: str) -> bool:
    return (column := draft.column(source)) is not None and column.zeros is not None


def _looked_up(draft: TableDraft, delivered: Sequence[Delivery]) -> list[Delivery]:
    return [one for one in delivered if any(quoted(one.name) in join for join in draft.joins)]


def _whole(draft: TableDraft, made: Plan) -> bool:
    """Keep a table that has every required column; else say what its file lacks."""
    required = [name for name, column in TABLES[draft.table].columns.items() if column.required]
    lacking = [name for name in required if name not in draft.columns]
    if lacking:
        why = f"looks like {draft.table}, but nothing in it is like {listing(lacking)}"
        made.left.append(Unread(draft.first.place, why))
    return not lacking


def _why_not(matches: Mapping[str, Match], tables: Sequence[TableDraft]) -> str:
    """Say what a file was taken for, and why not."""
    best = max(matches.values(), key=lambda one: one.score, default=None)
    if best is None or best.score < 0.35:
        return "no canonical table is like it"
    if best.missing:
        return f"most like {best.table}, but nothing in it is like {listing(best.missing)}"
    taken = next((draft.first.place for draft in tables if draft.table == best.table), "")
    return (
        f"like {best.table} too, but {taken} is more so"
        if taken
        else f"too little like {best.table}"
    )


def _check_keys(made: Plan) -> None:
    """Ask where the accounts that sales name are not among the accounts."""
    by_name = {draft.table: draft for draft in made.tables}
    if not {"accounts", "sales"} <= set(by_name):
        return
    accounts, sales = by_name["accounts"], by_name["sales"]
    keys = accounts.column(accounts.columns["account_id"].source)
    named = sales.column(sales.columns["account_id"].source)
    if keys is None or named is None or not keys.values or not named.values:
        return
    share = contained(named, keys.distinct)
    if share >= 0.5 or not accounts.first.whole:
        return
    stripped = {key.lstrip("0") for key in keys.distinct}
    alike = len({name.lstrip("0") for name in named.distinct} & stripped) / len(named.distinct)
    why = "; they differ in leading zeros" if alike > share + 0.3 else ""
    made.questions.append(
        f"{sales.first.place}: only {share:.0%} of {named.name} are in {keys.name} of "
        f"{accounts.first.place}{why}"
    )
