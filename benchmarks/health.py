"""How much of what can be known does the health score learn from 30, 100 or 300 accounts a region?

Simulated companies of ten regions, eight inputs, weights that differ by region. Prints the share of
the attainable gain in log loss (over knowing each region's rate) of the pooled score, of equal
weights and of a plain logistic regression of each region alone; bars in brackets.
"""

import sys

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import special

from kapkit.models.health import HealthModel, fit_health

BARS = {30: 0.73, 100: 0.85, 300: 0.94}
REGIONS, INPUTS, JUDGED = 10, 8, 500
Array = NDArray[np.float64]


def world(seed: int, accounts: int) -> tuple[pd.DataFrame, pd.Series, Array, Array]:
    """Draw inputs, regions, true chances, outcomes: learning rows, then those that judge."""
    rng = np.random.default_rng(seed)
    weights = np.clip(rng.normal(0.45, 0.35, INPUTS), 0, None)
    level = 1.4 + rng.normal(0, 0.6, REGIONS)
    slopes = rng.normal(0, 0.3, (REGIONS, INPUTS))
    where = np.concatenate([np.repeat(np.arange(REGIONS), size) for size in (accounts, JUDGED)])
    common = rng.normal(size=(len(where), 1))
    z = np.sqrt(0.3) * common + np.sqrt(0.7) * rng.normal(size=(len(where), INPUTS))
    chance = special.expit(level[where] + (z * (weights + slopes[where])).sum(axis=1))
    came = (rng.random(len(where)) < chance).astype(float)
    return pd.DataFrame(z).add_prefix("x"), pd.Series(where), chance, came


def shares(seed: int, accounts: int) -> tuple[dict[str, float], float]:
    """Give the gain in log loss of each way in one world, and the attainable one."""
    z, where, chance, came = world(seed, accounts)
    told = slice(0, accounts * REGIONS)
    asked = slice(accounts * REGIONS, None)
    model = fit_health(z[told], pd.Series(came[told]), where[told])
    z_asked, where_asked, truth = z[asked], where[asked], chance[asked]
    rate = pd.Series(truth).groupby(where_asked.to_numpy()).transform("mean").to_numpy()
    ways = {
        "pooled": model.probability(z_asked, where_asked).to_numpy(),
        "equal weights": _equal(model, z_asked, where_asked),
        "region alone": _alone(z[told], came[told], where[told], z_asked, where_asked),
    }
    base = _loss(rate, truth)
    return {way: base - _loss(said, truth) for way, said in ways.items()}, base - _loss(
        truth, truth
    )


def _equal(model: HealthModel, z: pd.DataFrame, where: pd.Series) -> Array:
    odds = model.equal * model.standardised(z).sum(axis=1) + model.level
    return np.asarray(special.expit(odds + model.levels.reindex(where).to_numpy()))


def _alone(
    z: pd.DataFrame, came: Array, where: pd.Series, asked: pd.DataFrame, where_asked: pd.Series
) -> Array:
    """Fit each region by itself; a touch of ridge where outcomes are separated."""
    said = np.empty(len(asked))
    for region in where.unique():
        here, there = (where == region).to_numpy(), (where_asked == region).to_numpy()
        fitted = sm.GLM(came[here], sm.add_constant(z[here]), family=sm.families.Binomial())
        params = fitted.fit_regularized(alpha=1e-3, L1_wt=0.0).params
        said[there] = special.expit(sm.add_constant(asked[there]) @ params)
    return said


def _loss(said: Array, truth: Array) -> float:
    bounded = np.clip(said, 1e-6, 1 - 1e-6)
    return float(-(truth * np.log(bounded) + (1 - truth) * np.log(1 - bounded)).mean())


def share_of_attainable(accounts: int, worlds: int) -> dict[str, float]:
    """Give each way's share of the attainable gain, over several worlds."""
    found = [shares(seed, accounts) for seed in range(worlds)]
    whole = sum(gain for _, gain in found)
    return {way: sum(gains[way] for gains, _ in found) / whole for way in found[0][0]}


if __name__ == "__main__":
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for accounts, bar in BARS.items():
        said = share_of_attainable(accounts, worlds)
        words = ", ".join(f"{way} {share:.2f}" for way, share in said.items())
        sys.stdout.write(f"{accounts} accounts a region: {words} [pooled >= {bar}]\n")
