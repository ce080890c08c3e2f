"""What a plan is worth against doing otherwise, and what it claims by luck."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kapkit.cultivation.allocation import Allocation, best_contacts
from kapkit.cultivation.situation import Situation
from kapkit.models.curves import calibrate
from kapkit.models.poisson import Matrix
from kapkit.wording import amount

#: Elasticities a plan is tried under: weak, as found elsewhere, strong.
ELASTICITIES = (0.15, 0.31, 0.47)

#: Visits by class that many sales forces keep by habit.
HABIT: Mapping[str, float] = {"A": 12.0, "B": 6.0, "C": 2.0}


_RIVALS = ("A/B/C by habit", "equal visits")


@dataclass(frozen=True)
class Comparison:
    """The gain a year of the plan and of its rivals under three elasticities.

    ``table`` is indexed by what is done (today, A/B/C by habit, equal visits, plan at today's
    hours, plan): ``hours`` and the gain under each elasticity. ``optimism`` is the part of the
    plan's gain that is due to choosing by uncertain values, ``corrected`` the gain without.
    """

    table: pd.DataFrame
    optimism: float
    corrected: float
    sentence: str


def compare(plan: Allocation, *, seed: int, draws: int = 20, currency: str = "") -> Comparison:
    """Set the plan beside today's contacts, habit and equal visits, before hours are moved.

    Parameters
    ----------
    plan : Allocation
        From `allocate`.
    seed : int
        Of the draws of `winners_curse`.
    draws : int
        How many.
    currency : str
        Written behind amounts.

    Returns
    -------
    Comparison

    Notes
    -----
    Habit and equal visits use the plan's hours of each owner, shared over kinds as today. Where
    people judged a curve, it holds under all three elasticities.
    """
    start = plan.situation
    frugal = replace(start, owners=start.owners.assign(hours=_hours_today(plan)))
    rivals = {
        "today": start.today.to_numpy(float),
        "A/B/C by habit": shared_out(plan, start.accounts["class"].map(HABIT).fillna(1.0)),
        "equal visits": shared_out(plan, pd.Series(1.0, start.accounts.index)),
        "plan at today's hours": best_contacts(frugal)[0],
        "plan": plan.planned.to_numpy(float),
    }
    table = pd.DataFrame(
        {name: _under_each(start, contacts) for name, contacts in rivals.items()}
    ).T
    optimism = winners_curse(start, seed=seed, draws=draws)
    return Comparison(table, optimism, plan.gain - optimism, _said(plan, table, optimism, currency))


def winners_curse(start: Situation, *, seed: int, draws: int = 20) -> float:
    """Find how much of a plan's gain comes from values that happen to be estimated too high.

    Values are drawn again around the estimates with their own errors; each draw is planned for
    as if it were all that is known, and its mirror image too. What those plans claim beyond what
    they bring under the estimates is the optimism of the rule.

    Parameters
    ----------
    start : Situation
        With ``low`` and ``high`` of each contribution; without, 0 is returned.
    seed : int
        Of the draws.
    draws : int
        How many.

    Returns
    -------
    float
        Money a year, to be taken off the plan's gain.

    References
    ----------
    Smith, J. E. and Winkler, R. L. (2006), The optimizer's curse, Management Science 52. Efron,
    B. (1983), Estimating the error rate of a prediction rule, JASA 78.
    """
    error = start.value_error.to_numpy(float)
    if not error.any():
        return 0.0
    rng = np.random.default_rng(seed)
    claims = []
    for _ in range((draws + 1) // 2):
        noise = rng.normal(0.0, error)
        claims += [_claimed(start, noise), _claimed(start, -noise)]
    return float(np.mean(claims))


def _claimed(start: Situation, noise: Matrix) -> float:
    """Plan for values that are off by noise; give what is claimed beyond what it brings."""
    off = start.accounts.assign(contribution=start.accounts["contribution"] + noise)
    world = replace(start, accounts=off)
    contacts = best_contacts(world)[0]
    return float((world.gain(contacts) - start.gain(contacts)).sum())


def shared_out(plan: Allocation, weight: pd.Series) -> Matrix:
    """Share each owner's planned hours out by kind as today, and by account as weights say."""
    start = plan.situation
    hours = start.hours.to_numpy(float)
    needed = start.share.to_numpy(float) / hours.mean(axis=0)
    contacts = weight.to_numpy(float)[:, None] * needed
    used = np.bincount(start.owner, (contacts * hours).sum(axis=1), len(start.capacity))
    scale = plan.owners["hours_planned"].to_numpy(float) / np.where(used > 0, used, 1.0)
    found: Matrix = contacts * scale[start.owner][:, None]
    return found


def gain_under(start: Situation, contacts: Matrix, elasticity: float) -> float:
    """Give what contacts bring a year beyond today's if the elasticity were another."""
    curves = calibrate(
        pd.Series(elasticity, start.curves.index),
        steepness=start.curves["steepness"].clip(lower=1.0),
    )
    if "source" in start.curves:
        typed = start.curves["source"] == "judgement"
        curves = curves.where(~typed, start.curves[curves.columns])
    return float(start.gain(contacts, curves).sum())


def _under_each(start: Situation, contacts: Matrix) -> dict[str | float, float]:
    hours = float((contacts * start.hours.to_numpy(float)).sum())
    found: dict[str | float, float] = {"hours": hours}
    return found | {one: gain_under(start, contacts, one) for one in ELASTICITIES}


def _hours_today(plan: Allocation) -> pd.Series:
    """Give today's hours of each owner, at most those there are."""
    return plan.owners["hours_today"].clip(upper=plan.owners["hours"])


def _said(plan: Allocation, table: pd.DataFrame, optimism: float, currency: str) -> str:
    habit, equal = (_more(table[ELASTICITIES[1]], one, currency) for one in _RIVALS)
    weak, _, strong = (float(table[one]["plan"]) for one in ELASTICITIES)
    middle = table[ELASTICITIES[1]]
    same = float(middle["plan at today's hours"])
    return (
        f"The plan brings {amount(plan.gain, currency)} a year more than today's contacts, "
        f"{amount(plan.gain - optimism, currency)} without what it claims by luck; "
        f"{amount(weak, currency)} if contacts matter little, {amount(strong, currency)} if much. "
        f"Moving today's hours alone brings {amount(same, currency)}. It brings "
        f"{habit} and {equal}."
    )


def _more(gains: pd.Series, rival: str, currency: str) -> str:
    ahead = float(gains["plan"] - gains[rival])
    return f"{amount(abs(ahead), currency)} {'more' if ahead >= 0 else 'less'} than {rival}"
