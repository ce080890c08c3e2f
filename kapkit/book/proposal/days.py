"""Days as people write them: the formats that read a column, tried by the engine itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import duckdb

from kapkit.book.sources.duck_sql import text_of

_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_ISO_CLOCKS = (
    *_CLOCKS,
    "T%H:%M",
    "T%H:%M:%S",
    "T%H:%M:%S.%f",
    "T%H:%M:%SZ",
    "T%H:%M:%S.%fZ",
    "T%H:%M:%S%z",
    "T%H:%M:%S.%f%z",
    " %H:%M:%S%z",
)
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d-%m-%y")
_DOTTED = ("%d.%m.%Y", "%d.%m.%y", "%Y.%m.%d")
_NAMED = ("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d.%b.%Y")
_OTHER = ("%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日")
_ENOUGH, _NEARLY, _LOOKED = 0.9, 0.995, 400
_PART = r"[/.\-年月, ]{1,2}"
_LIKE_A_DAY = re.compile(rf"\d{{8}}|\w{{1,9}}{_PART}\w{{1,9}}{_PART}\d{{1,4}}(?!\d).{{0,24}}")


@dataclass(frozen=True)
class Days:
    """The formats of a column's days, the most used first, and the share of values they read.

    ``other_order`` is the format with day and month swapped, where it reads as many values: then
    the values do not tell which is meant. ``over_twelve`` is a value that settles the order.
    """

    formats: tuple[str, ...]
    share: float
    other_order: str | None = None
    over_twelve: str | None = None


def days_of(values: Sequence[str]) -> Days | None:
    """Find the formats that read a column; None where they leave a tenth or more unread."""
    distinct = list(dict.fromkeys(values))
    distinct = distinct[:: len(distinct) // _LOOKED + 1]
    alike = [value for value in distinct if _LIKE_A_DAY.fullmatch(value)]
    if not alike or len(alike) < _ENOUGH * len(distinct):
        return None
    read = _read(distinct)
    chosen = _chosen(read, len(distinct))
    covered = frozenset[int]().union(*(read[form] for form in chosen))
    if not chosen or len(covered) < _ENOUGH * len(distinct):
        return None
    first = chosen[0]
    twin = swapped(first)
    doubtful = twin in read and len(read[twin]) == len(read[first])
    settles = sorted(read[first] - read.get(twin, frozenset())) if twin else []
    return Days(
        chosen,
        len(covered) / len(distinct),
        twin if doubtful else None,
        distinct[settles[0]] if settles else None,
    )


def swapped(form: str) -> str:
    """Swap day and month of a format; empty where nobody writes the other order.

    >>> swapped("%d/%m/%Y %H:%M"), swapped("%d.%m.%Y"), swapped("%Y-%m-%d")
    ('%m/%d/%Y %H:%M', '', '')
    """
    if form.startswith(("%d/%m", "%d-%m")):
        return f"%m{form[2]}%d{form[5:]}"
    if form.startswith(("%m/%d", "%m-%d")):
        return f"%d{form[2]}%m{form[5:]}"
    return ""


def _chosen(read: dict[str, frozenset[int]], values: int) -> tuple[str, ...]:
    """Choose few formats that read nearly all values; never one day in both orders."""
    chosen: list[str] = []
    covered: frozenset[int] = frozenset()
    while len(chosen) < 3 and len(covered) < _NEARLY * values:
        swaps = {swapped(form)[:5] for form in chosen}
        left = {
            form: len(rows - covered)
            for form, rows in read.items()
            if not (swapped(form) and form[:5] in swaps)
        }
        best = max(left, key=left.__getitem__, default=None)
        if best is None or not left[best]:
            break
        chosen.append(best)
        covered |= read[best]
    return tuple(chosen)


def _read(values: list[str]) -> dict[str, frozenset[int]]:
    """Find the places of the values that each format reads, as the book would read them."""
    formats = _formats_with(frozenset("".join(values)))
    if not formats:
        return {}
    tried = ", ".join(
        f"year(try_strptime(v, {text_of(form)})) BETWEEN 1678 AND 2261" for form in formats
    )
    with duckdb.connect(":memory:") as connection:
        query = f"SELECT {tried} FROM (SELECT unnest(?::VARCHAR[]) AS v)"  # noqa: S608
        rows = connection.execute(query, [values]).fetchall()
    columns = zip(*rows, strict=True)
    read = {
        form: frozenset(place for place, good in enumerate(column) if good)
        for form, column in zip(formats, columns, strict=True)
    }
    return {form: places for form, places in read.items() if places}


@cache
def _formats_with(signs: frozenset[str]) -> tuple[str, ...]:
    """Choose the formats whose own signs are all among those of the values."""
    named = any(sign.isalpha() and sign not in "TZ年月日" for sign in signs)
    return tuple(
        form
        for form in _formats()
        if set(re.sub("%[a-zA-Z]", "", form)) <= signs and (named or not re.search("%[bBp]", form))
    )


@cache
def _formats() -> tuple[str, ...]:
    iso = tuple(f"%Y-%m-%d{clock}" for clock in _ISO_CLOCKS)
    months_first = tuple(swapped(form) for form in _DAY_FIRST)
    plain = (*_DAY_FIRST, *months_first, *_DOTTED, *_OTHER, *_NAMED)
    return (*iso, *(f"{form}{clock}" for form in plain for clock in _CLOCKS))
