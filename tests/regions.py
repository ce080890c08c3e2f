"""Small regions in memory: the frames that the book gives to the analysis, written out."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from kapkit.book.region import BookFacts, Region
from kapkit.book.schema import PURCHASES

_TYPES = dict.fromkeys(PURCHASES.columns, "float64") | {
    "account_id": "str",
    "date": "datetime64[us]",
}

DAY = dt.date(2026, 6, 30)
FIRST = dt.date(2023, 7, 1)


def bought(*rows: tuple) -> pd.DataFrame:
    """Make purchases: account, day, revenue, cost (None: not known), revenue with a known cost."""
    full = [(*row, *[None] * (5 - len(row))) for row in rows]
    columns = ["account_id", "date", "revenue", "cost", "costed_revenue"]
    frame = pd.DataFrame(full, columns=columns).astype({"cost": float, "costed_revenue": float})
    costed = frame["cost"].notna()
    made = frame.assign(
        orders=frame["revenue"].gt(0),
        lines=1,
        quantity=np.nan,
        discount=np.nan,
        credits=frame["revenue"].clip(upper=0),
        costed_revenue=frame["costed_revenue"].fillna(frame["revenue"].where(costed, 0.0)),
        costed_lines=costed,
    )
    return made[list(_TYPES)].astype(_TYPES)


def company(
    accounts: Mapping[str, tuple[str, str]],
    purchases: pd.DataFrame,
    *,
    costed_share: float = 1.0,
    also: tuple[str, ...] = (),
    first_day: dt.date | None = FIRST,
) -> Region:
    """Make a company of accounts (key: name, region) and what they bought.

    ``also`` names regions in which there are refused lines and no accounts.
    """
    listed = pd.DataFrame(
        [(key, *about) for key, about in accounts.items()], columns=["account_id", "name", "region"]
    )
    of = dict(zip(listed["account_id"], listed["region"], strict=True))
    sold = purchases.assign(region=purchases["account_id"].map(of).astype("str"))
    sold = sold.sort_values(["account_id", "date"], ignore_index=True)
    months = purchases.assign(month=purchases["date"], category="Goods")
    facts = BookFacts(
        name="Tiny book",
        currency="EUR",
        as_of=DAY,
        first_day=first_day,
        last_day=DAY if first_day else None,
        orders=int(sold["orders"].sum()),
        accounts=len(listed),
        buying_accounts=sold["account_id"].nunique(),
        costed_share=costed_share,
        totals=_totals(sold, sorted(set(of.values())), also),
        fingerprint="0123456789abcdef",
    )
    shown = listed.astype("str").sort_values("account_id").set_index("account_id")
    return Region(None, facts, shown, sold.drop(columns="region"), months)


def region(
    names: Mapping[str, str], purchases: pd.DataFrame, *, name: str = "North", **about: object
) -> Region:
    """Make one region of accounts (key: name) and what they bought."""
    whole = company({key: (said, name) for key, said in names.items()}, purchases, **about)
    facts = whole.book
    if not names:
        facts = company({}, purchases, also=(name,), **about).book
    return Region(name, facts, whole.accounts, whole.purchases, whole.categories)


def _totals(sold: pd.DataFrame, regions: list[str], also: tuple[str, ...]) -> pd.DataFrame:
    lines = [
        ("sales", name, "accepted", None, len(part), _exact(part["revenue"]), _exact(part["cost"]))
        for name in regions
        for part in [sold[sold["region"] == name]]
    ]
    lines += [
        ("sales", name, "set aside", "account is not in accounts", 1, Decimal("1.50"), Decimal(0))
        for name in also
    ]
    lines.append(
        ("sales", None, "read", None, *(sum(line[i] for line in lines) for i in (4, 5, 6)))
    )
    columns = ["table", "region", "state", "reason", "rows", "revenue", "cost"]
    totals = pd.DataFrame(lines, columns=columns).astype({"revenue": object, "cost": object})
    return totals.assign(amount=pd.Series(None, index=totals.index, dtype=object))


def _exact(money: pd.Series) -> Decimal:
    return sum((Decimal(str(value)) for value in money.dropna()), Decimal(0))
