import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kapkit.models.satisfaction import satisfaction
from tests.regions import DAY


def answers(*rows: tuple) -> pd.DataFrame:
    """Make surveys: account, age in days, kind, score, worst, best."""
    columns = ["account_id", "age", "kind", "score", "scale_min", "scale_max"]
    frame = pd.DataFrame(rows, columns=columns)
    date = pd.Timestamp(DAY) - pd.to_timedelta(frame.pop("age"), unit="D")
    return frame.assign(date=date).astype(dict.fromkeys(columns[3:], float))


def drawn(seed: int, accounts: int, *, lenient: float = 0.0) -> tuple[pd.DataFrame, pd.Series]:
    """Draw two waves and their accounts' truth on 0 to 10; some answer once."""
    rng = np.random.default_rng(seed)
    truth = pd.Series(rng.normal(6.5, 0.8, accounts), [f"a{i}" for i in range(accounts)])
    rows = [
        (key, age, "nps", feels + rng.normal(0, 1.0) + later * lenient, 0, 10)
        for key, feels in truth.items()
        for later, age in ((0, 300), (1, 30))
        if rng.random() < 0.7
    ]
    return answers(*rows), truth


def test_who_did_not_answer_gets_no_number() -> None:
    found = satisfaction(answers(("a", 9, "csat", 4, 1, 5), ("b", 600, "csat", 1, 1, 5)), as_of=DAY)
    assert found.index.tolist() == [("a", "csat")]
    empty = satisfaction(answers(), as_of=DAY)
    assert empty.empty
    assert "satisfaction" in empty


def test_later_answers_change_nothing() -> None:
    known = answers(*(("a", 9, "csat", 4, 1, 5), ("b", 30, "csat", 2, 1, 5)))
    later = pd.concat([known, answers(("b", -1, "csat", 5, 1, 5))], ignore_index=True)
    pd.testing.assert_frame_equal(satisfaction(later, as_of=DAY), satisfaction(known, as_of=DAY))


def test_two_answers_never_make_a_verdict() -> None:
    many = [(f"b{i}", age, "nps", 5 + i % 5, 0, 10) for i in range(20) for age in (9, 40, 70)]
    rows = [("a", 9, "nps", 0, 0, 10), ("a", 40, "nps", 0, 0, 10), *many]
    found = satisfaction(answers(*rows), as_of=DAY)
    assert pd.isna(found.loc[("a", "nps"), "verdict"])
    third = satisfaction(answers(("a", 70, "nps", 0, 0, 10), *rows), as_of=DAY)
    assert third.loc[("a", "nps"), "verdict"] == "below"


def test_few_answers_are_drawn_to_the_mean() -> None:
    rows = [(f"b{i}", age, "nps", 4 + i % 5, 0, 10) for i in range(30) for age in (9, 40)]
    found = satisfaction(answers(("a", 9, "nps", 0, 0, 10), *rows), as_of=DAY).loc[("a", "nps")]
    assert 0 < found["satisfaction"] < found["mean"]
    assert found["low"] < found["satisfaction"] < found["high"]


def test_intervals_cover_and_lenience_falls_out() -> None:
    surveys, truth = drawn(3, 600, lenient=1.0)
    found = satisfaction(surveys, as_of=DAY).droplevel("kind")
    centred = truth.reindex(found.index) - truth.mean() + found["mean"]
    inside = centred.between(found["low"], found["high"])
    assert 0.76 < inside.mean() < 0.84
    plain = surveys.groupby("account_id")["score"].mean().reindex(found.index)
    assert (found["satisfaction"] - centred).std() < 0.85 * (plain - centred).std()


def test_a_scale_that_changed_falls_out() -> None:
    rows = [(f"b{i}", 500, "csat", 2 + i % 3, 1, 5) for i in range(9)]
    rows += [(f"b{i}", 30, "csat", 3.25 + 2.25 * (i % 3), 1, 10) for i in range(9)]
    found = satisfaction(answers(*rows), as_of=DAY)
    assert found["scale_max"].unique().tolist() == [10.0]
    np.testing.assert_allclose(found["change"], 0.0, atol=1e-9)


@pytest.mark.parametrize("today", [DAY, DAY + dt.timedelta(days=600)])
def test_names_and_order_do_not_matter(today: dt.date) -> None:
    surveys, _ = drawn(4, 40)
    found = satisfaction(surveys, as_of=today)
    other = satisfaction(
        surveys.iloc[::-1].assign(account_id="z" + surveys["account_id"]), as_of=today
    )
    back = other.rename(index=lambda key: key.removeprefix("z"), level="account_id").sort_index()
    pd.testing.assert_frame_equal(back, found)
