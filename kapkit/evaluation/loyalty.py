"""3.3 Loyalty: how long, how regularly, how broadly, and how much of what it could."""

import datetime as dt

import numpy as np
import pandas as pd

from kapkit.models.value import year_to

#: Fewer gaps between orders say nothing of a rhythm.
_GAPS_NEEDED = 4


def loyalty(
    purchases: pd.DataFrame,
    categories: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    potential: pd.Series | None = None,
) -> pd.DataFrame:
    """Describe how loyal each account is, side by side: no single number stands for it.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    categories : DataFrame
        Schema ``CATEGORIES``.
    accounts : Index
        The accounts to describe, also those that never bought.
    as_of : date
        Last day that counts.
    potential : Series indexed by account or None
        Revenue a year that the best fifth of its peers spends (`Outlook`).

    Returns
    -------
    DataFrame indexed like ``accounts``
        ``years`` since the first order; ``orders`` (order days of the last twelve months);
        ``gap_weeks`` (mean between order days) and ``unevenness`` (standard deviation of the
        gaps over their mean; missing below four gaps); ``silent_weeks``; ``categories`` bought
        in twelve months and ``breadth`` (of those the accounts buy together); ``potential_share``
        (last year's revenue over ``potential``, beyond 1 where it exceeds its peers). Missing
        where an account never bought or the book does not know.

    Examples
    --------
    >>> day = pd.DataFrame({"account_id": ["a", "a"], "orders": 1.0, "revenue": 5.0,
    ...     "date": pd.to_datetime(["2025-06-30", "2026-06-30"])})
    >>> none = pd.DataFrame({"account_id": [], "month": pd.to_datetime([]), "category": [],
    ...     "revenue": []})
    >>> found = loyalty(day, none, pd.Index(["a"]), as_of=dt.date(2026, 6, 30))
    >>> found[["orders", "silent_weeks"]].loc["a"].tolist()
    [1.0, 0.0]
    """
    end = pd.Timestamp(as_of)
    ordered = purchases[(purchases["date"] <= end) & (purchases["orders"] > 0)]
    ordered = ordered.sort_values(["account_id", "date"])
    gap = ordered.groupby("account_id")["date"].diff().dt.days / 7
    gaps = gap.groupby(ordered["account_id"]).agg(["mean", "std", "count"])
    days = ordered.groupby("account_id")["date"].agg(["min", "max"])
    year = year_to(ordered, as_of).groupby("account_id").size()
    revenue = year_to(purchases, as_of).groupby("account_id")["revenue"].sum()
    month = categories["month"]
    bought = categories[(month <= end) & (month > end - pd.DateOffset(years=1))]
    bought = bought[(bought["revenue"] > 0) & bought["category"].notna()]
    kinds, all_kinds = (
        bought.groupby("account_id")["category"].nunique(),
        bought["category"].nunique(),
    )
    ever = accounts.isin(days.index)
    table = pd.DataFrame(
        {
            "years": (end - days["min"]).dt.days / 365.25,
            "orders": year,
            "gap_weeks": gaps["mean"],
            "unevenness": (gaps["std"] / gaps["mean"]).where(gaps["count"] >= _GAPS_NEEDED),
            "silent_weeks": (end - days["max"]).dt.days / 7,
            "categories": kinds,
        }
    ).reindex(accounts)
    some = pd.Series(ever, accounts)
    table["orders"] = table["orders"].fillna(0.0).where(some)
    known = some & (all_kinds > 0)
    table["categories"] = table["categories"].fillna(0.0).where(known)
    could = pd.Series(np.nan, accounts) if potential is None else potential
    return table.assign(
        breadth=table["categories"] / max(all_kinds, 1),
        potential_share=(revenue / could.where(could > 0)).reindex(accounts),
    ).astype(float)
