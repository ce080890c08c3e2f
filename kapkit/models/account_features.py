"""What an account's past says about its next orders, in terms that hold at any origin."""

import datetime as dt

import numpy as np
import pandas as pd

from kapkit.models.value import decayed_sum, weeks_weighed

#: Order days and gaps that the book's own mean counts for, beside an account's own.
_PRIOR_ORDERS = 2.0
_SHORT, _LONG = 8.0, 26.0


def account_features(
    purchases: pd.DataFrame,
    value: pd.Series,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
) -> pd.DataFrame:
    """Describe each account that ever ordered, as of a day, for the models that look ahead.

    Rates are per week and relative to the book's mean, so that what is learned at one origin
    may be applied at another.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored. Order days
        are those on which something was bought; credits count in the value alone.
    value : Series
        What each row is worth (`worth`), in the book's currency; missing counts as 0.
    as_of : date
        Last day that counts.
    first_day : date or None
        First day of the book's sales.

    Returns
    -------
    DataFrame
        A row per account: ``value_8``, ``value_26`` (signed log of the half-life weighted value),
        ``value_rate`` (the same of all value since the first order), ``mean_order`` (signed log,
        drawn to the book's mean), ``orders_8``, ``orders_26`` and ``orders`` (logs of order
        days), ``recency`` (log of weeks since the last), ``overdue`` (log of recency over the
        account's own gap), ``steady`` (orders x recency) and ``single`` (1 where it ordered once).
    """
    past = purchases.assign(worth=value.fillna(0.0))[purchases["date"] <= pd.Timestamp(as_of)]
    days = past[past["orders"] > 0]
    age = (pd.Timestamp(as_of) - days["date"]).dt.days / 7
    ages = age.groupby(days["account_id"]).agg(["min", "max", "size"])
    count = ages["size"].astype(float)
    recency, gap = ages["min"], _own_gap(ages)
    known = past[past["account_id"].isin(ages.index)]
    total = known.groupby("account_id")["worth"].sum().reindex(ages.index)
    mean = float(total.sum() / max(count.sum(), 1)) or 1.0
    rates = {
        f"value_{half:.0f}": _rate(known, known["worth"], as_of, first_day, half)
        for half in (_SHORT, _LONG)
    }
    rates["value_rate"] = total / (ages["max"] + 1)
    features = pd.DataFrame({name: _signed_log(rate) for name, rate in rates.items()})
    counts = {
        f"orders_{half:.0f}": _rate(days, pd.Series(1.0, days.index), as_of, first_day, half)
        for half in (_SHORT, _LONG)
    }
    drawn = (_PRIOR_ORDERS * mean + total) / (_PRIOR_ORDERS + count)
    return features.assign(
        mean_order=np.sign(drawn) * np.log1p((drawn / abs(mean)).abs()),
        **{name: np.log1p(rate * 52) for name, rate in counts.items()},
        orders=np.log(count),
        recency=np.log1p(recency),
        overdue=np.log((recency + 0.5) / (gap + 0.5)),
        steady=np.log(count) * np.log1p(recency),
        single=(count == 1).astype(float),
    )


def _own_gap(ages: pd.DataFrame) -> pd.Series:
    """Weeks between orders: the account's own, drawn to the median of all."""
    span, repeats = ages["max"] - ages["min"], ages["size"] - 1
    own = (span / repeats)[repeats > 0]
    usual = float(own.median()) if len(own) else 13.0
    return (_PRIOR_ORDERS * usual + span) / (_PRIOR_ORDERS + repeats)


def _rate(
    rows: pd.DataFrame, value: pd.Series, as_of: dt.date, first_day: dt.date | None, half: float
) -> pd.Series:
    summed = decayed_sum(rows, value, as_of=as_of, half_life_weeks=half)
    return summed / weeks_weighed(as_of, first_day, half)


def _signed_log(rate: pd.Series) -> pd.Series:
    unit = float(rate.abs().sum() / max(len(rate), 1)) or 1.0
    log: pd.Series = np.log1p((rate / unit * 10).abs())
    return log.where(rate >= 0, -log)
