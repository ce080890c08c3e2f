"""How far off are goal forecasts, do intervals hold? Online Retail II, two quarters of 2011.

``python benchmarks/goals.py [FOLDER]`` prints CRPS in % of last year's quarter, the Brier scores of
reaching last year's quarter and a tenth more, and what the 80 % intervals held, beside a normal
run-rate interval: for eleven sales areas and the company, and for the eleven largest countries.
"""

import datetime as dt
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.models.forecast import QUANTILES, chance_above, daily_sums, rest_forecast
from kapkit.models.state_space import state_space

SOURCE = Path("../shared/data/online_retail_ii")
QUARTERS, WEEKS = ("2011-06-01", "2011-08-31"), (0, 3, 6, 9, 11)
LARGEST, HOME_AREAS, ABROAD = 11, 7, ("EIRE", "Germany", "France")


def daily_sales(folder: Path) -> dict[str, pd.DataFrame]:
    """Read net sales of goods to known customers by day: by area, and by country."""
    years = [pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    # The second file begins nine days before the first one ends.
    lines = pd.concat([years[0][years[0]["InvoiceDate"] < "2010-12-01"], years[1]])
    goods = lines["StockCode"].astype(str).str.match(r"\d{5}")
    lines = lines[lines["Customer ID"].notna() & goods]
    country = lines["Country"]
    sales = (lines["Quantity"] * lines["Price"]).groupby(country).sum()
    # Nine tenths are British: seven areas by customer number, as a company would share them out.
    home = "United Kingdom " + (lines["Customer ID"].astype(int) % HOME_AREAS).astype(str)
    abroad = country.where(country.isin(ABROAD), "others")
    sets = {
        "areas": home.where(country == "United Kingdom", abroad),
        "countries": country.where(country.isin(sales.nlargest(LARGEST).index)),
    }
    return {name: _daily(lines, groups) for name, groups in sets.items()}


def _daily(lines: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    amounts, dates = lines["Quantity"] * lines["Price"], lines["InvoiceDate"].dt.normalize()
    span = {"first": dt.date(2009, 12, 1), "as_of": dt.date(2011, 11, 30)}
    every = daily_sums(amounts, dates, pd.Series("all", lines.index), **span)
    return daily_sums(amounts, dates, groups, **span).join(every)


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
    levels = state_space(known)
    found = rest_forecast(known, start=start.date(), end=end.date(), levels=levels)
    actual, last = daily.loc[start:end].sum(), daily.loc[start - year : end - year].sum()
    weekly = known.iloc[-91:].to_numpy().reshape(13, 7, -1).sum(axis=1)
    middle = found.table["done"].to_numpy() + weekly.mean(axis=0) * (13 - week)
    reach = stats.norm.ppf(0.9) * weekly.std(axis=0, ddof=1) * np.sqrt(13 - week)
    rows = []
    for at, country in enumerate(daily):
        quantiles = found.table.loc[country, list(QUANTILES)].to_numpy(float)
        low, high = found.table.loc[country, [0.1, 0.9]]
        rows.append(
            {
                "week": week,
                "crps": crps(quantiles, actual[country]),
                "last": last[country],
                "brier": _missed(quantiles, last[country], actual[country]),
                "brier more": _missed(quantiles, 1.1 * last[country], actual[country]),
                "held": low <= actual[country] <= high,
                "run rate held": abs(actual[country] - middle[at]) <= reach[at],
            }
        )
    return pd.DataFrame(rows)


def _missed(quantiles: np.ndarray, target: float, actual: float) -> float:
    return float((chance_above(quantiles, target) - (actual >= target)) ** 2)


def main(folder: Path = SOURCE) -> None:
    for name, daily in daily_sales(folder).items():
        quarters = map(pd.Timestamp, QUARTERS)
        table = pd.concat([judged(daily, start, week) for start in quarters for week in WEEKS])
        by = table.assign(share=100 * table["crps"] / table["last"]).groupby("week")
        shown = pd.DataFrame(
            {
                "CRPS %, mean": by["share"].mean(),
                "CRPS %, median": by["share"].median(),
                "CRPS %, by size": 100 * by["crps"].sum() / by["last"].sum(),
                "Brier": by["brier"].mean(),
                "Brier, 10 % more": by["brier more"].mean(),
                "80 % held": by["held"].mean(),
                "run rate held": by["run rate held"].mean(),
            }
        )
        print(f"\n{name}: {len(daily.columns) - 1} and all of them")
        print(shown.round(3).to_string())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
