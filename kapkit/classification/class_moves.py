"""2.1 Moves since the last run: who changed class, and what made it."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from kapkit.book.region import Region
from kapkit.classification.abc import CLASSES, Classification
from kapkit.classification.moves import CAUSES, split_moves
from kapkit.models.outlook import outlook_of
from kapkit.models.value_then import value_then
from kapkit.wording import day, say, say_count

#: What a cause is called where it is said.
CALLED = {
    "behaviour": "its own buying",
    "peers": "what others buy",
    "data": "late or mended data",
    "model": "another way of valuing",
}


@dataclass(frozen=True)
class Moves:
    """Accounts whose class changed since the last run, largest value first.

    ``table`` is indexed by account: ``name``, ``was``, ``is``, ``value``, ``before`` and
    ``after`` (place, 0 best to 1), the causes ``behaviour``, ``peers``, ``data`` and ``model``
    (their sum is after less before; negative is up), ``cause`` (the largest), ``decided`` (a
    person did it). ``held`` counts accounts that the stability rule kept. ``told`` is False
    where there is no earlier run.
    """

    table: pd.DataFrame
    held: int
    told: bool
    sentences: tuple[str, ...]


def class_moves(region: Region, classified: Classification) -> Moves:
    """List who changed class since the last run, each move split into its causes.

    Parameters
    ----------
    region : Region
        With what the earlier run decided (`Region.earlier`).
    classified : Classification
        From `key_accounts`.

    Returns
    -------
    Moves
        An account that was not in the earlier run has not moved.

    Notes
    -----
    The causes are exact: the account is valued as the earlier run said, from today's book as of
    that day by the model of then, by today's, and today (`split_moves`).
    """
    table = classified.table
    held = int(table["held"].sum()) if "held" in table else 0
    if "classes" not in region.earlier or region.earlier_as_of is None:
        said = say("There is no earlier run of this book: moves are told from the next one on.")
        return Moves(_moved(table.iloc[:0], table.iloc[:0]), 0, False, (said,))
    since = region.earlier_as_of
    earlier = region.earlier["classes"].set_index("account_id")
    both = table.index[table.index.isin(earlier.index)]
    then = _valued_then(region, since).reindex(both)
    said_then = earlier["value"].reindex(both)
    causes = split_moves(said_then, then["data"], then["model"], table["value"].reindex(both))
    causes = causes.assign(was=earlier["class"].reindex(both))
    moved = _moved(table.reindex(both), causes)
    return Moves(moved, held, True, _sentences(moved, held, since, len(both)))


def _valued_then(region: Region, since: dt.date) -> pd.DataFrame:
    """Give the accounts' values on the earlier day from today's book: stored, else now."""
    if "values_then" in region.pooled:
        return region.pooled["values_then"].set_index("account_id")[["data", "model"]]
    way = str(region.earlier["classes"]["way"].iloc[0])
    now = outlook_of(region).chosen
    found = value_then(region.company, since, way_then=way, way_now=now)
    return found.set_index("account_id")[["data", "model"]]


def _moved(table: pd.DataFrame, causes: pd.DataFrame) -> pd.DataFrame:
    columns = ["name", "was", "is", "value", "before", "after", *CAUSES, "cause", "decided"]
    decided = table["class"] != table["model_class"]
    joined = table[["name", "class", "value"]].rename(columns={"class": "is"})
    joined = joined.join(causes.drop(columns=[c for c in joined if c in causes]))
    joined = joined.assign(decided=decided).reindex(columns=columns)
    changed = joined[joined["was"].notna() & (joined["was"] != joined["is"])]
    return changed.sort_values("value", ascending=False, kind="stable")


def _sentences(moved: pd.DataFrame, held: int, since: dt.date, known: int) -> tuple[str, ...]:
    rank = {name: at for at, name in enumerate(CLASSES)}
    up = int((moved["is"].map(rank) < moved["was"].map(rank)).sum())
    said = [
        say_count(
            len(moved),
            "Since {day} {count} of {known} accounts changed class: {up} up, {down} down.",
            "Since {day} {count} of {known} accounts changed class: {up} up, {down} down.",
            day=day(since),
            known=f"{known:,}",
            up=f"{up:,}",
            down=f"{len(moved) - up:,}",
        )
    ]
    causes = moved.loc[~moved["decided"].astype(bool), "cause"]
    counted = causes[causes != ""].value_counts()
    if len(counted):
        parts = ", ".join(f"{CALLED[str(name)]} {count:,}" for name, count in counted.items())
        said.append(say("What moved them most: {causes}.", causes=parts))
    if held:
        said.append(
            say_count(
                held,
                "{count} account near a cut keeps its class: the evidence for a move is thin.",
                "{count} accounts near a cut keep their class: the evidence for a move is thin.",
            )
        )
    return tuple(said)
