import csv
import re
import uuid
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapkit.book.errors import DataError
from kapkit.report.defuse import defused
from kapkit.report.tasks import SYSTEMS, crm_tasks, write_tasks

ACTIONS = pd.DataFrame(
    [
        ("KP-1", "0012", "call", "2026-12-01", None, "Ada", "planned"),
        ("KP-2", "b", "visit", "2026-11-02", "2026-11-03", "Ben", "done"),
    ],
    columns=["action_id", "account_id", "kind", "due", "done", "owner", "status"],
).astype({"due": "datetime64[ns]", "done": "datetime64[ns]"})
ACCOUNTS = pd.DataFrame(
    {"name": ['Ulm, "Söhne"', "=1+1"], "class": ["A", "C"], "reason": ["@SUM(A1)", None]},
    index=["0012", "b"],
)


def test_salesforce() -> None:
    tasks = crm_tasks(ACTIONS, ACCOUNTS, system="salesforce", owner_keys={"Ada": "005A"})
    assert tasks.loc[0].to_dict() == {
        "Subject": 'Call: Ulm, "Söhne"',
        "ActivityDate": "2026-12-01",
        "WhatId": "0012",
        "OwnerId": "005A",
        "Status": "Not Started",
        "Priority": "High",
        "TaskSubtype": "Call",
        "Description": "'@SUM(A1) [KP-1]",
    }
    assert tasks.loc[1, ["OwnerId", "Status", "TaskSubtype"]].tolist() == [
        "Ben",
        "Completed",
        "Task",
    ]


def test_hubspot() -> None:
    tasks = crm_tasks(ACTIONS, ACCOUNTS, system="hubspot")
    assert tasks.loc[0].to_dict() == {
        "hs_task_subject": 'Call: Ulm, "Söhne"',
        "hs_timestamp": "1796112000000",
        "hs_task_type": "CALL",
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": "HIGH",
        "hubspot_owner_id": "Ada",
        "hs_task_body": "'@SUM(A1) [KP-1]",
        "Company Record ID": "0012",
    }


def test_dynamics() -> None:
    tasks = crm_tasks(ACTIONS, ACCOUNTS, system="dynamics")
    assert tasks.drop(columns="activityid").loc[1].to_dict() == {
        "subject": "Visit: =1+1",
        "scheduledend": "2026-11-02",
        "regardingobjectid": "b",
        "ownerid": "Ben",
        "prioritycode": "1",
        "statecode": "1",
        "description": "[KP-2]",
    }
    keys = [uuid.UUID(key) for key in tasks["activityid"]]
    assert len(set(keys)) == 2
    again = crm_tasks(ACTIONS.iloc[::-1], ACCOUNTS, system="dynamics")
    assert again["activityid"].tolist() == tasks["activityid"].tolist()[::-1]


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_files_read_back_as_written(system: str, tmp_path: Path) -> None:
    tasks = crm_tasks(ACTIONS, ACCOUNTS, system=system)
    path = write_tasks(tasks, tmp_path / "tasks.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == tasks.to_dict("records")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_a_plan_without_actions_has_the_fields_alone(system: str) -> None:
    tasks = crm_tasks(ACTIONS.iloc[:0], ACCOUNTS, system=system)
    assert tasks.empty
    assert len(tasks.columns) == 8


def test_another_system_is_refused() -> None:
    with pytest.raises(DataError, match="system: no tasks are written for sap; known are dynamics"):
        crm_tasks(ACTIONS, ACCOUNTS, system="sap")


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(st.sampled_from("=+-@＝\t\r\n 1a.,\x00'")))
def test_no_text_is_left_that_runs(text: str) -> None:
    safe = defused(text)
    runs = re.match(r"\s*[=+\-@＝＋－＠]", safe)
    assert not runs or re.fullmatch(r"\s*[+-]?\d+([.,]\d+)*\s*", safe)
    assert safe.endswith(re.sub(r"[\x00]", "", text))
    assert defused(safe) == safe
