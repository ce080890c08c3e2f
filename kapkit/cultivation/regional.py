"""4.1 to 4.3 for one region, from its own tables: the plan, its dates, open loops, themes."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.cultivation.feedback import Feedback, feedback
from kapkit.cultivation.offering import Themes, themes
from kapkit.cultivation.plan import ContactPlan, contact_plan
from kapkit.cultivation.schedule import Schedule, schedule
from kapkit.models.pilot import Pilot, design_pilot
from kapkit.models.response import PERSONAL, contact_panel


@dataclass(frozen=True)
class NoPlan:
    """Why a region's contacts cannot be planned."""

    sentence: str


def plan_where_known(region: Region, accounts: pd.DataFrame, *, seed: int) -> ContactPlan | NoPlan:
    """Plan a region's contacts, or say what is missing for it.

    Parameters
    ----------
    region : Region
        The region as of a day.
    accounts : DataFrame indexed by account
        As in `contact_plan`.
    seed : int
        Of the draws behind the winner's curse.

    Returns
    -------
    ContactPlan or NoPlan
        No plan where hours or contacts are not known: neither is ever guessed.
    """
    if region.accounts.empty:
        return NoPlan("No account is in this region, so there is nothing to plan.")
    try:
        return contact_plan(region, accounts, seed=seed)
    except DataError as error:
        return NoPlan(f"No plan: {error}.")


def pilot_of(region: Region, plan: ContactPlan | NoPlan, *, seed: int) -> Pilot | NoPlan:
    """Draw the pilot by lot that would settle what contacts do, and say what it could show here.

    Parameters
    ----------
    region : Region
        The region as of a day.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    seed : int
        Of the lots.

    Returns
    -------
    Pilot or NoPlan
        Over half a year; contacts in person or by telephone get 40 % more or less.
    """
    if isinstance(plan, NoPlan):
        return plan
    start = plan.allocation.situation
    since = pd.Timestamp(region.as_of) - pd.DateOffset(years=1)
    recent = region.purchases[region.purchases["date"] > since]
    sales = recent.groupby("account_id")["revenue"].sum()
    accounts = start.accounts[["owner", "class"]].assign(
        today=start.today[[kind for kind in start.rules.kinds if kind in PERSONAL]].sum(axis=1),
        sales=sales.reindex(start.accounts.index).fillna(0.0),
    )
    activities, index = region.tables["activities"], start.accounts.index
    panel = contact_panel(region.purchases, activities, index, as_of=region.as_of)
    return design_pilot(accounts, panel, seed=seed)


def schedule_of(
    region: Region,
    plan: ContactPlan | NoPlan,
    *,
    days: int = 184,
    country: str | None = None,
    seed: int = 0,
) -> Schedule | NoPlan:
    """Date a region's planned contacts, from the day after ``as_of`` on.

    Parameters
    ----------
    region : Region
        The region; its ``plan_actions`` keep their days where they can.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    days : int
        Length of the horizon.
    country : str or None
        Whose holidays are kept (ISO 3166); None: those of the book's calendar for the region,
        and where it names no country, only weekends are.
    seed : int
        The same seed gives the same dates.

    Returns
    -------
    Schedule or NoPlan
        Contacts of accounts in the same ``city``, where the book knows it, share days; on days
        that the book's calendar has closed there are none.

    Raises
    ------
    DataError
        If the country is not known.
    """
    if isinstance(plan, NoPlan):
        return plan
    start, first = plan.allocation.situation, region.as_of + dt.timedelta(days=1)
    place = region.accounts.reindex(columns=["city"])["city"]
    known = region.calendar
    return schedule(
        plan.allocation.planned,
        start.accounts.assign(place=place.reindex(start.accounts.index)),
        start.hours,
        region.tables["staff"],
        first=first,
        last=first + dt.timedelta(days=days - 1),
        country=country or known.country,
        subdivision=None if country else known.subdivision,
        blackout=known.closed,
        seed=seed,
        activities=region.tables["activities"],
        previous=region.tables.get("plan_actions"),
    )


def feedback_of(region: Region, accounts: pd.DataFrame) -> Feedback:
    """Find a region's open loops, how fast they close, and its silent key accounts.

    Parameters
    ----------
    region : Region
        The region; a table it does not have gives no loops of its sort.
    accounts : DataFrame indexed by account
        ``class``.

    Returns
    -------
    Feedback
    """
    listed = region.accounts.reindex(columns=["owner"]).astype("str")
    tables = region.tables
    return feedback(
        listed.assign(**{"class": accounts["class"].reindex(listed.index)}),
        as_of=region.as_of,
        complaints=tables.get("complaints"),
        needs=tables.get("needs"),
        plan_actions=tables.get("plan_actions"),
        activities=tables.get("activities"),
    )


def themes_of(region: Region, accounts: pd.DataFrame) -> Themes:
    """Rank what a region's accounts complain about or miss, by what they bring a year.

    Parameters
    ----------
    region : Region
        The region.
    accounts : DataFrame indexed by account
        ``past_value``: margin (or revenue, see `BookFacts.value_measure`) of the last twelve
        months.

    Returns
    -------
    Themes
    """
    listed = region.accounts[["name"]]
    tables = region.tables
    return themes(
        listed.assign(contribution=accounts["past_value"].reindex(listed.index)),
        as_of=region.as_of,
        complaints=tables.get("complaints"),
        needs=tables.get("needs"),
        solutions=tables.get("solutions"),
        products=tables.get("products"),
        currency=region.book.currency,
    )
