"""Which file is which canonical table, as likely as can be."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.labels import likeness
from kapkit.book.proposal.links import key_referred_to, linked
from kapkit.book.proposal.match import RECOGNISED, Match, match
from kapkit.book.proposal.table_draft import TableDraft, relation
from kapkit.book.schema import TABLES

#: Required columns that can be had otherwise where no column is like them.
_DERIVED = {
    "accounts": {"name", "region"},
    "sales": {"revenue"},
    "products": {"name", "category"},
}
#: How much likelier a file is a table whose keys the sales hold.
_HOME = 1.3


def links_between(
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


def assigned(
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


def draft_table(table: str, sources: list[Delivery], found: Match) -> TableDraft:
    """Begin a table with the columns that were matched."""
    matched = len(found.columns)
    reason = f"{matched} of its {len(sources[0].columns)} columns are like columns of {table}"
    draft = TableDraft(table, sources, dict(found.columns), reason)
    draft.base = relation(sources)
    used = {placed.source for placed in found.columns.values()}
    draft.unplaced = [c.name for c in sources[0].columns if c.name not in used]
    return draft
