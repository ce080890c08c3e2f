"""A health score whose weights are learned from what came later, pooled over regions."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

#: How strongly weights are drawn to equal ones; spreads of regions' levels and of their weights.
SHRINKAGE, LEVEL_SD, SLOPE_SD = 5.0, 0.6, 0.3
#: Inputs beyond so many standard deviations count as that many.
_FURTHEST = 3.0
_EQUAL_SD = 2.0
_FLAT, _WRONG = 1e-9, -1.64


@dataclass(frozen=True)
class HealthModel:
    """Weights of the inputs of a health score: company-wide, and how regions deviate.

    ``weights`` is indexed by input (log odds of a good outcome per standard deviation, never
    negative); ``equal`` is the one weight that all would have; ``levels`` (log odds) and
    ``slopes`` (deviation of each weight) are by region; ``mean`` and ``spread`` standardise
    inputs. ``wrong`` lists the inputs whose weight wants the wrong sign and is therefore 0: a
    flag on the quality of their data. ``learned`` is False where there were no outcomes to
    learn from: then the weights are equal.
    """

    weights: pd.Series
    equal: float
    level: float
    levels: pd.Series
    slopes: pd.DataFrame
    mean: pd.Series
    spread: pd.Series
    wrong: list[str]
    learned: bool
    accounts: int

    def standardised(self, inputs: pd.DataFrame) -> pd.DataFrame:
        """Bring inputs to the scale of learning; one that is missing says nothing: 0."""
        z = (inputs[self.weights.index] - self.mean) / self.spread
        return z.clip(-_FURTHEST, _FURTHEST).fillna(0.0)

    def parts(self, inputs: pd.DataFrame, regions: pd.Series) -> pd.DataFrame:
        """Give what each input adds to each account's log odds of a good outcome."""
        slope = self.slopes.reindex(regions.reindex(inputs.index)).fillna(0.0).to_numpy()
        weight = np.maximum(self.weights.to_numpy() + slope, 0.0)
        parts: pd.DataFrame = self.standardised(inputs) * weight
        return parts

    def probability(self, inputs: pd.DataFrame, regions: pd.Series) -> pd.Series:
        """Give each account's chance of a good outcome."""
        level = self.levels.reindex(regions.reindex(inputs.index)).fillna(0.0).to_numpy()
        log_odds = self.parts(inputs, regions).sum(axis=1) + self.level + level
        return pd.Series(special.expit(log_odds), inputs.index, name="probability")


def fit_health(
    inputs: pd.DataFrame,
    outcome: pd.Series,
    regions: pd.Series,
    *,
    shrinkage: float = SHRINKAGE,
    level_sd: float = LEVEL_SD,
    slope_sd: float = SLOPE_SD,
) -> HealthModel:
    r"""Learn how much each input of a health score says, so that the score means something.

    Logistic regression at its maximum a posteriori: with :math:`\eta_i = \mu + u_{r(i)} +
    \sum_j (b_j + d_{r(i) j}) z_{ij}`, minus the log likelihood plus :math:`\lambda / 2
    \sum_j (b_j - b_=)^2 + \sum_r u_r^2 / 2 \sigma_u^2 + \sum d_{rj}^2 / 2 \sigma_d^2` is
    minimised over :math:`b \ge 0`. :math:`b_=` is the weight that fits best when all are equal.
    Thirty accounts so hardly leave equal weights, three hundred find their own.

    Parameters
    ----------
    inputs : DataFrame
        A row per account (or account and origin), a column per input, each oriented so that more
        is better; missing where not known.
    outcome : Series indexed like ``inputs``
        1 for a good outcome, 0 for a bad one.
    regions : Series indexed like ``inputs``
        Whose deviations are pooled.
    shrinkage, level_sd, slope_sd : float
        :math:`\lambda`, :math:`\sigma_u` and :math:`\sigma_d`; see docs/health.md.

    Returns
    -------
    HealthModel
        With equal weights of 1 / number of inputs where outcomes do not vary.

    Examples
    --------
    >>> told = pd.DataFrame({"orders": [-1.0, 1.0] * 50})
    >>> came = pd.Series([0.0, 1.0] * 50)
    >>> fit_health(told, came, pd.Series("North", told.index)).weights.gt(1).tolist()
    [True]
    """
    mean, spread = inputs.mean().fillna(0.0), inputs.std(ddof=0)
    spread = spread.where(spread > _FLAT, 1.0)
    where, names = pd.factorize(regions, sort=True)
    z = ((inputs - mean) / spread).clip(-_FURTHEST, _FURTHEST).fillna(0.0).to_numpy()
    y = outcome.to_numpy(dtype=float)
    index = pd.Index(names, name="region")
    if not len(y) or not 0 < y.mean() < 1:
        return _unlearned(inputs, index, mean, spread)
    sum_only = z.sum(axis=1, keepdims=True)
    equal = _Posterior(sum_only, y, where, 0.0, 1 / _EQUAL_SD**2, level_sd, 1e-3).mode().weights[0]
    found = _Posterior(z, y, where, float(equal), shrinkage, level_sd, slope_sd).mode()
    wrong = [
        str(name)
        for at, name in enumerate(inputs.columns)
        if found.weights[at] < _FLAT and found.pull(at, z, y, where) < _WRONG
    ]
    return HealthModel(
        pd.Series(found.weights, inputs.columns, name="weight"),
        float(equal),
        found.level,
        pd.Series(found.levels, index),
        pd.DataFrame(found.slopes, index, inputs.columns),
        mean,
        spread,
        wrong,
        True,
        len(y),
    )


