"""4.1 Allocation: which accounts get how many contacts, so that hours bring most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from kapkit.cultivation.effort import grid
from kapkit.cultivation.heap import Chosen, Codes, choose
from kapkit.cultivation.linked import Limit, choose_linked, linear
from kapkit.cultivation.reasons import reasons, summary, workload
from kapkit.cultivation.situation import Situation, level
from kapkit.models.poisson import Matrix
from kapkit.models.response import PRIOR, PRIOR_SD

#: Spread of the elasticities of single accounts around the common one: assumed, not estimated.
SPREAD = 0.12

#: Below this elasticity, errors are no longer set in relation to it.
_LEAST = 0.01


@dataclass(frozen=True)
class Allocation:
    """How many contacts each account gets, what that brings, and whose hours it takes.

    ``planned`` (contacts a year, accounts x kinds) stands beside ``situation.today``. ``table``,
    one row an account: ``hours_today``, ``hours_planned``, ``gain`` a year with ``low`` and
    ``high``, ``marginal_return`` (what one more hour would bring) and ``reason``. ``owners``:
    ``hours``, ``hours_today``, ``hours_planned``, ``price`` (what one more hour would bring),
    ``accounts_short``, ``contacts_short`` and ``hours_short`` against the minimum. ``gain`` is
    the region's, between ``low`` and ``high``; ``bound`` cannot be exceeded under the hours.
    """

    situation: Situation
    planned: pd.DataFrame
    table: pd.DataFrame
    owners: pd.DataFrame
    gain: float
    low: float
    high: float
    bound: float
    sentence: str


@dataclass(frozen=True)
class Options:
    """What a plan chooses from.

    ``levels`` of contacts (accounts x kinds x levels), and their ``gain`` and ``hours`` (rows x
    levels) with the ``owner`` of each row.
    """

    levels: Matrix
    gain: Matrix
    hours: Matrix
    owner: Codes


def allocate(
    start: Situation,
    *,
    elasticity: tuple[float, float] = (PRIOR, PRIOR_SD),
    limits: Sequence[Limit] = (),
    probability: float = 0.8,
    currency: str = "",
) -> Allocation:
    """Decide how many contacts each account gets, so that every owner's hours bring most.

    Expected contribution is maximised under each owner's hours, the minimum for each account
    and bounds against today's effort. An owner whose hours do not suffice for half of today's
    effort is held to the minimum only; one whose hours do not suffice for the minimum plans the
    part of it that brings most, and is named as short.

    Parameters
    ----------
    start : Situation
        From `situation`.
    elasticity : tuple of float
        Mean and standard deviation of the elasticity of the curves, for the intervals.
    limits : sequence of Limit
        Bounds over several accounts or owners; with any, the plan is found by HiGHS.
    probability : float, 0 to 1
        Probability of the intervals.
    currency : str
        Written behind amounts.

    Returns
    -------
    Allocation

    Notes
    -----
    The interval of a gain holds what is not known of the common elasticity, of how single
    accounts differ from it (sd `SPREAD`, assumed) and of the account's value; not of the minutes.
    The gain is expected and not corrected for the choice of the best (see `winners_curse`).

    References
    ----------
    Lodish, L. M. (1971), CALLPLAN, Management Science 18. Sinha, P. and Zoltners, A. A. (2001),
    Sales-force decision models: insights from 25 years of implementation, Interfaces 31.
    """
    contacts, chosen = best_contacts(start, limits)
    planned = pd.DataFrame(contacts, start.today.index, start.rules.kinds)
    gains = start.gain(contacts)
    gain = pd.Series(gains.sum(axis=1), planned.index)
    common, own = _relative_errors(start, elasticity)
    reach = float(stats.norm.ppf((1 + probability) / 2))
    table = pd.DataFrame(
        {
            "hours_today": (start.today * start.hours).sum(axis=1),
            "hours_planned": (planned * start.hours).sum(axis=1),
            "gain": gain,
            "low": gain - reach * gain.abs() * np.hypot(common, own),
            "high": gain + reach * gain.abs() * np.hypot(common, own),
            "marginal_return": _marginal_return(start, contacts),
        }
    )
    owners = workload(start, planned, table, chosen.price)
    total = float(gain.sum())
    width = reach * float(np.hypot(common * total, np.sqrt(((own * gain) ** 2).sum())))
    said = summary(owners, total, total - width, total + width, start.unplanned, currency)
    table["reason"] = reasons(start, planned, table, owners, currency)
    return Allocation(
        start, planned, table, owners, total, total - width, total + width, chosen.bound, said
    )


def best_contacts(start: Situation, limits: Sequence[Limit] = ()) -> tuple[Matrix, Chosen]:
    """Choose contacts (accounts x kinds), with the price of hours and the bound of the gain.

    An owner for whom today's contacts fit, keep the minimum and bring more, keeps them.
    """
    options = lay_out(start)
    if limits:
        limited = linear(limits, options.levels, start.accounts, start.rules.kinds)
        chosen = choose_linked(options.gain, options.hours, options.owner, start.capacity, limited)
    else:
        chosen = choose(options.gain, options.hours, options.owner, start.capacity)
    rows = options.levels.reshape(options.gain.shape)
    contacts = rows[np.arange(len(rows)), chosen.level].reshape(options.levels.shape[:2])
    return (contacts if limits else _not_worse(start, contacts)), chosen


def lay_out(start: Situation) -> Options:
    """Lay out the levels of effort that a plan chooses from, for each account and kind."""
    levels = _levels(start)
    shape = (-1, levels.shape[-1])
    hours = (levels * level(start.hours)).reshape(shape)
    owner = np.repeat(start.owner, levels.shape[1])
    return Options(levels, start.gain(levels).reshape(shape), hours, owner)


def _not_worse(start: Situation, contacts: Matrix) -> Matrix:
    """Keep today's contacts for an owner whose plan brings less than they do."""
    today = start.today.to_numpy(float)
    count = len(start.capacity)
    loses = np.bincount(start.owner, start.gain(contacts).sum(axis=1), count) < 0
    kept = np.bincount(start.owner, (today < start.due).any(axis=1), count) == 0
    used = np.bincount(start.owner, (today * start.hours).sum(axis=1), count)
    back = (loses & kept & (used <= start.capacity))[start.owner]
    return np.where(back[:, None], today, contacts)


