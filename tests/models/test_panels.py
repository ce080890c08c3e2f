"""Regions that learn together: few enough to be read at once, enough to lend strength."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapkit.models.panels import panels

SIZES = st.lists(st.integers(0, 500), min_size=1, max_size=40)


def test_a_small_company_learns_as_one() -> None:
    assert panels(pd.Series({"B": 50, "A": 50}), most=100) == [["A", "B"]]
    assert panels(pd.Series({"A": 0}), most=100) == [["A"]]


def test_a_region_too_large_is_whole_and_a_tiny_one_is_not_left_alone() -> None:
    assert panels(pd.Series({"Huge": 1000, "Tiny": 5}), most=100) == [["Huge", "Tiny"]]
    groups = panels(pd.Series({"Huge": 150, "Tiny": 5, "Other": 95}), most=100)
    assert groups == [["Huge"], ["Other", "Tiny"]]


@given(SIZES)
@pytest.mark.slow
def test_every_region_learns_once_and_memory_is_bounded(sizes: list[int]) -> None:
    rows = pd.Series(sizes, index=[f"R{at}" for at in range(len(sizes))])
    groups = panels(rows, most=100)
    assert sorted(name for group in groups for name in group) == sorted(rows.index)
    totals = [rows[group].sum() for group in groups]
    assert len(groups) == 1 or min(totals) >= 10
    # The last region that came to a group found it no fuller than the mean.
    assert max(totals) <= 100 + rows.max() + 10
    shuffled = rows.sample(frac=1, random_state=1)
    assert panels(shuffled, most=100) == groups
