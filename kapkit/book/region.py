"""What the analysis sees: one region (or the whole company) as of a day, in small frames."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd
import pandera.pandas as pa
from pandas.api.types import is_object_dtype

from kapkit.book.calendar import WorkCalendar, work_calendar
from kapkit.book.checks import ACCEPTED, LATER, SET_ASIDE
from kapkit.book.errors import DataError, listing
from kapkit.book.last_plan import last_plan
from kapkit.book.schema import ACCOUNTS, CATEGORIES, PURCHASES, TABLES
from kapkit.book.totals import reconcile
from kapkit.wording import day, several

#: From this share of gross revenue on, a missing cost no longer bars ranking by margin.
COSTED_SHARE_NEEDED = 0.95


@dataclass(frozen=True)
class BookFacts:
    """What every region's page says of the whole book.

    ``totals`` are the control totals (table, region, state, reason, rows, revenue, cost);
    ``first_day`` and ``last_day`` bound the accepted sales; ``costed_share`` is the part of
    gross revenue whose cost is known; ``orders`` and ``buying_accounts`` are distinct counts;
    ``calendar``, ``effort``, ``classes`` and ``plan`` are the sections of the kapkit.toml that
    say when people work, what a plan of contacts keeps to, what evidence a move between classes
    needs and whether the last run's plan is monitored, as plain values;
    ``language`` is that of the pages.
    """

    name: str
    currency: str
    as_of: dt.date
    first_day: dt.date | None
    last_day: dt.date | None
    orders: int
    accounts: int
    buying_accounts: int
    costed_share: float
    totals: pd.DataFrame
    fingerprint: str
    calendar: Mapping[str, Any] = field(default_factory=dict)
    effort: Mapping[str, Any] = field(default_factory=dict)
    classes: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"

    @property
    def regions(self) -> list[str]:
        """Regions with accounts or lines up to as_of, sorted."""
        known = self.totals[self.totals["state"] != LATER]
        known = known[known["table"].isin(["accounts", "sales"])]
        return sorted(known["region"].dropna().unique())

    @property
    def value_measure(self) -> Literal["margin", "revenue"]:
        """What accounts are valued by: margin where the book knows its costs, else revenue."""
        return "margin" if self.costed_share >= COSTED_SHARE_NEEDED else "revenue"


@dataclass(frozen=True, eq=False)
class Region:
    """One region's accounts and what they bought up to ``as_of``.

    ``accounts`` is indexed by ``account_id``; ``purchases`` has a row per account and day,
    ``categories`` one per account, month and category. ``tables`` holds the other tables the
    book has, by name, with the rows of this region and those that are for all (columns:
    `kapkit.book.schema`). ``name`` is None for the whole company, which ``whole`` gives to what
    is learned from all regions; ``pooled`` is what a run has learned of it already, by name.

    ``earlier`` is what the newest earlier run of the book decided for this region, by name
    (frames: `kapkit.book.decisions.DECISIONS`, with a ``region`` column), and
    ``earlier_as_of`` that run's day; empty and None where there was none.
    """

    name: str | None
    book: BookFacts
    accounts: pd.DataFrame
    purchases: pd.DataFrame
    categories: pd.DataFrame
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    pooled: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    whole: "Callable[[], Region] | None" = field(default=None, repr=False)
    earlier: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    earlier_as_of: dt.date | None = None

    @property
    def company(self) -> "Region":
        """All regions together, as far as they are at hand."""
        return self if self.whole is None else self.whole()

    @property
    def as_of(self) -> dt.date:
        """The last day that counts."""
        return self.book.as_of

    @property
    def calendar(self) -> WorkCalendar:
        """When this region's people work, as far as the kapkit.toml says."""
        return work_calendar(self.book.calendar, self.name)

    @property
    def totals(self) -> pd.DataFrame:
        """Control totals of the sales lines that belong here, by state and reason."""
        sales = self.book.totals.query("table == 'sales' and state != 'read'")
        here = sales if self.name is None else sales[sales["region"] == self.name]
        return here.drop(columns=["table"]).reset_index(drop=True)

    @property
    def coverage(self) -> str:
        """Say in one line what the analysis rests on."""
        by_state = self.totals.groupby("state")["rows"].sum()
        lines = {state: by_state.get(state, 0) for state in (ACCEPTED, SET_ASIDE, LATER)}
        return (
            f"{self.name or self.book.name} as of {day(self.as_of)}: "
            f"{several(len(self.accounts), 'account')}, "
            f"{several(lines[ACCEPTED], 'sales line')} accepted, {lines[SET_ASIDE]:,} set aside, "
            f"{lines[LATER]:,} dated later"
        )

    def parts(self) -> "Iterator[Region]":
        """Split the company into its regions, those without accounts included."""
        region = self.accounts["region"]
        bought = dict(list(self.purchases.groupby(self.purchases["account_id"].map(region))))
        sorts = dict(list(self.categories.groupby(self.categories["account_id"].map(region))))
        listed = dict(list(self.accounts.groupby("region")))
        for name in self.book.regions:
            yield Region(
                name,
                self.book,
                listed.get(name, self.accounts.iloc[:0]),
                bought.get(name, self.purchases.iloc[:0]),
                sorts.get(name, self.categories.iloc[:0]),
                {table: _part(frame, name) for table, frame in self.tables.items()},
                {model: _part(frame, name) for model, frame in self.pooled.items()},
                lambda: self,
                *_decided(self.earlier, self.earlier_as_of, name),
            )

    def check(self) -> str:
        """Prove that this region's frames hold the accepted revenue to the cent.

        Returns
        -------
        str
            The sentence the proof supports.

        Raises
        ------
        DataError
            If the book's totals do not reconcile, or the frames here miss or repeat money.
        """
        proof = reconcile(self.book.totals)
        accepted = self.totals[self.totals["state"] == ACCEPTED]
        expected = float(sum(accepted["revenue"]))
        for name, frame in {"purchases": self.purchases, "categories": self.categories}.items():
            found = float(frame["revenue"].sum())
            if abs(found - expected) >= 0.005:
                raise DataError(
                    f"{self.name}: {name} hold revenue {found:.2f}, accepted were {expected:.2f}"
                )
        return f"{proof}; revenue {expected:,.2f} here"


