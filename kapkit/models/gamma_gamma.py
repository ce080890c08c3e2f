"""Gamma-Gamma: what an account spends per order, drawn to the mean where few were seen."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import optimize, special

from kapkit.models.counted_likelihood import Array, CountedLikelihood, CountedResults, at_counts
from kapkit.wording import several

#: Outside these the mean spend of all accounts is not finite, or all accounts spend alike.
_TRUSTED_Q = (1.05, 50.0)


class GammaGammaResults(CountedResults):
    """Estimates of the Gamma-Gamma model and what they say of each account."""

    @property
    def usable(self) -> bool:
        """Whether it converged with a q between 1.05 and 50."""
        return self.converged and _TRUSTED_Q[0] < self.params[1] < _TRUSTED_Q[1]

    @property
    def mean_spend(self) -> float:
        """Mean spend per order of all accounts; missing where q is at most 1."""
        p, q, gamma = self.params
        return float(p * gamma / (q - 1)) if q > 1 else float("nan")

    def expected_spend(self, history: pd.DataFrame) -> pd.Series:
        """Spend per order that is expected of an account, given the orders seen of it."""
        p, q, gamma = self.params
        x = history["repeat_orders"].where(history["mean_spend"] > 0, 0)
        seen = (x * history["mean_spend"]).fillna(0.0)
        spend: pd.Series = (gamma + seen) * p / (p * x + q - 1)
        return spend.rename("expected_spend")


class GammaGamma(CountedLikelihood):
    r"""The Gamma-Gamma model of mean spend per order.

    An account's orders are gamma (p, :math:`\nu`), its :math:`\nu` gamma (q, gamma). Accounts
    without a repeat order, or with a mean that is not positive, tell nothing and are left out.

    Parameters
    ----------
    history : DataFrame
        ``repeat_orders`` and ``mean_spend`` per account (`order_history`).
    counts : Series, optional
        How many accounts a row stands for.

    References
    ----------
    Fader, P. S. and Hardie, B. G. S. (2013), The Gamma-Gamma model of monetary value.
    """

    title: ClassVar[str] = "Gamma-Gamma"
    columns: ClassVar[list[str]] = ["repeat_orders", "mean_spend"]
    names: ClassVar[list[str]] = ["p", "q", "gamma"]
    starts: ClassVar[list[list[float]]] = [[1.5, 1.2, -0.7], [0.0, 0.7, 0.0], [0.7, 2.0, 1.5]]
    results_class = GammaGammaResults

    def __init__(self, history: pd.DataFrame, counts: pd.Series | None = None) -> None:
        told = (history["repeat_orders"] > 0) & (history["mean_spend"] > 0)
        super().__init__(history[told], None if counts is None else counts[told])

    def scale(self) -> Array:
        """Money is measured in the mean spend."""
        return np.array([1.0, 1.0, float(np.average(self.rows[1], weights=self.counts))])

    @staticmethod
    def terms(params: Array, rows: Array) -> tuple[Array, Array]:
        """Give log-likelihood and gradient of each row."""
        p, q, gamma = params
        x, mean = rows
        total = p * x + q
        reach = np.log(gamma + mean * x)
        log_sum = np.log(mean) + np.log(x)
        each = _spread(special.gammaln, p, q, x) - _spread(special.gammaln, p, 0.0, x)
        each += q * np.log(gamma) - special.gammaln(q) - total * reach
        each += p * x * log_sum - np.log(mean)
        both = _spread(special.digamma, p, q, x)
        slope = [
            x * (both - _spread(special.digamma, p, 0.0, x) + log_sum - reach),
            both - special.digamma(q) + np.log(gamma) - reach,
            q / gamma - total / (gamma + mean * x),
        ]
        return each, np.array(slope)


def _spread(function: np.ufunc, slope: float, offset: float, x: Array) -> Array:
    """Evaluate a function at slope x + offset, once per count x."""
    return at_counts(lambda count: function(slope * np.maximum(count, 1) + offset), 0.0, x)


@dataclass(frozen=True)
class SpendPerOrder:
    """What each account is expected to spend per order, and by which model.

    ``expected_spend`` is in the book's currency, indexed like the history.
    """

    expected_spend: pd.Series
    model: str
    sentence: str


def spend_per_order(history: pd.DataFrame) -> SpendPerOrder:
    """Expect an account's spend per order: by Gamma-Gamma where it holds, else by credibility.

    On books whose accounts spend alike or without a finite mean, the Gamma-Gamma model runs
    away; then each account's log mean is drawn to the book's by how much its orders scatter.

    Parameters
    ----------
    history : DataFrame
        ``repeat_orders`` and ``mean_spend`` per account (`order_history`).

    Returns
    -------
    SpendPerOrder
        Missing for all accounts where fewer than two have a repeat order of positive value.

    References
    ----------
    Buehlmann, H. and Gisler, A. (2005), A course in credibility theory and its
    applications, Springer.
    """
    told = history[(history["repeat_orders"] > 0) & (history["mean_spend"] > 0)]
    if len(told) < 2:
        nothing = pd.Series(np.nan, index=history.index, name="expected_spend")
        return SpendPerOrder(nothing, "none", "No repeat orders to expect a spend from.")
    fitted = GammaGamma(told).fit()
    if fitted.usable:
        return SpendPerOrder(fitted.expected_spend(history), fitted.model.title, fitted.sentence)
    return SpendPerOrder(
        _credible(history, told),
        "credibility mean",
        f"The Gamma-Gamma model does not hold on {several(len(told), 'account')}; spend per order "
        "is each account's own, drawn to the mean of all by how few orders were seen.",
    )


def _credible(history: pd.DataFrame, told: pd.DataFrame) -> pd.Series:
    """Shrink log means: variance between accounts against that within, over the orders seen."""
    x, log_mean = told["repeat_orders"].astype(float), np.log(told["mean_spend"])
    within, between = _variances(np.asarray(x), np.asarray(log_mean))
    centre = np.average(log_mean, weights=1 / (between + within / x))
    trust = (between / (between + within / x)).reindex(history.index, fill_value=0.0)
    drawn: pd.Series = np.exp(
        centre + trust * (log_mean.reindex(history.index) - centre).fillna(0.0)
    )
    paid, said = (told["mean_spend"] * x).sum(), (drawn.reindex(told.index) * x).sum()
    return (drawn * (paid / said)).rename("expected_spend")


def _variances(x: Array, log_mean: Array) -> tuple[float, float]:
    """Most likely variance of one order within an account, and of means between accounts."""

    def unlikely(log_variances: Array) -> float:
        within, between = np.exp(log_variances)
        variance = between + within / x
        centre = np.average(log_mean, weights=1 / variance)
        return float((np.log(variance) + (log_mean - centre) ** 2 / variance).mean())

    start = np.full(2, np.log(max(float(np.var(log_mean)), 1e-9) / 2))
    found = optimize.minimize(
        unlikely, start, method="L-BFGS-B", bounds=[(level - 9, level + 9) for level in start]
    )
    within, between = np.exp(found.x)
    return float(within), float(between)
