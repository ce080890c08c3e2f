"""Numbers as people write them: signs of decimals and thousands, currencies, a minus behind."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"\(?[-+]?\s?[\d.,'\u2019\s]*\d[\d.,'\u2019\s]*\s?-?\)?")
_GROUPED = re.compile(
    r"\d+|\d*[.,]\d+|\d+[.,]|\d{1,3}(\.\d{3})+(,\d*)?|\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?"
)
_CURRENCY_BEFORE = re.compile(r"^(-?)\s?(?:[A-Z]{3}|[€$£¥])\s?")


@dataclass(frozen=True)
class Writing:
    """How a column writes its numbers.

    ``decimal`` is the sign before decimals, empty where no value shows it; ``plain`` tells
    whether the book reads every value as it stands; ``negative`` is the share below zero;
    ``unsure`` is a value such as 1,234 that could be read both ways, where nothing settles it.
    """

    decimal: str
    plain: bool
    negative: float
    unsure: str | None = None


def writing_of(values: Sequence[str], *, decimal: str = "") -> Writing | None:
    """Tell how numbers are written; None where one in ten or more is no number.

    ``decimal`` is what other columns of the file show, for a column that does not itself.

    >>> writing_of(["1.234,50", "7,5"]).decimal, writing_of(["$1,234.50"]).plain
    (',', False)
    >>> writing_of(["1,234", "5,678"]).unsure
    '1,234'
    """
    cores = [_core(value) for value in values]
    good = [core for core in cores if core is not None]
    if not good or len(good) < 0.9 * len(values):
        return None
    shown = {sign for core in good if (sign := _shown(core))}
    if len(shown) > 1:
        return None
    settled = shown.pop() if shown else ""
    unsure = None if settled or decimal else next((c for c in good if re.search(",", c)), None)
    negative = sum("-" in value or "(" in value for value in values) / len(values)
    plain = all(_reads(value, settled or decimal or ".") for value in values)
    return Writing(settled, plain, negative, unsure)


def sizes_of(values: Sequence[str], decimal: str) -> list[float]:
    """Read numbers without their signs; what is no number is left out.

    >>> sizes_of(["-1.234,50 EUR", "7", "-"], ",")
    [1234.5, 7.0]
    """
    cores = [core for value in values if (core := _core(value))]
    parted = "," if decimal != "," else "."
    return [float(core.replace(parted, "").replace(",", ".")) for core in cores]


def number_sql(column: str, decimal: str) -> str:
    """Write the SQL that reads a text column as money, whatever else stands around the digits."""
    digits = f"regexp_replace({column}, '[^0-9.,]', '', 'g')"
    parted, sign = (",", ".") if decimal != "," else (".", ",")
    digits = f"replace({digits}, '{parted}', '')"
    digits = digits if sign == "." else f"replace({digits}, ',', '.')"
    below = f"CASE WHEN regexp_matches({column}, '[-(\u2212]') THEN '-' ELSE '' END"
    return f"TRY_CAST({below} || {digits} AS DECIMAL(18, 4))"


def _core(value: str) -> str | None:
    """Strip a number of its currency and sign; None where it is no number."""
    text = _CURRENCY_BEFORE.sub(r"\1", value.strip())
    text = re.sub(r"\s?(?:[A-Z]{3}|[€$£¥元])(-?)$", r"\1", text)
    if not _NUMBER.fullmatch(text):
        return None
    core = re.sub(r"[^\d.,]", "", text)
    return core if _GROUPED.fullmatch(core) else None


def _shown(core: str) -> str:
    """Name the decimal sign a number shows beyond doubt."""
    last = max(core.rfind("."), core.rfind(","))
    if last < 0:
        return ""
    sign, other = core[last], "," if core[last] == "." else "."
    if other in core:
        return sign
    if core.count(sign) > 1:
        return other
    whole, part = core.split(sign)
    if len(part) == 3 and 1 <= len(whole) <= 3 and whole != "0":
        return ""
    return sign


def _reads(value: str, decimal: str) -> bool:
    if decimal == ".":
        return re.fullmatch(r"[-+]?\d+(\.\d+)?", value) is not None
    return re.fullmatch(r"[-+]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?", value) is not None
