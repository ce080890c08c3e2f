"""Files that a region's page offers: calendars, tasks for CRMs, the plan for the next run."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from kapkit.book.region import Region
from kapkit.book.slug import slug
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.cultivation.schedule import Schedule
from kapkit.models.pilot import Pilot
from kapkit.report.calendar import calendar_of, withdrawn
from kapkit.report.defuse import defused_frame
from kapkit.report.display import Bundle, Finding, template
from kapkit.report.tasks import SYSTEMS, crm_tasks
from kapkit.wording import say

#: Files travel in the executed notebook under this type, until the run puts them beside the page.
FILES_TYPE = "application/vnd.kapkit.files+json"

_KEPT = ["action_id", "account_id", "kind", "due", "owner", "status"]
_NAMES = {"salesforce": "Salesforce", "hubspot": "HubSpot", "dynamics": "Dynamics 365"}


@dataclass(frozen=True)
class Files:
    """Files by name: what each is for (``said``), and its content, which a run writes to the site.

    Content that is no text travels as base64, in the output's metadata.
    """

    said: Mapping[str, str]
    content: Mapping[str, str | bytes] = field(repr=False)

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        page = template("files.html.j2").render(files=self.said)
        plain = "\n".join(f"{name}: {what}" for name, what in self.said.items())
        texts = {name: text for name, text in self.content.items() if isinstance(text, str)}
        packed = {
            name: base64.b64encode(content).decode()
            for name, content in self.content.items()
            if isinstance(content, bytes)
        }
        data = {"text/html": page, "text/plain": plain, FILES_TYPE: texts}
        return data, {FILES_TYPE: packed}  # type: ignore[return-value]


def plan_files(
    region: Region,
    plan: ContactPlan | NoPlan,
    dated: Schedule | NoPlan,
    *,
    pilot: Pilot | NoPlan | None = None,
) -> Files | Finding:
    """Give the dated actions as files: a calendar an owner, tasks for each CRM, the plan itself.

    Parameters
    ----------
    region : Region
        The region; open actions of its last plan that were given up are cancelled in calendars.
    plan : ContactPlan or NoPlan
        For the reasons.
    dated : Schedule or NoPlan
        From `schedule_of`.
    pilot : Pilot or NoPlan or None
        From `pilot_of`.

    Returns
    -------
    Files
        Text that a spreadsheet would run is defused; ``plan_actions.csv`` is the table the next
        run reads. An empty finding where nothing is planned.
    """
    if isinstance(plan, NoPlan) or isinstance(dated, NoPlan):
        return Finding([])
    about = plan.allocation.situation.accounts[["name", "class"]].join(
        plan.allocation.table["reason"]
    )
    ahead = dated.ahead
    calendars = pd.concat([ahead, _given_up(region, dated)], ignore_index=True)
    said: dict[str, str] = {}
    content: dict[str, str | bytes] = {}
    for owner in sorted(calendars["owner"].dropna().unique()):
        name = f"calendar-{slug(str(owner))}.ics"
        said[name] = f"Calendar of {owner}"
        made = calendar_of(calendars, about, owner=str(owner), as_of=region.as_of)
        content[name] = made.decode()
    for system in SYSTEMS:
        name = f"tasks-{system}.csv"
        said[name] = f"Tasks for {_NAMES[system]}"
        content[name] = _csv(crm_tasks(ahead, about, system=system))
    said["plan_actions.csv"] = "The plan, for the next run"
    content["plan_actions.csv"] = _csv(defused_frame(ahead[_KEPT]))
    if isinstance(pilot, Pilot) and pilot.table["pair"].notna().any():
        said["pilot.csv"] = say("The pilot: who gets more, who less")
        content["pilot.csv"] = _csv(defused_frame(_lots(pilot, about)))
    return Files(said, content)


def _lots(pilot: Pilot, about: pd.DataFrame) -> pd.DataFrame:
    """List the accounts of a pilot by pair, with contacts a year today and in the pilot."""
    drawn = pilot.table.dropna(subset="pair").sort_values(["pair", "arm"], kind="stable")
    named = drawn.join(about["name"]).reset_index(names="account_id").round({"pilot": 1})
    return named[["pair", "account_id", "name", "stratum", "arm", "today", "pilot"]].astype(
        {"pair": int}
    )


def _given_up(region: Region, dated: Schedule) -> pd.DataFrame:
    """Find actions of the last plan that were still to come and are not planned any more."""
    previous = region.tables.get("plan_actions")
    if previous is None or not {"status", "owner"} <= set(previous):
        return dated.actions.iloc[:0]
    coming = previous[previous["due"] > pd.Timestamp(region.as_of)]
    return withdrawn(coming, dated.actions)


def _csv(frame: pd.DataFrame) -> str:
    """Write CSV with a byte order mark, so that Excel keeps names right."""
    return "\ufeff" + frame.to_csv(index=False, lineterminator="\r\n")
