"""Pareto/NBD: how often accounts order, and when they leave."""

from typing import ClassVar

import numpy as np
from scipy import special

from kapkit.models.counted_likelihood import Array, CountedLikelihood, OrderResults, at_counts


def _unit_nodes(count: int, *, power: int = 1) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on (0, 1), drawn to 1 by a power."""
    at, weight = np.polynomial.legendre.leggauss(count)
    rest = (1 - at) / 2
    return 1 - rest**power, weight / 2 * power * rest ** (power - 1)


#: The means of logs have a log at 1; the fourth power takes it away.
_NODES, _MANY_NODES = _unit_nodes(14, power=4), _unit_nodes(80)
_CHUNK = 20_000
#: Where the integrand has fallen by this in log, the rest does not show in double precision.
_NEGLIGIBLE = 40.0


class ParetoNBD(CountedLikelihood):
    r"""The Pareto / negative binomial model of repeat orders.

    While alive an account orders at random at its own rate :math:`\lambda`, and leaves at its
    own rate :math:`\mu`. Over accounts :math:`\lambda` is gamma (r, alpha), :math:`\mu` is
    gamma (s, beta). The 2F1 of the paper is written as the integral it stands for, over the
    time at which the account may have left, and summed by Gauss-Legendre quadrature.

    Parameters
    ----------
    history : DataFrame
        ``repeat_orders``, ``last_order`` and ``age`` per account (`order_history`).
    counts : Series, optional
        How many accounts a row stands for.

    References
    ----------
    Schmittlein, D. C., Morrison, D. G. and Colombo, R. (1987), Counting your customers: who
    are they and what will they do next? Management Science 33(1).
    """

    title: ClassVar[str] = "Pareto/NBD"
    columns: ClassVar[list[str]] = ["repeat_orders", "last_order", "age"]
    names: ClassVar[list[str]] = ["r", "alpha", "s", "beta"]
    starts: ClassVar[list[list[float]]] = [
        [-0.5, -1.3, -0.5, -1.2],
        [0.7, -0.7, -1.0, 0.5],
        [-1.5, -3.0, 0.0, 0.0],
    ]
    results_class = OrderResults

    def scale(self) -> Array:
        """Time is measured in the largest age."""
        weeks = max(float(self.rows[2].max()), 1e-9)
        return np.array([1.0, weeks, 1.0, weeks])

    @staticmethod
    def terms(params: Array, rows: Array) -> tuple[Array, Array]:
        """Give log-likelihood and gradient of each row."""
        r, alpha, s, beta = params
        x, last, age = rows
        log_left, means = _left_between(params, x, last, age)
        alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
        left = np.log(s) + log_left
        gone = special.expit(left - alive)
        each = at_counts(special.gammaln, r, x) - special.gammaln(r)
        each = each + r * np.log(alpha) + s * np.log(beta) + np.logaddexp(alive, left)
        log_a, over_a, log_b, over_b = means
        slope = [
            at_counts(special.digamma, r, x)
            - special.digamma(r)
            + np.log(alpha)
            - (1 - gone) * np.log(alpha + age)
            - gone * log_a,
            r / alpha - (r + x) * ((1 - gone) / (alpha + age) + gone * over_a),
            np.log(beta) - (1 - gone) * np.log(beta + age) + gone * (1 / s - log_b),
            s / beta - (1 - gone) * s / (beta + age) - gone * (s + 1) * over_b,
        ]
        return each, np.array(slope)

    @staticmethod
    def p_alive(params: Array, rows: Array) -> Array:
        """Probability that an account has not left; parameters may differ by account."""
        r, alpha, s, beta = params
        x, last, age = rows
        left = np.log(s) + _left_between(params, x, last, age)[0]
        alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
        return np.asarray(special.expit(alive - left))

    @staticmethod
    def p_order(params: Array, rows: Array, horizon: float) -> Array:
        """Probability of at least one order over the horizon.

        One that is alive stays silent either because it orders nothing, or because it leaves first.
        """
        r, alpha, s, beta = params
        x, _, age = rows
        log_stays = (r + x) * np.log(alpha + age) + s * np.log(beta + age)
        end = age + horizon
        leaves = np.log(s) + _left_between(params, x, age, end)[0]
        silent = -(r + x) * np.log(alpha + end) - s * np.log(beta + end)
        none = np.exp(log_stays + np.logaddexp(leaves, silent))
        return np.asarray(ParetoNBD.p_alive(params, rows) * np.clip(1 - none, 0, 1))

    @staticmethod
    def expected_orders(params: Array, rows: Array, horizon: float) -> Array:
        """Give expected orders over the horizon, steady through s = 1, where the paper has 0/0."""
        r, alpha, s, beta = params
        x, _, age = rows
        log_longer = np.log1p(horizon / (beta + age))
        weeks = (beta + age) * log_longer * special.exprel((1 - s) * log_longer)
        return np.asarray(ParetoNBD.p_alive(params, rows) * (r + x) / (alpha + age) * weeks)


def _left_between(params: Array, x: Array, start: Array, end: Array) -> tuple[Array, Array]:
    r"""Integrate :math:`(\alpha+y)^{-(r+x)} (\beta+y)^{-(s+1)}` over y from start to end.

    Returns its log, and the means under it of log(alpha + y), 1 / (alpha + y) and the same of
    beta: the gradient. Rows whose two scales differ much get more nodes.
    """
    wide = np.broadcast_to(np.abs(np.log((params[1] + start) / (params[3] + start))) > 1, x.shape)
    log_total, means = np.empty(len(x)), np.empty((4, len(x)))
    for mask, nodes in ((~wide, _NODES), (wide, _MANY_NODES)):
        chosen = np.flatnonzero(mask)
        for part in np.split(chosen, range(_CHUNK, len(chosen), _CHUNK)):
            own = [p if np.ndim(p) == 0 else p[part] for p in params]
            found = _quadrature(own, x[part], start[part], end[part], nodes)
            log_total[part], means[:, part] = found
    return log_total, means


def _quadrature(
    params: list[Array], x: Array, start: Array, end: Array, nodes: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Sum over Gauss-Legendre nodes, in a variable that suits the rows."""
    r, alpha, s, beta = (np.asarray(p)[..., None] for p in params)
    from_a, from_b = alpha + start[:, None], beta + start[:, None]
    many, span = r + x[:, None], (end - start)[:, None]
    change = _flattened if nodes is _NODES else _logarithmic
    later, log_step = change(from_a, from_b, many, s + 1, span, nodes[0])
    log_a, log_b = np.log1p(later / from_a), np.log1p(later / from_b)
    log_height = log_step - many * log_a - (s + 1) * log_b
    height = np.exp(log_height) * nodes[1]
    total = height.sum(axis=1, keepdims=True)
    height = np.divide(height, total, out=np.full(height.shape, 1 / len(nodes[0])), where=total > 0)
    with np.errstate(divide="ignore"):
        log_total = np.log(total) - many * np.log(from_a) - (s + 1) * np.log(from_b)
    means = [
        np.log(from_a[:, 0]) + (height * log_a).sum(axis=1),
        (height / (from_a + later)).sum(axis=1),
        np.log(from_b[:, 0]) + (height * log_b).sum(axis=1),
        (height / (from_b + later)).sum(axis=1),
    ]
    return log_total[:, 0], np.array(means)


