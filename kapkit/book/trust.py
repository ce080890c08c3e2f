"""The data trust sheet: what a region's numbers rest on, and what weakens which of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from kapkit.book.checks import (
    ACCEPTED,
    DELIVERED_TWICE,
    DUPLICATE,
    SET_ASIDE,
)
from kapkit.book.region import Region
from kapkit.wording import day, percent, say, say_count, worded

#: From these on, the sheet says that a number is weakened.
LATE_DAYS = 31
LOST_SHARE = 0.01
KNOWN_SHARE = 0.95
FILLED_SHARE = 0.9
BATCH_SIZE = 5
STALE_DAYS = 365
STALE_SHARE = 0.5

_COPIES = (DELIVERED_TWICE, DUPLICATE)
FIELDS = {
    "industry": "industry",
    "channel": "channel",
    "owner": "owner",
    "employees": "employees",
    "annual_revenue": "annual revenue",
    "since": "since",
}


@dataclass(frozen=True)
class Measure:
    """One line of the sheet: what was looked at, what was found, and what it weakens if poor."""

    name: str
    found: str
    weakens: str
    poor: bool


@dataclass(frozen=True)
class TrustSheet:
    """What was found, a row a measure; ``table`` has ``measure``, ``found`` and ``weakens``.

    ``weakens`` is empty where nothing is wrong; ``sentences`` say what is.
    """

    measures: tuple[Measure, ...]

    @property
    def table(self) -> pd.DataFrame:
        """The measures as a frame, in a lasting order."""
        rows = [(one.name, one.found, one.weakens if one.poor else "") for one in self.measures]
        return pd.DataFrame(rows, columns=["measure", "found", "weakens"])

    @property
    def sentences(self) -> list[str]:
        """Say what weakens which numbers, or that nothing was found that does."""
        poor = [
            say(
                "{name}: {found}; this weakens {weakened}.",
                name=one.name,
                found=one.found,
                weakened=one.weakens,
            )
            for one in self.measures
            if one.poor
        ]
        return poor or [say("Nothing was found that weakens these numbers.")]


def trust_sheet(region: Region) -> TrustSheet:
    """Tell what a region's numbers rest on, so that nobody defends more than the data bear.

    Parameters
    ----------
    region : Region
        The region as of a day.

    Returns
    -------
    TrustSheet
        Coverage, freshness, copies, lost lines, known costs and categories, filled and stale
        fields; with activities, how they were logged.

    Notes
    -----
    A region without sales has no shares of revenue; they are shown as missing.
    """
    measures = [*_sales(region), *_lost(region), *_known(region), *_fields(region), *_stale(region)]
    if (activities := region.tables.get("activities")) is not None:
        measures += _activities(region, activities)
    return TrustSheet(tuple(measures))


def monthly_sales(region: Region) -> pd.DataFrame:
    """Sum a region's purchases by month, months without a sale included.

    Returns
    -------
    DataFrame indexed by month (first day), from the first sale to ``as_of``
        ``revenue`` and ``lines``; both 0 in months without a sale. Empty without sales.
    """
    bought = region.purchases.assign(month=region.purchases["date"].dt.to_period("M"))
    months = bought.groupby("month")[["revenue", "lines"]].sum()
    if months.empty:
        return months
    span = pd.period_range(months.index.min(), pd.Period(region.as_of, "M"), freq="M")
    return months.reindex(span.rename("month"), fill_value=0.0)


def _sales(region: Region) -> Iterator[Measure]:
    months = monthly_sales(region)
    if months.empty:
        yield Measure(say("Sales"), say("none"), say("everything"), poor=True)
        return
    first, last = region.purchases["date"].min(), region.purchases["date"].max()
    empty = int((months["lines"] == 0).sum())
    span = {"first": day(first.date()), "last": day(last.date())}
    found = (
        say(
            "{first} to {last}; {empty} of {months} months without a sale",
            **span,
            empty=empty,
            months=len(months),
        )
        if empty
        else say("{first} to {last}", **span)
    )
    yield Measure(say("Sales"), found, say("seasons and forecasts"), poor=empty > 0)
    late = (pd.Timestamp(region.as_of) - last).days
    yield Measure(
        say("Last sale"),
        say_count(
            late,
            "{count} day before the reporting day",
            "{count} days before the reporting day",
        ),
        say("who is silent"),
        late > LATE_DAYS,
    )


def _lost(region: Region) -> Iterator[Measure]:
    refused = region.totals[region.totals["state"] == SET_ASIDE]
    copies = refused["reason"].isin(_COPIES)
    count = int(refused.loc[copies, "rows"].sum())
    counted = say_count(count, "{count} line counted once", "{count} lines counted once")
    yield Measure(say("Copies"), counted, "", poor=False)
    lost = refused[~copies]
    accepted = region.totals.loc[region.totals["state"] == ACCEPTED, "revenue"]
    gone, kept = abs(float(sum(lost["revenue"]))), abs(float(sum(accepted)))
    share = gone / (gone + kept) if gone + kept else float("nan")
    yield Measure(
        say("Lines set aside"),
        say(
            "{lines}, {share} of revenue",
            lines=f"{int(lost['rows'].sum()):,}",
            share=percent(share),
        ),
        say("all money"),
        poor=share > LOST_SHARE,
    )


def _known(region: Region) -> Iterator[Measure]:
    bought = region.purchases
    costed, revenue = bought["costed_revenue"].sum(), bought["revenue"].sum()
    yield _share(say("Revenue with a known cost"), costed, revenue, say("contribution"))
    sold = region.categories["revenue"].clip(lower=0)
    named = sold[region.categories["category"].notna()]
    yield _share(say("Revenue with a category"), named.sum(), sold.sum(), say("spend by category"))


def _share(name: str, part: float, whole: float, weakens: str) -> Measure:
    share = part / whole if whole > 0 else float("nan")
    return Measure(name, percent(share), weakens, poor=not share >= KNOWN_SHARE)


def _fields(region: Region) -> Iterator[Measure]:
    """Tell which optional fields of accounts are missing, and how well the others are filled."""
    accounts = region.accounts
    absent = [name for name in FIELDS if name not in accounts or accounts[name].isna().all()]
    filled = {name: accounts[name].notna().mean() for name in FIELDS if name not in absent}
    thin = {name: share for name, share in filled.items() if share < FILLED_SHARE}
    parts = [
        say("{field} {share}", field=worded(FIELDS[name]), share=percent(share))
        for name, share in thin.items()
    ]
    parts += [say("{field} missing", field=worded(FIELDS[name])) for name in absent]
    found = ", ".join(parts) or say(
        "all {count} at least {share} filled", count=len(filled), share=percent(FILLED_SHARE)
    )
    weakened = say("characteristics and potential")
    yield Measure(say("Fields of accounts"), found, weakened, poor=bool(parts))


def _stale(region: Region) -> Iterator[Measure]:
    """Name what most accounts have no news of for a year, of what the book says with a day."""
    said = {what: age for what, age in _ages(region).items() if len(age)}
    if not said:
        return
    old = {what: float((age > STALE_DAYS).mean()) for what, age in said.items()}
    stale = {what: share for what, share in old.items() if share > STALE_SHARE}
    parts = [
        say(
            "{what} of {share} of accounts older than a year",
            what=worded(what),
            share=percent(share),
        )
        for what, share in stale.items()
    ]
    found = ", ".join(parts) or say("none of {names}", names=", ".join(map(worded, said)))
    yield Measure(say("Stale fields"), found, say("what is read from them"), poor=bool(parts))


def _ages(region: Region) -> dict[str, pd.Series]:
    """Give the days since each account's last news, by what the news is of."""
    last = {
        what: region.tables[table].groupby("account_id")[column].max()
        for table, (column, what) in _DATED.items()
        if table in region.tables
    }
    if "recorded" in region.accounts:
        last["account records"] = region.accounts["recorded"]
    today = pd.Timestamp(region.as_of)
    return {what: (today - days.dropna()).dt.days for what, days in last.items()}


_DATED = {
    "surveys": ("date", "satisfaction"),
    "needs": ("recorded", "needs"),
    "opportunities": ("created", "deals"),
}


def _activities(region: Region, activities: pd.DataFrame) -> Iterator[Measure]:
    """Tell how contacts were logged: by how many owners, how much of it in batches."""
    if activities.empty or "owner" not in activities:
        found = say("{count}, no owner named", count=f"{len(activities):,}")
        yield Measure(say("Activities"), found, say("effort"), poor=True)
        return
    per_day = activities.groupby(["owner", "date"]).size()
    batched = per_day[per_day >= BATCH_SIZE].sum() / len(activities)
    yield Measure(
        say("Activities logged in batches"),
        say(
            "{share} on days with {count} or more of one owner",
            share=percent(batched),
            count=BATCH_SIZE,
        ),
        say("the dates of contacts"),
        poor=batched > 1 - KNOWN_SHARE,
    )
    owners = set(region.accounts["owner"].dropna()) if "owner" in region.accounts else set()
    silent = sorted(owners - set(activities["owner"]))
    yield Measure(
        say("Owners who logged nothing"),
        ", ".join(silent) or say("none"),
        say("effort against potential"),
        poor=bool(silent),
    )
