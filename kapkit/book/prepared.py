"""A book prepared by a run: one folder of Parquet per region, one day."""

import datetime as dt
import json
from dataclasses import asdict
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds

from kapkit.book.day import as_day
from kapkit.book.errors import DataError, listing
from kapkit.book.region import BookFacts, Region, make_region, unknown_region
from kapkit.book.totals import MONEY, typed_totals

FACTS_FILE = "book.json"
#: Folder of the rows that are for all regions.
FOR_ALL = "all-regions"
#: Begins the names of the frames that an earlier run decided.
EARLIER = "earlier_"
#: In a copy that holds only some regions: which.
HERE = "here"


def is_prepared(folder: Path) -> bool:
    """Tell whether a folder was made by a run."""
    return (folder / FACTS_FILE).is_file()


class PreparedBook:
    """Partitions of one day; a region's answer is read from its own folder only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._whole = lru_cache(maxsize=1)(self.company)

    @cached_property
    def facts(self) -> BookFacts:
        """What every page says of the whole book."""
        return facts_from_json(self._content["facts"])

    @property
    def name(self) -> str:
        """What the book is called."""
        return self.facts.name

    def regions(self, *, as_of: dt.date | str | None = None) -> list[str]:
        """Name the regions, sorted."""
        self._check_day(as_of)
        return sorted(self._content["regions"])

    def region(self, name: str, *, as_of: dt.date | str | None = None) -> Region:
        """Read one region.

        Raises
        ------
        DataError
            If the book has no such region, or was prepared for another day.
        """
        self._check_day(as_of)
        if name not in self._content["regions"]:
            raise unknown_region(name, self.regions())
        return self._read(name, [self.folder / self._content["regions"][name]])

    def company(self, *, as_of: dt.date | str | None = None) -> Region:
        """Read all regions together.

        Raises
        ------
        DataError
            If this is a copy that holds only some.
        """
        self._check_day(as_of)
        if HERE in self._content:
            raise DataError(
                f"{self.folder}: this copy holds {listing(self._content[HERE])} only, not the "
                "company"
            )
        return self._read(None, [self.folder / slug for slug in self._content["regions"].values()])

    @cached_property
    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / FACTS_FILE).read_text("utf-8"))
        return content

    def _check_day(self, as_of: dt.date | str | None) -> None:
        day = as_day(as_of)
        if day not in {None, self.facts.as_of}:
            raise DataError(
                f"as_of: this book was prepared as of {self.facts.as_of}, not {day}; "
                f"run kapkit run --as-of {day}, or open the book at its source"
            )

    def _read(self, name: str | None, folders: list[Path]) -> Region:
        everywhere = [*folders, self.folder / FOR_ALL]
        frames, pooled = (
            {frame: self._frame(frame, everywhere) for frame in self._content[kind]}
            for kind in ("frames", "pooled")
        )
        before = self._content.get("earlier") or {"as_of": None, "frames": []}
        return make_region(
            name,
            self.facts,
            frames,
            pooled=pooled,
            whole=None if name is None else self._whole,
            earlier={one: self._frame(f"{EARLIER}{one}", everywhere) for one in before["frames"]},
            earlier_as_of=as_day(before["as_of"]),
        )

    def _frame(self, frame: str, folders: list[Path]) -> pd.DataFrame:
        files = [str(file) for folder in folders for file in sorted(folder.glob(f"{frame}-*"))]
        # A region without accounts has no file of its own: the empty one says the columns.
        files = files or [str(self.folder / f"{frame}.parquet")]
        table: pd.DataFrame = ds.dataset(files, format="parquet").to_table().to_pandas()
        return table


def facts_to_json(facts: BookFacts) -> dict[str, Any]:
    """Write facts as plain JSON values; money stays exact as text."""
    totals = facts.totals.astype(object).where(facts.totals.notna(), None)
    rows = totals.to_dict(orient="records")
    return {**asdict(facts), "totals": [{k: _plain(v) for k, v in row.items()} for row in rows]} | {
        name: _plain(getattr(facts, name)) for name in ("as_of", "first_day", "last_day")
    }


def facts_from_json(content: dict[str, Any]) -> BookFacts:
    """Read facts back, equal to what was written."""
    totals = pd.DataFrame(content["totals"])
    for money in MONEY:
        exact = [None if value is None else Decimal(value) for value in totals[money]]
        totals[money] = pd.Series(exact, index=totals.index, dtype=object)
    totals = typed_totals(totals)
    days = {name: as_day(content[name]) for name in ("as_of", "first_day", "last_day")}
    return BookFacts(**{**content, **days, "totals": totals})


def _plain(value: object) -> object:
    return str(value) if isinstance(value, dt.date | Decimal) else value
