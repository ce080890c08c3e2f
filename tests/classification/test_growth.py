"""Growth: by hand, and how often its interval holds the truth."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kapkit.classification.growth import growth
from tests.regions import DAY, bought

BEFORE = DAY - dt.timedelta(days=400)


def test_years_are_compared_and_new_and_stopped_are_named() -> None:
    rows = [("a", DAY - dt.timedelta(days=30 * at), 100.0) for at in range(8)]
    rows += [("a", BEFORE - dt.timedelta(days=30 * at), 100.0) for at in range(8)]
    rows += [("n", DAY, 50.0), ("s", BEFORE, 50.0)]
    found = growth(bought(*rows), pd.Index(list("ansz")), as_of=DAY, currency="EUR")
    assert found.table["course"].tolist() == ["", "new", "stopped", ""]
    assert found.table["raw"].tolist()[0] == pytest.approx(0.0)
    assert found.table["growth"].isna().tolist() == [False, True, True, True]
    assert found.total == pytest.approx(0.0)
    assert found.sentence.startswith("Revenue went from 850 EUR to 850 EUR, +0 % (")


def test_one_year_alone_tells_no_growth() -> None:
    found = growth(bought(("a", DAY, 9.0)), pd.Index(["a"]), as_of=DAY)
    assert found.sentence == "Not enough data to tell growth: two years with revenue are needed."
    assert np.isnan(found.total)


def test_rows_after_the_day_change_nothing() -> None:
    rows = [(k, DAY - dt.timedelta(days=20 * at), 100.0) for k in "ab" for at in range(36)]
    later = ("a", DAY + dt.timedelta(days=1), 1e6)
    one, other = (
        growth(bought(*r), pd.Index(list("ab")), as_of=DAY) for r in (rows, [*rows, later])
    )
    pd.testing.assert_frame_equal(one.table, other.table)


def test_intervals_hold_the_truth_as_often_as_said() -> None:
    """Compound Poisson accounts whose log growth varies: 80 % intervals cover 75 to 88 %."""
    generator = np.random.default_rng(4)
    hits, total = 0, 0
    for _ in range(6):
        truth = generator.normal(0.0, 0.4, 60)
        rate = generator.gamma(3.0, 5.0, 60) + 3
        rows = []
        for at in range(60):
            for back, factor in ((0, np.exp(truth[at])), (1, 1.0)):
                for _ in range(generator.poisson(rate[at] * factor)):
                    day = DAY - dt.timedelta(days=int(generator.integers(0, 364)) + 366 * back)
                    rows.append((f"a{at:02}", day, float(generator.lognormal(5, 0.5))))
        table = growth(bought(*rows), pd.Index([f"a{at:02}" for at in range(60)]), as_of=DAY).table
        known = table["growth"].notna().to_numpy()
        held = (np.log1p(table["growth_low"]) <= truth) & (truth <= np.log1p(table["growth_high"]))
        hits, total = hits + int(held[known].sum()), total + int(known.sum())
    assert 0.75 <= hits / total <= 0.88


def test_luck_alone_is_seldom_called_growth() -> None:
    generator = np.random.default_rng(9)
    rows = [
        (f"a{at:02}", DAY - dt.timedelta(days=int(day)), float(generator.lognormal(5, 0.6)))
        for at in range(100)
        for day in generator.integers(0, 729, 20)
    ]
    table = growth(bought(*rows), pd.Index([f"a{at:02}" for at in range(100)]), as_of=DAY).table
    assert table["course"].isin(["grows", "shrinks"]).sum() <= 5
