"""A pilot drawn by lot: the one way to learn what contacts do, designed with its power."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.errors import DataError
from kapkit.models.poisson import poisson_slopes
from kapkit.models.response import PRIOR, Panel
from kapkit.wording import percent, several

#: From this power on a pilot is worth its trouble.
POWER_NEEDED = 0.8

_PAIRS_NEEDED = 5


@dataclass(frozen=True)
class Pilot:
    """Who gets more and who less for the months of the pilot, and what it can show.

    ``table`` is indexed by account: ``stratum``, ``pair``, ``arm`` (more, less, unchanged),
    ``today`` and ``pilot`` (contacts a year). ``error`` is the standard error of the elasticity
    to expect, ``power`` the chance to find an elasticity of .31, ``detectable`` the smallest
    found in four of five pilots; missing where the past is too short to tell.
    """

    table: pd.DataFrame
    months: int
    error: float
    power: float
    detectable: float
    sentence: str


def design_pilot(
    accounts: pd.DataFrame,
    panel: Panel,
    *,
    seed: int,
    months: int = 6,
    change: float = 0.4,
    level: float = 0.95,
) -> Pilot:
    """Draw by lot which accounts are visited more and which less, to learn what visits do.

    Accounts of the same owner and class, next to each other in sales, form pairs; the lot
    decides which of two gets ``change`` more and which as much less, so that owners keep their
    hours. What the pilot can show is measured on the past: the same estimator is run on the last
    ``2 * months`` months, in which nothing was drawn, and its error is the error to expect.

    Parameters
    ----------
    accounts : DataFrame indexed by account
        ``owner``, ``class``, ``today`` (contacts a year) and ``sales`` (a year).
    panel : Panel
        Past sales by month.
    seed : int
        Of the lots: the same seed draws the same pilot.
    months : int
        Length of the pilot.
    change : float, 0 to 1
        Share of today's contacts to add or to leave out.
    level : float, 0 to 1
        Confidence of the test.

    Returns
    -------
    Pilot

    Raises
    ------
    DataError
        If ``change`` is not between 0 and 1.

    Notes
    -----
    Accounts without contacts, and the odd one of a stratum, stay unchanged. Fewer than five
    pairs, or fewer than ``2 * months`` months of sales, leave the power missing.
    """
    if not 0 < change < 1:
        raise DataError(f"change: {change} is not between 0 and 1; 0.4 is a good start")
    drawn = _lots(accounts, np.random.default_rng(seed))
    factor = drawn["arm"].map({"more": 1 + change, "less": 1 - change, "unchanged": 1.0})
    table = drawn.assign(today=accounts["today"], pilot=accounts["today"] * factor)
    error = _expected_error(factor.map(math.log), panel, months)
    z = float(stats.norm.ppf((1 + level) / 2))
    power = float(stats.norm.cdf(PRIOR / error - z)) if error > 0 else math.nan
    detectable = (z + float(stats.norm.ppf(POWER_NEEDED))) * error
    said = _sentence(table, months, change, power, detectable)
    return Pilot(table, months, error, power, detectable, said)


def _lots(accounts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Pair neighbours in sales within owner and class, and toss a coin for each pair."""
    stratum = accounts["owner"].astype(str) + ", " + accounts["class"].astype(str)
    ordered = accounts.assign(stratum=stratum, key=accounts.index).query("today > 0")
    ordered = ordered.sort_values(["stratum", "sales", "key"], ascending=[True, False, True])
    place = ordered.groupby("stratum").cumcount()
    size = ordered.groupby("stratum")["key"].transform("size")
    ordered = ordered[place < size - size % 2]
    first = rng.random(len(ordered) // 2) < 0.5
    more = np.repeat(first, 2) ^ (np.arange(len(ordered)) % 2 == 1)
    drawn = pd.DataFrame(
        {"pair": np.arange(len(ordered)) // 2 + 1.0, "arm": np.where(more, "more", "less")},
        index=ordered.index,
    ).reindex(accounts.index)
    drawn.insert(0, "stratum", stratum)
    return drawn.fillna({"arm": "unchanged"})


def _expected_error(drawn: pd.Series, panel: Panel, months: int) -> float:
    """Run the estimator on the past, as if the last months had been the pilot."""
    past = panel.sales.reindex(drawn.index[drawn != 0]).iloc[:, -2 * months :]
    past = past[past.sum(axis=1) > 0]
    if past.shape[1] < 2 * months or len(past) < 2 * _PAIRS_NEEDED:
        return math.nan
    sales = past.to_numpy(float)
    sales = sales[:, np.nansum(sales, axis=0) > 0]
    during = np.arange(past.shape[1])[-sales.shape[1] :] >= months
    effort = drawn.reindex(past.index).to_numpy()[:, None] * during
    covariance = poisson_slopes(sales, [effort])[1]
    return math.sqrt(max(float(covariance[0, 0]), 0.0)) or math.nan


def _sentence(
    table: pd.DataFrame, months: int, change: float, power: float, detectable: float
) -> str:
    pairs = int(table["pair"].nunique())
    head = (
        f"{several(pairs, 'pair')} of accounts, one of each drawn to get {percent(change)} more "
        f"contacts and one {percent(change)} less for {several(months, 'month')}; "
    )
    if math.isnan(power):
        return head + "the past is too short, or the pairs too few, to tell what it would show."
    enough = "worth running" if power >= POWER_NEEDED else "run it longer or with more accounts"
    return (
        f"{head}it finds an elasticity of {PRIOR} with a chance of {percent(power)}, and one of "
        f"{detectable:.2f} in four pilots of five: {enough}."
    )
