"""What was set aside, said so that it can be mended."""

from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

import narwhals as nw

from kapkit.book.checks import (
    DELIVERED_TWICE,
    DUPLICATE,
    LISTED_TWICE,
    NO_REGION,
    REASON,
    REFUSED_ACCOUNT,
    TWO_REGIONS,
    UNKNOWN_ACCOUNT,
)
from kapkit.book.errors import listing
from kapkit.book.hierarchy import hierarchy
from kapkit.book.schema import TABLES
from kapkit.book.snapshot import Snapshot
from kapkit.book.source import FILE, ROW, LazyFrame
from kapkit.wording import amount

_KEY = {"sales": "order_id", "solutions": "need"}
_MOST = 3

_ADVICE = {
    DELIVERED_TWICE: "Nothing to do if the deliveries overlap on purpose",
    DUPLICATE: 'If they are real, say duplicates = "keep" under [tables.{table}]',
    TWO_REGIONS: "Remove the row that is out of date, or map the day it holds from to recorded",
    LISTED_TWICE: "Remove the row that is out of date",
    UNKNOWN_ACCOUNT: "Add the accounts to the accounts export",
    NO_REGION: "Give the accounts a region, or name one under [regions] unassigned",
    REFUSED_ACCOUNT: "Mend the accounts, and their lines come back",
    "region is empty": "Give them a region, or name one under [regions] unassigned",
}


@dataclass(frozen=True)
class Notice:
    """Rows of one file set aside for one reason: how many, worth what, which, what to do.

    ``offenders`` are the first of the ``keys`` different keys they have.
    """

    table: str
    file: str
    reason: str
    rows: int
    of_rows: int
    revenue: Decimal | None
    offenders: list[str]
    keys: int

    def sentence(self, currency: str = "") -> str:
        """Say it in one line."""
        worth = f", worth {amount(float(self.revenue), currency)}," if self.revenue else ""
        named = f" ({listing(self.offenders, count=self.keys)})" if self.offenders else ""
        was = "was" if self.rows == 1 else "were"
        advice = _ADVICE.get(self.reason, "Mend them in the source, if they matter")
        return (
            f"{self.file}: {self.rows:,} of {self.of_rows:,} rows{worth} {was} set aside, "
            f"{self.reason}{named}. {advice.format(table=self.table)}."
        )


def notices(snapshot: Snapshot) -> list[Notice]:
    """List what was set aside, per table, file and reason, most rows first."""
    return [notice for table in snapshot.tables for notice in _of_table(snapshot, table)]


def hierarchy_notices(snapshot: Snapshot) -> list[str]:
    """Say which accounts name a parent that is none, or are their own ancestors."""
    accounts = snapshot.frames()["accounts"]
    if "parent_id" not in accounts.collect_schema().names():
        return []
    frame = accounts.select("account_id", "parent_id").sort("account_id").collect("pandas")
    return hierarchy(frame.to_pandas().set_index("account_id")).sentences


def _of_table(snapshot: Snapshot, table: str) -> list[Notice]:
    refused = snapshot.set_aside(table)
    sizes = _rows(snapshot.tables[table].group_by(FILE).agg(nw.len().alias("rows")))
    of_rows = {row[FILE]: row["rows"] for row in sizes}
    money = [nw.col("revenue").sum()] if "revenue" in refused.collect_schema().names() else []
    counted = _rows(refused.group_by(FILE, REASON).agg(nw.len().alias("rows"), *money))
    offenders = _offenders(refused, table)
    found = [
        Notice(
            table,
            row[FILE],
            row[REASON],
            row["rows"],
            of_rows[row[FILE]],
            row.get("revenue"),
            *offenders.get((row[FILE], row[REASON]), ([], 0)),
        )
        for row in counted
    ]
    return sorted(found, key=lambda notice: (-notice.rows, notice.file, notice.reason))


def _offenders(refused: LazyFrame, table: str) -> dict[tuple[str, str], tuple[list[str], int]]:
    """Name the first keys of each file and reason, and count them all."""
    key = _KEY.get(table, (TABLES[table].unique or ["account_id"])[0])
    group = [FILE, REASON]
    named = refused.filter(~nw.col(key).is_null()).group_by(*group, key).agg(nw.col(ROW).min())
    place = nw.col(ROW).cum_count().over(*group, order_by=[ROW, key])
    placed = named.with_columns(_place=place, _keys=nw.len().over(*group))
    found: dict[tuple[str, str], tuple[list[str], int]] = {}
    for row in sorted(_rows(placed.filter(nw.col("_place") <= _MOST)), key=itemgetter("_place")):
        found.setdefault((row[FILE], row[REASON]), ([], row["_keys"]))[0].append(row[key])
    return found


def _rows(frame: LazyFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.collect("pyarrow").to_arrow().to_pylist()
    return rows
