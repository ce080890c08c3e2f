"""What contacts with an account say of it, as of a day: how many, how fresh, in which direction."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

#: Kinds of contact, with the minutes one usually takes, preparation included.
MINUTES: Mapping[str, float] = {
    "visit": 90.0,
    "call": 20.0,
    "email": 10.0,
    "demo": 150.0,
    "training": 240.0,
}
#: Half-lives of contacts, in weeks: a quarter's attention, and a year's.
_SHORT, _LONG = 8.0, 26.0
#: Gaps of the usual account that count beside an account's own.
_PRIOR_GAPS = 2.0


def inbound(activities: pd.DataFrame) -> pd.Series:
    """Tell which contacts the account made; where nobody noted it, we did."""
    if "inbound" not in activities:
        return pd.Series(False, activities.index)
    return activities["inbound"].eq("yes")


def contact_features(
    activities: pd.DataFrame, accounts: pd.Index, *, as_of: dt.date
) -> pd.DataFrame:
    """Describe the contacts with each account, as of a day, for models that look ahead.

    Parameters
    ----------
    activities : DataFrame
        Schema ``ACTIVITIES``; later contacts are ignored.
    accounts : Index
        The accounts to describe.
    as_of : date
        Last day that counts.

    Returns
    -------
    DataFrame indexed like ``accounts``
        ``contacts_8`` and ``contacts_26`` (log of our contacts, weighted by half-lives of 8 and
        26 weeks), ``inbound_8`` (the same of theirs) and ``contact_recency`` (log of weeks since
        the last one in either direction; where there was none, since the first of all).

    Examples
    --------
    >>> one = pd.DataFrame({"account_id": ["a"], "date": [pd.Timestamp("2026-06-30")],
    ...                     "inbound": ["yes"]})
    >>> found = contact_features(one, pd.Index(["a"]), as_of=dt.date(2026, 6, 30))
    >>> found.round(2).loc["a"].tolist()
    [0.0, 0.0, 0.69, 0.0]
    """
    made = activities[activities["date"] <= pd.Timestamp(as_of)]
    weeks = (pd.Timestamp(as_of) - made["date"]).dt.days / 7
    theirs, of = inbound(made), made["account_id"]

    def weighed(which: pd.Series, half_life: float) -> pd.Series:
        fresh = pd.Series(0.5 ** (weeks[which] / half_life), of[which].index)
        summed = fresh.groupby(of[which]).sum().reindex(accounts, fill_value=0.0)
        return pd.Series(np.log1p(summed), accounts)

    longest = float(weeks.max()) if len(weeks) else 0.0
    last = weeks.groupby(of).min().reindex(accounts).fillna(longest)
    return pd.DataFrame(
        {
            "contacts_8": weighed(~theirs, _SHORT),
            "contacts_26": weighed(~theirs, _LONG),
            "inbound_8": weighed(theirs, _SHORT),
            "contact_recency": np.log1p(last),
        },
        index=accounts,
    )


def contact_rhythm(activities: pd.DataFrame, accounts: pd.Index, *, as_of: dt.date) -> pd.DataFrame:
    """Compare each account's silence with its own rhythm of contacts.

    Parameters
    ----------
    activities : DataFrame
        Schema ``ACTIVITIES``, in both directions; later contacts are ignored. Several on a day
        count once.
    accounts : Index
        The accounts to look at.
    as_of : date
        Last day that counts.

    Returns
    -------
    DataFrame indexed like ``accounts``
        ``last_contact``, ``days_since``, ``usual_gap_days`` (mean of the last two years, drawn to
        the median account's as if two more gaps had been seen) and ``times`` (days since over
        that gap). All missing where there was no contact in two years.
    """
    end = pd.Timestamp(as_of)
    recent = (activities["date"] <= end) & (activities["date"] > end - pd.Timedelta(days=730))
    days = activities.loc[recent, ["account_id", "date"]].drop_duplicates()
    seen = days.groupby("account_id")["date"].agg(["min", "max", "size"]).reindex(accounts)
    gaps = seen["size"] - 1
    span = (seen["max"] - seen["min"]).dt.days.astype(float)
    own = (span / gaps.where(gaps > 0)).dropna()
    usual = float(own.median()) if len(own) else float("nan")
    drawn = (_PRIOR_GAPS * usual + span) / (_PRIOR_GAPS + gaps)
    since = (end - seen["max"]).dt.days.astype(float)
    return pd.DataFrame(
        {
            "last_contact": seen["max"],
            "days_since": since,
            "usual_gap_days": drawn,
            "times": since / drawn,
        },
        index=accounts,
    )


def contact_hours(activities: pd.DataFrame) -> pd.Series:
    """Give the hours each contact took: as noted, else as its kind usually takes in this book."""
    usual = pd.Series(MINUTES)
    noted = activities.get("minutes", pd.Series(np.nan, activities.index)).astype(float)
    seen = noted.groupby(activities["kind"]).median().dropna()
    fallback = activities["kind"].map(seen.combine_first(usual)).fillna(usual["call"])
    hours: pd.Series = noted.fillna(fallback) / 60
    return hours.rename("hours")
