"""Planned actions as calendar files, one an owner (RFC 5545)."""

import datetime as dt
import re
from pathlib import Path

import icalendar
import pandas as pd

from kapkit.book.slug import slug
from kapkit.report.tasks import NOUNS

_STATUS = {"agreed": "CONFIRMED", "done": "CONFIRMED", "cancelled": "CANCELLED"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def calendar_of(
    actions: pd.DataFrame, accounts: pd.DataFrame, *, owner: str, as_of: dt.date
) -> bytes:
    """Write one owner's actions as a calendar that a re-import updates.

    Parameters
    ----------
    actions : DataFrame
        ``Schedule.actions``; with rows of status ``cancelled`` (see `withdrawn`) a re-import
        takes them out again.
    accounts : DataFrame indexed by account
        ``name``; optionally ``place`` and ``reason``.
    owner : str
        Whose actions.
    as_of : date
        The day of the plan: stamp and sequence of every entry, so that a later plan replaces an
        earlier one.

    Returns
    -------
    bytes
        iCalendar text, the same from the same plan.

    Notes
    -----
    Entries last all day and leave the day free: times are agreed with the account. Their UID is
    the action's key. Actions already done are left out.

    References
    ----------
    RFC 5545, Internet calendaring and scheduling core object specification.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//kapkit//plan//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _clean(f"Plan of {owner}"))
    about = accounts.reindex(columns=["name", "place", "reason"]).rename_axis("account_id")
    mine = actions[actions["owner"].eq(owner) & ~actions["status"].eq("done")]
    rows = mine.join(about, on="account_id").sort_values(["due", "action_id"])
    for row in rows.to_dict("records"):
        calendar.add_component(_entry({str(key): value for key, value in row.items()}, as_of))
    return bytes(calendar.to_ical())


def write_calendars(
    actions: pd.DataFrame, accounts: pd.DataFrame, folder: Path, *, as_of: dt.date
) -> dict[str, Path]:
    """Write a calendar file for each owner with actions; give their paths."""
    paths = {}
    for owner in sorted(actions["owner"].dropna().unique()):
        path = folder / f"{slug(str(owner))}.ics"
        path.write_bytes(calendar_of(actions, accounts, owner=str(owner), as_of=as_of))
        paths[str(owner)] = path
    return paths


def withdrawn(previous: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    """Find open actions of the last plan that the new one gave up, as cancelled."""
    gone = previous[~previous["action_id"].isin(actions["action_id"])]
    if "done" in gone:
        gone = gone[gone["done"].isna()]
    gone = gone[~gone["status"].isin(["done", "cancelled"])]
    return gone.assign(status="cancelled")


def _entry(row: dict[str, object], as_of: dt.date) -> icalendar.Event:
    due = pd.Timestamp(str(row["due"])).date()
    account = row["name"] if isinstance(row["name"], str) else row["account_id"]
    event = icalendar.Event()
    event.add("uid", f"{row['action_id']}@kapkit")
    event.add("dtstamp", dt.datetime.combine(as_of, dt.time(), dt.UTC))
    event.add("sequence", as_of.toordinal())
    event.add("dtstart", due)
    event.add("dtend", due + dt.timedelta(days=1))
    event.add("summary", _clean(f"{NOUNS.get(str(row['kind']), row['kind'])}: {account}"))
    event.add("status", _STATUS.get(str(row["status"]), "TENTATIVE"))
    event.add("transp", "TRANSPARENT")
    for name, field in (("place", "location"), ("reason", "description")):
        if isinstance(row[name], str):
            event.add(field, _clean(str(row[name])))
    return event


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text)
