"""The plan: which files become which canonical tables, what must be computed, what is in doubt."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from kapkit.book.config import column_kinds
from kapkit.book.errors import listing
from kapkit.book.proposal.days import Days
from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.exports import Unread
from kapkit.book.proposal.labels import likeness
from kapkit.book.proposal.links import Lookup, contained, key_referred_to, linked, lookup
from kapkit.book.proposal.match import RECOGNISED, Match, Placed, match
from kapkit.book.proposal.numbers import number_sql
from kapkit.book.proposal.orders import joined
from kapkit.book.proposal.profile import Column
from kapkit.book.schema import TABLES
from kapkit.book.sources.duck_sql import quoted, text_of

_DEFAULT_DAYS = {"%Y-%m-%d", "%Y-%m-%d %H:%M:%S"}
#: Required columns that can be had otherwise where no column is like them.
_DERIVED = {
    "accounts": {"name", "region"},
    "sales": {"revenue"},
    "products": {"name", "category"},
}
#: A word whose column is less sure than this is looked for in other files too.
_PLAIN = 0.8
#: How much likelier a file is a table whose keys the sales hold.
_HOME = 1.3
_CREDIT = re.compile(
    r"credit|gutschrift|storno|retour|return|refund|reversal|avoir|abono|nota de cr|devoluc"
    r"|红字|退货|贷项|\b(cm|cn|cr|g2)\b"
)
_WON = re.compile(r"\bwon\b|closedwon|gewonnen|gagn|ganad|赢单|成交")
_KINDS = {
    "visit": r"visit|meeting|appointment|besuch|termin|visite|rendez|rdv|reuni|拜访|会议",
    "call": r"call|phone|anruf|telefon|appel|llamada|电话",
    "email": r"mail|correo|邮件",
    "demo": r"demo|vorf|démo|演示",
    "training": r"train|schulung|formation|formaci|培训",
}


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


def plan(delivered: Sequence[Delivery], reserved: Sequence[str] = ()) -> Plan:
    """Place each file in a canonical table, as likely as can be; ``reserved`` are taken."""
    names = [name for name in TABLES if name not in reserved]
    delivered = joined(delivered)
    links, homes = _links(delivered)
    matches = [
        {name: match(one.columns, name, one.stem, links[at]) for name in names}
        for at, one in enumerate(delivered)
    ]
    drafts = _assigned(homes, matches, names)
    made = Plan([], [], [])
    for table, rows in drafts.items():
        made.tables.append(_draft(table, [delivered[row] for row in rows], matches[rows[0]][table]))
    _stand_ins(made, reserved)
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


def _links(
    delivered: Sequence[Delivery],
) -> tuple[list[dict[str, dict[str, float]]], dict[str, int]]:
    """Tell which columns of each file hold keys of accounts or products, and where those lie."""
    homes: dict[str, int] = {}
    links: list[dict[str, dict[str, float]]] = [{} for _ in delivered]
    sales = max(
        delivered, key=lambda one: match(one.columns, "sales", one.stem).score, default=None
    )
    if sales is None:
        return links, homes
    for table, label in (("accounts", "account_id"), ("products", "product_id")):
        referring = [one for one in sales.columns if likeness(one.name, "sales", label) >= 0.5]
        ranked = []
        for one in delivered:
            sure, key = key_referred_to(one, referring, label) if one is not sales else (0.0, "")
            ranked.append((sure + match(one.columns, table, one.stem).score if key else 0.0, key))
        at = max(range(len(ranked)), key=lambda row: ranked[row][0])
        if not ranked[at][1]:
            continue
        homes[table] = at
        keys = delivered[at].column(ranked[at][1]).distinct
        for row, one in enumerate(delivered):
            found = {ranked[at][1]: 1.0} if row == at else linked(one.columns, keys, label)
            for column, share in found.items():
                links[row].setdefault(column, {})[table] = share
    return links, homes


def _assigned(
    homes: Mapping[str, int], matches: Sequence[Mapping[str, Match]], names: Sequence[str]
) -> dict[str, list[int]]:
    """Give each table its file; further files of the same columns join it."""
    scores = np.array(
        [
            [_eligible(one[name]) * (_HOME if homes.get(name) == row else 1.0) for name in names]
            for row, one in enumerate(matches)
        ]
    )
    if not scores.size:
        return {}
    chosen: dict[str, list[int]] = {}
    for row, at in zip(*linear_sum_assignment(-scores), strict=True):
        if scores[row, at] >= RECOGNISED:
            chosen[names[at]] = [int(row)]
    taken = {rows[0] for rows in chosen.values()}
    for row in set(range(len(matches))) - taken:
        at = int(scores[row].argmax())
        first = chosen.get(names[at])
        if (
            scores[row, at] >= RECOGNISED
            and first
            and _same_columns(matches[row], matches[first[0]], names[at])
        ):
            first.append(row)
    return {name: chosen[name] for name in TABLES if name in chosen}


def _same_columns(one: Mapping[str, Match], other: Mapping[str, Match], table: str) -> bool:
    left, right = ({n: p.source for n, p in m[table].columns.items()} for m in (one, other))
    return left == right


def _eligible(one: Match) -> float:
    """Score a match; 0 where a required column is neither there nor to be had otherwise."""
    lacking = set(one.missing) - _DERIVED.get(one.table, set())
    if lacking:
        return 0.0
    worth = {"accounts": 0.12, "sales": 0.25}.get(one.table, 0.15)
    return one.score + worth * len(one.missing) if one.missing else one.score


def _draft(table: str, sources: list[Delivery], found: Match) -> TableDraft:
    matched = len(found.columns)
    reason = f"{matched} of its {len(sources[0].columns)} columns are like columns of {table}"
    draft = TableDraft(table, sources, dict(found.columns), reason)
    draft.base = _from(sources)
    used = {placed.source for placed in found.columns.values()}
    draft.unplaced = [c.name for c in sources[0].columns if c.name not in used]
    return draft


def _from(sources: Sequence[Delivery]) -> str:
    """Write the relation of a table's files; every name in it is quoted."""
    if len(sources) == 1:
        return sources[0].sql or quoted(sources[0].name)
    each = [f"SELECT * FROM {_from([source])}" for source in sources]  # noqa: S608
    return f"({' UNION ALL BY NAME '.join(each)})"


