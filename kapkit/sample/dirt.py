"""The dirt that real exports have, planted on purpose and counted."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from kapkit.sample.world import Window

DUPLICATES = 15
UNKNOWN_ACCOUNT_LINES = 8
NO_ACCOUNT_LINES = 10
OVERLAP_DAYS = 5
UNKNOWN_ACCOUNTS = np.array(["A-9001", "A-9002", "A-9003"])

BUSY_RANK = 3

HOSTILE = pd.DataFrame(
    [
        ("NA", "script in name", "", " <script>alert(1)</script>"),
        ("East", "formula in name", '=HYPERLINK("#A1","', '")'),
        ("Islands", "path in name", "../../", ""),
    ],
    columns=["region", "kind", "before", "after"],
)


class Delivered(NamedTuple):
    """The tables as they are delivered, and each dirty row in them.

    ``sales`` is indexed by delivery (the file's stem) and row (counted from 0 in that file).
    """

    accounts: pd.DataFrame
    sales: pd.DataFrame
    dirt: pd.DataFrame


def plant_dirt(
    rng: np.random.Generator, accounts: pd.DataFrame, lines: pd.DataFrame, window: Window
) -> Delivered:
    """Deliver clean tables the way exports come: with dirt, each piece of it recorded.

    Parameters
    ----------
    accounts, lines : DataFrame
        The clean accounts and sales tables.

    Returns
    -------
    Delivered
        ``dirt`` has a row for every kind of dirt in every delivered row: ``kind``, ``file`` (its
        stem), ``row`` (from 0), ``account_id``, ``revenue`` (missing for accounts). A row with
        two kinds stands there twice.
    """
    accounts = _hostile_names(accounts, lines)
    accounts = _misplaced(rng, accounts, lines)
    lines = lines.assign(planted=None, delivery=_by_year(lines))
    lines = _astray(rng, lines, window)
    lines = pd.concat([lines, _duplicates(rng, lines, window), _overlap(lines, window)])
    sales = _filed(lines)
    dirt = pd.concat([_dirt_of_accounts(accounts), _dirt_of_sales(sales, accounts, window)])
    return Delivered(
        accounts.drop(columns="planted"),
        sales.drop(columns="planted"),
        dirt.reset_index(drop=True),
    )


def _hostile_names(accounts: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Turn the name of a busy account of three regions to text that attacks."""
    busy = _sales_of(accounts, lines)["size"].groupby(accounts["region"])
    chosen = busy.rank(method="first", ascending=False).eq(BUSY_RANK)
    hostile = HOSTILE.set_index("region").reindex(accounts["region"]).set_axis(accounts.index)
    hostile = hostile.where(chosen)
    name = hostile["before"].fillna("") + accounts["name"] + hostile["after"].fillna("")
    return accounts.assign(name=name, planted=hostile["kind"].astype("object"))


def _misplaced(
    rng: np.random.Generator, accounts: pd.DataFrame, lines: pd.DataFrame
) -> pd.DataFrame:
    """Take the region from two small accounts, and list a third in a second region too."""
    sold = _sales_of(accounts, lines)
    small = (sold["size"] >= 5) & (sold["sum"] < sold["sum"].median())
    usual = accounts.index[small & accounts["planted"].isna() & accounts["region"].eq("North")]
    lost, twice = np.split(rng.choice(usual, 3, replace=False), [2])
    accounts.loc[lost, ["region", "planted"]] = [None, "account without region"]
    again = accounts.loc[twice].assign(region="South", planted="account in two regions")
    return pd.concat([accounts, again]).sort_values("account_id", kind="stable", ignore_index=True)


def _sales_of(accounts: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Count and sum the lines of each account, in the order of the accounts."""
    sold = lines.groupby("account_id")["revenue"].agg(["size", "sum"])
    return sold.reindex(accounts["account_id"]).fillna(0).set_axis(accounts.index)


def _by_year(lines: pd.DataFrame) -> pd.Series:
    delivery: pd.Series = lines["date"].dt.strftime("sales_%Y")
    return delivery


def _in_overlap(lines: pd.DataFrame, window: Window) -> pd.Series:
    """Tell which lines are of the first days of last year."""
    turn = pd.Timestamp(window.as_of.year - 1, 1, 1)
    days = (lines["date"] - turn).dt.days
    return days.between(0, OVERLAP_DAYS - 1)


def _usual(lines: pd.DataFrame, window: Window) -> pd.Series:
    """Tell which lines carry no other dirt and may be given some."""
    in_time = lines["date"] <= pd.Timestamp(window.as_of)
    clean = lines["planted"].isna() & lines["kind"].eq("sale") & lines["cost"].notna()
    return in_time & clean & ~_in_overlap(lines, window)


def _astray(rng: np.random.Generator, lines: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Take the account from some orders of one line, and give others one that does not exist."""
    alone = ~lines["order_id"].duplicated(keep=False)
    candidates = lines.index[alone & _usual(lines, window)]
    chosen = rng.choice(candidates, UNKNOWN_ACCOUNT_LINES + NO_ACCOUNT_LINES, replace=False)
    unknown, none = np.split(chosen, [UNKNOWN_ACCOUNT_LINES])
    lines.loc[unknown, "account_id"] = np.resize(UNKNOWN_ACCOUNTS, len(unknown))
    lines.loc[unknown, "planted"] = "unknown account"
    lines.loc[none, ["account_id", "planted"]] = [None, "sale without account"]
    return lines


def _duplicates(rng: np.random.Generator, lines: pd.DataFrame, window: Window) -> pd.DataFrame:
    usual = lines.index[_usual(lines, window)]
    copied = lines.loc[rng.choice(usual, DUPLICATES, replace=False)]
    return copied.assign(planted="exact duplicate")


def _overlap(lines: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Deliver the first days of last year a second time, at the end of the file before."""
    copied = lines[_in_overlap(lines, window)]
    before = f"sales_{window.as_of.year - 2}"
    return copied.assign(planted="overlapping delivery", delivery=before)


def _filed(lines: pd.DataFrame) -> pd.DataFrame:
    """Sort each delivery by date, order and product, and number its rows."""
    order = ["delivery", "date", "order_id", "product_id"]
    filed = lines.sort_values(order, kind="stable")
    filed["row"] = filed.groupby("delivery").cumcount()
    return filed.set_index(["delivery", "row"])


def _dirt_of_accounts(accounts: pd.DataFrame) -> pd.DataFrame:
    rows = accounts.rename_axis("row").reset_index().assign(file="accounts", revenue=np.nan)
    planted = rows.rename(columns={"planted": "kind"}).dropna(subset="kind")
    named_na = rows[rows["region"].eq("NA")].assign(kind="region called NA")
    return pd.concat([planted, named_na])[["kind", "file", "row", "account_id", "revenue"]]


def _dirt_of_sales(sales: pd.DataFrame, accounts: pd.DataFrame, window: Window) -> pd.DataFrame:
    """List the planted rows, and those whose nature makes them hard to read."""
    lost = accounts.loc[accounts["region"].isna(), "account_id"]
    by_nature = {
        "sale of an account without region": sales["account_id"].isin(lost),
        "credit note": sales["kind"].eq("credit"),
        "line without cost": sales["cost"].isna(),
        "dated after as_of": sales["date"] > pd.Timestamp(window.as_of),
    }
    found = [sales[dirty].assign(planted=kind) for kind, dirty in by_nature.items()]
    rows = pd.concat([sales.dropna(subset="planted"), *found]).reset_index()
    rows = rows.drop(columns="kind").rename(columns={"planted": "kind", "delivery": "file"})
    return rows[["kind", "file", "row", "account_id", "revenue"]]
