from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from kapkit.book.errors import DataError
from kapkit.classification.abc import Classification, Cuts, classify, pareto_curve

NAN = float("nan")


def valued(values: Mapping[str, float]) -> pd.DataFrame:
    value = pd.Series(values, dtype=float)
    return pd.DataFrame({"value": value, "low": value - 5, "high": value + 5, "order_days": 3})


def classes(values: Mapping[str, float], **cuts: object) -> Classification:
    return classify(valued(values), pd.Series(values, dtype=float), cuts=Cuts(**cuts))


def letters(values: Mapping[str, float], **cuts: object) -> dict[str, str]:
    return classes(values, **cuts).table["class"].to_dict()


@pytest.mark.parametrize(
    ("cuts", "message"),
    [
        ({"by": "sum"}, "cut_by: 'sum' is unknown; take accounts, value, count or breaks"),
        ({"a": 0.0}, "cuts: a 0.0 and b 0.5 must keep 0 < a <= b <= 1"),
        ({"a": 0.6}, "cuts: a 0.6 and b 0.5 must keep 0 < a <= b <= 1"),
        ({"b": 1.1}, "cuts: a 0.2 and b 1.1 must keep 0 < a <= b <= 1"),
        ({"a": NAN}, "cuts: a nan and b 0.5 must keep 0 < a <= b <= 1"),
        ({"by": "value", "a": 80}, "cuts: a 80 and b 0.5 must keep 0 < a <= b <= 1"),
        ({"by": "count"}, "cuts: a 0.2 and b 0.5 must keep 1 <= a <= b, numbers of accounts"),
        (
            {"by": "count", "a": 9, "b": 5},
            "cuts: a 9 and b 5 must keep 1 <= a <= b, numbers of accounts",
        ),
    ],
)
def test_cuts_that_make_no_sense(cuts: dict, message: str) -> None:
    with pytest.raises(DataError) as error:
        Cuts(**cuts)
    assert str(error.value) == message


def test_a_fifth_is_a_three_tenths_are_b() -> None:
    """Best first; the value that would take a class's last place is its limit."""
    values = {"e": 20.0, "b": 80.0, "j": -10.0, "a": 100.0, "g": 5.0}
    values |= {"c": 60.0, "d": 40.0, "f": 10.0, "h": 4.0, "i": 1.0, "k": 0.0}
    past = pd.Series({"a": 50.0, "b": 70.0})
    found = classify(valued(values), past)
    order = list("abcdefghikj")
    expected = valued(values).loc[order]
    expected["past_value"] = [50.0, 70.0] + [NAN] * 9
    expected["class"] = list("AABBBCCCCCC")
    expected["rank"] = range(1, 12)
    expected["value_share"] = expected["value"] / 320
    assert_frame_equal(found.table, expected, check_dtype=False)
    assert found.thresholds == {"A": 80.0, "B": 20.0}
    assert found.limits == {"A": 60.0, "B": 10.0}
    assert found.counts().to_dict() == {"A": 2, "B": 3, "C": 6}
    assert found.sentence == (
        "Class A holds 2 of 11 accounts, expected to make 56 % of next year's value."
    )


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        ({"by": "accounts", "a": 0.4, "b": 0.6}, "AABCC"),
        ({"by": "accounts", "a": 0.1, "b": 0.1}, "ACCCC"),
        ({"by": "accounts", "a": 1.0, "b": 1.0}, "AAAAA"),
        ({"by": "count", "a": 1, "b": 4}, "ABBBC"),
        ({"by": "count", "a": 3, "b": 50}, "AAABB"),
        ({"by": "count", "a": 1, "b": float("inf")}, "ABBBB"),
        # Running shares are .5, .8, .9, .96, 1: who carries the sum over the cut is in.
        ({"by": "value", "a": 0.5, "b": 0.8}, "ABCCC"),
        ({"by": "value", "a": 0.51, "b": 0.95}, "AABBC"),
        ({"by": "value", "a": 1.0, "b": 1.0}, "AAAAA"),
    ],
)
def test_each_kind_of_cut(cuts: dict, expected: str) -> None:
    values = {"p": 50.0, "q": 30.0, "r": 10.0, "s": 6.0, "t": 4.0}
    assert "".join(letters(values, **cuts).values()) == expected


def test_equal_values_share_the_better_class() -> None:
    values = dict.fromkeys("abcd", 9.0) | {"e": 1.0}
    found = classes(values, by="count", a=2, b=5)
    assert found.table["class"].to_dict() == {"a": "A", "b": "A", "c": "A", "d": "A", "e": "B"}
    assert found.table["rank"].tolist() == [1, 1, 1, 1, 5]
    assert found.limits == {"A": 9.0, "B": 0.0}


def test_where_all_are_equal_class_b_is_empty() -> None:
    found = classes(dict.fromkeys("abcde", 9.0))
    assert found.counts().to_dict() == {"A": 5, "B": 0, "C": 0}
    assert found.thresholds["A"] == 9
    assert found.limits["A"] == 9
    assert np.isnan([found.thresholds["B"], found.limits["B"]]).all()


def test_only_accounts_of_positive_value_are_counted_and_chosen() -> None:
    values = {"a": 5.0, "z": 0.0, "n": -3.0}
    found = classes(values, by="count", a=2, b=3)
    assert found.table["class"].to_dict() == {"a": "A", "z": "C", "n": "C"}
    assert found.table["value_share"].tolist() == [1.0, 0.0, -0.6]
    assert letters({"a": 5.0} | {f"z{i}": 0.0 for i in range(9)}, a=0.1, b=0.1)["a"] == "A"


def test_one_account_is_a() -> None:
    found = classes({"a": 7.0})
    assert found.table["class"].tolist() == ["A"]
    assert (found.thresholds["A"], found.limits["A"]) == (7.0, 0.0)
    assert found.sentence == (
        "Class A holds 1 of 1 account, expected to make 100 % of next year's value."
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "No key account: none of 0 accounts has a positive value."),
        ({"a": 0.0}, "No key account: none of 1 account has a positive value."),
        ({"a": 0.0, "b": -2.0}, "No key account: none of 2 accounts has a positive value."),
    ],
)
def test_nobody_is_worth_anything(values: dict, sentence: str) -> None:
    found = classes(values)
    assert set(found.table["class"]) <= {"C"}
    assert list(found.table.columns[-3:]) == ["class", "rank", "value_share"]
    assert found.table["value_share"].isna().all()
    assert np.isnan([*found.thresholds.values(), *found.limits.values()]).all()
    assert found.counts().to_dict() == {"A": 0, "B": 0, "C": len(values)}
    assert found.sentence == sentence


def test_pareto_curve() -> None:
    found = pareto_curve(pd.Series({"a": 1.0, "b": 3.0, "c": -9.0, "d": 0.0}))
    expected = pd.DataFrame(
        {"account_share": [0.25, 0.5, 0.75, 1.0], "value_share": [0.75, 1.0, 1.0, 1.0]},
        index=list("badc"),
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize("values", [[], [0.0], [-1.0, 0.0]])
def test_pareto_curve_of_nothing(values: list[float]) -> None:
    with pytest.raises(DataError) as error:
        pareto_curve(pd.Series(values, dtype=float))
    assert str(error.value) == (
        "value: no account has a positive value, so there are no shares to show"
    )


def test_counts_name_every_class() -> None:
    found = classes({"a": 1.0}).counts()
    assert_series_equal(
        found,
        pd.Series([1, 0, 0], index=["A", "B", "C"]),
        check_names=False,
        check_index_type=False,
    )
