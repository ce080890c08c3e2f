"""The fixed facts of the simulated world: regions, industries, prices and days."""

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kapkit.book.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]

DAYS_A_YEAR = 365.25
LATE_DAYS = 2
ACCOUNTS_PER_OWNER = 25
FEWEST_ACCOUNTS = 60
TINY_REGION = 15


class Region(NamedTuple):
    """A sales region: its number of accounts, its level of spend, its people and legal forms."""

    name: str
    accounts: int
    level: float
    owners: tuple[str, ...]
    legal_forms: tuple[str, ...]


REGIONS = (
    Region(
        "North",
        150,
        1.0,
        (
            "Ida Lindqvist",
            "Jonas Aaltonen",
            "Mette Krogh",
            "Sigrún Hallsdóttir",
            "Åse Brekke",
            "Emil Rasmussen",
        ),
        ("AS", "AB", "Oy", "GmbH"),
    ),
    Region(
        "South",
        90,
        0.9,
        ("Tomás Vidal", "Chiara Bonetti", "Ana Moreira", "Luca Ferrante"),
        ("SpA", "SA", "Lda"),
    ),
    Region("East", 45, 1.1, ("Łucja Zawada", "王雪梅"), ("sp. z o.o.", "s.r.o.", "Kft")),
    Region("NA", 30, 1.3, ("Dale Whitcomb", "Renée Tremblay"), ("Inc", "LLC")),
    Region("Islands", 12, 0.7, ("Moana Pereira",), ("Ltd",)),
)
_SMALL = ("NA", "Islands")

#: Whose holidays the people of each region keep.
COUNTRIES = {
    "North": "SE",
    "South": "ES",
    "East": "PL",
    "NA": "US",
    "West": "US",
    "Islands": "PT",
}
#: What a region is called, and a person, where no name may be hard to read.
_PLAIN_REGIONS = {"NA": "West"}
_PLAIN_PEOPLE = {"王雪梅": "Wang Xuemei"}
_NO_ACCENT = str.maketrans("ØøŁł", "OoLl")

# shape: k of the Erlang-k gaps between orders (the larger, the more regular);
# swing, peak: size (share of the mean) and month of the seasonal high.
INDUSTRIES = pd.DataFrame(
    {
        "shape": [5, 3, 6, 4, 3, 2],
        "swing": [0.35, 0.15, 0.20, 0.10, 0.50, 0.40],
        "peak": [7, 10, 3, 11, 6, 4],
    },
    index=pd.Index(
        ["Food", "Metalworking", "Automotive", "Chemicals", "Construction", "Marine"],
        name="industry",
    ),
)


def industry_code(industry: pd.Series) -> Ints:
    """Give the position of each industry in the table of industries."""
    return INDUSTRIES.index.get_indexer(pd.Index(industry)).astype(np.int64)


def sized_regions(
    accounts: int | None = None, sizes: Mapping[str, int] | None = None
) -> tuple[Region, ...]:
    """Give the regions of a world with so many accounts, or of the sizes that are named.

    With ``accounts`` the two small regions keep their size; the others share what is left.

    Raises
    ------
    DataError
        If there are too few accounts, or both a number and sizes that do not agree.

    Examples
    --------
    >>> [region.accounts for region in sized_regions(1000)]
    [504, 303, 151, 30, 12]
    """
    if sizes is not None:
        return _named_regions(accounts, sizes)
    if accounts is None:
        return REGIONS
    if accounts < FEWEST_ACCOUNTS:
        raise DataError(f"accounts is {accounts}; give {FEWEST_ACCOUNTS} or more, or name regions")
    small = sum(region.accounts for region in REGIONS if region.name in _SMALL)
    large = sum(region.accounts for region in REGIONS) - small
    cuts = [
        0 if region.name in _SMALL else (accounts - small) * region.accounts / large
        for region in REGIONS
    ]
    counts = np.diff(np.round(np.cumsum([0.0, *cuts]))).astype(int)
    return tuple(
        region if region.name in _SMALL else region._replace(accounts=int(count))
        for region, count in zip(REGIONS, counts, strict=True)
    )


