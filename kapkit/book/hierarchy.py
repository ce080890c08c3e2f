"""Account hierarchies: who belongs to whom, up to the top."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kapkit.book.errors import listing
from kapkit.wording import several

_Places = NDArray[np.intp]


@dataclass(frozen=True)
class Hierarchy:
    """Accounts with the account at the top of their group.

    ``table`` is indexed like the accounts: ``top_id`` (the account itself where it has no
    parent) and ``level`` (0 at the top). ``orphans`` name a parent that is no account;
    ``circles`` are their own ancestors. Both stand for themselves.
    """

    table: pd.DataFrame
    orphans: pd.Index
    circles: pd.Index

    @property
    def sentences(self) -> list[str]:
        """Say what is wrong with the parents, and what was done."""
        found = []
        if len(self.orphans):
            found.append(
                f"accounts: parent_id names no account on {several(len(self.orphans), 'row')} "
                f"({listing(list(self.orphans))}); they stand for themselves"
            )
        if len(self.circles):
            found.append(
                f"accounts: {several(len(self.circles), 'account')} are their own ancestors by "
                f"parent_id ({listing(list(self.circles))}); they stand for themselves"
            )
        return found


def hierarchy(accounts: pd.DataFrame) -> Hierarchy:
    """Find the top of each account's group, to add up what belongs together.

    Parameters
    ----------
    accounts : DataFrame
        Indexed by account; ``parent_id`` may be missing, or absent as a column.

    Returns
    -------
    Hierarchy

    Notes
    -----
    An account below a circle has the first account of the circle that it meets as its top.
    Parents are followed by pointer doubling: the work grows with the logarithm of the accounts.

    Examples
    --------
    >>> accounts = pd.DataFrame({"parent_id": [None, "a", "b", "z"]}, index=["a", "b", "c", "d"])
    >>> hierarchy(accounts).table["top_id"].tolist()
    ['a', 'a', 'a', 'd']
    """
    ids = accounts.index
    if "parent_id" not in accounts:
        accounts = accounts.assign(parent_id=None)
    named = accounts["parent_id"].notna().to_numpy()
    place = ids.get_indexer(pd.Index(accounts["parent_id"]))
    alone = np.arange(len(ids))
    up = np.where(named & (place >= 0), place, alone)
    circles = _circles(up) & (named & (place >= 0))
    up = np.where(circles, alone, up)
    top, level = _tops(up)
    table = pd.DataFrame({"top_id": ids[top], "level": level}, index=ids)
    return Hierarchy(table, ids[named & (place < 0)], ids[circles])


def roll_up(values: pd.DataFrame, groups: Hierarchy) -> pd.DataFrame:
    """Add values of accounts up to the tops of their groups.

    Parameters
    ----------
    values : DataFrame
        Indexed by account, numeric.
    groups : Hierarchy
        From `hierarchy`, of at least these accounts.

    Returns
    -------
    DataFrame indexed by top account
        Sums; missing where every value of the group is.
    """
    return values.groupby(groups.table["top_id"].reindex(values.index)).sum(min_count=1)


def _circles(up: _Places) -> NDArray[np.bool_]:
    """Mark who is on a circle: after enough steps everyone is on one, or at a top."""
    far, _ = _tops(up)
    on_circle: NDArray[np.bool_] = np.equal(up, np.arange(len(up)))
    on_circle[far[up[far] != far]] = True
    return on_circle


def _tops(up: _Places) -> tuple[_Places, _Places]:
    """Follow parents as many steps as there are accounts, doubling; count the steps."""
    level = (up != np.arange(len(up))).astype(np.intp)
    for _ in range(len(up).bit_length()):
        level, up = level + level[up], up[up]
    return up, level
