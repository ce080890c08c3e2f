"""Days given as text."""

import datetime as dt

from kapkit.book.errors import DataError


def as_day(value: dt.date | str | None) -> dt.date | None:
    """Read a day given as text, as notebooks and the command line do.

    Raises
    ------
    DataError
        If the text is not an ISO date.

    Examples
    --------
    >>> as_day("2026-06-30")
    datetime.date(2026, 6, 30)
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if not isinstance(value, str):
        return value
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise DataError(f"as_of: {value!r} is not a day; write it as 2026-06-30") from None
