"""What goes with an outcome: known contrasts are found, outliers and chance are kept out."""

import numpy as np
import pandas as pd
import pytest

from kapkit.models.associations import goes_with_chance, goes_with_quantile


def accounts(count: int, seed: int) -> tuple[pd.DataFrame, np.random.Generator]:
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "employees": generator.lognormal(4, 1, count),
            "tenure": generator.uniform(0, 20, count),
            "industry": generator.choice(["Food", "Marine", "Steel"], count),
        }
    )
    return table, generator


def spend_of(features: pd.DataFrame, generator: np.random.Generator) -> pd.Series:
    log = 0.5 * np.log(features["employees"]) + 0.6 * (features["industry"] == "Marine")
    return pd.Series(np.exp(8 + log + generator.normal(0, 0.6, len(features))))


def test_the_effect_of_size_is_found_within_its_interval() -> None:
    held = []
    for seed in range(30):
        features, generator = accounts(300, seed)
        found = goes_with_quantile(spend_of(features, generator), features)
        size = found[found["characteristic"] == "employees"].iloc[0]
        low, high = features["employees"].quantile([0.25, 0.75])
        truth = np.expm1(0.5 * (np.log(high) - np.log(low)))
        held.append(size["low"] < truth < size["high"])
        assert size["stands"]
        assert size["contrast"] == f"{low:,.0f} → {high:,.0f}"
    assert np.mean(held) >= 0.75


def test_levels_are_against_the_mean_account_and_sum_to_nothing() -> None:
    features, generator = accounts(800, 2)
    found = goes_with_quantile(spend_of(features, generator), features)
    levels = found[found["characteristic"] == "industry"].set_index("contrast")
    shares = features["industry"].value_counts(normalize=True)
    assert levels["effect"].idxmax() == "Marine"
    assert (np.log1p(levels["effect"]) * shares).sum() == pytest.approx(0, abs=1e-9)


def test_an_outlier_moves_nothing_much() -> None:
    features, generator = accounts(300, 3)
    spend = spend_of(features, generator)
    wild = spend.copy()
    wild.iloc[spend.argmax()] *= 1e6
    giant = features.copy()
    giant.loc[0, "employees"] = 1e12
    base = goes_with_quantile(spend, features)["effect"]
    assert np.allclose(goes_with_quantile(wild, features)["effect"], base)
    moved = goes_with_quantile(spend, giant).set_index("characteristic")["effect"]["employees"]
    assert moved == pytest.approx(base[found_at(features, spend)], rel=0.25)


def found_at(features: pd.DataFrame, spend: pd.Series) -> int:
    table = goes_with_quantile(spend, features)
    return int(table.index[table["characteristic"] == "employees"][0])


@pytest.mark.slow
def test_chance_intervals_hold_the_truth() -> None:
    """Twenty points for the better half; 90 % intervals cover it in 80 to 98 of 100 worlds."""
    held = []
    for seed in range(100):
        features, generator = accounts(150, seed)
        chance = 0.4 + 0.02 * (features["tenure"] - 10)
        came = pd.Series((generator.random(150) < chance).astype(float))
        row = goes_with_chance(came, features).set_index("characteristic").loc["tenure"]
        low, high = features["tenure"].quantile([0.25, 0.75])
        truth = 0.02 * (high - low)
        held.append(row["low"] <= truth <= row["high"])
    assert 0.8 <= np.mean(held) <= 0.98


def test_noise_seldom_stands() -> None:
    stands = 0
    for seed in range(40):
        features, generator = accounts(150, seed)
        found = goes_with_chance(pd.Series(generator.integers(0, 2, 150).astype(float)), features)
        stands += int(found["stands"].any())
    assert stands <= 10


@pytest.mark.parametrize("count", [0, 1, 59])
def test_few_accounts_tell_nothing(count: int) -> None:
    features, generator = accounts(count, 1)
    assert goes_with_quantile(spend_of(features, generator), features).empty
    assert goes_with_chance(pd.Series(np.arange(count) % 2.0), features).empty


def test_missing_and_constant_columns_are_no_trouble() -> None:
    features, generator = accounts(200, 6)
    spend = spend_of(features, generator)
    odd = features.assign(
        tenure=features["tenure"].where(np.arange(200) % 3 > 0),
        industry=features["industry"].where(np.arange(200) % 5 > 0),
        same=1.0,
        twin=features["employees"],
        empty=np.nan,
    )
    found = goes_with_quantile(spend, odd)
    assert set(found["characteristic"]) == {"employees", "tenure", "industry"}
    assert found[["effect", "low", "high"]].notna().all(axis=None)
    assert "not known" not in set(found["contrast"])
