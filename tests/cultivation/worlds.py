"""Simulated regions whose response to contacts is known, and what a planner sees of them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kapkit.cultivation.effort import Rules
from kapkit.cultivation.situation import Situation, situation
from kapkit.models.curves import calibrate

FREE_OF_CADENCE = Rules(minutes={"visit": 90, "call": 20, "demo": 150, "email": 10}, cadence={})


@dataclass(frozen=True)
class World:
    """The same region as it is and as the planner sees it."""

    true: Situation
    seen: Situation

    def brings(self, contacts: np.ndarray) -> float:
        """What contacts really bring a year beyond today's."""
        return float(self.true.gain(contacts).sum())


def world(
    seed: int,
    *,
    accounts: int = 80,
    owners: int = 3,
    rules: Rules = FREE_OF_CADENCE,
    value_error: float = 0.1,
    cv: float = 0.2,
    s_shaped: float = 0.3,
    follows: float = 0.8,
    scatter: float = 0.4,
) -> World:
    """Simulate a region: large accounts are visited more, and nobody knows what visits do.

    Visits follow value (to the power ``follows``, with a log-normal ``scatter``), as a sales
    force's do: the looser they follow, the easier any rule beats them. At .8 and .4 equal visits
    lose about two fifths of the free optimum's gain.
    The true elasticities scatter (``cv``) around a mean that differs between worlds, of which
    the planner knows nothing; some responses are S-shaped, the planner takes all for concave;
    values are seen with a relative error. Hours are those of today.
    """
    rng = np.random.default_rng(seed)
    value = np.exp(rng.normal(10, 1, accounts))
    names = pd.Index([f"A{number:04}" for number in range(accounts)], name="account_id")
    pull = (value / np.median(value)) ** follows * np.exp(rng.normal(0, scatter, accounts))
    usual = {"visit": 5.0, "call": 10.0, "demo": 1.0, "email": 15.0, "training": 1.0}
    today = pd.DataFrame({kind: rng.poisson(usual[kind] * pull) for kind in rules.kinds}, names)
    table = pd.DataFrame(
        {
            "owner": rng.choice([f"owner {number}" for number in range(owners)], accounts),
            "class": classes(value),
            "contribution": value,
            "travel_minutes": rng.integers(10, 90, accounts).astype(float),
        },
        names,
    )
    staff = pd.DataFrame({"owner": sorted(set(table["owner"])), "hours_per_month": 1e4})
    mean = np.clip(rng.normal(0.31, 0.1), 0.1, 0.55)
    true = pd.Series((mean * scattered(rng, cv, accounts)).clip(max=0.9), names)
    shape = pd.Series(np.where(rng.random(accounts) < s_shaped, 2.0, 1.0), names)
    start = situation(
        table, today.astype(float), staff, curves=calibrate(true, steepness=shape), rules=rules
    )
    noise = scattered(rng, value_error, accounts)
    error = 1.2816 * value_error * value * noise
    estimated = table.assign(
        contribution=value * noise,
        low=value * noise - error,
        high=value * noise + error,
    )
    estimated["class"] = classes(value * noise)
    seen = situation(estimated, today.astype(float), staff, rules=rules)
    return World(*(with_hours_of_today(one) for one in (start, seen)))


def classes(value: np.ndarray) -> np.ndarray:
    rank = value.argsort()[::-1].argsort() / len(value)
    return np.select([rank < 0.2, rank < 0.5], ["A", "B"], "C")


def scattered(rng: np.random.Generator, cv: float, count: int) -> np.ndarray:
    """Draw positive factors with mean one and a coefficient of variation."""
    variance = np.log1p(cv**2)
    return np.exp(rng.normal(-variance / 2, np.sqrt(variance), count))


def with_hours_of_today(start: Situation) -> Situation:
    used = (start.today * start.hours).sum(axis=1).groupby(start.accounts["owner"]).sum()
    return replace(start, owners=used.to_frame("hours").reindex(start.owners.index))
