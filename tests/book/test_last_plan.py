"""The plan of one run is what the next one monitors: nothing lost, nothing doubled, same keys."""

import datetime as dt
from dataclasses import replace

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from kapkit.book.config import PlanSection
from kapkit.book.decisions import decided
from kapkit.book.last_plan import last_plan
from kapkit.book.region import Region, make_region
from kapkit.cultivation.regional import NoPlan
from kapkit.report.decisions import decided_contacts
from tests.regions import DAY, bought, region

SINCE = dt.date(2026, 3, 31)


def actions(*rows: tuple, **more: list) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["action_id", "account_id", "kind", "due"])
    return frame.assign(due=pd.to_datetime(frame["due"]), owner="Ada", region="North", **more)


def contacts(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "kind", "date", "inbound"])
    return frame.assign(date=pd.to_datetime(frame["date"]), outcome="interest")


PLANNED = decided(
    "actions",
    actions(
        ("K1", "a", "visit", "2026-04-10"),
        ("K2", "a", "visit", "2026-05-10"),
        ("K3", "a", "call", "2026-06-10"),
        ("K4", "b", "call", "2026-08-01"),
    ),
).assign(region="North")


def laid(
    recorded: pd.DataFrame | None = None, activities: pd.DataFrame | None = None
) -> pd.DataFrame:
    found = last_plan(PLANNED, recorded, activities, since=SINCE, as_of=DAY)
    assert found["action_id"].is_unique
    return found.set_index("action_id")


def test_logged_contacts_stand_for_the_nearest_planned_one_each() -> None:
    log = contacts(
        ("a", "visit", "2026-05-08", "no"),
        ("a", "visit", "2026-03-30", "no"),
        ("a", "call", "2026-06-10", "yes"),
        ("b", "call", "2026-06-29", "no"),
    )
    found = laid(activities=log)
    assert found["status"].to_dict() == {
        "K1": "planned",
        "K2": "done",
        "K3": "planned",
        "K4": "planned",
    }
    assert found.loc["K2", "done"] == pd.Timestamp("2026-05-08")
    assert found.loc["K2", "outcome"] == "interest"
    assert found["due"].tolist() == PLANNED["due"].tolist()


def test_the_crm_s_word_stands_under_the_plan_s_keys() -> None:
    recorded = actions(
        ("K1", "a", "visit", "2026-04-20"),
        ("T-7", "a", "visit", "2026-05-10"),
        ("T-8", "c", "visit", "2026-05-01"),
        status=["done", "skipped", "open"],
        done=pd.to_datetime(["2026-04-20", None, None]),
    )
    log = contacts(("a", "visit", "2026-05-10", "no"), ("a", "call", "2026-06-11", "no"))
    found = laid(recorded, log)
    assert sorted(found.index) == ["K1", "K2", "K3", "K4", "T-8"]
    assert found.loc["K1", "due"] == pd.Timestamp("2026-04-20")
    assert found.loc["K2", "status"] == "skipped"
    assert pd.isna(found.loc["K2", "done"])
    assert found.loc["K3", "status"] == "done"
    assert found.loc["T-8", "status"] == "open"


DAYS = st.dates(dt.date(2026, 4, 1), dt.date(2026, 8, 31))
ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["visit", "call"]), DAYS))


@settings(max_examples=25, deadline=None)
@given(ours=ROWS, theirs=ROWS, log=ROWS, shared=st.integers(0, 5))
def test_nothing_is_lost_or_doubled(ours: list, theirs: list, log: list, shared: int) -> None:
    mine = actions(*[(f"K{n}", *row) for n, row in enumerate(ours)])
    crm = actions(*[(f"{'K' if n < shared else 'T'}{n}", *row) for n, row in enumerate(theirs)])
    met = contacts(*[(*row, "no") for row in log if row[2] <= DAY])
    found = last_plan(mine, crm, met, since=SINCE, as_of=DAY)
    assert found["action_id"].is_unique
    assert set(mine["action_id"]) <= set(found["action_id"])
    left = set(crm["action_id"]) - set(found["action_id"])
    assert len(found) == len(set(mine["action_id"]) | set(crm["action_id"])) - len(left)
    by_day = ["account_id", "kind", "due"]
    for key in left:
        row = crm[crm["action_id"] == key][by_day]
        assert len(row.merge(mine[by_day], on=by_day))
    assert found["done"].notna().sum() <= len(met)
    again = last_plan(mine[::-1], crm[::-1], met[::-1], since=SINCE, as_of=DAY)
    assert set(again["action_id"]) == set(found["action_id"])


def of(tables: dict[str, pd.DataFrame], **plan: bool) -> Region:
    """Make a region as a run's folder gives it, with the plan of the run before."""
    small = region({"a": "Alpha", "b": "Beta"}, bought(("a", DAY, 100.0, 50.0)))
    frames = {
        "accounts": small.accounts.reset_index(),
        "purchases": small.purchases.assign(region="North"),
        "categories": small.categories.assign(region="North"),
    }
    facts = replace(small.book, plan=PlanSection(**plan).model_dump(exclude_none=True))
    earlier = {"actions": PLANNED}
    return make_region("North", facts, frames | tables, earlier=earlier, earlier_as_of=SINCE)


def test_the_toml_says_whether_the_last_plan_counts() -> None:
    table = actions(("T-1", "a", "visit", "2026-05-01"), status=["done"]).assign(
        done=pd.Timestamp("2026-05-01"), outcome="interest"
    )
    own = {"plan_actions": table}
    assert of({}).tables["plan_actions"]["action_id"].tolist() == ["K1", "K2", "K3", "K4"]
    assert "plan_actions" not in of({}, last_run=False).tables
    assert of(own).tables["plan_actions"]["action_id"].tolist() == ["T-1"]
    both = of(own, last_run=True).tables["plan_actions"]
    assert both["action_id"].tolist() == ["K1", "T-1", "K2", "K3", "K4"]


def test_what_fell_due_stays_on_record_for_the_run_after() -> None:
    here = of({})
    kept = decided_contacts(here, NoPlan("No plan."), NoPlan("No plan."))["actions"]
    assert kept["action_id"].tolist() == ["K1", "K2", "K3"]
    assert kept["status"].tolist() == ["planned"] * 3
    bare = replace(here, tables={})
    assert decided_contacts(bare, NoPlan("No plan."), NoPlan("No plan.")) == {}
