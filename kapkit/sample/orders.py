"""When accounts order and for how much: regular re-orders, faster or slower with their pace."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kapkit.sample.world import INDUSTRIES, Floats, Ints, industry_code

ORDER_VALUE_SD = 0.45
MOST_PACE = 3.0
SEVERITIES = ("low", "medium", "high")
SEVERITY_SHARES = (0.5, 0.35, 0.15)
DAMAGE = np.array([0.0, 0.2, 0.4, 0.8])


@dataclass(frozen=True)
class Orders:
    """The orders that accounts make when their clock reaches them, by account and time.

    Attributes
    ----------
    accounts : int
        Number of accounts.
    account : array of int
        Position of the account of each order.
    due : array of float
        Time on the account's clock, in mean gaps between orders.
    worth : array of float
        Value against the account's mean.
    bad : array of int
        0 where it is delivered well, else how badly: 1 to 3.
    """

    accounts: int
    account: Ints
    due: Floats
    worth: Floats
    bad: Ints

    def reached(self, clock: Floats, month: int) -> Ints:
        """Give the end of each account's orders up to its clock at the end of a month."""
        inside = np.minimum(clock, 0.999 * self._stride)
        apart = np.arange(self.accounts) * self._stride
        end = np.searchsorted(self._shelf, inside + apart, side="right")
        return np.asarray(end, dtype=np.int64)

    @cached_property
    def total(self) -> Floats:
        """Worth of the orders before each, and of all."""
        return _running(self.worth)

    @cached_property
    def damage(self) -> Floats:
        """Satisfaction lost by the orders before each, and by all."""
        return _running(DAMAGE[self.bad])

    @cached_property
    def mishaps(self) -> Floats:
        """Bad deliveries before each order, and all."""
        return _running(self.bad > 0)

    @cached_property
    def _stride(self) -> float:
        return float(self.due.max(initial=0.0)) * 1.01 + 1.0

    @cached_property
    def _shelf(self) -> Floats:
        return self.due + self.account * self._stride


def draw_orders(rng: np.random.Generator, population: pd.DataFrame, years: float) -> Orders:
    """Draw more orders than any account can reach in so many years.

    Gaps between orders are Erlang-k with mean 1 on a clock that runs at the account's rate,
    season and pace; the first gap is the one that an outsider meets who starts to look on any
    day (k phases, equally likely). Some are delivered badly, more so for some accounts.

    References
    ----------
    Cox, D. R. (1962), Renewal Theory: the equilibrium renewal process.
    """
    expected = population["purchase_rate"].to_numpy() * years * MOST_PACE
    draws = np.ceil(expected + 5 * np.sqrt(expected) + 5).astype(np.int64) * (expected > 0)
    account = np.repeat(np.arange(len(expected)), draws)
    first = np.flatnonzero(np.diff(account, prepend=-1))
    k = INDUSTRIES["shape"].to_numpy()[industry_code(population["industry"])[account]]
    phases = k.copy()
    phases[first] = rng.integers(1, k[first] + 1)
    gap = rng.gamma(phases) / k
    total = np.cumsum(gap)
    due = total - np.repeat(total[first] - gap[first], draws[draws > 0])
    worth = rng.lognormal(-(ORDER_VALUE_SD**2) / 2, ORDER_VALUE_SD, len(account))
    spoiled = rng.random(len(account)) < population["bad_share"].to_numpy()[account]
    severity = 1 + rng.choice(len(SEVERITIES), len(account), p=SEVERITY_SHARES)
    return Orders(len(expected), account, due, worth, np.where(spoiled, severity, 0))


def _running(amount: NDArray[Any]) -> Floats:
    return np.concatenate([[0.0], np.cumsum(amount, dtype=np.float64)])
