"""How good were probabilities and quantiles, once the outcome is known?"""

import numpy as np
import pandas as pd
from scipy import stats


def auc(probability: pd.Series, outcome: pd.Series) -> float:
    """Give the chance that one that did ranks above one that did not; ties count half.

    Missing where all outcomes are the same.

    Examples
    --------
    >>> auc(pd.Series([0.9, 0.4, 0.6]), pd.Series([1, 0, 0]))
    1.0
    """
    happened = outcome.to_numpy(dtype=float) > 0
    yes, no = int(happened.sum()), int((~happened).sum())
    if not yes or not no:
        return float("nan")
    ranks = stats.rankdata(probability.to_numpy(dtype=float))
    return float((ranks[happened].sum() - yes * (yes + 1) / 2) / (yes * no))


def auc_error(area: float, happened: float, others: float) -> float:
    """Give the standard error of an AUC, by how many did and did not (Hanley and McNeil 1982).

    Examples
    --------
    >>> round(auc_error(0.5, 10, 10), 3)
    0.132
    """
    both = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    variance = area * (1 - area) + (happened - 1) * both[0] + (others - 1) * both[1]
    return float(np.sqrt(max(variance, 0.0) / (happened * others)))


def brier_skill(probability: pd.Series, outcome: pd.Series) -> float:
    """Give the share of the squared error of the base rate that the probabilities take away.

    1 is certain and right, 0 no better than the base rate of these very outcomes, negative
    worse. Missing where all outcomes are the same.

    Examples
    --------
    >>> brier_skill(pd.Series([0.75, 0.25]), pd.Series([1, 0]))
    0.75
    """
    actual = outcome.to_numpy(dtype=float)
    spread = float(((actual - actual.mean()) ** 2).mean())
    error = float(((probability.to_numpy(dtype=float) - actual) ** 2).mean())
    return 1 - error / spread if spread > 0 else float("nan")


def calibration_error(probability: pd.Series, outcome: pd.Series, *, bins: int = 10) -> float:
    """Give the mean distance of said from seen frequency, over bins of equal count.

    Examples
    --------
    >>> calibration_error(pd.Series([0.5, 0.5, 0.5, 0.5]), pd.Series([1, 0, 1, 1]), bins=1)
    0.25
    """
    curve = calibration_curve(probability, outcome, bins=bins)
    distance = (curve["said"] - curve["seen"]).abs()
    return float(np.average(distance, weights=curve["accounts"])) if len(curve) else float("nan")


def calibration_curve(
    probability: pd.Series, outcome: pd.Series, *, bins: int = 10
) -> pd.DataFrame:
    """Compare said with seen frequencies: what the page draws.

    Returns
    -------
    DataFrame
        A row per bin of about equal count, equal probabilities never split: ``said``, ``seen``
        (means, 0 to 1) and ``accounts``.

    Examples
    --------
    >>> calibration_curve(pd.Series([0.1, 0.9]), pd.Series([0, 1]), bins=2)["seen"].tolist()
    [0.0, 1.0]
    """
    share = probability.rank(method="average") / max(len(probability), 1)
    bin_of = np.ceil(share.to_numpy(dtype=float) * bins)
    table = pd.DataFrame({"said": probability.to_numpy(), "seen": outcome.to_numpy(dtype=float)})
    grouped = table.groupby(bin_of)
    return grouped.mean().assign(accounts=grouped.size()).reset_index(drop=True)


def share_interval(
    hits: pd.Series, tries: pd.Series, *, level: float = 0.8
) -> tuple[pd.Series, pd.Series]:
    """Give the equal-tailed interval of shares under Jeffreys' prior; missing without tries.

    It reaches to 0 where none was seen, and to 1 where all were.

    Examples
    --------
    >>> low, high = share_interval(pd.Series([3]), pd.Series([54]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.027], [0.108])
    """
    tail, some = (1 - level) / 2, tries.where(tries > 0)
    a, b = hits + 0.5, some - hits + 0.5
    ends = (stats.beta.ppf(at, a, b) for at in (tail, 1 - tail))
    low, high = (pd.Series(end, tries.index, dtype=float) for end in ends)
    # None of few is no proof of some, all of few none of a miss.
    return low.mask(hits.eq(0) & (tries > 0), 0.0), high.mask(hits.eq(tries) & (tries > 0), 1.0)


def pinball_loss(quantile: pd.Series, actual: pd.Series, *, level: float) -> float:
    """Give the mean pinball loss of a quantile: what it says is best at its true value.

    Examples
    --------
    >>> pinball_loss(pd.Series([10.0, 10.0]), pd.Series([12.0, 6.0]), level=0.75)
    1.25
    """
    above = actual.to_numpy(dtype=float) - quantile.to_numpy(dtype=float)
    return float(np.where(above >= 0, level * above, (level - 1) * above).mean())
