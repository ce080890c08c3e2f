"""BG/NBD, Pareto/NBD, Gamma-Gamma: published values, gradients, recovery, limits."""

import datetime as dt
import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from kapkit.book.errors import DataError
from kapkit.models.bg_nbd import BGNBD
from kapkit.models.counted_likelihood import CountedResults
from kapkit.models.gamma_gamma import GammaGamma, spend_per_order
from kapkit.models.order_history import order_history
from kapkit.models.pareto_nbd import ParetoNBD
from tests.models.buyers import bg_nbd_buyers, gamma_gamma_spend, pareto_nbd_buyers
from tests.regions import DAY, bought

PUBLISHED = pd.read_csv(
    Path(__file__).parents[1] / "reference" / "purchase_models.csv", comment="#"
).set_index(["model", "quantity"])
MODELS = [BGNBD, ParetoNBD]
ALL = [*MODELS, GammaGamma]
CUSTOMER = pd.DataFrame(
    {"repeat_orders": [2.0], "last_order": [30.43], "age": [38.86], "mean_spend": [22.345]}
)


def test_cdnow_is_the_published_sample(cdnow_history: pd.DataFrame) -> None:
    x = cdnow_history["repeat_orders"]
    assert (len(x), x.sum(), (x == 0).sum()) == (2357, 2457, 1411)


def followed(cdnow: pd.DataFrame) -> pd.Series:
    later = cdnow[(cdnow["date"] > "1997-09-30") & (cdnow["date"] <= "1998-06-30")]
    return later.groupby("account_id").size()


@pytest.fixture(scope="module")
def fits(cdnow_history: pd.DataFrame) -> dict[type, CountedResults]:
    return {model: model(cdnow_history).fit() for model in ALL}


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.title)
def test_published_values(
    model: type, cdnow: pd.DataFrame, cdnow_history: pd.DataFrame, fits: dict[type, CountedResults]
) -> None:
    fitted = fits[model]
    found = {**dict(zip(model.names, fitted.params, strict=True)), "log_likelihood": fitted.llf}
    if model is GammaGamma:
        found["mean_spend"] = fitted.mean_spend
        found["customer_spend"] = fitted.expected_spend(CUSTOMER).item()
    else:
        orders = fitted.expected_orders(cdnow_history, 39.0)
        actual = followed(cdnow).reindex(orders.index, fill_value=0)
        assert actual.sum() == 1882
        found["customer_orders"] = fitted.expected_orders(CUSTOMER, 39.0).item()
        found["customer_alive"] = fitted.p_alive(CUSTOMER).item()
        found["holdout_orders"] = orders.sum()
        found["holdout_error"] = (orders - actual).abs().mean()
    for row in PUBLISHED.loc[model.title].itertuples():
        # One unit of the last printed digit: the source's own optimiser stopped there.
        assert found[row.Index] == pytest.approx(row.value, abs=1.01 * 10.0**-row.digits), row


def test_standard_errors_of_pareto_nbd(fits: dict[type, CountedResults]) -> None:
    """As given in the literature."""
    np.testing.assert_allclose(fits[ParetoNBD].bse, [0.0476, 0.8427, 0.1873, 6.2105], rtol=1e-3)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.title)
def test_summary_and_pickle_hold_the_fit(model: type, fits: dict[type, CountedResults]) -> None:
    fitted = fits[model]
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    np.testing.assert_array_equal(again.params, fitted.params)
    assert again.sentence == fitted.sentence
    shown = str(fitted.summary())
    assert all(f"\n{name} " in shown for name in model.names)
    assert "converged, 3 of 3 starts agree" in fitted.sentence


@st.composite
def histories(draw: st.DrawFn) -> pd.DataFrame:
    count = draw(st.integers(1, 6))
    age = [draw(st.integers(1, 70)) for _ in range(count)]
    x = [draw(st.integers(0, 40)) for _ in range(count)]
    last = [draw(st.integers(0, t)) if n else 0 for n, t in zip(x, age, strict=True)]
    mean = [draw(st.floats(0.1, 1000)) if n else np.nan for n in x]
    return pd.DataFrame(
        {"repeat_orders": x, "last_order": last, "age": age, "mean_spend": mean}, dtype=float
    )


