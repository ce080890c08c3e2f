"""Tables made of others where a book lacks them: won deals as sales, customers as accounts."""

import re
from collections.abc import Sequence

from kapkit.book.errors import listing
from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.labels import likeness
from kapkit.book.proposal.match import Placed
from kapkit.book.proposal.table_draft import Plan, TableDraft, relation
from kapkit.book.sources.duck_sql import quoted, text_of

_WON = re.compile(r"\bwon\b|closedwon|gewonnen|gagn|ganad|赢单|成交")


def add_stand_ins(made: Plan, reserved: Sequence[str]) -> None:
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
    sales.base = (
        f"(SELECT * FROM {relation(deals.sources)} WHERE {quoted(stage.name)} IN ({of_won}))"  # noqa: S608
    )
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
        f"(SELECT {said}{day} FROM {relation(sales.sources)} "  # noqa: S608
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
