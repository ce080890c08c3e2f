import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kapkit.models.regularity import Regularity, regularity
from tests.regions import DAY, bought


def orders(shape: float, *, accounts: int = 150, gaps: int = 6, seed: int = 1) -> pd.DataFrame:
    """Accounts of very different rates whose gaps are gamma with a common shape."""
    random = np.random.default_rng(seed)
    mean = random.uniform(200, 2000, (accounts, 1))
    days = (random.gamma(shape, 1 / shape, (accounts, gaps)) * mean).cumsum(axis=1).round()
    frame = pd.DataFrame({"account_id": np.repeat(np.arange(accounts), gaps), "day": days.ravel()})
    frame = frame.drop_duplicates()
    return frame.assign(
        date=pd.Timestamp("1970-01-01") + pd.to_timedelta(frame["day"], "D"), orders=1
    )


@pytest.mark.parametrize("shape", [0.6, 1.0, 3.0, 12.0])
def test_shape_is_recovered(shape: float) -> None:
    found = regularity(orders(shape))
    assert found.low < shape < found.high
    assert found.high / found.low < 1.5
    assert found.regular == (shape > 2)
    assert (found.p_value < 0.001) == (shape != 1.0)


def test_interval_covers_as_it_says() -> None:
    """Nominal 95 %, 100 books of 40 accounts."""
    found = [regularity(orders(2.0, accounts=40, seed=seed)) for seed in range(100)]
    assert 0.89 <= np.mean([each.low < 2.0 < each.high for each in found]) <= 1.0


@pytest.mark.parametrize(
    ("shape", "verdict"),
    [
        (0.5, "orders come in bursts; models of random timing take pauses for leaving."),
        (1.0, "close to random timing."),
        (1.6, "a little more even than chance; models of random timing may be used."),
        (9.0, "each account's own gap tells more."),
    ],
)
def test_sentence_says_what_follows(shape: float, verdict: str) -> None:
    assert regularity(orders(shape)).sentence.endswith(verdict)


def test_too_few_gaps_are_said() -> None:
    days = [DAY - dt.timedelta(weeks=week) for week in range(4)]
    found = regularity(bought(*(("a", day, 1.0) for day in days), ("b", DAY, 1.0)))
    assert isinstance(found, Regularity)
    assert np.isnan(found.shape)
    assert not found.regular
    assert found.sentence == "Too few re-orders to tell their rhythm: 3 gaps, 30 are needed."


def test_days_of_credits_are_no_orders() -> None:
    frame = orders(3.0)
    returned = frame.assign(date=frame["date"] + pd.Timedelta(days=1), orders=0)
    assert regularity(pd.concat([frame, returned])) == regularity(frame)
