"""The owners' days, filled one contact after the other."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from kapkit.cultivation.effort import IN_PERSON
from kapkit.cultivation.wanted import LEAST_DAYS
from kapkit.cultivation.workdays import Days, blocked
from kapkit.models.poisson import Matrix

#: A contact may move this part of its interval either way, at least `LEAST_DAYS`.
TOLERANCE = 0.25

#: What a day is worth, in tolerances of moving, on which the owner is in the place anyway.
NEIGHBOUR = 0.8

#: What a full day costs against an empty one, in tolerances of moving.
CROWDED = 0.3

#: Minutes of contacts and travel that a day holds, where the hours of its week allow them.
FULL_DAY = 480.0

_NO_HOURS = "no hours left around the day"
_NO_DAY = "no working day around the day"
_NO_OWNER = "no owner with hours"

_Slot = dict[Hashable, Any]


class Board:
    """The working days of all owners, with the minutes left on each.

    Hours a month are shared out evenly over working days, and the days of a week, as far as they
    are in the same month, share theirs: an owner of two hours a day may give one day eight.
    """

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
        self.room: dict[str, Matrix] = {
            str(owner): np.where(_off(days, blackout, owner=str(owner)), 0.0, minutes)
            for owner, minutes in self.daily.items()
        }
        self.week = _weeks(days)
        self.left = {owner: np.bincount(self.week, room) for owner, room in self.room.items()}
        self.free = {
            owner: np.minimum(
                np.where(room > 0, np.maximum(room, FULL_DAY), 0.0), self.left[owner][self.week]
            )
            for owner, room in self.room.items()
        }
        self.whole = {owner: free.copy() for owner, free in self.free.items()}
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
        full = 1 - self.free[owner][able] / np.maximum(self.whole[owner][able], 1.0)
        near = self.places.get((owner, str(slot["place"])))
        together = NEIGHBOUR * (near[able] > 0) if near is not None and _travels(slot) else 0.0
        return np.asarray(moved + CROWDED * full - together, float)

    def _book(self, slot: _Slot, position: int | None) -> None:
        if position is None:
            return
        owner, none = str(slot["owner"]), np.zeros(len(self.days))
        if owner in self.free:
            self._take(owner, position, slot["minutes"])
        self.met.setdefault(f"{slot['account_id']}|{slot['kind']}", none.copy())[position] += 1
        if _travels(slot):
            self.places.setdefault((owner, str(slot["place"])), none.copy())[position] += 1

    def _take(self, owner: str, position: int, minutes: float) -> None:
        """Take minutes from a day, and from what its week has left for the others."""
        week = self.week[position]
        self.left[owner][week] -= minutes
        self.free[owner][position] -= minutes
        same = self.week == week
        self.free[owner][same] = np.minimum(self.free[owner][same], self.left[owner][week])

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


def _weeks(days: Days) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Give each day the number of its week within its month."""
    months = days.astype("datetime64[M]").astype("int64")
    weeks = (days.astype("int64") + 3) // 7  # 1 January 1970 was a Thursday
    found: np.ndarray[Any, np.dtype[np.intp]] = np.unique(
        months * 10_000 + weeks, return_inverse=True
    )[1]
    return found


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
