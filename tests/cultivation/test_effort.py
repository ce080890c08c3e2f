import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kapkit.cultivation.effort import (
    Rules,
    grid,
    least_contacts,
    needed_contacts,
    references,
    time_shares,
    today_effort,
)

DAY = dt.date(2026, 6, 30)


def test_today_counts_own_contacts_of_the_last_year() -> None:
    made = pd.DataFrame(
        [
            ("a", "2025-06-30", "visit", "no"),
            ("a", "2025-07-01", "visit", "no"),
            ("a", "2026-06-30", "visit", None),
            ("a", "2026-06-30", "call", "yes"),
            ("a", "2026-06-30", "other", "no"),
            ("a", "2026-07-01", "visit", "no"),
        ],
        columns=["account_id", "date", "kind", "inbound"],
    ).astype({"date": "datetime64[ns]"})
    counted = today_effort(made, pd.Index(["a", "b"]), as_of=DAY)
    assert counted.loc["a"].to_dict() == {
        "visit": 2,
        "call": 0,
        "email": 0,
        "demo": 0,
        "training": 0,
    }
    assert counted.loc["b"].sum() == 0
    assert today_effort(made, pd.Index(["a"]), as_of=DAY, days=73).loc["a", "visit"] == 5


def test_unmet_needs_call_for_the_contacts_that_answer_them() -> None:
    needs = pd.DataFrame(
        [
            ("a", "speed", "2026-01-01", 5, 1),
            ("a", "speed", "2026-05-01", 5, 5),
            ("a", "skill", "2026-01-01", 4, 2),
            ("b", "skill", "2026-01-01", 3, 1),
            ("c", "skill", "2026-01-01", 5, 1),
        ],
        columns=["account_id", "need", "recorded", "importance", "fulfilment"],
    )
    solutions = pd.DataFrame(
        {"need": ["skill", "skill", "speed"], "action": ["training", None, "demo"]}
    )
    found = needed_contacts(needs, solutions, pd.Index(["a", "b"]))
    assert found.to_dict("records") == [{"account_id": "a", "need": "skill", "kind": "training"}]


def test_the_least_is_cadence_or_need_whichever_is_more() -> None:
    accounts = pd.DataFrame({"class": ["A", "C"]}, ["a", "c"])
    needed = pd.DataFrame({"account_id": ["a", "c"], "kind": ["visit", "demo"], "need": ["x", "y"]})
    due = least_contacts(accounts, Rules(), needed)
    assert due.loc["a", ["visit", "demo"]].tolist() == [6, 0]
    assert due.loc["c", ["visit", "demo"]].tolist() == [0, 1]


def test_shares_and_references() -> None:
    today = pd.DataFrame({"visit": [2.0, 0.0, 6.0], "call": [0.0, 0.0, 0.0]}, ["a", "b", "c"])
    hours = pd.DataFrame({"visit": 2.0, "call": 0.5}, ["a", "b", "c"])
    assert time_shares(today, hours).to_dict() == {"visit": 1, "call": 0}
    found = references(today, pd.Series(["A", "A", "B"], today.index))
    assert found["visit"].tolist() == [2, 2, 6]
    assert found["call"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("today", [0.0, 1.0, 2.0, 3.0, 11.0])
def test_levels_are_whole_and_hold_today(today: float) -> None:
    lower, upper = np.ceil(today / 2), 2 * today
    levels = grid(np.array([today]), np.array([lower]), np.array([upper]), Rules())[0]
    assert levels.min() == lower
    assert levels.max() == upper
    assert today in levels
    assert (levels == levels.round()).all()
