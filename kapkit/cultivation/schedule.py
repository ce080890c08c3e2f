"""4.1 Schedule: a date for every contact, within hours, working days and cadence."""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kapkit.cultivation.board import Board
from kapkit.cultivation.wanted import done_before, fall_due, latest_contacts, take_over
from kapkit.cultivation.workdays import blocked, minutes_per_day, working_days
from kapkit.wording import several


@dataclass(frozen=True)
class Schedule:
    """Dated actions, the load of each owner, and what could not be dated.

    ``actions`` has the columns of ``plan_actions`` and ``minutes``, by day; ``load`` one row an
    owner and month with ``hours`` and ``hours_available``; ``shortfall`` one row an account and
    kind with ``due`` (contacts wanted), ``dated``, ``missing`` and ``reason``. ``kept`` and
    ``moved`` count the actions of the last plan. ``holidays`` names the country whose holidays
    are kept (missing: weekends only), ``closed_days`` counts the days closed to somebody.
    """

    actions: pd.DataFrame
    load: pd.DataFrame
    shortfall: pd.DataFrame
    kept: int
    moved: int
    sentence: str
    holidays: str | None = None
    closed_days: int = 0

    @property
    def ahead(self) -> pd.DataFrame:
        """The actions still to be done, by day."""
        return self.actions.drop(done_before(self.actions).index)


def schedule(
    planned: pd.DataFrame,
    accounts: pd.DataFrame,
    hours: pd.DataFrame,
    staff: pd.DataFrame,
    *,
    first: dt.date,
    last: dt.date,
    country: str | None,
    seed: int,
    subdivision: str | None = None,
    activities: pd.DataFrame | None = None,
    previous: pd.DataFrame | None = None,
    blackout: pd.DataFrame | None = None,
) -> Schedule:
    """Date the contacts of a plan, so that owners can keep to it.

    Each contact falls due an interval after the one before and may move a quarter of the
    interval either way, to a working day on which its owner has the hours left; days on which
    the owner is in the same place anyway are preferred, then days close to the due day, then
    days with room. Accounts of class A choose first. What was agreed or done keeps its day, what
    the last plan dated keeps it where it still can.

    Parameters
    ----------
    planned : DataFrame, accounts x kinds
        Contacts a year (`Allocation.planned`).
    accounts : DataFrame indexed by account
        ``owner``; optionally ``class`` and ``place`` (city or part of the region).
    hours : DataFrame, accounts x kinds
        Hours of one contact (`Situation.hours`), travel included.
    staff : DataFrame
        Schema ``STAFF``.
    first, last : date
        The horizon; both count.
    country, subdivision : str
        Whose weekends and holidays are kept, as DE and BY; without a country, only Saturdays
        and Sundays are.
    seed : int
        The same seed gives the same plan.
    activities : DataFrame
        Schema ``ACTIVITIES``: when each account was last contacted.
    previous : DataFrame
        The last run's ``plan_actions``.
    blackout : DataFrame
        Spans without contacts: ``first``, ``last`` and optionally ``owner`` or ``account_id``
        (missing: for all).

    Returns
    -------
    Schedule

    Raises
    ------
    DataError
        If the country is not known.

    Notes
    -----
    Hours a month are spread evenly over the working days of a year, and a week shares those of
    its days (at most eight a day, and not across months); travel is counted for each contact,
    also where neighbours share a day.
    """
    days = working_days(first, last, country=country, subdivision=subdivision)
    daily = minutes_per_day(staff, first, country=country, subdivision=subdivision)
    latest = latest_contacts(activities, previous, before=first)
    due = fall_due(planned, latest, first=first, last=last, seed=seed)
    slots = _described(take_over(due, previous, first=first), accounts, hours)
    board = Board(days, daily, accounts, blackout)
    dated = pd.DataFrame([board.place(slot) for slot in slots.to_dict("records")], slots.index)
    dated = dated.reindex(columns=["day", "reason"])
    slots = slots.join(dated.astype({"day": "datetime64[ns]", "reason": "str"}))
    made = _schedule(slots, board, done_before(previous))
    kept = " ".join(filter(None, (country, subdivision))) or None
    return replace(made, holidays=kept, closed_days=int(blocked(days, blackout).sum()))


def _described(slots: pd.DataFrame, accounts: pd.DataFrame, hours: pd.DataFrame) -> pd.DataFrame:
    """Give slots owner, place and minutes, in the order in which they choose their day."""
    about = accounts.reindex(columns=["owner", "class", "place"]).rename_axis("account_id")
    long = (hours * 60).rename_axis("account_id").reset_index()
    long = long.melt("account_id", var_name="kind", value_name="minutes")
    known = slots.join(about, on="account_id").merge(long, on=["account_id", "kind"], how="left")
    known = known.assign(owner=known["owner"].fillna(""), minutes=known["minutes"].fillna(0.0))
    return known.assign(new=known["was"].isna(), loose=~known["fixed"]).sort_values(
        ["loose", "new", "class", "due", "account_id", "kind"], ignore_index=True
    )


def _schedule(slots: pd.DataFrame, board: Board, done: pd.DataFrame) -> Schedule:
    actions = _actions(slots.dropna(subset="day"))
    actions = pd.concat([done, actions], ignore_index=True) if len(done) else actions
    load, missing = board.load(slots), _shortfall(slots)
    before = slots[slots["was"].notna() & slots["day"].notna()]
    kept = int((before["was"] == before["day"]).sum())
    said = _sentence(int(slots["day"].notna().sum()), missing, kept, len(before))
    return Schedule(actions, load, missing, kept, len(before) - kept, said)


def _actions(dated: pd.DataFrame) -> pd.DataFrame:
    """Write actions as the plan_actions table has them; a new one gets a key of its own."""
    own = dated["action_id"].fillna(dated["key"])
    again = own.groupby(own).cumcount()
    made = pd.DataFrame(
        {
            "action_id": own.where(again == 0, own + "-" + again.astype(str)).astype("str"),
            "account_id": dated["account_id"].astype("str"),
            "kind": dated["kind"].astype("str"),
            "due": dated["day"].astype("datetime64[ns]"),
            "owner": dated["owner"].astype("str"),
            "status": np.where(dated["fixed"], "agreed", "planned"),
            "minutes": dated["minutes"].astype(float),
        }
    )
    return made.sort_values(["due", "owner", "account_id", "kind"], ignore_index=True)


def _shortfall(slots: pd.DataFrame) -> pd.DataFrame:
    by = slots.groupby(["account_id", "kind", "owner"])
    found = pd.DataFrame(
        {"due": by.size(), "dated": by["day"].count(), "reason": by["reason"].max()}
    )
    found.insert(2, "missing", found["due"] - found["dated"])
    return found[found["missing"] > 0].reset_index()


def _sentence(dated: int, missing: pd.DataFrame, kept: int, before: int) -> str:
    said = f"{several(dated, 'action')} dated"
    if before:
        said += f", {kept:,} of {several(before, 'action')} of the last plan on their old day"
    if missing.empty:
        return f"{said}; every contact that falls due has its day."
    return (
        f"{said}; {several(int(missing['missing'].sum()), 'contact')} of "
        f"{several(missing['account_id'].nunique(), 'account')} found none, most often because of "
        f"{missing.groupby('reason')['missing'].sum().idxmax()}."
    )
