import datetime as dt

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from kapkit.classification.abc import Classification, Cuts, classify
from kapkit.classification.reasons import explain, purchase_history, silent_key_accounts
from tests.regions import DAY, bought

NAN = float("nan")


def ago(days: int) -> dt.date:
    return DAY - dt.timedelta(days=days)


def test_purchase_history() -> None:
    purchases = bought(
        ("a", ago(100), 1.0),
        ("a", ago(10), 1.0),
        ("a", ago(90), 1.0),
        ("a", ago(40), 1.0),
        ("a", ago(5), -1.0),
        ("a", ago(-1), 1.0),
        ("two", ago(30), 1.0),
        ("two", ago(0), 1.0),
        ("credit", ago(3), -9.0),
    )
    accounts = pd.Index(["never", "two", "a", "credit"], name="account_id")
    expected = pd.DataFrame(
        {
            "last_purchase": pd.to_datetime([None, ago(0), ago(10), None]).astype(
                purchases["date"].dtype
            ),
            "days_since": [NAN, 0.0, 10.0, NAN],
            "usual_gap_days": [NAN, NAN, 30.0, NAN],
        },
        index=accounts,
    )
    assert_frame_equal(purchase_history(purchases, accounts, as_of=DAY), expected)


def test_purchase_history_of_nobody() -> None:
    found = purchase_history(bought(), pd.Index(["never"], name="account_id"), as_of=DAY)
    assert found.isna().all(axis=None)
    assert purchase_history(bought(), pd.Index([]), as_of=DAY).empty


def told(*rows: tuple, cuts: Cuts | None = None) -> tuple[Classification, pd.DataFrame]:
    """Rows: account, value, low, high, past value, order days, days since, usual gap."""
    columns = ["value", "low", "high", "past", "order_days", "days_since", "usual_gap_days"]
    frame = pd.DataFrame([row[1:] for row in rows], [row[0] for row in rows], columns=columns)
    value = frame[["value", "low", "high", "order_days"]].astype({"order_days": int})
    classified = classify(value, frame["past"], cuts=cuts)
    history = frame[["days_since", "usual_gap_days"]]
    return classified, explain(classified, history, currency="EUR")


COUNTED = Cuts(by="count", a=1, b=2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((0.0, NAN, NAN, 0.0, 0, NAN, NAN), "Never bought."),
        ((-50.0, -70.0, -30.0, -60.0, 2, NAN, NAN), "Rank 2 of 2. Only credits."),
        (
            (0.0, NAN, NAN, 0.0, 9, 4, 30.0),
            "No value: the cost of its purchases is not known. "
            "Orders about every 30 days, last 4 days ago.",
        ),
        (
            (60.0, 0.0, 90.0, 50.0, 9, 4, 30.4),
            "Rank 2 of 2, 20 % above last year. Orders about every 30 days, last 4 days ago.",
        ),
        (
            (40.0, 0.0, 90.0, 50.0, 9, 1, 1.0),
            "Rank 2 of 2, 20 % below last year. Orders about every 1 day, last 1 day ago.",
        ),
        (
            (50.0, 0.0, 90.0, 50.0, 9, 0, 7.0),
            "Rank 2 of 2, 0 % above last year. Orders about every 7 days, last on the reporting "
            "day.",
        ),
        (
            (60.0, 0.0, 90.0, 10.0, 9, 60, 30.0),
            "Rank 2 of 2, 6 times last year. Orders about every 30 days, last 60 days ago.",
        ),
        (
            (60.0, 0.0, 90.0, 0.0, 9, 1461, 30.0),
            "Rank 2 of 2. Silent for 1,461 days; it used to order every 30.",
        ),
        (
            (60.0, 0.0, 90.0, -5.0, 1, 61, NAN),
            "Rank 2 of 2. Last order 61 days ago; too few orders to know its rhythm.",
        ),
        (
            (60.0, 0.0, 90.0, -5.0, 1, 0, NAN),
            "Rank 2 of 2. Last order on the reporting day; too few orders to know its rhythm.",
        ),
    ],
)
def test_reason(row: tuple, reason: str) -> None:
    _, found = told(("best", 900.0, 800.0, 999.0, 900.0, 9, 1, 9.0), ("x", *row))
    assert found.loc["x", "reason"] == reason


