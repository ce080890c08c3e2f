"""4.2 Communication and feedback: what waits for our answer, since when, and who owes it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from kapkit.book.errors import listing
from kapkit.cultivation.effort import CADENCE, GAP, IMPORTANT
from kapkit.models.complaint_severity import DAYS, SEVERITY_DAYS
from kapkit.wording import percent, several

_COLUMNS = ["loop", "account_id", "subject", "owner", "opened", "closed", "standard_days"]

_DAYS_PER_YEAR = 365


@dataclass(frozen=True)
class Standards:
    """Days within which a loop is to be closed: complaints, unmet needs, contacts to us."""

    complaint: float = DAYS
    severity: Mapping[str, float] = field(default_factory=lambda: SEVERITY_DAYS)
    need: float = 60.0
    inbound: float = 3.0


@dataclass(frozen=True)
class Feedback:
    """What is open, how fast loops are closed, and where it has gone quiet.

    ``loops`` has one row an open loop, longest overdue first: ``loop`` (complaint, need,
    promise, contact), ``account_id``, ``subject``, ``owner``, ``opened``, ``age_days``,
    ``standard_days``, ``due``, ``overdue_days`` (0: in time). ``silent`` lists the key accounts
    without contact for longer than their cadence allows.
    """

    loops: pd.DataFrame
    by_owner: pd.DataFrame
    by_subject: pd.DataFrame
    silent: pd.DataFrame
    sentence: str


def feedback(
    accounts: pd.DataFrame,
    *,
    as_of: dt.date,
    complaints: pd.DataFrame | None = None,
    needs: pd.DataFrame | None = None,
    plan_actions: pd.DataFrame | None = None,
    activities: pd.DataFrame | None = None,
    standards: Standards | None = None,
) -> Feedback:
    """Find who must answer whom by when, and how well answers have been given.

    Parameters
    ----------
    accounts : DataFrame indexed by account
        ``owner`` and ``class``; rows of other accounts are left out.
    as_of : date
        Rows after it are ignored, and what was closed after it is open.
    complaints, needs, plan_actions, activities : DataFrame
        The canonical tables; a missing one gives no loops of its sort.
    standards : Standards
        Days to close.

    Returns
    -------
    Feedback
        ``by_owner`` and ``by_subject``: see `closing`.

    Notes
    -----
    A complaint is open until closed; a need since it was first recorded unmet (importance 4 or
    more, fulfilment two or more below) after last being met; a promise is an agreed action not
    done; a contact to us is answered by our next contact on the same day or later.
    """
    rules, end = standards or Standards(), pd.Timestamp(as_of)
    parts = [
        _complaints(complaints, rules),
        _needs(needs, rules, end),
        _promises(plan_actions),
        _inbound(activities, rules, end),
    ]
    known = [part for part in parts if part is not None and len(part)]
    every = pd.concat(known, ignore_index=True) if known else _none()
    every = every[every["account_id"].isin(accounts.index) & (every["opened"] <= end)]
    owner = every["account_id"].map(accounts["owner"])
    closed = every["closed"].where(every["closed"] <= end)
    every = every.assign(owner=every["owner"].fillna(owner), closed=closed)
    loops = _open(every, end)
    silent = silent_accounts(accounts, activities, as_of=as_of)
    timed = every[every["loop"].isin(["complaint", "contact"])]
    by_owner, by_subject = (closing(timed, by=by, as_of=as_of) for by in ("owner", "subject"))
    return Feedback(loops, by_owner, by_subject, silent, _sentence(loops, timed, silent, end))


def closing(loops: pd.DataFrame, *, by: str, as_of: dt.date, level: float = 0.8) -> pd.DataFrame:
    """Tell how often loops are closed within the standard, and how long it takes.

    Parameters
    ----------
    loops : DataFrame
        ``opened``, ``closed`` (missing: open), ``standard_days`` and the column ``by``.
    by : str
        The column to tell apart: owner or subject.
    as_of : date
        Loops whose standard ends later do not count for the rate, but for the time.
    level : float, 0 to 1
        Probability of the intervals.

    Returns
    -------
    DataFrame indexed by ``by`` and loop
        ``due`` (loops whose standard has run out), ``in_time``, ``rate`` with ``low`` and
        ``high`` (Jeffreys), ``pooled_rate`` (drawn towards all groups of the loop as far as
        they are alike), ``loops``, ``median_days`` with ``median_low`` and ``median_high``
        (Kaplan-Meier, open loops counted as such; missing where the half is not yet closed).
    """
    end = pd.Timestamp(as_of)
    age = (end - loops["opened"]).dt.days
    days = (loops["closed"] - loops["opened"]).dt.days
    ripe = age > loops["standard_days"]
    marked = loops.assign(
        due=ripe.astype(float),
        in_time=(ripe & (days <= loops["standard_days"])).astype(float),
        waited=days.fillna(age).clip(lower=0) + 0.5,
        shut=days.notna(),
    )
    groups = marked.groupby([by, "loop"])
    table = groups[["due", "in_time"]].sum()
    table["rate"] = table["in_time"] / table["due"].where(table["due"] > 0)
    table["low"], table["high"] = _jeffreys(table["in_time"], table["due"], level)
    table["pooled_rate"] = _pooled(table)
    table["loops"] = groups.size()
    medians = {key: _median(part, level) for key, part in groups}
    found = pd.DataFrame(
        list(medians.values()), table.index, ["median_days", "median_low", "median_high"]
    )
    return table.join(found)


def silent_accounts(
    accounts: pd.DataFrame,
    activities: pd.DataFrame | None,
    *,
    as_of: dt.date,
    cadence: Mapping[str, Mapping[str, float]] = CADENCE,
) -> pd.DataFrame:
    """Find the key accounts that nobody has spoken to for longer than their cadence allows.

    Parameters
    ----------
    accounts : DataFrame indexed by account
        ``class`` and ``owner``.
    activities : DataFrame
        Contacts in both directions; None: no contacts are known, so nobody is called silent.
    as_of : date
        Last day that counts.
    cadence : mapping
        Contacts a year by class and kind; classes without have no alarm.

    Returns
    -------
    DataFrame indexed by account, longest silence first
        ``class``, ``owner``, ``last_contact``, ``days_since``, ``allowed_days`` and
        ``usual_gap_days`` (median between contacts; missing below three). An account without
        any contact has neither day and comes first.
    """
    columns = ["last_contact", "days_since", "allowed_days", "usual_gap_days"]
    if activities is None:
        return accounts[["class", "owner"]].iloc[:0].reindex(columns=["class", "owner", *columns])
    end = pd.Timestamp(as_of)
    made = activities[activities["date"] <= end].sort_values("date")
    made = made.drop_duplicates(["account_id", "date"])
    last = made.groupby("account_id")["date"].max().reindex(accounts.index)
    gaps = made.groupby("account_id")["date"].diff().dt.days.groupby(made["account_id"])
    usual = gaps.median().where(gaps.count() > 1).reindex(accounts.index)
    a_year = accounts["class"].map({name: sum(due.values()) for name, due in cadence.items()})
    found = accounts[["class", "owner"]].assign(
        last_contact=last,
        days_since=(end - last).dt.days,
        allowed_days=_DAYS_PER_YEAR / a_year.astype(float),
        usual_gap_days=usual,
    )
    quiet = (found["days_since"] > found["allowed_days"]) | found["days_since"].isna()
    found = found[quiet & found["allowed_days"].notna()]
    return found.sort_values("days_since", ascending=False, na_position="first", kind="stable")


def _none() -> pd.DataFrame:
    days = dict.fromkeys(["opened", "closed"], "datetime64[ns]")
    text = dict.fromkeys(["loop", "account_id", "subject", "owner"], "str")
    return pd.DataFrame(columns=_COLUMNS).astype(days | text | {"standard_days": "float64"})


def _rows(frame: pd.DataFrame, loop: str, **columns: object) -> pd.DataFrame:
    made = pd.DataFrame({"account_id": frame["account_id"], **columns}, frame.index)
    made = made.assign(loop=loop).reindex(columns=_COLUMNS)
    return made.astype({"opened": "datetime64[ns]", "closed": "datetime64[ns]", "owner": "str"})


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame.get(name, pd.Series(None, frame.index, dtype="str"))


def _complaints(complaints: pd.DataFrame | None, rules: Standards) -> pd.DataFrame | None:
    if complaints is None:
        return None
    severity = _column(complaints, "severity").str.lower().map(rules.severity)
    return _rows(
        complaints,
        "complaint",
        subject=_column(complaints, "category").fillna("no category"),
        opened=complaints["opened"],
        closed=complaints.get("closed", pd.Series(pd.NaT, complaints.index)),
        standard_days=severity.astype(float).fillna(rules.complaint),
    )


def _needs(needs: pd.DataFrame | None, rules: Standards, end: pd.Timestamp) -> pd.DataFrame | None:
    """Open a loop where a need is unmet now, since it last was met or first was recorded."""
    if needs is None:
        return None
    known = needs[needs["recorded"] <= end].sort_values("recorded")
    gap = known["importance"] - known["fulfilment"]
    unmet = (known["importance"] >= IMPORTANT) & (gap >= GAP)
    by = [known["account_id"], known["need"]]
    met_later = (~unmet)[::-1].groupby([key[::-1] for key in by]).cummax()[::-1]
    since = known[~met_later].drop_duplicates(["account_id", "need"], keep="first")
    return _rows(
        since,
        "need",
        subject=since["need"],
        opened=since["recorded"],
        standard_days=rules.need,
    )


def _promises(actions: pd.DataFrame | None) -> pd.DataFrame | None:
    """Take agreed actions for promises, due on their own day."""
    if actions is None or "status" not in actions:
        return None
    agreed = actions[actions["status"].eq("agreed")]
    return _rows(
        agreed,
        "promise",
        subject=agreed["kind"],
        owner=_column(agreed, "owner"),
        opened=agreed["due"],
        closed=agreed.get("done", pd.Series(pd.NaT, agreed.index)),
        standard_days=0.0,
    )


def _inbound(
    activities: pd.DataFrame | None, rules: Standards, end: pd.Timestamp
) -> pd.DataFrame | None:
    """Answer each contact to us by our next one on the same day or later."""
    if activities is None or "inbound" not in activities:
        return None
    made = activities[activities["date"] <= end].sort_values("date")
    theirs = made[made["inbound"].eq("yes")]
    ours = made[~made["inbound"].eq("yes")][["account_id", "date"]].assign(closed=made["date"])
    answered = pd.merge_asof(
        theirs.drop(columns="closed", errors="ignore"),
        ours,
        on="date",
        by="account_id",
        direction="forward",
    )
    return _rows(
        answered,
        "contact",
        subject=answered["kind"],
        opened=answered["date"],
        closed=answered["closed"],
        standard_days=rules.inbound,
    )


def _open(every: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """List open loops; of several contacts that wait for one answer, the oldest."""
    waiting = every[every["closed"].isna()].drop(columns="closed").sort_values("opened")
    again = waiting.duplicated(["loop", "account_id"]) & waiting["loop"].eq("contact")
    waiting = waiting[~again]
    due = waiting["opened"] + pd.to_timedelta(waiting["standard_days"], unit="D")
    return waiting.assign(
        age_days=(end - waiting["opened"]).dt.days,
        due=due,
        overdue_days=(end - due).dt.days.clip(lower=0),
    ).sort_values(
        ["overdue_days", "due", "account_id", "subject"],
        ascending=[False, True, True, True],
        ignore_index=True,
    )


def _jeffreys(hits: pd.Series, tries: pd.Series, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Give the equal-tailed interval of a share under Jeffreys' prior; missing without tries."""
    tail, some = (1 - level) / 2, (tries > 0).to_numpy()
    low, high = (
        np.where(some, stats.beta.ppf(at, hits + 0.5, tries - hits + 0.5), np.nan)
        for at in (tail, 1 - tail)
    )
    return low, high


