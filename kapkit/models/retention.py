"""Do contacts keep accounts? By how much less often those that are met more go silent."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from kapkit.models.response import weighed
from kapkit.models.ridge_glm import RidgeGLM, fit_ridge_glm
from kapkit.models.silences import HISTORY
from kapkit.wording import percent, say

#: Before the data are asked, contacts are not known to keep anyone.
_PRIOR = (0.0, 0.25)

#: Error added because contacts are not drawn by lot: the bias of the estimate in simulated
#: companies in which contacts keep nobody, rounded up.
CONFOUNDING_SD = 0.1

#: Below this, the data are not asked.
SILENCES_NEEDED = 30

_QUARTERS_A_YEAR = 4
_RECENT = 2
_RIDGE = 1.0


@dataclass(frozen=True)
class Retention:
    """What contacts do to the chance that an account goes silent, and what that rests on.

    ``table`` has the rows ``prior``, ``alone`` (contacts alone), ``with history`` and ``used``:
    ``effect`` (fall of the log odds of silence per log contacts), ``error`` (standard), ``low``,
    ``high``, ``averted`` with ``averted_low`` and ``averted_high`` (share of silences that
    twice the contacts avert), ``quarters`` and ``silences``; what the data cannot tell is
    missing. ``saved`` is the share to plan with: 0 unless the interval of the one used lies above
    0. ``going`` is each account's chance to go silent in the year ahead; missing where it
    ordered nothing in half a year, or fewer than five times in a year.
    """

    saved: float
    table: pd.DataFrame
    going: pd.Series
    sentence: str


def retention(rows: pd.DataFrame, *, level: float = 0.8) -> Retention:
    """Tell whether contacts keep accounts, before anybody is visited because it may leave.

    A logit over account-quarters: did silence follow its last order, given the contacts of the
    13 weeks before it and the account's history up to it. The estimate is drawn to the prior
    N(0, .25) by precision, its error widened by .1 because contacts are not drawn by lot.

    Parameters
    ----------
    rows : DataFrame
        From `silences`.
    level : float, 0 to 1
        Probability of the intervals.

    Returns
    -------
    Retention

    Notes
    -----
    Errors are clustered by account. Below 30 silences nothing is estimated. A risk justifies no
    visit: those most likely to leave need not be those whom a visit keeps (Ascarza 2018). Where
    contacts are logged in part only, the effect is understated.

    References
    ----------
    Ascarza, E. (2018), Retention futility: targeting high-risk customers might be ineffective,
    Journal of Marketing Research 55.
    """
    told = rows[rows["silent"].notna()]
    silent = int(told["silent"].sum())
    if silent < SILENCES_NEEDED or silent == len(told) or told["contacts"].nunique() < 2:
        return _unknown(len(told), silent, level)
    alone, full = _fit(told, ["contacts"]), _fit(told, ["contacts", *HISTORY])
    found = {
        "prior": _PRIOR,
        "alone": (alone.slope, alone.error),
        "with history": (full.slope, full.error),
        "used": _drawn(full),
    }
    table = _table(found, level, len(told), silent)
    used = table.loc["used"].to_dict()
    saved = used["averted"] if used["low"] > 0 else 0.0
    return Retention(saved, table, _going(rows, full), _sentence(table, level))


@dataclass(frozen=True)
class _Fit:
    """A logit of silence: the slope of contacts, its error, and the model that says chances."""

    slope: float
    error: float
    model: RidgeGLM


def _fit(told: pd.DataFrame, columns: list[str]) -> _Fit:
    """Fit with a ridge of one row, which an account's history that tells all does not upset."""
    features, outcome = told[columns].astype(float), told["silent"].astype(float)
    model = fit_ridge_glm(features, outcome, family=sm.families.Binomial(), ridge=_RIDGE)
    x = ((features - model.centre) / model.scale).to_numpy()
    x = np.column_stack([np.ones(len(x)), x])
    chance = model.predict(features).to_numpy()
    curved = (x * (chance * (1 - chance))[:, None]).T @ x + _RIDGE * np.eye(x.shape[1])
    bread = np.linalg.inv(curved)
    off = pd.DataFrame(x * (outcome.to_numpy() - chance)[:, None])
    scores = off.groupby(told["account_id"].to_numpy()).sum().to_numpy()
    covariance = bread @ scores.T @ scores @ bread
    unit = float(model.scale["contacts"])
    error = math.sqrt(covariance[1, 1]) / unit if model.converged else math.nan
    return _Fit(-float(model.coefficients["contacts"]) / unit, error, model)


