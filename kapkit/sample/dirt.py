"""The dirt that real exports have, planted on purpose and counted."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from kapkit.sample.world import Window

DUPLICATE_SHARE = 0.0007
UNKNOWN_ACCOUNT_SHARE = 0.0004
NO_ACCOUNT_SHARE = 0.0005
COST_MISSING_SHARE = 0.01
OVERLAP_DAYS = 5
UNKNOWN_ACCOUNTS = np.array(["A-9001", "A-9002", "A-9003"])
REPEATED_ACTIVITY_SHARE = 0.001
STRAY_COMPLAINT_SHARE = 0.01
OTHER_FORMAT_SHARE = 0.15
OTHER_FORMAT = "day written day first"

CHINESE = "[\u4e00-\u9fff]"
ACCENTED = "[\u00c0-\u024f]"
BUSY_RANK = 3

HOSTILE = pd.DataFrame(
    [
        ("NA", "script in name", "", " <script>alert(1)</script>"),
        ("East", "formula in name", '=HYPERLINK("#A1","', '")'),
        ("Islands", "path in name", "../../", ""),
    ],
    columns=["region", "kind", "before", "after"],
)
COLUMNS = ["kind", "file", "row", "account_id", "revenue"]


class Delivered(NamedTuple):
    """The tables as they are delivered, and each dirty row in them.

    ``tables`` holds accounts, sales (with ``delivery``, the file's stem, in order of rows) and
    the others; ``dirt`` has a row for every kind of dirt in every delivered row: ``kind``,
    ``file`` (its stem), ``row`` (from 0), ``account_id``, ``revenue`` (missing where there is
    none). A row with two kinds stands there twice.
    """

    tables: dict[str, pd.DataFrame]
    dirt: pd.DataFrame


def deliver_clean(tables: Mapping[str, pd.DataFrame]) -> Delivered:
    """Deliver clean tables as they are, sales one delivery a calendar year."""
    lines = tables["sales"]
    sales = lines.assign(delivery=_by_year(lines))
    return Delivered({**tables, "sales": sales}, pd.DataFrame(columns=COLUMNS))


def plant_dirt(
    rng: np.random.Generator,
    tables: Mapping[str, pd.DataFrame],
    window: Window,
    *,
    tiny: frozenset[str] = frozenset(),
) -> Delivered:
    """Deliver clean tables the way exports come: with dirt, each piece of it recorded.

    ``tiny`` names the regions of so few accounts that they are hard to judge.
    """
    lines = tables["sales"]
    accounts = _hostile_names(tables["accounts"], lines)
    accounts = _misplaced(rng, accounts, lines)
    lines = lines.assign(planted=None, delivery=_by_year(lines))
    lines["cost"] = lines["cost"].mask(rng.random(len(lines)) < COST_MISSING_SHARE)
    lines = _astray(rng, lines, window)
    lines = pd.concat([lines, _duplicates(rng, lines, window), _overlap(lines, window)])
    sales = _filed(lines)
    activities = _repeated_activities(rng, tables["activities"], window)
    complaints = _stray_complaints(rng, tables["complaints"])
    dirt = [
        _dirt_of_accounts(accounts, tiny),
        _dirt_of_sales(sales, accounts, window),
        _dirt_of_activities(activities, window),
        _dirt_of_complaints(rng, complaints),
    ]
    dirty = {
        "accounts": accounts.drop(columns="planted"),
        "sales": sales.drop(columns=["planted", "row"]),
        "activities": activities.drop(columns="planted"),
        "complaints": complaints.drop(columns="planted"),
    }
    found = pd.concat([part.astype({"revenue": "float64"}) for part in dirt], ignore_index=True)
    return Delivered({**tables, **dirty}, found)


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
    first, *others = accounts["region"].value_counts().index
    sold = _sales_of(accounts, lines)
    small = (sold["size"] >= 5) & (sold["sum"] < sold["sum"].median())
    usual = accounts.index[small & accounts["planted"].isna() & accounts["region"].eq(first)]
    if len(usual) < 3:
        return accounts
    lost, twice = np.split(rng.choice(usual, 3, replace=False), [2])
    accounts.loc[lost, ["region", "planted"]] = [None, "account without region"]
    if not others:
        return accounts
    again = accounts.loc[twice].assign(region=others[0], planted="account in two regions")
    return pd.concat([accounts, again]).sort_values("account_id", kind="stable", ignore_index=True)


def _sales_of(accounts: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Count and sum the lines of each account, in the order of the accounts."""
    sold = lines.groupby("account_id")["revenue"].agg(["size", "sum"])
    return sold.reindex(accounts["account_id"]).fillna(0).set_axis(accounts.index)


def _by_year(lines: pd.DataFrame) -> pd.Series:
    """Name the delivery of each line after its calendar year."""
    years, code = np.unique(lines["date"].dt.year, return_inverse=True)
    return pd.Series(pd.array([f"sales_{year}" for year in years], dtype="str").take(code))


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
    wanted = [_some(share, len(lines)) for share in (UNKNOWN_ACCOUNT_SHARE, NO_ACCOUNT_SHARE)]
    chosen = rng.permutation(candidates)[: sum(wanted)]
    unknown, none = np.split(chosen, [wanted[0]])
    lines.loc[unknown, "account_id"] = np.resize(UNKNOWN_ACCOUNTS, len(unknown))
    lines.loc[unknown, "planted"] = "unknown account"
    lines.loc[none, ["account_id", "planted"]] = [None, "sale without account"]
    return lines


def _some(share: float, count: int) -> int:
    return max(1, round(share * count))


def _duplicates(rng: np.random.Generator, lines: pd.DataFrame, window: Window) -> pd.DataFrame:
    usual = lines.index[_usual(lines, window)]
    copied = lines.loc[rng.permutation(usual)[: _some(DUPLICATE_SHARE, len(lines))]]
    return copied.assign(planted="exact duplicate")


def _overlap(lines: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Deliver the first days of last year a second time, at the end of the file before."""
    copied = lines[_in_overlap(lines, window)]
    before = f"sales_{window.as_of.year - 2}"
    return copied.assign(planted="overlapping delivery", delivery=before)


def _filed(lines: pd.DataFrame) -> pd.DataFrame:
    """Sort each delivery by date, order and product, and number its rows."""
    order = ["delivery", "date", "order_id", "product_id"]
    filed = lines.sort_values(order, kind="stable", ignore_index=True)
    return filed.assign(row=filed.groupby("delivery").cumcount())


def _repeated_activities(
    rng: np.random.Generator, activities: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Export some contacts twice, under the same key."""
    known = activities.index[activities["date"] <= pd.Timestamp(window.as_of)]
    copied = rng.permutation(known)[: _some(REPEATED_ACTIVITY_SHARE, len(known))]
    again = activities.loc[copied].assign(planted="repeated activity")
    both = pd.concat([activities.assign(planted=None), again])
    return both.sort_values(["date", "activity_id"], kind="stable", ignore_index=True)


def _stray_complaints(rng: np.random.Generator, complaints: pd.DataFrame) -> pd.DataFrame:
    """Let some complaints come from accounts that nobody knows."""
    complaints = complaints.assign(planted=None)
    stray = rng.permutation(len(complaints))[: _some(STRAY_COMPLAINT_SHARE, len(complaints))]
    complaints.loc[stray, "account_id"] = UNKNOWN_ACCOUNTS[0]
    complaints.loc[stray, "planted"] = "complaint of an unknown account"
    return complaints


def _dirt_of_accounts(accounts: pd.DataFrame, tiny: frozenset[str]) -> pd.DataFrame:
    """List the planted rows, and those whose region or name is hard by nature."""
    by_nature = {
        "region called NA": accounts["region"].eq("NA"),
        "tiny region": accounts["region"].isin(tiny),
        "Chinese name": accounts["name"].str.contains(CHINESE, regex=True),
        "accented name": accounts["name"].str.contains(ACCENTED, regex=True),
    }
    found = [accounts[hard].assign(planted=kind) for kind, hard in by_nature.items()]
    return _listed(pd.concat([accounts.dropna(subset="planted"), *found]), "accounts")


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
    rows = pd.concat([sales.dropna(subset="planted"), *found])
    return rows.drop(columns="kind").rename(columns={"planted": "kind", "delivery": "file"})[
        COLUMNS
    ]


def _dirt_of_activities(activities: pd.DataFrame, window: Window) -> pd.DataFrame:
    late = activities[activities["date"] > pd.Timestamp(window.as_of)]
    late = late.assign(planted="activity dated after as_of")
    return _listed(pd.concat([activities.dropna(subset="planted"), late]), "activities")


def _dirt_of_complaints(rng: np.random.Generator, complaints: pd.DataFrame) -> pd.DataFrame:
    other = complaints[rng.random(len(complaints)) < OTHER_FORMAT_SHARE]
    rows = pd.concat([complaints.dropna(subset="planted"), other.assign(planted=OTHER_FORMAT)])
    return _listed(rows, "complaints")


def _listed(rows: pd.DataFrame, file: str) -> pd.DataFrame:
    """List dirty rows of a table; their index is the row."""
    listed = rows.rename_axis("row").reset_index()[["row", "account_id", "planted"]]
    listed = listed.rename(columns={"planted": "kind"}).assign(file=file, revenue=np.nan)
    return listed[COLUMNS]