class _Mode(NamedTuple):
    """Where the posterior is highest."""

    level: float
    weights: Array
    levels: Array
    slopes: Array

    def log_odds(self, z: Array, where: Codes) -> Array:
        odds: Array = (z * (self.weights + self.slopes[where])).sum(axis=1)
        odds += self.level + self.levels[where]
        return odds

    def pull(self, at: int, z: Array, y: Array, where: Codes) -> float:
        """Tell where an input's weight wants to go from 0, in standard errors."""
        odds = self.log_odds(z, where) - z[:, at] * (self.weights + self.slopes[where])[:, at]
        p = special.expit(odds)
        information = float((z[:, at] ** 2 * p * (1 - p)).sum())
        return float(z[:, at] @ (y - p)) / float(np.sqrt(max(information, _FLAT)))


class _Posterior(NamedTuple):
    """Accounts, outcomes, each one's region, and what is believed before them."""

    z: Array
    y: Array
    where: Codes
    equal: float
    shrinkage: float
    level_sd: float
    slope_sd: float

    def mode(self) -> _Mode:
        """Maximise it, weights not negative."""
        size = 1 + self.z.shape[1] + self._regions * (1 + self.z.shape[1])
        bounds: list[tuple[float | None, None]] = [(None, None)] * size
        bounds[1 : 1 + self.z.shape[1]] = [(0.0, None)] * self.z.shape[1]
        start = np.zeros(size)
        start[0] = special.logit(np.clip(self.y.mean(), 0.01, 0.99))
        start[1 : 1 + self.z.shape[1]] = self.equal
        found = optimize.minimize(
            self._cost, start, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 300, "ftol": 1e-9},
        )  # fmt: skip
        return self._unpacked(found.x)

    @property
    def _regions(self) -> int:
        return int(self.where.max()) + 1

    def _unpacked(self, at: Array) -> _Mode:
        inputs, regions = self.z.shape[1], self._regions
        level, weights, levels, slopes = np.split(at, np.cumsum([1, inputs, regions]))
        # Deviations are searched in their own spreads: the search is then well scaled.
        deviations = slopes.reshape(regions, inputs) * self.slope_sd
        return _Mode(float(level[0]), weights, levels * self.level_sd, deviations)

    def _cost(self, at: Array) -> tuple[float, Array]:
        mode = self._unpacked(at)
        odds = mode.log_odds(self.z, self.where)
        off = special.expit(odds) - self.y
        cost = float(np.logaddexp(0.0, odds).sum() - self.y @ odds)
        cost += self.shrinkage / 2 * float(((mode.weights - self.equal) ** 2).sum())
        deviations = at[1 + self.z.shape[1] :]
        cost += float(deviations @ deviations) / 2
        pulled = off[:, None] * self.z
        by = [np.bincount(self.where, column, self._regions) for column in pulled.T]
        slopes = np.column_stack(by)
        levels = np.bincount(self.where, off, self._regions)
        gradient = [
            [off.sum()],
            pulled.sum(axis=0) + self.shrinkage * (mode.weights - self.equal),
            np.append(levels * self.level_sd, slopes * self.slope_sd) + deviations,
        ]
        return cost, np.concatenate(gradient)


def _unlearned(
    inputs: pd.DataFrame, regions: pd.Index, mean: pd.Series, spread: pd.Series
) -> HealthModel:
    """Weigh all inputs alike: nothing came later that could teach more."""
    equal = 1 / max(inputs.shape[1], 1)
    return HealthModel(
        pd.Series(equal, inputs.columns, name="weight"),
        equal,
        0.0,
        pd.Series(0.0, regions),
        pd.DataFrame(0.0, regions, inputs.columns),
        mean,
        spread,
        [],
        False,
        0,
    )
