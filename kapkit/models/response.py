"""How sales respond to contacts: what is known beforehand, what the data say, what to use."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from kapkit.models.contacts import inbound
from kapkit.models.poisson import Matrix, poisson_slopes
from kapkit.wording import percent, several

#: Elasticity of sales to personal selling over many studies, and its spread between them.
PRIOR, PRIOR_SD = 0.31, 0.15

#: Error added to the fixed-effects estimate because visits follow demand: its bias in
#: simulated companies whose visits do (about .23), rounded up.
ENDOGENEITY_SD = 0.25

#: Contacts in person or by telephone: what the prior was measured on.
PERSONAL = ("visit", "call", "demo", "training")

#: Below this, the data are not asked.
ACCOUNTS_NEEDED, MONTHS_NEEDED = 10, 6


@dataclass(frozen=True)
class Panel:
    """Sales and contacts of each account in each full month (accounts x months).

    Months before an account's first contact or purchase are missing in both.
    """

    sales: pd.DataFrame
    contacts: pd.DataFrame


@dataclass(frozen=True)
class Elasticity:
    """The elasticity of sales to contacts to plan with, and what it rests on.

    ``table`` has the rows prior, pooled, fixed effects and used: ``elasticity``, ``error``
    (standard), ``low``, ``high``, ``accounts`` and ``months``; what the data cannot tell is
    missing. ``follows_demand`` is the chance of so strong a link between this month's sales and
    next month's contacts where visits do not follow demand (missing: not tested).
    """

    value: float
    sd: float
    table: pd.DataFrame
    follows_demand: float
    sentence: str


@dataclass(frozen=True)
class _Fit:
    slopes: Matrix
    covariance: Matrix
    accounts: int
    months: int


def contact_panel(
    purchases: pd.DataFrame,
    activities: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    months: int = 36,
    kinds: Sequence[str] = PERSONAL,
) -> Panel:
    """Lay sales and own contacts side by side, per account and full month.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    activities : DataFrame
        Contacts (schema ``ACTIVITIES``); inbound ones are the account's doing and not counted.
    accounts : Index
        The accounts to lay out.
    as_of : date
        Last day that counts; its month counts where it is its last day.
    months : int
        At most so many full months, from the first contact logged on.
    kinds : sequence of str
        Kinds that count; by default those in person or by telephone.

    Returns
    -------
    Panel
        Sales are net revenue; a month whose credits exceed its sales counts 0.
    """
    last = (pd.Timestamp(as_of) + pd.Timedelta(days=1)).to_period("M") - 1
    own = activities[activities["kind"].isin(list(kinds)) & ~inbound(activities)]
    begun = own["date"].min() if len(own) else pd.Timestamp(as_of) + pd.Timedelta(days=32)
    first = max(last - months + 1, (begun + pd.offsets.MonthBegin(0)).to_period("M"))
    span = pd.period_range(first, last, freq="M")
    contacts = _by_month(own.assign(contacts=1.0), "contacts", accounts, span)
    sales = _by_month(purchases, "revenue", accounts, span).clip(lower=0.0)
    known = ((contacts + sales) > 0).cummax(axis=1)
    return Panel(sales.where(known), contacts.where(known))


def elasticity_of_contacts(
    panel: Panel, *, randomised: bool = False, level: float = 0.8
) -> Elasticity:
    """Tell by how much sales change with contacts, before hours are moved on the strength of it.

    The elasticity used is the precision-weighted mean of the prior N(.31, .15) and the Poisson
    estimate with effects of account and month, whose error is widened by .25 because visits
    follow demand. The pooled estimate (effects of months only) is shown, never used: it takes
    the size of accounts for an effect of visits.

    Parameters
    ----------
    panel : Panel
        From `contact_panel`.
    randomised : bool
        True where the contacts were drawn by lot (see `design_pilot`): no widening.
    level : float, 0 to 1
        Probability of the intervals.

    Returns
    -------
    Elasticity

    Notes
    -----
    Sales of account i in month t are Poisson-like with mean ``exp(a_i + g_t) x_it ** b``; months
    without contacts have a level of their own (Battese 1997), so that no constant is added to
    zero. Errors are clustered by account. Below ten accounts whose contacts vary, or six months,
    the prior is used alone. The estimate is of the same month: effects that come later are
    missed.

    References
    ----------
    Albers, S., Mantrala, M. K. and Sridhar, S. (2010), Personal selling elasticities: a
    meta-analysis, Journal of Marketing Research 47. Battese, G. E. (1997), Journal of
    Agricultural Economics 48.
    """
    pooled, within = _fit(panel, accounts=False), _fit(panel, accounts=True)
    rows = {
        "prior": (PRIOR, PRIOR_SD, None),
        "pooled": (*_slope(pooled), pooled),
        "fixed effects": (*_slope(within), within),
    }
    value, sd = combine(*_slope(within), randomised=randomised)
    rows["used"] = (value, sd, within)
    table = _table(rows, level)
    follows = math.nan if randomised else _follows_demand(panel)
    said = _sentence(table, follows, randomised=randomised, level=level)
    return Elasticity(value, sd, table, follows, said)


def combine(
    estimate: float,
    error: float,
    *,
    randomised: bool = False,
    prior: float = PRIOR,
    prior_sd: float = PRIOR_SD,
) -> tuple[float, float]:
    """Weigh an estimate against the prior by their precision; a missing one leaves the prior.

    Parameters
    ----------
    estimate, error : float
        The estimated elasticity and its standard error.
    randomised : bool
        False: the error is widened by `ENDOGENEITY_SD`.
    prior, prior_sd : float
        What is known beforehand.

    Returns
    -------
    tuple of float
        The mean, not below 0, and its standard deviation.

    Examples
    --------
    >>> round(combine(0.54, 0.0)[0], 4)  # .31 and .54, weighed 1 / .15**2 and 1 / .25**2
    0.3709
    """
    if math.isnan(estimate) or math.isnan(error):
        return prior, prior_sd
    widened = math.hypot(error, 0.0 if randomised else ENDOGENEITY_SD)
    mean, sd = weighed((prior, prior_sd), (estimate, widened))
    return max(mean, 0.0), sd


def weighed(known: tuple[float, float], found: tuple[float, float]) -> tuple[float, float]:
    """Weigh two means by their precision, each given with its standard error.

    >>> weighed((0.0, 1.0), (1.0, 1.0))
    (0.5, 0.7071067811865476)
    """
    means, errors = zip(known, found, strict=True)
    weights = np.maximum(errors, 1e-9) ** -2.0
    return float(weights @ np.array(means) / weights.sum()), float(weights.sum() ** -0.5)


def _by_month(
    rows: pd.DataFrame, column: str, accounts: pd.Index, span: pd.PeriodIndex
) -> pd.DataFrame:
    months = rows["date"].dt.to_period("M").rename("month")
    summed = rows[column].groupby([rows["account_id"], months]).sum()
    wide = summed.unstack("month")  # noqa: PD010 - a sum, laid wide
    return wide.reindex(index=accounts, columns=span).astype(float).fillna(0.0)


def _fit(panel: Panel, *, accounts: bool, lead: bool = False) -> _Fit | None:
    """Fit the panel where it has enough accounts with sales and varying contacts."""
    sales, contacts = panel.sales.to_numpy(float), panel.contacts.to_numpy(float)
    ahead = contacts[:, 1:]
    if lead:
        sales, contacts = sales[:, :-1], contacts[:, :-1]
    useful = (np.nansum(sales, axis=1) > 0) & _varies(contacts)
    if useful.sum() < ACCOUNTS_NEEDED or sales.shape[1] < MONTHS_NEEDED:
        return None
    sold = sales[useful]
    kept = np.nansum(sold, axis=0) > 0
    effort = [contacts[useful][:, kept], *([ahead[useful][:, kept]] if lead else [])]
    regressors = [part for one in effort for part in _logs(one)]
    slopes, covariance = poisson_slopes(sold[:, kept], regressors, accounts=accounts)
    return _Fit(slopes, covariance, int(useful.sum()), int(kept.sum()))


def _varies(contacts: Matrix) -> npt.NDArray[np.bool_]:
    """Find the accounts whose months with contacts differ in them."""
    held = np.where(contacts > 0, contacts, np.nan)
    known = np.isfinite(held)
    most = np.where(known, held, -np.inf).max(axis=1, initial=-np.inf)
    varying: npt.NDArray[np.bool_] = most > np.where(known, held, np.inf).min(
        axis=1, initial=np.inf
    )
    return varying


def _logs(contacts: Matrix) -> tuple[Matrix, Matrix]:
    """Give log contacts, 0 where there were none, and a mark of the months without."""
    none = (contacts == 0).astype(float)
    return np.log(np.where(contacts > 0, contacts, 1.0)), none


def _slope(fit: _Fit | None) -> tuple[float, float]:
    if fit is None:
        return math.nan, math.nan
    return float(fit.slopes[0]), math.sqrt(max(float(fit.covariance[0, 0]), 0.0))


def _follows_demand(panel: Panel) -> float:
    """Test whether next month's contacts already go with this month's sales (two-sided)."""
    fit = _fit(panel, accounts=True, lead=True) if panel.sales.shape[1] > MONTHS_NEEDED else None
    if fit is None or not fit.covariance[2, 2] > 0:
        return math.nan
    z = fit.slopes[2] / math.sqrt(fit.covariance[2, 2])
    return float(2 * stats.norm.sf(abs(z)))


def _table(rows: dict[str, tuple[float, float, _Fit | None]], level: float) -> pd.DataFrame:
    reach = float(stats.norm.ppf((1 + level) / 2))
    return pd.DataFrame(
        {
            name: {
                "elasticity": value,
                "error": error,
                "low": value - reach * error,
                "high": value + reach * error,
                "accounts": fit.accounts if fit else math.nan,
                "months": fit.months if fit else math.nan,
            }
            for name, (value, error, fit) in rows.items()
        }
    ).T


def _sentence(table: pd.DataFrame, follows: float, *, randomised: bool, level: float) -> str:
    rows = table.to_dict("index")
    used, within, pooled = (rows[name] for name in ("used", "fixed effects", "pooled"))
    head = (
        f"10 % more contacts go with {percent(0.1 * used['elasticity'])} more sales "
        f"(elasticity {used['elasticity']:.2f}, {percent(level)} interval {used['low']:.2f} to "
        f"{used['high']:.2f})."
    )
    if math.isnan(within["elasticity"]):
        return (
            f"{head} That is what other companies found: fewer than "
            f"{several(ACCOUNTS_NEEDED, 'account')} with varying contacts, or less than "
            f"{several(MONTHS_NEEDED, 'month')}, is not enough data to tell."
        )
    own = (
        f" Within {several(int(within['accounts']), 'account')} and "
        f"{several(int(within['months']), 'month')} it is {within['elasticity']:.2f} "
        f"({within['low']:.2f} to {within['high']:.2f}); between accounts "
        f"{pooled['elasticity']:.2f}, which takes the size of accounts for an effect of contacts."
    )
    return head + own + _caution(follows, randomised=randomised)


def _caution(follows: float, *, randomised: bool) -> str:
    if randomised:
        return " The contacts were drawn by lot, so this is an effect."
    if follows < 0.05:
        return (
            " Next month's contacts already go with this month's sales: contacts follow demand, "
            "and the data cannot tell cause from consequence; a pilot drawn by lot would."
        )
    return (
        " Nothing shows that contacts follow demand, but only a pilot drawn by lot would rule "
        "it out."
    )
