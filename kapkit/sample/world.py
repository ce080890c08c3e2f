"""The fixed facts of the simulated world: regions, industries, prices and days."""

import datetime as dt
from dataclasses import dataclass
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
PRICE_INCREASE = 0.028
CREDIT_SHARE = 0.012


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
        ("Ida Lindqvist", "Jonas Aaltonen", "Mette Krogh", "Sigrún Hallsdóttir"),
        ("AS", "AB", "Oy", "GmbH"),
    ),
    Region(
        "South", 90, 0.9, ("Tomás Vidal", "Chiara Bonetti", "Ana Moreira"), ("SpA", "SA", "Lda")
    ),
    Region("East", 45, 1.1, ("Łucja Zawada", "王雪梅"), ("sp. z o.o.", "s.r.o.", "Kft")),
    Region("NA", 24, 1.3, ("Dale Whitcomb", "Renée Tremblay"), ("Inc", "LLC")),
    Region("Islands", 12, 0.7, ("Moana Pereira",), ("Ltd",)),
)

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


@dataclass(frozen=True)
class Window:
    """The days that are simulated: whole years up to ``as_of``, and a few late days.

    Days are counted from the first one, which is day 0.
    """

    as_of: dt.date
    years: int

    def __post_init__(self) -> None:
        if self.years < 2:
            raise DataError(f"years is {self.years}; a company needs at least 2 to show a change")

    @property
    def first(self) -> np.datetime64:
        """First day."""
        last_year = pd.Timestamp(self.as_of) - pd.DateOffset(years=self.years)
        return np.datetime64(last_year.date() + dt.timedelta(days=1), "D")

    @property
    def as_of_day(self) -> int:
        """Number of the day on which the book is looked at."""
        return int((np.datetime64(self.as_of, "D") - self.first).astype(int))

    @property
    def days(self) -> int:
        """Number of days, the late ones included."""
        return self.as_of_day + 1 + LATE_DAYS

    def date(self, day: NDArray[Any]) -> Days:
        """Give the dates of numbered days."""
        return self.first + day.astype("timedelta64[D]")


def calendar_year(date: Days) -> Ints:
    """Give the calendar year of each date."""
    return date.astype("datetime64[Y]").astype(np.int64) + 1970


def price_level(date: Days, window: Window) -> Floats:
    """Give the list price level: 1 in the first calendar year, one increase each January."""
    years = calendar_year(date) - calendar_year(np.asarray([window.first]))
    return (1 + PRICE_INCREASE) ** years.astype(np.float64)


def season(industry: Ints, date: Days) -> Floats:
    """Give the seasonal factor of the order rate; its mean over a year is 1.

    A cosine that peaks in the middle of the industry's peak month.
    """
    facts = INDUSTRIES.iloc[industry]
    month = (date - date.astype("datetime64[Y]")).astype(np.float64) / DAYS_A_YEAR * 12
    angle = 2 * np.pi * (month - facts["peak"].to_numpy() + 0.5) / 12
    return np.asarray(1 + facts["swing"].to_numpy() * np.cos(angle), dtype=np.float64)
