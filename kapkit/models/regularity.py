"""Do accounts order at random, or by a rhythm?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from kapkit.models.counted_likelihood import Array
from kapkit.wording import several

#: Below this many gaps the rhythm is not judged.
GAPS_NEEDED = 30
_HIGHEST = 500.0


@dataclass(frozen=True)
class Regularity:
    """How regular the gaps between orders are, over all accounts.

    ``shape`` is Erlang's k with its 95 % profile interval ``low`` to ``high``: 1 is random
    timing, as the purchase models take it; gaps scatter by 1 / sqrt(k) of their mean.
    ``p_value`` is of k = 1. All are missing below 30 gaps.
    """

    shape: float
    low: float
    high: float
    p_value: float
    gaps: int
    accounts: int
    sentence: str

    @property
    def regular(self) -> bool:
        """Whether gaps are clearly and markedly more even than chance: k above 2 for sure."""
        return self.low > 2


def regularity(purchases: pd.DataFrame) -> Regularity:
    r"""Test whether re-orders come at random, before a model that says so is believed.

    The gaps of an account are gamma with a shape k common to all and a rate of its own. Given
    their sum, their shares are Dirichlet(k, ..., k): the rates drop out, so busy and quiet
    accounts of all regions can be pooled. k = 1 is tested by the likelihood ratio.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``), up to the day of the plan; days
        that hold only credits are no orders. Accounts with fewer than three order days tell
        nothing.

    Returns
    -------
    Regularity
        With its sentence.

    Notes
    -----
    The gap still open at the end is left out, which favours short gaps a little. Days are whole,
    so the gaps of accounts that order almost daily look more regular than they are.

    References
    ----------
    Wheat, R. D. and Morrison, D. G. (1990), Journal of Marketing Research 27, 87-93, take two
    gaps; the Dirichlet form is their idea for any number.
    """
    shares, accounts = _shares(purchases)
    counts = np.bincount(accounts, minlength=0)
    if len(shares) < GAPS_NEEDED:
        said = f"Too few re-orders to tell their rhythm: {several(len(shares), 'gap')}, "
        nothing = (float("nan"),) * 4
        return Regularity(*nothing, len(shares), len(counts), f"{said}{GAPS_NEEDED} are needed.")
    shape, low, high, p_value = _fit(float(np.log(shares).sum()), counts)
    return Regularity(
        shape,
        low,
        high,
        p_value,
        len(shares),
        len(counts),
        _sentence(shape, low, high, len(shares), len(counts)),
    )


def _shares(purchases: pd.DataFrame) -> tuple[Array, np.ndarray]:
    """Give each gap as a share of its account's gaps, and the account's number."""
    orders = purchases.loc[purchases["orders"] > 0, ["account_id", "date"]]
    orders = orders.sort_values(["account_id", "date"])
    gap = orders["date"].diff().dt.days.where(orders["account_id"].eq(orders["account_id"].shift()))
    gaps = pd.DataFrame({"account_id": orders["account_id"], "gap": gap}).dropna()
    per_account = gaps.groupby("account_id")["gap"]
    kept = gaps[per_account.transform("size") >= 2]
    total = kept.groupby("account_id")["gap"].transform("sum")
    return (kept["gap"] / total).to_numpy(dtype=float), pd.factorize(kept["account_id"])[0]


def _fit(log_shares: float, counts: np.ndarray) -> tuple[float, float, float, float]:
    """Maximise the Dirichlet likelihood; profile interval and likelihood-ratio p-value."""
    size, accounts = np.unique(counts, return_counts=True)
    gaps = float(counts.sum())

    def likelihood(log_shape: float) -> float:
        shape = np.exp(log_shape)
        whole = float(special.gammaln(size * shape) @ accounts)
        return whole - gaps * float(special.gammaln(shape)) + float(shape - 1) * log_shares

    edges = (np.log(0.05), np.log(_HIGHEST))
    best = float(optimize.minimize_scalar(lambda at: -likelihood(at), bounds=edges).x)
    floor = likelihood(best) - stats.chi2.ppf(0.95, 1) / 2
    low, high = (_crossing(lambda at: likelihood(at) - floor, best, edge) for edge in edges)
    ratio = 2 * (likelihood(best) - likelihood(0.0))
    p_value = float(stats.chi2.sf(max(ratio, 0.0), 1))
    return float(np.exp(best)), float(np.exp(low)), float(np.exp(high)), p_value


def _crossing(above: Callable[[float], float], best: float, edge: float) -> float:
    if above(edge) >= 0:
        return edge
    return float(optimize.brentq(above, min(best, edge), max(best, edge)))


def _sentence(shape: float, low: float, high: float, gaps: int, accounts: int) -> str:
    found = (
        f"Gaps between orders have an Erlang shape of {shape:.2f} ({low:.2f} to {high:.2f}; "
        f"{several(gaps, 'gap')} of {several(accounts, 'account')})"
    )
    if low > 2:
        return (
            f"{found}: accounts order by a rhythm, so models of random timing overstate how long a "
            "silence is normal; each account's own gap tells more."
        )
    if low > 1:
        return f"{found}: a little more even than chance; models of random timing may be used."
    if high < 0.8:
        return f"{found}: orders come in bursts; models of random timing take pauses for leaving."
    return f"{found}: close to random timing."
