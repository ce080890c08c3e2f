"""The one error that people who bring data see."""

from collections.abc import Sequence


class DataError(ValueError):
    """The data, its description or a parameter breaks a rule.

    The message says the rule, the place, the count with at most three offenders,
    and what to do now.
    """


def listing(offenders: Sequence[str], most: int = 3, *, count: int | None = None) -> str:
    """Name at most three offenders and count the rest; ``count`` where not all are given.

    >>> listing(["A-1", "A-2", "A-3", "A-4"])
    'A-1, A-2, A-3 and 1 more'
    """
    shown = ", ".join(offenders[:most])
    rest = (len(offenders) if count is None else count) - most
    return f"{shown} and {rest:,} more" if rest > 0 else shown
