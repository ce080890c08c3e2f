from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.cultivation.plan import contact_plan
from kapkit.models.response import PRIOR
from tests.regions import DAY, bought, region

KEYS = ["a", "b", "c"]
CLASSES = pd.DataFrame(
    {
        "class": ["A", "B", "C"],
        "value": [9e4, 5e4, 1e3],
        "low": [8e4, 4e4, 0.0],
        "high": [1e5, 6e4, 2e3],
    },
    KEYS,
)


def tables() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    count = 60
    activities = pd.DataFrame(
        {
            "activity_id": range(count),
            "account_id": rng.choice(KEYS, count),
            "date": pd.Timestamp(DAY) - pd.to_timedelta(rng.integers(0, 300, count), unit="D"),
            "kind": rng.choice(["visit", "call"], count),
            "inbound": "no",
        }
    )
    staff = pd.DataFrame({"owner": ["Ada"], "hours_per_month": [8.0]})
    return {"activities": activities, "staff": staff}


def small(**more: pd.DataFrame) -> Region:
    made = region({key: key.upper() for key in KEYS}, bought(("a", DAY, 100.0, 50.0)))
    owned = made.accounts.assign(owner="Ada")
    return replace(made, accounts=owned, tables=tables() | more)


def test_a_region_is_planned_from_its_own_tables() -> None:
    found = contact_plan(small(), CLASSES, seed=1)
    assert found.elasticity.value == PRIOR
    assert list(found.allocation.planned.index) == KEYS
    assert found.allocation.owners.loc["Ada", "hours"] == 96
    assert found.allocation.owners.loc["Ada", "hours_planned"] <= 96
    assert "is not enough data to tell" in found.sentence
    assert found.comparison.corrected <= found.allocation.gain
    assert found.needs.empty


def test_needs_and_judgement_are_used() -> None:
    needs = pd.DataFrame(
        {
            "account_id": ["c"],
            "need": ["skill"],
            "recorded": [pd.Timestamp(DAY)],
            "importance": [5.0],
            "fulfilment": [1.0],
        }
    )
    solutions = pd.DataFrame({"need": ["skill"], "action": ["training"]})
    overrides = pd.DataFrame(
        {"account_id": ["a"], "field": ["response"], "value": ["0.5 0.8 1.15 1.4"]}
    )
    found = contact_plan(
        small(needs=needs, solutions=solutions, overrides=overrides), CLASSES, seed=1
    )
    assert found.allocation.planned.loc["c", "training"] == 1
    assert found.needs["need"].tolist() == ["skill"]
    curves = found.allocation.situation.curves
    assert curves["source"].tolist() == ["judgement", "estimate", "estimate"]
    later = contact_plan(
        small(needs=needs.assign(recorded=pd.Timestamp("2026-07-01")), solutions=solutions),
        CLASSES,
        seed=1,
    )
    assert later.needs.empty


@pytest.mark.parametrize(
    ("gone", "said"),
    [(["staff"], "staff: not in the book"), (["activities", "staff"], "activities and staff: not")],
)
def test_without_hours_or_contacts_nothing_is_planned(gone: list[str], said: str) -> None:
    made = small()
    left = {name: table for name, table in made.tables.items() if name not in gone}
    with pytest.raises(DataError, match=said):
        contact_plan(replace(made, tables=left), CLASSES, seed=1)


def test_gains_in_revenue_are_called_so() -> None:
    made = small()
    book = replace(made.book, costed_share=0.0)
    assert contact_plan(replace(made, book=book), CLASSES, seed=1).sentence.endswith(
        "Gains are in revenue: the costs of the book are not known."
    )


def test_a_book_s_own_rules_and_judgement_of_classes_are_kept() -> None:
    effort = {
        "minutes": {"visit": 30.0},
        "travel_minutes": 0.0,
        "cadence": {"C": {"visit": 3.0}},
        "most": 1.0,
        "response": {"B": [0.5, 0.8, 1.15, 1.4]},
    }
    made = small()
    found = contact_plan(replace(made, book=replace(made.book, effort=effort)), CLASSES, seed=1)
    start = found.allocation.situation
    assert start.hours.loc["a", "visit"] == 0.5
    assert start.due["visit"].tolist() == [6, 2, 3]
    assert (found.allocation.planned <= start.today.clip(lower=start.due)).all(axis=None)
    assert start.curves["source"].tolist() == ["estimate", "judgement", "estimate"]
    assert start.curves.loc["b", "estimated"] == pytest.approx(PRIOR)
    assert start.curves.loc["b", "judged"] != pytest.approx(PRIOR, abs=0.01)
