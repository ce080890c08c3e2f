"""Whole sentences in the reader's language, from message catalogues."""

import re
from functools import cache
from pathlib import Path

from kapkit.wording.language import ENGLISH, language

_CURRENCY = re.compile(r"(.*)(, [A-Z]{3})", re.DOTALL)
_LOCALES = Path(__file__).parent / "locales"


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
    >>> say("{share} of {what} is known.", share="25 %", what="revenue")
    '25 % of revenue is known.'
    """
    return _found(message, message, 1).format(**values)


def say_count(count: int, one: str, many: str, /, **values: object) -> str:
    """Write a sentence whose form depends on a count, which ``{count}`` stands for.

    >>> say_count(1200, "{count} account lost money.", "{count} accounts lost money.")
    '1,200 accounts lost money.'
    """
    return _found(one, many, count).format(count=f"{count:,}", **values)


def several(count: int, noun: str, plural: str = "") -> str:
    """Write a count with its noun.

    >>> several(1, "account"), several(1200, "account"), several(2, "company", "companies")
    ('1 account', '1,200 accounts', '2 companies')
    """
    return say_count(count, f"{{count}} {noun}", f"{{count}} {plural or noun + 's'}")


def worded(text: str) -> str:
    """Give a fixed text, such as a heading, in the reader's language; an unknown one stays.

    A currency at its end stays too.

    >>> worded("Contribution, EUR")
    'Contribution, EUR'
    """
    found = _CURRENCY.fullmatch(text)
    fixed, currency = (found[1], found[2]) if found else (text, "")
    return _found(fixed, fixed, 1) + currency if fixed else text


def _found(one: str, many: str, count: int) -> str:
    spoken = language()
    english = one if count == 1 else many
    return english if spoken == ENGLISH else catalogue(spoken).get(one, english)


@cache
def catalogue(spoken: str) -> dict[str, str]:
    """Read a language's messages: English to translated; what is not translated is left out.

    The languages there are, but English, have one form for any count.
    """
    from babel.messages.pofile import read_po

    with (_LOCALES / f"{spoken}.po").open("rb") as file:
        messages = list(read_po(file))
    return {_first(one.id): text for one in messages if one.id and (text := _first(one.string))}


def _first(forms: object) -> str:
    return str(forms[0] if isinstance(forms, tuple | list) else forms or "")
