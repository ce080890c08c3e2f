"""How far off are goal forecasts, do intervals hold? Online Retail II, two quarters of 2011.

``python benchmarks/goals.py [FOLDER]`` prints CRPS in % of last year's quarter, the Brier score of
reaching last year's quarter, and what the 80 % intervals held, beside a normal run-rate interval.
"""

import datetime as dt
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.models.forecast import QUANTILES, chance_above, daily_sums, rest_forecast

SOURCE = Path("../shared/data/online_retail_ii")
QUARTERS, WEEKS, LARGEST = ("2011-06-01", "2011-08-31"), (0, 3, 6, 9, 11), 11


def daily_sales(folder: Path) -> pd.DataFrame:
    """Read net sales of goods to known customers by day: the largest countries, and all."""
    years = [pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    # The second file begins nine days before the first one ends.
    lines = pd.concat([years[0][years[0]["InvoiceDate"] < "2010-12-01"], years[1]])
    goods = lines["StockCode"].astype(str).str.match(r"\d{5}")
    lines = lines[lines["Customer ID"].notna() & goods]
    daily = daily_sums(
        lines["Quantity"] * lines["Price"],
        lines["InvoiceDate"].dt.normalize(),
        lines["Country"],
        first=dt.date(2009, 12, 1),
        as_of=dt.date(2011, 11, 30),
    )
    shown = daily.iloc[:365].sum().nlargest(LARGEST).index
    return daily[shown].assign(all=daily.sum(axis=1))


def crps(quantiles: np.ndarray, actual: float) -> float:
    """Score a distribution given by its quantiles (mean of twice the pinball losses)."""
    levels = np.array(QUANTILES)
    error = actual - quantiles
    loss = 2 * np.where(error >= 0, levels * error, (levels - 1) * error)
    return float(np.trapezoid(loss, levels) / (levels[-1] - levels[0]))


def judged(daily: pd.DataFrame, start: pd.Timestamp, week: int) -> pd.DataFrame:
    """Judge the forecasts of one quarter after so many weeks, a row a country."""
    end, year = start + pd.Timedelta(days=90), pd.Timedelta(days=364)
    known = daily.loc[: start + pd.Timedelta(days=7 * week - 1)]
    found = rest_forecast(known, start=start.date(), end=end.date())
    actual, last = daily.loc[start:end].sum(), daily.loc[start - year : end - year].sum()
    weekly = known.iloc[-91:].to_numpy().reshape(13, 7, -1).sum(axis=1)
    middle = found.table["done"].to_numpy() + weekly.mean(axis=0) * (13 - week)
    reach = stats.norm.ppf(0.9) * weekly.std(axis=0, ddof=1) * np.sqrt(13 - week)
    rows = []
    for at, country in enumerate(daily):
        quantiles = found.table.loc[country, list(QUANTILES)].to_numpy(float)
        low, high = found.table.loc[country, [0.1, 0.9]]
        hit = actual[country] >= last[country]
        rows.append(
            {
                "week": week,
                "crps": crps(quantiles, actual[country]),
                "last": last[country],
                "brier": (chance_above(quantiles, last[country]) - hit) ** 2,
                "held": low <= actual[country] <= high,
                "run rate held": abs(actual[country] - middle[at]) <= reach[at],
            }
        )
    return pd.DataFrame(rows)


def main(folder: Path = SOURCE) -> None:
    daily = daily_sales(folder)
    quarters = map(pd.Timestamp, QUARTERS)
    table = pd.concat([judged(daily, start, week) for start in quarters for week in WEEKS])
    share = 100 * table["crps"] / table["last"]
    by = table.assign(share=share).groupby("week")
    shown = pd.DataFrame(
        {
            "CRPS %, by size": 100 * by["crps"].sum() / by["last"].sum(),
            "CRPS %, median country": by["share"].median(),
            "CRPS %, mean country": by["share"].mean(),
            "Brier": by["brier"].mean(),
            "80 % held": by["held"].mean(),
            "run rate held": by["run rate held"].mean(),
        }
    )
    print(shown.round(3).to_string())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
