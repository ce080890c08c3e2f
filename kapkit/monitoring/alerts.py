"""5.4 Alerts: which accounts fall silent more than chance explains, and what are they worth?"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.alarms import ORDERS_NEEDED, alarms_of
from kapkit.wording import amount, percent, say, say_count

#: Share of the alarms that may be false, in the long run.
FALSE_SHARE = 0.10


@dataclass(frozen=True)
class Alerts:
    """Accounts that ring, the most at stake first.

    ``table`` is indexed by account: ``name``, ``class``, ``kind``, ``gap_days``, ``expected``
    and ``counted`` orders of 13 weeks, ``p``, ``probability`` that it fell off (at most),
    ``value`` a year, ``at_stake`` and ``snoozed`` (the run before said so already, and it has
    not ordered since). ``watched`` accounts order often enough for a promise.
    """

    table: pd.DataFrame
    watched: int
    accounts: int
    sentences: tuple[str, ...]


def alerts_of(region: Region, accounts: pd.DataFrame, *, q: float = FALSE_SHARE) -> Alerts:
    """Raise the alarms of a region.

    Parameters
    ----------
    region : Region
        The region as of a day; ``earlier["alerts"]`` are snoozed.
    accounts : DataFrame indexed by account
        ``name``, ``class`` and ``value`` a year, as `key_accounts` gives them.
    q : float, 0 to 1
        Share of the alarms that may be false (Benjamini and Hochberg, over the region's
        accounts with twelve orders a year or more).

    Returns
    -------
    Alerts
    """
    found = alarms_of(region)
    ringing = found.table.loc[discoveries(found.table["p"], q=q)]
    about = accounts.reindex(ringing.index)
    probability = probability_of_drop(ringing["p"], found.drops)
    kinds = np.where(ringing["overdue"] > 0, say("silent"), say("orders less"))
    value = about["value"].astype(float)
    table = ringing[["gap_days", "expected", "counted", "p"]].assign(
        name=about["name"],
        **{"class": about["class"]},
        kind=pd.Series(kinds, ringing.index, dtype="str"),
        probability=probability,
        value=value,
        at_stake=probability * value.clip(lower=0),
        snoozed=_snoozed(region, ringing.index),
    )
    table = table.sort_values(["snoozed", "at_stake"], ascending=[True, False], kind="stable")
    watched = int(found.table["p"].notna().sum())
    said = _sentences(table, watched, len(region.accounts), found.false_rate, q, region)
    return Alerts(table, watched, len(region.accounts), said)


def discoveries(p: pd.Series, *, q: float) -> pd.Index:
    """Choose the p-values that stand out, so that in the long run a share q of them is false.

    Parameters
    ----------
    p : Series
        Missing ones are not asked.
    q : float, 0 to 1
        False share allowed.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995), Controlling the false discovery rate, JRSS B 57.

    Examples
    --------
    >>> discoveries(pd.Series({"a": 0.001, "b": 0.04, "c": 0.9}), q=0.1).tolist()
    ['a', 'b']
    """
    ranked = p.dropna().sort_values(kind="stable")
    passed = ranked.to_numpy() <= q * np.arange(1, len(ranked) + 1) / max(len(ranked), 1)
    return ranked.index[: int(passed.nonzero()[0].max()) + 1 if passed.any() else 0]


def probability_of_drop(p: pd.Series, drops: float) -> pd.Series:
    """Turn p-values into the probability that an account fell off, at most.

    The odds of a drop before looking (``drops``, the share of the past) times the largest
    factor by which a p-value can speak, -1 / (e p ln p).

    References
    ----------
    Sellke, T., Bayarri, M. J. and Berger, J. O. (2001), Calibration of p values, The American
    Statistician 55.
    """
    small = p.clip(1e-12, 1 / math.e)
    factor = -1 / (math.e * small * np.log(small))
    prior = min(max(0.05 if np.isnan(drops) else drops, 0.01), 0.5)
    odds = prior / (1 - prior) * factor.clip(lower=1.0)
    found: pd.Series = (odds / (1 + odds)).clip(upper=0.99)
    return found


def _snoozed(region: Region, accounts: pd.Index) -> pd.Series:
    """Tell which were said by the run before and have not ordered since."""
    before = region.earlier.get("alerts")
    if before is None or region.earlier_as_of is None:
        return pd.Series(False, accounts)
    since = region.purchases["date"] > pd.Timestamp(region.earlier_as_of)
    bought = region.purchases.loc[since & (region.purchases["orders"] > 0), "account_id"]
    return pd.Series(accounts.isin(before["account_id"]) & ~accounts.isin(bought), accounts)


def _sentences(
    table: pd.DataFrame, watched: int, known: int, false_rate: float, q: float, region: Region
) -> tuple[str, ...]:
    promise = say(
        "{watched} of {known} accounts order {least} times a year or more and are watched; for the "
        "others no promise is made: a stop is not seen within a quarter.",
        watched=f"{watched:,}",
        known=f"{known:,}",
        least=str(ORDERS_NEEDED),
    )
    if not watched:
        return (say("No account orders often enough to be watched: silence says little here."),)
    if table.empty:
        return (say("No account fell silent more than chance explains."), promise)
    fresh = table[~table["snoozed"]]
    said = [
        say_count(
            len(fresh),
            "{count} account fell silent or orders less, more than chance explains; {money} a year "
            "is at stake. On average at most {share} of such a list is false.",
            "{count} accounts fell silent or order less, more than chance explains; {money} a year "
            "is at stake. On average at most {share} of such a list is false.",
            money=amount(fresh["at_stake"].sum(), region.book.currency),
            share=percent(q),
        )
    ]
    if len(table) > len(fresh):
        said.append(
            say_count(
                len(table) - len(fresh),
                "{count} more was named by the last run and has not ordered since.",
                "{count} more were named by the last run and have not ordered since.",
            )
        )
    if not np.isnan(false_rate):
        said.append(
            say(
                "Of the accounts that went on as before, {rate} stood below the 5 % mark.",
                rate=percent(false_rate),
            )
        )
    return (*said, promise)
