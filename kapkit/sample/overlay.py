"""Relationship tables laid over a real order book, whose sales stay as they are."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from kapkit.book.region import Region as Given
from kapkit.sample import programme, service, targets, wishes
from kapkit.sample.block import Block, Lived, relationship
from kapkit.sample.deliveries import ORDER_CHANNELS
from kapkit.sample.history import MOOD_MEMORY, NEVER, History, live
from kapkit.sample.orders import DAMAGE, SEVERITIES, SEVERITY_SHARES
from kapkit.sample.settings import Settings
from kapkit.sample.team import draw_habits
from kapkit.sample.traits import SHARE, draw_feeling
from kapkit.sample.truth import month_truth
from kapkit.sample.world import ACCOUNTS_PER_OWNER, DAYS_A_YEAR, Floats, Ints, Window

FORETASTE = 0.8
HALF_YEAR = 6
LARGEST_CHANGE = 1.5


@dataclass(frozen=True)
class Recorded:
    """Orders that were made: the clock does not move them, the calendar does.

    ``ends`` gives, accounts by months, where in the arrays the orders before the month end.
    """

    worth: Floats
    bad: Ints
    ends: Ints

    def reached(self, clock: Floats, month: int) -> Ints:  # the clock is of no account here
        """Give the end of each account's orders at the end of a month."""
        return np.asarray(self.ends[:, min(month + 1, self.ends.shape[1] - 1)])

    @cached_property
    def total(self) -> Floats:
        """Worth of the orders before each, and of all."""
        return np.concatenate([[0.0], np.cumsum(self.worth)])

    @cached_property
    def damage(self) -> Floats:
        """Satisfaction lost by the orders before each, and by all."""
        return np.concatenate([[0.0], np.cumsum(DAMAGE[self.bad])])


def lay_over(given: Given, *, seed: int, settings: Settings) -> tuple[Window, Block]:
    """Simulate the relationship with the accounts of a real order book.

    Owners call where revenue is and was; satisfaction feels ahead of the half-year to come, as
    it would if it were its cause. Nothing moves the sales: elasticity and the programme's effect
    are 0, so that whatever an estimate finds of them is its own error.

    Returns
    -------
    Window and Block
        The block's tables hold the accounts with their owners, the sales by account and day, and
        the relationship; its truth has ``satisfaction``, ``contacts``, ``elasticity``,
        ``programme_effect`` and ``wave`` of each account.
    """
    days = 1 if given.book.first_day is None else (given.as_of - given.book.first_day).days
    window = Window(given.as_of, max(2, int(days / DAYS_A_YEAR + 0.1)), 0)
    drawing, living, relating, planning = np.random.default_rng([seed]).spawn(4)
    still = replace(settings, demand_sd=0.0, competitor_entries=0.0)
    sales = _sales(given, window)
    population = _population(drawing, given, sales, window, settings)
    staff = _staff(drawing, population, settings)
    orders = _orders(drawing, sales, population)
    recorded = _recorded(orders, len(population), window)
    ones = np.ones((len(population), window.months))
    ahead = _foretaste(orders, len(population), window)
    past = live(living, population, staff, recorded, ones, window, still, foretaste=ahead)
    lived = Lived(window, settings, population, staff, past, orders, _lines(orders, sales))
    tables = relationship(relating, lived)
    sold = targets.sold(sales, population["region"])
    first = staff.drop_duplicates("region")
    heads = dict(zip(first["region"], first["owner"], strict=True))
    goals = targets.region_goals(planning, sold, heads, window)
    tables |= {
        "accounts": _accounts(given, population),
        "sales": sales.drop(columns=["account", "day"]).assign(delivery="sales_base"),
        "goals": pd.concat([goals, tables["goals"]], ignore_index=True),
        "cost_rates": service.cost_rates(window),
        "solutions": wishes.solutions(None),
    }
    months = month_truth(population, past, window)
    block = Block(
        tables=tables,
        sold=sold,
        accounts=_truth(population, past, window),
        months=months[["satisfaction", "contacts", "orders", "enrolled"]],
        waves=programme.wave_truth(population, past, window),
        owners=staff[["owner", "region", "logging", "batching"]],
        dirt=pd.DataFrame(columns=["kind", "file", "row", "account_id", "revenue"]),
    )
    return window, block


