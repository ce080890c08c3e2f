"""Figures and tables of the plan: who gets more, who less, and what that brings."""

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.report.cultivation.phrases import KEY, NAME, NOTHING, from_to
from kapkit.report.display import Chart, Column, Finding, Table, listed, ranges
from kapkit.report.look import ACCENT, CONTEXT, INK, canvas, label, short
from kapkit.report.tasks import NOUNS
from kapkit.wording import amount


def finding_plan(region: Region, plan: ContactPlan | NoPlan) -> Finding:
    """Say what the plan is expected to bring and who is short, or why there is none."""
    if isinstance(plan, NoPlan):
        return Finding([plan.sentence], caution=True)
    sentences = [plan.allocation.sentence]
    if region.book.value_measure == "revenue":
        sentences.append("Gains are in revenue: the costs of the book are not known.")
    return Finding(sentences, caution=bool(plan.allocation.owners["contacts_short"].any()))


def table_plan(region: Region, plan: ContactPlan | NoPlan, *, most: int = 20) -> Table | Finding:
    """List what the plan changes for each account, what that brings, and why; highest gain first.

    Parameters
    ----------
    region : Region
        For the currency.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if isinstance(plan, NoPlan):
        return NOTHING
    table = _planned(plan).head(most)
    columns = {
        "name": NAME,
        "account_id": KEY,
        "class": Column("Class"),
        "gain": Column(f"Gain a year, {region.book.currency}", amount, numeric=True),
        "range": Column("Range", numeric=True, by="low"),
        "marginal_return": Column("One more hour", amount, numeric=True),
        "reason": Column("What changes, and why"),
    }
    return Table(
        table.assign(range=ranges(table["low"], table["high"], amount)),
        columns,
        name="plan",
        caption=listed("Accounts by gain of the plan", len(table), len(plan.allocation.table)),
        how="The gain is what the plan is expected to bring beyond today's contacts; its range "
        "holds it in 8 of 10 cases. One more hour: what the account's best next contact would "
        "bring, by the hour. No account gets less than half or more than twice of today's "
        "contacts, unless its class or a need asks for it: nothing is known beyond.",
    )


def table_contacts(plan: ContactPlan | NoPlan, *, most: int = 40) -> Table | Finding:
    """List today's and planned contacts of each account by kind, highest gain first.

    Parameters
    ----------
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if isinstance(plan, NoPlan):
        return NOTHING
    today, planned = plan.allocation.situation.today.round(), plan.allocation.planned
    used = [kind for kind in plan.allocation.situation.rules.kinds if _any(today, planned, kind)]
    table = _planned(plan).head(most).set_index("account_id", drop=False)
    kinds = {
        kind: from_to(today.loc[table.index, kind], planned.loc[table.index, kind]) for kind in used
    }
    columns = {
        "name": NAME,
        "account_id": KEY,
        "class": Column("Class"),
        **{kind: Column(f"{NOUNS[kind]}s", numeric=True) for kind in used},
        "hours": Column("Hours", numeric=True),
    }
    return Table(
        table.assign(**kinds, hours=from_to(table["hours_today"], table["hours_planned"])),
        columns,
        name="contacts",
        caption=listed("Contacts a year, today → planned", len(table), len(plan.allocation.table)),
        how="Today: our own contacts of the last twelve months. One number: as today. Hours "
        "include travel.",
    )


def plot_allocation(
    region: Region, plan: ContactPlan | NoPlan, *, most: int = 20
) -> Chart | Finding:
    """Draw from how many hours to how many the plan moves each account, most moved first.

    Parameters
    ----------
    region : Region
        For the name.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    most : int
        Accounts drawn.
    """
    if isinstance(plan, NoPlan):
        return NOTHING
    table = plan.allocation.table.join(plan.allocation.situation.accounts["name"])
    moved = (table["hours_planned"] - table["hours_today"]).abs().rename("moved")
    table = table.join(moved).sort_values("moved", ascending=False, kind="stable")
    shown = table.head(most)[::-1]
    with canvas(height=0.9 + 0.26 * len(shown)) as (figure, axes):
        rows = np.arange(len(shown))
        axes.hlines(rows, shown["hours_today"], shown["hours_planned"], color=CONTEXT, linewidth=3)
        axes.plot(shown["hours_today"], rows, "o", color=CONTEXT, markersize=6)
        axes.plot(shown["hours_planned"], rows, "o", color=ACCENT, markersize=6)
        axes.set_yticks(rows, [short(name) for name in shown["name"]], parse_math=False)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", visible=True)
        axes.set(xlabel="Hours a year, travel included", ylim=(-0.7, len(shown) - 0.1))
        axes.set_xlim(left=0)
        for column, said, color in (
            ("hours_today", "today", INK),
            ("hours_planned", "planned", ACCENT),
        ):
            at = (float(shown[column].iloc[-1]), float(rows[-1]))
            label(axes, said, at, xytext=(0, 10), ha="center", color=color)
    words = "; ".join(
        f"{row['name']} {row['hours_today']:,.0f} to {row['hours_planned']:,.0f}"
        for row in shown[::-1].to_dict("records")
    )
    return Chart(
        figure,
        alt=f"Hours a year today and planned: {words}.",
        caption=listed(f"Hours a year by account, {region.name}", len(shown), len(table)),
        how="Grey: today, blue: planned. The accounts whose hours change most come first.",
    )


def _planned(plan: ContactPlan) -> pd.DataFrame:
    """Give each account's plan with name and class, highest gain first."""
    about = plan.allocation.situation.accounts[["name", "class"]]
    table = plan.allocation.table.join(about).reset_index(names="account_id")
    return table.sort_values("gain", ascending=False, kind="stable")


def _any(today: pd.DataFrame, planned: pd.DataFrame, kind: str) -> bool:
    return bool((today[kind] + planned[kind]).any())
