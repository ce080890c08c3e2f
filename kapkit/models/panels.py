"""Which regions learn together, where a company is too large to be read at once."""

import pandas as pd

#: Account-days and accounts that models are learned from at a time: some 2 GB of memory.
MOST_ROWS = 1_000_000


def panels(rows: pd.Series, *, most: int = MOST_ROWS) -> list[list[str]]:
    """Split regions into the groups that models are learned from, so that memory is bounded.

    The largest region first, each goes to the group that has the fewest rows so far. A group
    of less than a tenth of ``most`` would lend little strength: it joins the smallest other.

    Parameters
    ----------
    rows : Series of int
        Rows per region: account-days, and accounts.
    most : int
        Rows of a group; a larger region is a group of its own, whole.

    Returns
    -------
    list of list of str
        The regions of each group, sorted; one group where all rows are at most ``most``.

    Examples
    --------
    >>> panels(pd.Series({"A": 60, "B": 50, "C": 30, "D": 5}), most=80)
    [['A', 'D'], ['B', 'C']]
    """
    count = max(1, -(-int(rows.sum()) // most))
    ordered = rows.sort_index().sort_values(ascending=False, kind="stable")
    groups: list[list[str]] = [[] for _ in range(count)]
    sizes = [0] * count
    for region, size in ordered.items():
        least = sizes.index(min(sizes))
        groups[least].append(str(region))
        sizes[least] += int(size)
    return sorted(sorted(group) for group in _joined(groups, sizes, most / 10))


def _joined(groups: list[list[str]], sizes: list[int], least: float) -> list[list[str]]:
    """Put small groups together, and with the smallest of the others."""
    order = sorted(range(len(groups)), key=sizes.__getitem__)
    joined: list[list[str]] = []
    held: list[str] = []
    rows = 0
    for at in order:
        held, rows = [*held, *groups[at]], rows + sizes[at]
        if rows >= least:
            joined, held, rows = [*joined, held], [], 0
    return [*joined, held] if held else joined
