"""What goods cost and are sold for, as the years go by."""

import numpy as np
import pandas as pd

from kapkit.sample.world import Floats, Window, price_years, years_gone


def price_levels(catalogue: pd.DataFrame, years: int) -> Floats:
    """Give the list price against the first year's: products by calendar years."""
    return np.asarray((1 + catalogue["increase"].to_numpy()[:, None]) ** np.arange(years))


def cost_levels(catalogue: pd.DataFrame, years: int) -> Floats:
    """Give the unit cost against the first year's price: products by calendar years."""
    share = (catalogue["unit_cost"] / catalogue["price"]).to_numpy()[:, None]
    return np.asarray(share * (1 + catalogue["inflation"].to_numpy()[:, None]) ** np.arange(years))


def order_worth(
    population: pd.DataFrame, tastes: Floats, catalogue: pd.DataFrame, window: Window
) -> tuple[Floats, Floats]:
    """Give the expected net revenue and margin of an order, accounts by months.

    After credit notes; prices and costs rise each January, the account's order with its trend.
    """
    middle = (window.edges[:-1] + window.edges[1:]) // 2
    year = price_years(window.date(middle), window)
    trend = np.outer(population["trend"], years_gone(middle.astype(np.float64)))
    kept = population["order_value"] * (1 - population["returns"])
    wanted = kept.to_numpy()[:, None] * np.exp(trend)
    paid = 1 - population["discount"].to_numpy()[:, None]
    revenue = wanted * (tastes @ price_levels(catalogue, year.max() + 1))[:, year]
    cost = wanted * (tastes @ cost_levels(catalogue, year.max() + 1))[:, year] / paid
    return revenue, revenue - cost
