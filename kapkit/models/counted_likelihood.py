"""Maximum likelihood on distinct rows with counts: what every purchase model shares."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize
from statsmodels.base.model import (
    GenericLikelihoodModel,
    GenericLikelihoodModelResults,
    LikelihoodModelResults,
)

from kapkit.book.errors import DataError
from kapkit.wording import several

Array = npt.NDArray[np.float64]

#: Beyond this the likelihood is flat and differences of log-gammas lose their digits.
LOG_BOUND = 9.0
#: Distinct rows on which the starts are tried; the winner is refined on all.
_ROWS_TO_START = 5000
#: Gradient of the mean log-likelihood in log parameters, below which a fit has converged.
_FLAT = 1e-6
#: The climb ends near the top; so many steps at most reach it.
_NEWTON_STEPS = 6


class CountedResults(GenericLikelihoodModelResults):  # type: ignore[misc]
    """Estimates of a purchase model, with what is to be said about how they were found."""

    @property
    def at_boundary(self) -> list[str]:
        """Names of the parameters that ran to their bound: the data do not hold them."""
        return list(self.mle_retvals["boundary"])

    @property
    def converged(self) -> bool:
        """Whether the likelihood has a maximum inside the bounds and it was found."""
        return bool(self.mle_retvals["converged"])

    @property
    def usable(self) -> bool:
        """Whether the maximum was found, be it on a bound: what nobody does may well be at 0."""
        return bool(self.mle_retvals["settled"]) and bool(np.isfinite(self.llf))

    @property
    def sentence(self) -> str:
        """Say whether the fit may be trusted."""
        fitted = f"{self.model.title} fitted on {several(int(self.nobs), 'account')}"
        if self.at_boundary:
            ran = " and ".join(self.at_boundary)
            return f"{fitted}: {ran} ran to the bound, so the data do not determine the model."
        if not self.converged:
            return f"{fitted} did not converge; its figures are not to be used."
        agreed, starts = self.mle_retvals["agreed"], self.mle_retvals["starts"]
        return (
            f"{fitted}: converged, {agreed} of {starts} starts agree, log-likelihood {self.llf:.2f}"
            "."
        )


class OrderResults(CountedResults):
    """Estimates of a model of orders, and what they say of each account.

    Each method takes a frame like the one fitted on, in the same unit of time.
    """

    def p_alive(self, history: pd.DataFrame) -> pd.Series:
        """Probability that an account has not left."""
        return self._each("p_alive", history)

    def expected_orders(self, history: pd.DataFrame, horizon: float) -> pd.Series:
        """Orders an account will place over the horizon."""
        return self._each("expected_orders", history, horizon)

    def p_order(self, history: pd.DataFrame, horizon: float) -> pd.Series:
        """Probability of at least one order over the horizon."""
        return self._each("p_order", history, horizon)

    def _each(self, name: str, history: pd.DataFrame, *horizon: float) -> pd.Series:
        rows = history[self.model.columns].to_numpy(dtype=float).T
        found = getattr(self.model, name)(self.params, rows, *horizon)
        return pd.Series(found, index=history.index, name=name)


class CountedLikelihood(GenericLikelihoodModel):  # type: ignore[misc]
    """A model of independent accounts whose parameters are all positive.

    Equal rows are collapsed and counted, so a million accounts cost as much as their distinct
    histories. The likelihood is climbed in the logs of the parameters, measured in the data's
    own scale, from several starts, with the analytic gradient.

    Parameters
    ----------
    history : DataFrame
        One row per account, with at least the model's ``columns``.
    counts : Series, optional
        How many accounts a row stands for; 1 where not given.

    Raises
    ------
    DataError
        If no row is left, or one is missing or negative.
    """

    title: ClassVar[str]
    columns: ClassVar[list[str]]
    names: ClassVar[list[str]]
    starts: ClassVar[list[list[float]]]
    results_class: ClassVar[Callable[..., CountedResults]] = CountedResults

    def __init__(self, history: pd.DataFrame, counts: pd.Series | None = None) -> None:
        distinct = _distinct(history[self.columns], counts)
        _check(distinct, self.title)
        self.counts = distinct.pop("count").to_numpy(dtype=float)
        self.rows = np.ascontiguousarray(distinct.to_numpy(dtype=float).T)
        super().__init__(self.rows[0], extra_params_names=list(self.names))
        self.data.xnames = list(self.names)
        self.nparams = len(self.names)
        self.df_model = float(self.nparams - self.k_constant - self.k_extra)
        self.df_resid = float(len(self.counts) - self.nparams)

    @staticmethod
    @abstractmethod
    def terms(params: Array, rows: Array) -> tuple[Array, Array]:
        """Give log-likelihood and gradient (parameters x rows); parameters may differ by row."""

    @abstractmethod
    def scale(self) -> Array:
        """Give the unit of each parameter: 1, or the data's own unit of time or money."""

    def loglikeobs(self, params: Array) -> Array:
        """Log-likelihood of each distinct row, times its count."""
        return np.asarray(self.terms(np.asarray(params), self.rows)[0] * self.counts)

    def score_obs(self, params: Array, **_: Any) -> Array:
        """Gradient of each distinct row, times its count."""
        return np.asarray((self.terms(np.asarray(params), self.rows)[1] * self.counts).T)

    def score(self, params: Array) -> Array:
        """Gradient of the log-likelihood."""
        return np.asarray(self.terms(np.asarray(params), self.rows)[1] @ self.counts)

    def hessian(self, params: Array) -> Array:
        """Second derivatives, by central differences of the analytic gradient."""
        params = np.asarray(params, dtype=float)
        steps = np.diag(params * 1e-4)
        slopes = [(self.score(params + h) - self.score(params - h)) / (2 * h.sum()) for h in steps]
        return np.asarray((np.array(slopes) + np.array(slopes).T) / 2)

    def fit(self, start_params: Array | None = None, **_: Any) -> CountedResults:
        """Maximise the likelihood from several starts; `CountedResults` says how it went.

        Parameters
        ----------
        start_params : array, optional
            One start instead of the model's own.
        """
        unit = self.scale()
        starts = [list(np.log(start_params / unit))] if start_params is not None else self.starts
        tried = self._try(starts, unit)
        best = min(tried, key=lambda found: float(found.fun))
        agreed = int(sum(found.fun < best.fun + 1e-6 for found in tried))
        found = self._climb(best.x, unit, self.rows, self.counts)
        return self._results(found, unit, agreed=agreed, starts=len(tried))

    def _try(self, starts: list[list[float]], unit: Array) -> list[optimize.OptimizeResult]:
        """Climb from each start, on every n-th row where there are many."""
        step = max(1, len(self.counts) // _ROWS_TO_START)
        rows, counts = np.ascontiguousarray(self.rows[:, ::step]), self.counts[::step]
        return [self._climb(np.array(start), unit, rows, counts) for start in starts]

    def _climb(
        self, start: Array, unit: Array, rows: Array, counts: Array
    ) -> optimize.OptimizeResult:
        total = counts.sum()

        def falls(log_params: Array) -> tuple[float, Array]:
            params = unit * np.exp(log_params)
            each, slope = self.terms(params, rows)
            return -float(each @ counts) / total, -(slope @ counts) * params / total

        return optimize.minimize(
            falls,
            np.clip(start, -LOG_BOUND, LOG_BOUND),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-LOG_BOUND, LOG_BOUND)] * len(start),
            options={"ftol": 1e-10, "gtol": 1e-7, "maxiter": 500, "maxcor": 20},
        )

    def _polish(self, params: Array, *, settled: bool) -> tuple[Array, Array]:
        """End with Newton steps in the log parameters, as long as they climb."""
        curved, height = -self.hessian(params), self.loglike(params)
        for _ in range(0 if settled else _NEWTON_STEPS):
            slope = self.score(params) * params
            log_curved = curved * np.outer(params, params) - np.diag(slope)
            if (np.linalg.eigvalsh(log_curved) <= 0).any():
                break
            step = np.linalg.solve(log_curved, slope)
            higher = self.loglike(params * np.exp(step))
            if not higher >= height or np.abs(step).max() < 1e-7:
                break
            params, height = params * np.exp(step), higher
            curved = -self.hessian(params)
        return params, curved

    def _results(self, found: optimize.OptimizeResult, unit: Array, **said: int) -> CountedResults:
        edge = [n for n, at in zip(self.names, found.x, strict=True) if abs(at) > LOG_BOUND - 0.01]
        params, curved = self._polish(unit * np.exp(found.x), settled=bool(edge))
        slope = np.abs(self.score(params) * params) / self.counts.sum()
        free = np.abs(found.x) <= LOG_BOUND - 0.01
        flat = bool((slope < _FLAT).all())
        settled = bool((slope[free] < 100 * _FLAT).all())
        inside = not edge and bool((np.linalg.eigvalsh(curved) > 0).all())
        spread = np.linalg.inv(curved) if inside else np.full(curved.shape, np.nan)
        mle = LikelihoodModelResults(self, params, spread, scale=1.0)
        mle.mle_retvals = {
            "converged": inside and flat,
            "settled": settled,
            "boundary": edge,
            **said,
        }
        mle.mle_settings = {"optimizer": "lbfgs", "start_params": np.exp(self.starts[0]) * unit}
        results = self.results_class(self, mle)
        results.nobs = self.counts.sum()
        results.df_resid = results.nobs - len(params)
        results.method = "Maximum Likelihood"
        return results


def _distinct(history: pd.DataFrame, counts: pd.Series | None) -> pd.DataFrame:
    weighed = history.assign(count=1.0 if counts is None else counts)
    keys = [weighed[name] for name in history.columns]
    return weighed["count"].groupby(keys, dropna=False).sum().reset_index()


def _check(distinct: pd.DataFrame, title: str) -> None:
    bad = distinct.isna().any(axis=1) | distinct.lt(0).any(axis=1)
    if distinct.empty or distinct["count"].sum() <= 0:
        raise DataError(f"{title}: there is no account to fit it on")
    if bad.any():
        rows = several(int(bad.sum()), "distinct row")
        raise DataError(f"{title}: {rows} of the history are missing or negative; leave them out")


def at_counts(function: Callable[[Array], Array], offset: Array | float, counts: Array) -> Array:
    """Evaluate a function at offset + count, once per count where the offset is one number."""
    if np.ndim(offset) or counts.max(initial=0) > 4 * len(counts) + 100:
        return function(offset + counts)
    table = function(offset + np.arange(counts.max(initial=0) + 1))
    return np.asarray(table[counts.astype(np.intp)])
