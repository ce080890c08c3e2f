import math

import numpy as np
import pandas as pd
import pytest

from kapkit.book.errors import DataError
from kapkit.models.pilot import Pilot, design_pilot
from kapkit.models.poisson import poisson_slopes
from kapkit.models.response import Panel
from tests.models.worlds import TRUE, autocorrelated


def region(seed: int, accounts: int = 120, months: int = 12) -> tuple[pd.DataFrame, np.ndarray]:
    """Make accounts and 18 months of the sales they have without any pilot."""
    rng = np.random.default_rng(seed)
    size = rng.normal(8, 0.8, accounts)
    demand = autocorrelated(rng, accounts, months + 6, sd=0.25)
    sales = np.exp(size[:, None] + demand)
    table = pd.DataFrame(
        {
            "owner": rng.choice(["Ada", "Ben"], accounts),
            "class": np.where(size > 8.6, "A", "B"),
            "today": np.round(np.exp(2.3 + 0.3 * (size - 8))),
            "sales": 12 * np.exp(size),
        },
        index=pd.Index([f"A{number:03}" for number in range(accounts)], name="account_id"),
    )
    return table, sales


def design(seed: int, **options: float) -> tuple[Pilot, np.ndarray]:
    accounts, sales = region(seed)
    past = pd.DataFrame(sales[:, :12], accounts.index)
    return design_pilot(accounts, Panel(past, past), seed=seed, **options), sales


def test_pairs_are_alike_and_split() -> None:
    pilot, _ = design(1)
    drawn = pilot.table.dropna(subset="pair")
    for _, pair in drawn.groupby("pair"):
        assert sorted(pair["arm"]) == ["less", "more"]
        assert len(set(pair["stratum"])) == 1
    assert (
        drawn.loc[drawn["arm"] == "more", "pilot"]
        .div(drawn["today"])
        .dropna()
        .round(9)
        .eq(1.4)
        .all()
    )
    hours = drawn.groupby("stratum")[["today", "pilot"]].sum()
    assert (hours["pilot"] / hours["today"]).between(0.9, 1.1).all()


def test_the_same_seed_draws_the_same_lots_and_another_others() -> None:
    accounts, sales = region(1)
    past = Panel(pd.DataFrame(sales[:, :12], accounts.index), pd.DataFrame())
    one, again, other = (design_pilot(accounts, past, seed=seed).table for seed in (7, 7, 8))
    shuffled = design_pilot(accounts.sample(frac=1, random_state=3), past, seed=7).table
    pd.testing.assert_frame_equal(one, again)
    pd.testing.assert_frame_equal(one, shuffled.reindex(one.index))
    assert not one["arm"].equals(other["arm"])


def test_accounts_without_contacts_stay_as_they_are() -> None:
    accounts, sales = region(2)
    accounts.iloc[:5, accounts.columns.get_loc("today")] = 0.0
    past = pd.DataFrame(sales[:, :12], accounts.index)
    pilot = design_pilot(accounts, Panel(past, past), seed=1)
    assert pilot.table["arm"].iloc[:5].eq("unchanged").all()
    assert pilot.table["pair"].iloc[:5].isna().all()


def outcome(seed: int) -> tuple[float, float, float]:
    """Run a pilot against the truth: estimate, its error, the error that was foretold."""
    pilot, sales = design(seed)
    times = np.log(pilot.table["pilot"] / pilot.table["today"]).to_numpy()
    effort = times[:, None] * (np.arange(12) >= 6)
    slopes, covariance = poisson_slopes(sales[:, 6:] * np.exp(TRUE * effort), [effort])
    return slopes[0], math.sqrt(covariance[0, 0]), pilot.error


@pytest.mark.slow
def test_a_pilot_finds_the_truth_and_foretells_its_error() -> None:
    found = np.array([outcome(seed) for seed in range(300)])
    assert abs(found[:, 0].mean() - TRUE) <= 0.01
    assert 0.92 <= (np.abs(found[:, 0] - TRUE) < 1.96 * found[:, 1]).mean() <= 0.98
    assert np.median(found[:, 2]) == pytest.approx(found[:, 0].std(), rel=0.15)


def test_a_longer_or_bolder_pilot_shows_more() -> None:
    mild, bold = design(3, change=0.2)[0], design(3, change=0.4)[0]
    assert mild.error > bold.error
    assert mild.power < bold.power
    assert bold.sentence.startswith("59 pairs of accounts, one of each drawn to get 40 % more")


def test_a_short_past_cannot_tell() -> None:
    accounts, sales = region(1)
    past = pd.DataFrame(sales[:, :11], accounts.index)
    pilot = design_pilot(accounts, Panel(past, past), seed=1)
    assert math.isnan(pilot.error)
    assert math.isnan(pilot.power)
    assert pilot.sentence.endswith("too few, to tell what it would show.")


def test_a_change_beyond_bounds_is_refused() -> None:
    accounts, sales = region(1)
    past = pd.DataFrame(sales, accounts.index)
    with pytest.raises(DataError, match=r"change: 1.5 is not between 0 and 1"):
        design_pilot(accounts, Panel(past, past), seed=1, change=1.5)