def test_what_would_change_it() -> None:
    """An account rises at the lowest value of the better class, falls below the next one's."""
    _, found = told(
        ("a", 1000.0, 900.0, 1100.0, 0.0, 9, 1, 9.0),
        ("b", 800.0, 700.0, 1000.0, 0.0, 9, 1, 9.0),
        ("c", 100.0, 10.0, 190.0, 0.0, 9, 1, 9.0),
        ("d", 20.0, 0.0, 900.0, 0.0, 9, 1, 9.0),
        ("e", 0.0, NAN, NAN, 0.0, 0, NAN, NAN),
        cuts=COUNTED,
    )
    assert found["would_change"].to_dict() == {
        "a": "B below 800 EUR (-20 %)",
        "b": "A from 1.00 k EUR (+25 %); C below 100 EUR (-88 %). "
        "Undecided: its range reaches class A",
        "c": "B from 800 EUR (8 times as much)",
        "d": "B from 800 EUR (40 times as much). Undecided: its range reaches class B",
        "e": "B from 800 EUR",
    }
    assert found["reaches"].to_dict() == {"a": "", "b": "A", "c": "", "d": "B", "e": ""}


def test_the_last_of_a_class_is_undecided_only_where_its_range_reaches_the_next() -> None:
    lone = ("a", 1000.0, 900.0, 1100.0, 0.0, 9, 1, 9.0)
    for low, reached in ((800.0, ""), (799.9, "B")):
        _, found = told(
            (*lone[:2], low, *lone[3:]),
            ("b", 800.0, 700.0, 900.0, 0.0, 9, 1, 9.0),
            ("c", 100.0, 10.0, 190.0, 0.0, 9, 1, 9.0),
            cuts=COUNTED,
        )
        assert found.loc["a", "reaches"] == reached


@pytest.mark.parametrize("value", [999.0, 800.0, 799.0, 100.0, 99.0])
def test_the_class_changes_where_it_is_said_to(value: float) -> None:
    others = [("b", 800.0), ("c", 100.0), ("d", 20.0)]
    rows = [(name, worth, worth, worth, 0.0, 9, 1, 9.0) for name, worth in [("a", value), *others]]
    classified, _ = told(*rows, cuts=COUNTED)
    expected = "A" if value >= 800 else "B" if value >= 100 else "C"
    assert classified.table.loc["a", "class"] == expected


def test_an_empty_class_is_passed_over() -> None:
    _, found = told(
        ("a", 70.0, 20.0, 90.0, 0.0, 9, 1, 9.0),
        ("c", 30.0, 10.0, 75.0, 0.0, 9, 1, 9.0),
    )
    assert found["would_change"].tolist() == [
        "C below 30.0 EUR (-57 %). Undecided: its range reaches class C",
        "A from 70.0 EUR (+133 %). Undecided: its range reaches class A",
    ]
    assert found["reaches"].tolist() == ["C", "A"]


def test_one_account_falls_only_where_it_is_worth_nothing() -> None:
    _, found = told(("a", 70.0, 20.0, 90.0, 0.0, 9, 1, 9.0))
    assert found["would_change"].tolist() == ["C below 0 EUR (-100 %)"]


def test_nothing_is_said_where_nobody_is_worth_anything() -> None:
    _, found = told(("a", -7.0, -9.0, -5.0, 0.0, 1, NAN, NAN))
    assert found.to_dict("records") == [
        {"reason": "Rank 1 of 1. Only credits.", "would_change": "", "reaches": ""}
    ]
    _, nobody = told()
    assert list(nobody.columns) == ["reason", "would_change", "reaches"]
    assert nobody.empty


def test_silent_key_accounts() -> None:
    """Silent is more than twice the usual gap; without a gap nobody is silent; A only."""
    classified, _ = told(
        *((name, 90.0, 80.0, 99.0, 0.0, 9, 1, 9.0) for name in ("late", "due", "new")),
        ("small", 1.0, 0.0, 2.0, 0.0, 9, 1, 9.0),
        cuts=Cuts(by="count", a=3, b=4),
    )
    history = {"days_since": [61.0, 60.0, 900.0, 900.0], "usual_gap_days": [30.0, 30.0, NAN, 30.0]}
    rhythm = pd.DataFrame(history, index=["late", "due", "new", "small"])
    joined = Classification(
        classified.table.join(rhythm), classified.thresholds, classified.limits, COUNTED, ""
    )
    assert list(silent_key_accounts(joined).index) == ["late"]