def _stand_ins(made: Plan, reserved: Sequence[str]) -> None:
    """Make sales of won deals, and accounts of the customers of sales, where there are none."""
    by_name = {draft.table: draft for draft in made.tables}
    deals = None if "sales" in {*by_name, *reserved} else by_name.get("opportunities")
    if deals and (sales := _won_deals(deals)):
        made.tables.append(sales)
        by_name["sales"] = sales
        made.questions.append(
            "sales are the won deals, as a stand-in: no invoices or orders were found"
        )
    if "accounts" not in {*by_name, *reserved} and "sales" in by_name:
        made.tables.insert(0, _customers(by_name["sales"]))
        made.questions.append(
            "accounts are the customers that sales name: no file lists them; add one with their "
            "names, regions and owners"
        )


def _won_deals(deals: TableDraft) -> TableDraft | None:
    stage = deals.first.column(deals.columns["stage"].source)
    won = sorted(value for value in stage.distinct if _WON.search(value.casefold()))
    placed = {
        "order_id": deals.columns["opportunity_id"],
        "account_id": deals.columns["account_id"],
        "date": deals.columns.get("closes", deals.columns["created"]),
        "revenue": deals.columns["amount"],
    }
    if "product_id" in deals.columns:
        placed["product_id"] = deals.columns["product_id"]
    if not won:
        return None
    sales = TableDraft(
        "sales", deals.sources, placed, f"deals whose {stage.name} is {listing(won)}"
    )
    of_won = ", ".join(text_of(value) for value in won)
    sales.base = f"(SELECT * FROM {_from(deals.sources)} WHERE {quoted(stage.name)} IN ({of_won}))"  # noqa: S608
    return sales


def _customers(sales: TableDraft) -> TableDraft:
    key = sales.columns["account_id"]
    words = {
        name: best
        for name in ("name", "region", "industry", "owner")
        if (best := _said_of_customers(sales.first, key.source, name))
    }
    picked = list(dict.fromkeys([key.source, *words.values()]))
    columns = {"account_id": key}
    columns |= {
        name: Placed(source, name, 0.7, "of the sales lines") for name, source in words.items()
    }
    accounts = TableDraft("accounts", sales.sources, columns, "the customers that sales name")
    accounts.own = picked
    said = ", ".join(quoted(name) for name in picked)
    first = sales.columns["date"].source
    day = ""
    if sales.first.column(first).type == "day":
        day = f", min({quoted(first)}) AS {quoted('first seen')}"
        columns["recorded"] = Placed("first seen", "recorded", 0.7, "where it was seen last stands")
    accounts.base = (
        f"(SELECT {said}{day} FROM {_from(sales.sources)} "  # noqa: S608
        f"WHERE {quoted(key.source)} IS NOT NULL GROUP BY ALL)"
    )
    return accounts


def _said_of_customers(sales: Delivery, key: str, name: str) -> str | None:
    """Find the column of sales that says something of the customer: nearly one value for each."""
    customers = sales.column(key)
    likely = [c for c in sales.columns if likeness(c.name, "accounts", name) >= 0.5]
    for column in sorted(likely, key=lambda c: -likeness(c.name, "accounts", name)):
        pairs = {pair for pair in zip(customers.cells, column.cells, strict=True) if all(pair)}
        named = {customer for customer, _ in pairs}
        if column.name != key and column.number is None and 0 < len(pairs) <= 1.1 * len(named):
            return column.name
    return None


