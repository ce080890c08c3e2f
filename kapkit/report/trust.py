"""What the numbers rest on: control totals, coverage, provenance."""

import platform
from importlib.metadata import version

import pandas as pd

from kapkit.book.checks import ACCEPTED, DELIVERED_TWICE, DUPLICATE, LATER, SET_ASIDE
from kapkit.book.errors import listing
from kapkit.book.region import Region
from kapkit.book.totals import MONEY
from kapkit.book.trust import TrustSheet, monthly_sales
from kapkit.report.decisions import Provenance
from kapkit.report.display import Chart, Column, Finding, Table
from kapkit.report.look import ACCENT, CONTEXT, canvas, money_axis
from kapkit.wording import day, say, several, worded

_ORDER = ["read", ACCEPTED, SET_ASIDE, LATER]
_HEADS = {
    "table": Column("Table"),
    "state": Column("Rows are", worded),
    "reason": Column("Reason", worded),
}
_PACKAGES = ("kapkit", "duckdb", "narwhals", "pandas", "statsmodels", "papermill")


def table_totals(region: Region) -> Table:
    """Show what became of the sales lines that belong here, in rows and money."""
    where = region.name or say("all regions")
    return _totals_table(
        region.totals,
        by=["state", "reason"],
        name="totals",
        caption=say("Sales lines of {where}", where=where) + f", {region.book.currency}",
    )


def table_book_totals(region: Region) -> Table:
    """Show what became of every row of the book: read = accepted + set aside + after as_of."""
    return totals_by_reason(region.book.totals, currency=region.book.currency)


def totals_by_reason(totals: pd.DataFrame, *, currency: str = "") -> Table:
    """Lay out the control totals of a whole book, a line per table, state and reason."""
    return _totals_table(
        totals,
        by=["table", "state", "reason"],
        name="book-totals",
        caption=say("Control totals of the book") + f", {currency}".rstrip(", "),
    )


def finding_coverage(region: Region) -> Finding:
    """Say what the region's numbers rest on, and what weakens them."""
    totals = region.totals
    refused = totals[totals["state"] == SET_ASIDE]
    sentences = [f"{region.coverage}."]
    if len(refused):
        worst = refused.groupby("reason")["rows"].sum().sort_values(ascending=False)
        sentences.append(
            say(
                "Set aside: {reasons}.",
                reasons="; ".join(f"{worded(str(why))} ({rows:,})" for why, rows in worst.items()),
            )
        )
    if region.book.value_measure == "revenue":
        sentences.append(
            say(
                "The book's costs are missing or patchy, so accounts are ranked by revenue, not "
                "margin."
            )
        )
    return Finding(sentences, caution=_weakened(region, refused))


def _weakened(region: Region, refused: pd.DataFrame) -> bool:
    """Tell whether costs are unknown or more than a hundredth of the revenue is set aside.

    Copies of lines that are counted elsewhere take nothing away.
    """
    lost = refused[~refused["reason"].isin([DELIVERED_TWICE, DUPLICATE])]
    accepted = region.totals.loc[region.totals["state"] == ACCEPTED, "revenue"]
    return region.book.value_measure == "revenue" or abs(sum(lost["revenue"])) * 100 > abs(
        sum(accepted)
    )


def finding_checks(region: Region) -> Finding:
    """Prove on the spot that totals reconcile; a notebook in which they do not fails here."""
    return Finding([say("Checked: {what}.", what=region.check())])


def provenance(region: Region, **decisions: pd.DataFrame) -> Provenance:
    """Say what made this page: book, day, data fingerprint, versions.

    Parameters
    ----------
    region : Region
        The region, or the company.
    decisions : DataFrame
        What is left to the next run, by name (`kapkit.book.decisions.DECISIONS`).
    """
    book = region.book
    used = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    span = f"{book.first_day} to {book.last_day}" if book.first_day else "no sales"
    return Provenance(
        [
            f"{book.name} as of {day(book.as_of)}; sales {span}; data {book.fingerprint}.",
            f"{used}, Python {platform.python_version()}.",
        ],
        decisions=decisions,
    )


def _totals_table(totals: pd.DataFrame, *, by: list[str], name: str, caption: str) -> Table:
    known = [column for column in MONEY if column != "amount" or totals[column].notna().any()]
    money = {column: totals[column].astype(float) for column in known}
    grouped = totals.assign(**money).groupby(by, dropna=False, sort=False)
    summed = grouped[["rows", *money]].sum(min_count=1).reset_index()
    summed["order"] = summed["state"].map(_ORDER.index)
    ranked = summed.sort_values([*by[:-2], "order", "rows"], kind="stable")
    columns = {column: _HEADS[column] for column in by} | {
        "rows": Column("Rows", "{:,.0f}".format, numeric=True),
        **{name: Column(name.title(), "{:,.2f}".format, numeric=True) for name in known},
    }
    return Table(ranked, columns, name=name, caption=caption)


def table_trust(sheet: TrustSheet) -> Table:
    """Show the data trust sheet."""
    columns = {
        "measure": Column("Looked at"),
        "found": Column("Found"),
        "weakens": Column("Weakens"),
    }
    return Table(
        sheet.table,
        columns,
        name="trust",
        caption="Data trust sheet",
        how="What stands under Weakens should be read with care; where nothing stands there, "
        "nothing wrong was found.",
        folded=True,
    )


def finding_trust(sheet: TrustSheet) -> Finding:
    """Say what weakens which numbers."""
    return Finding(sheet.sentences, caution=any(one.poor for one in sheet.measures))


def plot_coverage(region: Region) -> Chart | Finding:
    """Draw revenue by month, so that gaps and a late export are seen."""
    months = monthly_sales(region)
    if months.empty:
        return Finding(["No sales, so there is nothing to draw."], caution=True)
    with canvas(height=2.4) as (figure, axes):
        axes.bar(pd.PeriodIndex(months.index).to_timestamp(), months["revenue"], 24, color=ACCENT)
        axes.axhline(0, color=CONTEXT, linewidth=1)
        axes.set_ylabel(f"Revenue a month, {region.book.currency}")
        money_axis(axes.yaxis)
    gaps = [f"{month:%B %Y}" for month in months.index[months["lines"] == 0]]
    return Chart(
        figure,
        alt=f"Revenue of {several(len(months), 'month')}; "
        + (f"no sale in {listing(gaps)}." if gaps else "every month has sales."),
        caption="Revenue by month, all accepted sales",
        folded=True,
    )