def make_region(
    name: str | None,
    facts: BookFacts,
    frames: Mapping[str, pd.DataFrame],
    *,
    pooled: Mapping[str, pd.DataFrame] | None = None,
    whole: Callable[[], Region] | None = None,
    earlier: Mapping[str, pd.DataFrame] | None = None,
    earlier_as_of: dt.date | None = None,
) -> Region:
    """Shape collected frames into a region: typed, sorted, the whole company or one part."""
    accounts = _typed(ACCOUNTS, frames["accounts"]).sort_values("account_id")
    purchases = _typed(PURCHASES, frames["purchases"]).sort_values(["account_id", "date"])
    categories = _typed(CATEGORIES, frames["categories"])
    categories = categories.sort_values(["account_id", "month", "category"])
    tables = {table: _typed(TABLES[table], frame) for table, frame in _others(frames).items()}
    decided, day = _decided(earlier or {}, earlier_as_of, name)
    return Region(
        name,
        facts,
        accounts.set_index("account_id"),
        purchases.drop(columns="region").reset_index(drop=True),
        categories.drop(columns="region").reset_index(drop=True),
        _with_last_plan(tables, decided, day, facts),
        pooled or {},
        whole,
        decided,
        day,
    )


def unknown_region(name: str, known: Sequence[str]) -> DataError:
    """Say that a region is not in the book, and which are."""
    return DataError(
        f"region: {name!r} is not in the book, which has {len(known)}: {listing(list(known), 12)}"
    )


def _others(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Give the tables that are no frames of their own, in a lasting order of rows."""
    return {
        table: frame.sort_values(list(frame.columns), ignore_index=True)
        for table, frame in frames.items()
        if table in TABLES and table != "accounts"
    }


def _part(frame: pd.DataFrame, region: str) -> pd.DataFrame:
    here = frame["region"].isna() | (frame["region"] == region)
    return frame[here].reset_index(drop=True)


def _with_last_plan(
    tables: dict[str, pd.DataFrame],
    decided: Mapping[str, pd.DataFrame],
    day: dt.date | None,
    facts: BookFacts,
) -> dict[str, pd.DataFrame]:
    """Let the plan of the run before be the book's, or lie over it, as the kapkit.toml says."""
    wanted = facts.plan.get("last_run", "plan_actions" not in tables)
    if day is None or "actions" not in decided or not wanted:
        return tables
    both = last_plan(
        decided["actions"],
        tables.get("plan_actions"),
        tables.get("activities"),
        since=day,
        as_of=facts.as_of,
    )
    return tables | {"plan_actions": both}


def _decided(
    earlier: Mapping[str, pd.DataFrame], day: dt.date | None, region: str | None
) -> tuple[Mapping[str, pd.DataFrame], dt.date | None]:
    """Keep a region's own part of an earlier run's decisions; nothing if it was not in that run."""
    own = {
        name: frame if region is None else frame[frame["region"] == region].reset_index(drop=True)
        for name, frame in earlier.items()
    }
    return (own, day) if any(len(frame) for frame in own.values()) else ({}, None)


def _typed(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """Give columns their types; a feature is text even where a region has none of it."""
    typed = schema.validate(frame)
    untyped = [name for name, dtype in typed.dtypes.items() if is_object_dtype(dtype)]
    return typed.astype(dict.fromkeys(untyped, "str"))
