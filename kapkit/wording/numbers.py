"""Numbers, money and days as people read them, in their language."""

import datetime as dt
import math

from kapkit.wording.language import language

#: Steps of large numbers by language: where each begins, and its name.
_STEPS = {
    "en": ((1e9, " bn"), (1e6, " M"), (1e3, " k")),
    "zh": ((1e8, "亿"), (1e4, "万")),
}
_SHARES = {"en": " %", "zh": "%"}


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
    steps = _STEPS[language()]
    step, unit = next(((s, u) for s, u in steps if abs(figures) >= s), (1.0, ""))
    scaled = figures / step
    decimals = max(0, 2 - math.floor(math.log10(abs(scaled)))) if scaled else 0
    # z: what rounds to nothing has no sign.
    return f"{scaled:z,.{min(decimals, 2)}f}{unit} {currency}".rstrip()


def percent(share: float) -> str:
    """Write a share of one as a percentage, with a decimal below 10; missing is a dash.

    >>> percent(0.1234), percent(-0.0042), percent(0.0), percent(float("nan"))
    ('12 %', '-0.4 %', '0 %', '–')
    """
    if math.isnan(share):
        return "–"
    decimals = 1 if 0 < abs(share) < 0.0995 else 0
    return f"{share * 100:z,.{decimals}f}{_SHARES[language()]}"


def signed_percent(change: float) -> str:
    """Write a change as a percentage with its sign; missing is a dash.

    >>> signed_percent(0.123), signed_percent(-0.042), signed_percent(-0.001)
    ('+12 %', '-4 %', '+0 %')
    """
    return "–" if math.isnan(change) else f"{change * 100:+z,.0f}{_SHARES[language()]}"


def day(value: dt.date) -> str:
    """Write a day in words.

    >>> day(dt.date(2026, 6, 30))
    '30 June 2026'
    """
    if language() == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {value:%B %Y}"