def positive(size: int) -> st.SearchStrategy[list[float]]:
    logs = st.lists(st.floats(-4, 4), min_size=size, max_size=size)
    return logs.map(lambda values: [float(np.exp(value)) for value in values])


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.title)
@settings(max_examples=40, deadline=None)
@given(history=histories(), data=st.data())
def test_gradient_is_that_of_the_likelihood(
    model: type[BGNBD], history: pd.DataFrame, data: st.DataObject
) -> None:
    if model is GammaGamma and not history["repeat_orders"].any():
        return
    fit = model(history)
    params = np.array(data.draw(positive(len(model.names))))
    step = np.diag(params * 1e-5)
    numeric = [(fit.loglike(params + h) - fit.loglike(params - h)) / 2e-5 for h in step]
    size = max(1.0, abs(fit.loglike(params)), float(np.abs(numeric).max()))
    np.testing.assert_allclose(fit.score(params) * params, numeric, atol=2e-6 * size)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.title)
@settings(max_examples=20, deadline=None)
@given(history=histories(), data=st.data())
@pytest.mark.slow
def test_order_of_rows_and_splitting_of_counts_change_nothing(
    model: type[BGNBD], history: pd.DataFrame, data: st.DataObject
) -> None:
    if model is GammaGamma and not history["repeat_orders"].any():
        return
    params = np.array(data.draw(positive(len(model.names))))
    counts = pd.Series(data.draw(st.lists(st.integers(1, 5), min_size=6, max_size=6)), dtype=float)
    counts = counts.iloc[: len(history)]
    repeated = history.loc[history.index.repeat(counts.astype(int))]
    shuffled = repeated.sample(frac=1, random_state=1)
    whole = model(history, counts).loglike(params)
    assert model(shuffled).loglike(params) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.title)
@settings(max_examples=30, deadline=None)
@given(history=histories(), params=positive(4), horizon=st.floats(0.1, 200))
def test_predictions_are_probabilities_and_orders(
    model: type[BGNBD], history: pd.DataFrame, params: list[float], horizon: float
) -> None:
    rows = history[model.columns].to_numpy().T
    orders = model.expected_orders(np.array(params), rows, horizon)
    more = model.expected_orders(np.array(params), rows, 2 * horizon)
    alive = model.p_alive(np.array(params), rows)
    some = model.p_order(np.array(params), rows, horizon)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert (some <= alive + 1e-9).all()
    assert (some >= 0).all()
    # P(at least one) is at most the expected number.
    assert (some <= orders * (1 + 1e-6) + 1e-9).all()
    assert (more >= orders * (1 - 1e-9)).all()


