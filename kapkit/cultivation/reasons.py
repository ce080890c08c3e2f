"""Why an account gets what it gets, and whose hours do not suffice, in sentences."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from kapkit.book.errors import listing
from kapkit.cultivation.situation import Situation
from kapkit.models.poisson import Matrix
from kapkit.wording import amount, several

#: Kinds as they are counted in a sentence.
_NOUNS = {
    "visit": ("visit", "visits"),
    "call": ("call", "calls"),
    "email": ("e-mail", "e-mails"),
    "demo": ("demonstration", "demonstrations"),
    "training": ("training", "trainings"),
}

#: From this chance to leave on, an account is said to be at risk.
AT_RISK = 0.3

#: Hours over or under that nobody would notice.
_SLACK = 1e-6

_Row = dict[Hashable, Any]


def workload(
    start: Situation, planned: pd.DataFrame, table: pd.DataFrame, price: Matrix
) -> pd.DataFrame:
    """Add up hours by owner, and what is missing for the minimum.

    Returns
    -------
    DataFrame indexed by owner
        See `Allocation.owners`.
    """
    missing = (start.due - planned).clip(lower=0.0)
    each = pd.DataFrame(
        {
            "hours_today": table["hours_today"],
            "hours_planned": table["hours_planned"],
            "accounts": 1,
            "accounts_short": (missing > 0).any(axis=1).astype(int),
            "contacts_short": missing.sum(axis=1),
            "hours_short": (missing * start.hours).sum(axis=1),
            "gain": table["gain"],
        }
    )
    summed = each.groupby(start.accounts["owner"]).sum().reindex(start.owners.index)
    owners = start.owners.join(summed)
    owners.insert(3, "price", price)
    return owners.assign(sentence=[_owner(row) for row in owners.reset_index().to_dict("records")])


def summary(
    owners: pd.DataFrame, gain: float, low: float, high: float, unplanned: pd.Index, currency: str
) -> str:
    """Say what the plan brings, who is short, and who has no plan."""
    said = (
        f"The plan is expected to bring {amount(gain, currency)} a year more than today's "
        f"contacts ({amount(low, currency)} to {amount(high, currency)})."
    )
    short = owners.index[owners["contacts_short"] > 0]
    if len(short):
        hours = owners["hours_short"].sum()
        said += (
            f" {listing([str(owner) for owner in short])} cannot meet the minimum: "
            f"{several(round(hours), 'hour')} a year are missing."
        )
    if len(unplanned):
        said += (
            f" Without an owner who has hours, {several(len(unplanned), 'account')} "
            f"{'keeps' if len(unplanned) == 1 else 'keep'} today's contacts."
        )
    return said


def reasons(
    start: Situation,
    planned: pd.DataFrame,
    table: pd.DataFrame,
    owners: pd.DataFrame,
    currency: str,
) -> list[str]:
    """Say for each account what changes and why."""
    about = start.accounts[["class", "owner"]].join(table["marginal_return"])
    about["price"] = owners["price"].reindex(about["owner"]).to_numpy(float)
    about["leave"] = start.accounts.get("leave", pd.Series(0.0, about.index))
    plans = zip(
        planned.to_numpy(float),
        np.round(start.today.to_numpy(float)),
        start.due.to_numpy(float),
        about.to_dict("records"),
        strict=True,
    )
    return [
        f"{_changes(start, plan, before)}{_why(start, plan, before, due, row, currency)}"
        for plan, before, due, row in plans
    ]


def _changes(start: Situation, plan: Matrix, before: Matrix) -> str:
    """List what changes, most first, and say so if nothing does."""
    minutes = np.array(list(start.rules.minutes.values()), float)
    order = np.argsort(-np.abs(plan - before) * minutes, kind="stable")
    parts = [
        f"{_count(plan[place], start.rules.kinds[place])} instead of {before[place]:.0f}"
        for place in order
        if plan[place] != before[place]
    ]
    return ", ".join(parts[:3]) if parts else "As today"


def _count(number: float, kind: str) -> str:
    one, many = _NOUNS.get(kind, (kind, f"{kind}s"))
    return several(round(number), one, many)


def _why(
    start: Situation, plan: Matrix, before: Matrix, due: Matrix, row: _Row, currency: str
) -> str:
    if (plan < due).any():
        return f": less than class {row['class']} is due, because its owner's hours do not suffice."
    if ((plan == due) & (due > start.rules.most * before)).any():
        return f": the minimum for class {row['class']}, or a need, asks for it."
    here, there = amount(row["marginal_return"], currency), amount(row["price"], currency)
    risk = " It may leave, but contacts are not known to keep it." if _at_risk(start, row) else ""
    if (plan == before).all():
        return f": no change brings more than the {there} that an hour brings elsewhere.{risk}"
    if (plan > before).any() and (plan >= before).all() and row["marginal_return"] > row["price"]:
        return (
            f": one more hour would still bring {here}, elsewhere {there}; it is at its most.{risk}"
        )
    return f": one more hour here would bring {here}, elsewhere {there}.{risk}"


def _at_risk(start: Situation, row: _Row) -> bool:
    return bool(row["leave"] >= AT_RISK) and "saved" not in start.accounts


def _owner(row: _Row) -> str:
    said = f"{row['owner']}: {row['hours_planned']:,.0f} of {row['hours']:,.0f} hours a year"
    if row["contacts_short"] <= _SLACK:
        return f"{said}, the minimum is met."
    return (
        f"{said}; short of the minimum for {several(row['accounts_short'], 'account')} by "
        f"{several(round(row['contacts_short']), 'contact')} "
        f"({several(round(row['hours_short']), 'hour')})."
    )
