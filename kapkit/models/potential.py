"""What could an account spend? What the best of its peers spend, with a calibrated bound."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.tools.sm_exceptions import IterationLimitWarning

from kapkit.models.scores import pinball_loss
from kapkit.wording import percent, several

#: Below this many spending accounts features cannot be told from chance.
ACCOUNTS_NEEDED = 60
_FOLDS = 10
#: Accounts of the book that count beside those of a small group of peers.
_PRIOR_PEERS = 20.0
#: More accounts than this would only make the regression slower.
_MOST = 20_000
_REGRESSION, _PEERS = "quantile regression", "peer quantile"
#: The ways to tell a quantile, the naive one first.
WAYS = [_PEERS, _REGRESSION]


@dataclass(frozen=True)
class Potential:
    """What peers at a high quantile spend, per account, and whether features help to tell.

    ``table`` has a row per account: ``potential`` (per year, like the spend; at least the
    account's own) with the interval ``low`` and ``high`` of the quantile, ``headroom``
    (potential less spend) and ``rank`` (1: most headroom).
    ``skill`` is the share of the plain peer quantile's pinball loss that features take away,
    out of fold; ``covered`` the share of accounts that spend no more than said, nominally
    ``level``. ``tried`` has, per account learned from, log ``spend`` and what each of `WAYS` said
    of its quantile out of fold; empty where accounts are too few.
    """

    table: pd.DataFrame
    method: str
    level: float
    skill: float
    covered: float
    sentence: str
    tried: pd.DataFrame


def potential(
    spend: pd.Series,
    features: pd.DataFrame,
    *,
    level: float = 0.8,
    confidence: float = 0.8,
    seed: int = 1,
) -> Potential:
    """Estimate what an account could spend from what comparable accounts do spend.

    Quantile regression of log spend on standardised numbers (signed logs) and dummies, moved
    by the cross-conformal offset so that the stated share of accounts lies below. It is used
    where it beats the plain quantile out of fold; else the quantile of all peers stands.
    It is never called a wallet: from spend alone the level of one cannot be known.

    Parameters
    ----------
    spend : Series of float
        Spend per account and year, in the book's currency; accounts without a positive spend
        are not learned from.
    features : DataFrame indexed like ``spend``
        Firmographics: numbers and text. Not what the account bought before: that measures
        momentum. Missing numbers take the median, with a flag; missing text is a value.
    level : float, 0 to 1
        Which quantile of peers; .8 or .9.
    confidence : float, 0 to 1
        Probability of the interval around it.
    seed : int
        Of the folds, and of the 20,000 accounts that are learned from where there are more.

    Returns
    -------
    Potential
        With its sentence.

    Notes
    -----
    The interval is that of a quantile's order statistics among the errors out of fold, for as
    many accounts as an account's leverage and the conformal offset leave (`quantile_interval`).

    References
    ----------
    Koenker, R. and Bassett, G. (1978), Regression quantiles, Econometrica 46(1). Romano, Y.,
    Patterson, E. and Candes, E. (2019), Conformalized quantile regression, NeurIPS 32. Barber,
    R. F. et al. (2021), Predictive inference with the jackknife+, Annals of Statistics 49(1).
    """
    learned = spend[spend > 0]
    learned = learned.sample(min(len(learned), _MOST), random_state=seed)
    log_spend = pd.Series(np.log(learned), index=learned.index)
    design = peer_design(features.reindex(spend.index))
    known = design.reindex(learned.index)
    if len(learned) < ACCOUNTS_NEEDED:
        peers = _peer_quantile(log_spend, features, spend.index, level)
        above = log_spend - peers.reindex(log_spend.index)
        ends = quantile_interval(above, peers, level=level, confidence=confidence)
        return _told(spend, peers, ends, _PEERS, level, _untried())
    quantile, told = cross_conformal(log_spend, known, design, level=level, seed=seed)
    naive = _plain_out_of_fold(log_spend, level, seed)
    tried = pd.DataFrame({"spend": log_spend, _REGRESSION: told, _PEERS: naive})
    if _skill(tried, level) <= 0:
        usual = pd.Series(float(log_spend.quantile(level)), index=spend.index)
        ends = quantile_interval(log_spend - naive, usual, level=level, confidence=confidence)
        return _told(spend, usual, ends, _PEERS, level, tried)
    ends = quantile_interval(
        log_spend - told,
        quantile,
        level=level,
        confidence=confidence,
        leverage=leverage(known, design),
    )
    return _told(spend, quantile, ends, _REGRESSION, level, tried)


def judged_quantiles(
    tried: pd.DataFrame, *, level: float = 0.8, by: pd.Series | None = None, least: int = 1
) -> pd.DataFrame:
    """Judge quantiles told out of fold by their pinball loss, over all accounts or by group.

    Parameters
    ----------
    tried : DataFrame
        `Potential.tried`.
    level : float, 0 to 1
        Which quantile was told.
    by : Series, optional
        Group of each account, as its region; all are one group where none are given.
    least : int
        Groups of fewer accounts have missing scores.

    Returns
    -------
    DataFrame indexed by group and way
        ``pinball`` (mean loss, of log spend: a loss of .1 is about a tenth of the spend),
        ``covered`` (share that spends no more than said) and ``accounts``.

    Examples
    --------
    >>> tried = pd.DataFrame({"spend": [1.0, 2.0], "quantile regression": [1.0, 2.0],
    ...                       "peer quantile": [2.0, 2.0]})
    >>> judged_quantiles(tried)["pinball"].round(2).tolist()
    [0.1, 0.0]
    """
    group = pd.Series("", tried.index) if by is None else by.reindex(tried.index)
    above = pd.concat([tried["spend"] - tried[way] for way in WAYS], ignore_index=True)
    rows = pd.DataFrame(
        {
            "group": np.tile(group.to_numpy(dtype="str"), len(WAYS)),
            "way": np.repeat(WAYS, len(tried)),
            "pinball": np.where(above > 0, level, 1 - level) * above.abs(),
            "covered": (above <= 0).astype(float),
        }
    )
    grouped = rows.groupby(["group", "way"], sort=False)
    accounts = grouped.size().rename("accounts")
    judged = grouped.mean().join(accounts)
    few = judged["accounts"] < least
    judged.loc[few, ["pinball", "covered"]] = np.nan
    return judged


def _skill(tried: pd.DataFrame, level: float) -> float:
    """Give the share of the plain quantile's loss that features take away."""
    naive, told = (pinball_loss(tried[way], tried["spend"], level=level) for way in WAYS)
    return 1 - told / naive if naive > 0 else 0.0


def _untried() -> pd.DataFrame:
    return pd.DataFrame(columns=["spend", *WAYS], dtype=float)


def quantile_interval(
    above: pd.Series,
    quantile: pd.Series,
    *,
    level: float,
    confidence: float = 0.8,
    leverage: pd.Series | None = None,
) -> pd.DataFrame:
    r"""Say how far chance may have put a quantile off: an interval from order statistics.

    The share of accounts below a quantile that was learned from ``n`` is off by chance with the
    variance :math:`\tau (1 - \tau) / n`; of one that depends on features, with
    :math:`\tau (1 - \tau) (h + 1 / n)`, for the account's leverage :math:`h` and the conformal
    offset. The errors at the ends of that share are the interval's.

    Parameters
    ----------
    above : Series
        How far the log spend of the accounts learned from lies above what was said, out of fold.
    quantile : Series
        Log of the quantile, of these and other accounts.
    level : float, 0 to 1
        Which quantile.
    confidence : float, 0 to 1
        Probability of the interval.
    leverage : Series indexed like ``quantile``, optional
        `leverage`, where features were learned from.

    Returns
    -------
    DataFrame indexed like ``quantile``
        ``low`` and ``high``, logs.

    References
    ----------
    Koenker, R. and Bassett, G. (1978), Regression quantiles, Econometrica 46(1).
    """
    known = above.dropna()
    if known.empty:
        return pd.DataFrame(np.nan, index=quantile.index, columns=["low", "high"])
    part = 1 / len(known) + (0.0 if leverage is None else leverage.reindex(quantile.index))
    reach = pd.Series(np.sqrt(level * (1 - level) * part), index=quantile.index)
    reach *= float(stats.norm.ppf((1 + confidence) / 2))
    middle = float(known.quantile(level))
    shift = {
        end: known.quantile((level + way * reach).clip(0, 1).to_numpy()).to_numpy() - middle
        for end, way in (("low", -1), ("high", 1))
    }
    return pd.DataFrame({end: quantile + by for end, by in shift.items()})


def leverage(known: pd.DataFrame, wanted: pd.DataFrame) -> pd.Series:
    """Say how much of the design each account's own features use up; its mean is k / n.

    Examples
    --------
    >>> same = pd.DataFrame({"size": [-1.0, 1.0]})
    >>> leverage(same, pd.DataFrame({"size": [0.0, 1.0]})).tolist()
    [0.5, 1.0]
    """
    learned, asked = (sm.add_constant(x.to_numpy(), has_constant="add") for x in (known, wanted))
    spread = np.linalg.pinv(learned.T @ learned)
    return pd.Series(np.einsum("ij,jk,ik->i", asked, spread, asked), index=wanted.index)


def peer_design(features: pd.DataFrame) -> pd.DataFrame:
    """Turn firmographics into standardised numbers: logs of numbers, dummies of text."""
    numbers = features.select_dtypes("number").astype(float)
    logs = pd.DataFrame(np.sign(numbers) * np.log1p(numbers.abs()), index=features.index)
    missing = logs.isna().astype(float).add_suffix(" missing")
    text = features.drop(columns=numbers.columns).astype("str").fillna("not known")
    dummies = pd.get_dummies(text, drop_first=True, dtype=float) if text.shape[1] else text
    design = pd.concat([logs.fillna(logs.median()).fillna(0.0), missing, dummies], axis=1)
    spread = design.std(ddof=0)
    kept = design.loc[:, spread > 1e-9]
    standard: pd.DataFrame = (kept - kept.mean()) / spread[spread > 1e-9]
    return standard


def cross_conformal(
    log_spend: pd.Series,
    known: pd.DataFrame,
    wanted: pd.DataFrame,
    *,
    level: float,
    seed: int = 1,
) -> tuple[pd.Series, pd.Series]:
    """Fit quantile regressions on nine tenths of the accounts, set their level on the others.

    Each account lies above or below what the fit without it says; the quantile of these errors
    moves the mean of the fits. What is told of an account out of fold takes the errors of the
    other folds alone.

    Returns
    -------
    pair of Series, indexed like ``wanted`` and ``log_spend``
        Log of the quantile, and what was told of the accounts learned from, out of fold.
    """
    spend, fold = log_spend.to_numpy(dtype=float), _folds(len(log_spend), seed)
    x, new = (sm.add_constant(of.to_numpy(), has_constant="add") for of in (known, wanted))
    fits = [_fitted(spend[fold != out], x[fold != out], level) for out in range(_FOLDS)]
    apart = np.einsum("ij,ij->i", x, np.array(fits)[fold])
    above = spend - apart
    offsets = np.array([_offset(above[fold != out], level) for out in range(_FOLDS)])
    quantile = new @ np.mean(fits, axis=0) + _offset(above, level)
    return (
        pd.Series(quantile, index=wanted.index),
        pd.Series(apart + offsets[fold], index=log_spend.index),
    )


def _plain_out_of_fold(log_spend: pd.Series, level: float, seed: int) -> pd.Series:
    """Tell each account the plain quantile of the other folds."""
    fold = _folds(len(log_spend), seed)
    plain = [float(log_spend[fold != out].quantile(level)) for out in range(_FOLDS)]
    return pd.Series(np.array(plain)[fold], index=log_spend.index)


def _folds(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(count) % _FOLDS


def _fitted(y: np.ndarray, x: np.ndarray, level: float) -> np.ndarray:
    # A perfect fit has no density of errors; its covariance is not used.
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # Its weights may go round between equally good answers; the offset sets the level.
        warnings.simplefilter("ignore", IterationLimitWarning)
        return np.asarray(sm.QuantReg(y, x).fit(q=level, max_iter=500).params)


def _offset(above: np.ndarray, level: float) -> float:
    """Give the order statistic that lies above the stated share of new errors."""
    place = min(len(above), int(np.ceil(level * (len(above) + 1)))) - 1
    return float(np.partition(above, place)[place])


def _peer_quantile(
    log_spend: pd.Series, features: pd.DataFrame, accounts: pd.Index, level: float
) -> pd.Series:
    """Draw the quantile of the first text feature's groups to that of all, by their number."""
    if log_spend.empty:
        return pd.Series(np.nan, index=accounts)
    usual = float(log_spend.quantile(level))
    text = features.select_dtypes(exclude="number")
    if text.shape[1] == 0:
        return pd.Series(usual, index=accounts)
    group = text.iloc[:, 0].reindex(accounts)
    peers = log_spend.groupby(group.reindex(log_spend.index))
    weight = peers.size() / (peers.size() + _PRIOR_PEERS)
    drawn = usual + weight * (peers.quantile(level) - usual)
    return group.map(drawn).astype(float).fillna(usual)


def _told(
    spend: pd.Series,
    log_quantile: pd.Series,
    ends: pd.DataFrame,
    method: str,
    level: float,
    tried: pd.DataFrame,
) -> Potential:
    known = spend.fillna(0.0).clip(lower=0)
    logs = ends.assign(potential=log_quantile)[["potential", "low", "high"]]
    told = pd.DataFrame(np.exp(logs.to_numpy(dtype=float)), logs.index, logs.columns)
    # What an account spends already is no question of chance.
    table = told.clip(lower=known, axis=0).where(told.notna())
    headroom = table["potential"] - known
    table = table.assign(headroom=headroom)
    table["rank"] = headroom.rank(ascending=False, method="min")
    count = int((spend > 0).sum())
    judged = float("nan"), float("nan")
    if len(tried):
        judged = _skill(tried, level), float((tried["spend"] <= tried[method]).mean())
    said = _sentence(method, level, *judged, count)
    return Potential(table, method, level, *judged, said, tried)


def _sentence(method: str, level: float, skill: float, covered: float, accounts: int) -> str:
    said = f"what the top {percent(1 - level)} of peers spend"
    if accounts < ACCOUNTS_NEEDED:
        return (
            f"Potential is {said}, by group and drawn to all: {several(accounts, 'account')} are "
            f"too few to learn from features, {ACCOUNTS_NEEDED} are needed."
        )
    if method == _PEERS:
        return (
            f"Potential is {said}, the same for all: on {several(accounts, 'account')} the "
            "features carry no signal about spend."
        )
    return (
        f"Potential is {said}, given their features: on {several(accounts, 'account')} these take "
        f"away {percent(skill)} of the plain quantile's loss, and {percent(covered)} spend no more."
    )