@pytest.mark.parametrize("scales", [(10.6, 11.7), (165.0, 3.0), (0.4, 80.0)])
@pytest.mark.parametrize("x", [0.0, 3.0, 40.0])
def test_pareto_nbd_integral_against_quadpack(scales: tuple[float, float], x: float) -> None:
    alpha, beta = scales
    r, s, last, age = 0.5, 0.6, 5.0 if x else 0.0, 50.0
    rows = np.array([[x], [last], [age]])
    found = ParetoNBD.terms(np.array([r, alpha, s, beta]), rows)[0].item()

    def gone(y: float) -> float:
        return ((alpha + y) / (alpha + last)) ** -(r + x) * (beta + y) ** -(s + 1)

    parts = np.concatenate([[last], last + np.geomspace(0.01, age - last, 8)])
    left = sum(quad(gone, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in pairwise(parts))
    alive = ((alpha + age) / (alpha + last)) ** -(r + x) * (beta + age) ** -s
    constant = np.sum(np.log(r + np.arange(x))) + r * np.log(alpha) + s * np.log(beta)
    expected = constant - (r + x) * np.log(alpha + last) + np.log(alive + s * left)
    assert found == pytest.approx(expected, rel=1e-9)


def test_expected_orders_hold_where_the_papers_formula_is_nought_over_nought() -> None:
    rows = np.array([[3.0], [20.0], [40.0]])
    for orders in (BGNBD.expected_orders, ParetoNBD.expected_orders):
        params = np.array([0.5, 6.0, 1.0, 2.5])
        beside = np.array([np.where(np.arange(4) == 2, 1 + d, params) for d in (-1e-5, 1e-5)])
        low, high = (orders(side, rows, 26.0).item() for side in beside)
        assert orders(params, rows, 26.0).item() == pytest.approx((low + high) / 2, rel=1e-7)


@pytest.mark.parametrize(
    ("model", "simulate", "truth"),
    [
        (BGNBD, bg_nbd_buyers, (0.5, 8.0, 0.8, 2.5)),
        (ParetoNBD, pareto_nbd_buyers, (0.6, 10.0, 0.6, 12.0)),
    ],
    ids=["BG/NBD", "Pareto/NBD"],
)
@pytest.mark.slow
def test_truth_is_recovered_within_its_errors(model, simulate, truth: tuple[float, ...]) -> None:
    fitted = model(simulate(20_000, truth)).fit()
    assert fitted.converged
    distance = (np.log(fitted.params) - np.log(truth)) / (fitted.bse / fitted.params)
    assert np.abs(distance).max() < 3.5


def test_gamma_gamma_recovers_the_truth() -> None:
    buyers = gamma_gamma_spend(bg_nbd_buyers(5000, (2.0, 8.0, 0.8, 2.5)), (6.0, 3.7, 15.0))
    fitted = GammaGamma(buyers).fit()
    assert np.abs((fitted.params - [6.0, 3.7, 15.0]) / fitted.bse).max() < 3
    assert fitted.usable


def test_accounts_that_never_leave_put_the_model_on_its_bound() -> None:
    nobody_leaves = pareto_nbd_buyers(400, (2.0, 20.0, 5.0, 1e7), seed=3)
    fitted = BGNBD(nobody_leaves).fit()
    assert not fitted.converged
    assert fitted.at_boundary
    ran = " and ".join(fitted.at_boundary)
    assert fitted.sentence == (
        f"BG/NBD fitted on 400 accounts: {ran} ran to the bound, so the data do not determine the "
        "model."
    )
    assert np.isnan(fitted.bse).all()


def test_unit_of_time_does_not_matter(
    cdnow_history: pd.DataFrame, fits: dict[type, CountedResults]
) -> None:
    days = cdnow_history.assign(
        last_order=cdnow_history["last_order"] * 7, age=cdnow_history["age"] * 7
    )
    daily = BGNBD(days).fit()
    np.testing.assert_allclose(daily.params, fits[BGNBD].params * [1, 7, 1, 1], rtol=1e-5)


def test_spend_falls_back_where_gamma_gamma_does_not_hold() -> None:
    """All spend alike: q runs away, and the credibility mean gives what everyone spends."""
    random = np.random.default_rng(1)
    x = random.integers(1, 20, 200)
    alike = pd.DataFrame(
        {"repeat_orders": x, "mean_spend": 100 * np.exp(random.normal(0, 0.3 / np.sqrt(x)))}
    )
    never = pd.DataFrame({"repeat_orders": [0], "mean_spend": [np.nan]}, index=["never"])
    found = spend_per_order(pd.concat([alike, never]))
    assert found.model == "credibility mean"
    assert found.expected_spend["never"] == pytest.approx(100, rel=0.03)
    assert found.expected_spend.between(90, 110).all()


def test_nothing_to_fit_is_said() -> None:
    empty = pd.DataFrame(columns=["repeat_orders", "last_order", "age", "mean_spend"], dtype=float)
    with pytest.raises(DataError) as error:
        BGNBD(empty)
    assert str(error.value) == "BG/NBD: there is no account to fit it on"
    row = pd.DataFrame({"repeat_orders": [1.0], "last_order": [np.nan], "age": [5.0]})
    with pytest.raises(DataError) as error:
        BGNBD(row)
    assert str(error.value) == (
        "BG/NBD: 1 distinct row of the history are missing or negative; leave them out"
    )
    assert spend_per_order(empty).sentence == "No repeat orders to expect a spend from."


def test_order_history_by_hand() -> None:
    days = bought(
        ("a", dt.date(2026, 6, 2), 100.0),
        ("a", dt.date(2026, 6, 9), 40.0),
        ("a", dt.date(2026, 6, 16), 60.0),
        ("a", dt.date(2026, 6, 20), -30.0),
        ("b", dt.date(2026, 6, 23), 7.0),
        ("c", dt.date(2026, 6, 23), -7.0),
        ("b", DAY + dt.timedelta(days=1), 7.0),
    )
    found = order_history(days, pd.Index(["b", "c", "a", "never"]), as_of=DAY)
    expected = pd.DataFrame(
        {
            "repeat_orders": [0, 2],
            "last_order": [0.0, 2.0],
            "age": [1.0, 4.0],
            "mean_spend": [np.nan, 50.0],
        },
        index=pd.Index(["b", "a"]),
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_names=False)
