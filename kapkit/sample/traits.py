"""The latent traits of accounts that no CRM shows: how they buy, and until when."""

import numpy as np
import pandas as pd

from kapkit.sample.world import DAYS_A_YEAR, REGIONS, Floats, Window

NEVER_BOUGHT_SHARE = 0.03
BELOW_COST_SHARE = 0.03
LARGE_REGION = 60
FAVOURED_RANKS = [2, 3]


def draw_traits(rng: np.random.Generator, people: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Draw how each account buys.

    Returns
    -------
    DataFrame indexed like ``people``
        ``purchase_rate`` (orders a year, gamma; 0 where it never buys), ``order_value`` (mean on
        the window's first day, log-normal), ``trend`` (log growth of it a year), ``leave_rate``
        (a year, gamma), ``joined`` and ``left`` (day numbers; infinite where it stays for good),
        ``wallet`` (what it could spend a year), ``below_cost`` (its terms lose money).
    """
    count = len(people)
    level = people["region"].map({r.name: r.level for r in REGIONS}).to_numpy()
    rate = rng.gamma(3.0, 10.0 / 3.0, count)
    value = np.maximum(1000 * level * rng.lognormal(0, 1.08, count), 150.0)
    leave_rate = rng.gamma(2.0, 0.04, count)
    joined = _joined(rng, count, window)
    left = np.ceil(joined + rng.exponential(1 / leave_rate) * DAYS_A_YEAR)
    never = rng.permutation(count) < round(NEVER_BOUGHT_SHARE * count)
    traits = pd.DataFrame(
        {
            "purchase_rate": np.where(never, 0.0, rate),
            "order_value": value,
            "trend": _trend(rng, count),
            "leave_rate": leave_rate,
            "joined": joined,
            "left": np.where(never, np.inf, left),
            "wallet": rate * value / rng.beta(4, 3, count),
            "below_cost": rng.random(count) < BELOW_COST_SHARE,
        },
        people.index,
    )
    return _favour_large(traits, people["region"])


def _joined(rng: np.random.Generator, count: int, window: Window) -> Floats:
    """Draw the first day of buying: day 0 for the old accounts, later for one in four."""
    newcomer = rng.random(count) < 0.25
    return np.where(newcomer, rng.integers(0, int(0.9 * window.as_of_day), count), 0.0)


def _trend(rng: np.random.Generator, count: int) -> Floats:
    """Draw the yearly log growth: one in five grows, one in five fades, the rest stay."""
    mood = rng.choice([0.22, -0.35, 0.0], count, p=[0.2, 0.2, 0.6])
    return np.asarray(mood + rng.normal(0, 0.05, count), dtype=np.float64)


def _favour_large(traits: pd.DataFrame, region: pd.Series) -> pd.DataFrame:
    """Let some of the largest accounts of the large regions stay, steady, on terms that lose."""
    spend = (traits["purchase_rate"] * traits["order_value"]).where(traits["joined"].eq(0), 0)
    rank = spend.groupby(region).rank(ascending=False, method="first")
    large = region.map(region.value_counts()) >= LARGE_REGION
    favoured = large & rank.isin(FAVOURED_RANKS)
    return traits.assign(
        below_cost=traits["below_cost"] | favoured,
        trend=traits["trend"].mask(favoured, 0.0),
        left=traits["left"].mask(favoured, np.inf),
    )
