"""Which orders the accounts made, on which day, and how they were delivered."""

import numpy as np
import pandas as pd

from kapkit.sample.history import History
from kapkit.sample.orders import Orders
from kapkit.sample.world import Floats, Ints, Window, years_gone

ORDER_CHANNELS = ["web", "phone", "rep"]


def place_orders(
    rng: np.random.Generator,
    orders: Orders,
    past: History,
    population: pd.DataFrame,
    window: Window,
) -> pd.DataFrame:
    """Date the orders that accounts came to make within the book's window.

    Orders fall on working days, from the day an account joins to the day it leaves.

    Returns
    -------
    DataFrame in order of date
        ``account`` (position in the population), ``date``, ``value`` aimed at in prices of the
        window's first year, ``channel``, ``bad`` (0, or 1 to 3: how badly it was delivered).
    """
    end = past.reached[:, window.known_months + 1]
    chosen = np.flatnonzero(np.arange(len(orders.account)) < end[orders.account])
    account = orders.account[chosen]
    day = _days(orders.due[chosen], account, past, population, window)
    date = np.busday_offset(window.date(day), 0, roll="forward")
    years = years_gone((date - window.first).astype(np.float64))
    growth = np.exp(population["trend"].to_numpy()[account] * years)
    placed = pd.DataFrame(
        {
            "account": account,
            "date": date,
            "value": orders.worth[chosen] * population["order_value"].to_numpy()[account] * growth,
            "bad": orders.bad[chosen],
        }
    )
    placed["channel"] = rng.choice(ORDER_CHANNELS, len(placed), p=[0.5, 0.2, 0.3])
    return placed[window.inside(date)].sort_values(["date", "account"], ignore_index=True)


def last_day(left: Floats, window: Window) -> Floats:
    """Give the first day without orders of those who leave: orders wait for a working day."""
    gone = np.isfinite(left)
    date = np.busday_offset(window.date(left[gone]), 0, roll="forward")
    day = np.full(len(left), np.inf)
    day[gone] = (date - window.first).astype(np.float64) + 1
    return day


def _days(
    due: Floats, account: Ints, past: History, population: pd.DataFrame, window: Window
) -> Floats:
    """Find the day on which each account's clock reached what was due."""
    stride = float(past.clock.max()) + 1.0
    offset = np.arange(len(past.clock)) * stride
    shelf = (past.clock + offset[:, None]).ravel()
    month = np.searchsorted(shelf, due + offset[account]) - 1 - account * past.clock.shape[1]
    month = np.clip(month, 0, window.months - 1)
    begun, ended = past.clock[account, month], past.clock[account, month + 1]
    part = np.clip((due - begun) / np.maximum(ended - begun, 1e-12), 0, 1)
    begin = np.maximum(window.edges[month], population["joined"].to_numpy()[account])
    end = np.minimum(window.edges[month + 1], past.left[account])
    return np.asarray(np.floor(begin + part * (end - begin)), dtype=np.float64)
