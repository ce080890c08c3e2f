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
