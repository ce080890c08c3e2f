"""5.2 and 5.3: what is planned, by whom, in which hours; what was done, what was not, and why."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.wording import percent, say, say_count

#: Days after which an action that was not done counts as late.
GRACE_DAYS = 7
_YEAR = pd.Timedelta(days=365)
_COLUMNS = ["action_id", "account_id", "kind", "due", "done", "owner", "status", "outcome"]
#: Accounts on each side below which adherence and results are not compared.
_COMPARED = 10


@dataclass(frozen=True)
class Progress:
    """What was planned and what became of it, in the last twelve months and what is to come.

    ``actions`` has a row an action: its columns and ``state`` (done, done late, skipped,
    overdue, planned) and ``late_days``. ``by_owner``, ``by_kind`` and ``by_class`` count them,
    with ``kept`` (share of what was due that was done); so does ``by_account``, with ``name``,
    ``class`` and ``growth`` of revenue, the least kept first. ``overdue`` lists those open past
    their day, oldest first; ``reasons`` counts why actions were skipped; ``load`` sets the next
    months' planned ``hours`` of each owner beside those there are; ``adherence`` compares accounts
    by how much of their plan was done; ``lessons`` the kinds done where accounts grew and where
    they did not.
    """

    actions: pd.DataFrame
    by_owner: pd.DataFrame
    by_kind: pd.DataFrame
    by_class: pd.DataFrame
    by_account: pd.DataFrame
    overdue: pd.DataFrame
    reasons: pd.Series
    load: pd.DataFrame
    adherence: pd.DataFrame
    lessons: pd.DataFrame
    sentences: tuple[str, ...]


def progress_of(region: Region, accounts: pd.DataFrame) -> Progress:
    """Set what was done beside what was planned.

    Parameters
    ----------
    region : Region
        The region as of a day, with the table plan_actions.
    accounts : DataFrame indexed by account
        ``name`` and ``class``.

    Returns
    -------
    Progress
        Empty, with a sentence, where the book has no plan.
    """
    actions = plan_states(region.tables.get("plan_actions"), as_of=region.as_of)
    actions = actions[actions["account_id"].isin(region.accounts.index)]
    about = accounts.reindex(actions["account_id"])
    actions = actions.assign(
        name=about["name"].to_numpy(), **{"class": about["class"].to_numpy(dtype=object)}
    )
    now = pd.Timestamp(region.as_of)
    due = actions[(actions["due"] <= now) & (actions["due"] > now - _YEAR)]
    overdue = actions[actions["state"] == "overdue"].sort_values("late_days", ascending=False)
    skipped = due[due["state"] == "skipped"]
    adherence = _adherence(due, region)
    found = Progress(
        actions,
        _kept(due, "owner"),
        _kept(due, "kind"),
        _kept(due, "class"),
        _kept_by_account(due, region),
        overdue,
        skipped["outcome"].fillna(say("no reason given")).value_counts(),
        _load(actions[actions["due"] > now], region),
        adherence,
        _lessons(due, region),
        (),
    )
    return Progress(**{**vars(found), "sentences": _sentences(found, due, region)})


def plan_states(plan: pd.DataFrame | None, *, as_of: object) -> pd.DataFrame:
    """Tell the state of each planned action on a day.

    Parameters
    ----------
    plan : DataFrame, optional
        Schema ``PLAN_ACTIONS``.
    as_of : date
        The day; what was done later was not done yet.

    Returns
    -------
    DataFrame
        ``state`` and ``late_days`` (of what is overdue, since it was due; of what was done, after
        it was due) beside the plan's columns.

    Examples
    --------
    >>> plan = pd.DataFrame({"action_id": ["1", "2"], "account_id": "a", "kind": "call",
    ...     "due": pd.to_datetime(["2026-06-01", "2026-06-20"]), "done": [pd.NaT, pd.NaT]})
    >>> plan_states(plan, as_of="2026-06-15")[["state", "late_days"]].values.tolist()
    [['overdue', 14.0], ['planned', nan]]
    """
    known = (pd.DataFrame() if plan is None else plan).reindex(columns=_COLUMNS)
    days = dict.fromkeys(["due", "done"], "datetime64[us]")
    known = known.astype(dict.fromkeys(set(_COLUMNS) - set(days), "str") | days)
    now = pd.Timestamp(str(as_of))
    done = known["done"].where(known["done"] <= now)
    gone = known["status"].isin(["skipped", "cancelled", "declined"]) & done.isna()
    late = (done.fillna(now) - known["due"]).dt.days
    states = {
        "skipped": gone & (known["due"] <= now),
        "done late": done.notna() & (late > GRACE_DAYS),
        "done": done.notna(),
        "overdue": known["due"] < now,
    }
    state = np.select(list(states.values()), list(states), "planned")
    told = pd.Series(state, known.index).isin(["overdue", "done", "done late"])
    return known.assign(done=done, state=state, late_days=late.where(told).astype(float))


def _kept(due: pd.DataFrame, by: str) -> pd.DataFrame:
    counted = due.pivot_table(index=by, columns="state", values="action_id", aggfunc="count")
    names = ["done", "done late", "skipped", "overdue"]
    table = counted.reindex(columns=names).fillna(0).astype(int)
    table.insert(0, "planned", table.sum(axis=1))
    kept = (table["done"] + table["done late"]) / table["planned"].where(table["planned"] > 0)
    return table.assign(kept=kept).sort_values("planned", ascending=False, kind="stable")


def _kept_by_account(due: pd.DataFrame, region: Region) -> pd.DataFrame:
    """Set what became of each account's plan beside how its revenue went."""
    table = _kept(due, "account_id")
    about = due.drop_duplicates("account_id").set_index("account_id")[["name", "class"]]
    missed = table["planned"] - table["done"] - table["done late"]
    order = missed.sort_values(ascending=False, kind="stable").index
    return about.reindex(table.index).join(table).assign(growth=_growth(region)).loc[order]


