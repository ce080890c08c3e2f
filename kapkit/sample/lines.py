"""What stands on the invoices: lines with product, quantity, revenue and cost; credit notes."""

import numpy as np
import pandas as pd

from kapkit.sample.world import (
    CREDIT_SHARE,
    Days,
    Floats,
    Ints,
    Window,
    calendar_year,
    price_level,
)

CANONICAL = [
    "order_id",
    "account_id",
    "date",
    "product_id",
    "quantity",
    "revenue",
    "cost",
    "channel",
    "kind",
]

MORE_LINES = 2.2
COST_MISSING_SHARE = 0.01


def draw_lines(
    rng: np.random.Generator,
    orders: pd.DataFrame,
    population: pd.DataFrame,
    tastes: Floats,
    catalogue: pd.DataFrame,
    window: Window,
) -> pd.DataFrame:
    """Write the invoices of all orders and the credit notes that follow some of them.

    An order's value is split over its lines at random; the quantity of a line is rounded up or
    down by chance so that its mean is exact, and a line that rounds to nothing is left out.

    Returns
    -------
    DataFrame in order of date, order and product
        The canonical columns of sales; no two rows are equal, for an order names a product once.
    """
    lines = _wanted(rng, orders, tastes)
    goods = catalogue.iloc[lines["product"]]
    net = goods["price"].to_numpy() * (1 - population["discount"].to_numpy()[lines["account"]])
    lines["quantity"] = np.floor(lines["value"] / net + rng.random(len(lines))).astype(np.int64)
    lines["revenue"] = _money(lines["quantity"] * net * price_level(_dates(lines), window))
    lines["cost"] = _money(lines["quantity"] * _unit_cost(goods, _dates(lines), window))
    lines = lines[lines["quantity"] > 0].assign(kind="sale")
    lines = pd.concat([lines, _credit_notes(rng, lines, window)], ignore_index=True)
    lines["cost"] = lines["cost"].mask(rng.random(len(lines)) < COST_MISSING_SHARE)
    return _labelled(lines, population, catalogue)


def _wanted(rng: np.random.Generator, orders: pd.DataFrame, tastes: Floats) -> pd.DataFrame:
    """Split each order's value over products after the account's taste."""
    count = 1 + rng.poisson(MORE_LINES, len(orders))
    lines = orders.loc[orders.index.repeat(count)].rename_axis("order").reset_index()
    lines["product"] = _chosen(rng, tastes, lines["account"].to_numpy())
    portion = pd.Series(rng.gamma(2.0, size=len(lines)))
    lines["value"] *= portion / portion.groupby(lines["order"]).transform("sum")
    key = ["order", "account", "date", "channel", "product"]
    return lines.groupby(key, as_index=False)[["value"]].sum()


def _chosen(rng: np.random.Generator, tastes: Floats, account: Ints) -> Ints:
    """Draw a product for each line: the inverse of the accounts' cumulated tastes, end to end."""
    # Draws stay clear of 1, where the next account's shelf begins.
    draw = account + rng.random(len(account)) * (1 - 1e-9)
    shelf = (np.cumsum(tastes, axis=1) + np.arange(len(tastes))[:, None]).ravel()
    product = np.searchsorted(shelf, draw, side="right") - account * tastes.shape[1]
    return np.asarray(np.clip(product, 0, tastes.shape[1] - 1), dtype=np.int64)


def _dates(lines: pd.DataFrame) -> Days:
    return lines["date"].to_numpy().astype("datetime64[D]")


def _unit_cost(goods: pd.DataFrame, date: Days, window: Window) -> Floats:
    years = calendar_year(date) - calendar_year(np.asarray([window.first]))
    cost = goods["unit_cost"].to_numpy() * (1 + goods["inflation"].to_numpy()) ** years
    return np.asarray(cost, dtype=np.float64)


def _money(amount: pd.Series) -> pd.Series:
    return amount.round(2)


def _credit_notes(rng: np.random.Generator, sold: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Take some whole lines back, one to six weeks later, at the price they were sold for."""
    back = sold[rng.random(len(sold)) < CREDIT_SHARE].copy()
    later = _dates(back) + rng.integers(7, 42, len(back)).astype("timedelta64[D]")
    back["date"] = np.busday_offset(later, 0, roll="forward")
    back[["quantity", "revenue", "cost"]] *= -1
    return back[(_dates(back) - window.first).astype(int) < window.days].assign(kind="credit")


def _labelled(
    lines: pd.DataFrame, population: pd.DataFrame, catalogue: pd.DataFrame
) -> pd.DataFrame:
    """Put keys in the place of positions; number invoices and credit notes by date."""
    lines["account_id"] = population["account_id"].to_numpy()[lines["account"]]
    lines["product_id"] = catalogue["product_id"].to_numpy()[lines["product"]]
    lines["date"] = lines["date"].astype("datetime64[us]")
    lines = lines.sort_values(["date", "kind", "order", "product_id"], ignore_index=True)
    sale = lines["kind"].eq("sale")
    note = pd.Series(np.cumsum(~sale)).astype(str).str.zfill(5)
    # Orders are counted in order of date already.
    invoice = lines["order"].add(1).astype(str).str.zfill(6)
    lines["order_id"] = ("S-" + invoice).where(sale, "C-" + note)
    return lines.sort_values(["date", "order_id", "product_id"], ignore_index=True)[CANONICAL]
