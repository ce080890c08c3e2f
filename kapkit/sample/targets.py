"""Goals of the company, its regions and its programme accounts."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kapkit.sample.history import NEVER, History
from kapkit.sample.world import Window

AIMS = (1.02, 1.12)
COLUMNS = ["region", "account_id", "metric", "start", "end", "target", "owner"]


def sold(lines: pd.DataFrame, region: pd.Series) -> pd.DataFrame:
    """Sum revenue and margin by region and quarter; ``region`` by position of the account."""
    quarter = lines["date"].dt.to_period("Q").rename("quarter")
    where = pd.Series(region.array.take(lines["account"]), lines.index, name="region")
    amounts = lines.assign(margin=lines["revenue"] - lines["cost"])[["revenue", "margin"]]
    return amounts.groupby([where, quarter]).sum()


def region_goals(
    rng: np.random.Generator, sales: pd.DataFrame, heads: Mapping[str, str], window: Window
) -> pd.DataFrame:
    """Write the goals of the current year: of the company, and of each region.

    Revenue by year and quarter, margin and satisfaction (share of the scale) by year; a bit
    above last year's. The regions' need not add up to the company's. ``heads`` answer for the
    yearly goals of their regions; nobody does for satisfaction.
    """
    year = window.as_of.year
    quarters = pd.PeriodIndex(sales.index.get_level_values("quarter"))
    last = sales[quarters.year == year - 1].groupby(level=["region", "quarter"]).sum()
    total = last.groupby(level="quarter").sum()
    last = pd.concat([last, pd.concat({"": total}, names=["region"])])
    yearly = last.groupby(level="region", sort=False).sum()
    aims = pd.Series(rng.uniform(*AIMS, len(yearly)), yearly.index)
    begin, end = f"{year}-01-01", f"{year}-12-31"
    rows = [_goals(yearly[metric] * aims, metric, begin, end) for metric in ("revenue", "margin")]
    for quarter in range(1, 5):
        of = pd.PeriodIndex(last.index.get_level_values("quarter")).quarter == quarter
        part = last["revenue"][of].droplevel("quarter")
        now = pd.Period(f"{year}Q{quarter}")
        rows.append(_goals(part * aims[part.index], "revenue", now.start_time, now.end_time))
    happy = pd.Series(0.70, yearly.index)
    rows.append(_goals(happy, "satisfaction", begin, end, digits=2))
    table = pd.concat(rows, ignore_index=True)
    owner = table["region"].map(heads).where(table["metric"].ne("satisfaction"))
    region = table["region"].replace("", None).astype("str")
    return table.assign(region=region, owner=owner.astype("str"))


def account_goals(
    past: History, population: pd.DataFrame, lines: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Write the revenue goals of programme accounts that bought last year: 10 % more."""
    year = window.as_of.year
    inside = past.enrolled != NEVER
    last = lines[lines["date"].dt.year.eq(year - 1) & inside[lines["account"]]]
    bought = last.groupby("account")["revenue"].sum()
    bought = bought[bought > 0]
    goals = _goals(bought * 1.1, "revenue", f"{year}-01-01", f"{year}-12-31")
    who = bought.index.to_numpy()
    return goals.assign(
        account_id=population["account_id"].array.take(who),
        owner=population["owner"].array.take(who),
        region=pd.Series(None, goals.index, dtype="str"),
    )[COLUMNS]


def _goals(
    target: pd.Series,
    metric: str,
    start: str | pd.Timestamp,
    end: str | pd.Timestamp,
    *,
    digits: int = -2,
) -> pd.DataFrame:
    empty = pd.Series(None, range(len(target)), dtype="str")
    return pd.DataFrame(
        {
            "region": target.index.to_numpy(),
            "account_id": empty,
            "metric": pd.Series(metric, range(len(target)), dtype="str"),
            "start": pd.Timestamp(start).normalize(),
            "end": pd.Timestamp(end).normalize(),
            "target": target.round(digits).to_numpy(),
            "owner": empty,
        }
    )
