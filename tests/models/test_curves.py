import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapkit.book.errors import DataError
from kapkit.models.curves import (
    calibrate,
    elasticity_today,
    judged,
    judgements,
    multiple,
    with_judgement,
)

ANSWERS = ["none", "half", "more", "saturation"]


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.floats(0.0, 0.95), st.floats(1.0, 4.0))
def test_a_curve_meets_today_and_its_elasticity(elasticity: float, steepness: float) -> None:
    curve = calibrate(pd.Series({"a": elasticity}), steepness=steepness)
    assert multiple(curve, np.array([1.0]))[0] == pytest.approx(1)
    step = 1e-5
    slope = np.diff(multiple(curve, np.array([[1 - step, 1 + step]]))[0])[0] / (2 * step)
    assert slope == pytest.approx(elasticity, abs=1e-4)
    sold = multiple(curve, np.array([np.linspace(0, 5, 30)]))[0]
    assert (np.diff(sold) >= -1e-12).all()
    assert sold[0] >= -1e-12


@pytest.mark.parametrize("times", [0.5, 0.75, 1.5, 2.0])
def test_the_concave_curve_follows_a_constant_elasticity_within_the_bounds(times: float) -> None:
    curve = calibrate(pd.Series([0.31]))
    assert multiple(curve, np.array([times]))[0] == pytest.approx(times**0.31, rel=0.012)


def test_an_s_shaped_curve_rises_faster_before_it_rises_slower() -> None:
    curve = calibrate(pd.Series([0.31]), steepness=2.0)
    rises = np.diff(multiple(curve, np.array([[0.2, 0.4, 0.6, 0.8, 1.5, 1.7]]))[0])[[0, 1, 4]]
    assert rises[0] < rises[1] > rises[2]


def test_judgement_recovers_a_curve_that_answers_exactly() -> None:
    true = pd.DataFrame({"floor": 0.4, "ceiling": 1.6, "steepness": 2.0, "halfway": 1.0}, ["a"])
    half, more = multiple(true, np.array([[0.5, 1.5]]))[0]
    points = pd.DataFrame([[0.4, half, more, 1.6]], ["a"], ANSWERS)
    pd.testing.assert_frame_equal(judged(points), true)


def test_answers_that_fall_are_asked_again() -> None:
    points = pd.DataFrame([[0.5, 0.4, 1.2, 1.5], [0.5, 0.8, 1.2, 1.5]], ["a", "b"], ANSWERS)
    with pytest.raises(DataError, match="judgement: a: the answers for none, half"):
        judged(points)


def test_an_impossible_elasticity_is_refused() -> None:
    with pytest.raises(DataError, match="elasticity: b: not from 0"):
        calibrate(pd.Series({"a": 0.3, "b": 1.2}))


def test_judgement_of_account_before_class_before_estimate() -> None:
    curves = calibrate(pd.Series({"a": 0.31, "b": 0.31, "c": 0.31}))
    answers = pd.DataFrame([[0.5, 0.8, 1.1, 1.5], [0.9, 0.95, 1.02, 1.1]], ["a", "B"], ANSWERS)
    used = with_judgement(curves, answers, ["B", "B", "C"])
    assert used["source"].tolist() == ["judgement", "judgement", "estimate"]
    assert used["floor"].tolist() == pytest.approx([0.5, 0.9, curves.loc["c", "floor"]])
    assert used["estimated"].tolist() == pytest.approx([0.31] * 3)
    assert used["judged"].isna().tolist() == [False, False, True]
    expected = elasticity_today(used.iloc[:2])
    assert used["judged"].iloc[:2].tolist() == pytest.approx(expected.tolist())


def _typed(*values: str) -> pd.DataFrame:
    rows = [("a", "response", value, "", "", pd.NaT) for value in values]
    columns = ["account_id", "field", "value", "reason", "by", "until"]
    return pd.DataFrame(rows, columns=columns)


def test_typed_judgement_is_read_and_expires() -> None:
    day = pd.Timestamp("2026-06-30")
    typed = _typed("0.4 0.7 1.2 1.3", "0.5 0.8 1.15 1.4")
    assert judgements(typed, as_of=day).loc["a"].tolist() == [0.5, 0.8, 1.15, 1.4]
    assert judgements(typed.assign(until=day), as_of=day).shape == (1, 4)
    ended = typed.assign(until=day - pd.Timedelta(days=1))
    assert judgements(ended, as_of=day).empty
    assert judgements(typed.assign(field="class"), as_of=day).empty


@pytest.mark.parametrize("value", ["0.5 0.8 1.15", "half", "1 2 3 4 5"])
def test_typed_judgement_that_cannot_be_read(value: str) -> None:
    with pytest.raises(DataError, match="overrides: response of a is not four numbers"):
        judgements(_typed(value), as_of=pd.Timestamp("2026-06-30"))
