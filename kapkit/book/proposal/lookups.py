"""Names, regions and categories that another file says."""

from collections.abc import Sequence

from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.links import Lookup, lookup
from kapkit.book.proposal.match import Placed
from kapkit.book.proposal.table_draft import TableDraft
from kapkit.book.sources.duck_sql import quoted

#: A word whose column is less sure than this is looked for in other files too.
_PLAIN = 0.8


def fill_in(draft: TableDraft, delivered: Sequence[Delivery], questions: list[str]) -> None:
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
