"""Simulated companies of small and large regions, and what their accounts then brought."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.models.value import WEEKS_PER_YEAR, Measure, worth
from kapkit.models.value_axis import value_axis
from kapkit.models.value_interval import value_interval
from kapkit.sample import simulate

#: Regions of 12, 30 and 300 accounts: enough of each to count.
REGIONS = {
    f"{size}-{number}": size
    for size, many in ((12, 10), (30, 4), (300, 1))
    for number in range(many)
}
ENDS = [dt.date(2026, 6, 30), dt.date(2026, 3, 31), dt.date(2025, 12, 31), dt.date(2025, 9, 30)]
WEEKS = 26


@dataclass(frozen=True)
class World:
    """A company, looked at half a year before its last day."""

    accounts: pd.DataFrame
    purchases: pd.DataFrame
    truth: pd.DataFrame
    end: dt.date

    @property
    def origin(self) -> dt.date:
        return self.end - dt.timedelta(weeks=WEEKS)

    @property
    def past(self) -> pd.DataFrame:
        return self.purchases[self.purchases["date"] <= pd.Timestamp(self.origin)]

    @property
    def first_day(self) -> dt.date:
        return self.purchases["date"].min().date()

    @property
    def size(self) -> pd.Series:
        """How many accounts the region of each has."""
        return self.accounts["region"].map(REGIONS)

    def came(self, measure: Measure) -> pd.Series:
        """Sum what the half-year after the origin brought, per year."""
        after = self.purchases[self.purchases["date"] > pd.Timestamp(self.origin)]
        summed = worth(after, measure=measure).groupby(after["account_id"]).sum()
        return summed.reindex(self.accounts.index, fill_value=0.0) * (WEEKS_PER_YEAR / WEEKS)


def company(seed: int, *, years: int = 3) -> World:
    """Simulate a company without dirt that ends in another season than the next seed's."""
    end = ENDS[seed % len(ENDS)]
    made = simulate(regions=REGIONS, seed=seed, dirt=False, years=years, as_of=end)
    return World(
        made.accounts.set_index("account_id"), by_day(made.sales), made.truth.accounts, end
    )


def by_day(sales: pd.DataFrame) -> pd.DataFrame:
    """Sum sales lines by account and day, as the book does."""
    lines = sales.assign(date=pd.to_datetime(sales["date"]))
    summed = lines.groupby(["account_id", "date"], as_index=False)[["revenue", "cost"]].sum()
    return summed.assign(
        orders=(summed["revenue"] > 0).astype(float), costed_revenue=summed["revenue"]
    )


def values_inside(world: World, measure: Measure, *, level: float = 0.9) -> pd.DataFrame:
    """Tell which accounts' next half-year lay inside the interval of their value.

    Indexed by account: ``size`` of its region, ``inside``, and the ``fifth`` by value, 1 the least;
    of the accounts that had bought.
    """
    known = {"as_of": world.origin, "first_day": world.first_day, "measure": measure}
    axis = value_axis(world.past, world.accounts.index, **known)
    table = value_interval(axis, world.past, level=level, **known).table.dropna()
    came = world.came(measure).reindex(table.index)
    place = axis.best.reindex(table.index).rank(pct=True)
    return pd.DataFrame(
        {
            "size": world.size.reindex(table.index),
            "inside": came.between(table["low"], table["high"]),
            "fifth": np.ceil(5 * place),
        }
    )
