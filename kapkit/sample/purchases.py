"""When accounts order and for how much: regular re-orders until they leave."""

import numpy as np
import pandas as pd

from kapkit.sample.world import DAYS_A_YEAR, INDUSTRIES, Floats, Ints, Window, industry_code, season

ORDER_VALUE_SD = 0.45
ORDER_CHANNELS = ["web", "phone", "rep"]


def draw_orders(rng: np.random.Generator, population: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Draw every order of every account within the window.

    Gaps between orders are Erlang-k on a clock that runs fast in the industry's season, so that
    the yearly mean stays the purchase rate; the first gap is the one that an outsider meets who
    starts to look on any day (k phases, equally likely). Orders fall on working days, from the
    day an account joins to the day it leaves.

    Returns
    -------
    DataFrame in order of date
        ``account`` (position in the population), ``date``, ``value`` aimed at in prices of the
        window's first year, ``channel``.

    References
    ----------
    Cox, D. R. (1962), Renewal Theory: the equilibrium renewal process.
    """
    industry = industry_code(population["industry"])
    clock = _season_clock(window)
    start = clock[industry, population["joined"].to_numpy().astype(int)]
    length = np.where(population["purchase_rate"] > 0, clock[industry, -1] - start, 0.0)
    account, elapsed = _renewals(rng, population["purchase_rate"].to_numpy(), length, industry)
    day = _day_of(clock, industry[account], start[account] + elapsed)
    date = np.busday_offset(window.date(day), 0, roll="forward")
    orders = pd.DataFrame({"account": account, "date": date})
    open_until = np.minimum(population["left"].to_numpy()[account], window.days)
    orders = orders[(date - window.first).astype(int) < open_until]
    return _valued(rng, orders.sort_values(["date", "account"]), population, window)


def _season_clock(window: Window) -> Floats:
    """Give, per industry and day number, the seasonal time in years gone before that day."""
    industry, day = np.indices((len(INDUSTRIES), window.days))
    pace = season(industry.ravel(), window.date(day.ravel())).reshape(industry.shape)
    return np.pad(np.cumsum(pace / DAYS_A_YEAR, axis=1), ((0, 0), (1, 0)))


def _renewals(
    rng: np.random.Generator, rate: Floats, length: Floats, industry: Ints
) -> tuple[Ints, Floats]:
    """Draw more renewals than fit in each account's time, as (account, time since its start)."""
    expected = rate * length
    draws = np.ceil(expected + 5 * np.sqrt(expected) + 5).astype(np.int64) * (expected > 0)
    account = np.repeat(np.arange(len(rate)), draws)
    first = np.flatnonzero(np.diff(account, prepend=-1))
    k = INDUSTRIES["shape"].to_numpy()[industry[account]]
    phases = k.copy()
    phases[first] = rng.integers(1, k[first] + 1)
    gap = rng.gamma(phases) / (k * rate[account])
    total = np.cumsum(gap)
    before = np.repeat(total[first] - gap[first], draws[draws > 0])
    return account, total - before


def _day_of(clock: Floats, industry: Ints, time: Floats) -> Ints:
    """Find the day on which an industry's clock reaches a time; past the end: the last."""
    apart = 2 * clock.max()
    shelf = (clock + apart * np.arange(len(clock))[:, None]).ravel()
    inside = np.minimum(time, clock[industry, -1])
    found = np.searchsorted(shelf, inside + apart * industry, side="right") - 1
    return np.asarray(found - industry * clock.shape[1], dtype=np.int64)


def _valued(
    rng: np.random.Generator, orders: pd.DataFrame, population: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Add the value aimed at (log-normal around the account's own trend) and the channel."""
    of = population.iloc[orders["account"]]
    years = years_gone((orders["date"].to_numpy() - window.first) / np.timedelta64(1, "D"))
    noise = rng.lognormal(-(ORDER_VALUE_SD**2) / 2, ORDER_VALUE_SD, len(orders))
    value = of["order_value"].to_numpy() * np.exp(of["trend"].to_numpy() * years) * noise
    channel = rng.choice(ORDER_CHANNELS, len(orders), p=[0.5, 0.2, 0.3])
    return orders.assign(value=value, channel=channel).reset_index(drop=True)


def years_gone(day: Floats) -> Floats:
    """Count the years between the first day, where trends begin, and a numbered day."""
    return day / DAYS_A_YEAR
