"""What the purchase models need of an account's orders: how many, the last, since when."""

import datetime as dt

import pandas as pd

_DAYS_PER_WEEK = 7.0


def order_history(
    purchases: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    value: pd.Series | None = None,
) -> pd.DataFrame:
    """Sum up each account's orders into the sufficient statistics of the purchase models.

    An order is a day on which something was bought; what is returned that day lowers its value.
    Days that hold only credits are no orders.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    accounts : Index
        The accounts to describe.
    as_of : date
        Last day that counts.
    value : Series, optional
        What each row of ``purchases`` is worth, in the book's currency (`worth`); net revenue
        where not given.

    Returns
    -------
    DataFrame
        Of the accounts that ever ordered, in the order given: ``repeat_orders`` (order days
        after the first), ``last_order`` (weeks from the first order to the last), ``age`` (weeks
        from the first order to ``as_of``) and ``mean_spend`` (of the repeat orders, per order
        day; missing without one).

    Examples
    --------
    >>> bought = pd.DataFrame({"account_id": ["a", "a"], "orders": [1, 1], "revenue": [9.0, 5.0],
    ...                        "date": pd.to_datetime(["2026-06-02", "2026-06-16"])})
    >>> order_history(bought, pd.Index(["a", "b"]), as_of=dt.date(2026, 6, 30)).loc["a"].tolist()
    [1.0, 2.0, 4.0, 5.0]
    """
    end = pd.Timestamp(as_of)
    worth = purchases["revenue"] if value is None else value
    days = purchases[["account_id", "date"]].assign(worth=worth)
    past = days[(purchases["date"] <= end) & (purchases["orders"] > 0)]
    per_account = past.groupby("account_id")
    first, last = per_account["date"].min(), per_account["date"].max()
    repeated = past["date"] > per_account["date"].transform("min")
    table = pd.DataFrame(
        {
            "repeat_orders": per_account.size() - 1,
            "last_order": (last - first).dt.days / _DAYS_PER_WEEK,
            "age": (end - first).dt.days / _DAYS_PER_WEEK,
            "mean_spend": past[repeated].groupby("account_id")["worth"].mean(),
        }
    )
    return table.reindex(accounts[accounts.isin(table.index)])
