"""What is true of the simulated accounts and no export can know."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kapkit.sample.deliveries import last_day
from kapkit.sample.history import (
    DEMAND_MEMORY,
    MOOD_MEMORY,
    NEVER,
    PRESSURE,
    PRESSURE_MEMORY,
    SHOCK_SD,
    STOCK_FLOOR,
    History,
    month_season,
)
from kapkit.sample.orders import DAMAGE, MOST_PACE, SEVERITY_SHARES
from kapkit.sample.service import expected_cost
from kapkit.sample.settings import Settings
from kapkit.sample.world import Floats, Window

LARGEST_SHARE = 0.95
_DAMAGE_MEAN = float(np.dot(SEVERITY_SHARES, DAMAGE[1:]))
_DAMAGE_SQUARE = float(np.dot(SEVERITY_SHARES, DAMAGE[1:] ** 2))


def account_truth(
    population: pd.DataFrame,
    past: History,
    worth: tuple[Floats, Floats],
    window: Window,
    settings: Settings,
) -> pd.DataFrame:
    """Tell how each account really buys, to judge estimates of it.

    Parameters
    ----------
    worth : pair of arrays, accounts by months
        Expected revenue and margin of an order (:func:`kapkit.sample.prices.order_worth`).

    Returns
    -------
    DataFrame indexed by account_id
        ``purchase_rate`` (orders a year at its usual pace; 0 where it never buys), ``pace``
        (orders of the last year's pace against that), ``trend`` (log growth of the order value a
        year), ``leave_rate`` (a year, at satisfaction 0), ``wallet`` (what it could spend a year,
        on ``as_of``), ``share`` (of the wallet that is ours), ``discount_share`` (of list prices),
        ``below_cost`` (its terms lose money), ``mean_order_value`` (expected net value of an order
        on ``as_of``), ``leaves`` (day it left; missing where it had not on ``as_of``), ``alive``
        (still buying on ``as_of``), ``satisfaction`` (on ``as_of``), ``contacts`` (true number in
        the last twelve months), ``elasticity`` (of orders to contacts), ``programme_effect`` (gain
        in log pace once in the programme), ``wave`` (its first day there; missing where never),
        ``expected_orders``, ``expected_revenue``, ``expected_margin`` and ``cost_to_serve`` (of the
        twelve months after ``as_of``, expected on that day), ``next_orders`` and ``next_revenue``
        (what those months then brought). Money is in the book's currency.
    """
    now = window.known_months
    leaves = last_day(past.left, window)
    alive = (population["purchase_rate"].to_numpy() > 0) & (leaves > window.as_of_day)
    wallet, share = wallets(population, past, worth[0], slice(now - 1, now))
    known = population.set_index("account_id").rename(columns={"discount": "discount_share"})
    traits = ["purchase_rate", "trend", "leave_rate", "discount_share", "below_cost", "elasticity"]
    expected = _next_year(population, past, worth, alive, window, settings)
    return known[traits].assign(
        pace=past.pace[:, now - 12 : now].mean(axis=1),
        wallet=wallet[:, 0],
        share=share[:, 0] * alive,
        mean_order_value=worth[0][:, now - 1],
        leaves=_dates(leaves, window),
        alive=alive,
        satisfaction=past.satisfaction[:, now],
        contacts=past.contacts[:, now - 12 : now].sum(axis=1),
        programme_effect=population["effect"].to_numpy(),
        wave=_dates(np.where(past.enrolled == NEVER, np.inf, window.edges[past.enrolled]), window),
        **expected,
        next_orders=past.reached[:, now + 12] - past.reached[:, now],
        next_revenue=past.revenue(now, now + 12),
    )


def month_truth(
    population: pd.DataFrame, past: History, revenue: Floats, window: Window
) -> pd.DataFrame:
    """Tell each account's latent course, month by month up to ``as_of``.

    ``revenue`` is that expected of an order, accounts by months.

    Returns
    -------
    DataFrame indexed by account_id and month (its first day)
        ``satisfaction``, ``contacts`` (true number), ``pace`` (orders against the account's rate),
        ``orders`` (made), ``demand`` and ``pressure`` (logs), ``enrolled`` (in the programme),
        ``wallet`` (what it could spend a year) and ``share`` (of it that is ours; 0 before it
        joins and after it left).
    """
    now = window.known_months
    wallet, share = wallets(population, past, revenue, slice(now))
    begin, end = window.edges[:now], window.edges[1 : now + 1]
    there = (population["joined"].to_numpy()[:, None] < end) & (past.left[:, None] >= begin)
    money = {"wallet": wallet, "share": share * there}
    return by_month({**known_courses(past, window), **money}, population, window)


def known_courses(past: History, window: Window) -> dict[str, NDArray[Any]]:
    """Give what happened up to ``as_of``, accounts by months, under the names of the truth."""
    now = window.known_months
    within = (past.enrolled[:, None] != NEVER) & (past.enrolled[:, None] <= np.arange(now))
    return {
        "satisfaction": past.satisfaction[:, :now],
        "contacts": past.contacts[:, :now],
        "pace": past.pace[:, :now],
        "orders": np.diff(past.reached[:, : now + 1], axis=1),
        "demand": past.demand[:, :now],
        "pressure": past.pressure[:, :now],
        "enrolled": within,
    }


def by_month(
    courses: Mapping[str, NDArray[Any]], population: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Shape courses, accounts by months, to a frame indexed by account_id and month."""
    first = window.date(window.edges[: window.known_months])
    month = pd.DatetimeIndex(first, name="month").as_unit("us")
    index = pd.MultiIndex.from_product([population["account_id"], month])
    return pd.DataFrame({name: course.ravel() for name, course in courses.items()}, index)


def wallets(
    population: pd.DataFrame, past: History, revenue: Floats, months: slice
) -> tuple[Floats, Floats]:
    """Give what each account could spend a year, and our share of it, in each of some months.

    The wallet moves with prices, the account's trend and its passing demand; it is never less
    than what is spent with us and a twentieth more. So the share moves with contacts,
    satisfaction, competitors and the programme alone.
    """
    rate, value = (
        population[name].to_numpy()[:, None] for name in ("purchase_rate", "order_value")
    )
    growth = revenue[:, months] / value * np.exp(past.demand[:, months])
    spend = rate * revenue[:, months] * past.pace[:, months]
    wallet = np.maximum(population["wallet"].to_numpy()[:, None] * growth, spend / LARGEST_SHARE)
    return wallet, spend / wallet


def _next_year(
    population: pd.DataFrame,
    past: History,
    worth: tuple[Floats, Floats],
    alive: NDArray[np.bool],
    window: Window,
    settings: Settings,
) -> dict[str, Floats]:
    """Expect orders, revenue, margin and cost of the twelve months after ``as_of``."""
    now = window.known_months
    ahead = _expected_orders(population, past, window, settings) * alive[:, None]
    orders = ahead.sum(axis=1)
    return {
        "expected_orders": orders,
        "expected_revenue": (ahead * worth[0][:, now:]).sum(axis=1),
        "expected_margin": (ahead * worth[1][:, now:]).sum(axis=1),
        "cost_to_serve": expected_cost(population, orders, window),
    }


def _dates(day: Floats, window: Window) -> pd.Series | np.ndarray:
    """Date numbered days up to ``as_of``; later ones are missing."""
    known = day <= window.as_of_day
    date = window.date(np.where(known, day, 0)).astype("datetime64[us]")
    return np.where(known, date, np.datetime64("NaT", "us"))


def _expected_orders(
    population: pd.DataFrame, past: History, window: Window, settings: Settings
) -> Floats:
    """Expect the orders of each of the next twelve months of accounts still there on ``as_of``.

    Demand and satisfaction return to their means from where they are, competitors come and
    fade, contacts stay as remembered over the last year but for the trend, no new wave enters.
    """
    now, ahead = window.known_months, np.arange(1, 13)
    demand = _coming_demand(past.demand[:, [now - 1]], ahead, settings)
    feels, spread = _coming_mood(population, past.satisfaction[:, [now]], ahead - 1)
    gain = settings.satisfaction_effect
    held = past.pressure[:, [now - 1]] * PRESSURE_MEMORY**ahead
    entering = settings.competitor_entries / 12 * np.mean(PRESSURE)
    coming = entering * (1 - PRESSURE_MEMORY**ahead) / (1 - PRESSURE_MEMORY)
    # Calls follow size, and size the account's trend: half a year back, and the months ahead.
    follows = settings.calls_follow_size * population["elasticity"] * population["trend"]
    calls = np.outer(follows, (ahead + 5.5) / 12)
    log_pace = _steady(population, past, now) + calls + demand + gain * feels + gain**2 * spread / 2
    pace = np.minimum(np.exp(log_pace - held - coming), MOST_PACE)
    neglect = (_contacts_kept(past, now) ** -settings.leave_contacts).mean(axis=1)
    there = _staying(population, feels, spread, neglect, settings)
    pace_of_year = month_season(population["industry"], window)[:, now : now + 12]
    rate = population["purchase_rate"].to_numpy()[:, None]
    return np.asarray(rate * pace_of_year * pace * there / 12)


def _steady(population: pd.DataFrame, past: History, now: int) -> Floats:
    """Give the part of the log pace that stays: contacts as they were, and the programme."""
    elasticity = population["elasticity"].to_numpy()
    contact = np.log((_contacts_kept(past, now) ** elasticity[:, None]).mean(axis=1))
    inside = past.enrolled != NEVER
    lift = np.where(inside, population["effect"].to_numpy(), 0.0)
    return np.asarray(contact + lift)[:, None]


def _contacts_kept(past: History, now: int) -> Floats:
    """Give the contacts remembered in each month of the last year, against those at first."""
    usual = past.stock[:, [0]] + STOCK_FLOOR
    return np.asarray((past.stock[:, now - 11 : now + 1] + STOCK_FLOOR) / usual)


def _coming_demand(demand: Floats, ahead: np.ndarray, settings: Settings) -> Floats:
    """Give the log of the mean of exp(demand), so many months ahead."""
    centre = -(settings.demand_sd**2) / 2
    memory = DEMAND_MEMORY**ahead
    spread = settings.demand_sd**2 * (1 - memory**2)
    return np.asarray(centre + memory * (demand - centre) + spread / 2)


def _coming_mood(
    population: pd.DataFrame, satisfaction: Floats, ahead: np.ndarray
) -> tuple[Floats, Floats]:
    """Give mean and variance of satisfaction, so many months ahead."""
    mishaps = (population["purchase_rate"] * population["bad_share"]).to_numpy()[:, None] / 12
    centre = population["mood"].to_numpy()[:, None] - mishaps * _DAMAGE_MEAN / (1 - MOOD_MEMORY)
    memory = MOOD_MEMORY**ahead
    shock = SHOCK_SD**2 + mishaps * _DAMAGE_SQUARE
    spread = shock * (1 - memory**2) / (1 - MOOD_MEMORY**2)
    return centre + memory * (satisfaction - centre), spread


def _staying(
    population: pd.DataFrame, feels: Floats, spread: Floats, neglect: Floats, settings: Settings
) -> Floats:
    """Give the chance to be there still in the middle of each coming month."""
    fear = settings.leave_satisfaction
    hazard = np.exp(-fear * feels + fear**2 * spread / 2) / 12
    hazard = (population["leave_rate"].to_numpy() * neglect)[:, None] * hazard
    return np.asarray(np.exp(-(np.cumsum(hazard, axis=1) - hazard / 2)))
