"""Days on which work is done: not weekends, holidays of the country, or blackout dates."""

import datetime as dt
from functools import cache

import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd

from kapkit.book.errors import DataError

Days = npt.NDArray[np.datetime64]

_YEAR = dt.timedelta(days=365)


@cache
def _calendar(country: str | None, subdivision: str | None) -> holidays.HolidayBase:
    if country is None:
        return holidays.HolidayBase()
    try:
        return holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError:
        place = country if subdivision is None else f"{country}, {subdivision}"
        raise DataError(
            f"country: no holidays are known for {place}; use the ISO 3166 code, as DE with "
            "subdivision BY"
        ) from None


def working_days(
    first: dt.date, last: dt.date, *, country: str | None, subdivision: str | None = None
) -> Days:
    """List the days from ``first`` to ``last`` on which people work.

    Parameters
    ----------
    first, last : date
        Both count.
    country : str or None
        ISO 3166 code; its weekend and public holidays are left out. None: Saturdays and Sundays
        only.
    subdivision : str
        State or province, where it has holidays of its own.

    Returns
    -------
    array of datetime64[D]

    Raises
    ------
    DataError
        If the country or subdivision is not known.

    Examples
    --------
    >>> working_days(dt.date(2026, 4, 2), dt.date(2026, 4, 7), country="DE").astype(str).tolist()
    ['2026-04-02', '2026-04-07']
    """
    calendar = _calendar(country, subdivision)
    days = [first + dt.timedelta(days=count) for count in range((last - first).days + 1)]
    worked = [day for day in days if calendar.is_working_day(day)]
    return np.array(worked, dtype="datetime64[D]")


def minutes_per_day(
    staff: pd.DataFrame, first: dt.date, *, country: str | None, subdivision: str | None = None
) -> pd.Series:
    """Spread each owner's hours a month evenly over the working days of the year from ``first``.

    Returns
    -------
    Series of float indexed by owner
        Whole minutes a working day, rounded down.
    """
    days = working_days(
        first, first + _YEAR - dt.timedelta(1), country=country, subdivision=subdivision
    )
    hours = staff.drop_duplicates("owner").set_index("owner")["hours_per_month"]
    minutes: pd.Series = np.floor(hours * 12 * 60 / len(days))
    return minutes


def blocked(days: Days, blackout: pd.DataFrame | None) -> npt.NDArray[np.bool_]:
    """Mark the days that lie in any of the spans ``first`` to ``last`` of ``blackout``."""
    marked = np.zeros(len(days), bool)
    if blackout is None:
        return marked
    spans = zip(blackout["first"], blackout["last"], strict=True)
    for first, last in spans:
        marked |= (days >= np.datetime64(first, "D")) & (days <= np.datetime64(last, "D"))
    return marked
