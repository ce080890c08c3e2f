"""Relationship tables laid over a real order book, whose sales stay as they are."""

from dataclasses import replace

import numpy as np
import pandas as pd

from kapkit.book.book import Book
from kapkit.book.region import Region
from kapkit.sample import programme, service, targets, wishes
from kapkit.sample.block import Block, Lived, relationship
from kapkit.sample.dirt import COLUMNS
from kapkit.sample.given import (
    draw_deliveries,
    draw_population,
    given_window,
    month_cells,
    products,
    purchase_days,
    recorded,
    sales_lines,
)
from kapkit.sample.history import MOOD_MEMORY, NEVER, History, live
from kapkit.sample.settings import Settings
from kapkit.sample.team import draw_habits
from kapkit.sample.truth import by_month, known_courses
from kapkit.sample.world import Floats, Window

FORETASTE = 0.8
HALF_YEAR = 6
LARGEST_CHANGE = 1.5
DELIVERY = "sales_base"


def lay_over(base: Book, *, seed: int, settings: Settings) -> tuple[Window, Block]:
    """Simulate the relationship with the accounts of a real order book.

    Owners call where revenue is and was; satisfaction feels ahead of the half-year to come, as
    it would if it were its cause. Nothing moves the sales: elasticity and the programme's effect
    are 0, so that whatever an estimate finds of them is its own error.

    Returns
    -------
    Window and Block
        The block's tables hold the accounts with their owners, the sales lines as the book
        accepts them, its products, and the relationship; its truth has ``satisfaction``,
        ``contacts``, ``elasticity``, ``programme_effect`` and ``wave`` of each account.
    """
    given = base.company()
    window = given_window(given)
    drawing, living, relating, planning = np.random.default_rng([seed]).spawn(4)
    lines = sales_lines(base, given)
    days = purchase_days(given, lines, window)
    lived = _lived((drawing, living), given, days, window, settings)
    population, past = lived.population, lived.past
    sold = targets.sold(days, population["region"])
    tables = relationship(relating, lived)
    tables |= {
        **products(given),
        "accounts": given.accounts.reset_index().assign(owner=population["owner"]),
        "sales": lines.assign(delivery=DELIVERY),
        "goals": _goals(planning, sold, lived, tables["goals"]),
        "cost_rates": service.cost_rates(window),
        "solutions": wishes.solutions(None),
    }
    return window, Block(
        tables=tables,
        sold=sold,
        accounts=_truth(population, past, window),
        months=_courses(population, past, window),
        waves=programme.wave_truth(population, past, window),
        owners=lived.staff[["owner", "region", "logging", "batching"]],
        dirt=pd.DataFrame(columns=COLUMNS),
    )


def _lived(
    streams: tuple[np.random.Generator, np.random.Generator],
    given: Region,
    days: pd.DataFrame,
    window: Window,
    settings: Settings,
) -> Lived:
    """Let the accounts live through what they bought, without demand or competitors of their own.

    The first stream draws who they are, the second what happens to them.
    """
    drawing, living = streams
    still = replace(settings, demand_sd=0.0, competitor_entries=0.0)
    population = draw_population(drawing, given, days, window, settings)
    staff = _staff(drawing, population, settings)
    orders = draw_deliveries(drawing, days, population)
    made = recorded(orders, len(population), window)
    ones = np.ones((len(population), window.months))
    ahead = _foretaste(orders, len(population), window)
    past = live(living, population, staff, made, ones, window, still, foretaste=ahead)
    return Lived(window, settings, population, staff, past, orders, _lines(orders, days))


def _staff(rng: np.random.Generator, population: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    people = population.drop_duplicates("owner")[["owner", "region"]].reset_index(drop=True)
    return draw_habits(rng, people, settings)


def _foretaste(orders: pd.DataFrame, accounts: int, window: Window) -> Floats:
    """Give what satisfaction feels of the half-year ahead against the one gone."""
    months = window.known_months
    cell = month_cells(orders, window)
    revenue = np.bincount(cell, orders["revenue"], minlength=accounts * months)
    sums = np.pad(np.cumsum(revenue.reshape(accounts, months), axis=1), ((0, 0), (1, 0)))
    feels = np.zeros((accounts, window.months))
    floor = 0.1 * sums[:, -1] / months * HALF_YEAR + 1.0
    for month in range(HALF_YEAR, months - HALF_YEAR + 1):
        ahead = sums[:, month + HALF_YEAR] - sums[:, month]
        gone = sums[:, month] - sums[:, month - HALF_YEAR]
        change = np.log((ahead + floor) / (gone + floor))
        feels[:, month] = np.clip(change, -LARGEST_CHANGE, LARGEST_CHANGE)
    return FORETASTE * (1 - MOOD_MEMORY) * feels


def _lines(orders: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """Give the orders, and the days on which more went back than out, as lines."""
    sold = orders.assign(order=np.arange(len(orders)), kind="sale")
    back = days[days["kind"].eq("credit") & days["day"].ge(0)].assign(order=-1)
    columns = ["account", "date", "order", "revenue", "kind", "product_id"]
    return pd.concat([sold[columns], back[columns]], ignore_index=True)


def _goals(
    rng: np.random.Generator, sold: pd.DataFrame, lived: Lived, of_accounts: pd.DataFrame
) -> pd.DataFrame:
    """Put the goals of the company and its regions before those of accounts."""
    first = lived.staff.drop_duplicates("region")
    heads = dict(zip(first["region"], first["owner"], strict=True))
    goals = targets.region_goals(rng, sold, heads, lived.window)
    return pd.concat([goals, of_accounts], ignore_index=True)


def _truth(population: pd.DataFrame, past: History, window: Window) -> pd.DataFrame:
    now = window.known_months
    wave = pd.Series(window.date(window.edges[past.enrolled]).astype("datetime64[us]"))
    return pd.DataFrame(
        {
            "satisfaction": past.satisfaction[:, now],
            "contacts": past.contacts[:, now - 12 : now].sum(axis=1),
            "elasticity": 0.0,
            "programme_effect": 0.0,
            "wave": wave.where(past.enrolled != NEVER).to_numpy(),
        },
        pd.Index(population["account_id"]),
    )


def _courses(population: pd.DataFrame, past: History, window: Window) -> pd.DataFrame:
    """Tell the months of accounts whose purchases are given."""
    names = ["satisfaction", "contacts", "orders", "enrolled"]
    courses = known_courses(past, window)
    return by_month({name: courses[name] for name in names}, population, window)
