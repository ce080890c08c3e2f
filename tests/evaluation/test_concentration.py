import numpy as np
import pandas as pd
import pytest

from kapkit.evaluation.concentration import concentration, whale_band
from kapkit.evaluation.cost_to_serve import cost_to_serve
from kapkit.evaluation.profit import profit_contribution
from kapkit.evaluation.rate_sensitivity import rate_sensitivity
from tests.evaluation.serving import rates, uses
from tests.regions import DAY, bought

NAMES = pd.Index(list("abcd"), name="account_id")
SALES = (
    ("a", DAY, 60.0, 20.0),
    ("b", DAY, 30.0, 0.0),
    ("c", DAY, 10.0, 5.0),
    ("d", DAY, -4.0, 0.0),
)


def test_shares_herfindahl_and_what_losing_costs() -> None:
    used = uses(("a", DAY, "visit", 4.0), ("b", DAY, "visit", 2.0))
    served = cost_to_serve(used, rates(("visit", 3.0, None)), as_of=DAY)
    contribution = profit_contribution(bought(*SALES), NAMES, as_of=DAY, served=served)
    found = concentration(contribution, currency="EUR")
    assert found.shares == pytest.approx({1: 0.6, 3: 1.0, 10: 1.0})
    assert found.herfindahl == pytest.approx(0.36 + 0.09 + 0.01)
    assert found.table["contribution"].to_dict() == {"a": 28.0, "b": 24.0, "c": 5.0, "d": -4.0}
    assert found.table.loc["a", "margin"] == 40
    assert found.sentence == (
        "The largest account brings 60 % of revenue, the three largest 100 %, the ten largest "
        "100 %; revenue is as concentrated as that of 2.2 accounts of one size. Losing the one "
        "that earns most would cost 28.0 to 40.0 EUR a year, the more the less of its cost to "
        "serve goes with it."
    )


def test_nobody_bought() -> None:
    found = concentration(profit_contribution(bought(), NAMES, as_of=DAY))
    assert np.isnan(found.herfindahl)
    assert found.sentence == (
        "Nobody bought in the last twelve months, so nothing hangs on few accounts."
    )


def test_the_band_covers_other_draws_of_accounts() -> None:
    """Regions of 200 accounts drawn from a large one: the curve's end and middle are inside."""
    rng = np.random.default_rng(2)
    every = rng.lognormal(0, 1, 200_000) - 1.0
    middle = np.sort(every)[::-1][: len(every) // 2].mean() * 100
    inside = []
    for seed in range(60):
        band = whale_band(pd.Series(rng.choice(every, 200)), seed=seed)
        truth = {100: middle, 200: every.mean() * 200}
        inside += [band.loc[at, "low"] <= is_ <= band.loc[at, "high"] for at, is_ in truth.items()]
    assert 0.70 < np.mean(inside) < 0.90


def test_the_band_of_nobody_is_empty() -> None:
    assert whale_band(pd.Series([float("nan")])).to_numpy().tolist() == [[0.0, 0.0, 0.0]]


def test_a_rate_that_turns_an_account() -> None:
    """b earns 2 after 10 of visits: a quarter more and it loses."""
    sales = [("a", DAY, 100.0, 0.0), ("b", DAY, 12.0, 0.0), ("c", DAY, 1.0, 0.0)]
    used = uses(("b", DAY, "visit", 10.0), ("a", DAY, "call", 1.0))
    served = cost_to_serve(used, rates(("visit", 1.0, None), ("call", 1.0, None)), as_of=DAY)
    contribution = profit_contribution(bought(*sales), NAMES[:3], as_of=DAY, served=served)
    found = rate_sensitivity(contribution)
    assert found.table.loc[("b", "visit"), ["rank", "rank_higher", "rank_lower"]].tolist() == [
        2,
        3,
        2,
    ]
    assert found.table.loc[("b", "visit"), "loses_higher"]
    assert found.drivers["turned"].to_dict() == {"visit": 1, "call": 0}
    assert found.sentence == (
        "Ranks are firm: no rate, changed by 25 %, moves an account by three ranks; 1 account "
        "turns between earning and losing."
    )


def test_without_cost_to_serve_no_rate_matters() -> None:
    found = rate_sensitivity(profit_contribution(bought(*SALES), NAMES, as_of=DAY))
    assert found.table.empty
    assert found.sentence == "Without cost to serve no rate moves a rank."


def test_one_rate_that_moves_many() -> None:
    """Ten accounts a step apart; the first is served dearly."""
    names = pd.Index([f"a{number}" for number in range(10)], name="account_id")
    sales = [(name, DAY, 100.0 - number, 0.0) for number, name in enumerate(names)]
    sales[0] = ("a0", DAY, 110.0, 0.0)
    served = cost_to_serve(uses(("a0", DAY, "visit", 12.0)), rates(("visit", 1.0, None)), as_of=DAY)
    found = rate_sensitivity(profit_contribution(bought(*sales), names, as_of=DAY, served=served))
    assert found.drivers.loc["visit"].tolist() == [1, 0, 3.0]
    assert found.sentence == (
        "The rate that matters most is that of visit: changed by 25 %, it moves 1 of 10 accounts "
        "by three ranks or more, the furthest by 3; 0 accounts turn between earning and losing."
    )
