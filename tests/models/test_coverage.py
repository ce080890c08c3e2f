"""Intervals hold what they promise, in small regions and large ones of a simulated company."""

import numpy as np
import pandas as pd
import pytest

from kapkit.models.potential import potential
from tests.models.companies import company, values_inside
from tests.models.test_potential import accounts

pytestmark = pytest.mark.slow


def test_nine_of_ten_half_years_lie_inside_in_regions_of_12_30_and_300() -> None:
    found = pd.concat([values_inside(company(seed), "margin") for seed in (101, 102)])
    assert found.groupby("size").size().min() > 200
    assert found.groupby("size")["inside"].mean().between(0.86, 0.94).all()
    assert found.groupby("fifth")["inside"].mean().between(0.83, 0.98).all()


def test_a_peer_quantile_lies_inside_nine_times_of_ten() -> None:
    inside = []
    for seed in range(6):
        spend, features = accounts(200, seed=seed)
        base = np.log(features["employees"]) * 0.8
        base = base + features["industry"].map({"shop": 0, "chain": 1, "club": -1})
        truth = np.exp(5 + base + 0.5 * 0.8416)
        table = potential(spend, features, confidence=0.9).table
        # Where the spend is above the quantile the interval is the spend itself.
        below = spend < table["low"]
        inside.append(truth.between(table["low"], table["high"])[below].mean())
    # A little wide: the offset counts as an error of its own.
    assert 0.86 <= np.mean(inside) <= 0.98