def _complete(draft: TableDraft, delivered: Sequence[Delivery], questions: list[str]) -> None:
    """Say how days and numbers are written, and compute what the file has otherwise."""
    _fill(draft, delivered, questions)
    _set_numbers(draft, questions)
    for step in _STEPS.get(draft.table, ()):
        step(draft, questions)
    _set_days(draft, questions)
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
    return (column := _column(draft, source)) is not None and column.zeros is not None


def _column(draft: TableDraft, source: str) -> Column | None:
    return next((c for c in draft.first.columns if c.name == source), None)


def _fill(draft: TableDraft, delivered: Sequence[Delivery], questions: list[str]) -> None:
    """Fill in names, regions and categories that the file itself does not say."""
    key = draft.columns.get("account_id" if draft.table == "accounts" else "product_id")
    if draft.table in {"accounts", "products"} and "name" not in draft.columns and key:
        draft.columns["name"] = Placed(key.source, "name", 0.5, "no column is like a name")
    wanted = {"accounts": "region", "products": "category"}.get(draft.table)
    if wanted is None:
        return
    here = draft.columns.get(wanted)
    way = None
    if here is None or here.score < _PLAIN:
        way = lookup(draft.first, delivered, draft.table, wanted)
    if way is not None and (here is None or way.score > here.score):
        draft.unplaced += [here.source] if here else []
        _join(draft, wanted, way)
    elif wanted == "region" and here is None:
        draft.compute("region", "'all'", "no file says a region: one for all accounts")
        questions.append(
            f"{draft.first.place}: no column is like a region; all accounts are in one region "
            "called all: map the column that names it under [tables.accounts.columns]"
        )


def _join(draft: TableDraft, wanted: str, way: Lookup) -> None:
    left = "base"
    for number, step in enumerate(way.steps, 1):
        right = f"look{number}"
        draft.joins.append(
            f"LEFT JOIN {quoted(step.delivery.name)} AS {right} "
            f"ON {right}.{quoted(step.key)}::VARCHAR = {left}.{quoted(step.column)}::VARCHAR"
        )
        left = right
    places = " and ".join(step.delivery.place for step in way.steps)
    draft.compute(
        wanted,
        f"{left}.{quoted(way.column)}",
        f"{way.column} of {places}, by {way.steps[0].column}",
    )


def _looked_up(draft: TableDraft, delivered: Sequence[Delivery]) -> list[Delivery]:
    return [one for one in delivered if any(quoted(one.name) in join for join in draft.joins)]


def _set_numbers(draft: TableDraft, questions: list[str]) -> None:
    """Say the decimal sign; compute the numbers that the book cannot read as they stand."""
    kinds = column_kinds(draft.table)
    numeric = {
        name: column
        for name, placed in draft.columns.items()
        if kinds[name] in {"number", "money"} and (column := _column(draft, placed.source))
    }
    signs = [c.number.decimal for c in numeric.values() if c.number and c.type == "text"]
    draft.decimal = "," if "," in signs else "."
    for name, column in numeric.items():
        writing = column.number
        if writing is None or column.type != "text":
            continue
        if writing.unsure:
            _ask_decimal(draft, name, column.name, writing.unsure, questions)
            continue
        own = writing.decimal or draft.decimal
        if not writing.plain or own != draft.decimal:
            sql = number_sql(f"base.{quoted(column.name)}", own)
            draft.compute(name, sql, f"{column.name} without signs that are no digits")


def _ask_decimal(
    draft: TableDraft, name: str, source: str, value: str, questions: list[str]
) -> None:
    """Ask what a comma parts where nothing tells; an optional column is left out until then."""
    optional = not TABLES[draft.table].columns[name].required
    if optional:
        draft.columns.pop(name)
    until = "left out until you say" if optional else "its rows are set aside until you say"
    questions.append(
        f"{draft.first.place}: {source} holds {value}: does the comma part decimals "
        f'(decimal = "," under [tables.{draft.table}]) or thousands? {until}'
    )


def _value(draft: TableDraft, name: str) -> str:
    """Write the SQL of a numeric column of the file."""
    column = _column(draft, name)
    sign = f"base.{quoted(name)}"
    if column is None or column.type != "text" or column.number is None:
        return f"{sign}::DECIMAL(18, 4)"
    return number_sql(sign, column.number.decimal or column.decimal or ".")


