"""Buyers simulated from the purchase models themselves: what a fit has to recover."""

import numpy as np
import pandas as pd


def bg_nbd_buyers(
    accounts: int, params: tuple[float, ...], *, seed: int = 1, weeks: float = 52.0
) -> pd.DataFrame:
    """Histories of accounts that follow BG/NBD, in whole days, first bought in the first third."""
    r, alpha, a, b = params
    random = np.random.default_rng(seed)
    age = np.floor(random.uniform(2 / 3 * weeks, weeks, accounts) * 7) / 7
    rate = random.gamma(r, 1 / alpha, accounts)
    leaves_after = random.geometric(np.maximum(random.beta(a, b, accounts), 1e-9))
    return _orders(random, age, rate, leaves_after, np.full(accounts, np.inf))


def pareto_nbd_buyers(
    accounts: int, params: tuple[float, ...], *, seed: int = 1, weeks: float = 52.0
) -> pd.DataFrame:
    """Histories of accounts that follow Pareto/NBD, in whole days."""
    r, alpha, s, beta = params
    random = np.random.default_rng(seed)
    age = np.floor(random.uniform(2 / 3 * weeks, weeks, accounts) * 7) / 7
    rate = random.gamma(r, 1 / alpha, accounts)
    life = random.exponential(1, accounts) / random.gamma(s, 1 / beta, accounts)
    return _orders(random, age, rate, np.full(accounts, 10**9), life)


def _orders(
    random: np.random.Generator,
    age: np.ndarray,
    rate: np.ndarray,
    leaves_after: np.ndarray,
    life: np.ndarray,
) -> pd.DataFrame:
    x, last, now = np.zeros(len(age)), np.zeros(len(age)), np.zeros(len(age))
    active = np.arange(len(age))
    while len(active):
        now[active] += random.exponential(1, len(active)) / np.maximum(rate[active], 1e-12)
        active = active[now[active] < np.minimum(age[active], life[active])]
        x[active] += 1
        last[active] = now[active]
        active = active[x[active] < leaves_after[active]]
    last = np.minimum(np.ceil(last * 7) / 7, age)
    return pd.DataFrame({"repeat_orders": x, "last_order": last, "age": age})


def gamma_gamma_spend(
    history: pd.DataFrame, params: tuple[float, ...], *, seed: int = 1
) -> pd.DataFrame:
    """Add a mean spend that follows Gamma-Gamma."""
    p, q, gamma = params
    random = np.random.default_rng(seed)
    own = random.gamma(q, 1 / gamma, len(history))
    x = history["repeat_orders"].to_numpy()
    total = random.gamma(np.maximum(p * x, 1e-9)) / own
    return history.assign(mean_spend=np.where(x > 0, total / np.maximum(x, 1), np.nan))
