"""Sentences, numbers, money and days as people read them, in their language."""

import datetime as dt
import math
from collections.abc import Callable
from contextvars import ContextVar

#: Finds the reader's wording of a message: (one, many, count) to a text; English by default.
Catalogue = Callable[[str, str, int], str]
_catalogue: ContextVar[Catalogue | None] = ContextVar("catalogue", default=None)

_STEPS = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))


def amount(value: float, currency: str = "") -> str:
    """Write money with three figures and its unit.

    Parameters
    ----------
    value : float
        In the currency's own unit; missing is written as a dash.
    currency : str
        Code such as EUR; left out where empty.

    Examples
    --------
    >>> amount(1234567, "EUR"), amount(-999.6), amount(45.678, "GBP"), amount(float("nan"))
    ('1.23 M EUR', '-1.00 k', '45.7 GBP', '–')
    """
    if math.isnan(value):
        return "–"
    figures = 0.0 if value == 0 else float(f"{value:.3g}")
    step, unit = next(((s, u) for s, u in _STEPS if abs(figures) >= s), (1.0, ""))
    scaled = figures / step
    decimals = max(0, 2 - math.floor(math.log10(abs(scaled)))) if scaled else 0
    # z: what rounds to nothing has no sign.
    return " ".join(part for part in (f"{scaled:z,.{min(decimals, 2)}f}", unit, currency) if part)


def percent(share: float) -> str:
    """Write a share of one as a percentage, with a decimal below 10; missing is a dash.

    >>> percent(0.1234), percent(-0.0042), percent(0.0), percent(float("nan"))
    ('12 %', '-0.4 %', '0 %', '–')
    """
    if math.isnan(share):
        return "–"
    return f"{share * 100:z,.{1 if 0 < abs(share) < 0.0995 else 0}f} %"


def signed_percent(change: float) -> str:
    """Write a change as a percentage with its sign; missing is a dash.

    >>> signed_percent(0.123), signed_percent(-0.042), signed_percent(-0.001)
    ('+12 %', '-4 %', '+0 %')
    """
    return "–" if math.isnan(change) else f"{change * 100:+z,.0f} %"


def day(value: dt.date) -> str:
    """Write a day in words.

    >>> day(dt.date(2026, 6, 30))
    '30 June 2026'
    """
    return f"{value.day} {value:%B %Y}"


def several(count: int, noun: str, plural: str = "") -> str:
    """Write a count with its noun.

    >>> several(1, "account"), several(1200, "account"), several(2, "company", "companies")
    ('1 account', '1,200 accounts', '2 companies')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def say(message: str, /, **values: object) -> str:
    """Write a sentence in the reader's language.

    Parameters
    ----------
    message : str
        A whole sentence or label in English, written out where it is said, so that it can be
        translated; ``{names}`` stand for values, already worded (`amount`, `percent`, ...).
    values : object
        What the names stand for.

    Examples
    --------
    >>> say("{share} of {what} is known.", share=percent(0.25), what="revenue")
    '25 % of revenue is known.'
    """
    return _found(message, message, 1).format(**values)


def say_count(count: int, one: str, many: str, /, **values: object) -> str:
    """Write a sentence whose form depends on a count, which ``{count}`` stands for.

    >>> say_count(1200, "{count} account lost money.", "{count} accounts lost money.")
    '1,200 accounts lost money.'
    """
    return _found(one, many, count).format(count=f"{count:,}", **values)


def _found(one: str, many: str, count: int) -> str:
    catalogue = _catalogue.get()
    return catalogue(one, many, count) if catalogue else (one if count == 1 else many)
