"""The book as of one day: checked tables in the engine, totals, regions."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import narwhals as nw
import pandas as pd

from kapkit.book.checks import (
    ACCEPTED,
    OF_REGION,
    SET_ASIDE,
    STATE,
    check_table,
    repeated_content,
    with_account,
    with_region,
    with_state,
)
from kapkit.book.config import BookConfig
from kapkit.book.frames import book_facts, category_frame, purchase_frame, table_frame
from kapkit.book.region import BookFacts, Region, make_region, unknown_region
from kapkit.book.schema import TABLES
from kapkit.book.source import LazyFrame, Source
from kapkit.book.totals import totals_by_state, totals_read


@dataclass(frozen=True)
class Snapshot:
    """A book as of a day; rows dated later are counted and otherwise change nothing."""

    config: BookConfig
    source: Source
    as_of: dt.date

    @cached_property
    def tables(self) -> dict[str, LazyFrame]:
        """The checked tables the book has, good rows and refused, each with its region."""
        tables = {"accounts": self._kept("accounts", self._checked("accounts"), nw.col("region"))}
        for name in ("sales", *TABLES):
            if name not in tables and self.config.relation(name):
                tables[name] = self._placed(name, tables)
        return tables

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Control totals of every table: read, and what became of it."""
        parts = [
            part
            for name, checked in self.tables.items()
            for part in (totals_read(self._read[name], name), totals_by_state(checked, name))
        ]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def regions(self) -> list[str]:
        """Regions with accounts or lines, sorted."""
        return self.facts.regions

    @cached_property
    def facts(self) -> BookFacts:
        """What every page says of the whole book."""
        (sold,) = book_facts(self.tables["sales"]).collect("pyarrow").to_arrow().to_pylist()
        accounts = self.totals.query(f"table == 'accounts' and state == '{ACCEPTED}'")["rows"].sum()
        gross, costed = float(sold.pop("gross") or 0), float(sold.pop("costed") or 0)
        # A count over no lines is missing in the engine.
        orders, buying = int(sold.pop("orders") or 0), int(sold.pop("buying_accounts") or 0)
        return BookFacts(
            name=self.config.book.name,
            currency=self.config.book.currency,
            as_of=self.as_of,
            accounts=int(accounts),
            costed_share=costed / gross if gross else 0.0,
            totals=self.totals,
            fingerprint=self.source.fingerprint(),
            orders=orders,
            buying_accounts=buying,
            calendar=self.config.calendar.model_dump(mode="json"),
            effort=self.config.effort.model_dump(mode="json"),
            **sold,
        )

    def region(self, name: str | None) -> Region:
        """Collect one region (None: the company) into pandas.

        Raises
        ------
        DataError
            If the book has no such region.
        """
        if name is None:
            return self.company
        if name not in self.regions:
            raise unknown_region(name, self.regions)
        return self._collected(name)

    @cached_property
    def company(self) -> Region:
        """All regions together, collected once."""
        return self._collected(None)

    def _collected(self, name: str | None) -> Region:
        here = {
            key: frame if name is None else frame.filter(_counts_for(name))
            for key, frame in self.frames().items()
        }
        frames = {
            key: frame.collect("pyarrow").to_arrow().to_pandas() for key, frame in here.items()
        }
        whole = None if name is None else lambda: self.company
        return make_region(name, self.facts, frames, whole=whole)

    def frames(self) -> dict[str, LazyFrame]:
        """Give the frames of the analysis, all regions, each with a ``region`` column.

        Sales become ``purchases`` and ``categories``; a row whose region is missing, as that of
        a product or of a company goal, is for all.
        """
        sales, products = self.tables["sales"], self.tables.get("products")
        summed = {"purchases": purchase_frame(sales), "categories": category_frame(sales, products)}
        rows = {
            name: table_frame(checked, name, as_of=self.as_of)
            for name, checked in self.tables.items()
            if name != "sales"
        }
        return rows | summed

    def set_aside(self, table: str) -> LazyFrame:
        """Give the refused rows of a table with their reason and place."""
        return self.tables[table].filter(nw.col(STATE) == SET_ASIDE)

    def _placed(self, table: str, tables: dict[str, LazyFrame]) -> LazyFrame:
        """Check a table and find the region of each row: its account's, else its own, else none."""
        checked = self._checked(table)
        columns = checked.collect_schema().names()
        if "region" in columns and table != "sales":
            checked = with_region(checked, tables["accounts"], tables["sales"])
        elif "account_id" not in columns:
            checked = checked.with_columns(nw.lit(None, nw.String).alias(OF_REGION))
        if "account_id" in columns:
            checked = with_account(checked, tables["accounts"])
        return self._kept(table, checked, nw.col(OF_REGION))

    @cached_property
    def _read(self) -> dict[str, LazyFrame]:
        """The tables as their source has them, read once."""
        named = [name for name in TABLES if name == "accounts" or self.config.relation(name)]
        return {name: self.source.keep(self._given(name), f"{name} as read") for name in named}

    def _given(self, table: str) -> LazyFrame:
        frame = self.source.table(table)
        if table == "accounts" and (unassigned := self.config.regions.unassigned):
            return frame.with_columns(nw.col("region").fill_null(unassigned))
        return frame

    def _checked(self, table: str) -> LazyFrame:
        read = self._read[table]
        repeated = self.source.keep(repeated_content(read), f"{table} repeated")
        rule = self.config.table(table).duplicates
        return check_table(read, repeated, table, as_of=self.as_of, duplicates=rule)

    def _kept(self, table: str, checked: LazyFrame, region: nw.Expr) -> LazyFrame:
        stated = with_state(checked.with_columns(region.alias(OF_REGION)))
        return self.source.keep(stated, f"{table} as of {self.as_of}")


def _counts_for(region: str) -> nw.Expr:
    return nw.col("region").is_null() | (nw.col("region") == region)
