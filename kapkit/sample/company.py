"""The simulated company: its book as delivered, and the truth beside it."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.sample.accounts import draw_population, visible_accounts
from kapkit.sample.catalogue import draw_catalogue, draw_tastes
from kapkit.sample.dirt import plant_dirt
from kapkit.sample.lines import draw_lines
from kapkit.sample.purchases import draw_orders
from kapkit.sample.terms import draw_discounts
from kapkit.sample.truth import account_truth
from kapkit.sample.world import Window

SEED = 20_260_630
AS_OF = dt.date(2026, 6, 30)


@dataclass(frozen=True)
class Truth:
    """What the book does not say.

    Attributes
    ----------
    accounts : DataFrame indexed by account_id
        How each account really buys; columns as in :func:`kapkit.sample.truth.account_truth`.
    dirt : DataFrame
        Every dirty row as delivered: ``kind``, ``file``, ``row`` (from 0), ``account_id``,
        ``revenue``. A row with two kinds of dirt stands there twice.
    """

    accounts: pd.DataFrame
    dirt: pd.DataFrame

    @property
    def dirt_counts(self) -> pd.Series:
        """Rows as delivered, by kind of dirt."""
        return self.dirt.groupby("kind", sort=False).size().rename("rows")


@dataclass(frozen=True)
class Company:
    """A simulated company: canonical tables as delivered, dirt included, and the truth.

    Attributes
    ----------
    accounts, products : DataFrame
        As in the files of the same name.
    sales : DataFrame indexed by delivery and row
        All deliveries one after the other; ``delivery`` is the stem of the file.
    """

    seed: int
    as_of: dt.date
    years: int
    accounts: pd.DataFrame
    products: pd.DataFrame
    sales: pd.DataFrame
    truth: Truth
    name: str = "Sample company"
    currency: str = "EUR"


def simulate(*, seed: int = SEED, as_of: dt.date = AS_OF, years: int = 3) -> Company:
    """Simulate a distributor of industrial supplies whose truth is known.

    Use it to try kapkit before bringing data, and to prove that an estimate finds what is there.
    Accounts buy at their own rate and size until they leave, some grow and some fade, some large
    ones lose money; the exports carry the dirt that real ones have.

    Parameters
    ----------
    seed : int
        The same seed makes the same company; the default is the committed sample's.
    as_of : date
        Day on which the book is looked at; a few sales are dated after it.
    years : int, at least 2
        Years of sales up to ``as_of``.

    Returns
    -------
    Company
        The tables as delivered and the truth beside them.

    Raises
    ------
    DataError
        If ``years`` is below 2.

    Examples
    --------
    >>> company = simulate(seed=1)
    >>> company.accounts.loc[company.accounts["region"] == "Islands"].shape[0]
    12
    >>> int(company.truth.dirt_counts["exact duplicate"])
    15
    """
    window = Window(as_of, years)
    # One stream a stage: a change to one stage leaves the draws of the others as they are.
    goods, people, wishes, terms, timing, invoices, mishaps = np.random.default_rng(seed).spawn(7)
    catalogue = draw_catalogue(goods)
    population = draw_population(people, window)
    tastes = draw_tastes(wishes, population["industry"], catalogue)
    population["discount"] = draw_discounts(terms, population, tastes, catalogue)
    orders = draw_orders(timing, population, window)
    lines = draw_lines(invoices, orders, population, tastes, catalogue, window)
    delivered = plant_dirt(mishaps, visible_accounts(population), lines, window)
    return Company(
        seed=seed,
        as_of=as_of,
        years=years,
        accounts=delivered.accounts,
        products=catalogue[["product_id", "name", "category"]],
        sales=delivered.sales,
        truth=Truth(account_truth(population, window), delivered.dirt),
    )
