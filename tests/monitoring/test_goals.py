"""Goals: checked, proposed, added up; chances from what is stored."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.models.account_goals import account_goal_frames
from kapkit.models.goal_forecast import goal_forecast_frames, goal_forecasts, goal_forecasts_of
from kapkit.models.levels import level
from kapkit.monitoring.goals import goal_fan, goals_add_up, goals_of
from tests.regions import DAY, bought, company

YEAR = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
LAST_QUARTER = (dt.date(2026, 4, 1), DAY)


def goals(*rows: tuple) -> pd.DataFrame:
    columns = ["region", "metric", "start", "end", "target", "owner"]
    table = pd.DataFrame(rows, columns=columns).assign(account_id=None)
    days = dict.fromkeys(["start", "end"], "datetime64[us]")
    return table.astype(days | dict.fromkeys(["region", "account_id", "metric", "owner"], "str"))


@pytest.fixture(scope="module")
def whole() -> Region:
    """Two regions that sell every week for three years, North 100 and South 50, costs 60 %."""
    rng = np.random.default_rng(1)
    days = [DAY - dt.timedelta(days=7 * week) for week in range(156)]
    noise = rng.lognormal(0, 0.05, (2, 156))
    rows = [("n", day, 100.0 * more, 60.0) for day, more in zip(days, noise[0], strict=True)]
    rows += [("s", day, 50.0 * more, 30.0) for day, more in zip(days, noise[1], strict=True)]
    made = company({"n": ("Nora", "North"), "s": ("Sam", "South")}, bought(*rows))
    table = goals(
        ("North", "revenue", *YEAR, 5000.0, "Ida"),
        ("South", "revenue", *YEAR, 9000.0, None),
        (None, "revenue", *YEAR, 15000.0, None),
        ("North", "revenue", *LAST_QUARTER, 1000.0, "Ida"),
        ("North", "applause", *YEAR, 3.0, "Ida"),
    )
    return replace(made, tables={"goals": table})


def part(whole: Region, name: str) -> Region:
    return next(one for one in whole.parts() if one.name == name)


def test_each_goal_is_checked_for_what_makes_it_one(whole: Region) -> None:
    north = goals_of(part(whole, "North")).table.set_index(["metric", "end"])
    year = pd.Timestamp(YEAR[1])
    assert north.loc[("revenue", year), "lacks"] == ""
    assert north.loc[("applause", year), "lacks"] == "not measured here"
    south = goals_of(part(whole, "South")).table.set_index("metric")
    assert south.loc["revenue", "lacks"] == "nobody owns it, hardly feasible"
    assert south.loc["margin", "lacks"] == "nobody owns it, proposed, not agreed"


def test_chance_and_needed_rate(whole: Region) -> None:
    north = goals_of(part(whole, "North"))
    row = north.main
    assert row["metric"] == "revenue"
    # 26 weeks of about 100 are in, 26 to come; 5,000 is below 5,200.
    assert row["done"] == pytest.approx(2600, rel=0.03)
    assert row["low"] < row["forecast"] < row["high"]
    assert row["forecast"] == pytest.approx(5200, rel=0.03)
    assert row["chance"] > 0.9
    assert row["state"] == "on course"
    weeks = (pd.Timestamp(YEAR[1]) - pd.Timestamp(DAY)).days / 7
    assert row["needed"] == pytest.approx((5000 - row["done"]) / weeks)
    south = goals_of(part(whole, "South")).main
    assert (south["chance"], south["state"]) == (0.01, "out of reach")


def test_a_goal_whose_period_is_over_is_reached_or_missed(whole: Region) -> None:
    table = goals_of(part(whole, "North")).table
    over = table[table["end"] == pd.Timestamp(DAY)].iloc[0]
    assert over["state"] == "reached"
    assert over["forecast"] == over["done"]


def test_a_proposal_is_last_year_or_what_is_expected(whole: Region) -> None:
    table = goals_of(part(whole, "South")).table.set_index("metric")
    row = table.loc["margin"]
    assert row["proposed"]
    assert row["target"] == pytest.approx(max(row["last_year"], row["forecast"]), rel=0.01)


def test_regions_goals_against_the_companys(whole: Region) -> None:
    found = goals_add_up(whole)
    year = found.table.set_index("end").loc[pd.Timestamp(YEAR[1])]
    assert year[["company", "regions", "gap", "without"]].tolist() == [15000.0, 14000.0, 1000.0, 0]
    assert found.sentences[0] == (
        "Revenue 2026: the regions' goals add up to 14.0 k EUR, 1.00 k EUR short of the company's "
        "15.0 k EUR: nobody has taken that on."
    )


def test_what_a_run_stores_is_what_would_be_computed(whole: Region) -> None:
    stored = replace(whole, pooled=goal_forecast_frames(goal_forecasts(whole)))
    for name in ("North", None):
        one = part(stored, name) if name else stored
        other = part(whole, name) if name else whole
        pd.testing.assert_frame_equal(goals_of(one).table, goals_of(other).table)
    assert set(goal_forecasts_of(part(stored, "North")).table["region"].dropna()) == {"North"}


def test_the_fan_starts_where_we_stand_and_widens(whole: Region) -> None:
    north = part(whole, "North")
    fan = goal_fan(north, goals_of(north).main)
    now = fan.loc[pd.Timestamp(DAY)]
    assert now["low"] == now["high"] == goals_of(north).main["done"]
    width = (fan["high"] - fan["low"])[fan.index > pd.Timestamp(DAY)]
    assert width.iloc[-1] > width.iloc[0] > 0


@pytest.fixture(scope="module")
def with_account_goals() -> Region:
    """Steady and fading sell every week, gone stopped two years ago; each has a goal."""
    rng = np.random.default_rng(2)
    names = {"steady": 100.0, "fading": 20.0, "gone": 50.0}
    rows = [
        (name, DAY - dt.timedelta(days=7 * week), size * rng.lognormal(0, 0.1))
        for name, size in names.items()
        for week in range(110 if name == "gone" else 0, 156)
    ]
    made = company({name: (name.title(), "North") for name in names}, bought(*rows))
    table = goals(*[("North", "revenue", *YEAR, 5100.0, "Ida")] * 4)
    table["account_id"] = pd.Series([*names, "steady"], dtype="str")
    table.loc[3, "metric"] = "satisfaction"
    return replace(made, tables={"goals": table})


class TestAccountGoals:
    def test_each_is_forecast_from_its_own_sales(self, with_account_goals: Region) -> None:
        found = goals_of(part(with_account_goals, "North"))
        assert len(found.table) == 2, "the goals proposed for the region; accounts are apart"
        table = found.accounts[found.accounts["metric"] == "revenue"].set_index("account_id")
        steady = table.loc["steady"]
        assert steady["done"] == pytest.approx(2600, rel=0.05)
        assert steady["forecast"] == pytest.approx(5200, rel=0.05)
        assert steady["rate"] == pytest.approx(100, rel=0.1)
        assert steady["low"] < steady["forecast"] < steady["high"]
        assert table.loc["fading", "state"] == "out of reach"
        assert table.loc["gone", ["state", "lacks"]].tolist() == [
            "cannot be told",
            "not measured here",
        ]

    def test_those_furthest_from_reach_come_first_and_states_are_counted(
        self, with_account_goals: Region
    ) -> None:
        found = goals_of(part(with_account_goals, "North"))
        assert found.accounts["name"].iloc[0] == "Fading"
        assert found.sentences[-1].startswith("4 accounts have goals of their own under way: ")
        assert "out of reach 1" in found.sentences[-1]

    def test_what_a_run_stores_is_what_would_be_computed(self, with_account_goals: Region) -> None:
        stored = replace(with_account_goals, pooled=dict(account_goal_frames(with_account_goals)))
        one, other = (
            goals_of(part(each, "North")).accounts for each in (stored, with_account_goals)
        )
        pd.testing.assert_frame_equal(one, other)


class TestLevels:
    def test_retention_is_the_share_of_last_years_buyers_that_came_back(self) -> None:
        start = pd.Timestamp("2026-01-01")
        rows = [("a", dt.date(2025, 5, 1), 1.0), ("b", dt.date(2025, 6, 1), 1.0)]
        made = company(
            {"a": ("A", "North"), "b": ("B", "North"), "c": ("C", "South")},
            bought(*rows, ("a", dt.date(2026, 2, 1), 1.0), ("c", dt.date(2026, 2, 1), 1.0)),
        )
        found = level(made, "retention", start, pd.Timestamp(DAY))
        assert found["North"] == 0.5
        assert "South" not in found.index, "nobody there had bought the year before"

    def test_satisfaction_is_a_share_of_its_scale(self) -> None:
        answers = pd.DataFrame(
            {"account_id": ["a", "a"], "date": [pd.Timestamp(DAY)] * 2, "score": [4.0, 7.0],
             "scale_min": [1.0, 0.0], "scale_max": [5.0, 10.0]}
        )  # fmt: skip
        made = replace(company({"a": ("A", "North")}, bought()), tables={"surveys": answers})
        found = level(made, "satisfaction", pd.Timestamp("2026-01-01"), pd.Timestamp(DAY))
        assert found["North"] == pytest.approx((0.75 + 0.7) / 2)
