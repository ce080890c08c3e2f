"""3.1 What accounts need: the map, the ranking, the answers."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.evaluation.needs import GAP, IMPORTANT, Needs, needs_by_region
from kapkit.report.display import Chart, Column, Finding, Table, ranges
from kapkit.report.look import ACCENT, CONTEXT, apart, canvas, label, short
from kapkit.wording import amount, say, say_count

_COUNT = Column("", "{:,.0f}".format, numeric=True)
_ONE = "{:z.1f}".format


def finding_needs(found: Needs | None) -> Finding:
    """Say with which need most is at stake, and which nobody answers."""
    if found is None:
        return Finding(
            [say("The book has no needs table: what accounts need is not known.")], caution=True
        )
    return Finding([found.sentence])


def plot_needs(region: Region, found: Needs | None) -> Chart | Finding:
    """Draw importance against fulfilment, the larger the more is at stake; nothing without needs.

    Parameters
    ----------
    region : Region
        For the currency.
    found : Needs or None
        From `needs_of`.
    """
    if found is None or found.table.empty:
        return Finding([])
    table = found.table
    most = float(table["stake"].max()) or 1.0
    with canvas(height=4.0) as (figure, axes):
        axes.plot([1, 5], [1, 5], color=CONTEXT, linewidth=1)
        size = 30 + 400 * table["stake"] / most
        colors = [ACCENT if open_ else CONTEXT for open_ in table["open"] > 0]
        axes.scatter(table["fulfilment"], table["importance"], s=size, c=colors, alpha=0.55, lw=0)
        seen = table[["fulfilment", "importance"]]
        low, high = max(float(seen.min().min()) - 0.3, 0.8), min(float(seen.max().max()) + 0.3, 5.2)
        place = apart(table["importance"], least=(high - low) / 18)
        marks = zip(table.index, table["fulfilment"], table["importance"], place, strict=True)
        for need, met, wanted, beside in marks:
            axes.plot([met, high], [wanted, beside], color=CONTEXT, linewidth=0.5, clip_on=False)
            at, name = (high, beside), short(str(need), most=36)
            label(axes, name, at, xytext=(4, 0), fontsize=8, annotation_clip=False)
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.set_xlabel("Fulfilment (1 to 5)")
        axes.set_ylabel("Importance (1 to 5)")
    words = "; ".join(
        f"{need} {row['importance']:.1f} against {row['fulfilment']:.1f}"
        for need, row in table.iterrows()
    )
    return Chart(
        figure,
        alt=say("Importance against fulfilment: {words}.", words=words),
        caption=say("What accounts need: importance against fulfilment"),
        how=say(
            "Above the line a need is more important than it is met. The area is the contribution "
            "a year of the accounts where it is open, in {currency}; grey needs are open nowhere.",
            currency=region.book.currency,
        ),
    )


def table_needs(region: Region, found: Needs | None) -> Table | Finding:
    """Rank needs by what is at stake; nothing without needs."""
    if found is None or found.table.empty:
        return Finding([])
    table = found.table.reset_index()
    answers = found.matches.groupby("need")["answer"].agg(", ".join)
    columns = {
        "need": Column("Need"),
        "stake": Column(f"At stake a year, {region.book.currency}", amount, numeric=True),
        "open": Column("Open with", _COUNT.show, numeric=True),
        "accounts": Column("of", _COUNT.show, numeric=True),
        "importance": Column("Importance", _ONE, numeric=True),
        "fulfilment": Column("Fulfilment", _ONE, numeric=True),
        "gap": Column("Gap", _ONE, numeric=True),
        "spread": Column("80 % interval", numeric=True),
        "recent": Column("last half-year", _ONE, numeric=True),
        "opportunity": Column("Opportunity", _ONE, numeric=True),
        "answered": Column("Answered by"),
    }
    return Table(
        table.assign(
            spread=ranges(table["low"], table["high"], _ONE),
            answered=table["need"].map(answers),
        ),
        columns,
        name="needs",
        caption=say("Needs by what is at stake"),
        how=say(
            "Open: importance {important} or more and a gap of {gap} or more at the last record. "
            "At stake: what those accounts contribute a year, losses as none; accounts may have "
            "several needs. Gaps are drawn to the mean of all needs where few named one. "
            "Opportunity: importance plus the gap where positive (2 to 9).",
            important=f"{IMPORTANT:.0f}",
            gap=f"{GAP:.0f}",
        ),
    )


def table_needs_by_region(
    company: Region, found: Needs | None, *, most: int = 6
) -> Table | Finding:
    """Lay out where needs are open: what is at stake by need and region; nothing without needs.

    Parameters
    ----------
    company : Region
        The whole company.
    found : Needs or None
        From `needs_of`, of the company.
    most : int
        Regions that have a column, most at stake first; the others are one.
    """
    if found is None or found.table.empty:
        return Finding([])
    table = needs_by_region(found, company.accounts["region"])
    order = table.sum().sort_values(ascending=False, kind="stable").index
    named, others = order[:most], order[most:]
    stakes = table[named].set_axis([f"region {at}" for at in range(len(named))], axis="columns")
    columns = {
        "need": Column(say("Need")),
        "whole": Column(
            say("At stake a year, {currency}", currency=company.book.currency), amount, numeric=True
        ),
        **{
            key: Column(short(str(name)), amount, numeric=True)
            for key, name in zip(stakes.columns, named, strict=True)
        },
    }
    if len(others):
        stakes["others"] = table[others].sum(axis=1)
        columns["others"] = Column(
            say_count(len(others), "{count} other", "{count} others"), amount, numeric=True
        )
    return Table(
        stakes.assign(whole=table.sum(axis=1)).reset_index(),
        columns,
        name="needs-by-region",
        caption=say("Open needs by what is at stake, in each region"),
        how=say(
            "At stake: what the accounts where the need is open contribute a year, losses as "
            "none; accounts may have several needs."
        ),
    )


def table_matches(found: Needs | None) -> Table | Finding:
    """List what answers each need and why; nothing without matches."""
    if found is None or found.matches.empty:
        return Finding([])
    columns = {
        "need": Column("Need"),
        "answer": Column("Answer"),
        "reason": Column("Why"),
    }
    order = pd.Index(found.table.index).get_indexer(pd.Index(found.matches["need"]))
    shown = found.matches.iloc[order.argsort(kind="stable")]
    return Table(
        shown, columns, name="matches", caption=say("What answers each need, and why"), folded=True
    )


def table_account_needs(region: Region, found: Needs | None, *, most: int = 15) -> Table | Finding:
    """List open needs account by account, most at stake first; nothing without any.

    Parameters
    ----------
    region : Region
        For the names and the currency.
    found : Needs or None
        From `needs_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if found is None or not found.accounts["open"].any():
        return Finding([])
    there = found.accounts[found.accounts["open"]]
    answers = found.matches.groupby("need")["answer"].agg(", ".join)
    shown = there.head(most).join(region.accounts["name"], on="account_id")
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "need": Column("Need"),
        "importance": Column("Importance", _COUNT.show, numeric=True),
        "fulfilment": Column("Fulfilment", _COUNT.show, numeric=True),
        "gap_before": Column("Gap before", "{:+z.0f}".format, numeric=True),
        "gap": Column("now", "{:+z.0f}".format, numeric=True),
        "stake": Column(f"At stake a year, {region.book.currency}", amount, numeric=True),
        "answered": Column("Answered by"),
    }
    return Table(
        shown.assign(answered=shown["need"].map(answers)),
        columns,
        name="account-needs",
        caption=say("Open needs by account")
        + (f": {most} of {len(there):,}" if len(there) > most else ""),
        folded=True,
    )
