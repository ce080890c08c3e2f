"""Contacts that keep accounts: as far as people typed, or the data show, that they do."""

import datetime as dt
import math
from collections.abc import Mapping

import pandas as pd

from kapkit.book.errors import DataError, listing

_WEEKS, _WEEKS_PER_YEAR = 13, 52


def chance_to_leave(buys: pd.Series, purchases: pd.DataFrame, *, as_of: dt.date) -> pd.Series:
    """Tell how likely an account has gone: its chance to buy falls short of its own custom.

    An account that ordered n times in the last two years buys in the next 13 weeks with chance
    ``1 - exp(-n / 8)`` if nothing changed; the part of that which ``buys`` lacks is the chance
    that something did.

    Parameters
    ----------
    buys : Series of float indexed by account
        Chance of an order in the next 13 weeks (`Outlook`).
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    as_of : date
        Last day that counts.

    Returns
    -------
    Series of float indexed like ``buys``, 0 to 1
        Missing without orders in two years, or where ``buys`` is.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-01-05"] * 8)
    >>> bought = pd.DataFrame({"account_id": "a", "date": days, "orders": 1})
    >>> left = chance_to_leave(pd.Series({"a": 0.3}), bought, as_of=dt.date(2026, 6, 30))
    >>> left.round(3).tolist()  # 1 - .3 / (1 - exp(-1))
    [0.525]
    """
    end = pd.Timestamp(as_of)
    since = end - pd.Timedelta(weeks=2 * _WEEKS_PER_YEAR)
    recent = purchases[(purchases["date"] > since) & (purchases["date"] <= end)]
    orders = recent.groupby("account_id")["orders"].sum().reindex(buys.index)
    usual = 1 - orders.astype(float).mul(-_WEEKS / (2 * _WEEKS_PER_YEAR)).map(math.exp)
    left: pd.Series = (1 - buys / usual.where(usual > 0)).clip(0.0, 1.0)
    return left


def shares_saved(
    overrides: pd.DataFrame | None,
    classes: pd.Series,
    *,
    by_class: Mapping[str, float],
    as_of: dt.date,
) -> pd.Series:
    """Give the typed share of each account's chance to leave that twice today's contacts avert.

    Parameters
    ----------
    overrides : DataFrame or None
        Schema ``OVERRIDES``; a row whose field is ``saved`` holds an account's share, 0 to 1.
    classes : Series
        Class of each account.
    by_class : mapping
        Typed share by class, as from a trial over that class.
    as_of : date
        Overrides that ended before are left out.

    Returns
    -------
    Series of float indexed like ``classes``
        Missing where nobody typed one.

    Raises
    ------
    DataError
        If a share is no number from 0 to 1.
    """
    found = classes.map(dict(by_class)).astype(float)
    if overrides is None:
        return found
    typed = overrides[overrides["field"] == "saved"]
    if "until" in typed:
        typed = typed[~(typed["until"] < pd.Timestamp(as_of))]
    latest = typed.drop_duplicates("account_id", keep="last").set_index("account_id")
    shares = pd.to_numeric(latest["value"], errors="coerce").astype(float)
    wrong = shares.index[~shares.between(0, 1)]
    if len(wrong):
        raise DataError(
            f"overrides: saved of {listing([str(key) for key in wrong])} is no number from 0 to "
            "1; type the share of the chance to leave that twice today's contacts avert"
        )
    chosen: pd.Series = shares.reindex(found.index).fillna(found)
    return chosen


def at_stake(leave: pd.Series, typed: pd.Series, going: pd.Series, averted: float) -> pd.DataFrame:
    """Set beside each account what contacts may keep: by what people typed, else by the data.

    Parameters
    ----------
    leave : Series of float
        Chance that the account has gone (`chance_to_leave`).
    typed : Series of float
        From `shares_saved`.
    going : Series of float
        Chance to go silent in the year ahead (`Retention`).
    averted : float, 0 to 1
        Share of that which twice the contacts avert, as estimated; 0 where the data do not
        show that they avert any.

    Returns
    -------
    DataFrame indexed like ``leave``
        ``leave``, ``saved`` (typed; 0: none), ``going`` and ``averted`` (0 where ``saved`` is
        typed, so that nothing is counted twice).
    """
    return pd.DataFrame(
        {
            "leave": leave,
            "saved": typed.fillna(0.0),
            "going": going.reindex(leave.index),
            "averted": (typed.isna() & (averted > 0)) * averted,
        }
    )
