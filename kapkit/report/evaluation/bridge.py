"""3.2 What moved contribution: the bridge from one year to the next."""

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.evaluation.bridge import STEPS, Bridge
from kapkit.report.display import Chart, Column, Finding, Table, listed
from kapkit.report.look import ACCENT, CONTEXT, LOSS, canvas, label, money_axis
from kapkit.wording import amount, say, worded


def plot_bridge(region: Region, found: Bridge) -> Chart | Finding:
    """Draw what led from last year's contribution to this year's; a finding where unknown."""
    if found.table.empty:
        return Finding([found.sentence], caution=True)
    total = found.total
    steps = total[[step for step in STEPS if abs(total[step]) >= 0.005]]
    tops = np.append(total["before"], total["before"] + steps.cumsum())
    with canvas() as (figure, axes):
        axes.axhline(0, color=CONTEXT, linewidth=1)
        axes.bar([0, len(steps) + 1], [total["before"], total["after"]], color=CONTEXT, width=0.7)
        for at, (value, base) in enumerate(zip(steps, tops[:-1], strict=True), start=1):
            axes.bar(at, value, bottom=base, color=ACCENT if value > 0 else LOSS, width=0.7)
        ends = [total["before"], *np.maximum(tops[:-1], tops[1:]), total["after"]]
        words = [total["before"], *steps, total["after"]]
        for at, (end, value) in enumerate(zip(ends, words, strict=True)):
            sign = "+" if 0 < at <= len(steps) and value > 0 else ""
            label(axes, sign + amount(value), (at, max(end, 0.0)), xytext=(0, 7), ha="center")
        names = [_step(str(step)).replace(" ", "\n") for step in steps.index]
        axes.set_xticks(range(len(words)), [_years(found)[0], *names, _years(found)[1]])
        axes.set_ylabel(f"{_what(found)}, {region.book.currency}")
        axes.margins(y=0.12)
        money_axis(axes.yaxis)
    parts = ", ".join(
        f"{_step(str(name)).lower()} {amount(value)}" for name, value in steps.items()
    )
    return Chart(
        figure,
        alt=say(
            "{what}: {before} in {first}; {parts}; {after} in {second}.",
            what=_what(found),
            before=amount(total["before"], region.book.currency),
            first=found.before,
            parts=parts or say("nothing moved"),
            after=amount(total["after"], region.book.currency),
            second=found.after,
        ),
        caption=say(
            "{what}: what moved it, {first} to {second}",
            what=_what(found),
            first=found.before,
            second=found.after,
        ),
        how=_how(),
    )


def table_bridge(region: Region, found: Bridge, *, most: int = 15) -> Table:
    """List the accounts whose contribution moved most, and what moved it.

    Parameters
    ----------
    region : Region
        For the currency and the names.
    found : Bridge
        From `bridge_of`.
    most : int
        Rows shown, the largest move first.
    """
    table = found.table
    moved = (table["after"] - table["before"]).rename("moved")
    order = moved.abs().sort_values(ascending=False, kind="stable").index[:most]
    shown = table.assign(moved=moved).loc[order].join(region.accounts["name"])
    used = [step for step in STEPS if table[step].abs().ge(0.005).any()]
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "before": Column("Before", amount, numeric=True),
        **{step: Column(STEPS[step], amount, numeric=True) for step in used},
        "after": Column("After", amount, numeric=True),
        "moved": Column("Change", amount, numeric=True),
    }
    caption = say(
        "Accounts whose contribution moved most, {currency}", currency=region.book.currency
    )
    return Table(
        shown.reset_index(names="account_id"),
        columns,
        name="bridge",
        caption=listed(caption, len(shown), len(table)),
        how=_how(),
        folded=True,
    )


def table_bridge_categories(region: Region, found: Bridge, *, most: int = 20) -> Table | Finding:
    """List what moved contribution by product category; nothing where unknown or not told apart.

    Parameters
    ----------
    region : Region
        For the currency.
    found : Bridge
        From `bridge_of`.
    most : int
        Rows shown, the largest move first; the others are one row.
    """
    table = found.categories
    if len(table) < 2:
        return Finding([])
    shown = table.head(most).rename(index={"": say("Without a category")})
    rest = {
        say("Other categories"): table.iloc[most:].sum(),
        say("Cost to serve"): found.serving,
        say("All"): found.total,
    }
    more = pd.DataFrame(rest).T
    more = more[more.abs().ge(0.005).any(axis=1)]
    rows = pd.concat([shown, more]).round(2).rename_axis("category").reset_index()
    used = [step for step in STEPS if rows[step].abs().ge(0.005).any()]
    columns = {
        "category": Column("Product category"),
        "before": Column("Before", amount, numeric=True),
        **{step: Column(STEPS[step], amount, numeric=True) for step in used},
        "after": Column("After", amount, numeric=True),
        "moved": Column("Change", amount, numeric=True),
    }
    return Table(
        rows.assign(moved=rows["after"] - rows["before"]),
        columns,
        name="bridge-categories",
        caption=say("What moved it by product category, {currency}", currency=region.book.currency),
        how=_how(),
        folded=True,
    )


def finding_bridge(found: Bridge) -> Finding:
    """Say what moved contribution, largest step first."""
    return Finding([found.sentence])


def _how() -> str:
    return say(
        "Before plus the steps is after, to the cent. Volume: units at the old prices, at the old "
        "margin. Mix: a shift between product categories, first purchases of a category included. "
        "Price and cost of goods: the change per unit, at the new units; within a category "
        "products are not told apart. New and lost accounts count whole."
    )


def _step(name: str) -> str:
    return worded(STEPS[name])


def _what(found: Bridge) -> str:
    return say("Contribution") if found.net else say("Contribution before cost to serve")


def _years(found: Bridge) -> tuple[str, str]:
    return tuple(
        say("to\n{month}", month=f"{period.last:%b %Y}") for period in (found.before, found.after)
    )  # type: ignore[return-value]