def _levels(start: Situation) -> Matrix:
    """Lay out the levels of each account and kind, from what its owner can keep up."""
    today, due = np.round(start.today.to_numpy(float)), start.due.to_numpy(float)
    hours, owner, rules = start.hours.to_numpy(float), start.owner, start.rules
    lower = np.maximum(np.ceil(rules.least * today - 1e-9), due)
    upper = np.maximum(np.floor(rules.most * today + 1e-9), lower)
    bounds_fit = _fits(lower * hours, owner, start.capacity)
    due_fits = _fits(due * hours, owner, start.capacity)
    lower = np.where(bounds_fit, lower, np.where(due_fits, due, 0.0))
    upper = np.where(bounds_fit | due_fits, upper, due)
    return grid(today, lower, upper, rules)


def _fits(hours: Matrix, owner: Codes, capacity: Matrix) -> npt.NDArray[np.bool_]:
    """Tell for each account (rows x 1) whether its owner's hours suffice."""
    used = np.bincount(owner, hours.sum(axis=1), len(capacity))
    return np.asarray(used <= capacity)[owner][:, None]


def _relative_errors(start: Situation, elasticity: tuple[float, float]) -> tuple[float, pd.Series]:
    """Give the relative error that all accounts share, and that of each account."""
    mean, sd = max(elasticity[0], _LEAST), elasticity[1]
    value = start.accounts["contribution"]
    error = start.value_error / value.where(value > 0)
    return sd / mean, ((SPREAD / mean) ** 2 + error.fillna(0.0) ** 2) ** 0.5


def _marginal_return(start: Situation, contacts: Matrix) -> Matrix:
    """Give what one more hour would bring: the best next contact's gain over its hours."""
    more = start.gain(contacts + 1) - start.gain(contacts)
    found: Matrix = (more / start.hours.to_numpy(float)).max(axis=1)
    return found
