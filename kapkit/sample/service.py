"""What serving accounts takes, and what it costs."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kapkit.sample.lines import MORE_LINES
from kapkit.sample.world import Floats, Window

#: Rate of a driver in the first year, in the book's currency.
RATES = {"delivery": 42.0, "order entry": 12.0, "return": 55.0, "service hour": 75.0}
RATE_INCREASE = 0.03
PHONE_SHARE = 0.2


def cost_rates(window: Window) -> pd.DataFrame:
    """Write the rates of the drivers: one from the first day, another each January."""
    first = pd.Timestamp(window.first)
    starts = [
        first,
        *(pd.Timestamp(year, 1, 1) for year in range(first.year + 1, window.as_of.year + 1)),
    ]
    rows = [
        (driver, round(rate * (1 + RATE_INCREASE) ** turn, 2), start)
        for driver, rate in RATES.items()
        for turn, start in enumerate(starts)
    ]
    table = pd.DataFrame(rows, columns=["driver", "rate", "valid_from"])
    return table.astype({"driver": "str", "valid_from": "datetime64[us]"})


def service_costs(
    rng: np.random.Generator,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    population: pd.DataFrame,
    window: Window,
    left: Floats,
) -> pd.DataFrame:
    """Write what accounts caused: deliveries, orders by phone, returns, hours of service."""
    phone = orders[orders["channel"].eq("phone")]
    returns = lines[lines["kind"].eq("credit")]
    drops = population["drops"].to_numpy()[orders["account"]] - 1
    used: list[pd.DataFrame] = [
        _used(orders, "delivery", 1 + rng.poisson(drops)),
        _used(phone, "order entry", np.ones(len(phone))),
        _used(returns, "return", np.ones(len(returns))),
        _service_hours(rng, population, window, left),
    ]
    booked = pd.concat(used, ignore_index=True)
    found = booked.groupby(["date", "account", "driver"])[["quantity"]].sum().reset_index()
    found.insert(0, "account_id", population["account_id"].array.take(found["account"]))
    return found.astype({"driver": "str"})[["account_id", "date", "driver", "quantity"]]


def expected_cost(population: pd.DataFrame, orders_a_year: Floats, window: Window) -> Floats:
    """Give the cost to serve a year at the latest rates, for an expected number of orders."""
    rates = cost_rates(window).groupby("driver", sort=False)["rate"].last()
    lines = 1 + MORE_LINES
    an_order = (
        rates["delivery"] * population["drops"].to_numpy()
        + rates["order entry"] * PHONE_SHARE
        + rates["return"] * population["returns"].to_numpy() * lines
    )
    hours = np.where(orders_a_year > 0, population["service_hours"].to_numpy(), 0.0)
    return np.asarray(an_order * orders_a_year + rates["service hour"] * hours)


def _used(rows: pd.DataFrame, driver: str, quantity: NDArray[Any]) -> pd.DataFrame:
    """Count a driver's quantity for the account and day of each row."""
    used = rows[["account", "date"]].astype({"date": "datetime64[us]"})
    return used.assign(driver=driver, quantity=quantity.astype(np.float64))


def _service_hours(
    rng: np.random.Generator, population: pd.DataFrame, window: Window, left: Floats
) -> pd.DataFrame:
    """Draw the hours of service of each month, booked on its last working day."""
    months = window.known_months
    begin, end = window.edges[:months], window.edges[1 : months + 1]
    served = (population["joined"].to_numpy()[:, None] < end) & (left[:, None] > begin)
    served &= population["purchase_rate"].gt(0).to_numpy()[:, None]
    mean = population["service_hours"].to_numpy()[:, None] / 12 * served
    quarters = rng.poisson(4 * mean)
    account, month = np.nonzero(quarters)
    last = np.busday_offset(window.date(end - 1), 0, roll="backward")[month]
    booked = pd.DataFrame({"account": account, "date": last})
    return _used(booked, "service hour", quarters[account, month] / 4)
