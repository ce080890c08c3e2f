"""A real order book as the simulation takes it: its sales, its orders, its accounts."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from kapkit.book.book import Book, SourceBook
from kapkit.book.frames import table_frame
from kapkit.book.region import Region
from kapkit.book.schema import PRODUCTS, SALES
from kapkit.sample.deliveries import ORDER_CHANNELS
from kapkit.sample.orders import DAMAGE, SEVERITIES, SEVERITY_SHARES
from kapkit.sample.settings import Settings
from kapkit.sample.traits import SHARE, draw_feeling
from kapkit.sample.world import ACCOUNTS_PER_OWNER, DAYS_A_YEAR, Floats, Ints, Window

FEWEST_DAYS = 30  # over which a rate of orders is taken


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


def given_window(given: Region) -> Window:
    """Give the whole years that the book covers, up to its ``as_of``."""
    days = 1 if given.book.first_day is None else (given.as_of - given.book.first_day).days
    return Window(given.as_of, max(2, int(days / DAYS_A_YEAR + 0.1)), 0)


def sales_lines(base: Book, given: Region) -> pd.DataFrame:
    """Give the lines that the book accepts, as they stand there.

    A book that a run has prepared holds sums by account and day: then those are the lines.
    """
    if not isinstance(base, SourceBook):
        return _summed(given)
    snapshot = base.at()
    lines = table_frame(snapshot.tables["sales"], "sales", as_of=snapshot.as_of)
    held = lines.collect_schema().names()
    columns = [name for name in SALES.columns if name in held and name != "region"]
    table = lines.select(columns).sort(columns).collect("pyarrow").to_arrow().to_pandas()
    return SALES.validate(table).astype({"date": "datetime64[us]"})


def products(given: Region) -> dict[str, pd.DataFrame]:
    """Give the book's own products, where it has them."""
    if "products" not in given.tables:
        return {}
    return {"products": given.tables["products"][list(PRODUCTS.columns)]}


def _summed(given: Region) -> pd.DataFrame:
    """Write purchases as lines, one an account and day; a cost known in part is not known."""
    bought = given.purchases
    costed = bought["costed_lines"].eq(bought["lines"]) & bought["cost"].notna()
    return pd.DataFrame(
        {
            "order_id": bought["account_id"] + "-" + bought["date"].dt.strftime("%Y%m%d"),
            "account_id": bought["account_id"],
            "date": bought["date"].astype("datetime64[us]"),
            "revenue": bought["revenue"],
            "cost": bought["cost"].where(costed),
            "kind": np.where(bought["revenue"] < 0, "credit", "sale"),
        }
    ).astype({"kind": "str"})


def purchase_days(given: Region, lines: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Sum what each account bought to days, the finest that the relationship looks at.

    Returns
    -------
    DataFrame, one row an account and day
        ``account`` (position), ``day`` (its number; negative before the window), ``date``,
        ``revenue``, ``cost`` (missing where a line's is), ``kind`` (credit where the day's sum is
        negative) and ``product_id`` of one of its lines, where products are named.
    """
    days = _summed(given)
    number = (days["date"].to_numpy().astype("datetime64[D]") - window.first).astype(np.int64)
    return days.assign(
        revenue=days["revenue"].round(2),
        account=given.accounts.index.get_indexer(pd.Index(days["account_id"])),
        day=number,
        product_id=_first_product(days, lines),
    )


def _first_product(days: pd.DataFrame, lines: pd.DataFrame) -> pd.Series:
    if "product_id" not in lines:
        return pd.Series(None, days.index, dtype="str")
    key = ["account_id", "date"]
    sold = lines[lines["revenue"] > 0].drop_duplicates(key)[[*key, "product_id"]]
    return days[key].merge(sold, on=key, how="left")["product_id"].set_axis(days.index)


def draw_population(
    rng: np.random.Generator,
    given: Region,
    days: pd.DataFrame,
    window: Window,
    settings: Settings,
) -> pd.DataFrame:
    """Give the book's accounts the traits that its purchases show, and draw the hidden ones."""
    known = given.accounts.reset_index()
    people = known[["account_id", "region"]].join(_shown(days, len(known), window))
    spend = people.pop("spend").clip(lower=1.0)
    people = people.assign(
        owner=_owners(known),
        industry="Food",  # moves only the clock, which is not asked
        trend=0.0,
        leave_rate=0.0,
        wallet=spend / rng.beta(*SHARE, len(known)),
        elasticity=0.0,
        effect=0.0,
    )
    return people.join(draw_feeling(rng, len(known), settings))


def _shown(days: pd.DataFrame, accounts: int, window: Window) -> pd.DataFrame:
    """Give what purchases show: the day of joining, orders and spend a year, mean order."""
    everyone = range(accounts)
    orders = days[days["kind"].eq("sale")].groupby("account")["revenue"]
    size, total = (sums.reindex(everyone).fillna(0.0) for sums in (orders.size(), orders.sum()))
    first = days.groupby("account")["day"].min().reindex(everyone).fillna(0)
    joined = first.clip(0, window.as_of_day).astype(np.float64)
    seen = np.maximum(window.as_of_day - np.minimum(first, joined), FEWEST_DAYS) / DAYS_A_YEAR
    return pd.DataFrame(
        {
            "joined": joined,
            "purchase_rate": size / seen,
            "spend": total / seen,
            "order_value": total / size.clip(1),
        }
    )


def _owners(known: pd.DataFrame) -> pd.Series:
    """Keep the owners that the book names; share the other accounts of a region among new ones."""
    turn = known.groupby("region").cumcount() // ACCOUNTS_PER_OWNER + 1
    new = known["region"] + " " + turn.astype(str).str.zfill(3)
    return known["owner"].fillna(new) if "owner" in known else new


def draw_deliveries(
    rng: np.random.Generator, days: pd.DataFrame, population: pd.DataFrame
) -> pd.DataFrame:
    """Take each account's days with sales for its orders; some are delivered badly."""
    columns = ["account", "date", "day", "revenue", "product_id"]
    orders = days.loc[days["kind"].eq("sale") & days["day"].ge(0), columns]
    orders = orders.sort_values(["account", "day"], ignore_index=True)
    spoiled = rng.random(len(orders)) < population["bad_share"].to_numpy()[orders["account"]]
    severity = 1 + rng.choice(len(SEVERITIES), len(orders), p=SEVERITY_SHARES)
    channel = rng.choice(ORDER_CHANNELS, len(orders), p=[0.5, 0.2, 0.3])
    return orders.assign(bad=np.where(spoiled, severity, 0), channel=channel)


def recorded(orders: pd.DataFrame, accounts: int, window: Window) -> Recorded:
    """Put orders where the months of the window find them."""
    months = window.known_months
    cell = month_cells(orders, window)
    ends = np.searchsorted(cell, np.arange(accounts)[:, None] * months + np.arange(months + 1))
    return Recorded(orders["revenue"].to_numpy(), orders["bad"].to_numpy(), ends)


def month_cells(orders: pd.DataFrame, window: Window) -> Ints:
    """Give each order the number of its account and month, accounts by months."""
    month = window.month(orders["day"].to_numpy())
    return np.asarray(orders["account"].to_numpy() * window.known_months + month)
