from dataclasses import replace

import pandas as pd
import pytest

from kapkit.book.errors import DataError
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import (
    NoPlan,
    feedback_of,
    plan_where_known,
    schedule_of,
    themes_of,
)
from kapkit.cultivation.schedule import Schedule
from tests.cultivation.test_plan import CLASSES, small
from tests.regions import DAY, bought, region

ACCOUNTS = CLASSES.assign(past_value=CLASSES["value"])


def test_a_region_is_planned_and_dated() -> None:
    here = small()
    plan = plan_where_known(here, ACCOUNTS, seed=1)
    assert isinstance(plan, ContactPlan)
    dated = schedule_of(here, plan, days=92)
    assert isinstance(dated, Schedule)
    assert len(dated.ahead) > 0
    assert dated.ahead["due"].between(pd.Timestamp("2026-07-01"), pd.Timestamp("2026-09-30")).all()
    with pytest.raises(DataError, match="no holidays are known for Atlantis"):
        schedule_of(here, plan, country="Atlantis")


def test_what_is_missing_for_a_plan_is_said() -> None:
    bare = region({"a": "Alpha"}, bought(("a", DAY, 9.0, 4.0)))
    plan = plan_where_known(bare, ACCOUNTS.loc[["a"]], seed=1)
    assert plan == NoPlan(
        "No plan: activities and staff: not in the book, so contacts cannot be "
        "planned; map them in kapkit.toml."
    )
    assert schedule_of(bare, plan) == plan
    empty = plan_where_known(region({}, bought()), ACCOUNTS.iloc[:0], seed=1)
    assert empty == NoPlan("No account is in this region, so there is nothing to plan.")
    away = replace(small(), accounts=small().accounts.drop(columns="owner"))
    said = plan_where_known(away, ACCOUNTS, seed=1).sentence
    assert said.startswith("No plan: staff: no owner of these accounts has")


def test_loops_and_themes_of_a_region_without_their_tables() -> None:
    bare = region({"a": "Alpha"}, bought(("a", DAY, 9.0, 4.0)))
    assert feedback_of(bare, ACCOUNTS).loops.empty
    assert themes_of(bare, ACCOUNTS).table.empty


def test_loops_and_themes_come_from_the_region_s_tables() -> None:
    opened = pd.Timestamp(DAY) - pd.Timedelta(days=40)
    complaints = pd.DataFrame(
        {"complaint_id": ["1"], "account_id": ["b"], "opened": [opened], "category": ["late"]}
    )
    here = small(complaints=complaints)
    loops = feedback_of(here, ACCOUNTS).loops
    assert loops[["loop", "account_id", "owner", "age_days"]].to_numpy().tolist() == [
        ["complaint", "b", "Ada", 40]
    ]
    assert themes_of(here, ACCOUNTS).table[["theme", "stake", "names"]].to_numpy().tolist() == [
        ["late", 5e4, "B"]
    ]


def test_a_region_keeps_the_holidays_and_closed_days_of_its_calendar() -> None:
    here = small()
    closed = {"first": "2026-07-06", "last": "2026-07-19"}
    days = {"region": "North", "owner": None, "account_id": None, **closed}
    plain = {"country": "DE", "subdivision": None, "regions": {}, "closed": [days]}
    kept = replace(here, book=replace(here.book, calendar=plain))
    plan = plan_where_known(here, ACCOUNTS, seed=1)
    dated = schedule_of(kept, plan, days=184, seed=1)
    assert isinstance(dated, Schedule)
    assert (dated.holidays, dated.closed_days) == ("DE", 10)
    assert not dated.ahead["due"].between(closed["first"], closed["last"]).any()
    assert not dated.ahead["due"].eq(pd.Timestamp("2026-12-25")).any()
    asked = schedule_of(kept, plan, days=184, country="US", seed=1)
    assert isinstance(asked, Schedule)
    assert asked.holidays == "US"
