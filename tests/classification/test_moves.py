"""Classes that hold still, and moves whose causes add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapkit.classification.moves import CAUSES, positions, split_moves, steady_classes


@pytest.mark.parametrize(
    ("held", "position", "expected"),
    [
        # Of a fifth and a half, with a band of 15 %: A is left above .23 and entered at .17,
        # B is left above .575 and entered at .425.
        ("A", 0.229, "A"),
        ("A", 0.231, "B"),
        ("B", 0.171, "B"),
        ("B", 0.169, "A"),
        ("B", 0.574, "B"),
        ("B", 0.576, "C"),
        ("C", 0.426, "C"),
        ("C", 0.424, "B"),
        ("A", 0.9, "C"),
        ("C", 0.1, "A"),
        (None, 0.2, "A"),
        (None, 0.201, "B"),
        ("A", float("nan"), "C"),
    ],
)
def test_a_class_is_left_and_entered_beyond_the_band(
    held: str | None, position: float, expected: str
) -> None:
    before = pd.Series({"x": held} if held else {}, dtype="str")
    assert steady_classes(pd.Series({"x": position}), before)["x"] == expected


def test_noise_moves_fewer_classes_with_a_band() -> None:
    random = np.random.default_rng(1)
    worth = random.lognormal(0, 1.2, 2000)
    then, now = (pd.Series(worth * random.lognormal(0, 0.15, 2000)) for _ in range(2))
    before = steady_classes(positions(then), pd.Series(dtype="str"))
    moved = {
        band: float((steady_classes(positions(now), before, band=band) != before).mean())
        for band in (0.0, 0.15)
    }
    assert moved[0.15] < 0.75 * moved[0.0]


def test_places_and_causes_by_hand() -> None:
    """Beta falls behind Gamma by buying less; Alpha stays; Gamma rises although it did nothing."""
    then = pd.Series({"alpha": 9.0, "beta": 8.0, "gamma": 5.0})
    now = pd.Series({"alpha": 9.0, "beta": 1.0, "gamma": 5.0})
    found = split_moves(then, then, then, now)
    assert found["before"].tolist() == [0.0, 0.5, 1.0]
    assert found["after"].tolist() == [0.0, 1.0, 0.5]
    assert found["behaviour"].tolist() == [0.0, 0.5, 0.0]
    assert found["peers"].tolist() == [0.0, 0.0, -0.5]
    assert found["cause"].tolist() == ["", "behaviour", "peers"]


def test_data_and_model_are_told_apart() -> None:
    said = pd.Series({"alpha": 9.0, "beta": 8.0})
    swapped = pd.Series({"alpha": 8.0, "beta": 9.0})
    by_data = split_moves(said, swapped, swapped, swapped)
    by_model = split_moves(said, said, swapped, swapped)
    assert by_data["cause"].tolist() == ["data", "data"]
    assert by_model["cause"].tolist() == ["model", "model"]


worth = st.lists(st.integers(-2, 9).map(float), min_size=1, max_size=12)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(worth, st.randoms(use_true_random=False))
def test_causes_add_up_for_any_values(drawn: list[float], random) -> None:
    steps = [pd.Series(random.sample(drawn, len(drawn))) for _ in range(4)]
    found = split_moves(*steps)
    total = found[list(CAUSES)].sum(axis=1)
    np.testing.assert_allclose(total, found["after"] - found["before"], atol=1e-12)
    assert found[["before", "after"]].ge(0).all(axis=None)
    assert found[["before", "after"]].le(1).all(axis=None)
    still = (steps[2] == steps[3]).to_numpy()
    assert (found.loc[still, "behaviour"] == 0).all()
