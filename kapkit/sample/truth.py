"""What is true of the simulated accounts and no export can know."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kapkit.sample.purchases import years_gone
from kapkit.sample.world import (
    CREDIT_SHARE,
    DAYS_A_YEAR,
    Floats,
    Window,
    industry_code,
    price_level,
    season,
)


def account_truth(population: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Tell how each account really buys, to judge estimates of it.

    Returns
    -------
    DataFrame indexed by account_id
        ``purchase_rate`` (orders a year; 0 where it never buys), ``trend`` (log growth of the
        order value a year), ``leave_rate`` (a year), ``wallet`` (what it could spend a year),
        ``discount`` (share of the list price), ``below_cost`` (its terms lose money),
        ``mean_order_value`` (expected net value of an order on ``as_of``, after credit notes),
        ``leaves`` (day it left; missing where it had not on ``as_of``), ``alive`` (still buying
        on ``as_of``), ``expected_revenue`` (of the twelve months after ``as_of``). Money is in
        the book's currency.
    """
    known = population.set_index("account_id")
    left = population["left"].where(population["left"] <= window.as_of_day)
    value = _order_value(population, np.array([window.as_of_day]), window)[:, 0]
    truth = known[["purchase_rate", "trend", "leave_rate", "wallet", "discount", "below_cost"]]
    return truth.assign(
        mean_order_value=value,
        leaves=(window.first + pd.to_timedelta(left, unit="D")).to_numpy(),
        alive=_alive(population, window),
        expected_revenue=_expected_revenue(population, window),
    )


def _alive(population: pd.DataFrame, window: Window) -> NDArray[np.bool]:
    buys = population["purchase_rate"].gt(0) & population["left"].gt(window.as_of_day)
    return buys.to_numpy(dtype=np.bool)


def _order_value(population: pd.DataFrame, day: Floats, window: Window) -> Floats:
    """Give the expected net value of an order of each account (rows) on each day (columns)."""
    growth = np.exp(np.outer(population["trend"], years_gone(day)))
    level = price_level(window.date(day), window) * (1 - CREDIT_SHARE)
    return np.asarray(population["order_value"].to_numpy()[:, None] * growth * level)


def _expected_revenue(population: pd.DataFrame, window: Window) -> Floats:
    """Sum orders x value x chance to be there still, month by month over the next year."""
    years = (np.arange(12) + 0.5) / 12
    day = np.floor(window.as_of_day + years * DAYS_A_YEAR)
    account, month = np.indices((len(population), len(day)))
    industry = industry_code(population["industry"])[account.ravel()]
    pace = season(industry, window.date(day)[month.ravel()]).reshape(account.shape)
    staying = np.exp(-np.outer(population["leave_rate"], years))
    monthly = pace * staying * _order_value(population, day, window) / 12
    rate = population["purchase_rate"].to_numpy() * _alive(population, window)
    return np.asarray(rate * monthly.sum(axis=1), dtype=np.float64)
