"""The book as of one day: checked tables in the engine, totals, regions."""

import datetime as dt
from collections.abc import Sequence
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
from kapkit.book.frames import book_facts, category_frame, purchase_frame, table_frame, text_keys
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
        return {name: judged.table for name, judged in self._judged.items()}

    @cached_property
    def totals(self) -> pd.DataFrame:
        """Control totals of every table: read, and what became of it."""
        parts = [
            part
            for name, judged in self._judged.items()
            for part in (judged.read, totals_by_state(judged.table, name))
        ]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def regions(self) -> list[str]:
        """Regions with accounts or lines, sorted."""
        return self.facts.regions

    @cached_property
    def facts(self) -> BookFacts:
        """What every page says of the whole book."""
        sold = book_facts(self.tables["sales"])
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
            classes=self.config.classes.model_dump(exclude_none=True),
            plan=self.config.plan.model_dump(exclude_none=True),
            language=self.config.book.language,
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

    @cached_property
    def rows(self) -> pd.Series:
        """How many account-days and accounts each region has."""
        frames = self.frames()
        counted = [
            frames[name].group_by("region").agg(nw.len().alias("rows")).collect("pandas")
            for name in ("purchases", "accounts")
        ]
        rows = pd.concat([frame.to_pandas() for frame in counted])
        return rows.groupby("region")["rows"].sum().reindex(self.regions, fill_value=0)

    def part(self, names: Sequence[str]) -> Region:
        """Collect some regions as if they were the company."""
        chosen = None if len(names) == len(self.regions) else names
        return make_region(None, self.facts, self._frames_of(chosen))

    def _collected(self, name: str | None) -> Region:
        if name is None:
            return self.part(self.regions)
        return make_region(name, self.facts, self._frames_of([name]), whole=lambda: self.company)

    def _frames_of(self, regions: Sequence[str] | None) -> dict[str, pd.DataFrame]:
        here = {
            key: frame if regions is None else frame.filter(_counts_for(regions))
            for key, frame in self.frames().items()
        }
        return {key: frame.collect("pyarrow").to_arrow().to_pandas() for key, frame in here.items()}

    def frames(self) -> dict[str, LazyFrame]:
        """Give the frames of the analysis, all regions, each with a ``region`` column.

        Sales become ``purchases`` and ``categories``; a row whose region is missing, as that of
        a product or of a company goal, is for all.
        """
        rows = {
            name: table_frame(checked, name, as_of=self.as_of)
            for name, checked in self.tables.items()
            if name != "sales"
        }
        return rows | self._sums

    def set_aside(self, table: str) -> LazyFrame:
        """Give the refused rows of a table with their reason and place."""
        return text_keys(self.tables[table].filter(nw.col(STATE) == SET_ASIDE))

    @cached_property
    def _sums(self) -> dict[str, LazyFrame]:
        """The accepted lines, summed once for all regions."""
        sales, products = self.tables["sales"], self.tables.get("products")
        summed = {
            "purchases": purchase_frame(sales),
            "categories": category_frame(sales, products),
        }
        return {
            name: self.source.keep(frame, f"{name} as of {self.as_of}")
            for name, frame in summed.items()
        }

    @cached_property
    def _judged(self) -> "dict[str, _Judged]":
        named = [name for name in TABLES if name == "accounts" or self.config.relation(name)]
        # What names accounts and regions comes after those.
        order = dict.fromkeys(["accounts", "sales", *named])
        judged: dict[str, _Judged] = {}
        for name in order:
            judged[name] = self._judge(name, {other: one.table for other, one in judged.items()})
        return judged

    def _judge(self, table: str, before: dict[str, LazyFrame]) -> "_Judged":
        """Read a table once, count it, check it, and keep no more than what came of it."""
        as_read, repeated = f"{table} as read", f"{table} repeated"
        read = self.source.keep(self._given(table), as_read)
        counted = totals_read(read, table)
        twice = self.source.keep(repeated_content(read), repeated)
        checked = check_table(
            read,
            twice if _any(twice) else None,
            table,
            as_of=self.as_of,
            duplicates=self.config.table(table).duplicates,
        )
        stated = with_state(_placed(checked, table, before))
        kept = self.source.keep(stated, f"{table} as of {self.as_of}")
        for name in (as_read, repeated):
            self.source.release(name)
        return _Judged(kept, counted)

    def _given(self, table: str) -> LazyFrame:
        frame = self.source.table(table)
        if table == "accounts" and (unassigned := self.config.regions.unassigned):
            return frame.with_columns(nw.col("region").fill_null(unassigned))
        return frame


@dataclass(frozen=True)
class _Judged:
    """A checked table, and the control totals it had before any rule."""

    table: LazyFrame
    read: pd.DataFrame


def _placed(checked: LazyFrame, table: str, before: dict[str, LazyFrame]) -> LazyFrame:
    """Find the region of each row: its account's, else its own, else none."""
    columns = checked.collect_schema().names()
    if table == "accounts":
        return checked.with_columns(nw.col("region").alias(OF_REGION))
    if "region" in columns and table != "sales":
        checked = with_region(checked, before["accounts"], before["sales"])
    elif "account_id" not in columns:
        checked = checked.with_columns(nw.lit(None, nw.String).alias(OF_REGION))
    return with_account(checked, before["accounts"]) if "account_id" in columns else checked


def _any(frame: LazyFrame) -> bool:
    return len(frame.head(1).collect("pyarrow")) > 0


def _counts_for(regions: Sequence[str]) -> nw.Expr:
    return nw.col("region").is_null() | nw.col("region").is_in(list(regions))
