"""What the company sells: products with price, cost and popularity, and who wants which."""

import numpy as np
import pandas as pd

from kapkit.sample.goods import CATEGORIES
from kapkit.sample.world import Floats, industry_code


def draw_catalogue(rng: np.random.Generator) -> pd.DataFrame:
    """Draw the products that the company sells.

    Returns
    -------
    DataFrame, one row a product in the order of its id
        ``product_id`` (five digits, leading zeros), ``name``, ``category``, and what is behind
        them: ``price`` and ``unit_cost`` (first year, in the book's currency), ``increase`` of
        the price and ``inflation`` of the cost a year, ``popularity`` within the category.
    """
    kinds = pd.DataFrame(CATEGORIES).explode("products", ignore_index=True)
    count = len(kinds)
    price = np.round(kinds["price"].astype(float) * rng.lognormal(0, 0.45, count), 2)
    margin = kinds["margin"].astype(float) + rng.normal(0, 0.03, count)
    number = pd.Series(np.sort(rng.choice(np.arange(100, 10_000), count, replace=False)))
    return pd.DataFrame(
        {
            "product_id": number.astype(str).str.zfill(5),
            "name": kinds["products"],
            "category": kinds["name"],
            "price": price,
            "unit_cost": price * (1 - margin),
            "increase": kinds["increase"].astype(float),
            "inflation": kinds["inflation"].astype(float),
            "popularity": rng.gamma(2.0, size=count),
        }
    )


def draw_tastes(rng: np.random.Generator, industry: pd.Series, catalogue: pd.DataFrame) -> Floats:
    """Draw what share of its spend each account puts on each product.

    Accounts of an industry like the same categories, more or less, and each leaves some of them
    alone: that is the white space. A matrix of accounts by products; rows sum to 1.
    """
    liking = np.array([category.interest for category in CATEGORIES]).T
    interest = rng.gamma(liking[industry_code(industry)] / 2)
    interest /= interest.sum(axis=1, keepdims=True)
    interest[interest < 0.06] = 0
    names = pd.Index([category.name for category in CATEGORIES])
    category = names.get_indexer(pd.Index(catalogue["category"]))
    taste = np.take(interest, category, axis=1) * catalogue["popularity"].to_numpy()
    return np.asarray(taste / taste.sum(axis=1, keepdims=True), dtype=np.float64)
