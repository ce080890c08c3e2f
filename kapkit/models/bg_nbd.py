"""BG/NBD: how often accounts order, and after which order they leave."""

from typing import ClassVar

import numpy as np
from scipy import special
from scipy.linalg import eigh_tridiagonal

from kapkit.models.counted_likelihood import Array, CountedLikelihood, OrderResults, at_counts

_NODES = 24


class BGNBD(CountedLikelihood):
    r"""The beta-geometric / negative binomial model of repeat orders.

    While alive an account orders at random at its own rate :math:`\lambda`; after each repeat
    order it leaves with its own probability :math:`p`. Over accounts :math:`\lambda` is
    gamma (r, alpha), :math:`p` is beta (a, b).

    Parameters
    ----------
    history : DataFrame
        ``repeat_orders``, ``last_order`` and ``age`` per account (`order_history`).
    counts : Series, optional
        How many accounts a row stands for.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005), "Counting your customers" the easy
    way, Marketing Science 24(2).
    """

    title: ClassVar[str] = "BG/NBD"
    columns: ClassVar[list[str]] = ["repeat_orders", "last_order", "age"]
    names: ClassVar[list[str]] = ["r", "alpha", "a", "b"]
    starts: ClassVar[list[list[float]]] = [
        [-0.7, -1.6, -0.7, 0.7],
        [0.7, -0.7, -2.0, 1.5],
        [-1.5, -3.0, 0.0, 0.0],
    ]
    results_class = OrderResults

    def scale(self) -> Array:
        """Time is measured in the largest age."""
        return np.array([1.0, max(float(self.rows[2].max()), 1e-9), 1.0, 1.0])

    @staticmethod
    def terms(params: Array, rows: Array) -> tuple[Array, Array]:
        """Give log-likelihood and gradient of each row."""
        r, alpha, a, b = params
        x, last, age = rows
        alive, left = _branches(params, rows)
        gone = special.expit(left - alive)
        by_count = (at_counts(special.gammaln, r, x) - special.gammaln(r) + r * np.log(alpha)) + (
            at_counts(special.gammaln, b, x) - at_counts(special.gammaln, a + b, x)
        )
        each = by_count + special.gammaln(a + b) - special.gammaln(b) + np.logaddexp(alive, left)
        fall = special.digamma(a + b) - at_counts(special.digamma, a + b, x)
        slope = [
            at_counts(special.digamma, r, x)
            - special.digamma(r)
            + np.log(alpha)
            - (1 - gone) * np.log(alpha + age)
            - gone * np.log(alpha + last),
            r / alpha - (r + x) * ((1 - gone) / (alpha + age) + gone / (alpha + last)),
            fall + gone / a,
            fall
            + at_counts(special.digamma, b, x)
            - special.digamma(b)
            - gone / np.where(x > 0, b + x - 1, 1.0),
        ]
        return each, np.array(slope)

    @staticmethod
    def p_alive(params: Array, rows: Array) -> Array:
        """Probability that an account has not left; parameters may differ by account."""
        alive, left = _branches(params, rows)
        return np.asarray(special.expit(alive - left))

    @staticmethod
    def p_order(params: Array, rows: Array, horizon: float) -> Array:
        """Probability of at least one order over the horizon: exact in this model."""
        r, alpha, x, age = params[0], params[1], rows[0], rows[2]
        some = -np.expm1(-(r + x) * np.log1p(horizon / (alpha + age)))
        return np.asarray(BGNBD.p_alive(params, rows) * some)

    @staticmethod
    def expected_orders(params: Array, rows: Array, horizon: float) -> Array:
        """Give expected orders over the horizon: the mean over the account's chance to leave.

        With p beta (a, b + x), one that is alive orders (1 - (1 + p h / (alpha + T))^-(r + x)) / p
        times; Gauss-Jacobi quadrature keeps the digits that the 2F1 of the paper loses near a = 1.
        """
        r, alpha, a, b = params
        x, _, age = rows
        distinct, which = np.unique(np.broadcast_arrays(a, b + x), axis=1, return_inverse=True)
        nodes = [jacobi(first, second) for first, second in distinct.T]
        leaves, weight = (np.array(part)[which.ravel()] for part in zip(*nodes, strict=True))
        reach = leaves * (horizon / (alpha + age))[:, None]
        none = np.log1p(reach) * np.reshape(r + x, (-1, 1))
        while_alive = (-np.expm1(-none) / leaves * weight).sum(axis=1)
        return np.asarray(BGNBD.p_alive(params, rows) * while_alive)


def _branches(params: Array, rows: Array) -> tuple[Array, Array]:
    """Log-likelihood of the last silence of one that is alive, and of one that left."""
    r, alpha, a, b = params
    x, last, age = rows
    alive = -(r + x) * np.log(alpha + age)
    leaves = np.log(a) - np.log(np.where(x > 0, b + x - 1, 1.0))
    left = np.where(x > 0, leaves - (r + x) * np.log(alpha + last), -np.inf)
    return alive, left


def jacobi(first: float, second: float, nodes: int = _NODES) -> tuple[Array, Array]:
    """Nodes in (0, 1) and weights, of sum 1, for means over a beta distribution.

    Golub and Welsch's eigenvalues of the Jacobi recurrence.
    """
    n = np.arange(nodes, dtype=float)
    p, q = second - 1, first - 1  # weight (1 - t)^p (1 + t)^q on (-1, 1)
    total = 2 * n + p + q
    centre = np.empty(nodes)
    centre[0] = (q - p) / (p + q + 2)
    centre[1:] = (q - p) * (q + p) / (total[1:] * (total[1:] + 2))
    m = n[1:]
    spread = (
        4
        * m
        * (m + p)
        * (m + q)
        * (m + p + q)
        / ((2 * m + p + q) ** 2 * ((2 * m + p + q) ** 2 - 1))
    )
    spread[0] = 4 * (1 + p) * (1 + q) / ((2 + p + q) ** 2 * (3 + p + q))
    values, vectors = eigh_tridiagonal(centre, np.sqrt(spread))
    return np.clip((values + 1) / 2, 1e-12, 1.0), vectors[0] ** 2
