"""The latent traits of accounts that no CRM shows: how they buy, feel and respond."""

import numpy as np
import pandas as pd

from kapkit.sample.settings import Settings
from kapkit.sample.world import Floats, Region, Window

NEVER_BOUGHT_SHARE = 0.03
BELOW_COST_SHARE = 0.03
LARGE_REGION = 60
FAVOURED_RANKS = [1, 2, 3]
MOOD_SD = 0.6
SHARE = (3.0, 4.0)


def draw_traits(
    rng: np.random.Generator,
    people: pd.DataFrame,
    regions: tuple[Region, ...],
    window: Window,
    settings: Settings,
) -> pd.DataFrame:
    """Draw how each account buys, feels and responds.

    Returns
    -------
    DataFrame indexed like ``people``
        The columns of :func:`_buying`, :func:`draw_feeling` and :func:`_responding`.
    """
    level = people["region"].map({region.name: region.level for region in regions})
    buying = _favour_large(
        _buying(rng, np.asarray(level, dtype=np.float64), window, settings), people["region"]
    )
    feeling = draw_feeling(rng, len(people), settings)
    responding = _responding(rng, len(people), settings)
    return pd.concat([buying, feeling, responding], axis=1).set_axis(people.index)


def _buying(
    rng: np.random.Generator, level: Floats, window: Window, settings: Settings
) -> pd.DataFrame:
    """Draw how an account buys while nothing moves its pace.

    ``purchase_rate`` (orders a year, gamma; 0 where it never buys), ``order_value`` (mean on
    the first day, log-normal), ``trend`` (log growth of it a year), ``leave_rate`` (a year,
    gamma), ``joined`` (day number), ``wallet`` (what it could spend a year, on the first day),
    ``below_cost`` (its terms lose money), ``returns`` (share of its lines taken back).
    """
    count = len(level)
    rate = rng.gamma(3.0, 10.0 / 3.0, count)
    value = np.maximum(1000 * level * rng.lognormal(0, 1.08, count), 150.0)
    never = rng.permutation(count) < round(NEVER_BOUGHT_SHARE * count)
    return pd.DataFrame(
        {
            "purchase_rate": np.where(never, 0.0, rate),
            "order_value": value,
            "trend": _trend(rng, count),
            "leave_rate": rng.gamma(2.0, settings.leave_rate / 2, count),
            "joined": _joined(rng, count, window),
            "wallet": rate * value / rng.beta(*SHARE, count),
            "below_cost": rng.random(count) < BELOW_COST_SHARE,
            "returns": settings.credit_notes,
        }
    )


def draw_feeling(rng: np.random.Generator, count: int, settings: Settings) -> pd.DataFrame:
    """Draw ``mood`` (usual satisfaction), ``bad_share`` of its deliveries, its service.

    ``service_hours`` it asks for a year, ``drops`` a delivery is split into.
    """
    spread = rng.gamma(2.0, 0.5, count)
    return pd.DataFrame(
        {
            "mood": rng.normal(0, MOOD_SD, count),
            "bad_share": np.minimum(settings.bad_deliveries * spread, 0.5),
            "service_hours": rng.gamma(1.2, 6.0, count),
            "drops": 1.0 + rng.gamma(1.0, 0.4, count),
        }
    )


def _responding(rng: np.random.Generator, count: int, settings: Settings) -> pd.DataFrame:
    """Draw the account's ``elasticity`` to contacts and the programme's ``effect`` on it.

    The effect is 0 on some; among the others its mean makes up for them.
    """
    works = rng.random(count) >= settings.programme_no_effect
    mean = settings.programme_effect / max(1 - settings.programme_no_effect, 1e-9)
    effect = rng.normal(mean, settings.programme_effect_sd, count)
    elasticity = rng.normal(settings.elasticity, settings.elasticity_sd, count)
    return pd.DataFrame(
        {"elasticity": np.maximum(elasticity, 0.0), "effect": np.where(works, effect, 0.0)}
    )


def _joined(rng: np.random.Generator, count: int, window: Window) -> Floats:
    """Draw the first day of buying: day 0 for the old accounts, later for one in four."""
    newcomer = rng.random(count) < 0.25
    return np.where(newcomer, rng.integers(0, int(0.9 * window.as_of_day), count), 0.0)


def _trend(rng: np.random.Generator, count: int) -> Floats:
    """Draw the yearly log growth: one in five grows, one in five fades, the rest stay."""
    mood = rng.choice([0.22, -0.35, 0.0], count, p=[0.2, 0.2, 0.6])
    return np.asarray(mood + rng.normal(0, 0.05, count), dtype=np.float64)


def _favour_large(traits: pd.DataFrame, region: pd.Series) -> pd.DataFrame:
    """Let some of the largest accounts of the large regions stay, steady, on terms that lose."""
    region = region.set_axis(traits.index)
    spend = (traits["purchase_rate"] * traits["order_value"]).where(traits["joined"].eq(0), 0)
    rank = spend.groupby(region).rank(ascending=False, method="first")
    large = region.map(region.value_counts()) >= LARGE_REGION
    favoured = large & rank.isin(FAVOURED_RANKS)
    return traits.assign(
        below_cost=traits["below_cost"] | favoured,
        trend=traits["trend"].mask(favoured, 0.0),
        leave_rate=traits["leave_rate"].mask(favoured, 0.0),
    )
