"""What the health score looks at, as it was known on a day; more is better in each."""

import datetime as dt

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.account_features import account_features
from kapkit.models.complaint_severity import severity_weight
from kapkit.models.satisfaction import satisfaction

#: Inputs in the order pages show them, and what they are called.
INPUTS = {
    "silence": "Time since its last order",
    "recency": "Silence against its own rhythm",
    "trend": "Orders lately against usual",
    "frequency": "How often it orders",
    "spending": "Spending lately against usual",
    "breadth": "Categories it buys",
    "tenure": "How long it has been buying",
    "satisfaction": "Satisfaction",
    "complaints": "Complaints",
    "waiting": "Complaints waiting for an answer",
}
_ACTIVE_DAYS = 365
_COMPLAINT_DAYS = 182


def health_inputs(company: Region, *, as_of: dt.date) -> pd.DataFrame:
    """Describe how each active account stands on a day, from rows up to that day alone.

    Parameters
    ----------
    company : Region
        The company, or a region.
    as_of : date
        Last day that counts; may lie before the company's own.

    Returns
    -------
    DataFrame indexed by account
        Accounts that ordered in the twelve months before; those columns of `INPUTS` for which
        the book has a table. ``satisfaction`` is missing where nobody answered; no complaint is
        0 where the book records complaints.
    """
    first = company.book.first_day
    features = account_features(
        company.purchases, company.purchases["revenue"], as_of=as_of, first_day=first
    )
    past = company.purchases[
        (company.purchases["date"] <= pd.Timestamp(as_of)) & (company.purchases["orders"] > 0)
    ]
    days = past.groupby("account_id")["date"].agg(["min", "max"])
    silent = (pd.Timestamp(as_of) - days["max"]).dt.days
    active = features.index.intersection(days.index[silent <= _ACTIVE_DAYS])
    f = features.loc[active]
    weeks = (pd.Timestamp(as_of) - days["min"]).dt.days / 7
    inputs: dict[str, pd.Series | None] = {
        "silence": -f["recency"],
        "recency": -f["overdue"],
        "trend": f["orders_8"] - f["orders_26"],
        "frequency": f["orders_26"],
        "spending": f["value_8"] - f["value_26"],
        "breadth": _breadth(company.categories, active, as_of),
        "tenure": pd.Series(np.log1p(weeks.reindex(active)), active),
        "satisfaction": _satisfied(company.tables.get("surveys"), active, as_of),
        **_complaints(company.tables.get("complaints"), active, as_of),
    }
    known = {name: column for name, column in inputs.items() if column is not None}
    return pd.DataFrame(known, index=active)


def kept(company: Region, accounts: pd.Index, *, after: dt.date, weeks: int) -> pd.Series:
    """Tell (1 or 0) which accounts ordered in the weeks after a day."""
    start = pd.Timestamp(after)
    date = company.purchases["date"]
    within = (date > start) & (date <= start + pd.Timedelta(weeks=weeks))
    ordered = company.purchases.loc[within & (company.purchases["orders"] > 0), "account_id"]
    return pd.Series(accounts.isin(ordered).astype(float), accounts, name="kept")


def _breadth(categories: pd.DataFrame, accounts: pd.Index, as_of: dt.date) -> pd.Series | None:
    """Count categories of twelve whole months: the month of the day holds later rows."""
    if categories["category"].isna().all():
        return None
    end = pd.Timestamp(as_of).replace(day=1)
    if (pd.Timestamp(as_of) + pd.Timedelta(days=1)).day == 1:
        end += pd.DateOffset(months=1)
    month = categories["month"]
    rows = categories[(month < end) & (month >= end - pd.DateOffset(years=1))]
    count = rows[rows["revenue"] > 0].groupby("account_id")["category"].nunique()
    return pd.Series(np.log1p(count.reindex(accounts).fillna(0.0)), accounts)


def _satisfied(
    surveys: pd.DataFrame | None, accounts: pd.Index, as_of: dt.date
) -> pd.Series | None:
    if surveys is None or surveys.empty:
        return None
    standing = satisfaction(surveys, as_of=as_of)["standing"].astype(float)
    return standing.groupby(level="account_id").mean().reindex(accounts)


def _complaints(
    complaints: pd.DataFrame | None, accounts: pd.Index, as_of: dt.date
) -> dict[str, pd.Series | None]:
    if complaints is None:
        return {"complaints": None, "waiting": None}
    end = pd.Timestamp(as_of)
    known = complaints[complaints["opened"] <= end]
    closed = known.get("closed", pd.Series(pd.NaT, known.index))
    age, weight = (end - known["opened"]).dt.days, severity_weight(known)
    recent = (weight * (age < _COMPLAINT_DAYS)).groupby(known["account_id"]).sum()
    open_days = (weight * age).where(~(closed <= end), 0.0).groupby(known["account_id"]).sum()
    return {
        "complaints": -np.log1p(recent.reindex(accounts).fillna(0.0)),
        "waiting": -np.log1p(open_days.reindex(accounts).fillna(0.0) / 30),
    }
