"""Accounts whose wallet is known: what it is, and which part of it they spend here."""

import numpy as np
import pandas as pd

from kapkit.models.backtest import capture
from kapkit.models.potential import potential


def wallets(
    seed: int, *, accounts: int = 200, share: float = 0.5, alike: float = 2.0, scatter: float = 0.2
) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Draw wallets that follow size and business, and the part of each that is spent here.

    ``share`` is the mean part; its beta distribution has ``alike`` counts (2 with a mean of .5:
    any part is as likely as any other). ``scatter`` is the log spread of wallets among peers.
    """
    random = np.random.default_rng(seed)
    size = random.lognormal(4, 1, accounts)
    business = random.choice(["shop", "chain", "club"], accounts)
    follows = pd.Series(business).map({"shop": 0.0, "chain": 0.7, "club": -0.7}).to_numpy()
    wallet = np.exp(5 + 0.8 * np.log(size) + follows + random.normal(0, scatter, accounts))
    spent = wallet * random.beta(share * alike, (1 - share) * alike, accounts)
    features = pd.DataFrame({"employees": size, "industry": business})
    return pd.Series(wallet), pd.Series(spent), features


def headroom_caught(seed: int, **world: float) -> tuple[float, float]:
    """Give the part of the true headroom caught by the fifth with most said, and most spend."""
    wallet, spent, features = wallets(seed, **world)  # type: ignore[arg-type]
    said = potential(spent, features).table["headroom"]
    return capture(said, wallet - spent), capture(spent, wallet - spent)
