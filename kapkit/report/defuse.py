"""Text that a spreadsheet would run as a formula, made harmless."""

import re

import pandas as pd

_FORMULA = re.compile(r"^\s*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"^\s*[+-]?\d+([.,]\d+)*\s*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def defused(text: str) -> str:
    """Put an apostrophe before text that Excel, or a CSV opened in it, would run.

    Typed names and notes come from CRM fields that anyone may fill. Plain numbers stay; control
    characters are dropped.

    References
    ----------
    OWASP, CSV Injection.

    Examples
    --------
    >>> defused("=HYPERLINK(1)"), defused("-12.5"), defused("Miller & Sons")
    ("'=HYPERLINK(1)", '-12.5', 'Miller & Sons')
    """
    clean = _CONTROL.sub("", text)
    if _FORMULA.match(clean) and not _NUMBER.match(clean):
        return f"'{clean}"
    return clean


def defused_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Defuse every text of a frame; numbers, days and what is missing stay."""
    return frame.map(lambda value: defused(value) if isinstance(value, str) else value)
