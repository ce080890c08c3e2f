"""The plan, open loops and themes as a reader gets them, and the files beside them."""

from dataclasses import replace

import icalendar
import numpy as np
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import (
    NoPlan,
    feedback_of,
    pilot_of,
    plan_where_known,
    schedule_of,
    themes_of,
)
from kapkit.cultivation.schedule import Schedule
from kapkit.report.cultivation.comparison import finding_comparison, table_comparison
from kapkit.report.cultivation.feedback import (
    finding_feedback,
    table_closing,
    table_loops,
    table_silent,
)
from kapkit.report.cultivation.owners import finding_owners, table_owners
from kapkit.report.cultivation.plan import finding_plan, plot_allocation, table_contacts, table_plan
from kapkit.report.cultivation.response import (
    finding_elasticity,
    finding_pilot,
    table_elasticity,
    table_judgement,
)
from kapkit.report.cultivation.schedule import finding_schedule, plot_calendar, table_actions
from kapkit.report.cultivation.themes import finding_themes, table_themes
from kapkit.report.display import Chart, Finding, Table
from kapkit.report.files import FILES_TYPE, Files, plan_files
from kapkit.report.look import ACCENT, CONTEXT
from tests.cultivation.test_plan import CLASSES, small
from tests.regions import DAY, bought, region

ACCOUNTS = CLASSES.assign(past_value=CLASSES["value"])
OPENED = pd.Timestamp(DAY) - pd.Timedelta(days=40)
COMPLAINTS = pd.DataFrame(
    {
        "complaint_id": ["1", "2"],
        "account_id": ["b", "a"],
        "opened": [OPENED, OPENED],
        "closed": [pd.NaT, OPENED + pd.Timedelta(days=3)],
        "category": ["late", "=wrong <script>"],
    }
)


@pytest.fixture(scope="module")
def here() -> Region:
    made = small(complaints=COMPLAINTS)
    return replace(made, accounts=made.accounts.assign(name=["=A <script>", "Bé", "$x^2$"]))


@pytest.fixture(scope="module")
def plan(here: Region) -> ContactPlan:
    made = plan_where_known(here, ACCOUNTS, seed=1)
    assert isinstance(made, ContactPlan)
    return made


@pytest.fixture(scope="module")
def dated(here: Region, plan: ContactPlan) -> Schedule:
    made = schedule_of(here, plan, days=92, seed=1)
    assert isinstance(made, Schedule)
    return made


def column(table: Table | Finding, name: str) -> list[str]:
    assert isinstance(table, Table)
    return [row[list(table.columns).index(name)] for row in table.rows()]


def html(table: Table | Finding) -> str:
    return table._repr_mimebundle_()[0]["text/html"]


def test_the_plan_is_listed_by_gain(here: Region, plan: ContactPlan) -> None:
    table = table_plan(here, plan, most=2)
    assert table.caption == "Accounts by gain of the plan: 2 of 3"
    assert column(table, "name") == ["=A <script>", "Bé"]
    assert column(table, "gain") == ["20.9 k", "11.0 k"]
    assert column(table, "range") == ["4.15 k to 37.7 k", "1.98 k to 19.9 k"]
    assert column(table, "reason")[0].startswith("16 visits instead of 8, 32 calls instead of 16")
    assert "<script>" not in html(table)
    assert finding_plan(here, plan).sentences == [plan.allocation.sentence]


def test_today_s_and_planned_contacts_stand_side_by_side(plan: ContactPlan) -> None:
    table = table_contacts(plan)
    assert list(table.columns) == ["name", "account_id", "class", "visit", "call", "hours"]
    assert column(table, "visit") == ["8 → 16", "6 → 12", "13 → 7"]
    assert column(table, "hours") == ["23 → 47", "16 → 32", "32 → 17"]


def test_hours_of_accounts_are_drawn_from_today_to_plan(here: Region, plan: ContactPlan) -> None:
    chart = plot_allocation(here, plan, most=2)
    assert isinstance(chart, Chart)
    (axes,) = chart.figure.axes
    today, planned = axes.lines
    assert (today.get_color(), planned.get_color()) == (CONTEXT, ACCENT)
    moved = plan.allocation.table.loc[["b", "a"]]
    np.testing.assert_allclose(today.get_xdata(), moved["hours_today"])
    np.testing.assert_allclose(planned.get_xdata(), moved["hours_planned"])
    assert not any(text.get_parse_math() for text in axes.get_yticklabels())
    assert chart.caption == "Hours a year by account, North: 2 of 3"
    assert "Bé 16 to 32" in chart.alt


