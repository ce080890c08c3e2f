import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kapkit.cultivation.feedback import Standards, closing, feedback, silent_accounts

DAY = dt.date(2026, 6, 30)

ACCOUNTS = pd.DataFrame(
    {"owner": ["Ada", "Ada", "Ben"], "class": ["A", "C", "B"]},
    pd.Index(["a", "b", "c"], name="account_id"),
)


def days(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(columns, "datetime64[ns]"))


COMPLAINTS = days(
    pd.DataFrame(
        [
            ("1", "a", "2026-06-01", None, "High", "delivery"),
            ("2", "b", "2026-06-01", "2026-06-05", "low", "delivery"),
            ("3", "c", "2026-06-25", "2026-07-02", None, None),
            ("4", "a", "2026-07-01", None, "high", "delivery"),
            ("5", "elsewhere", "2026-06-01", None, "high", "delivery"),
        ],
        columns=["complaint_id", "account_id", "opened", "closed", "severity", "category"],
    ),
    "opened",
    "closed",
)
NEEDS = days(
    pd.DataFrame(
        [
            ("a", "speed", "2026-01-01", 5, 1),
            ("a", "speed", "2026-02-01", 5, 5),
            ("a", "speed", "2026-03-01", 5, 2),
            ("a", "speed", "2026-04-01", 4, 2),
            ("b", "skill", "2026-01-01", 5, 1),
            ("b", "skill", "2026-05-01", 5, 4),
            ("c", "skill", "2026-06-20", 4, 2),
        ],
        columns=["account_id", "need", "recorded", "importance", "fulfilment"],
    ),
    "recorded",
)
ACTIVITIES = days(
    pd.DataFrame(
        [
            ("a", "2026-06-01", "email", "yes"),
            ("a", "2026-06-03", "call", "no"),
            ("b", "2026-06-10", "email", "yes"),
            ("b", "2026-06-12", "call", "yes"),
            ("b", "2026-06-09", "visit", "no"),
            ("c", "2026-06-30", "email", "yes"),
            ("c", "2026-06-30", "call", None),
            ("b", "2026-07-01", "call", "no"),
        ],
        columns=["account_id", "date", "kind", "inbound"],
    ),
    "date",
)
ACTIONS = days(
    pd.DataFrame(
        [
            ("a", "visit", "2026-06-20", None, "Cem", "agreed"),
            ("b", "visit", "2026-06-20", "2026-06-21", "Cem", "agreed"),
            ("b", "visit", "2026-06-20", None, "Cem", "planned"),
        ],
        columns=["account_id", "kind", "due", "done", "owner", "status"],
    ),
    "due",
    "done",
)


def everything() -> dict[str, pd.DataFrame]:
    return {
        "complaints": COMPLAINTS,
        "needs": NEEDS,
        "plan_actions": ACTIONS,
        "activities": ACTIVITIES,
    }


def test_open_loops_are_found_with_owner_and_due_day() -> None:
    before = {name: frame.copy(deep=True) for name, frame in everything().items()}
    found = feedback(ACCOUNTS, as_of=DAY, **everything())
    shown = found.loops[["loop", "account_id", "subject", "owner", "age_days", "overdue_days"]]
    assert shown.to_numpy().tolist() == [
        ["need", "a", "speed", "Ada", 121, 61],
        ["complaint", "a", "delivery", "Ada", 29, 22],
        ["contact", "b", "email", "Ada", 20, 17],
        ["promise", "a", "visit", "Cem", 10, 10],
        ["complaint", "c", "no category", "Ben", 5, 0],
        ["need", "c", "skill", "Ben", 10, 0],
    ]
    assert found.loops.loc[1, "due"] == pd.Timestamp("2026-06-08")
    assert found.sentence.startswith("6 loops open, 4 beyond the standard (Ada 3, Cem 1).")
    for name, frame in everything().items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_later_rows_change_nothing() -> None:
    tables = everything()
    tables["complaints"] = COMPLAINTS[COMPLAINTS["opened"] <= pd.Timestamp(DAY)]
    tables["activities"] = ACTIVITIES[ACTIVITIES["date"] <= pd.Timestamp(DAY)]
    cut, full = (feedback(ACCOUNTS, as_of=DAY, **one) for one in (tables, everything()))
    pd.testing.assert_frame_equal(cut.loops, full.loops)
    pd.testing.assert_frame_equal(cut.by_owner, full.by_owner)


