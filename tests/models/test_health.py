import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from benchmarks.health import BARS, share_of_attainable
from kapkit.models.floor import floor_of
from kapkit.models.health import fit_health

INPUTS = ["orders", "satisfaction", "complaints"]


def drawn(
    seed: int, *, accounts: int = 400, weights: tuple[float, ...] = (1.5, 0.5, 0.0)
) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    rng = np.random.default_rng(seed)
    inputs = pd.DataFrame(rng.normal(size=(accounts, 3)), columns=INPUTS)
    chance = special.expit(1 + inputs.to_numpy() @ np.array(weights))
    region = pd.Series(rng.choice(["North", "South"], accounts))
    return inputs, pd.Series((rng.random(accounts) < chance).astype(float)), region


def test_weights_are_found() -> None:
    model = fit_health(*drawn(1, accounts=4000))
    in_use = model.weights + model.slopes.mean()
    np.testing.assert_allclose(in_use, [1.5, 0.5, 0.0], atol=0.12)
    assert model.level == pytest.approx(1.0, abs=0.15)
    assert model.learned
    assert not model.wrong


def test_parts_add_up_to_the_log_odds() -> None:
    inputs, outcome, region = drawn(2)
    model = fit_health(inputs, outcome, region)
    odds = special.logit(model.probability(inputs, region))
    parts = model.parts(inputs, region).sum(axis=1)
    levels = model.level + model.levels.reindex(region).to_numpy()
    np.testing.assert_allclose(odds, parts + levels, atol=1e-9)


def test_an_input_that_wants_the_wrong_sign_counts_nothing_and_is_flagged() -> None:
    model = fit_health(*drawn(3, accounts=1500, weights=(1.0, 0.5, -1.0)))
    assert model.weights["complaints"] == 0
    assert model.wrong == ["complaints"]


def test_without_outcomes_weights_are_equal() -> None:
    inputs, outcome, region = drawn(4, accounts=40)
    model = fit_health(inputs, outcome * 0 + 1, region)
    assert not model.learned
    assert model.weights.tolist() == [1 / 3] * 3


def test_few_accounts_hardly_leave_equal_weights() -> None:
    few, many = (fit_health(*drawn(5, accounts=count)) for count in (30, 3000))
    assert np.ptp(few.weights) < 0.6 * np.ptp(many.weights)


def test_a_missing_input_says_nothing() -> None:
    inputs, outcome, region = drawn(6)
    model = fit_health(inputs, outcome, region)
    unknown = inputs.assign(satisfaction=np.nan)
    assert (model.parts(unknown, region)["satisfaction"] == 0).all()
    assert model.parts(unknown, region)["orders"].equals(model.parts(inputs, region)["orders"])


@settings(derandomize=True, deadline=None, max_examples=5)
@given(st.randoms(use_true_random=False), st.floats(0.1, 50.0))
def test_order_names_and_units_do_not_matter(random, unit: float) -> None:
    inputs, outcome, region = drawn(7, accounts=120)
    model = fit_health(inputs, outcome, region)
    order = random.sample(range(len(inputs)), len(inputs))
    renamed = region.map({"North": "Zuid", "South": "Anders"})
    other = fit_health(
        inputs.iloc[order] * unit, outcome.iloc[order], renamed.iloc[order]
    ).probability(inputs * unit, renamed)
    np.testing.assert_allclose(other, model.probability(inputs, region), atol=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("accounts", "worlds"), [(30, 4), (100, 2), (300, 1)])
def test_regions_of_three_sizes_reach_the_bar(accounts: int, worlds: int) -> None:
    said = share_of_attainable(accounts, worlds)
    assert said["pooled"] >= BARS[accounts]
    assert said["pooled"] > 0
    assert said["pooled"] >= said["region alone"] - 0.01


def test_a_floor_is_the_share_that_leaves_without_a_sign() -> None:
    rng = np.random.default_rng(8)
    said = pd.Series(special.expit(rng.normal(-3, 1.5, 20_000)))
    left = rng.random(20_000) < 0.06 + 0.94 * said
    found = floor_of(said, pd.Series(left.astype(float)))
    assert found.share == pytest.approx(0.06, abs=0.012)
    assert found.under(said).min() >= found.share
    assert found.under(said).rank().equals(said.rank())
    assert found.sentence.startswith("No chance is below ")


@pytest.mark.parametrize(("answers", "left"), [(99, 30), (400, 9), (400, 391), (0, 0)])
def test_too_few_answers_put_no_floor(answers: int, left: int) -> None:
    came = pd.Series([1.0] * left + [0.0] * (answers - left))
    said = pd.Series(0.01, came.index)
    found = floor_of(said, came)
    assert found.answers == 0
    assert found.under(said).equals(said)
    assert found.sentence.startswith("Chances are as the model says them")
