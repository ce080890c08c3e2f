"""Matching: which canonical table a file is, and which column each of its columns is.

Both are assignments of least cost: a column serves one canonical column at most, and the whole
is as likely as can be. Labels speak first, values confirm or forbid, keys found in another file
speak for references.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from kapkit.book.config import column_kinds
from kapkit.book.proposal.labels import ASIDE, columns_of, file_likeness, likeness
from kapkit.book.proposal.profile import Column
from kapkit.book.schema import TABLES

#: A column is placed from this score on; a table from that mean of its required columns on.
PLACED, RECOGNISED = 0.5, 0.55
_REFERENCE, _KEY = 0.35, 0.15

#: Columns that people read: a number there is the key of something else.
_WORDS = {"name", "region", "category", "industry", "owner", "channel"}

#: Per source column, the share of its values found among the keys of accounts or products.
Links = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Placed:
    """A source column in the place of a canonical one, how sure, and why."""

    source: str
    column: str
    score: float
    reason: str


@dataclass(frozen=True)
class Match:
    """A file as a canonical table: the columns placed, those set aside, and how sure."""

    table: str
    score: float
    columns: dict[str, Placed]
    aside: dict[str, str]
    missing: tuple[str, ...]


def match(
    columns: Sequence[Column], table: str, stem: str = "", links: Links | None = None
) -> Match:
    """Match the columns of a file to those of one canonical table.

    Returns
    -------
    Match
        ``score``: the mean over required columns of how sure each is placed (0 where it is
        missing), with some weight for the file's name and for optional columns.
    """
    targets = [(table, name) for name in columns_of(table)]
    targets += [(ASIDE, name) for name in columns_of(ASIDE)]
    scores = np.array(
        [[_score(column, *target, links or {}) for target in targets] for column in columns]
    ).reshape(len(columns), len(targets))
    placed: dict[str, Placed] = {}
    aside: dict[str, str] = {}
    for place, target in zip(*linear_sum_assignment(-scores), strict=True):
        (of, name), score = targets[target], float(scores[place, target])
        if score < PLACED:
            continue
        if of == ASIDE:
            aside[name] = columns[place].name
        else:
            placed[name] = _placed(columns[place], table, name, score, links or {})
    required = [name for name, column in TABLES[table].columns.items() if column.required]
    missing = tuple(name for name in required if name not in placed)
    return Match(table, _sureness(table, stem, placed), placed, aside, missing)


def _score(column: Column, of: str, name: str, links: Links) -> float:
    """Score one column for one place: its label, what its values allow, what they refer to."""
    said = likeness(column.name, of, name)
    if of == ASIDE:
        # A label that says both goes to the table.
        return 0.97 * said
    fit = column.fit(column_kinds(of)[name])
    linked = _linked(of, name, column, links)
    if max(said, linked) < 0.3 or fit < 0.15:
        return 0.0
    if name in _WORDS and column.number is not None:
        said *= 0.6
    key = _KEY if _is_key(of, name) and column.unique else 0.0
    score = max(said, 0.4) + _REFERENCE * linked + key if linked or key else said
    if _is_key(of, name) and not column.unique:
        score *= 0.5
    return score * fit * (0.7 + 0.3 * column.filled)


def _linked(of: str, name: str, column: Column, links: Links) -> float:
    """Tell how many of a column's values are keys of the table it would refer to."""
    if name == "account_id" or (name == "parent_id" and not column.unique):
        return links.get(column.name, {}).get("accounts", 0.0)
    if name == "product_id":
        return links.get(column.name, {}).get("products", 0.0)
    return 0.0


def _is_key(table: str, name: str) -> bool:
    return bool(TABLES[table].unique == [name])


def _sureness(table: str, stem: str, placed: Mapping[str, Placed]) -> float:
    known = TABLES[table].columns
    required = [
        min(1.0, placed[n].score) if n in placed else 0.0 for n in known if known[n].required
    ]
    others = sum(name in placed for name in known if not known[name].required)
    named = file_likeness(stem, table)
    return float(np.mean(required)) * (0.75 + 0.25 * named) + 0.1 * named + 0.02 * min(others, 5)


def _placed(column: Column, table: str, name: str, score: float, links: Links) -> Placed:
    said = likeness(column.name, table, name)
    linked = _linked(table, name, column, links)
    reasons = ["its name" if said >= 0.99 else "its name is like it" if said >= 0.3 else ""]
    if linked:
        of = "products" if name == "product_id" else "accounts"
        reasons.append(f"{linked:.0%} of its values are keys of {of}")
    if _is_key(table, name) and column.unique:
        reasons.append("no value twice")
    return Placed(column.name, name, score, ", ".join(reason for reason in reasons if reason))
