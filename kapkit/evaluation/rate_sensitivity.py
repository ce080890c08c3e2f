"""3.2 Would another rate change who earns and who costs? Ranks under other rates of drivers."""

from dataclasses import dataclass

import pandas as pd

from kapkit.evaluation.profit import Contribution
from kapkit.wording import percent, say, say_count

#: A move of so many ranks is told.
_MOVED = 3


@dataclass(frozen=True)
class RateSensitivity:
    """How each account's rank and sign depend on the rate of each driver.

    ``table`` is indexed by account and driver: ``cost`` (of the driver), ``rank`` (by
    contribution, 1 the highest), ``rank_higher`` and ``rank_lower`` (with the rate changed by
    ``change`` of itself, all else equal), ``loses_higher`` (loses money then, and not now) and
    ``earns_lower`` (the reverse). ``drivers`` counts by driver: ``moved`` (accounts that
    move three ranks or more), ``turned`` (accounts whose sign turns), ``furthest`` (ranks).
    """

    table: pd.DataFrame
    drivers: pd.DataFrame
    change: float
    sentence: str


def rate_sensitivity(contribution: Contribution, *, change: float = 0.25) -> RateSensitivity:
    """Tell how far ranks hang on the rates of cost to serve: which rate to look at again.

    Parameters
    ----------
    contribution : Contribution
        From `profit_contribution`.
    change : float, 0 to 1
        By which part of itself each rate is raised and lowered; a quarter, for rates are seldom
        known better.

    Returns
    -------
    RateSensitivity
        Empty where cost to serve is not known.
    """
    served = contribution.served
    net = contribution.table["contribution"].dropna()
    if served is None or not served.known or net.empty:
        return RateSensitivity(
            _empty(), _empty_drivers(), change, say("Without cost to serve no rate moves a rank.")
        )
    if not served.priced:
        return RateSensitivity(_empty(), _empty_drivers(), change, _sentence(_empty(), change, 0))
    cost = {name: part.droplevel("driver") for name, part in served.table["cost"].groupby("driver")}
    parts = [
        _under(net, cost[name].reindex(net.index).fillna(0.0), change) for name in served.priced
    ]
    table = pd.concat(parts, keys=served.priced, names=["driver"]).swaplevel().sort_index()
    moves = pd.concat(
        [(table[column] - table["rank"]).abs() for column in ("rank_higher", "rank_lower")], axis=1
    ).max(axis=1)
    turned = table["loses_higher"] | table["earns_lower"]
    by = pd.DataFrame({"moved": moves >= _MOVED, "turned": turned, "furthest": moves})
    drivers = by.groupby(level="driver").agg(
        moved=("moved", "sum"), turned=("turned", "sum"), furthest=("furthest", "max")
    )
    drivers = drivers.reindex(served.priced)
    return RateSensitivity(table, drivers, change, _sentence(drivers, change, len(net)))


def _under(net: pd.Series, cost: pd.Series, change: float) -> pd.DataFrame:
    higher, lower = net - change * cost, net + change * cost
    return pd.DataFrame(
        {
            "cost": cost,
            "rank": _rank(net),
            "rank_higher": _rank(higher),
            "rank_lower": _rank(lower),
            "loses_higher": (net >= 0) & (higher < 0),
            "earns_lower": (net < 0) & (lower >= 0),
        }
    )


def _rank(net: pd.Series) -> pd.Series:
    return net.rank(ascending=False, method="min")


def _empty() -> pd.DataFrame:
    columns = ["cost", "rank", "rank_higher", "rank_lower", "loses_higher", "earns_lower"]
    index = pd.MultiIndex.from_arrays([[], []], names=["account_id", "driver"])
    return pd.DataFrame(columns=columns, index=index, dtype=float)


def _empty_drivers() -> pd.DataFrame:
    return pd.DataFrame(columns=["moved", "turned", "furthest"], dtype=float)


def _sentence(drivers: pd.DataFrame, change: float, accounts: int) -> str:
    if drivers.empty:
        return say("Without cost to serve no rate moves a rank.")
    worst = drivers.sort_values(["moved", "turned"], ascending=False, kind="stable").iloc[[0]]
    row = worst.reset_index(names="driver").iloc[0].to_dict()
    turned = say_count(
        int(row["turned"]),
        "{count} account turns between earning and losing",
        "{count} accounts turn between earning and losing",
    )
    if not row["moved"]:
        firm = say(
            "Ranks are firm: no rate, changed by {change}, moves an account by three ranks",
            change=percent(change),
        )
        return f"{firm}; {turned}." if row["turned"] else f"{firm}."
    return say(
        "The rate that matters most is that of {driver}: changed by {change}, it moves {moved} of "
        "{all} accounts by three ranks or more, the furthest by {furthest}; {turned}.",
        driver=row["driver"],
        change=percent(change),
        moved=f"{row['moved']:,.0f}",
        all=f"{accounts:,}",
        furthest=f"{row['furthest']:,.0f}",
        turned=turned,
    )
