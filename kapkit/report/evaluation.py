"""Chapter 3: figures and tables of the evaluation."""

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from kapkit.book.region import Region
from kapkit.evaluation.profit import Contribution, LargeButLosing, whale_curve
from kapkit.report.display import Chart, Column, Finding, Table
from kapkit.report.look import ACCENT, CONTEXT, LOSS, canvas, label, money_axis
from kapkit.wording import amount, percent, several


def table_contribution(region: Region, contribution: Contribution, *, most: int = 40) -> Table:
    """List what each account brought in twelve months, highest contribution first.

    Parameters
    ----------
    region : Region
        For the currency and the names.
    contribution : Contribution
        From `contribution_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    frame = _named(region, contribution.table).head(most)
    caption = f"Profit contribution of the last twelve months, {region.book.currency}"
    if len(frame) < len(contribution.table):
        caption += f": {len(frame)} of {len(contribution.table):,} accounts"
    return Table(
        frame,
        _columns(),
        name="contribution",
        caption=caption,
        how="Contribution is net revenue less cost of goods, over the lines whose cost is known.",
    )


def table_losing(region: Region, losing: LargeButLosing, *, most: int = 20) -> Table:
    """List large accounts that lose money, worst first: whose terms to renegotiate.

    Parameters
    ----------
    region : Region
        For the currency and the names.
    losing : LargeButLosing
        From `large_but_losing`.
    most : int
        Rows shown; the caption says how many there are.
    """
    return Table(
        _named(region, losing.table).head(most),
        _columns(),
        name="losing",
        caption=f"Large accounts that lose money, {region.book.currency}"
        + (f": {most} of {len(losing.table):,}" if len(losing.table) > most else ""),
        how="Large: the first fifth, by revenue, of the accounts that bought.",
    )


def plot_whale(region: Region, contribution: Contribution) -> Chart | Finding:
    """Draw how much of the profit the best accounts make, and the worst give back.

    Drawn in money, so that a region that loses money has a curve too; a finding where the book
    has no costs.
    """
    earned = contribution.table["contribution"].dropna()
    if region.book.costed_share == 0:
        return Finding(["No whale curve: the book has no costs."], caution=True)
    if earned.empty:
        return Finding(["No whale curve: no account has a known contribution."], caution=True)
    ranked = earned.sort_values(ascending=False, kind="stable").to_numpy()
    running = np.append(0.0, ranked.cumsum())
    earning, losing = int((ranked > 0).sum()), int((ranked < 0).sum())
    first_loss = len(ranked) - losing
    with canvas() as (figure, axes):
        axes.axhline(0, color=CONTEXT, linewidth=1)
        for color, start, end in (
            (ACCENT, 0, earning),
            (CONTEXT, earning, first_loss),
            (LOSS, first_loss, len(ranked)),
        ):
            span = range(start, end + 1)
            axes.plot(span, running[start : end + 1], color=color, linewidth=2.5)
        for count, above in {earning: 8, len(ranked): -10 if losing else 8}.items():
            at = (float(count), float(running[count]))
            label(axes, amount(running[count]), at, xytext=(0, above), ha="center")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("Accounts, best first")
        axes.set_ylabel(f"Contribution added up, {region.book.currency}")
        axes.margins(y=0.15)
        money_axis(axes.yaxis)
    return Chart(
        figure,
        alt=_whale_words(region, earned, float(running[earning]), earning),
        caption="Whale curve: contribution of the last twelve months, added up account by account",
        how="The curve rises while accounts earn money and falls where they lose it: the drop "
        "from the peak is what the losing accounts cost.",
    )


def finding_contribution(contribution: Contribution) -> Finding:
    """Say what the twelve months brought, and how much of it has no known cost."""
    return Finding([contribution.sentence])


def finding_losing(losing: LargeButLosing) -> Finding:
    """Say how many large accounts lose money, and how much."""
    return Finding([losing.sentence])


def _whale_words(region: Region, earned: pd.Series, peak: float, count: int) -> str:
    currency = region.book.currency
    top = f"{amount(peak, currency)} after the first {count:,}, " if count else ""
    words = (
        f"Contribution of {several(len(earned), 'account')} added up, best first: {top}"
        f"{amount(earned.sum(), currency)} after all"
    )
    if earned.sum() <= 0:
        return f"{words}."
    height = percent(float(whale_curve(earned)["profit_share"].max()))
    return f"{words}; the peak is {height} of the total."


def _named(region: Region, table: pd.DataFrame) -> pd.DataFrame:
    return table.join(region.accounts["name"]).reset_index(names="account_id")


def _columns() -> dict[str, Column]:
    return {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "revenue": Column("Revenue", amount, numeric=True),
        "revenue_before": Column("Year before", amount, numeric=True),
        "credits": Column("Credits", amount, numeric=True),
        "contribution": Column("Contribution", amount, numeric=True),
        "margin_share": Column("of revenue", percent, numeric=True),
        "contribution_share": Column("of the region's", percent, numeric=True),
    }
