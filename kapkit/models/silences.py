"""After which quarters accounts went silent, and what was known of them before."""

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from kapkit.models.contacts import inbound
from kapkit.models.response import PERSONAL

#: Days of a quarter, of a half-year and of a year.
QUARTER, HALF, YEAR = 91, 182, 365

#: An account is silent after half a year without an order, or after so many of its intervals:
#: that it only waits so long by chance happens once in 150 times.
INTERVALS = 5

_Days = npt.NDArray[np.int64]


def silences(purchases: pd.DataFrame, activities: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Lay out quarters of accounts with an order, and tell whether silence followed the last one.

    Contacts count up to that order alone, so that contacts which cease because the account
    is gone are not taken for the cause.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    activities : DataFrame
        Schema ``ACTIVITIES``; own contacts in person or by telephone count.
    as_of : date
        Last day that counts; quarters are counted back from it.

    Returns
    -------
    DataFrame
        ``account_id``, ``quarter`` (0: the one that ends on ``as_of``), ``silent`` (1 or 0;
        missing where it is too early to tell), ``contacts`` (log of 1 + those of the 13 weeks up
        to the last order), and the history up to it: ``before`` (the same of the year before
        those), ``orders`` (log of order days of a year), ``lately`` (log of those of 13 weeks),
        ``revenue`` (log of 1 + the year's) and ``tenure`` (log of days). Only accounts of five
        orders a year or more: the others' silence cannot be told from their rhythm.
    """
    end = pd.Timestamp(as_of)
    bought = purchases[(purchases["date"] <= end) & (purchases["orders"] > 0)]
    own = activities[activities["kind"].isin(list(PERSONAL)) & ~inbound(activities)]
    own = own[own["date"] <= end]
    if bought.empty or own.empty:
        return _rows({})
    accounts = pd.Index(np.sort(bought["account_id"].unique()))
    orders = _Line(accounts, bought, end)
    met = _Line(accounts, own, end)
    age = orders.age()
    latest = pd.Series(-age).groupby([orders.account, age // QUARTER]).max()
    account = latest.index.get_level_values(0).to_numpy(np.int64)
    last = latest.to_numpy(np.int64)
    begun = pd.Series(-age).groupby(orders.account).min().to_numpy(np.int64)[account]
    year = orders.count(account, last, YEAR)
    wait = np.maximum(HALF, np.ceil(INTERVALS * YEAR / year).astype(np.int64))
    again = orders.count(account, last + wait, 0) > orders.count(account, last, 0)
    told = last + wait <= 0
    found = _rows(
        {
            "account_id": accounts.take(account),
            "quarter": latest.index.get_level_values(1).to_numpy(np.int64),
            "silent": np.where(told, (~again).astype(float), np.nan),
            "contacts": np.log1p(met.count(account, last, QUARTER)),
            "before": np.log1p(met.count(account, last - QUARTER, YEAR)),
            "orders": np.log(year),
            "lately": np.log(orders.count(account, last, QUARTER)),
            "revenue": np.log1p(np.maximum(orders.total(account, last, YEAR), 0.0)),
            "tenure": np.log(last - begun + QUARTER),
        }
    )
    logged = last - QUARTER - YEAR >= -int(met.age().max())
    kept: pd.DataFrame = found[logged & (year >= INTERVALS)]
    return kept.reset_index(drop=True)


class _Line:
    """Dated rows of accounts in one sorted line, so that spans are counted by two look-ups."""

    _ROOM = 4 * YEAR

    def __init__(self, accounts: pd.Index, rows: pd.DataFrame, end: pd.Timestamp) -> None:
        code = accounts.get_indexer(pd.Index(rows["account_id"])).astype(np.int64)
        day = (rows["date"] - end).dt.days.to_numpy().astype(np.int64)
        kept = code >= 0
        order = np.lexsort((day[kept], code[kept]))
        self.account, self._day = code[kept][order], day[kept][order]
        self._span = int(-self._day.min(initial=0)) + 2 * self._ROOM
        self._place = self._at(self.account, self._day)
        money = rows["revenue"] if "revenue" in rows else pd.Series(0.0, rows.index)
        self._sum = np.r_[0.0, money.to_numpy(float)[kept][order].cumsum()]

    def age(self) -> _Days:
        """Days before ``as_of`` of each row."""
        return -self._day

    def count(self, account: _Days, day: _Days, span: int) -> _Days:
        """Count an account's rows of ``span`` days up to a day; 0: of all days up to it."""
        first, last = self._ends(account, day, span)
        return last - first

    def total(self, account: _Days, day: _Days, span: int) -> npt.NDArray[np.float64]:
        """Add up an account's revenue of ``span`` days up to a day."""
        first, last = self._ends(account, day, span)
        found: npt.NDArray[np.float64] = self._sum[last] - self._sum[first]
        return found

    def _ends(self, account: _Days, day: _Days, span: int) -> tuple[_Days, _Days]:
        since = day - span if span else np.full_like(day, self._ROOM - self._span)
        ends = (self._at(account, since), self._at(account, day))
        first, last = (np.searchsorted(self._place, one, "right") for one in ends)
        return first, last

    def _at(self, account: _Days, day: _Days) -> _Days:
        return account * self._span + np.clip(day, self._ROOM - self._span, self._ROOM - 1)


def _rows(columns: dict[str, object]) -> pd.DataFrame:
    known = ["account_id", "quarter", "silent", "contacts", *HISTORY]
    return pd.DataFrame(columns, columns=known)


#: What is held equal: the account's history up to its order.
HISTORY = ["before", "orders", "lately", "revenue", "tenure"]
