"""What a notebook leaves to the next run: it travels in the executed notebook, unseen by pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from kapkit.book.decisions import decided, to_plain
from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.classification.moves import positions
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.cultivation.schedule import Schedule
from kapkit.evaluation.relationship import Relationship
from kapkit.models.outlook import outlook_of
from kapkit.monitoring.alerts import Alerts
from kapkit.monitoring.changes import Changes
from kapkit.monitoring.goals import Goals
from kapkit.report.display import Bundle, Finding

#: Decisions travel in the executed notebook under this type, until the run collects them.
DECISIONS_TYPE = "application/vnd.kapkit.decisions+json"


@dataclass(frozen=True)
class Provenance(Finding):
    """What made a page, and the ``decisions`` it leaves to the next run (frames by name)."""

    decisions: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def _repr_mimebundle_(self, **options: object) -> Bundle:
        data, metadata = super()._repr_mimebundle_(**options)
        plain = {name: to_plain(frame) for name, frame in self.decisions.items()}
        more = {DECISIONS_TYPE: plain} if plain else {}
        return data | more, metadata  # type: ignore[return-value]


def decided_classes(region: Region, classified: Classification) -> dict[str, pd.DataFrame]:
    """Keep each account's class, chances, value and place, for the next run to compare with.

    Parameters
    ----------
    region : Region
        For the way that values accounts.
    classified : Classification
        From `key_accounts`.

    Returns
    -------
    dict
        Frame ``classes`` of `kapkit.book.decisions.DECISIONS`.
    """
    way = outlook_of(region).chosen
    known = classified.table.assign(position=positions(classified.table["value"]), way=way)
    return {"classes": decided("classes", known.reset_index(names="account_id"))}


def decided_health(relationship: Relationship) -> dict[str, pd.DataFrame]:
    """Keep each account's health score, for the next run to say what moved it.

    Parameters
    ----------
    relationship : Relationship
        From `relationship_of`.

    Returns
    -------
    dict
        Frame ``health`` of `kapkit.book.decisions.DECISIONS`; only accounts that have a score.
    """
    scored = relationship.table.dropna(subset="score")
    return {"health": decided("health", scored.reset_index(names="account_id"))}


def decided_contacts(
    region: Region, plan: ContactPlan | NoPlan, dated: Schedule | NoPlan
) -> dict[str, pd.DataFrame]:
    """Keep the contacts advised, what they should bring and their dates, for the next run to score.

    Parameters
    ----------
    region : Region
        The region; what fell due of its last plan in twelve months stays on record, so that the
        next run still sees what was done of it.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    dated : Schedule or NoPlan
        From `schedule_of`.

    Returns
    -------
    dict
        Frames ``contacts``, ``gains`` and ``actions`` of `kapkit.book.decisions.DECISIONS`; the
        last alone where nothing is planned, none where nothing was.
    """
    if isinstance(plan, NoPlan) or isinstance(dated, NoPlan):
        past = _fell_due(region)
        return {"actions": decided("actions", past)} if len(past) else {}
    start = plan.allocation.situation
    sides = {"today": start.today, "planned": plan.allocation.planned}
    long = [
        table.rename_axis("account_id")
        .reset_index()
        .melt("account_id", var_name="kind", value_name=name)
        for name, table in sides.items()
    ]
    contacts = long[0].merge(long[1], on=["account_id", "kind"])
    gains = plan.allocation.table.reset_index(names="account_id")
    return {
        "contacts": decided("contacts", contacts),
        "gains": decided("gains", gains),
        "actions": decided("actions", _with_past(dated.ahead, _fell_due(region))),
    }


def _with_past(ahead: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    """Put what fell due before what is to come; an action that got a new day is to come."""
    before = past[~past["action_id"].isin(ahead["action_id"])] if len(past) else past
    return pd.concat([before, ahead], ignore_index=True) if len(before) else ahead


def _fell_due(region: Region) -> pd.DataFrame:
    plan = region.tables.get("plan_actions", pd.DataFrame())
    if plan.empty:
        return plan
    now = pd.Timestamp(region.as_of)
    return plan[(plan["due"] <= now) & (plan["due"] > now - pd.DateOffset(years=1))]


def decided_monitoring(goals: Goals, alerts: Alerts, changes: Changes) -> dict[str, pd.DataFrame]:
    """Keep what was expected of goals, the alarms raised and the changes recommended.

    Returns
    -------
    dict
        Frames ``forecasts``, ``alerts`` and ``changes`` of `kapkit.book.decisions.DECISIONS`.
    """
    return {
        "forecasts": decided("forecasts", pd.concat([goals.table, goals.accounts])),
        "alerts": decided("alerts", alerts.table.reset_index(names="account_id")),
        "changes": decided("changes", changes.table),
    }
