"""Planned actions as tasks that a CRM imports, under its own field names."""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from kapkit.book.errors import DataError
from kapkit.report.defuse import defused_frame

#: What an action is called in a subject line.
NOUNS: Mapping[str, str] = {
    "visit": "Visit",
    "call": "Call",
    "email": "E-mail",
    "demo": "Demonstration",
    "training": "Training",
}

_SPACE = uuid.UUID("5b0d8d52-6f0e-5c39-9a59-6a1d5f0c7e11")


def _salesforce(rows: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "Subject": rows["subject"],
        "ActivityDate": rows["due"].dt.strftime("%Y-%m-%d"),
        "WhatId": rows["account_id"],
        "OwnerId": rows["owner_key"],
        "Status": rows["finished"].map({True: "Completed", False: "Not Started"}),
        "Priority": rows["first"].map({True: "High", False: "Normal"}),
        "TaskSubtype": rows["kind"].map({"call": "Call", "email": "Email"}).fillna("Task"),
        "Description": rows["note"],
    }


def _hubspot(rows: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "hs_task_subject": rows["subject"],
        "hs_timestamp": _milliseconds(rows["due"] + pd.Timedelta(hours=8)),
        "hs_task_type": rows["kind"].map({"call": "CALL", "email": "EMAIL"}).fillna("TODO"),
        "hs_task_status": rows["finished"].map({True: "COMPLETED", False: "NOT_STARTED"}),
        "hs_task_priority": rows["first"].map({True: "HIGH", False: "MEDIUM"}),
        "hubspot_owner_id": rows["owner_key"],
        "hs_task_body": rows["note"],
        "Company Record ID": rows["account_id"],
    }


def _milliseconds(moments: pd.Series) -> pd.Series:
    """Write moments (UTC) as milliseconds since 1970: the one form HubSpot reads everywhere."""
    return moments.astype("datetime64[ms]").astype("int64").astype("str")


def _dynamics(rows: pd.DataFrame) -> dict[str, pd.Series]:
    keys = [str(uuid.uuid5(_SPACE, key)) for key in rows["action_id"]]
    return {
        "activityid": pd.Series(keys, rows.index, dtype="str"),
        "subject": rows["subject"],
        "scheduledend": rows["due"].dt.strftime("%Y-%m-%d"),
        "regardingobjectid": rows["account_id"],
        "ownerid": rows["owner_key"],
        "prioritycode": rows["first"].map({True: "2", False: "1"}),
        "statecode": rows["finished"].map({True: "1", False: "0"}),
        "description": rows["note"],
    }


SYSTEMS: Mapping[str, Callable[[pd.DataFrame], dict[str, pd.Series]]] = {
    "salesforce": _salesforce,
    "hubspot": _hubspot,
    "dynamics": _dynamics,
}


def crm_tasks(
    actions: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    system: str,
    owner_keys: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Turn planned actions into the tasks that a CRM imports.

    Parameters
    ----------
    actions : DataFrame
        ``Schedule.actions`` (schema ``PLAN_ACTIONS``).
    accounts : DataFrame indexed by account
        ``name``; optionally ``class`` (A: high priority) and ``reason`` (into the note).
    system : {"salesforce", "hubspot", "dynamics"}
        Whose field names are written: Salesforce Task, HubSpot tasks, Dynamics 365 task.
    owner_keys : mapping
        The CRM's key of each owner; an owner that is not in it keeps the name.

    Returns
    -------
    DataFrame
        One row a task, all text; formulas in it are defused. The action's key ends the note
        (Dynamics: it is the activity's key too), so that a task can be found again.

    Raises
    ------
    DataError
        If the system is not known.

    Notes
    -----
    HubSpot's import asks to which property each column belongs: the columns are named after
    them; ``Company Record ID`` is the company the task belongs to. Its file import creates tasks
    and updates none, and Salesforce updates only by keys of its own: import what is new.
    """
    if system not in SYSTEMS:
        raise DataError(
            f"system: no tasks are written for {system}; known are {', '.join(sorted(SYSTEMS))}"
        )
    fields = SYSTEMS[system](_described(actions, accounts, owner_keys or {}))
    return defused_frame(pd.DataFrame(fields, dtype="str").reset_index(drop=True))


def write_tasks(tasks: pd.DataFrame, path: Path) -> Path:
    """Write tasks as CSV: UTF-8 with a byte order mark, so that Excel keeps names right."""
    tasks.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return path


def _described(
    actions: pd.DataFrame, accounts: pd.DataFrame, owner_keys: Mapping[str, str]
) -> pd.DataFrame:
    about = accounts.reindex(columns=["name", "class", "reason"]).rename_axis("account_id")
    rows = actions.join(about, on="account_id")
    name = rows["name"].fillna(rows["account_id"])
    done = rows["done"].notna() if "done" in rows else pd.Series(data=False, index=rows.index)
    return rows.assign(
        subject=rows["kind"].map(NOUNS).fillna(rows["kind"]) + ": " + name,
        note=(rows["reason"].fillna("") + " [" + rows["action_id"] + "]").str.strip(),
        owner_key=[owner_keys.get(owner, owner) for owner in rows["owner"].fillna("")],
        first=rows["class"].eq("A"),
        finished=done | rows["status"].eq("done"),
    )
