"""One purchase model for all regions, and how far each region may be off it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.models.counted_likelihood import Array, CountedLikelihood, OrderResults
from kapkit.wording import several

#: Prior guess of a region's spread (log scale), worth that many regions: keeps it off zero.
_PRIOR_SPREAD, _PRIOR_REGIONS = 0.2, 2.0
_ROUNDS = 60
_STEP = 1e-3


@dataclass(frozen=True)
class RegionalFit:
    """A purchase model pooled over regions, with each region's own rates drawn to it.

    ``table`` has a row per region: the model's parameters, ``accounts``, and ``trust`` (0: the
    pooled value stands, 1: the region's own). ``spread`` is the standard deviation between
    regions of the log of each scale that may differ.
    """

    pooled: OrderResults
    table: pd.DataFrame
    spread: pd.Series
    sentence: str

    def p_alive(self, history: pd.DataFrame, region: pd.Series) -> pd.Series:
        """Probability that an account has not left; of an unseen region by the pooled model."""
        return self._each("p_alive", history, region)

    def expected_orders(
        self, history: pd.DataFrame, region: pd.Series, horizon: float
    ) -> pd.Series:
        """Orders an account will place over the horizon."""
        return self._each("expected_orders", history, region, horizon)

    def p_order(self, history: pd.DataFrame, region: pd.Series, horizon: float) -> pd.Series:
        """Probability of at least one order over the horizon."""
        return self._each("p_order", history, region, horizon)

    def _each(
        self, name: str, history: pd.DataFrame, region: pd.Series, *horizon: float
    ) -> pd.Series:
        model = self.pooled.model
        own = self.table[model.names].reindex(region.reindex(history.index))
        params = own.fillna(dict(zip(model.names, self.pooled.params, strict=True)))
        rows = history[model.columns].to_numpy(dtype=float).T
        found = getattr(model, name)(params.to_numpy(dtype=float).T, rows, *horizon)
        return pd.Series(found, index=history.index, name=name)


def fit_regions(
    model: type[CountedLikelihood], history: pd.DataFrame, region: pd.Series
) -> RegionalFit:
    r"""Fit one model on all regions and let each differ as far as its accounts prove it.

    The two scales of the model (of ordering and of leaving) are multiplied in each region by
    factors whose logs are normal around 0. Their spread is estimated from the regions together
    (EM with a normal approximation of each region's likelihood), so a region of 12 accounts
    keeps almost the pooled rates and one of 3,000 almost its own; no region is fitted alone.

    Parameters
    ----------
    model : BGNBD or ParetoNBD
        What to fit.
    history : DataFrame
        One row per account (`order_history`).
    region : Series indexed like ``history``
        The region of each account; missing counts towards the pooled fit alone.

    Returns
    -------
    RegionalFit
        Where the pooled fit did not converge, every region keeps its values, and the sentence
        says so.

    References
    ----------
    Efron, B. and Morris, C. (1975), Data analysis using Stein's estimator and its
    generalizations, J. Am. Stat. Assoc. 70(350).
    """
    pooled = model(history).fit()
    regions = pd.Index(region.dropna().unique()).sort_values()
    if not pooled.converged or len(regions) < 2:
        shift, trust, spread = np.zeros((len(regions), 2)), np.zeros(len(regions)), np.zeros(2)
    else:
        shift, trust, spread = _shrunk(model, history, region, regions, pooled.params)
    shifted = pooled.params * np.exp(shift @ _scales(model))
    table = pd.DataFrame(shifted, index=regions, columns=model.names).assign(
        accounts=region.value_counts().reindex(regions), trust=trust
    )
    names = [model.names[at] for at in (1, 3)]
    return RegionalFit(
        pooled, table, pd.Series(spread, index=names), _sentence(pooled, table, spread)
    )


def _scales(model: type[CountedLikelihood]) -> Array:
    """Which parameters move: the second (scale of ordering) and the fourth (of leaving)."""
    moves = np.zeros((2, len(model.names)))
    moves[0, 1] = moves[1, 3] = 1.0
    return moves


def _shrunk(
    model: type[CountedLikelihood],
    history: pd.DataFrame,
    region: pd.Series,
    regions: pd.Index,
    params: Array,
) -> tuple[Array, Array, Array]:
    """Alternate between each region's most likely shift and the spread of the shifts."""
    code = regions.get_indexer(pd.Index(region.reindex(history.index)))
    keys = history[model.columns].assign(region=code)[code >= 0]
    distinct = keys.groupby([*model.columns, "region"]).size().reset_index(name="count")
    slopes = _Slopes(model, distinct, params, len(regions))
    shift, spread = np.zeros((len(regions), 2)), np.full(2, _PRIOR_SPREAD)
    for _ in range(_ROUNDS):
        curved = slopes.curvature(shift)
        precise = curved + np.diag(spread**-2)
        pull = slopes.at(shift) - shift / spread**2
        step = np.linalg.solve(precise, pull[..., None])[..., 0]
        shift = shift + np.clip(step, -0.5, 0.5)
        doubt = np.linalg.inv(precise)
        square = (shift**2 + doubt.diagonal(axis1=1, axis2=2)).sum(axis=0)
        before, prior = spread, _PRIOR_REGIONS * _PRIOR_SPREAD**2
        spread = np.sqrt((square + prior) / (len(regions) + _PRIOR_REGIONS))
        if np.abs(step).max() < 1e-4 and np.abs(spread - before).max() < 1e-4:
            break
    trust = 1 - doubt[:, 0, 0] / spread[0] ** 2
    return shift, np.clip(trust, 0, 1), spread


@dataclass(frozen=True)
class _Slopes:
    """Slope and curvature of each region's likelihood in its two shifts, all regions at once."""

    model: type[CountedLikelihood]
    distinct: pd.DataFrame
    params: Array
    regions: int

    def at(self, shift: Array) -> Array:
        """Slope per region and shift."""
        code = self.distinct["region"].to_numpy(dtype=np.intp)
        params = (self.params * np.exp(shift @ _scales(self.model)))[code].T
        rows = self.distinct[self.model.columns].to_numpy(dtype=float).T
        slope = self.model.terms(params, rows)[1] * params * self.distinct["count"].to_numpy()
        return np.array(
            [np.bincount(code, weights=slope[at], minlength=self.regions) for at in (1, 3)]
        ).T

    def curvature(self, shift: Array) -> Array:
        """Minus the second derivatives, made positive definite where a region is not concave."""
        steps = np.eye(2) * _STEP
        second = np.array([(self.at(shift + h) - self.at(shift - h)) / (2 * _STEP) for h in steps])
        second = -np.moveaxis(second, 1, 0)
        values, vectors = np.linalg.eigh((second + second.swapaxes(1, 2)) / 2)
        kept = np.maximum(values, 0.0)[:, None, :]
        return np.asarray((vectors * kept) @ vectors.swapaxes(1, 2))


def _sentence(pooled: OrderResults, table: pd.DataFrame, spread: Array) -> str:
    if not pooled.converged or len(table) < 2:
        return pooled.sentence
    smallest = table.iloc[int(table["accounts"].to_numpy().argmin())]
    return (
        f"{pooled.sentence} {several(len(table), 'region')} share it; their order rates differ by "
        f"about {np.expm1(spread[0]) * 100:.0f} %, and the smallest, of "
        f"{several(int(smallest['accounts']), 'account')}, counts {smallest['trust'] * 100:.0f} % "
        "for its own."
    )
