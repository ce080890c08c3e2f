"""4.1 Schedule: a date for every contact, within hours, working days and cadence."""

import datetime as dt
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kapkit.cultivation.effort import IN_PERSON
from kapkit.cultivation.wanted import LEAST_DAYS, done_before, fall_due, latest_contacts, take_over
from kapkit.cultivation.workdays import Days, blocked, minutes_per_day, working_days
from kapkit.models.poisson import Matrix
from kapkit.wording import several

#: A contact may move this part of its interval either way, at least `LEAST_DAYS`.
TOLERANCE = 0.25

#: What a day is worth, in tolerances of moving, on which the owner is in the place anyway.
NEIGHBOUR = 0.8

#: What a full day costs against an empty one, in tolerances of moving.
CROWDED = 0.3

_NO_HOURS = "no hours left around the day"
_NO_DAY = "no working day around the day"
_NO_OWNER = "no owner with hours"

_Slot = dict[Hashable, Any]


@dataclass(frozen=True)
class Schedule:
    """Dated actions, the load of each owner, and what could not be dated.

    ``actions`` has the columns of ``plan_actions`` and ``minutes``, by day; ``load`` one row an
    owner and month with ``hours`` and ``hours_available``; ``shortfall`` one row an account and
    kind with ``due`` (contacts wanted), ``dated``, ``missing`` and ``reason``. ``kept`` and
    ``moved`` count the actions of the last plan.
    """

    actions: pd.DataFrame
    load: pd.DataFrame
    shortfall: pd.DataFrame
    kept: int
    moved: int
    sentence: str


