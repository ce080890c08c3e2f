"""5.4 Impact: did the key-account programme work, and how much can be known?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Array = npt.NDArray[np.float64]

#: Quarters before a wave that stand for the rule that chose its accounts, at least four.
LAGS, AFTER = 5, 4
#: Treated accounts below which no effect is told.
TREATED_NEEDED = 8
ANCOVA, MATCHED, NAIVE, PLACEBO = "ANCOVA", "matched DiD", "before/after", "placebo"


@dataclass(frozen=True)
class Impact:
    """The effect of the programme on the outcome, by several estimators side by side.

    ``table`` is indexed by estimator (`ANCOVA` leads; `MATCHED` beside it; `PLACEBO` should be
    nothing; `NAIVE` is the trap): ``effect``, its 95 % interval ``low`` and ``high``, ``se``,
    ``p``, ``treated`` and ``controls`` (accounts). ``by_wave`` and ``by_class`` are the ANCOVA's
    of one wave or class each. ``detectable`` is the effect that would be found with 80 %
    power. Effects are in the outcome's unit.
    """

    table: pd.DataFrame
    by_wave: pd.DataFrame
    by_class: pd.DataFrame
    detectable: float

    @property
    def told(self) -> bool:
        """Whether there was enough to tell anything."""
        return ANCOVA in self.table.index and bool(np.isfinite(self.table["effect"][ANCOVA]))


def impact(
    outcome: pd.DataFrame,
    enrolled: pd.Series,
    *,
    classes: pd.Series | None = None,
    rule: pd.DataFrame | None = None,
    lags: int = LAGS,
    after: int = AFTER,
) -> Impact:
    """Estimate what the programme did, against accounts that were not in it yet.

    For each wave the comparison is all accounts not enrolled by its end, in the range of those
    that were: some never were, and of later enrollees the outcomes are cut before they enter.
    Stacked over waves, the mean outcome after is regressed on wave, treated and, for each wave,
    what the selection saw: the ``lags`` periods before, and the recorded inputs of the rule where
    there are any. Errors are clustered by account.

    Parameters
    ----------
    outcome : DataFrame, accounts x periods
        As log(1 + revenue) of each quarter; columns in order of time.
    enrolled : Series indexed by account
        Position of the first period in the programme; missing where never.
    classes : Series, optional
        Class of each account, for the effect by class.
    rule : DataFrame, optional
        Indexed by account: recorded inputs of the selection rule.
    lags, after : int
        Periods before that stand for the rule, and periods after that are averaged (fewer
        where a wave has not had as many).

    Returns
    -------
    Impact
        Without estimates where fewer than eight enrolled accounts, or no comparison, remain.

    Notes
    -----
    Selection on a trend to come, or on what nobody recorded, defeats every estimator here.

    References
    ----------
    Cengiz, D., Dube, A., Lindner, A. and Zipperer, B. (2019), The effect of minimum wages on
    low-wage jobs, Quarterly Journal of Economics 134. McKenzie, D. (2012), Beyond baseline and
    follow-up, Journal of Development Economics 99.
    """
    stacked = stack(outcome, enrolled, lags=lags, after=after, rule=rule)
    if stacked.empty or stacked["treated"].sum() < TREATED_NEEDED:
        empty = pd.DataFrame(columns=_COLUMNS, dtype=float)
        return Impact(empty, empty, empty, float("nan"))
    rows = {
        ANCOVA: ancova(stacked),
        MATCHED: matched_did(stacked),
        PLACEBO: ancova(placebo(stacked)),
        NAIVE: before_after(stacked),
    }
    table = pd.DataFrame(rows).T
    waves = {wave: ancova(part) for wave, part in stacked.groupby("wave")}
    grouped = {} if classes is None else _by_class(stacked, classes)
    # 2.80 = 1.96 for the test at 5 % and 0.84 for a power of 80 %.
    detectable = float(stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * float(table["se"][ANCOVA])
    return Impact(table, pd.DataFrame(waves).T, pd.DataFrame(grouped).T, detectable)


_COLUMNS = ["effect", "low", "high", "se", "p", "treated", "controls"]


def stack(
    outcome: pd.DataFrame,
    enrolled: pd.Series,
    *,
    lags: int = LAGS,
    after: int = AFTER,
    rule: pd.DataFrame | None = None,
    alike: bool = True,
) -> pd.DataFrame:
    """Lay each wave's risk set out: who entered, who had not yet, before and after.

    Parameters
    ----------
    outcome, enrolled, lags, after, rule
        As in `impact`.
    alike : bool
        Keep only accounts in the range, before, of those that entered.

    Returns
    -------
    DataFrame
        ``account_id``, ``wave``, ``treated``, ``post`` (mean outcome after), ``pre`` (before), a
        column for each lag (``lag 1`` is the latest) and for each input of the rule.
    """
    values, entry = outcome.to_numpy(float), enrolled.reindex(outcome.index).to_numpy(float)
    parts = []
    for at in np.unique(entry[np.isfinite(entry)]).astype(int):
        until = min(at + after, values.shape[1])
        if at < lags or until <= at:
            continue
        treated = entry == at
        clean = treated | np.isnan(entry) | (entry > at)
        # A later enrollee's outcomes count up to the period before it enters.
        last = np.where(treated, until, np.fmin(np.nan_to_num(entry, nan=np.inf), until))
        inside = (np.arange(at, until)[None, :] < last[:, None]) & clean[:, None]
        kept = inside.any(axis=1)
        post = np.nanmean(np.where(inside[kept], values[kept, at:until], np.nan), axis=1)
        history = values[kept, at - lags : at]
        part = pd.DataFrame(history[:, ::-1], columns=[f"lag {n}" for n in range(1, lags + 1)])
        if rule is not None:
            part = part.join(rule.reindex(outcome.index[kept]).reset_index(drop=True))
        parts.append(
            part.assign(
                account_id=outcome.index[kept],
                wave=at,
                treated=treated[kept].astype(float),
                post=post,
                pre=history.mean(axis=1),
            )
        )
    near = [_alike(part) for part in parts] if alike else parts
    known = [part for part in near if 0 < part["treated"].sum() < len(part)]
    return pd.concat(known, ignore_index=True).dropna() if known else pd.DataFrame()


def ancova(stacked: pd.DataFrame) -> pd.Series:
    """Regress the outcome after on treatment, given what the selection saw, wave by wave.

    Parameters
    ----------
    stacked : DataFrame
        From `stack`.

    Returns
    -------
    Series
        ``effect``, ``low``, ``high``, ``se``, ``p``, ``treated``, ``controls``.
    """
    if stacked.empty:
        return _row(np.nan, np.nan, stacked)
    covariates = [name for name in stacked if name not in _ROLES]
    wave = pd.get_dummies(stacked["wave"]).to_numpy(float)
    seen = stacked[covariates].to_numpy(float)
    each = (wave[:, :, None] * seen[:, None, :]).reshape(len(stacked), -1)
    nuisance = np.hstack([wave, each])
    return _clustered(stacked, "post", nuisance)


def matched_did(stacked: pd.DataFrame, *, neighbours: int = 3) -> pd.Series:
    """Compare each account's change with that of the accounts most like it before.

    Parameters
    ----------
    stacked : DataFrame
        From `stack`.
    neighbours : int
        Accounts of the same risk set it is compared with, nearest by Mahalanobis distance over
        the lags; with replacement.

    Returns
    -------
    Series
        As from `ancova`.

    References
    ----------
    Heckman, J., Ichimura, H. and Todd, P. (1997), Review of Economic Studies 64.
    """
    if stacked.empty:
        return _row(np.nan, np.nan, stacked)
    lags = [str(name) for name in stacked if str(name).startswith("lag ")]
    differences = [
        one for _, part in stacked.groupby("wave") for one in _differences(part, lags, neighbours)
    ]
    found = np.array(differences)
    se = (
        found.std(ddof=1) / np.sqrt(len(found)) * np.sqrt(1 + 1 / neighbours)
        if len(found) > 1
        else np.nan
    )
    return _row(float(found.mean()), float(se), stacked)


def placebo(stacked: pd.DataFrame) -> pd.DataFrame:
    """Take, for each account that entered, the one most like it that had not, as if it had.

    Nothing happened to them, so an effect found here is the method's own error.

    Parameters
    ----------
    stacked : DataFrame
        From `stack`.

    Returns
    -------
    DataFrame
        Of the same form, without those that entered.
    """
    lags = [str(name) for name in stacked if str(name).startswith("lag ")]
    parts = []
    for _, part in stacked.groupby("wave"):
        others = part[part["treated"] == 0]
        gap = _distances(part, lags)
        taken: list[int] = []
        for row in gap:
            row[taken] = np.inf
            if np.isfinite(row).any():
                taken.append(int(row.argmin()))
        as_if = np.zeros(len(others))
        as_if[taken] = 1.0
        parts.append(others.assign(treated=as_if))
    return pd.concat(parts, ignore_index=True)


def before_after(stacked: pd.DataFrame) -> pd.Series:
    """Compare enrolled accounts with themselves before: the trap, shown beside the others.

    It takes for an effect whatever else changed, and the fall back to the usual of accounts
    that were chosen at their best.
    """
    if stacked.empty:
        return _row(np.nan, np.nan, stacked)
    own = stacked[stacked["treated"] == 1]
    change = own["post"] - own["pre"]
    return _row(float(change.mean()), float(change.std(ddof=1) / np.sqrt(len(own))), stacked)


def base_period_did(outcome: pd.DataFrame, enrolled: pd.Series, *, after: int = AFTER) -> pd.Series:
    """Compare changes since the period before entry: what goes wrong when that period selects.

    Kept to show the failure: not used for any number.

    References
    ----------
    Callaway, B. and Sant'Anna, P. (2021), Difference-in-differences with multiple time periods,
    Journal of Econometrics 225.
    """
    stacked = stack(outcome, enrolled, lags=1, after=after, alike=False)
    since = stacked.assign(post=stacked["post"] - stacked["lag 1"])
    return _clustered(since, "post", pd.get_dummies(since["wave"]).to_numpy(float))


def draw_lots(
    eligible: Sequence[str] | pd.Index, *, seed: int, strata: pd.Series | None = None
) -> pd.DataFrame:
    """Draw who of the eligible enters now and who in the next wave: then the effect is known.

    Parameters
    ----------
    eligible : sequence of str
        Accounts that fit the programme alike.
    seed : int
        The same seed draws the same lots.
    strata : Series, optional
        Class or region of each: half of each enters now.

    Returns
    -------
    DataFrame indexed like ``eligible``
        ``lot`` (``now`` or ``next wave``) and ``stratum``.

    Examples
    --------
    >>> draw_lots(["a", "b", "c", "d"], seed=1)["lot"].value_counts().tolist()
    [2, 2]
    """
    index = pd.Index(eligible, name="account_id")
    stratum = pd.Series("", index) if strata is None else strata.reindex(index).fillna("")
    order = pd.Series(np.random.default_rng(seed).random(len(index)), index)
    place = order.groupby(stratum).rank(method="first")
    half = stratum.map(stratum.value_counts()) / 2
    now = np.where(place <= np.ceil(half), "now", "next wave")
    return pd.DataFrame({"lot": now, "stratum": stratum})


_ROLES = {"account_id", "wave", "treated", "post", "pre"}


def _alike(part: pd.DataFrame) -> pd.DataFrame:
    """Keep the accounts that are in the range, before, of those that entered."""
    own = part.loc[part["treated"] == 1, "pre"]
    margin = 0.25 * float(part["pre"].std(ddof=0))
    return part[part["pre"].between(own.min() - margin, own.max() + margin)]


def _by_class(stacked: pd.DataFrame, classes: pd.Series) -> dict[str, pd.Series]:
    """Estimate for each class, against the same comparisons."""
    own = stacked["account_id"].map(classes).where(stacked["treated"] == 1)
    found = {}
    for name in sorted(own.dropna().unique()):
        if (own == name).sum() >= TREATED_NEEDED:
            found[str(name)] = ancova(stacked[(own == name) | (stacked["treated"] == 0)])
    return found


def _clustered(stacked: pd.DataFrame, outcome: str, nuisance: Array) -> pd.Series:
    """Partial out the nuisance (Frisch-Waugh), then errors clustered by account (CR1)."""
    y, d = stacked[outcome].to_numpy(float), stacked["treated"].to_numpy(float)
    # Columns of unit length, so that what is left out is what others say already.
    length = np.linalg.norm(nuisance, axis=0)
    u, singular, _ = np.linalg.svd(
        nuisance[:, length > 0] / length[length > 0], full_matrices=False
    )
    basis = u[:, singular > singular.max() * 1e-9]
    y, d = y - basis @ (basis.T @ y), d - basis @ (basis.T @ d)
    weight = float(d @ d)
    freedom = len(y) - basis.shape[1] - 1
    if weight < 1e-9 or freedom < 1:
        return _row(np.nan, np.nan, stacked)
    effect = float(d @ y) / weight
    scores = pd.Series(d * (y - effect * d)).groupby(stacked["account_id"].to_numpy()).sum()
    clusters = len(scores)
    small = clusters / (clusters - 1) * (len(y) - 1) / freedom
    se = float(np.sqrt(small * (scores**2).sum())) / weight
    return _row(effect, se, stacked)


def _differences(part: pd.DataFrame, lags: list[str], neighbours: int) -> list[float]:
    treated, change = part["treated"].to_numpy() == 1, (part["post"] - part["pre"]).to_numpy(float)
    distance = _distances(part, lags)
    nearest = np.argsort(distance, axis=1)[:, : min(neighbours, distance.shape[1])]
    found: list[float] = (change[treated] - change[~treated][nearest].mean(axis=1)).tolist()
    return found


def _distances(part: pd.DataFrame, lags: list[str]) -> Array:
    """Give the Mahalanobis distance of each treated account (rows) from each other (columns)."""
    seen, treated = part[lags].to_numpy(float), part["treated"].to_numpy() == 1
    inverse = np.linalg.pinv(np.cov(seen, rowvar=False) + 1e-9 * np.eye(seen.shape[1]))
    gap = seen[treated][:, None, :] - seen[~treated][None, :, :]
    found: Array = np.einsum("ijk,kl,ijl->ij", gap, inverse, gap)
    return found


def _row(effect: float, se: float, stacked: pd.DataFrame) -> pd.Series:
    reach = stats.norm.ppf(0.975) * se
    treated = stacked["account_id"][stacked["treated"] == 1].nunique() if len(stacked) else 0
    controls = stacked["account_id"][stacked["treated"] == 0].nunique() if len(stacked) else 0
    p = 2 * stats.norm.sf(abs(effect / se)) if se > 0 else np.nan
    values = [effect, effect - reach, effect + reach, se, p, treated, controls]
    return pd.Series(dict(zip(_COLUMNS, values, strict=True)), dtype=float)
