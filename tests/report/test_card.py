"""The account card: every stage's facts, and nothing where a stage knows none."""

import pandas as pd
import pytest

from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.classification.key_accounts import key_accounts
from kapkit.evaluation.needs import needs
from kapkit.evaluation.profit import contribution_of
from kapkit.evaluation.relationship import relationship_of
from kapkit.report.card import account_card
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
    assert shown["speed <b>"] == "importance 5, fulfilment 2; answer: none known"
    page = card.table._repr_mimebundle_()[0]["text/html"]
    assert "<b>" not in page
    (axes,) = card.chart.figure.axes
    assert [bar.get_height() for bar in axes.patches][-1] == 500
    assert card.chart.alt == "Alpha: 500 EUR of margin in 24 months; complaints: 0."


def test_a_part_that_is_not_given_is_not_on_it(north: Region) -> None:
    assert set(facts(account_card(north, "e"))) == {"Last order"}


def test_an_account_of_elsewhere(north: Region) -> None:
    with pytest.raises(DataError) as error:
        account_card(north, "zz")
    assert str(error.value) == "account_id: 'zz' is not in North"
