"""Numbers of a table: how they are written, revenue net of tax, discounts, credits below zero."""

import re
from collections.abc import Sequence

from kapkit.book.config import column_kinds
from kapkit.book.errors import listing
from kapkit.book.proposal.labels import likeness
from kapkit.book.proposal.match import Placed
from kapkit.book.proposal.numbers import number_sql, sizes_of
from kapkit.book.proposal.profile import Column
from kapkit.book.proposal.table_draft import TableDraft
from kapkit.book.schema import TABLES
from kapkit.book.sources.duck_sql import quoted, text_of

_SHARE = re.compile(r"%|\bpct\b|per ?cent|prozent|percentage|pourcent|porcent|比例|折扣率")
_CREDIT = re.compile(
    r"credit|gutschrift|storno|retour|return|refund|reversal|avoir|abono|nota de cr|devoluc"
    r"|红字|退货|贷项|\b(cm|cn|cr|g2)\b"
)


def set_numbers(draft: TableDraft, questions: list[str]) -> None:
    """Say the decimal sign; compute the numbers that the book cannot read as they stand."""
    kinds = column_kinds(draft.table)
    numeric = {
        name: column
        for name, placed in draft.columns.items()
        if kinds[name] in {"number", "money"} and (column := draft.column(placed.source))
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
    column = draft.column(name)
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


def set_revenue(draft: TableDraft, questions: list[str]) -> None:
    """Make revenue net of tax where only gross, or only price and quantity, are there."""
    if "revenue" in draft.columns:
        return
    gross, tax, price = (_best_aside(draft, name) for name in ("gross", "tax", "unit_price"))
    quantity = draft.columns.get("quantity")
    if gross and tax:
        sql = f"{_value(draft, gross)} - coalesce({_value(draft, tax)}, 0)"
        draft.compute("revenue", sql, f"{gross} less {tax}")
    elif quantity and price and draft.column(quantity.source):
        sql = f"{_value(draft, quantity.source)} * {_value(draft, price)}"
        draft.compute("revenue", f"({sql})::DECIMAL(18, 4)", f"{quantity.source} times {price}")
        questions.append(f"{draft.first.place}: is {price} net of tax and discount?")
    elif gross:
        draft.columns["revenue"] = Placed(gross, "revenue", 0.5, "the only amount; it seems gross")
        questions.append(
            f"{draft.first.place}: {gross} seems to include tax and nothing says how much; "
            "revenue is to be net"
        )
        set_numbers(draft, [])


def set_discount(draft: TableDraft, questions: list[str]) -> None:
    """Leave out a discount that is a share; ask where it could be one."""
    placed = draft.columns.get("discount")
    column = draft.column(placed.source) if placed else None
    if placed is None or column is None or column.number is None:
        return
    sizes = sizes_of(column.values, column.number.decimal or draft.decimal)
    place = f"{draft.first.place}: {placed.source}"
    if _SHARE.search(placed.source.casefold()) or max(sizes, default=0.0) <= 1:
        draft.columns.pop("discount")
        questions.append(f"{place} seems to be a share of the price; left out, discount is money")
    elif max(sizes) <= 100:
        questions.append(f"{place}: is it money off the line, or per cent? It is read as money")


def set_credits(draft: TableDraft, questions: list[str]) -> None:
    """Tell credit notes: rows below zero, or documents of their own kind, turned if positive."""
    revenue = draft.columns.get("revenue")
    amount = draft.column(revenue.source) if revenue else None
    kind = draft.columns.pop("kind", None)
    column = draft.column(kind.source) if kind else None
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
        for name in ("revenue", "discount", "cost", "quantity"):
            placed = draft.columns.get(name)
            if placed and draft.column(placed.source):
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
