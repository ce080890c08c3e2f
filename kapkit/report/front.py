"""The brief's last shape: the state in a sentence, five actions, who moved, who is neglected."""

import datetime as dt

import pandas as pd

from kapkit.book.errors import listing
from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.monitoring.alerts import Alerts
from kapkit.monitoring.changes import Changes
from kapkit.monitoring.goals import Goals, period
from kapkit.monitoring.review import Review
from kapkit.report.display import Column, Finding, Table
from kapkit.wording import amount, day, percent, say, say_count

#: Days within which each change should be begun.
_WITHIN = {"rescue": 7, "exit": 30, "promote": 30, "demote": 60, "reallocate": 30}
_MOST_NAMED = 3


def finding_front(region: Region, goals: Goals, alerts: Alerts) -> Finding:
    """Say the state of a region in one sentence: its main goal and what is at risk."""
    currency, goal = region.book.currency, goals.main
    risk = say_count(
        len(alerts.table),
        "{money} a year is at risk in {count} account that fell silent beyond chance.",
        "{money} a year is at risk in {count} accounts that fell silent beyond chance.",
        money=amount(alerts.table["at_stake"].sum(), currency),
    )
    if alerts.table.empty:
        risk = say("No account fell silent beyond chance.")
    if goal is None or pd.isna(goal["chance"]):
        return Finding([say("The chance of a goal cannot be told."), risk])
    about = {
        "state": str(goal["state"]).capitalize(),
        "chance": percent(goal["chance"]),
        "metric": str(goal["metric"]),
        "period": period(goal["start"], goal["end"]),
    }
    first = say("{state}: {chance} chance of the {metric} goal of {period}.", **about)
    return Finding([first, risk], caution=goal["chance"] < 0.3)


def table_first_actions(region: Region, changes: Changes, *, most: int = 5) -> Table | Finding:
    """List the few actions that matter most: what, for whom, by whom, until when, worth what."""
    if changes.table.empty:
        return Finding([say("Nothing calls for a change.")])
    first = changes.table.head(most)
    owners = region.accounts.reindex(columns=["owner"])["owner"]
    until = [region.as_of + dt.timedelta(days=_WITHIN[name]) for name in first["change"]]
    shown = first.assign(
        owner=owners.reindex(first["account_id"]).to_numpy(dtype=object), until=until
    )
    columns = {
        "name": Column(say("Account")),
        "change": Column(say("Do")),
        "owner": Column(say("Who")),
        "until": Column(say("Until"), day),
        "value": Column(
            say("Worth a year, {currency}", currency=region.book.currency), amount, numeric=True
        ),
        "confidence": Column(say("Sure"), percent, numeric=True),
        "reason": Column(say("Why")),
    }
    return Table(
        shown,
        columns,
        name="actions-first",
        caption=say(
            "The {shown} actions that matter most, of {count}",
            shown=str(len(first)),
            count=f"{len(changes.table):,}",
        ),
    )


def finding_moves(
    region: Region, classified: Classification, plan: ContactPlan | NoPlan
) -> Finding:
    """Say who came into class A or left it since the last run, and who is neglected."""
    said = [*_moves(region, classified), *_neglected(classified, plan)]
    return Finding(said)


def finding_track_record(review: Review, backtest: Finding) -> Finding:
    """Say how far past forecasts were off, and whether the ranking beat the plain one."""
    return Finding([*review.sentences, *backtest.sentences], caution=backtest.caution)


def _moves(region: Region, classified: Classification) -> list[str]:
    before = region.earlier.get("classes")
    if before is None:
        return []
    then = before.set_index("account_id")["class"].reindex(classified.table.index)
    known = classified.table[then.notna()]
    was, now, names = then[known.index], known["class"], known["name"].astype(str)
    came, left = names[(now == "A") & (was != "A")], names[(now != "A") & (was == "A")]
    said = [
        say_count(
            int((now != was).sum()),
            "{count} account changed class since the last run.",
            "{count} accounts changed class since the last run.",
        )
    ]
    if len(came):
        said.append(say("New in A: {names}.", names=listing(came.tolist(), _MOST_NAMED)))
    if len(left):
        said.append(say("No longer in A: {names}.", names=listing(left.tolist(), _MOST_NAMED)))
    return said


def _neglected(classified: Classification, plan: ContactPlan | NoPlan) -> list[str]:
    """Name key accounts that the plan would give at least twice today's hours."""
    if isinstance(plan, NoPlan):
        return []
    hours = plan.allocation.table[["hours_today", "hours_planned", "gain"]]
    key = classified.table.index[classified.table["class"] == "A"]
    mine = hours.reindex(key).dropna()
    few = mine[(mine["hours_planned"] >= 2 * mine["hours_today"]) & (mine["gain"] > 0)]
    if few.empty:
        return [say("No key account gets less than half the hours that the plan would give it.")]
    few = few.sort_values("gain", ascending=False)
    names = classified.table["name"].reindex(few.index).astype(str).tolist()
    return [
        say_count(
            len(few),
            "{count} of {all} key accounts gets less than half the hours the plan would give it, "
            "{today} of {planned} a year: {names}.",
            "{count} of {all} key accounts get less than half the hours the plan would give them, "
            "{today} of {planned} a year together; most is to gain at {names}.",
            all=f"{len(key):,}",
            today=f"{few['hours_today'].sum():,.0f}",
            planned=f"{few['hours_planned'].sum():,.0f}",
            names=listing(names, _MOST_NAMED),
        )
    ]