def test_without_tables_nothing_is_open() -> None:
    found = feedback(ACCOUNTS, as_of=DAY)
    assert found.loops.empty
    assert found.by_owner.empty
    assert found.silent.empty
    assert found.sentence == "0 loops open, 0 beyond the standard."


def loops(rng: np.random.Generator, owner: str, count: int, mean_days: float) -> pd.DataFrame:
    opened = pd.Timestamp(DAY) - pd.to_timedelta(rng.integers(0, 300, count), unit="D")
    closed = opened + pd.to_timedelta(rng.exponential(mean_days, count).round(), unit="D")
    return pd.DataFrame(
        {
            "loop": "complaint",
            "owner": owner,
            "opened": opened,
            "closed": closed.where(closed <= pd.Timestamp(DAY)),
            "standard_days": 14.0,
        }
    )


def test_rate_and_time_to_close_are_those_of_the_simulation() -> None:
    rng = np.random.default_rng(1)
    every = pd.concat([loops(rng, f"slow {number}", 60, 30.0) for number in range(60)])
    found = closing(every, by="owner", as_of=DAY)
    true_rate, true_median = 1 - np.exp(-14.5 / 30), 30 * np.log(2)
    rate = (found["low"] <= true_rate) & (true_rate <= found["high"])
    median = (found["median_low"] <= true_median) & (true_median <= found["median_high"])
    assert 0.65 <= rate.mean() <= 0.95
    assert 0.65 <= median.mean() <= 0.95


def test_few_loops_are_drawn_towards_the_rest() -> None:
    rng = np.random.default_rng(2)
    parts = [loops(rng, f"owner {number}", 40, 8.0) for number in range(6)]
    few = loops(rng, "new", 2, 8.0).assign(
        opened=pd.Timestamp("2026-01-01"), closed=pd.Timestamp("2026-03-01")
    )
    found = closing(pd.concat([*parts, few]), by="owner", as_of=DAY)
    new = found.loc[("new", "complaint")]
    rest = found.drop("new")["rate"]
    assert new["rate"] == 0
    assert 0 < new["pooled_rate"] <= rest.max()
    assert abs(new["pooled_rate"] - rest.mean()) < abs(new["rate"] - rest.mean())
    assert (new["low"], new["due"]) == (pytest.approx(0, abs=0.05), 2)


def test_nothing_closed_has_no_median_and_nothing_ripe_no_rate() -> None:
    fresh = loops(np.random.default_rng(1), "Ada", 3, 5.0).assign(
        opened=pd.Timestamp("2026-06-29"), closed=pd.NaT
    )
    row = closing(fresh, by="owner", as_of=DAY).iloc[0]
    assert row[["rate", "low", "median_days"]].isna().all()
    assert (row["due"], row["loops"]) == (0, 3)


def test_silence_of_key_accounts() -> None:
    quiet = ACTIVITIES[ACTIVITIES["account_id"] != "c"]
    found = silent_accounts(ACCOUNTS, quiet, as_of=dt.date(2026, 10, 1))
    assert list(found.index) == ["c", "a"]
    assert found.loc["a", ["days_since", "allowed_days"]].tolist() == [120, pytest.approx(365 / 6)]
    assert silent_accounts(ACCOUNTS, ACTIVITIES, as_of=DAY).empty
    assert silent_accounts(ACCOUNTS, None, as_of=DAY).empty


def test_standards_can_be_set() -> None:
    found = feedback(
        ACCOUNTS, as_of=DAY, complaints=COMPLAINTS, standards=Standards(severity={}, complaint=90)
    )
    assert (found.loops["overdue_days"] == 0).all()