def schedule(
    planned: pd.DataFrame,
    accounts: pd.DataFrame,
    hours: pd.DataFrame,
    staff: pd.DataFrame,
    *,
    first: dt.date,
    last: dt.date,
    country: str,
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
        Whose weekends and holidays are kept, as DE and BY.
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
    Hours a month are spread evenly over the working days of a year; travel is counted for each
    contact, also where neighbours share a day.
    """
    days = working_days(first, last, country=country, subdivision=subdivision)
    daily = minutes_per_day(staff, first, country=country, subdivision=subdivision)
    latest = latest_contacts(activities, previous, before=first)
    due = fall_due(planned, latest, first=first, last=last, seed=seed)
    slots = _described(take_over(due, previous, first=first), accounts, hours)
    board = _Board(days, daily, accounts, blackout)
    dated = pd.DataFrame([board.place(slot) for slot in slots.to_dict("records")], slots.index)
    dated = dated.reindex(columns=["day", "reason"])
    slots = slots.join(dated.astype({"day": "datetime64[ns]", "reason": "str"}))
    return _schedule(slots, board, done_before(previous))


class _Board:
    """The owners' days, filled one contact after the other."""

    def __init__(
        self,
        days: Days,
        daily: pd.Series,
        accounts: pd.DataFrame,
        blackout: pd.DataFrame | None,
    ) -> None:
        self.days = days
        self.daily = daily[daily.index.isin(accounts["owner"])]
        self.number = days.astype("int64")
        self.free: dict[str, Matrix] = {
            str(owner): np.where(_off(days, blackout, owner=str(owner)), 0.0, minutes)
            for owner, minutes in self.daily.items()
        }
        self.room = {owner: free.copy() for owner, free in self.free.items()}
        self.places: dict[tuple[str, str], Matrix] = {}
        self.met: dict[str, Matrix] = {}
        closed = _of_accounts(blackout)
        self.closed = {str(key): blocked(days, span) for key, span in closed}

    def place(self, slot: _Slot) -> _Slot:
        """Give a contact its day, or the reason why it has none."""
        owner = str(slot["owner"])
        if slot["fixed"]:
            self._book(slot, self._position(slot["was"]))
            return {"day": slot["was"], "reason": ""}
        if owner not in self.free:
            return {"day": pd.NaT, "reason": _NO_OWNER}
        if self._still_good(slot):
            return {"day": slot["was"], "reason": ""}
        window = self._window(slot)
        open_ = window[~self._shut(slot)[window]]
        if not len(open_):
            return {"day": pd.NaT, "reason": _NO_DAY}
        able = open_[self.free[owner][open_] >= slot["minutes"]]
        if not len(able):
            return {"day": pd.NaT, "reason": _NO_HOURS}
        chosen = int(able[np.argmin(self._cost(slot, able))])
        self._book(slot, chosen)
        return {"day": pd.Timestamp(self.days[chosen]), "reason": ""}

    def _still_good(self, slot: _Slot) -> bool:
        """Keep the day of the last plan where it is open and has the hours."""
        at = self._position(slot["was"]) if _known(slot["was"]) else None
        if at is None or self._shut(slot)[at]:
            return False
        if self.free[str(slot["owner"])][at] < slot["minutes"]:
            return False
        self._book(slot, at)
        return True

    def _window(self, slot: _Slot) -> np.ndarray[Any, np.dtype[np.intp]]:
        """Find the working days within the tolerance of the day a contact falls due."""
        target, reach = _number(slot["due"]), _reach(slot["interval"])
        low, high = np.searchsorted(self.number, [target - reach, target + reach + 1])
        return np.arange(low, high)

    def _shut(self, slot: _Slot) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Mark days the account does not want, is met on already, or the owner is away."""
        account = str(slot["account_id"])
        none = np.zeros(len(self.days), bool)
        away = self.room[str(slot["owner"])] <= 0
        met = self.met.get(f"{account}|{slot['kind']}", np.zeros(len(self.days))) > 0
        return self.closed.get(account, none) | away | met

    def _cost(self, slot: _Slot, able: np.ndarray[Any, np.dtype[np.intp]]) -> Matrix:
        """Weigh moving against neighbours on the same day and crowded days."""
        owner, reach = str(slot["owner"]), max(_reach(slot["interval"]), 1)
        before = _known(slot["was"])
        aim = slot["was"] if before else slot["due"]
        moved = np.abs(self.number[able] - _number(aim)) / reach
        if before:
            return np.asarray(moved, float)
        full = 1 - self.free[owner][able] / np.maximum(self.room[owner][able], 1.0)
        near = self.places.get((owner, str(slot["place"])))
        together = NEIGHBOUR * (near[able] > 0) if near is not None and _travels(slot) else 0.0
        return np.asarray(moved + CROWDED * full - together, float)

    def _book(self, slot: _Slot, position: int | None) -> None:
        if position is None:
            return
        owner, none = str(slot["owner"]), np.zeros(len(self.days))
        if owner in self.free:
            self.free[owner][position] -= slot["minutes"]
        self.met.setdefault(f"{slot['account_id']}|{slot['kind']}", none.copy())[position] += 1
        if _travels(slot):
            self.places.setdefault((owner, str(slot["place"])), none.copy())[position] += 1

    def _position(self, day: pd.Timestamp) -> int | None:
        at = int(np.searchsorted(self.number, _number(day)))
        found = at < len(self.number) and self.number[at] == _number(day)
        return at if found else None

    def load(self, slots: pd.DataFrame) -> pd.DataFrame:
        """Add up hours by owner and month, beside those there are."""
        months = pd.DatetimeIndex(self.days).to_period("M")
        able = pd.concat(
            {owner: pd.Series(room / 60).groupby(months).sum() for owner, room in self.room.items()}
            or {"": pd.Series(dtype=float)},
            names=["owner", "month"],
        )
        dated = slots.dropna(subset="day")
        month = dated["day"].dt.to_period("M").rename("month")
        used = (dated["minutes"] / 60).groupby([dated["owner"], month]).sum()
        return pd.DataFrame({"hours": used, "hours_available": able}).fillna(0.0)


def _described(slots: pd.DataFrame, accounts: pd.DataFrame, hours: pd.DataFrame) -> pd.DataFrame:
    """Give slots owner, place and minutes, in the order in which they choose their day."""
    about = accounts.reindex(columns=["owner", "class", "place"]).rename_axis("account_id")
    long = (hours * 60).rename_axis("account_id").reset_index()
    long = long.melt("account_id", var_name="kind", value_name="minutes")
    known = slots.join(about, on="account_id").merge(long, on=["account_id", "kind"], how="left")
    known = known.dropna(subset=["owner", "minutes"])
    return known.assign(new=known["was"].isna(), loose=~known["fixed"]).sort_values(
        ["loose", "new", "class", "due", "account_id", "kind"], ignore_index=True
    )


def _schedule(slots: pd.DataFrame, board: _Board, done: pd.DataFrame) -> Schedule:
    actions = _actions(slots.dropna(subset="day"))
    actions = pd.concat([done, actions], ignore_index=True) if len(done) else actions
    load, missing = board.load(slots), _shortfall(slots)
    before = slots[slots["was"].notna() & slots["day"].notna()]
    kept = int((before["was"] == before["day"]).sum())
    said = _sentence(actions, missing, kept, len(before))
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


def _sentence(actions: pd.DataFrame, missing: pd.DataFrame, kept: int, before: int) -> str:
    said = f"{several(len(actions), 'action')} dated"
    if before:
        said += f", {kept:,} of {several(before, 'action')} of the last plan on their old day"
    if missing.empty:
        return f"{said}; every contact that falls due has its day."
    return (
        f"{said}; {several(int(missing['missing'].sum()), 'contact')} of "
        f"{several(missing['account_id'].nunique(), 'account')} found none, most often because of "
        f"{missing.groupby('reason')['missing'].sum().idxmax()}."
    )


def _off(days: Days, blackout: pd.DataFrame | None, *, owner: str) -> Any:
    """Mark an owner's blackout days: own spans, and those for all."""
    if blackout is None:
        return blocked(days, None)
    whose = blackout.get("owner", pd.Series(None, blackout.index, dtype="str"))
    for_all = whose.isna()
    if "account_id" in blackout:
        for_all &= blackout["account_id"].isna()
    return blocked(days, blackout[for_all | (whose == owner)])


def _of_accounts(blackout: pd.DataFrame | None) -> list[tuple[Hashable, pd.DataFrame]]:
    if blackout is None or "account_id" not in blackout:
        return []
    return list(blackout.dropna(subset="account_id").groupby("account_id"))


def _reach(interval: float) -> int:
    return max(LEAST_DAYS, int(TOLERANCE * interval)) if interval > 0 else LEAST_DAYS


def _number(day: Any) -> int:
    return int(np.datetime64(day, "D").astype("int64"))


def _known(value: Any) -> bool:
    return bool(pd.notna(value))


def _travels(slot: _Slot) -> bool:
    return slot["kind"] in IN_PERSON and _known(slot["place"])
