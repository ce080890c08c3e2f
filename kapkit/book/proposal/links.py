"""Links between files: keys that other files refer to, and look-ups that lead to a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from kapkit.book.proposal.deliveries import Delivery
from kapkit.book.proposal.labels import likeness, words
from kapkit.book.proposal.profile import Column

_MOST_STEPS = 2


@dataclass(frozen=True)
class Step:
    """One look-up: the column that refers, and the file and key it refers to."""

    column: str
    delivery: Delivery
    key: str


@dataclass(frozen=True)
class Lookup:
    """The way from a file over keys to a word in another file."""

    steps: tuple[Step, ...]
    column: str
    score: float


def contained(column: Column, keys: frozenset[str]) -> float:
    """Tell how many of a column's different values are among some keys."""
    return len(column.distinct & keys) / len(column.distinct) if column.distinct else 0.0


def key_referred_to(
    delivery: Delivery, referring: Sequence[Column], label: str
) -> tuple[float, str]:
    """Find the unique column of a file that columns of another refer to, and how sure it is."""
    best = (0.0, "")
    for key in delivery.columns:
        if key.unique:
            said = likeness(key.name, "accounts" if label == "account_id" else "products", label)
            shares = [contained(one, key.distinct) + 0.2 * _same(one, key) for one in referring]
            best = max(best, (0.5 * max(shares, default=0.0) + 0.5 * said, key.name))
    return best


def linked(columns: Sequence[Column], keys: frozenset[str], label: str) -> dict[str, float]:
    """Tell for each column how surely it refers to some keys.

    Small numbers are found among keys by chance: those count only under a label that says so.
    """
    return {
        column.name: share
        for column in columns
        if (share := contained(column, keys)) >= 0.3
        and (_labelled(column, label) or _telling(column, share))
    }


def lookup(
    delivery: Delivery,
    others: Sequence[Delivery],
    table: str,
    wanted: str,
    steps: int = _MOST_STEPS,
) -> Lookup | None:
    """Find a word that a file lacks, by keys that lead to other files."""
    found = []
    for other in others:
        step = _step(delivery, other) if other is not delivery and other.whole else None
        if step is None:
            continue
        for column in other.columns:
            said = likeness(column.name, table, wanted)
            if said >= 0.5 and column.values and column.number is None and column.name != step.key:
                found.append(Lookup((step,), column.name, said * column.filled))
        rest = [one for one in others if one not in (delivery, other)]
        if steps > 1 and (further := lookup(other, rest, table, wanted, steps - 1)):
            found.append(Lookup((step, *further.steps), further.column, 0.9 * further.score))
    return max(found, key=lambda one: one.score, default=None)


def _step(delivery: Delivery, other: Delivery) -> Step | None:
    for column in delivery.columns:
        for key in other.columns:
            if (
                key.unique
                and _same(column, key)
                and not column.unique
                and contained(column, key.distinct) >= 0.9
            ):
                return Step(column.name, other, key.name)
    return None


def _same(one: Column, other: Column) -> bool:
    return words(one.name) == words(other.name)


def _labelled(column: Column, label: str) -> bool:
    return likeness(column.name, "sales", label) >= 0.3


def _telling(column: Column, share: float) -> bool:
    values = column.distinct
    return share >= 0.9 and len(values) >= 10 and sum(map(len, values)) >= 4 * len(values)
