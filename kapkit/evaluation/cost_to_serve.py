"""3.2 Cost to serve: what each account's deliveries, orders, returns and hours cost."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from kapkit.book.region import Region
from kapkit.models.value import year_to
from kapkit.wording import amount, say, say_count

_KEYS = ["account_id", "driver"]


@dataclass(frozen=True)
class CostToServe:
    """What serving each account cost in twelve months, by driver, and the sentence on the whole.

    ``table`` is indexed by account and driver: ``quantity`` that has a rate, ``cost``, and
    ``unpriced`` (quantity without a rate on its day, never priced at zero). ``drivers`` has a
    row per driver: ``quantity``, ``cost``, ``rate`` (the mean paid), ``accounts`` and
    ``unpriced``. ``known`` is False where no use of any driver has a rate: then nothing is known
    of the cost to serve. ``since`` is the first day with a recorded use, missing where none is.
    """

    table: pd.DataFrame
    drivers: pd.DataFrame
    known: bool
    since: dt.date | None
    sentence: str

    def of(self, accounts: pd.Index) -> pd.Series:
        """Give the cost of each account; 0 for one that caused nothing, missing if not known."""
        cost = self.table["cost"].groupby(level="account_id").sum().reindex(accounts)
        return (cost.fillna(0.0) if self.known else cost * float("nan")).rename("cost_to_serve")

    @property
    def priced(self) -> list[str]:
        """The drivers that are in the cost, dearest first."""
        return list(self.drivers.index[self.drivers["quantity"] != 0])

    @property
    def unpriced(self) -> list[str]:
        """The drivers of which some use has no rate."""
        return list(self.drivers.index[self.drivers["unpriced"] != 0])


def cost_to_serve(
    service_costs: pd.DataFrame,
    cost_rates: pd.DataFrame,
    *,
    as_of: dt.date,
    years_back: int = 0,
    currency: str = "",
) -> CostToServe:
    """Find what serving each account cost in twelve months: whom to serve another way.

    Time-driven activity-based costing: each use of a driver costs its quantity times the rate
    that is valid on its day. Costs add up over days, drivers and accounts.

    Parameters
    ----------
    service_costs : DataFrame
        Schema ``SERVICE_COSTS``; days outside the twelve months are ignored.
    cost_rates : DataFrame
        Schema ``COST_RATES``; a rate without ``valid_from`` holds from the beginning.
    as_of : date
        Last day of the twelve months.
    years_back : int
        1 for the twelve months before those.
    currency : str
        Written behind amounts in the sentence.

    Returns
    -------
    CostToServe

    Notes
    -----
    A use on a day before the first rate of its driver, or of a driver without any, is listed as
    ``unpriced``. Which drivers the book records decides what the cost means: it is no full cost.

    References
    ----------
    Kaplan, R. S. and Anderson, S. R. (2004), Time-driven activity-based costing, Harvard
    Business Review 82(11).

    Examples
    --------
    >>> used = pd.DataFrame({"account_id": "a", "driver": ["visit", "return"], "quantity": 2.0,
    ...     "date": pd.Timestamp("2026-06-30")})
    >>> rates = pd.DataFrame({"driver": ["visit"], "rate": [30.0], "valid_from": [pd.NaT]})
    >>> found = cost_to_serve(used, rates, as_of=dt.date(2026, 6, 30))
    >>> found.of(pd.Index(["a", "b"])).tolist(), found.unpriced
    ([60.0, 0.0], ['return'])
    """
    until = pd.Timestamp(as_of)
    days = service_costs.loc[service_costs["date"] <= until, "date"]
    year = year_to(service_costs, as_of, years_back=years_back)
    rate = rate_on_the_day(year, cost_rates)
    priced = year["quantity"].where(rate.notna(), 0.0)
    costed = year[_KEYS].assign(
        quantity=priced,
        cost=(priced * rate).fillna(0.0),
        unpriced=year["quantity"].where(rate.isna(), 0.0),
    )
    table = costed.groupby(_KEYS)[["quantity", "cost", "unpriced"]].sum()
    drivers = table.groupby(level="driver").sum()
    drivers = drivers.assign(
        rate=drivers["cost"] / drivers["quantity"].where(drivers["quantity"] != 0),
        accounts=table.groupby(level="driver").size(),
    ).sort_values("cost", ascending=False, kind="stable")
    known = bool(rate.notna().any() or (len(days) and year.empty))
    since = days.min().date() if len(days) else None
    return CostToServe(table, drivers, known, since, _sentence(drivers, known, currency))


def cost_to_serve_of(region: Region, *, years_back: int = 0) -> CostToServe | None:
    """Find what serving each account of a region cost in twelve months.

    Parameters
    ----------
    region : Region
        The region as of a day.
    years_back : int
        1 for the twelve months before the last.

    Returns
    -------
    CostToServe or None
        None where the book does not record what accounts cause, or no rates.
    """
    used, rates = region.tables.get("service_costs"), region.tables.get("cost_rates")
    if used is None or rates is None:
        return None
    return cost_to_serve(
        used, rates, as_of=region.as_of, years_back=years_back, currency=region.book.currency
    )


def rate_on_the_day(service_costs: pd.DataFrame, cost_rates: pd.DataFrame) -> pd.Series:
    """Give the rate that is valid on the day of each use; missing where there is none.

    Parameters
    ----------
    service_costs : DataFrame
        ``date`` and ``driver`` of each use.
    cost_rates : DataFrame
        Schema ``COST_RATES``.

    Returns
    -------
    Series indexed like ``service_costs``
        Per unit of the driver, in the book's currency.

    Examples
    --------
    >>> rates = pd.DataFrame({"driver": "visit", "rate": [30.0, 33.0],
    ...     "valid_from": pd.to_datetime([None, "2026-01-01"])})
    >>> days = pd.DataFrame({"date": pd.to_datetime(["2025-12-31", "2026-01-01"]),
    ...     "driver": "visit"})
    >>> rate_on_the_day(days, rates).tolist()
    [30.0, 33.0]
    """
    column = cost_rates.get("valid_from", pd.Series(pd.NaT, cost_rates.index))
    start = pd.to_datetime(column).fillna(pd.Timestamp.min.ceil("D")).astype("datetime64[ns]")
    rates = cost_rates[["driver", "rate"]].assign(date=start).sort_values("date", kind="stable")
    asked = service_costs[["date", "driver"]].astype({"date": "datetime64[ns]"})
    asked = asked.assign(row=range(len(asked))).sort_values("date", kind="stable")
    joined = pd.merge_asof(
        asked.astype({"driver": "str"}), rates.astype({"driver": "str"}), on="date", by="driver"
    )
    found = joined.set_index("row")["rate"].sort_index()
    return found.set_axis(service_costs.index).astype(float)


def _sentence(drivers: pd.DataFrame, known: bool, currency: str) -> str:
    unpriced = drivers.index[drivers["unpriced"] != 0]
    if not known:
        if not len(unpriced):
            return say("No use of any driver is recorded, so the cost to serve is not known.")
        return say(
            "No driver has a rate ({drivers}), so the cost to serve is not known.",
            drivers=", ".join(unpriced),
        )
    priced = drivers[drivers["quantity"] != 0]
    total = amount(priced["cost"].sum(), currency)
    parts = ", ".join(f"{name} {amount(cost)}" for name, cost in priced["cost"].items())
    said = [say("Serving the accounts cost {total} ({parts}).", total=total, parts=parts)]
    if priced.empty:
        said = [say("Nothing was recorded that serving the accounts cost.")]
    if len(unpriced):
        said.append(
            say_count(
                len(unpriced),
                "Use of {count} driver has no rate and is left out: {drivers}.",
                "Use of {count} drivers has no rate and is left out: {drivers}.",
                drivers=", ".join(unpriced),
            )
        )
    return " ".join(said)
