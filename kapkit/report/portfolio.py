"""The portfolio: all regions side by side."""

from collections.abc import Hashable

import pandas as pd

from kapkit.book.checks import SET_ASIDE
from kapkit.book.errors import listing
from kapkit.book.region import Region
from kapkit.classification.abc import Cuts
from kapkit.classification.key_accounts import key_accounts
from kapkit.classification.reasons import silent_key_accounts
from kapkit.evaluation.profit import contribution_of, large_but_losing
from kapkit.report.brief import contribution_tile, revenue_tile
from kapkit.report.display import Chart, Column, Finding, Table, Tile, Tiles
from kapkit.report.look import ACCENT, CONTEXT, LOSS, canvas, money_axis, short
from kapkit.wording import amount, percent, say, say_count, several, signed_percent, worded


def region_summaries(company: Region, *, cuts: Cuts | None = None) -> pd.DataFrame:
    """Sum up each region in a row: accounts by class, money, and what needs attention.

    Parameters
    ----------
    company : Region
        All regions together (``book.company()``).
    cuts : Cuts
        As in the regions' own analyses.

    Returns
    -------
    DataFrame indexed by region, highest revenue first
        ``accounts``, ``A``, ``B``, ``C``, ``revenue`` and ``revenue_before`` (twelve months),
        ``contribution`` (missing without costs), ``value_a`` (share of expected value in A),
        ``losing`` (large accounts that lose money), ``silent`` (key accounts silent for twice
        their gap), ``at_stake`` (their value a year), ``set_aside_rows`` and
        ``set_aside_revenue``.
    """
    rows = [_summary(part, cuts) for part in company.parts()]
    frame = pd.DataFrame(rows).set_index("region")
    return frame.sort_values("revenue", ascending=False, kind="stable")


def table_regions(company: Region, summaries: pd.DataFrame) -> Table:
    """Show the regions side by side."""
    count = Column("", lambda value: f"{value:,.0f}", numeric=True)
    columns = {
        "region": Column("Region"),
        "accounts": Column("Accounts", count.show, numeric=True),
        "classes": Column("A / B / C", numeric=True),
        "value_a": Column("Value in A", percent, numeric=True),
        "revenue": Column(f"Revenue, {company.book.currency}", amount, numeric=True),
        "change": Column("Change", signed_percent, numeric=True),
        "contribution": Column("Contribution", amount, numeric=True),
        "losing": Column("Large but losing", count.show, numeric=True),
        "silent": Column("Silent key accounts", count.show, numeric=True),
        "at_stake": Column("At stake a year", amount, numeric=True),
        "set_aside_revenue": Column("Set aside", amount, numeric=True),
    }
    change = summaries["revenue"] / summaries["revenue_before"].where(
        summaries["revenue_before"] > 0
    )
    classes = summaries[["A", "B", "C"]].astype(str).agg(" / ".join, axis=1)
    frame = summaries.assign(change=change - 1, classes=classes).reset_index()
    return Table(
        frame,
        columns,
        name="regions",
        caption="Regions, last twelve months",
        how="Set aside: revenue of lines that no account of the region could be found for, or "
        "that break a rule; the region's page lists the reasons.",
    )


