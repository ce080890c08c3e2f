"""The account card: every stage's facts, and nothing where a stage knows none."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.classification.key_accounts import key_accounts
from kapkit.cultivation.regional import NoPlan, plan_where_known, schedule_of
from kapkit.evaluation.needs import needs
from kapkit.evaluation.profit import contribution_of
from kapkit.evaluation.relationship import relationship_of
from kapkit.report.card import account_card, account_cards, plan_cards
from tests.regions import DAY


def facts(card) -> dict[str, str]:
    return {row[0]: row[1] for row in card.table.rows()}


def test_what_every_stage_says_is_on_it(north: Region) -> None:
    contribution = contribution_of(north)
    said = pd.DataFrame(
        {
            "account_id": ["a"],
            "need": ["speed <b>"],
            "recorded": [pd.Timestamp(DAY)],
            "importance": [5.0],
            "fulfilment": [2.0],
        }
    )
    card = account_card(
        north,
        "a",
        classified=key_accounts(north),
        contribution=contribution,
        relationship=relationship_of(north),
        needs=needs(said, contribution.table["contribution"], as_of=DAY),
    )
    shown = facts(card)
    assert card.table.caption == "Alpha, a, as of 30 June 2026"
    assert shown["Last order"] == "30 June 2026"
    assert shown["Class"].startswith("A")
    assert shown["Contribution"] == "500 EUR, 56 % of revenue"
    assert shown["CSAT"] == shown["NPS"] == "not known: no answer"
    assert shown["What the score is worth"] == "no verdict: not better than recency"
    assert shown["Need: speed <b>"] == "importance 5, fulfilment 2; answer: none known"
    page = card.table._repr_mimebundle_()[0]["text/html"]
    assert "<b>" not in page
    (axes,) = card.chart.figure.axes
    assert [bar.get_height() for bar in axes.patches][-1] == 500
    assert card.chart.alt == "Alpha: 500 EUR of margin in 24 months; nothing else is recorded."


def test_a_part_that_is_not_given_is_not_on_it(north: Region) -> None:
    assert set(facts(account_card(north, "e"))) == {"Last order"}


def test_an_account_of_elsewhere(north: Region) -> None:
    with pytest.raises(DataError) as error:
        account_card(north, "zz")
    assert str(error.value) == "account_id: 'zz' is not in North"


def test_cards_of_the_accounts_worth_most_fold_under_their_names(north: Region) -> None:
    contribution = contribution_of(north)
    shown = account_cards(north, key_accounts(north), most=2, contribution=contribution)
    data, about = shown._repr_mimebundle_()
    page = data["text/html"]
    assert about["text/html"] == {"whole": True}
    assert page.count("<details") == page.count("<svg") == page.count("<table") == 2
    assert "<script>" not in page
    assert "$x^2$ &lt;script&gt;, b, as of 30 June 2026" in page
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert data["text/plain"].startswith("Alpha: 500 EUR of margin")
    assert account_cards(north, key_accounts(north), most=0).sentences == []


def test_contacts_answers_and_complaints_stand_on_one_time_line(north: Region) -> None:
    may, june = pd.Timestamp("2026-05-04"), pd.Timestamp(DAY)
    tables = {
        "activities": pd.DataFrame({"account_id": ["a", "a", "b"], "date": [may, may, june]}),
        "surveys": pd.DataFrame({"account_id": ["b"], "date": [june]}),
        "complaints": pd.DataFrame({"account_id": ["a"], "opened": [june]}),
        "plan_actions": pd.DataFrame(
            {
                "account_id": ["a", "a", "a"],
                "kind": ["visit", "call", "visit"],
                "due": [pd.Timestamp("2026-07-09"), june, pd.Timestamp("2026-07-01")],
                "done": [pd.NaT, pd.NaT, june],
                "owner": ["Ada", "Ada", "Ada"],
            }
        ),
    }
    card = account_card(replace(north, tables=tables), "a")
    assert card.chart.alt.endswith("; contacts: 2; answers: 0; complaints: 1.")
    strip = card.chart.figure.axes[1]
    assert [text.get_text() for text in strip.get_yticklabels()] == [
        "Contacts", "Answers", "Complaints",
    ]  # fmt: skip
    marks = [dots.get_offsets().data.tolist() for dots in strip.collections]
    assert marks == [[[22, 0]], [], [[23, -2]]]
    assert facts(card)["Planned: 9 July 2026"] == "visit, Ada"


def test_cards_of_a_class_say_what_is_planned_and_why(north: Region) -> None:
    kinds = ["visit", "call"]
    activities = pd.DataFrame(
        {"account_id": ["a", "b"], "date": pd.Timestamp(DAY), "kind": kinds, "inbound": "no"}
    )
    staff = pd.DataFrame({"owner": ["Ada"], "hours_per_month": [20.0]})
    tables = {"activities": activities, "staff": staff}
    owned = replace(north, accounts=north.accounts.assign(owner="Ada"), tables=tables)
    classified = key_accounts(owned)
    plan = plan_where_known(owned, classified.table, seed=1)
    dated = schedule_of(owned, plan, seed=1)
    shown = plan_cards(owned, classified, plan, dated, most=9)
    keys = classified.table.index[classified.table["class"] == "A"]
    assert [card.table.name for card in shown.cards] == [f"plan-card-{key}" for key in keys]
    said = facts(shown.cards[0])
    planned = plan.allocation.planned.loc[keys[0]]
    assert said["Visits"] == f"{planned['visit']:.0f} a year, today 1"
    assert said["Why"] == plan.allocation.table["reason"][keys[0]]
    assert any(name.startswith("Planned: ") for name in said)
    none = account_card(owned, "a", plan=NoPlan("No plan."), schedule=NoPlan("No plan."))
    assert set(facts(none)) == {"Owner", "Last order"}
    assert plan_cards(owned, classified, NoPlan("No plan."), dated).sentences == []