def _pooled(table: pd.DataFrame) -> pd.Series:
    """Draw each rate towards that of its loop, by how far groups differ beyond chance."""
    by = table.groupby(level="loop")
    total = by["due"].transform("sum")
    mean = by["in_time"].transform("sum") / total.where(total > 0)
    chance = mean * (1 - mean)
    spread = (table["due"] * (table["rate"] - mean) ** 2).fillna(0.0)
    groups = (table["due"] > 0).groupby(level="loop").transform("sum")
    squares = (table["due"] ** 2).groupby(level="loop").transform("sum")
    size = total - squares / total.where(total > 0)
    between = (spread.groupby(level="loop").transform("sum") - (groups - 1) * chance) / size
    between = between.clip(lower=0.0).fillna(0.0)
    prior = (chance / between.where(between > 0) - 1).clip(lower=0.0).fillna(np.inf)
    weight = (table["due"] / (table["due"] + prior)).fillna(0.0)
    return mean + weight * (table["rate"].fillna(mean) - mean)


def _median(part: pd.DataFrame, level: float) -> tuple[float, float, float]:
    """Give the median days to close and its interval, by Kaplan and Meier."""
    if not part["shut"].any():
        return np.nan, np.nan, np.nan
    curve = SurvfuncRight(part["waited"].to_numpy(float), part["shut"].to_numpy(int))
    with np.errstate(all="ignore"):
        low, high = curve.quantile_ci(0.5, alpha=1 - level)
    middle = float(curve.quantile(0.5))
    return tuple(max(float(value) - 0.5, 0.0) for value in (middle, low, high))  # type: ignore[return-value]


def _sentence(
    loops: pd.DataFrame, timed: pd.DataFrame, silent: pd.DataFrame, end: pd.Timestamp
) -> str:
    late = loops[loops["overdue_days"] > 0]
    said = f"{several(len(loops), 'loop')} open, {len(late):,} beyond the standard"
    if len(late):
        most = late["owner"].fillna("nobody").value_counts()
        named = [f"{owner} {count}" for owner, count in most.items()]
        said += f" ({listing(named)})"
    ripe = timed[(end - timed["opened"]).dt.days > timed["standard_days"]]
    if len(ripe):
        days = (ripe["closed"] - ripe["opened"]).dt.days
        share = percent(float((days <= ripe["standard_days"]).mean()))
        said += f". {share} of {several(len(ripe), 'loop')} were closed in time"
    if len(silent):
        names = listing([str(key) for key in silent.index])
        said += f". {several(len(silent), 'account')} of class A or B went silent: {names}"
    return f"{said}."
