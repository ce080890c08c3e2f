"""Limits that link accounts or owners: a mixed-integer programme, solved by HiGHS."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from kapkit.book.errors import DataError
from kapkit.cultivation.heap import Chosen, Codes
from kapkit.models.poisson import Matrix

_SECONDS, _GAP = 60.0, 1e-4


@dataclass(frozen=True)
class Limit:
    """A bound on contacts a year over several accounts, as 24 demonstrations of one machine.

    ``kind`` None counts every kind, ``accounts`` None every account.
    """

    name: str
    kind: str | None = None
    accounts: tuple[str, ...] | None = None
    least: float = 0.0
    most: float = np.inf


def linear(
    limits: Sequence[Limit], levels: Matrix, accounts: pd.DataFrame, kinds: Sequence[str]
) -> LinearConstraint:
    """Write limits as bounds on sums over the levels (accounts x kinds x levels)."""
    rows = []
    for limit in limits:
        who = np.ones(len(accounts), bool)
        if limit.accounts is not None:
            who = accounts.index.isin(list(limit.accounts))
        what = np.array([limit.kind in (None, kind) for kind in kinds])
        rows.append((levels * np.outer(who, what)[:, :, None]).ravel())
    low, high = [limit.least for limit in limits], [limit.most for limit in limits]
    return LinearConstraint(sparse.csr_matrix(np.array(rows)), low, high)


def choose_linked(
    gain: Matrix, hours: Matrix, owner: Codes, capacity: Matrix, limited: LinearConstraint
) -> Chosen:
    """Choose a level for every row as `choose` does, under limits that link rows.

    Parameters
    ----------
    gain, hours, owner, capacity
        As for `choose`.
    limited : LinearConstraint
        From `linear`.

    Returns
    -------
    Chosen
        The price of hours is that of the linear programme without the limits' price.

    Raises
    ------
    DataError
        If no plan keeps hours, minimum and limits.
    """
    rows, levels = gain.shape
    one = sparse.kron(sparse.eye(rows), np.ones((1, levels)), format="csr")
    whose = np.repeat(owner, levels)
    places = np.arange(rows * levels)
    used = sparse.csr_matrix((hours.ravel(), (whose, places)), (len(capacity), rows * levels))
    constraints = [LinearConstraint(one, 1, 1), LinearConstraint(used, -np.inf, capacity), limited]
    options = {"time_limit": _SECONDS, "mip_rel_gap": _GAP}
    found = milp(
        -gain.ravel(),
        integrality=np.ones(rows * levels),
        bounds=Bounds(0, 1),
        constraints=constraints,
        options=options,
    )
    if found.x is None:
        raise DataError(
            "limits: no plan keeps the owners' hours, the minimum of every account and these "
            "limits; ease one of them"
        )
    level = found.x.reshape(rows, levels).argmax(axis=1)
    price = _prices(gain, hours, level, owner, len(capacity))
    return Chosen(level, price, float(-found.fun), float(-found.mip_dual_bound))


def _prices(gain: Matrix, hours: Matrix, level: Codes, owner: Codes, owners: int) -> Matrix:
    """Give the best gain an hour that each owner leaves untaken."""
    rows = np.arange(len(gain))
    rise = gain - gain[rows, level][:, None]
    cost = hours - hours[rows, level][:, None]
    untaken = np.where(cost > 0, rise / np.where(cost > 0, cost, 1.0), 0.0).max(axis=1)
    price = np.zeros(owners)
    np.maximum.at(price, owner, untaken)
    return price
