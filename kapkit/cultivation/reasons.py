"""Why an account gets what it gets, and whose hours do not suffice, in sentences."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from kapkit.book.errors import listing
from kapkit.cultivation.effort import least_contacts
from kapkit.cultivation.situation import Situation
from kapkit.models.poisson import Matrix
from kapkit.wording import amount, percent, say, say_count, several

#: Kinds as they are counted in a sentence.
_NOUNS = {
    "visit": ("visit", "visits"),
    "call": ("call", "calls"),
    "email": ("e-mail", "e-mails"),
    "demo": ("demonstration", "demonstrations"),
    "training": ("training", "trainings"),
}

#: From this chance to have gone on, an account is said to be at risk; from the other on, if it
#: is the chance to go silent in the year ahead, of which one in twelve is usual.
AT_RISK, GOING = 0.3, 0.15

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
    owner = start.accounts["owner"]
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
    summed = each.groupby(owner).sum().reindex(start.owners.index)
    owners = start.owners.join(summed)
    owners.insert(3, "price", price)
    said = [
        _owner(row, missing[owner == row["owner"]], start.accounts)
        for row in owners.rename_axis("owner").reset_index().to_dict("records")
    ]
    return owners.assign(sentence=said)


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
        lacks = [
            f"{owner} ({_hours(owners['hours_short'][owner])})"
            for owner in owners["hours_short"][short].sort_values(ascending=False).index
        ]
        said += " " + say(
            "The minimum cannot be met; hours a year are missing: {owners}.", owners=listing(lacks)
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
    nothing = pd.Series(0.0, about.index)
    for name in ("leave", "saved", "going", "averted"):
        about[name] = start.accounts.get(name, nothing).fillna(0.0)
    about["need"] = start.needed.groupby("account_id")["need"].agg(_named).reindex(about.index)
    by_class = least_contacts(start.accounts, start.rules).to_numpy(float)
    plans = zip(
        planned.to_numpy(float),
        np.round(start.today.to_numpy(float)),
        zip(start.due.to_numpy(float), by_class, strict=True),
        about.to_dict("records"),
        strict=True,
    )
    return [
        f"{_changes(start, plan, before)}: {_why(start, plan, before, due, row, currency)}"
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
    start: Situation,
    plan: Matrix,
    before: Matrix,
    due: tuple[Matrix, Matrix],
    row: _Row,
    currency: str,
) -> str:
    least, by_class = due
    if (plan < least).any():
        return say(
            "less than class {group} is due, because its owner's hours do not suffice.",
            group=row["class"],
        )
    forced = (plan == least) & (least > start.rules.most * before)
    if (forced & (least > by_class)).any():
        return say("to answer what it lacks: {need}.", need=row["need"])
    if forced.any():
        return say("class {group} is due that much at least.", group=row["class"])
    return _worthwhile(plan, before, row, currency) + _kept(plan, before, row)


def _worthwhile(plan: Matrix, before: Matrix, row: _Row, currency: str) -> str:
    here, there = amount(row["marginal_return"], currency), amount(row["price"], currency)
    if (plan == before).all():
        return say("no change brings more than the {there} of an hour elsewhere.", there=there)
    more = (plan > before).any() and (plan >= before).all()
    if more and row["marginal_return"] > row["price"]:
        return say(
            "one more hour would still bring {here}, elsewhere {there}; it is at its most.",
            here=here,
            there=there,
        )
    return say("one more hour here would bring {here}, elsewhere {there}.", here=here, there=there)


def _kept(plan: Matrix, before: Matrix, row: _Row) -> str:
    """Say of an account at risk whether contacts are known to keep it, or said to."""
    more = bool((plan > before).any())
    if more and row["averted"] > 0 and row["going"] >= GOING:
        return " " + say(
            "It goes silent within a year with a chance of {risk}; twice the contacts avert "
            "{averted} of that.",
            risk=percent(row["going"]),
            averted=percent(row["averted"]),
        )
    if row["leave"] < AT_RISK:
        return ""
    if row["saved"] <= 0:
        return " " + say("It may leave, but contacts are not known to keep it.")
    if more:
        return " " + say(
            "It may leave; that twice the contacts avert {saved} of that is typed, not estimated.",
            saved=percent(row["saved"]),
        )
    return ""


def _named(needs: pd.Series) -> str:
    return listing(sorted(needs.unique()))


def _owner(row: _Row, missing: pd.DataFrame, accounts: pd.DataFrame) -> str:
    """Say whether an owner's hours suffice for the minimum, else for whom they do not."""
    used, there = f"{row['hours_planned']:,.0f}", f"{row['hours']:,.0f}"
    if row["contacts_short"] <= _SLACK:
        return say(
            "{owner}: {used} of {there} hours a year; the minimum is met.",
            owner=row["owner"],
            used=used,
            there=there,
        )
    lacking = missing[(missing > 0).any(axis=1)]
    names = accounts.get("name", accounts.index.to_series())
    worth = accounts["contribution"].reindex(lacking.index).sort_values(ascending=False)
    total = lacking.sum()
    contacts = [_count(total[kind], str(kind)) for kind in total.index[total > 0]]
    return say_count(
        len(lacking),
        "{owner}: all {there} hours a year go where they bring most, and still {contacts} due to "
        "{count} account are missing, {hours} a year: {accounts}.",
        "{owner}: all {there} hours a year go where they bring most, and still {contacts} due to "
        "{count} accounts are missing, {hours} a year: {accounts}.",
        owner=row["owner"],
        there=there,
        contacts=" and ".join([", ".join(contacts[:-1]), contacts[-1]][len(contacts) < 2 :]),
        hours=_hours(row["hours_short"]),
        accounts=listing([str(names[key]) for key in worth.index]),
    )


def _hours(number: float) -> str:
    """Write hours, to the tenth where they are few.

    >>> _hours(0.25), _hours(1.0), _hours(41.7)
    ('0.2 hours', '1 hour', '42 hours')
    """
    if number < 9.95 and not float(round(number, 1)).is_integer():
        return f"{number:.1f} hours"
    return several(round(number), "hour")
