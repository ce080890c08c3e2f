"""Columns, ranges and sentences that the sections of chapter 4 share."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.report.display import Column, Finding

COUNT = Column("", "{:,.0f}".format, numeric=True)
NAME, KEY = Column("Account"), Column("Key", key=True)
#: Said by the finding above already; a page leaves the section out.
NOTHING = Finding([])


def from_to(before: pd.Series, after: pd.Series, *, always: bool = False) -> pd.Series:
    """Write a number before and after; once where nothing changes, not at all where none is."""
    pairs = zip(before.astype(float), after.astype(float), strict=True)
    said = [
        f"{old:,.0f} → {new:,.0f}" if always or round(old) != round(new) else f"{new:,.0f}"
        for old, new in pairs
    ]
    return pd.Series(said, before.index, dtype="str")


def short_day(value: pd.Timestamp) -> str:
    """Write a day with its month cut short, for columns."""
    return f"{value.day} {value:%b %Y}"


def as_far_as_known(region: Region, what: str, sentence: str, tables: dict[str, str]) -> Finding:
    """Say a sentence that rests on several tables, and which of them the book lacks."""
    lacks = missing(region, tables)
    if len(lacks) == len(tables):
        return Finding([f"{what} are not known: the book has no {_or(lacks)}."], caution=True)
    if not lacks:
        return Finding([sentence])
    lacking = f"The book has no {_or(lacks)}; what they would show is not known."
    return Finding([sentence, lacking], caution=True)


def missing(region: Region, needed: dict[str, str]) -> list[str]:
    """Name the tables that the book lacks, of those that are needed."""
    return [said for name, said in needed.items() if name not in region.tables]


def _or(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
