"""Poisson regression with effects of accounts and months, swept out rather than estimated."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kapkit.book.errors import DataError

Matrix = npt.NDArray[np.float64]

_STEPS, _CLOSE = 100, 1e-9


def poisson_slopes(
    sales: Matrix, regressors: Sequence[Matrix], *, accounts: bool = True
) -> tuple[Matrix, Matrix]:
    """Fit a Poisson regression with effects of months, and of accounts, on accounts x months.

    Parameters
    ----------
    sales : array of float
        Accounts x months, not negative; missing cells are left out.
    regressors : sequence of arrays
        Each of the same shape.
    accounts : bool
        False: effects of months only.

    Returns
    -------
    tuple of arrays
        Slopes and their covariance, clustered by account; a slope that the data do not
        identify is missing.

    Raises
    ------
    DataError
        If the fit does not settle.

    Notes
    -----
    Iterated weighted least squares with the effects swept out in turn. With effects of accounts,
    an account weighs with the root of its size: large accounts vary by more than Poisson counts
    do, small ones by less than in proportion. The covariance is that of the jackknife over
    accounts (CR3).

    References
    ----------
    Bell, R. M. and McCaffrey, D. F. (2002), Bias reduction in standard errors for linear
    regression with multi-stage samples, Survey Methodology 28.
    Correia, S., Guimarães, P. and Zylkin, T. (2020), Fast Poisson estimation with
    high-dimensional fixed effects, Stata Journal 20.
    """
    known = np.isfinite(sales)
    y = np.where(known, sales, 0.0)
    if accounts:
        y = _scaled(y, known)
    x = [np.where(known, one, 0.0) for one in regressors]
    mean = np.where(known, (y + y.sum() / max(known.sum(), 1)) / 2, 0.0)
    eta = np.log(np.where(known, mean, 1.0))
    deviance = math.inf
    for _ in range(_STEPS):
        work = eta + np.where(known, y / np.where(known, mean, 1.0) - 1, 0.0)
        swept = [_swept(one, mean, accounts=accounts) for one in (work, *x)]
        slopes, rest = _least_squares(swept[0], swept[1:], mean)
        eta = np.clip(work - rest, -50.0, 50.0)
        mean = np.where(known, np.exp(eta), 0.0)
        before, deviance = deviance, _deviance(y, mean, known)
        if abs(before - deviance) <= _CLOSE * (abs(deviance) + _CLOSE):
            return slopes, _clustered(y - mean, swept[1:], mean, slopes)
    raise DataError(
        f"elasticity: the Poisson fit did not settle in {_STEPS} steps; leave out accounts with "
        "almost no sales, or plan with the prior"
    )


def _scaled(y: Matrix, known: npt.NDArray[np.bool_]) -> Matrix:
    """Divide an account's sales by the root of their mean, which its effect takes up again."""
    mean = y.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    scaled: Matrix = y / np.sqrt(np.where(mean > 0, mean, 1.0))
    return scaled


def _swept(values: Matrix, weights: Matrix, *, accounts: bool) -> Matrix:
    """Take weighted means of months, and of accounts, out of values until none is left."""
    rows, columns = weights.sum(axis=1, keepdims=True), weights.sum(axis=0, keepdims=True)
    means = (values * weights).sum(axis=0, keepdims=True) / np.where(columns, columns, 1)
    left: Matrix = values - means
    if not accounts:
        return left
    for _ in range(_STEPS):
        by_row = (left * weights).sum(axis=1, keepdims=True) / np.where(rows, rows, 1)
        left = left - by_row
        by_column = (left * weights).sum(axis=0, keepdims=True) / np.where(columns, columns, 1)
        left = left - by_column
        if np.abs(by_column).max(initial=0.0) < _CLOSE:
            break
    return left


def _least_squares(y: Matrix, x: Sequence[Matrix], weights: Matrix) -> tuple[Matrix, Matrix]:
    gram = np.array([[(a * b * weights).sum() for a in x] for b in x])
    slopes = np.linalg.pinv(gram, hermitian=True) @ [(a * y * weights).sum() for a in x]
    return slopes, y - sum(slope * one for slope, one in zip(slopes, x, strict=True))


def _deviance(y: Matrix, mean: Matrix, known: npt.NDArray[np.bool_]) -> float:
    sold = y > 0
    logs = np.log(np.where(sold, y / np.where(known, np.maximum(mean, 1e-300), 1.0), 1.0))
    return float(2 * (y * logs - (y - mean)).sum())


def _clustered(residual: Matrix, x: Sequence[Matrix], weights: Matrix, slopes: Matrix) -> Matrix:
    """Give the covariance of slopes with errors that hang together within an account (CR3)."""
    parts = np.array([[(a * b * weights).sum(axis=1) for a in x] for b in x]).transpose(2, 0, 1)
    gram = parts.sum(axis=0)
    bread = np.linalg.pinv(gram, hermitian=True)
    scores = np.array([(one * residual).sum(axis=1) for one in x]).T
    kept = np.eye(len(x)) - parts @ bread
    jackknifed = (np.linalg.pinv(kept) @ scores[..., None])[..., 0]
    slopes[np.diag(gram) <= 1e-9 * weights.sum()] = np.nan
    found: Matrix = bread @ jackknifed.T @ jackknifed @ bread
    return found
