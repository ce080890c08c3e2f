"""What holds for any values: shares, classes, order, currency."""

import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from kapkit.classification.abc import Classification, Cuts, classify, pareto_curve

# Few different values, so that ties are common.
values = st.dictionaries(st.integers(0, 99).map("a{:02}".format), st.integers(-5, 20), max_size=30)
shares = st.floats(0.01, 1.0)
cuts = st.builds(
    lambda by, pair: Cuts(by, *sorted(pair)),
    st.sampled_from(["accounts", "value"]),
    st.tuples(shares, shares),
) | st.builds(
    lambda pair: Cuts("count", *sorted(pair)), st.tuples(st.integers(1, 9), st.integers(1, 40))
)


def classes(drawn: dict[str, int], cut: Cuts, *, scale: float = 1.0) -> Classification:
    value = pd.Series(drawn, dtype=float) * scale
    frame = pd.DataFrame({"value": value, "low": value, "high": value, "order_days": 1})
    before = frame.copy(deep=True)
    found = classify(frame, value, cuts=cut)
    assert_frame_equal(frame, before)
    return found


@settings(derandomize=True, deadline=None, max_examples=40)
@given(values, cuts)
def test_classes_are_whole_and_in_order(drawn, cut) -> None:
    found = classes(drawn, cut)
    table = found.table
    assert found.counts().sum() == len(drawn)
    assert sorted(table.index) == sorted(drawn)
    bounds = table.groupby("class")["value"].agg(["min", "max"])
    for better, worse in (("A", "B"), ("B", "C"), ("A", "C")):
        if {better, worse} <= set(bounds.index):
            assert bounds.loc[better, "min"] > bounds.loc[worse, "max"]
    assert ((table["class"] == "A").any()) == any(value > 0 for value in drawn.values())
    positive = table.loc[table["value"] > 0, "value_share"]
    assert positive.empty or math.isclose(positive.sum(), 1)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(values, cuts)
def test_bounds_are_those_of_the_classes(drawn, cut) -> None:
    found = classes(drawn, cut)
    for name, classified in (("A", "A"), ("B", "AB")):
        inside = found.table["class"].isin(list(classified))
        held = found.table.loc[found.table["class"] == name, "value"]
        if held.empty:
            assert math.isnan(found.thresholds[name])
            assert math.isnan(found.limits[name])
            continue
        outside = max(found.table.loc[~inside, "value"].max(), 0.0) if (~inside).any() else 0.0
        assert found.thresholds[name] == held.min()
        assert outside <= found.limits[name] <= held.min()


@settings(derandomize=True, deadline=None, max_examples=40)
@given(values, cuts, st.randoms(use_true_random=False))
def test_neither_order_nor_currency_matter(drawn, cut, random) -> None:
    found = classes(drawn, cut)
    keys = random.sample(list(drawn), len(drawn))
    assert_frame_equal(classes({key: drawn[key] for key in keys}, cut).table, found.table)
    scaled = classes(drawn, cut, scale=1000.0)
    kept = ["class", "rank", "value_share"]
    assert_frame_equal(scaled.table[kept], found.table[kept])
    np.testing.assert_array_equal(scaled.table["value"], found.table["value"] * 1000)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(values.filter(lambda drawn: any(value > 0 for value in drawn.values())))
def test_pareto_curve_is_concave_and_ends_at_one(drawn) -> None:
    curve = pareto_curve(pd.Series(drawn, dtype=float))
    steps = np.diff(curve["value_share"], prepend=0.0)
    assert (np.diff(steps) <= 1e-12).all()
    assert (steps >= 0).all()
    np.testing.assert_allclose(curve.iloc[-1], [1.0, 1.0])
    np.testing.assert_allclose(np.diff(curve["account_share"]), 1 / len(drawn))