def test_the_plan_is_set_beside_its_rivals(here: Region, plan: ContactPlan) -> None:
    table = table_comparison(here, plan)
    assert column(table, "what") == [
        "Today",
        "A/B/C by habit",
        "Equal visits",
        "Plan at today's hours",
        "Plan",
    ]
    assert column(table, "0.31")[0] == "0"
    assert column(table, "0.31")[-1] == "31.7 k"
    assert "becomes 31.7 k" in table.how
    assert finding_comparison(plan).sentences == [plan.comparison.sentence]


def test_an_elasticity_that_the_data_cannot_tell_is_a_caution(plan: ContactPlan) -> None:
    assert finding_elasticity(plan).caution
    assert table_elasticity(plan).rows() == [
        ["other companies", "0.31", "0.12 to 0.50", "–", "–"],
        ["between accounts (pooled; not used)", "–", "–", "–", "–"],
        ["within accounts (fixed effects)", "–", "–", "–", "–"],
        ["used for the plan", "0.31", "0.12 to 0.50", "–", "–"],
    ]


def test_owners_who_are_short_are_named(here: Region, plan: ContactPlan) -> None:
    assert not finding_owners(plan).caution
    assert column(table_owners(here, plan), "hours") == ["96"]
    staff = pd.DataFrame({"owner": ["Ada"], "hours_per_month": [1.0]})
    poor = replace(here, tables={**here.tables, "staff": staff})
    lacking = plan_where_known(poor, ACCOUNTS, seed=1)
    found = finding_owners(lacking)
    assert found.caution
    assert "and still 3 visits due to 2 accounts are missing" in found.sentences[0]
    assert finding_plan(poor, lacking).caution


def test_the_calendar_shows_the_hours_of_each_week(here: Region, dated: Schedule) -> None:
    chart = plot_calendar(here, dated)
    assert isinstance(chart, Chart)
    (axes,) = chart.figure.axes
    (mesh,) = axes.collections
    assert mesh.get_array().sum() == pytest.approx(dated.ahead["minutes"].sum() / 60)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Ada"]
    none = replace(dated, actions=dated.actions.iloc[:0])
    assert plot_calendar(here, none).sentences == ["No calendar: no contact has a day."]


def test_first_actions_are_dated(here: Region, dated: Schedule) -> None:
    table = table_actions(here, dated, most=1)
    assert table.caption == f"First dated actions: 1 of {len(dated.ahead)}"
    assert table.rows()[0][:6] == ["1 Jul 2026", "Ada", "Call", "=A <script>", "a", "planned"]
    assert finding_schedule(dated).sentences[1] == (
        "Weekends are kept; holidays are not known, because no country is given."
    )
    kept = replace(dated, holidays="DE", closed_days=1)
    assert finding_schedule(kept).sentences[1] == (
        "Weekends and public holidays of DE are kept. 1 working day is closed to somebody, as the "
        "calendar of the book says."
    )


def test_open_loops_and_closing(here: Region) -> None:
    found = feedback_of(here, ACCOUNTS)
    assert table_loops(here, found).rows() == [
        ["Bé", "b", "Complaint", "late", "Ada", "21 May 2026", "40", "14", "4 Jun 2026", "26"]
    ]
    closing = table_closing(found)
    assert column(closing, "of") == ["Ada", "late", "=wrong <script>"]
    assert column(closing, "rate") == ["50 %", "0 %", "100 %"]
    assert column(closing, "days") == ["from 3", "–", "–"]
    said = finding_feedback(here, found)
    assert said.caution
    assert said.sentences[1] == (
        "The book has no needs or planned actions; what they would show is not known."
    )
    assert column(table_silent(here, found), "name") == []


def test_themes_are_ranked(here: Region) -> None:
    found = themes_of(here, ACCOUNTS)
    table = table_themes(here, found)
    assert column(table, "theme") == ["=wrong <script>", "late"]
    assert column(table, "stake") == ["90.0 k", "50.0 k"]
    assert column(table, "counts") == ["0 → 1", "0 → 1"]
    assert column(table, "change") == ["–", "–"]
    assert "<script>" not in html(table)
    assert (
        finding_themes(here, found)
        .sentences[0]
        .startswith(
            "Most is at stake with =wrong <script>: 1 account that brings 90.0 k EUR a year"
        )
    )


