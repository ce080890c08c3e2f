"""The plan of the last run, as the next one finds it: beside what the CRM says was done."""

import datetime as dt

import pandas as pd

from kapkit.book.schema import PLAN_ACTIONS

#: A logged contact is the planned one if its day is so near to the one planned.
NEAR_DAYS = 28

_CLOSED = ("done", "cancelled", "skipped", "declined")


def last_plan(
    planned: pd.DataFrame | None,
    recorded: pd.DataFrame | None,
    activities: pd.DataFrame | None,
    *,
    since: dt.date,
    as_of: dt.date,
) -> pd.DataFrame:
    """Lay the last run's plan and what became of it together, nothing lost, nothing doubled.

    An action that the CRM's table holds under its key, or for the same account, kind and day,
    is as the CRM says, and keeps the plan's key. Others are as planned, and done where an own
    contact of the same account and kind was logged since, within four weeks of the day planned;
    each contact stands for one action, the nearest first.

    Parameters
    ----------
    planned : DataFrame or None
        What the last run decided (`DECISIONS`: ``actions``).
    recorded : DataFrame or None
        The book's own table (schema ``PLAN_ACTIONS``).
    activities : DataFrame or None
        Schema ``ACTIVITIES``.
    since : date
        Day of the last run; contacts up to it were known to it.
    as_of : date
        Last day that counts.

    Returns
    -------
    DataFrame
        Schema ``PLAN_ACTIONS``, a row an action, with all its columns.
    """
    ours, theirs = _shaped(planned), _shaped(recorded)
    ours = ours.assign(status=ours["status"].fillna("planned"))
    own_key = _keys_by_day(ours, theirs)
    renamed = theirs["action_id"].map(own_key).astype("str").fillna(theirs["action_id"])
    theirs = theirs.assign(action_id=renamed)
    known = ours["action_id"].isin(theirs["action_id"])
    filled = theirs.set_index("action_id").combine_first(ours[known].set_index("action_id"))
    filled = filled.reindex(theirs["action_id"]).reset_index()[theirs.columns]
    alone = ours[~known]
    made = _met(alone, activities, since=since, as_of=as_of)
    both = pd.concat([filled, alone.assign(**made)], ignore_index=True)
    return _shaped(both).sort_values(["due", "action_id"], kind="stable", ignore_index=True)


def _shaped(frame: pd.DataFrame | None) -> pd.DataFrame:
    """Give the columns of the table, typed, and the region; missing where they are not known."""
    days = [name for name in PLAN_ACTIONS.columns if name in {"due", "done"}]
    texts = dict.fromkeys([*PLAN_ACTIONS.columns, "region"], "str")
    types = texts | dict.fromkeys(days, "datetime64[us]")
    known = pd.DataFrame() if frame is None else frame
    return known.reindex(columns=list(types)).astype(types).reset_index(drop=True)


def _keys_by_day(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.Series:
    """Find which of the CRM's keys stand for which of the plan's: same account, kind and day."""
    same = ["account_id", "kind", "due"]
    left = ours[~ours["action_id"].isin(theirs["action_id"])]
    right = theirs[~theirs["action_id"].isin(ours["action_id"])]
    left, right = (one.assign(turn=one.groupby(same).cumcount()) for one in (left, right))
    pairs = right.merge(left, on=[*same, "turn"], suffixes=("", "_of_plan"))
    return pairs.set_index("action_id")["action_id_of_plan"]


def _met(
    actions: pd.DataFrame, activities: pd.DataFrame | None, *, since: dt.date, as_of: dt.date
) -> dict[str, pd.Series]:
    """Tell which open actions a contact that was logged since the plan stands for."""
    if activities is None or activities.empty:
        return {}
    own = activities
    if "inbound" in own:
        own = own[~own["inbound"].eq("yes")]
    own = own[(own["date"] > pd.Timestamp(since)) & (own["date"] <= pd.Timestamp(as_of))]
    open_ = actions[actions["done"].isna() & ~actions["status"].isin(_CLOSED)]
    contacts = own.reindex(columns=["account_id", "kind", "date", "outcome"])
    contacts = contacts.rename(columns={"outcome": "came"}).reset_index(names="contact")
    pairs = open_.reset_index(names="action").merge(contacts, on=["account_id", "kind"])
    gap = (pairs["date"] - pairs["due"]).dt.days.abs()
    pairs = pairs.assign(gap=gap)[gap <= NEAR_DAYS]
    pairs = pairs.sort_values(["gap", "due", "date", "action_id", "contact"], kind="stable")
    made = _one_to_one(pairs).set_index("action").reindex(actions.index)
    met = made["date"].notna()
    return {
        "done": actions["done"].fillna(made["date"].astype(actions["done"].dtype)),
        "status": actions["status"].mask(met, "done"),
        "outcome": actions["outcome"].fillna(made["came"].astype("str")),
    }


def _one_to_one(pairs: pd.DataFrame) -> pd.DataFrame:
    """Match each action and each contact once, the nearest pair first."""
    actions: set[object] = set()
    contacts: set[object] = set()
    kept = []
    for place, (action, contact) in enumerate(zip(pairs["action"], pairs["contact"], strict=True)):
        if action not in actions and contact not in contacts:
            actions.add(action)
            contacts.add(contact)
            kept.append(place)
    return pairs.iloc[kept]
