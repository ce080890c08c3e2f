import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from kapkit.cultivation.heap import choose, concave_hull

steps = st.just((0, 0)) | st.tuples(st.integers(0, 30), st.integers(1, 30))
problems = st.tuples(
    st.integers(1, 2),
    st.lists(st.lists(steps, min_size=4, max_size=4), min_size=2, max_size=5),
    st.floats(0, 1),
)


def drawn(problem: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    owners, rows, share = problem
    gain, hours = np.array(rows, float).cumsum(axis=1).transpose(2, 0, 1)
    owner = np.arange(len(rows)) % owners
    least, most = (np.bincount(owner, hours[:, end], owners) for end in (0, -1))
    return gain, hours, owner, least + share * (most - least)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(problems)
def test_no_hours_are_exceeded_and_nothing_beats_the_bound(problem: tuple) -> None:
    gain, hours, owner, capacity = drawn(problem)
    chosen = choose(gain, hours, owner, capacity)
    rows = np.arange(len(gain))
    used = np.bincount(owner, hours[rows, chosen.level], len(capacity))
    assert (used <= capacity + 1e-9).all()
    assert chosen.gain == pytest.approx(gain[rows, chosen.level].sum())
    best = max(
        gain[rows, list(levels)].sum()
        for levels in itertools.product(range(gain.shape[1]), repeat=len(gain))
        if (np.bincount(owner, hours[rows, list(levels)], len(capacity)) <= capacity + 1e-9).all()
    )
    assert chosen.gain <= best + 1e-6 <= chosen.bound + 2e-6
    widest = max((hours[:, -1] - hours[:, 0]).max(), 1e-9)
    assert best - chosen.gain <= (chosen.price * widest).sum() + 1e-6


@settings(derandomize=True, deadline=None, max_examples=30)
@given(problems)
def test_the_bound_and_the_prices_are_those_of_the_linear_programme(problem: tuple) -> None:
    gain, hours, owner, capacity = drawn(problem)
    rows, levels = gain.shape
    one = np.kron(np.eye(rows), np.ones(levels))
    used = np.zeros((len(capacity), rows * levels))
    used[np.repeat(owner, levels), np.arange(rows * levels)] = hours.ravel()
    found = linprog(-gain.ravel(), used, capacity, one, np.ones(rows))
    assert choose(gain, hours, owner, capacity).bound == pytest.approx(-found.fun, abs=1e-6)


def test_the_price_is_what_one_more_hour_would_bring() -> None:
    rng = np.random.default_rng(1)
    hours = np.tile(np.arange(5.0), (400, 1))
    gain = np.cumsum(np.c_[np.zeros(400), np.sort(rng.random((400, 4)))[:, ::-1]], axis=1)
    owner = np.zeros(400, int)
    here, more = (choose(gain, hours, owner, np.array([capacity])) for capacity in (700.0, 701.0))
    assert more.gain - here.gain == pytest.approx(here.price[0], rel=1e-9)


def test_an_s_shape_is_leapt_over_where_a_greedy_walk_stops() -> None:
    gain = np.array([[0.0, 1, 2, 30], [0, 4, 5, 6]])
    hours = np.tile([0.0, 1, 2, 3], (2, 1))
    assert choose(gain, hours, np.array([0, 0]), np.array([3.0])).level.tolist() == [3, 0]


def test_hours_that_bring_nothing_are_not_spent() -> None:
    chosen = choose(
        np.zeros((2, 3)), np.tile([0.0, 1, 2], (2, 1)), np.array([0, 0]), np.array([9.0])
    )
    assert chosen.level.tolist() == [0, 0]
    assert chosen.price.tolist() == [0.0]


def test_levels_that_are_the_same_are_one() -> None:
    gain, hours = np.array([[0.0, 2, 3, 3, 3]]), np.array([[1.0, 2, 4, 4, 4]])
    assert concave_hull(gain, hours)[0].sum() == 3
    assert choose(gain, hours, np.array([0]), np.array([4.0])).gain == 3
