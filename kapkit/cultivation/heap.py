"""The marginal-return heap: whose next visit brings most for an hour."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kapkit.models.poisson import Matrix

Codes = npt.NDArray[np.intp]

_PASSES, _CHANGES, _CLOSE = 12, 64, 1e-9

#: Steps of an owner that do not fit and are passed by.
_ROUNDS = 24


@dataclass(frozen=True)
class Chosen:
    """The level chosen for each row, and what an hour of each owner was worth.

    ``level`` has one entry a row; ``price`` one an owner, gain of one more hour (0: hours were
    left over); ``bound`` is the gain that no plan under these hours can exceed (linear
    programme), ``gain`` that of this one.
    """

    level: Codes
    price: Matrix
    gain: float
    bound: float


def choose(gain: Matrix, hours: Matrix, owner: Codes, capacity: Matrix) -> Chosen:
    """Choose a level of effort for every row, so that the hours of each owner bring most.

    Steps up the upper concave hull of gain over hours are taken in the order of their gain an
    hour until the owner's hours are used; what is left over is used up by pairs of small
    changes, begun there and, a second time, past the steps that do not fit: the better stands.

    Parameters
    ----------
    gain, hours : arrays of float, rows x levels
        Of each level, in money and hours; neither falls from a level to the next, and levels
        that take the same hours bring the same. The first levels of all rows fit.
    owner : array of int
        The owner of each row.
    capacity : array of float
        Hours of each owner.

    Returns
    -------
    Chosen

    Notes
    -----
    The multiple-choice knapsack problem, one for each owner. Where responses are concave the
    hull is the response itself; where they are S-shaped the hull leaps over levels that no
    optimum uses, which a greedy walk from level to level would stumble over.

    References
    ----------
    Sinha, P. and Zoltners, A. A. (1979), The multiple-choice knapsack problem, Operations
    Research 27.

    Examples
    --------
    >>> gain, hours = np.array([[0.0, 5, 7], [0, 3, 4]]), np.array([[0.0, 1, 2], [0, 1, 2]])
    >>> chosen = choose(gain, hours, np.array([0, 0]), np.array([3.0]))
    >>> chosen.level.tolist(), chosen.gain, chosen.price.tolist()
    ([2, 1], 10.0, [1.0])
    """
    row, to, rise, cost = _steps(gain, hours)
    order = np.lexsort((to, -rise / cost, owner[row]))
    row, to, rise, cost = row[order], to[order], rise[order], cost[order]
    whose = owner[row]
    spare = capacity - np.bincount(owner, hours[:, 0], len(capacity))
    before = _running(cost, whose) - cost
    part = np.clip((spare[whose] - before) / cost, 0.0, 1.0)
    taken = part >= 1 - 1e-12
    price = np.zeros(len(capacity))
    np.maximum.at(price, whose[~taken], (rise / cost)[~taken])
    one, other = (
        _filled(_reached(begun, row, to, len(gain)), gain, hours, owner, price, capacity)
        for begun in (taken, _further(taken, row, cost, whose, spare))
    )
    level = _better(one, other, gain, owner, len(capacity))
    found = gain[np.arange(len(gain)), level].sum()
    return Chosen(level, price, float(found), float(gain[:, 0].sum() + part @ rise))


def concave_hull(gain: Matrix, hours: Matrix) -> npt.NDArray[np.bool_]:
    """Mark the levels on the upper concave hull of gain over hours, row by row.

    >>> concave_hull(np.array([[0.0, 1, 4, 5]]), np.array([[0.0, 1, 2, 3]])).tolist()
    [[True, False, True, True]]
    """
    count = gain.shape[1]
    on = np.ones(gain.shape, bool)
    for middle in range(1, count):
        on[:, middle] = (hours[:, middle] > hours[:, 0]) & (gain[:, middle] > gain[:, 0])
    for left in range(count - 2):
        for right in range(left + 2, count):
            width = hours[:, right] - hours[:, left]
            slope = (gain[:, right] - gain[:, left]) / np.where(width > 0, width, 1.0)
            for middle in range(left + 1, right):
                chord = gain[:, left] + slope * (hours[:, middle] - hours[:, left])
                on[:, middle] &= (gain[:, middle] > chord) | (hours[:, right] <= hours[:, middle])
    on[:, 1:] &= np.diff(np.maximum.accumulate(gain, axis=1), axis=1) > 0
    return on


def _steps(gain: Matrix, hours: Matrix) -> tuple[Codes, Codes, Matrix, Matrix]:
    """Give the steps along the hulls: row, level reached, rise in gain, hours they take."""
    on = concave_hull(gain, hours)
    levels = np.where(on, np.arange(gain.shape[1]), 0)
    last = np.maximum.accumulate(levels, axis=1)[:, :-1]
    row, column = np.nonzero(on[:, 1:])
    start, to = last[row, column], column + 1
    return row, to, gain[row, to] - gain[row, start], hours[row, to] - hours[row, start]


def _reached(taken: npt.NDArray[np.bool_], row: Codes, to: Codes, rows: int) -> Codes:
    """Give the level of each row when the steps marked are taken."""
    level = np.zeros(rows, np.intp)
    np.maximum.at(level, row[taken], to[taken])
    return level


def _better(one: Codes, other: Codes, gain: Matrix, owner: Codes, owners: int) -> Codes:
    """Give each owner the one of two choices that brings more, the first where they are equal."""
    rows = np.arange(len(gain))
    brings = [np.bincount(owner, gain[rows, level], owners) for level in (one, other)]
    chosen: Codes = np.where((brings[1] > brings[0])[owner], other, one)
    return chosen


def _further(
    taken: npt.NDArray[np.bool_], row: Codes, cost: Matrix, whose: Codes, spare: Matrix
) -> npt.NDArray[np.bool_]:
    """Go on past the steps that do not fit: their rows stop there, the others may go on."""
    taken = taken.copy()
    stopped = np.zeros(int(row.max(initial=-1)) + 1, bool)
    left = spare - np.bincount(whose[taken], cost[taken], len(spare))
    for _ in range(_ROUNDS):
        open_ = np.flatnonzero(~taken & ~stopped[row])
        if not len(open_):
            break
        used = _running(cost[open_], whose[open_])
        fits = used <= left[whose[open_]] + _CLOSE
        taken[open_[fits]] = True
        left -= np.bincount(whose[open_[fits]], cost[open_[fits]], len(spare))
        beyond = open_[~fits]
        first = np.unique(whose[beyond], return_index=True)[1]
        stopped[row[beyond[first]]] = True
    return taken


def _running(values: Matrix, whose: Codes) -> Matrix:
    """Add values up within each owner; rows are sorted by owner."""
    total = np.cumsum(values)
    first = np.flatnonzero(np.r_[True, whose[1:] != whose[:-1]]) if len(whose) else whose
    offset = np.zeros(len(values))
    offset[first] = np.diff(np.r_[0.0, (total - values)[first]])
    running: Matrix = total - np.cumsum(offset)
    return running


def _filled(
    level: Codes, gain: Matrix, hours: Matrix, owner: Codes, price: Matrix, capacity: Matrix
) -> Codes:
    """Use up spare hours: each owner in turn makes the best pair of small changes that fits.

    Changes (one row to another level, up or down) are small where they lose little against the
    price of hours; a pair may be one change alone.
    """
    rows = np.arange(len(gain))
    best = np.bincount(owner, hours[:, -1] > hours[:, 0], len(capacity)) > 0
    if not best.any():
        return level
    for _ in range(_PASSES):
        now = gain[rows, level], hours[rows, level]
        spare = capacity - np.bincount(owner, now[1], len(capacity))
        row, to = _small_changes(level, gain, hours, owner, price, best)
        rise, cost = gain[row, to] - now[0][row], hours[row, to] - now[1][row]
        pairs = np.where(row[:, :, None] == row[:, None, :], -np.inf, _sums(rise))
        alone = np.arange(row.shape[1])
        pairs[:, alone, alone] = rise
        takes = _sums(cost)
        takes[:, alone, alone] = cost
        pairs[takes > spare[best][:, None, None] + 1e-9] = -np.inf
        flat = pairs.reshape(len(pairs), -1)
        first, second = np.divmod(flat.argmax(axis=1), row.shape[1])
        gains = flat.max(axis=1, initial=-np.inf) > _CLOSE
        who = np.flatnonzero(gains)
        level[row[who, first[who]]] = to[who, first[who]]
        level[row[who, second[who]]] = to[who, second[who]]
        best[best] = gains
        if not best.any():
            break
    return level


def _small_changes(
    level: Codes,
    gain: Matrix,
    hours: Matrix,
    owner: Codes,
    price: Matrix,
    wanted: npt.NDArray[np.bool_],
) -> tuple[Codes, Codes]:
    """Give each wanted owner's changes of a row that lose least at the price of hours."""
    net = gain - price[owner][:, None] * hours
    loss = net[np.arange(len(gain)), level][:, None] - net
    other = hours != hours[np.arange(len(gain)), level][:, None]
    row, to = np.nonzero(other & wanted[owner][:, None])
    order = np.lexsort((loss[row, to], owner[row]))
    row, to = row[order], to[order]
    count = np.bincount(owner[row], minlength=len(wanted))[wanted]
    place = np.minimum(np.arange(_CHANGES), count[:, None] - 1)
    place = place + (np.cumsum(count) - count)[:, None]
    return row[place], to[place]


def _sums(values: Matrix) -> Matrix:
    found: Matrix = values[:, :, None] + values[:, None, :]
    return found