def _best_aside(draft: TableDraft, name: str) -> str | None:
    """Find the column of a file that is of a kind no canonical column has, as a unit price."""
    taken = {placed.source for placed in draft.columns.values()}
    left = [c for c in draft.first.columns if c.name not in taken and c.number is not None]
    best = max(left, key=lambda c: likeness(c.name, "aside", name), default=None)
    return best.name if best and likeness(best.name, "aside", name) >= 0.6 else None


def _set_revenue(draft: TableDraft, questions: list[str]) -> None:
    """Make revenue net of tax where only gross, or only price and quantity, are there."""
    if "revenue" in draft.columns:
        return
    gross, tax, price = (_best_aside(draft, name) for name in ("gross", "tax", "unit_price"))
    quantity = draft.columns.get("quantity")
    if gross and tax:
        sql = f"{_value(draft, gross)} - coalesce({_value(draft, tax)}, 0)"
        draft.compute("revenue", sql, f"{gross} less {tax}")
    elif quantity and price and _column(draft, quantity.source):
        sql = f"{_value(draft, quantity.source)} * {_value(draft, price)}"
        draft.compute("revenue", f"({sql})::DECIMAL(18, 4)", f"{quantity.source} times {price}")
        questions.append(f"{draft.first.place}: is {price} net of tax and discount?")
    elif gross:
        draft.columns["revenue"] = Placed(gross, "revenue", 0.5, "the only amount; it seems gross")
        questions.append(
            f"{draft.first.place}: {gross} seems to include tax and nothing says how much; "
            "revenue is to be net"
        )
        _set_numbers(draft, [])


def _set_credits(draft: TableDraft, questions: list[str]) -> None:
    """Tell credit notes: rows below zero, or documents of their own kind, turned if positive."""
    revenue = draft.columns.get("revenue")
    amount = _column(draft, revenue.source) if revenue else None
    kind = draft.columns.pop("kind", None)
    column = _column(draft, kind.source) if kind else None
    returned = sorted(v for v in column.distinct if _CREDIT.search(v.casefold())) if column else []
    negative = amount.number.negative if amount and amount.number else 0.0
    if kind and column and column.distinct <= {"sale", "credit"}:
        draft.columns["kind"] = kind
    elif column and returned:
        sign = f"base.{quoted(column.name)} IN ({', '.join(text_of(v) for v in returned)})"
        sql = f"CASE WHEN {sign} THEN 'credit' ELSE 'sale' END"
        draft.compute("kind", sql, f"{column.name} is {listing(returned)}")
    if column and returned and amount and revenue and _positive(draft, column, returned, amount):
        test = f"base.{quoted(column.name)} IN ({', '.join(text_of(v) for v in returned)})"
        for name in ("revenue", "cost", "quantity"):
            placed = draft.columns.get(name)
            if placed and _column(draft, placed.source):
                value = _value(draft, placed.source)
                draft.compute(
                    name,
                    f"CASE WHEN {test} THEN -abs({value}) ELSE {value} END",
                    f"{placed.source}, below zero where {column.name} is {listing(returned)}",
                )
    elif negative:
        draft.notes.append(f"{negative:.1%} of the rows looked at are below zero: credits")
    if column and not returned and column.vocabulary and not negative:
        questions.append(
            f"{draft.first.place}: {column.name} is {listing(sorted(column.distinct))}: if one of "
            "them is a credit note, its revenue must be negative"
        )


def _positive(draft: TableDraft, kind: Column, returned: Sequence[str], amount: Column) -> bool:
    """Tell whether the amounts of credit documents stand without their minus."""
    pairs = zip(kind.cells, amount.cells, strict=True)
    of_credits = [money for what, money in pairs if what in returned and money]
    return bool(of_credits) and not any("-" in money or "(" in money for money in of_credits)


def _set_kinds(draft: TableDraft, questions: list[str]) -> None:
    """Put the kinds of activities into the book's words."""
    placed = draft.columns["kind"]
    column = _column(draft, placed.source)
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


def _set_inbound(draft: TableDraft, questions: list[str]) -> None:
    placed = draft.columns.get("inbound")
    column = _column(draft, placed.source) if placed else None
    if column and not column.distinct <= {"yes", "no"}:
        draft.columns.pop("inbound")
        draft.unplaced.append(column.name)


_STEPS: dict[str, tuple[Callable[[TableDraft, list[str]], None], ...]] = {
    "sales": (_set_revenue, _set_credits),
    "activities": (_set_kinds, _set_inbound),
}


def _set_days(draft: TableDraft, questions: list[str]) -> None:
    """Say the formats of days; where day and month could be swapped, ask instead of choosing."""
    known = {
        name: column.days
        for name, placed in draft.columns.items()
        if column_kinds(draft.table)[name] == "day"
        and (column := _column(draft, placed.source))
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
    keys = _column(accounts, accounts.columns["account_id"].source)
    named = _column(sales, sales.columns["account_id"].source)
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
