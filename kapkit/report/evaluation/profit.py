"""3.2 Who earns the profit, what serving accounts costs, how much hangs on few of them."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

from kapkit.book.region import Region
from kapkit.evaluation.concentration import Concentration, whale_band
from kapkit.evaluation.profit import Contribution, LargeButLosing, whale_curve
from kapkit.evaluation.rate_sensitivity import RateSensitivity
from kapkit.report.display import Chart, Column, Finding, Table, listed
from kapkit.report.look import ACCENT, CONTEXT, LOSS, canvas, label, money_axis
from kapkit.wording import amount, percent, say, several


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
    caption = say(
        "Profit contribution of the last twelve months, {currency}", currency=region.book.currency
    )
    return Table(
        frame,
        _columns(contribution.table),
        name="contribution",
        caption=listed(caption, len(frame), len(contribution.table)),
        how=contribution.definition,
        folded=True,
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
    caption = say("Large accounts that lose money, {currency}", currency=region.book.currency)
    return Table(
        _named(region, losing.table).head(most),
        _columns(losing.table),
        name="losing",
        caption=listed(caption, min(most, len(losing.table)), len(losing.table)),
        how=say("Large: the first fifth, by revenue, of the accounts that bought."),
    )


def plot_whale(region: Region, contribution: Contribution) -> Chart | Finding:
    """Draw how much of the profit the best accounts make, and the worst give back.

    Drawn in money, so that a region that loses money has a curve too; a finding where the book
    has no costs.
    """
    earned = contribution.table["contribution"].dropna()
    if region.book.costed_share == 0:
        return Finding([say("No whale curve: the book has no costs.")], caution=True)
    if earned.empty:
        return Finding([say("No whale curve: no account has a known contribution.")], caution=True)
    band = whale_band(earned)
    running = band["running"].to_numpy()
    earning, losing = int((earned > 0).sum()), int((earned < 0).sum())
    first_loss = len(earned) - losing
    with canvas() as (figure, axes):
        axes.axhline(0, color=CONTEXT, linewidth=1)
        axes.fill_between(band.index, band["low"], band["high"], color=CONTEXT, alpha=0.35, lw=0)
        for color, start, end in (
            (ACCENT, 0, earning),
            (CONTEXT, earning, first_loss),
            (LOSS, first_loss, len(earned)),
        ):
            span = range(start, end + 1)
            axes.plot(span, running[start : end + 1], color=color, linewidth=2.5)
        for count, above in {earning: 8, len(earned): -10 if losing else 8}.items():
            at = (float(count), float(running[count]))
            label(axes, amount(running[count]), at, xytext=(0, above), ha="center")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("Accounts, best first")
        axes.set_ylabel(say("Contribution added up, {currency}", currency=region.book.currency))
        axes.margins(y=0.15)
        money_axis(axes.yaxis)
    return Chart(
        figure,
        alt=_whale_words(region, earned, float(running[earning]), earning),
        caption=say(
            "Whale curve: contribution of the last twelve months, added up account by account"
        ),
        how=say(
            "The curve rises while accounts earn money and falls where they lose it: the drop "
            "from the peak is what the losing accounts cost. Grey band: where the curve lies in "
            "80 % of draws of as many accounts from these: how far it hangs on who is there. "
            "{definition}",
            definition=contribution.definition,
        ),
    )


def table_drivers(
    region: Region, contribution: Contribution, sensitivity: RateSensitivity
) -> Table | Finding:
    """List what serving accounts cost, driver by driver, and how far ranks hang on each rate.

    A finding where the book does not know cost to serve.
    """
    served = contribution.served
    if served is None or served.drivers.empty:
        return Finding([contribution.definition], caution=served is not None)
    frame = served.drivers.join(sensitivity.drivers).reset_index(names="driver")
    count = "{:,.0f}".format
    columns = {
        "driver": Column("Driver"),
        "quantity": Column("Quantity", "{:,.1f}".format, numeric=True),
        "rate": Column(f"Mean rate, {region.book.currency}", "{:,.2f}".format, numeric=True),
        "cost": Column("Cost", amount, numeric=True),
        "accounts": Column("Accounts", count, numeric=True),
        "unpriced": Column("Without a rate", "{:,.1f}".format, numeric=True),
        "moved": Column("Accounts moved by a quarter more or less", count, numeric=True),
        "turned": Column("that turn to loss or gain", count, numeric=True),
    }
    return Table(
        frame,
        columns,
        name="drivers",
        caption=say(
            "Cost to serve of the last twelve months, {currency}", currency=region.book.currency
        ),
        how=say(
            "Each use costs its quantity times the rate valid on its day. Quantity without a rate "
            "is not in any contribution. The last columns change one rate by a quarter, all else "
            "equal, and count accounts that move three ranks by contribution or turn their sign."
        ),
    )


def table_concentration(region: Region, found: Concentration, *, most: int = 10) -> Table:
    """List what losing each of the accounts that earn most would cost.

    Parameters
    ----------
    region : Region
        For the currency and the names.
    found : Concentration
        From `concentration`.
    most : int
        Rows shown.
    """
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "revenue_share": Column("Share of revenue", percent, numeric=True),
        "contribution": Column("Loss a year, cost to serve saved", amount, numeric=True),
        "margin": Column("none of it saved", amount, numeric=True),
    }
    return Table(
        _named(region, found.table[found.table["contribution"] > 0]).head(most),
        columns,
        name="concentration",
        caption=say(
            "What losing an account would cost a year, {currency}", currency=region.book.currency
        ),
        how=say(
            "Last year's contribution goes where all that serving the account costs is saved; "
            "its whole margin where people and vehicles stay."
        ),
        folded=True,
    )


def finding_contribution(contribution: Contribution) -> Finding:
    """Say what the twelve months brought, what that means, and what is left out."""
    return Finding([contribution.sentence, contribution.definition])


def finding_serving(contribution: Contribution, sensitivity: RateSensitivity) -> Finding:
    """Say what serving accounts cost, and whether ranks hang on a rate."""
    served = contribution.served
    if served is None:
        return Finding([])
    said = [served.sentence]
    if served.known:
        said.append(sensitivity.sentence)
    return Finding(said, caution=bool(served.unpriced))


def finding_concentration(found: Concentration) -> Finding:
    """Say how much hangs on the largest accounts."""
    return Finding([found.sentence])


def finding_losing(losing: LargeButLosing) -> Finding:
    """Say how many large accounts lose money, and how much."""
    return Finding([losing.sentence])


def _whale_words(region: Region, earned: pd.Series, peak: float, count: int) -> str:
    currency = region.book.currency
    whole = amount(earned.sum(), currency)
    said = say(
        "Contribution of {accounts} added up, best first: {total} after all.",
        accounts=several(len(earned), "account"),
        total=whole,
    )
    if count:
        said = say(
            "Contribution of {accounts} added up, best first: {top} after the first {count}, "
            "{total} after all.",
            accounts=several(len(earned), "account"),
            top=amount(peak, currency),
            count=f"{count:,}",
            total=whole,
        )
    if earned.sum() <= 0:
        return said
    height = percent(float(whale_curve(earned)["profit_share"].max()))
    return f"{said} " + say("The peak is {height} of the total.", height=height)


def _named(region: Region, table: pd.DataFrame) -> pd.DataFrame:
    return table.join(region.accounts["name"]).reset_index(names="account_id")


def _columns(table: pd.DataFrame) -> dict[str, Column]:
    """Name the columns; what leads from margin to contribution only where it is known."""
    served = {
        "margin": Column("Margin", amount, numeric=True),
        "cost_to_serve": Column("Cost to serve", amount, numeric=True),
    }
    listed = {"discount": Column("Discounts", amount, numeric=True)}
    return {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "revenue": Column("Revenue", amount, numeric=True),
        "revenue_before": Column("Year before", amount, numeric=True),
        **(listed if table["discount"].notna().any() else {}),
        "credits": Column("Credits", amount, numeric=True),
        **(served if table["cost_to_serve"].notna().any() else {}),
        "contribution": Column("Contribution", amount, numeric=True),
        "margin_share": Column("of revenue", percent, numeric=True),
        "contribution_share": Column("of the region's", percent, numeric=True),
    }
