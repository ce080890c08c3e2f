import datetime as dt

import pandas as pd
from pandas.testing import assert_frame_equal

from kapkit.classification.abc import Classification, Cuts
from kapkit.classification.overrides import overrides_in_force, with_overrides

DAY = dt.date(2026, 6, 30)
NAN = float("nan")


def decided(*rows: tuple) -> pd.DataFrame:
    columns = ["account_id", "field", "value", "reason", "by", "until"]
    return pd.DataFrame(rows, columns=columns).astype({"until": "datetime64[ns]"})


def classified() -> Classification:
    table = pd.DataFrame(
        {
            "class": ["A", "B", "C"],
            "value": [60.0, 30.0, 10.0],
            "potential": [100.0, 50.0, NAN],
            "potential_low": [90.0, 40.0, NAN],
            "potential_high": [110.0, 60.0, NAN],
            "headroom": [20.0, 0.0, NAN],
            "reason": ["Rank 1.", "Rank 2.", "Rank 3."],
            "reaches": ["B", "", ""],
        },
        index=["a", "b", "c"],
    )
    return Classification(table, {}, {}, Cuts(), "")


def test_a_decision_holds_up_to_its_last_day() -> None:
    rows = [("a", "class", "B", "risk", "Ada", end) for end in (DAY, DAY - dt.timedelta(1))]
    found = [
        overrides_in_force(decided(row), pd.Index(["a"]), field="class", as_of=DAY) for row in rows
    ]
    assert [len(one) for one in found] == [1, 0]


def test_the_decision_that_lasts_longest_stands() -> None:
    rows = [
        ("a", "class", "B", "for good", "Ada", None),
        ("a", "class", "C", "for now", "Bob", DAY),
        ("b", "class", "C", "elsewhere", "Bob", None),
    ]
    found = overrides_in_force(decided(*rows), pd.Index(["a"]), field="class", as_of=DAY)
    assert found["value"].to_dict() == {"a": "B"}


def test_a_class_set_by_a_person_is_said_to_be() -> None:
    found = with_overrides(
        classified(), decided(("a", "class", "C", "leaves", "Ada", "2026-12-01")), as_of=DAY
    )
    row = found.table.loc["a"]
    assert (row["class"], row["model_class"], row["reaches"]) == ("C", "A", "")
    assert row["reason"] == ("Set to C by Ada until 1 December 2026: leaves; the model says A.")
    assert found.table["model_class"].tolist() == ["A", "B", "C"]
    assert found.sentence.startswith("Class A holds 0 of 3 accounts")


def test_a_potential_set_by_a_person_has_no_range() -> None:
    found = with_overrides(
        classified(),
        decided(("a", "potential", "130", "wins a tender", "Ada", None)),
        as_of=DAY,
        currency="EUR",
    )
    row = found.table.loc["a"]
    assert (row["potential"], row["headroom"]) == (130.0, 50.0)
    assert row[["potential_low", "potential_high"]].isna().all()
    assert row["reason"] == "Rank 1. Potential set to 130 EUR by Ada: wins a tender."


def test_what_cannot_be_meant_changes_nothing() -> None:
    before = classified()
    rows = [
        ("a", "class", "D", "?", "Ada", None),
        ("a", "potential", "much", "?", "Ada", None),
        ("x", "class", "A", "unknown", "Ada", None),
    ]
    for overrides in (None, decided(), decided(*rows)):
        found = with_overrides(before, overrides, as_of=DAY)
        assert_frame_equal(found.table.drop(columns="model_class"), before.table)