def tame(regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """Give regions that no export spoils: none is tiny or called "NA".

    The accounts and people of tiny regions go to the largest one.

    Examples
    --------
    >>> [(region.name, region.accounts) for region in tame(REGIONS)]
    [('North', 162), ('South', 90), ('East', 45), ('West', 30)]
    """
    largest = max(regions, key=lambda region: region.accounts)
    joined = [r for r in regions if r.accounts <= TINY_REGION and r is not largest]
    more = [owner for region in joined for owner in region.owners]
    whole = largest._replace(
        accounts=largest.accounts + sum(region.accounts for region in joined),
        owners=(*largest.owners, *more),
    )
    kept = (whole if region is largest else region for region in regions if region not in joined)
    return tuple(
        region._replace(name=_PLAIN_REGIONS.get(region.name, region.name)) for region in kept
    )


def plainly_staffed(regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """Write the names of the people without accents."""
    return tuple(
        region._replace(owners=tuple(plain(_PLAIN_PEOPLE.get(o, o)) for o in region.owners))
        for region in regions
    )


def plain(name: str) -> str:
    """Write a name in a European script without its accents.

    Examples
    --------
    >>> plain("Łucja Zawada"), plain("Řezník"), plain("Ødegård")
    ('Lucja Zawada', 'Reznik', 'Odegard')
    """
    parts = unicodedata.normalize("NFKD", name.translate(_NO_ACCENT))
    return "".join(part for part in parts if not unicodedata.combining(part))


def _named_regions(accounts: int | None, sizes: Mapping[str, int]) -> tuple[Region, ...]:
    wrong = [name for name, size in sizes.items() if size < 1 or not name]
    if wrong or not sizes:
        raise DataError(f"regions: {', '.join(wrong) or 'none named'}; each needs an account")
    if accounts not in (None, sum(sizes.values())):
        raise DataError(f"accounts is {accounts}, the regions hold {sum(sizes.values())}")
    known = {region.name: region for region in REGIONS}
    plain = Region("", 0, 1.0, (), ("Ltd", "AG", "SA"))
    return tuple(
        known.get(name, plain)._replace(name=name, accounts=size) for name, size in sizes.items()
    )


def territories(regions: tuple[Region, ...], most: int) -> Iterator[tuple[Region, ...]]:
    """Cut regions into blocks of at most ``most`` accounts; owners never span two blocks.

    A company that fits in one block keeps the order of its regions; else the small ones go
    first, so that only large regions are cut.
    """
    fits = sum(region.accounts for region in regions) <= most
    block: list[Region] = []
    room = most
    for region in regions if fits else sorted(regions, key=lambda r: r.accounts):
        names = _owner_names(region)
        left = region.accounts
        while left:
            piece = min(left, room)
            people = tuple(next(names) for _ in range(-(-piece // ACCOUNTS_PER_OWNER)))
            block.append(region._replace(accounts=piece, owners=people))
            left, room = left - piece, room - piece
            if not room:
                yield tuple(block)
                block, room = [], most
    if block:
        yield tuple(block)


def _owner_names(region: Region) -> Iterator[str]:
    yield from region.owners
    number = len(region.owners)
    while True:
        number += 1
        yield f"{region.name} {number:03d}"


@dataclass(frozen=True)
class Window:
    """The days that are simulated: whole years up to ``as_of``, a few late days, a year ahead.

    Days are counted from the first one, which is day 0; months likewise, from month 0.
    """

    as_of: dt.date
    years: int
    late_days: int = LATE_DAYS

    def __post_init__(self) -> None:
        if self.years < 2:
            raise DataError(f"years is {self.years}; a company needs at least 2 to show a change")

    @cached_property
    def first(self) -> np.datetime64:
        """First day."""
        last_year = pd.Timestamp(self.as_of) - pd.DateOffset(years=self.years)
        return np.datetime64(last_year.date() + dt.timedelta(days=1), "D")

    @cached_property
    def as_of_day(self) -> int:
        """Number of the day on which the book is looked at."""
        return int((np.datetime64(self.as_of, "D") - self.first).astype(int))

    @property
    def days(self) -> int:
        """Number of days in the book, the late ones included."""
        return self.as_of_day + 1 + self.late_days

    @property
    def known_months(self) -> int:
        """Number of months up to ``as_of``."""
        return 12 * self.years

    @cached_property
    def edges(self) -> Ints:
        """First day of each month, the year ahead included, and the day after the last."""
        start = pd.Timestamp(self.first)
        starts = [start + pd.DateOffset(months=k) for k in range(self.known_months + 13)]
        return (np.array(starts, dtype="datetime64[D]") - self.first).astype(np.int64)

    @property
    def months(self) -> int:
        """Number of months that are simulated, the year ahead included."""
        return self.known_months + 12

    def date(self, day: NDArray[Any]) -> Days:
        """Give the dates of numbered days."""
        return self.first + day.astype(np.int64).astype("timedelta64[D]")

    def month(self, day: NDArray[Any]) -> Ints:
        """Give the month in which each numbered day lies."""
        return np.asarray(np.searchsorted(self.edges, day, side="right") - 1, dtype=np.int64)

    def inside(self, date: Days) -> NDArray[np.bool]:
        """Tell which dates the book may hold."""
        day = (date.astype("datetime64[D]") - self.first).astype(np.int64)
        return (day >= 0) & (day < self.days)


def calendar_year(date: Days) -> Ints:
    """Give the calendar year of each date."""
    return date.astype("datetime64[Y]").astype(np.int64) + 1970


def price_years(date: Days, window: Window) -> Ints:
    """Count the Januaries, when prices change, between the first day and each date."""
    return calendar_year(date) - calendar_year(np.asarray([window.first]))


def season(date: Days) -> Floats:
    """Give the seasonal factor of orders, industries by dates; its mean over a year is 1.

    A cosine that peaks in the middle of the industry's peak month.
    """
    month = (date - date.astype("datetime64[Y]")).astype(np.float64) / DAYS_A_YEAR * 12
    peak = INDUSTRIES["peak"].to_numpy()[:, None]
    angle = 2 * np.pi * (month - peak + 0.5) / 12
    return np.asarray(1 + INDUSTRIES["swing"].to_numpy()[:, None] * np.cos(angle), dtype=np.float64)


def years_gone(day: Floats) -> Floats:
    """Count the years between the first day, where trends begin, and a numbered day."""
    return day / DAYS_A_YEAR
