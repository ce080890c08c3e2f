"""3.2 How much hangs on few accounts: shares of the largest, Herfindahl, what losing each costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.evaluation.profit import Contribution
from kapkit.wording import amount, percent, say

_TOPS = (1, 3, 10)


@dataclass(frozen=True)
class Concentration:
    """How much of the revenue the largest accounts bring, and what losing each would cost.

    ``shares`` maps 1, 3 and 10 to the part of revenue of so many largest accounts;
    ``herfindahl`` is the sum of squared revenue shares (1 / n to 1), ``equals`` its inverse: as
    if there were so many accounts of one size. ``table`` is indexed by account, dearest loss
    first: ``revenue_share``, ``contribution`` and ``margin``. Losing an account costs a year its
    contribution where all that serving it costs goes too, its margin where none of that does.
    """

    shares: dict[int, float]
    herfindahl: float
    equals: float
    table: pd.DataFrame
    sentence: str


def concentration(contribution: Contribution, *, currency: str = "") -> Concentration:
    """Tell how far a region hangs on few accounts.

    Parameters
    ----------
    contribution : Contribution
        From `profit_contribution`.
    currency : str
        Written behind amounts in the sentence.

    Returns
    -------
    Concentration
        Missing where nobody bought. Accounts with negative revenue count with none.
    """
    revenue = contribution.table["revenue"].clip(lower=0.0)
    total = float(revenue.sum())
    share = (revenue / total if total > 0 else revenue * np.nan).rename("revenue_share")
    ranked = share.sort_values(ascending=False, kind="stable").to_numpy()
    shares = {top: float(ranked[:top].sum()) if total > 0 else float("nan") for top in _TOPS}
    herfindahl = float((share**2).sum(min_count=1))
    table = contribution.table[["margin", "contribution"]].assign(revenue_share=share)
    table = table.sort_values(["contribution", "revenue_share"], ascending=False, kind="stable")
    equals = 1 / herfindahl if herfindahl > 0 else float("nan")
    said = _sentence(table, shares, equals, currency)
    return Concentration(shares, herfindahl, equals, table, said)


def whale_band(
    contribution: pd.Series, *, draws: int = 400, level: float = 0.8, seed: int = 0
) -> pd.DataFrame:
    """Put a band around the whale curve: how far it hangs on which accounts are there.

    Accounts are drawn with replacement, as many as there are, and ranked anew.

    Parameters
    ----------
    contribution : Series of float
        Per account and year, in the book's currency; missing entries are left out.
    draws, seed : int
        Of the bootstrap.
    level : float, 0 to 1
        Probability of the band, at each place of the curve.

    Returns
    -------
    DataFrame indexed by the number of accounts, best first, from 0
        ``running`` (contribution added up), ``low`` and ``high``.

    Examples
    --------
    >>> band = whale_band(pd.Series({"a": 8.0, "b": 4.0, "c": -2.0}))
    >>> band["running"].tolist(), bool((band["low"] <= band["high"]).all())
    ([0.0, 8.0, 12.0, 10.0], True)
    """
    earned = contribution.dropna().sort_values(ascending=False, kind="stable").to_numpy()
    running = np.append(0.0, earned.cumsum())
    if not len(earned):
        return pd.DataFrame({"running": running, "low": running, "high": running})
    fewer = max(50, min(draws, 2_000_000 // len(earned)))
    chosen = np.random.default_rng(seed).integers(len(earned), size=(fewer, len(earned)))
    # Ranked already: sorting the places sorts the amounts.
    curves = earned[np.sort(chosen, axis=1)].cumsum(axis=1)
    tail = (1 - level) / 2
    low, high = (np.append(0.0, np.quantile(curves, at, axis=0)) for at in (tail, 1 - tail))
    return pd.DataFrame({"running": running, "low": low, "high": high})


def _sentence(table: pd.DataFrame, shares: dict[int, float], equals: float, currency: str) -> str:
    if np.isnan(shares[1]):
        return say("Nobody bought in the last twelve months, so nothing hangs on few accounts.")
    said = say(
        "The largest account brings {one} of revenue, the three largest {three}, the ten largest "
        "{ten}; revenue is as concentrated as that of {equals} accounts of one size.",
        one=percent(shares[1]),
        three=percent(shares[3]),
        ten=percent(shares[10]),
        equals=f"{equals:,.1f}",
    )
    dearest = table.iloc[0]
    if dearest["contribution"] > 0:
        cost = amount(dearest["contribution"], currency)
        if dearest["margin"] > dearest["contribution"] + 0.005:
            cost = say(
                "{low} to {high}",
                low=amount(dearest["contribution"]),
                high=amount(dearest["margin"], currency),
            )
        said += " " + say(
            "Losing the one that earns most would cost {cost} a year, the more the less of its "
            "cost to serve goes with it.",
            cost=cost,
        )
    return said
