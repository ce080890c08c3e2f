"""Alerts, progress, the last run scored and changes: cases computed by hand."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.decisions import decided
from kapkit.book.region import Region
from kapkit.models.alarms import alarms
from kapkit.monitoring.alerts import discoveries, probability_of_drop
from kapkit.monitoring.changes import recommend
from kapkit.monitoring.progress import plan_states, progress_of
from kapkit.monitoring.review import review_of, scored_advice, scored_alerts, scored_goals
from tests.regions import DAY, bought, region

BEFORE = DAY - dt.timedelta(days=73)  # a fifth of a year
NAMES = {"a": "Alpha", "b": "Beta", "c": "Gamma"}


def days_ago(*days: int) -> list[dt.date]:
    return [DAY - dt.timedelta(days=one) for one in days]


@pytest.fixture
def later() -> Region:
    """A region scored 73 days after its last run: alpha brought 30, beta nothing."""
    recent, mid, old = days_ago(10, 50, 100)
    here = region(
        NAMES, bought(("a", recent, 20.0, 5.0), ("a", mid, 20.0, 5.0), ("b", old, 9.0, 1.0))
    )
    classes = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "class": ["A", "B", "C"],
            "value": [100.0, 50.0, 0.0],
            "low": [50.0, 20.0, 0.0],
            "high": [160.0, 80.0, 0.0],
            "A": [0.9, 0.2, 0.1],
        }
    )
    forecasts = pd.DataFrame(
        {
            "metric": ["revenue", "revenue", "satisfaction"],
            "start": pd.Timestamp(DAY) - pd.Timedelta(days=60),
            "end": [pd.Timestamp(DAY), pd.Timestamp("2027-01-01"), pd.Timestamp(DAY)],
            "forecast": [50.0, 1.0, 1.0],
            "low": [35.0, 0.0, 0.0],
            "high": [60.0, 2.0, 2.0],
        }
    )
    alerts = pd.DataFrame({"account_id": ["a", "b"], "value": [100.0, 50.0]})
    contacts = pd.DataFrame(
        {"account_id": ["a", "b"], "kind": "call", "today": [5.0, 10.0], "planned": [10.0, 5.0]}
    )
    frames = {"classes": classes, "forecasts": forecasts, "alerts": alerts, "contacts": contacts}
    calls = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "b"],
            "date": pd.to_datetime(days_ago(1, 2, 3, 4)),
            "kind": "call",
        }
    )
    earlier = {name: decided(name, frame).assign(region="North") for name, frame in frames.items()}
    return replace(here, earlier=earlier, earlier_as_of=BEFORE, tables={"activities": calls})


class TestReview:
    def test_goal_forecasts_that_are_over_are_set_beside_what_came(self, later: Region) -> None:
        found = scored_goals(later)
        assert found["actual"].tolist() == [40.0]
        assert found["inside"].tolist() == [True]
        assert found["off"].tolist() == [0.25]

    def test_goals_of_accounts_are_scored_by_what_the_account_brought(self, later: Region) -> None:
        said = later.earlier["forecasts"]
        alpha = said.assign(account_id=pd.Series(["a"], dtype="str"))
        both = replace(later, earlier={**later.earlier, "forecasts": pd.concat([said, alpha])})
        found = scored_goals(both)
        mine = later.purchases[later.purchases["account_id"] == "a"]
        inside = mine["date"].between(said["start"].iloc[0], said["end"].iloc[0])
        assert found["actual"].tolist() == [40.0, mine.loc[inside, "revenue"].sum()]

    def test_an_alarm_came_true_where_less_than_six_tenths_came(self, later: Region) -> None:
        found = scored_alerts(later).set_index("account_id")
        # A fifth of a year of 100 is 20 and 30 came; of 50 it is 10 and nothing came.
        assert found["expected"].tolist() == [20.0, 10.0]
        assert found["brought"].tolist() == [30.0, 0.0]
        assert found["came_true"].to_dict() == {"a": False, "b": True}

    def test_advice_is_followed_where_contacts_were_made(self, later: Region) -> None:
        found = scored_advice(later, 73)
        assert found["made"].tolist() == [10.0, 10.0]
        assert found["followed"].to_dict() == {"a": True, "b": False}, "beta got more than advised"
        assert found["growth"].to_dict() == {"a": 0.5, "b": -1.0}

    def test_the_sentences_add_up(self, later: Region) -> None:
        now = pd.DataFrame({"class": ["A", "C", "C"]}, list("abc"))
        found = review_of(later, now)
        verdicts = dict(zip(found.scores["question"], found.scores["verdict"], strict=True))
        assert verdicts["Did classes hold?"] == "67 % of the accounts kept their class."
        assert verdicts["Did alarms come true?"] == "1 of 2 alarms came true."
        assert verdicts["Were goal forecasts right?"] == (
            "Forecasts of goals were off by 25 % (median); 1 of 1 were inside their 80 % range."
        )
        # 150 a year were expected; 30 in a fifth of a year are 150.
        assert verdicts["Were values right?"].startswith("Expected values added up to 100 % of")
        assert (
            verdicts["Was advice followed?"]
            == "Advice on contacts was followed at 50 % of 2 accounts."
        )

    def test_a_first_run_says_so(self) -> None:
        found = review_of(region(NAMES, bought()), pd.DataFrame({"class": ["A"]}, ["a"]))
        assert found.scores.empty
        assert found.sentences == (
            "This is the first run of the region: the next one will score it.",
        )


class TestAlerts:
    def test_benjamini_hochberg_by_hand(self) -> None:
        # Ranked: .01 <= .025, .04 <= .05, .08 > .075, .09 <= .1: the last that passes counts.
        p = pd.Series({"a": 0.09, "b": 0.01, "c": 0.04, "d": 0.08, "e": np.nan})
        assert discoveries(p, q=0.1).tolist() == ["b", "c", "d", "a"]
        assert discoveries(p, q=0.001).empty
        assert discoveries(p.iloc[:0], q=0.1).empty

    def test_a_small_p_is_a_drop_and_a_large_one_the_usual_odds(self) -> None:
        found = probability_of_drop(pd.Series([1e-6, 0.5]), 0.1)
        # -1 / (e p ln p) is 26,628 at one in a million; odds of 1 to 9 before.
        assert found.tolist() == pytest.approx([0.99, 0.1], abs=1e-6)

    def test_who_stops_rings_and_who_goes_on_does_not(self) -> None:
        rng = np.random.default_rng(3)
        rows = []
        for account in range(60):
            days = np.cumsum(rng.exponential(12, 200))
            last = 1000 if account < 6 else 1096
            rows += [(f"a{account:02}", int(one)) for one in days[days < last]]
        table = pd.DataFrame(rows, columns=["account_id", "day"]).drop_duplicates()
        first = DAY - dt.timedelta(days=1095)
        dates = pd.Timestamp(first) + pd.to_timedelta(table["day"], unit="D")
        bought_on = table.assign(date=dates, orders=1.0)
        accounts = pd.Index(sorted(table["account_id"].unique()))
        found = alarms(bought_on, accounts, first_day=first, as_of=DAY)
        rings = discoveries(found.table["p"], q=0.1)
        stopped = [f"a{account:02}" for account in range(6)]
        assert len(set(rings) & set(stopped)) >= 4
        assert len(set(rings) - set(stopped)) <= 2
        assert 0.0 < found.false_rate <= 0.10

    def test_who_orders_seldom_is_promised_nothing(self) -> None:
        days = days_ago(700, 500, 300, 100)
        table = bought(*(("a", one, 5.0) for one in days))
        found = alarms(table, pd.Index(["a", "b"]), first_day=days[0], as_of=DAY)
        assert found.table["p"].isna().all()


class TestProgress:
    PLAN = pd.DataFrame(
        {
            "action_id": list("12345"),
            "account_id": ["a", "a", "b", "b", "c"],
            "kind": ["visit", "call", "call", "visit", "call"],
            "due": pd.to_datetime(days_ago(30, 30, 20, 10, -5)),
            "done": pd.to_datetime([*days_ago(29, 10), None, None, None]),
            "owner": ["x", "x", "y", "y", "y"],
            "status": ["done", "done late", "skipped", "open", "planned"],
            "outcome": [None, None, "no time", None, None],
        }
    )

    def test_states_and_delays(self) -> None:
        found = plan_states(self.PLAN, as_of=DAY)
        assert found["state"].tolist() == ["done", "done late", "skipped", "overdue", "planned"]
        assert found["late_days"].tolist()[:2] == [1.0, 20.0]
        assert found["late_days"].iloc[3] == 10.0

    def test_what_was_done_after_the_day_was_not_done_yet(self) -> None:
        found = plan_states(self.PLAN, as_of=DAY - dt.timedelta(days=15))
        assert found["state"].tolist()[:2] == ["done", "overdue"]

    def test_counts_by_owner(self) -> None:
        here = replace(region(NAMES, bought()), tables={"plan_actions": self.PLAN})
        about = pd.DataFrame({"name": list(NAMES.values()), "class": list("ABC")}, list(NAMES))
        found = progress_of(here, about)
        assert found.by_owner.loc["x", ["planned", "kept"]].tolist() == [2, 1.0]
        assert found.by_owner.loc["y", ["skipped", "overdue", "kept"]].tolist() == [1, 1, 0.0]
        assert found.reasons.to_dict() == {"no time": 1}
        assert found.sentences[0] == (
            "Of 4 actions that fell due in twelve months 50 % were done, "
            "1 of them more than a week late."
        )

    def test_each_account_has_its_plan_beside_its_growth(self) -> None:
        half = DAY - dt.timedelta(days=10)
        sold = bought(("a", half - dt.timedelta(days=365), 10.0), ("a", half, 15.0))
        here = replace(region(NAMES, sold), tables={"plan_actions": self.PLAN})
        about = pd.DataFrame({"name": list(NAMES.values()), "class": list("ABC")}, list(NAMES))
        found = progress_of(here, about).by_account
        assert found.index.tolist() == ["b", "a"], "the least kept first; gamma's is yet to come"
        assert found["kept"].tolist() == [0.0, 1.0]
        assert found.loc["a", "growth"] == 0.5
        assert np.isnan(found.loc["b", "growth"]), "nothing the year before, no growth"

    def test_a_skipped_action_without_a_reason_is_counted_as_such(self) -> None:
        plan = self.PLAN.assign(outcome=None)
        here = replace(region(NAMES, bought()), tables={"plan_actions": plan})
        about = pd.DataFrame({"name": list(NAMES.values()), "class": list("ABC")}, list(NAMES))
        assert progress_of(here, about).reasons.to_dict() == {"no reason given": 1}

    def test_no_plan_is_said(self) -> None:
        about = pd.DataFrame({"name": list(NAMES.values()), "class": list("ABC")}, list(NAMES))
        found = progress_of(region(NAMES, bought()), about)
        assert found.sentences == (
            "No plan is recorded, so nothing can be set beside what was done.",
        )


class TestChanges:
    ACCOUNTS = pd.DataFrame(
        {
            "name": ["Alpha", "Beta", "Gamma", "Delta"],
            "class": ["A", "C", "B", "A"],
            "value": [100.0, 20.0, -10.0, 80.0],
            "low": [50.0, 0.0, -30.0, 40.0],
            "high": [150.0, 40.0, 10.0, 120.0],
            "A": [0.8, 0.05, 0.1, 0.9],
            "B": [0.15, 0.25, 0.3, 0.1],
            "C": [0.05, 0.7, 0.6, 0.0],
            "reason": "It buys.",
        },
        list("abcd"),
    )
    NO_ALERTS = pd.DataFrame(
        columns=[
            "name",
            "kind",
            "counted",
            "expected",
            "probability",
            "value",
            "at_stake",
            "snoozed",
        ]
    )

    def found(self, **about: object) -> pd.DataFrame:
        made = recommend(self.ACCOUNTS, self.NO_ALERTS, as_of=DAY, **about)  # type: ignore[arg-type]
        return made.table.set_index("account_id")[["change", "value", "confidence"]]

    def test_promotion_and_demotion_need_a_chance(self) -> None:
        found = self.found(before=pd.Series({"a": "B", "b": "A", "c": "C", "d": "A"}))
        assert found["change"].to_dict() == {"a": "promote", "b": "demote"}
        assert found["confidence"].to_dict() == {"a": 0.8, "b": 0.7}, "gamma: A or B only .4"

    def test_an_account_that_loses_and_will_is_to_leave(self) -> None:
        found = self.found(contribution=pd.Series({"a": -5.0, "c": -8.0}))
        assert found["change"].to_dict() == {"c": "exit"}, "alpha is expected to earn"
        # sd is (10 + 30) / (2 x 1.2816) = 15.6, so -10 is .64 of it below nothing.
        assert found["confidence"]["c"] == pytest.approx(0.739, abs=0.001)

    def test_hours_move_where_the_plan_moves_them(self) -> None:
        gains = pd.DataFrame(
            {"hours_today": [1.0, 9.0], "hours_planned": [6.0, 2.0], "gain": [30.0, -5.0],
             "low": [10.0, -9.0], "high": [50.0, -1.0]},
            ["d", "a"],
        )  # fmt: skip
        assert self.found(gains=gains)["change"].to_dict() == {"d": "reallocate"}

    def test_people_are_respected_until_their_day_and_asked_after_it(self) -> None:
        overrides = pd.DataFrame(
            {
                "account_id": ["a", "b"],
                "field": "class",
                "value": "A",
                "reason": "tender",
                "by": "Ida",
                "until": pd.to_datetime(days_ago(-1, 1)),
            }
        )
        before = pd.Series({"a": "B", "b": "A", "c": "B", "d": "A"})
        made = recommend(
            self.ACCOUNTS, self.NO_ALERTS, as_of=DAY, before=before, overrides=overrides
        )
        assert made.table["account_id"].tolist() == ["b"]
        assert made.respected["account_id"].tolist() == ["a"]
        assert made.sentences[1:] == (
            "1 class is set by a person and left alone.",
            "The class of b that Ida set ran out on 29 June 2026: decide again.",
        )
