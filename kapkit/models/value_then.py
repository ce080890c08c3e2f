"""What accounts were worth on an earlier day, seen from today's book: to tell why they moved."""

import datetime as dt

import pandas as pd

from kapkit.book.region import Region
from kapkit.models.value_axis import best_half_life, value_candidates

_HORIZON_WEEKS = 26


def value_then(company: Region, day: dt.date, *, way_then: str, way_now: str) -> pd.DataFrame:
    """Value all accounts on an earlier day from today's book, by the way taken then and now.

    Parameters
    ----------
    company : Region
        All regions, as of today.
    day : date
        The earlier day; rows after it are left out.
    way_then, way_now : str
        Candidates of `kapkit.models.value_axis.value_candidates`.

    Returns
    -------
    DataFrame
        ``account_id``, ``region``, ``data`` (value by the way and half-life that stood then)
        and ``model`` (by those that stand now). What differs from what was said then is new
        data of old days; what differs between the two is the model.
    """
    accounts, first = company.accounts.index, company.book.first_day
    measure = company.book.value_measure
    half_lives = [
        best_half_life(
            company.purchases,
            as_of=at,
            first_day=first,
            measure=measure,
            horizon_weeks=_HORIZON_WEEKS,
        )
        for at in (day, company.as_of)
    ]
    then, now = (
        value_candidates(
            company.purchases,
            accounts,
            as_of=day,
            first_day=first,
            measure=measure,
            horizon_weeks=_HORIZON_WEEKS,
            half_life_weeks=half_life,
        )
        for half_life in half_lives
    )
    table = pd.DataFrame({"data": then[way_then], "model": now[way_now]}, index=accounts)
    named = table.assign(region=company.accounts["region"])
    return named.reset_index(names="account_id")
