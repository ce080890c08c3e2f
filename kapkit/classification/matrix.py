"""2.1 Class against potential: who is worth much, and who could be."""

from dataclasses import dataclass

import pandas as pd

from kapkit.classification.abc import CLASSES, Classification, Cuts, classify
from kapkit.wording import amount, several

LEVELS = {"A": "much", "B": "some", "C": "little"}


@dataclass(frozen=True)
class PotentialMatrix:
    """Accounts by class and room to grow.

    ``table`` is indexed by account: ``class``, ``room`` (much, some, little) and ``headroom``;
    ``cells`` has a row per room and class: ``accounts`` and ``headroom`` (their sum).
    """

    table: pd.DataFrame
    cells: pd.DataFrame
    sentence: str


def potential_matrix(
    classified: Classification, *, cuts: Cuts | None = None, currency: str = ""
) -> PotentialMatrix:
    """Lay accounts out by class and room to grow, to see whom to develop and whom to defend.

    Parameters
    ----------
    classified : Classification
        From `key_accounts`: its table has ``headroom``.
    cuts : Cuts
        Of the room to grow, going down its ranking; default: a fifth of the accounts have
        much, the next three tenths some.
    currency : str
        Written behind amounts.

    Returns
    -------
    PotentialMatrix
        An account whose potential is not known is left out; one without room has little.
    """
    known = classified.table.dropna(subset=["headroom"])
    room = known[["headroom"]].rename(columns={"headroom": "value"})
    ranked = classify(room.assign(low=0.0, high=0.0, order_days=0), room["value"], cuts=cuts).table
    table = known[["name", "class", "headroom"]].assign(
        room=ranked["class"].map(LEVELS).reindex(known.index)
    )
    every = pd.MultiIndex.from_product([LEVELS.values(), CLASSES], names=["room", "class"])
    grouped = table.groupby(["room", "class"])["headroom"]
    cells = grouped.agg(["size", "sum"]).reindex(every, fill_value=0)
    cells = cells.set_axis(["accounts", "headroom"], axis="columns")
    return PotentialMatrix(table, cells, _sentence(table, currency))


def _sentence(table: pd.DataFrame, currency: str) -> str:
    if table.empty:
        return "Not enough data to tell what accounts could spend."
    hidden = table[(table["class"] != "A") & (table["room"] == "much")]
    total = table["headroom"].sum()
    if hidden.empty or not total > 0:
        return f"Room to grow: {amount(total, currency)} a year; none of it hides outside class A."
    return (
        f"Room to grow: {amount(total, currency)} of revenue a year; "
        f"{amount(hidden['headroom'].sum(), currency)} of it with "
        f"{several(len(hidden), 'account')} outside class A that could spend much more."
    )