def _flattened(
    from_a: Array, from_b: Array, many: Array, leaving: Array, span: Array, at: Array
) -> tuple[Array, Array]:
    """Place the nodes so that the integrand is almost flat; it is exactly where alpha = beta.

    With c such that (c + y)^-(r + x + s + 1) falls as fast as the integrand at the start, the
    variable is ((c + y) / (c + start))^-(r + x + s).
    """
    fall = many + leaving - 1
    from_c = (fall + 1) / (many / from_a + leaving / from_b)
    share = -np.expm1(-fall * np.log1p(span / from_c))
    log_c = np.log1p(-share * at) / -fall
    with np.errstate(divide="ignore"):
        return from_c * np.expm1(log_c), (fall + 1) * log_c + np.log(share * from_c / fall)


def _logarithmic(
    from_a: Array, from_b: Array, many: Array, leaving: Array, span: Array, at: Array
) -> tuple[Array, Array]:
    """Place the nodes evenly in the log of time, over the smaller scale, up to where it matters.

    In that variable the log of the integrand is concave, so a line bounds it.
    """
    small = np.minimum(from_a, from_b)
    slope = 1 - many * small / from_a - leaving * small / from_b
    reach = np.log1p(span / small)
    reach = np.where(slope < 0, np.minimum(reach, _NEGLIGIBLE / np.maximum(-slope, 1e-9)), reach)
    with np.errstate(divide="ignore"):
        return small * np.expm1(reach * at), reach * at + np.log(small * reach)