def plot_regions(company: Region, summaries: pd.DataFrame, *, most: int = 20) -> Chart:
    """Draw contribution by region (revenue where the book has no costs).

    Parameters
    ----------
    company : Region
        All regions together, for the currency and whether costs are known.
    summaries : DataFrame
        From `region_summaries`.
    most : int
        Bars drawn: the regions with the highest revenue. One whose contribution is not known
        has none and stands last.
    """
    measure = "contribution" if company.book.costed_share > 0 else "revenue"
    shown = summaries.nlargest(most, "revenue").sort_values(measure, na_position="first")
    colors = [ACCENT if value >= 0 else LOSS for value in shown[measure]]
    with canvas(height=0.9 + 0.28 * len(shown)) as (figure, axes):
        axes.barh(range(len(shown)), shown[measure], color=colors, height=0.7)
        axes.set_yticks(range(len(shown)), [short(name) for name in shown.index], parse_math=False)
        axes.axvline(0, color=CONTEXT, linewidth=1)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", visible=True)
        axes.set_xlabel(
            say("{measure} of the last twelve months", measure=worded(measure.title()))
            + f", {company.book.currency}"
        )
        money_axis(axes.xaxis)
    words = "; ".join(f"{name} {amount(value)}" for name, value in shown[measure][::-1].items())
    return Chart(
        figure,
        alt=say("{measure} by region: {words}.", measure=worded(measure.title()), words=words),
        caption=_caption(worded(measure.title()), most, len(summaries)),
    )


def tiles_company(company: Region, summaries: pd.DataFrame) -> Tiles:
    """Show the company's numbers first."""
    currency, total = company.book.currency, summaries.sum(numeric_only=True, min_count=1)
    return Tiles(
        [
            revenue_tile(total["revenue"], total["revenue_before"], currency),
            contribution_tile(total["contribution"], total["revenue"], currency),
            Tile("Regions", f"{len(summaries)}", several(int(total["accounts"]), "account")),
            Tile(
                "Key accounts",
                f"{total['A']:,.0f}",
                say("{count} of them silent", count=f"{total['silent']:,.0f}"),
            ),
            Tile(
                "Large but losing", f"{total['losing']:,.0f}", "large accounts with negative margin"
            ),
        ]
    )


def finding_regions(company: Region, summaries: pd.DataFrame) -> Finding:
    """Say which regions lose money, and which depend on silent key accounts."""
    currency = company.book.currency
    losing = summaries[summaries["contribution"] < 0].sort_values("contribution")
    silent = summaries[summaries["silent"] > 0].sort_values("at_stake", ascending=False)
    sentences = []
    if len(losing):
        named = listing(
            [
                f"{name} ({amount(value, currency)})"
                for name, value in losing["contribution"].items()
            ]
        )
        sentences.append(
            say_count(
                len(losing),
                "{count} region made a loss: {named}.",
                "{count} regions made a loss: {named}.",
                named=named,
            )
        )
    if len(silent):
        first = silent.iloc[0]
        sentences.append(
            say(
                "Most is at stake with silent key accounts in {region}: {worth} a year.",
                region=silent.index[0],
                worth=amount(first["at_stake"], currency),
            )
        )
    if company.book.costed_share > 0:
        calm = say("No region made a loss and no key account is silent.")
    else:
        calm = say("No key account is silent.")
    return Finding(sentences or [calm])


def _caption(measure: str, most: int, there: int) -> str:
    if there <= most:
        return say("{measure} by region", measure=measure)
    return say(
        "{measure} by region, the {most} largest of {all}", measure=measure, most=most, all=there
    )


def _summary(region: Region, cuts: Cuts | None) -> dict[Hashable, float | str | None]:
    classified = key_accounts(region, cuts=cuts)
    contribution = contribution_of(region)
    silent = silent_key_accounts(classified)
    refused = region.totals[region.totals["state"] == SET_ASIDE]
    table = contribution.table
    key = classified.table["class"] == "A"
    return {
        "region": region.name,
        "accounts": len(region.accounts),
        **classified.counts().to_dict(),
        "revenue": table["revenue"].sum(),
        "revenue_before": table["revenue_before"].sum(),
        "contribution": table["contribution"].sum(min_count=1),
        "value_a": classified.table.loc[key, "value_share"].sum(min_count=1),
        "losing": len(large_but_losing(contribution).table),
        "silent": len(silent),
        "at_stake": silent["value"].sum(),
        "set_aside_rows": int(refused["rows"].sum()),
        "set_aside_revenue": float(sum(refused["revenue"])),
    }