def _load(ahead: pd.DataFrame, region: Region) -> pd.DataFrame:
    """Set hours of the coming months beside those of each owner; minutes as logged before."""
    columns = ["owner", "month", "actions", "hours", "hours_available"]
    staff, activities = region.tables.get("staff"), region.tables.get("activities")
    if staff is None or activities is None or ahead.empty or "minutes" not in activities:
        return pd.DataFrame(columns=columns)
    minutes = activities.groupby("kind")["minutes"].median()
    usual = ahead["kind"].map(minutes).fillna(activities["minutes"].median())
    dated = ahead.assign(month=ahead["due"].dt.to_period("M").dt.to_timestamp(), hours=usual / 60)
    grouped = dated.groupby(["owner", "month"]).agg(
        actions=("action_id", "size"), hours=("hours", "sum")
    )
    table = grouped.reset_index()
    return table.assign(
        hours_available=table["owner"].map(staff.set_index("owner")["hours_per_month"])
    )


def _growth(region: Region) -> pd.Series:
    """Give each account's revenue of the last half-year over that of the year before's."""
    now, half = pd.Timestamp(region.as_of), pd.Timedelta(days=182)
    sold = region.purchases

    def between(last: pd.Timestamp) -> pd.Series:
        inside = (sold["date"] > last - half) & (sold["date"] <= last)
        return sold[inside].groupby("account_id")["revenue"].sum()

    before = between(now - _YEAR)
    return (between(now).reindex(before.index, fill_value=0.0) / before[before > 0]).dropna() - 1


def _adherence(due: pd.DataFrame, region: Region) -> pd.DataFrame:
    """Compare accounts of which most of the plan was done with those of which less was."""
    done = due["state"].isin(["done", "done late"]).groupby(due["account_id"]).mean()
    grown = _growth(region).reindex(done.index).dropna()
    if len(grown) < 2 * _COMPARED:
        return pd.DataFrame(columns=["accounts", "kept", "growth", "low", "high"])
    kept = done[grown.index]
    side = np.where(
        kept >= kept.median(), say("more of the plan done"), say("less of the plan done")
    )
    rows = {}
    for name in sorted(set(side), reverse=True):
        part = grown[side == name]
        draws = np.random.default_rng(1).choice(part.to_numpy(), (500, len(part)))
        low, high = np.quantile(np.median(draws, axis=1), [0.1, 0.9])
        rows[name] = (len(part), kept[side == name].mean(), part.median(), low, high)
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["accounts", "kept", "growth", "low", "high"]
    )


def _lessons(due: pd.DataFrame, region: Region) -> pd.DataFrame:
    """Count what was done a year in accounts that grew and in those that did not."""
    grown = _growth(region)
    acted = due[due["state"].isin(["done", "done late"]) & due["account_id"].isin(grown.index)]
    if acted["account_id"].nunique() < 2 * _COMPARED:
        return pd.DataFrame(columns=["grew", "did_not"])
    side = acted["account_id"].map(grown > 0)
    counted = acted.groupby(["kind", side]).size().unstack(fill_value=0)  # noqa: PD010
    accounts = acted.groupby(side)["account_id"].nunique()
    table = (counted / accounts).reindex(columns=[True, False]).fillna(0.0)
    return table.set_axis(["grew", "did_not"], axis=1).sort_values("grew", ascending=False)


def _sentences(found: Progress, due: pd.DataFrame, region: Region) -> tuple[str, ...]:
    if found.actions.empty:
        return (say("No plan is recorded, so nothing can be set beside what was done."),)
    said = []
    if len(due):
        done = int(due["state"].isin(["done", "done late"]).sum())
        said.append(
            say(
                "Of {count} actions that fell due in twelve months {share} were done, {late} of "
                "them more than a week late.",
                count=f"{len(due):,}",
                share=percent(done / len(due)),
                late=f"{int((due['state'] == 'done late').sum()):,}",
            )
        )
    if len(found.overdue):
        said.append(
            say_count(
                len(found.overdue),
                "{count} action is overdue, by {days} days.",
                "{count} actions are overdue, the oldest by {days} days.",
                days=f"{found.overdue['late_days'].max():,.0f}",
            )
        )
    if len(found.reasons):
        said.append(
            say(
                "{count} were skipped, most often because of: {reason}.",
                count=f"{int(found.reasons.sum()):,}",
                reason=str(found.reasons.index[0]),
            )
        )
    over = found.load[found.load["hours"] > found.load["hours_available"]]
    if len(over):
        said.append(
            say(
                "{owner} has more planned in {month} than hours: {hours} of {there}.",
                owner=str(over["owner"].iloc[0]),
                month=f"{over['month'].iloc[0]:%B %Y}",
                hours=f"{over['hours'].iloc[0]:,.0f}",
                there=f"{over['hours_available'].iloc[0]:,.0f}",
            )
        )
    return tuple(said)