def _drawn(full: _Fit) -> tuple[float, float]:
    """Draw the estimate to the prior; one that did not settle leaves the prior."""
    if math.isnan(full.error):
        return _PRIOR
    return weighed(_PRIOR, (full.slope, math.hypot(full.error, CONFOUNDING_SD)))


def _going(rows: pd.DataFrame, fitted: _Fit) -> pd.Series:
    """Give the chance to go silent in the year ahead of accounts that ordered in half a year."""
    lately = rows[rows["quarter"] < _RECENT].sort_values("quarter", kind="stable")
    latest = lately.drop_duplicates("account_id").set_index("account_id")
    goes = fitted.model.predict(latest[["contacts", *HISTORY]].astype(float))
    return (1 - (1 - goes) ** _QUARTERS_A_YEAR).rename("going")


def _table(
    found: dict[str, tuple[float, float]], level: float, quarters: float, silent: float
) -> pd.DataFrame:
    reach = float(stats.norm.ppf((1 + level) / 2))
    effect, error = (pd.Series({name: row[at] for name, row in found.items()}) for at in (0, 1))
    table = pd.DataFrame(
        {"effect": effect, "error": error, "low": effect - reach * error}, dtype=float
    ).assign(high=effect + reach * error)
    for name, column in {"averted": "effect", "averted_low": "low", "averted_high": "high"}.items():
        table[name] = 1 - 2.0 ** -table[column]
    asked = table.index != "prior"
    return table.assign(
        quarters=np.where(asked, quarters, np.nan), silences=np.where(asked, silent, np.nan)
    ).rename_axis("estimate")


def _unknown(quarters: int, silent: int, level: float) -> Retention:
    nothing = (math.nan, math.nan)
    found = {"prior": _PRIOR, "alone": nothing, "with history": nothing, "used": _PRIOR}
    table = _table(found, level, math.nan, math.nan)
    said = say(
        "Whether contacts keep accounts: not enough data to tell. {silent} of {quarters} quarters "
        "with an order were an account's last; {needed} are needed.",
        silent=silent,
        quarters=f"{quarters:,.0f}",
        needed=SILENCES_NEEDED,
    )
    going = pd.Series(dtype=float, index=pd.Index([], name="account_id", dtype="str"), name="going")
    return Retention(0.0, table, going, said)


def _sentence(table: pd.DataFrame, level: float) -> str:
    row, own = (table.loc[name].to_dict() for name in ("used", "with history"))
    facts = {
        "averted": percent(row["averted"]),
        "low": percent(row["averted_low"]),
        "high": percent(row["averted_high"]),
        "level": percent(level),
        "silent": f"{own['silences']:,.0f}",
        "quarters": f"{own['quarters']:,.0f}",
    }
    if row["low"] > 0:
        return say(
            "Twice the contacts avert {averted} of the cases in which an account goes silent "
            "({level} interval {low} to {high}; {silent} of {quarters} quarters with an order were "
            "an account's last). Only a pilot drawn by lot would rule out another cause.",
            **facts,
        )
    return say(
        "The data do not show that contacts keep accounts: twice the contacts go with {averted} "
        "fewer cases in which one goes silent, but the {level} interval, {low} to {high}, holds "
        "none at all ({silent} of {quarters} quarters with an order were an account's last).",
        **facts,
    )
