"""Generalised linear models with a ridge, for forecasts from few correlated features."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from kapkit.book.errors import DataError
from kapkit.models.counted_likelihood import Array

_STEPS = 50
_SETTLED = 1e-8


@dataclass(frozen=True)
class RidgeGLM:
    """A fitted model: coefficients of standardised features, in ``coefficients``.

    ``converged`` tells whether Newton's method came to rest; ``accounts`` is the sample size.
    """

    family: sm.families.Family
    coefficients: pd.Series
    centre: pd.Series
    scale: pd.Series
    low: pd.Series
    high: pd.Series
    converged: bool
    accounts: int

    def predict(self, features: pd.DataFrame) -> pd.Series:
        """Expect the outcome of each row; features beyond those seen are held at their edge."""
        design = _standardised(features, self.centre, self.scale, self.low, self.high)
        mean = self.family.link.inverse(design @ self.coefficients.to_numpy())
        return pd.Series(mean, index=features.index)


def fit_ridge_glm(
    features: pd.DataFrame,
    outcome: pd.Series,
    *,
    family: sm.families.Family,
    ridge: float = 1.0,
) -> RidgeGLM:
    """Fit a Poisson or logistic model with a ridge by Newton's method, and say if it settled.

    statsmodels' own regularised fits give no sign when they fail, so this one is short and
    checked. Poisson needs no whole numbers: with its log link it is the quasi-likelihood of
    any outcome that is not negative.

    Parameters
    ----------
    features : DataFrame of float
        One row per account and origin; standardised inside.
    outcome : Series indexed like ``features``
        Not negative (Poisson) or 0 and 1 (Binomial).
    family : statsmodels family with its canonical link
        ``sm.families.Poisson()`` or ``sm.families.Binomial()``.
    ridge : float, above 0
        Penalty on the squares of the standardised coefficients, in rows; the intercept is free.

    Raises
    ------
    DataError
        If there is no row, or no outcome differs from 0.

    References
    ----------
    McCullagh, P. and Nelder, J. A. (1989), Generalized linear models, section 2.5.
    """
    if outcome.empty or not (outcome > 0).any():
        raise DataError("ridge GLM: no outcome differs from 0, there is nothing to learn from")
    centre, scale = features.mean(), features.std(ddof=0).replace(0.0, 1.0)
    low, high = features.min(), features.max()
    design = _standardised(features, centre, scale, low, high)
    unit = float(outcome.mean()) if isinstance(family, sm.families.Poisson) else 1.0
    coefficients, converged = _newton(design, np.asarray(outcome, float) / unit, family, ridge)
    coefficients[0] += np.log(unit)
    named = pd.Series(coefficients, index=["intercept", *features.columns])
    return RidgeGLM(family, named, centre, scale, low, high, converged, len(outcome))


def _standardised(
    features: pd.DataFrame, centre: pd.Series, scale: pd.Series, low: pd.Series, high: pd.Series
) -> Array:
    inside = features.clip(low, high, axis="columns")
    return np.column_stack([np.ones(len(features)), (inside - centre) / scale])


def _newton(
    design: Array, outcome: Array, family: sm.families.Family, ridge: float
) -> tuple[Array, bool]:
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-8
    start = np.zeros(design.shape[1])
    start[0] = family.link(np.clip(outcome.mean(), 1e-6, None))

    def cost(at: Array) -> float:
        mean = family.link.inverse(design @ at)
        return float(family.deviance(outcome, mean) / 2 + penalty @ at**2 / 2)

    at, height = start, cost(start)
    for _ in range(_STEPS):
        mean = family.link.inverse(design @ at)
        slope = design.T @ (outcome - mean) - penalty * at
        curved = (design * family.variance(mean)[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curved, slope)
        while not cost(at + step) <= height + 1e-9 and np.abs(step).max() > _SETTLED:
            step = step / 2
        at, height = at + step, cost(at + step)
        if np.abs(step).max() < _SETTLED:
            return at, True
    return at, False
