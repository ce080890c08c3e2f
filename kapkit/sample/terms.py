"""On which terms each account buys."""

import numpy as np
import pandas as pd

from kapkit.sample.world import Floats

DISTRIBUTOR_DISCOUNT = 0.04


def draw_discounts(
    rng: np.random.Generator, population: pd.DataFrame, tastes: Floats, catalogue: pd.DataFrame
) -> Floats:
    """Draw the share of the list price that each account is let off.

    The larger its spend, the more; distributors get a little on top. Accounts that are served
    below cost pay 5 to 15 % less than what their goods cost in the first year.
    """
    spend = population["purchase_rate"] * population["order_value"]
    usual = 0.02 + 0.14 * spend.rank(pct=True) ** 2 + rng.normal(0, 0.01, len(spend))
    usual += DISTRIBUTOR_DISCOUNT * population["channel"].eq("distributor")
    cost_share = tastes @ (catalogue["unit_cost"] / catalogue["price"]).to_numpy()
    losing = 1 - cost_share * rng.uniform(0.85, 0.95, len(spend))
    return np.where(population["below_cost"], losing, usual.clip(lower=0.0))