def test_what_is_not_in_the_book_is_said_and_not_guessed() -> None:
    bare = region({"a": "Alpha"}, bought(("a", DAY, 9.0, 4.0)))
    plan = plan_where_known(bare, ACCOUNTS, seed=1)
    assert isinstance(plan, NoPlan)
    assert finding_plan(bare, plan) == Finding([plan.sentence], caution=True)
    nothing = Finding([])
    assert table_plan(bare, plan) == nothing
    assert plot_calendar(bare, schedule_of(bare, plan)) == nothing
    assert table_loops(bare, feedback_of(bare, ACCOUNTS)) == nothing
    assert table_closing(feedback_of(bare, ACCOUNTS)) == nothing
    assert table_themes(bare, themes_of(bare, ACCOUNTS)) == nothing
    assert finding_feedback(bare, feedback_of(bare, ACCOUNTS)).sentences == [
        "Open loops are not known: the book has no complaints, needs, planned actions or contacts."
    ]
    assert finding_themes(bare, themes_of(bare, ACCOUNTS)).sentences == [
        "Themes are not known: the book has no complaints or needs."
    ]
    assert plan_files(bare, plan, plan) == nothing


def test_files_hold_the_region_s_actions(here: Region, plan: ContactPlan, dated: Schedule) -> None:
    gone = pd.DataFrame(
        {
            "action_id": ["P-old", "P-past"],
            "account_id": ["c", "c"],
            "kind": ["demo", "demo"],
            "due": pd.to_datetime(["2026-07-15", "2026-05-15"]),
            "owner": ["Ada", "Ada"],
            "status": ["planned", "planned"],
        }
    )
    again = replace(here, tables={**here.tables, "plan_actions": gone})
    found = plan_files(again, plan, dated)
    assert isinstance(found, Files)
    (name,) = (name for name in found.said if name.endswith(".ics"))
    entries = icalendar.Calendar.from_ical(found.content[name]).walk("VEVENT")
    states = {str(entry["uid"]).removesuffix("@kapkit"): str(entry["status"]) for entry in entries}
    assert states.pop("P-old") == "CANCELLED"
    assert set(states) == set(dated.ahead["action_id"])
    assert {one.removesuffix(".csv") for one in found.said if "tasks" in one} == {
        "tasks-salesforce",
        "tasks-hubspot",
        "tasks-dynamics",
    }
    rows = found.content["plan_actions.csv"].splitlines()
    assert rows[0] == "\ufeffaction_id,account_id,kind,due,owner,status"
    assert len(rows) == len(dated.ahead) + 1
    data = found._repr_mimebundle_()[0]
    assert data[FILES_TYPE] == found.content
    assert f'<a href="./{name}" download="">Calendar of Ada</a>' in data["text/html"]


def test_judgement_stands_beside_the_estimate_where_there_is_any(here: Region, plan) -> None:
    assert table_judgement(here, plan).sentences == []
    overrides = pd.DataFrame(
        {"account_id": ["a"], "field": ["response"], "value": ["0.5 0.8 1.15 1.4"]}
    )
    typed = replace(here, tables={**here.tables, "overrides": overrides})
    table = table_judgement(here, plan_where_known(typed, ACCOUNTS, seed=1))
    assert table.rows()[0][:4] == ["=A <script>", "a", "0.32", "0.31"]


def test_a_pilot_by_lot_is_drawn_and_handed_out(here: Region, dated: Schedule) -> None:
    alike = plan_where_known(here, ACCOUNTS.assign(**{"class": "A"}), seed=1)
    pilot = pilot_of(here, alike, seed=1)
    said = finding_pilot(pilot)
    assert said.sentences[0].startswith("1 pair of accounts, one of each drawn to get 40 % more")
    files = plan_files(here, alike, dated, pilot=pilot)
    assert isinstance(files, Files)
    rows = files.content["pilot.csv"].splitlines()
    assert rows[0] == "\ufeffpair,account_id,name,stratum,arm,today,pilot"
    assert len(rows) == 3
    assert {row.split(",")[-3] for row in rows[1:]} == {"more", "less"}
    odd = finding_pilot(pilot_of(here, plan_where_known(here, ACCOUNTS, seed=1), seed=1))
    assert odd.sentences[0].startswith("No pilot")
    assert finding_pilot(NoPlan("No plan.")).sentences == []
