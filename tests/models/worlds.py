"""Simulated companies whose elasticity to contacts is known."""

import numpy as np
import pandas as pd

from kapkit.models.response import Panel

TRUE = 0.31


def company(
    seed: int, *, accounts: int = 200, months: int = 36, follows: float = 0.0, true: float = TRUE
) -> Panel:
    """Simulate sales that respond to contacts; large accounts are visited more.

    ``follows`` is how far contacts follow the month's demand.
    """
    rng = np.random.default_rng(seed)
    size = rng.normal(8, 1, (accounts, 1))
    demand = autocorrelated(rng, accounts, months)
    contacts = rng.poisson(np.exp(0.3 + 0.5 * (size - 8) + follows * demand)).astype(float)
    response = np.where(contacts > 0, np.maximum(contacts, 1) ** true, 0.8)
    season = 0.1 * np.sin(np.arange(months))
    sales = np.exp(size + demand + season) * response * rng.gamma(4, 1 / 4, demand.shape)
    names = pd.Index([f"A{number:03}" for number in range(accounts)], name="account_id")
    return Panel(pd.DataFrame(sales, names), pd.DataFrame(contacts, names))


def autocorrelated(
    rng: np.random.Generator, accounts: int, months: int, *, sd: float = 0.4
) -> np.ndarray:
    demand = rng.normal(0, sd, (accounts, months))
    for month in range(1, months):
        demand[:, month] += 0.5 * demand[:, month - 1]
    return demand
