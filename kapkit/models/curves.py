"""Response curves: what an account brings at none, half, or twice today's effort."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kapkit.book.errors import DataError, listing
from kapkit.models.poisson import Matrix

#: Steepness of a curve: 1 rises ever more slowly, above 1 it is S-shaped.
CONCAVE, S_SHAPED = 1.0, 2.0

#: Today's effort stands at 1 / (1 + HALFWAY) of the way from no effort to saturation's reach;
#: at 2 the concave curve follows a constant elasticity of .31 within 1 % from half to double.
HALFWAY = 2.0

#: What people answer: no effort, half, 1.5 times, all the effort in the world.
POINTS = ["none", "half", "more", "saturation"]


def calibrate(
    elasticity: pd.Series, *, steepness: float | pd.Series = CONCAVE, halfway: float = HALFWAY
) -> pd.DataFrame:
    """Draw the response curve that has a given elasticity at today's effort.

    The curve is Little's ADBUDG in multiples u of today's effort and sales,
    ``r(u) = floor + (ceiling - floor) u**c / (d + u**c)`` with r(1) = 1 and slope r'(1) equal to
    the elasticity.

    Parameters
    ----------
    elasticity : Series of float
        Per account, 0 to below 1 for a concave curve.
    steepness : float or Series
        c: 1 is concave, above 1 S-shaped (little effort is lost effort).
    halfway : float
        d: the higher, the further today's effort is from saturation. Raised where sales at no
        effort would otherwise be negative.

    Returns
    -------
    DataFrame indexed like ``elasticity``
        ``floor``, ``ceiling``, ``steepness``, ``halfway``.

    Raises
    ------
    DataError
        If an elasticity is negative or not below the steepness.

    References
    ----------
    Little, J. D. C. (1970), Models and managers: the concept of a decision calculus,
    Management Science 16.

    Examples
    --------
    >>> calibrate(pd.Series({"a": 0.3}))[["floor", "ceiling"]].round(2).loc["a"].tolist()
    [0.55, 1.9]
    """
    c = pd.Series(steepness, index=elasticity.index, dtype=float)
    wrong = elasticity.index[~((elasticity >= 0) & (elasticity < c))]
    if len(wrong):
        raise DataError(
            f"elasticity: {listing([str(key) for key in wrong])}: not from 0 to below the "
            "steepness of the curve; use that of all accounts"
        )
    d = np.maximum(halfway, elasticity / (c - elasticity))
    lost = elasticity * (1 + d) / (c * d)
    return pd.DataFrame(
        {"floor": 1 - lost, "ceiling": 1 + d * lost, "steepness": c, "halfway": d},
        index=elasticity.index,
    )


def judged(points: pd.DataFrame) -> pd.DataFrame:
    """Draw the curve through a manager's five answers (Lodish).

    Parameters
    ----------
    points : DataFrame indexed by account or class
        Sales as multiples of today's with no effort (``none``), with ``half`` of today's, with
        half as much again (``more``) and with all the effort in the world (``saturation``); the
        fifth answer, today's effort, is 1.

    Returns
    -------
    DataFrame indexed like ``points``
        As from `calibrate`: the curve meets none, today and saturation exactly, and the two
        others as closely as its one steepness can.

    Raises
    ------
    DataError
        If the five answers do not rise.

    References
    ----------
    Lodish, L. M. (1971), CALLPLAN: an interactive salesman's call planning system, Management
    Science 18.

    Examples
    --------
    >>> answers = pd.DataFrame({"none": 0.5, "half": 0.8, "more": 1.1, "saturation": 1.5}, ["a"])
    >>> judged(answers)[["floor", "halfway"]].loc["a"].tolist()
    [0.5, 1.0]
    """
    none, half, more, most = (points[name].astype(float) for name in POINTS)
    rising = (none >= 0) & (none < half) & (half < 1) & (more > 1) & (more < most)
    if not rising.all():
        raise DataError(
            f"judgement: {listing([str(key) for key in points.index[~rising]])}: the answers for "
            "none, half, today, 1.5 times and saturation do not rise; ask again"
        )
    d = (most - 1) / (1 - none)
    at_half, at_more = (np.log(d * (sold - none) / (most - sold)) for sold in (half, more))
    logs = np.log([0.5, 1.5])
    c = (at_half * logs[0] + at_more * logs[1]) / (logs**2).sum()
    return pd.DataFrame({"floor": none, "ceiling": most, "steepness": c, "halfway": d})


def judgements(overrides: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """Read the five answers that people typed as overrides.

    Parameters
    ----------
    overrides : DataFrame
        Schema ``OVERRIDES``; a row whose field is ``response`` holds four multiples of today's
        sales, as ``0.5 0.8 1.15 1.4``: none, half, 1.5 times, saturation.
    as_of : Timestamp
        Overrides that ended before are left out.

    Returns
    -------
    DataFrame indexed by account
        For `judged`; the last row of an account stands.

    Raises
    ------
    DataError
        If a value is not four numbers.
    """
    typed = overrides[overrides["field"] == "response"]
    if "until" in typed:
        typed = typed[~(typed["until"] < as_of)]
    typed = typed.drop_duplicates("account_id", keep="last").set_index("account_id")
    split = typed["value"].str.split(expand=True).reindex(columns=range(5))
    numbers = split.apply(pd.to_numeric, errors="coerce")
    wrong = numbers[[0, 1, 2, 3]].isna().any(axis=1) | split[4].notna()
    if wrong.any():
        raise DataError(
            f"overrides: response of {listing([str(key) for key in typed.index[wrong]])} is not "
            "four numbers; type sales at no, half, 1.5 times and unlimited effort as 0.5 0.8 1.15 "
            "1.4"
        )
    answers: pd.DataFrame = numbers[[0, 1, 2, 3]].set_axis(POINTS, axis=1).astype(float)
    return answers


def multiple(curves: pd.DataFrame, effort: pd.Series | Matrix) -> Matrix:
    """Read sales, as a multiple of today's, off the curves.

    Parameters
    ----------
    curves : DataFrame
        From `calibrate` or `judged`.
    effort : Series, or array accounts x levels
        Multiples of today's effort.

    Returns
    -------
    array of float, shaped like ``effort``

    Examples
    --------
    >>> multiple(calibrate(pd.Series([0.31])), np.array([[0.0, 1.0, 2.0]])).round(3).tolist()
    [[0.535, 1.0, 1.232]]
    """
    u = np.asarray(effort, float)
    floor, ceiling, c, d = (
        curves[name].to_numpy(float).reshape(-1, *[1] * (u.ndim - 1))
        for name in ("floor", "ceiling", "steepness", "halfway")
    )
    power = u**c
    found: Matrix = floor + (ceiling - floor) * power / (d + power)
    return found


def elasticity_today(curves: pd.DataFrame) -> pd.Series:
    """Give the elasticity that curves have at today's effort, to set judgement beside estimate.

    >>> elasticity_today(calibrate(pd.Series({"a": 0.31}))).round(4).to_dict()
    {'a': 0.31}
    """
    rise, d = curves["ceiling"] - curves["floor"], curves["halfway"]
    return curves["steepness"] * rise * d / (1 + d) ** 2


def with_judgement(
    curves: pd.DataFrame, answers: pd.DataFrame, keys: Sequence[str]
) -> pd.DataFrame:
    """Let a manager's judgement stand in for the estimate, and keep both elasticities.

    Parameters
    ----------
    curves : DataFrame indexed by account
        From `calibrate`.
    answers : DataFrame indexed by account or class
        For `judged`.
    keys : sequence of str
        For each account the key to look up in ``answers``, after its own: its class.

    Returns
    -------
    DataFrame indexed like ``curves``
        The curves to use, ``source`` (estimate or judgement), and the elasticity at today's
        effort by both: ``estimated``, ``judged`` (missing where nobody judged).
    """
    typed = judged(answers)
    by_class = typed.reindex(pd.Index(keys)).set_axis(curves.index)
    own = typed.reindex(curves.index).fillna(by_class)
    return own.fillna(curves).assign(
        source=np.where(own["floor"].notna(), "judgement", "estimate"),
        estimated=elasticity_today(curves),
        judged=elasticity_today(own),
    )
