"""Which contacts fall due when, and which of them the last plan already dated."""

import datetime as dt
import hashlib

import numpy as np
import pandas as pd

#: A contact may always move by so many days.
LEAST_DAYS = 3

_YEAR_DAYS = 365.0


def fall_due(
    planned: pd.DataFrame, latest: pd.Series, *, first: dt.date, last: dt.date, seed: int
) -> pd.DataFrame:
    """Date the contacts of a plan by their cadence: an interval after the latest one, and so on.

    Parameters
    ----------
    planned : DataFrame, accounts x kinds
        Contacts a year.
    latest : Series of days indexed by account_id and kind
        The latest contact made; an account without any starts within its first interval, on a
        day drawn from ``seed`` and its own key, whatever the other accounts are.
    first, last : date
        The horizon; what is overdue falls due on the first day.

    Returns
    -------
    DataFrame
        One row a contact: ``account_id``, ``kind``, ``due``, ``interval`` (days) and ``key``.
    """
    rows = planned.rename_axis("account_id").reset_index()
    rows = rows.melt("account_id", var_name="kind", value_name="a_year").query("a_year > 0")
    interval = _YEAR_DAYS / rows["a_year"]
    keys = pd.MultiIndex.from_frame(rows[["account_id", "kind"]])
    since = pd.Series(latest.reindex(keys).to_numpy(), rows.index).astype("datetime64[ns]")
    drawn = pd.Series([_draw(seed, *key) for key in keys], rows.index, dtype=float)
    start = pd.Timestamp(first)
    days = (since - start).dt.days + interval
    epoch = (start - pd.Timestamp(0)).days
    begin = days.fillna((drawn * interval - epoch) % interval).clip(lower=0.0)
    span = (last - first).days
    count = np.floor((span - begin) / interval + 1).clip(lower=0).astype(int)
    found = rows[["account_id", "kind"]].assign(interval=interval, begin=begin)
    found = found.loc[found.index.repeat(count)]
    place = found.groupby(level=0).cumcount()
    offset = np.floor(found["begin"] + place * found["interval"])
    found["due"] = start + pd.to_timedelta(offset, unit="D")
    rows = found.drop(columns="begin").reset_index(drop=True)
    dated = zip(rows["account_id"], rows["kind"], rows["due"], strict=True)
    return rows.assign(key=[_key(*one) for one in dated])


def latest_contacts(
    activities: pd.DataFrame | None, previous: pd.DataFrame | None, *, before: dt.date
) -> pd.Series:
    """Find the day of the latest own contact of each account and kind, logged or reported done."""
    parts = []
    if activities is not None:
        own = activities
        if "inbound" in activities:
            own = activities[~activities["inbound"].eq("yes")]
        parts.append(own[["account_id", "kind", "date"]])
    done = done_before(previous)
    if len(done):
        made_on = done["done"].fillna(done["due"]) if "done" in done else done["due"]
        parts.append(done[["account_id", "kind"]].assign(date=made_on))
    if not parts:
        return pd.Series(dtype="datetime64[ns]", index=pd.MultiIndex.from_arrays([[], []]))
    made = pd.concat(parts, ignore_index=True)
    made = made[made["date"] < pd.Timestamp(before)]
    found: pd.Series = made.groupby(["account_id", "kind"])["date"].max()
    return found


def take_over(due: pd.DataFrame, previous: pd.DataFrame | None, *, first: dt.date) -> pd.DataFrame:
    """Give contacts that fall due the day and key the last plan gave them.

    A previous action stands for the contact of its account and kind that falls due within half
    an interval of it, the nearest in time first; an overdue one for the next.

    Parameters
    ----------
    due : DataFrame
        From `fall_due`.
    previous : DataFrame
        Schema ``PLAN_ACTIONS``.
    first : date
        First day of the horizon.

    Returns
    -------
    DataFrame
        ``due`` with ``action_id``, ``was`` (day in the last plan) and ``fixed``; fixed actions
        from ``first`` on that stand for none are added.
    """
    if previous is None or previous.empty:
        return due.assign(action_id=None, was=pd.Series(pd.NaT, due.index), fixed=False)
    before = _open_or_fixed(previous, first)
    left = due.reset_index(names="slot")
    pairs = left.merge(before, on=["account_id", "kind"])
    start = pd.Timestamp(first)
    gap = (pairs["was"].where(pairs["was"] > start, start) - pairs["due"]).dt.days.abs()
    pairs = pairs.assign(gap=gap)[gap <= (pairs["interval"] / 2).clip(lower=LEAST_DAYS)]
    pairs = pairs.assign(other=pairs["key"] != pairs["action_id"], loose=~pairs["fixed"])
    pairs = pairs.sort_values(["loose", "other", "gap", "was", "action_id"])
    matched = _one_to_one(pairs)
    found = due.join(matched.set_index("slot")[["action_id", "was", "fixed"]])
    found = found.assign(fixed=found["fixed"].eq(True))
    extra = before[before["fixed"] & ~before["action_id"].isin(matched["action_id"])]
    extra = extra.assign(due=extra["was"], interval=np.nan, key=extra["action_id"])
    return pd.concat([found, extra[found.columns]], ignore_index=True) if len(extra) else found


def done_before(previous: pd.DataFrame | None) -> pd.DataFrame:
    """Give the actions of the last plan that were done, as they are."""
    if previous is None:
        return pd.DataFrame()
    return previous[_done(previous)]


def _done(previous: pd.DataFrame) -> pd.Series:
    made = pd.Series(data=False, index=previous.index)
    if "done" in previous:
        made |= previous["done"].notna()
    return made | previous["status"].eq("done") if "status" in previous else made


def _open_or_fixed(previous: pd.DataFrame, first: dt.date) -> pd.DataFrame:
    """Keep actions still to be done; what was agreed for the horizon or later is fixed."""
    state = previous.get("status", pd.Series("", previous.index))
    kept = previous[~_done(previous) & ~state.isin(["cancelled", "skipped"])]
    fixed = state.eq("agreed") & (previous["due"] >= pd.Timestamp(first))
    kept = kept.assign(was=kept["due"], fixed=fixed)
    return kept[["action_id", "account_id", "kind", "was", "fixed"]]


def _one_to_one(pairs: pd.DataFrame) -> pd.DataFrame:
    """Match each slot and each action once, best pair first."""
    slots: set[object] = set()
    actions: set[object] = set()
    kept = []
    for place, (slot, action) in enumerate(zip(pairs["slot"], pairs["action_id"], strict=True)):
        if slot not in slots and action not in actions:
            slots.add(slot)
            actions.add(action)
            kept.append(place)
    return pairs.iloc[kept]


def _draw(seed: int, account: str, kind: str) -> float:
    """Draw a number from 0 to 1 that depends on the seed and the account only."""
    digest = hashlib.sha256(f"{seed}|{account}|{kind}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _key(account: str, kind: str, due: pd.Timestamp) -> str:
    """Make a key that is the same whenever the same contact falls due on the same day."""
    digest = hashlib.sha256(f"{account}|{kind}|{due:%Y-%m-%d}".encode()).hexdigest()
    return f"KP-{digest[:16]}"