def _sales(given: Given, window: Window) -> pd.DataFrame:
    """Write the book's purchases as sales: a line for each account and day, to the cent."""
    bought = given.purchases
    account = given.accounts.index.get_indexer(pd.Index(bought["account_id"]))
    day = (bought["date"].to_numpy().astype("datetime64[D]") - window.first).astype(np.int64)
    costed = bought["costed_lines"].eq(bought["lines"]) & bought["cost"].notna()
    return pd.DataFrame(
        {
            "order_id": bought["account_id"] + "-" + bought["date"].dt.strftime("%Y%m%d"),
            "account_id": bought["account_id"],
            "date": bought["date"].astype("datetime64[us]"),
            "revenue": bought["revenue"].round(2),
            "cost": bought["cost"].where(costed),
            "kind": np.where(bought["revenue"] < 0, "credit", "sale"),
            "account": account,
            "day": day,
        }
    ).astype({"kind": "str"})


def _population(
    rng: np.random.Generator,
    given: Given,
    sales: pd.DataFrame,
    window: Window,
    settings: Settings,
) -> pd.DataFrame:
    """Give the book's accounts the traits that its purchases show, and draw the hidden ones."""
    count = len(given.accounts)
    known = given.accounts.reset_index()
    orders = sales[sales["kind"].eq("sale")].groupby("account")["revenue"]
    size = orders.size().reindex(range(count)).fillna(0).to_numpy(dtype=np.float64)
    total = orders.sum().reindex(range(count)).fillna(0).to_numpy(dtype=np.float64)
    first = sales.groupby("account")["day"].min().reindex(range(count)).fillna(0).to_numpy()
    joined = np.clip(first, 0, window.as_of_day).astype(np.float64)
    years = np.maximum(window.as_of_day - np.minimum(first, joined), 30) / DAYS_A_YEAR
    value = total / np.maximum(size, 1)
    people = pd.DataFrame(
        {
            "account_id": known["account_id"],
            "region": known["region"],
            "owner": _owners(known),
            "industry": "Food",  # moves only the clock, which is not asked
            "purchase_rate": size / years,
            "order_value": value,
            "trend": 0.0,
            "leave_rate": 0.0,
            "joined": joined,
            "wallet": np.maximum(total / years, 1.0) / rng.beta(*SHARE, count),
            "elasticity": 0.0,
            "effect": 0.0,
        }
    )
    return people.join(draw_feeling(rng, count, settings))


def _owners(known: pd.DataFrame) -> pd.Series:
    """Keep the owners that the book names; share the other accounts of a region among new ones."""
    turn = known.groupby("region").cumcount() // ACCOUNTS_PER_OWNER + 1
    new = known["region"] + " " + turn.astype(str).str.zfill(3)
    return known["owner"].fillna(new) if "owner" in known else new


def _staff(rng: np.random.Generator, population: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    people = population.drop_duplicates("owner")[["owner", "region"]].reset_index(drop=True)
    return draw_habits(rng, people, settings)


def _orders(
    rng: np.random.Generator, sales: pd.DataFrame, population: pd.DataFrame
) -> pd.DataFrame:
    """Take each account's days with sales for its orders; some are delivered badly."""
    orders = sales.loc[sales["kind"].eq("sale"), ["account", "date", "day", "revenue"]]
    orders = orders[orders["day"] >= 0].sort_values(["account", "day"], ignore_index=True)
    spoiled = rng.random(len(orders)) < population["bad_share"].to_numpy()[orders["account"]]
    severity = 1 + rng.choice(len(SEVERITIES), len(orders), p=SEVERITY_SHARES)
    channel = rng.choice(ORDER_CHANNELS, len(orders), p=[0.5, 0.2, 0.3])
    return orders.assign(bad=np.where(spoiled, severity, 0), channel=channel)


def _recorded(orders: pd.DataFrame, accounts: int, window: Window) -> Recorded:
    months = window.known_months
    cell = orders["account"].to_numpy() * months + window.month(orders["day"].to_numpy())
    ends = np.searchsorted(cell, np.arange(accounts)[:, None] * months + np.arange(months + 1))
    return Recorded(orders["revenue"].to_numpy(), orders["bad"].to_numpy(), ends)


def _foretaste(orders: pd.DataFrame, accounts: int, window: Window) -> Floats:
    """Give what satisfaction feels of the half-year ahead against the one gone."""
    months = window.known_months
    cell = orders["account"].to_numpy() * months + window.month(orders["day"].to_numpy())
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


def _lines(orders: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    """Give the orders and the credit notes as lines; their products are not known by day."""
    sold = orders.assign(order=np.arange(len(orders)), kind="sale")
    back = sales[sales["kind"].eq("credit") & sales["day"].ge(0)].assign(order=-1)
    columns = ["account", "date", "order", "revenue", "kind"]
    return pd.concat([sold[columns], back[columns]], ignore_index=True).assign(
        product_id=pd.Series(None, dtype="str")
    )


def _accounts(given: Given, population: pd.DataFrame) -> pd.DataFrame:
    return given.accounts.reset_index().assign(owner=population["owner"])


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
