"""What stands on the invoices: lines with product, quantity, revenue and cost; credit notes."""

import numpy as np
import pandas as pd

from kapkit.sample.prices import cost_levels, price_levels
from kapkit.sample.world import Days, Floats, Ints, Window, price_years

CANONICAL = [
    "order_id",
    "account_id",
    "date",
    "product_id",
    "quantity",
    "revenue",
    "discount",
    "cost",
    "channel",
    "kind",
]

MORE_LINES = 2.2


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
        ``order``, ``account`` and ``product`` (positions), ``date``, ``quantity``, ``revenue``,
        ``discount``, ``cost``, ``channel``, ``kind``; an order names a product once.
    """
    lines = _wanted(rng, orders, tastes)
    goods = catalogue.iloc[lines["product"]]
    net = goods["price"].to_numpy() * (1 - population["discount"].to_numpy()[lines["account"]])
    year = price_years(_dates(lines), window)
    product = lines["product"].to_numpy()
    lines["quantity"] = np.floor(lines["value"] / net + rng.random(len(lines))).astype(np.int64)
    price = net * price_levels(catalogue, year.max(initial=0) + 1)[product, year]
    cost = (
        goods["price"].to_numpy() * cost_levels(catalogue, year.max(initial=0) + 1)[product, year]
    )
    lines["revenue"] = (lines["quantity"] * price).round(2)
    off = population["discount"].to_numpy()[lines["account"]]
    lines["discount"] = (lines["quantity"] * price * off / (1 - off)).round(2)
    lines["cost"] = (lines["quantity"] * cost).round(2)
    lines = lines[lines["quantity"] > 0].drop(columns="value").assign(kind="sale")
    lines = pd.concat([lines, _credit_notes(rng, lines, population, window)], ignore_index=True)
    return lines.sort_values(["date", "kind", "order", "product"], ignore_index=True)


def labelled(
    lines: pd.DataFrame, population: pd.DataFrame, catalogue: pd.DataFrame, *, start: int = 0
) -> pd.DataFrame:
    """Put keys in the place of positions; number invoices and credit notes by date.

    Adds ``account_id``, ``product_id`` and ``order_id``; ``start`` counts earlier invoices.
    """
    sale = lines["kind"].eq("sale").to_numpy()
    number = np.where(sale, lines["order"] + 1, np.cumsum(~sale)) + start
    code, labels = pd.factorize(np.where(sale, number, -number))
    text = pd.Series(np.abs(labels)).astype(str)
    text = ("S-" + text.str.zfill(6)).where(labels > 0, "C-" + text.str.zfill(5))
    named = lines.assign(
        order_id=text.array.take(code),
        account_id=population["account_id"].array.take(lines["account"]),
        product_id=catalogue["product_id"].array.take(lines["product"]),
        date=lines["date"].astype("datetime64[us]"),
    )
    return named.sort_values(["date", "order_id", "product_id"], ignore_index=True)


def _wanted(rng: np.random.Generator, orders: pd.DataFrame, tastes: Floats) -> pd.DataFrame:
    """Split each order's value over products after the account's taste."""
    order = np.repeat(np.arange(len(orders)), 1 + rng.poisson(MORE_LINES, len(orders)))
    product = _chosen(rng, tastes, orders["account"].to_numpy()[order])
    portion = rng.gamma(2.0, size=len(order))
    whole = np.bincount(order, portion, minlength=len(orders))
    goods = tastes.shape[1]
    key, line = np.unique(order * goods + product, return_inverse=True)
    share = np.bincount(line, portion / whole[order])
    of: pd.DataFrame = orders[["account", "date", "channel", "value"]].iloc[key // goods]
    lines = of.reset_index(drop=True).assign(order=key // goods, product=key % goods)
    lines["value"] *= share
    return lines


def _chosen(rng: np.random.Generator, tastes: Floats, account: Ints) -> Ints:
    """Draw a product for each line: the inverse of the accounts' cumulated tastes, end to end."""
    # Draws stay clear of 1, where the next account's shelf begins.
    draw = account + rng.random(len(account)) * (1 - 1e-9)
    shelf = (np.cumsum(tastes, axis=1) + np.arange(len(tastes))[:, None]).ravel()
    product = np.searchsorted(shelf, draw, side="right") - account * tastes.shape[1]
    return np.asarray(np.clip(product, 0, tastes.shape[1] - 1), dtype=np.int64)


def _dates(lines: pd.DataFrame) -> Days:
    return lines["date"].to_numpy().astype("datetime64[D]")


def _credit_notes(
    rng: np.random.Generator, sold: pd.DataFrame, population: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Take some whole lines back, one to six weeks later, at the price they were sold for."""
    returns = population["returns"].to_numpy()[sold["account"]]
    back = sold[rng.random(len(sold)) < returns].copy()
    day = _dates(back) + rng.integers(7, 42, len(back)).astype("timedelta64[D]")
    back["date"] = np.busday_offset(day, 0, roll="forward")
    back[["quantity", "revenue", "discount", "cost"]] *= -1
    return back.assign(kind="credit").loc[window.inside(_dates(back)), :]
