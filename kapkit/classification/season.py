"""2.2 Seasonality: when do accounts order?"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.wording import say, signed_percent

MONTHS = pd.Index(range(1, 13), name="month")
_NAMES = [f"{dt.date(2001, month, 1):%B}" for month in MONTHS]
#: A moving mean of twelve months needs half a year on either side of each month.
_MONTHS_NEEDED = 24
_DRAWS = 400


@dataclass(frozen=True)
class Season:
    """Orders of each month against the year's mean.

    ``table`` is indexed by month (1 to 12): ``index`` (1: as the mean month), ``low`` and ``high``
    (90 % for all twelve together, from resampled accounts) and ``company`` (all regions' index).
    All missing below two years of whole months.
    """

    table: pd.DataFrame
    sentence: str


def season_of(region: Region) -> Season:
    """Tell when a region's accounts order, beside the whole company."""
    if "season" in region.pooled:
        whole = region.pooled["season"].set_index("month").reindex(MONTHS)
    else:
        whole = seasonal_index(region.company.purchases, as_of=region.as_of)
    table = seasonal_index(region.purchases, as_of=region.as_of)
    return Season(table.assign(company=whole["index"]), _sentence(table, whole))


def seasonal_index(purchases: pd.DataFrame, *, as_of: dt.date, seed: int = 1) -> pd.DataFrame:
    """Compare orders of each month of the year with the months around it.

    The mean, over the years, of a month's orders over the moving mean of the twelve months
    around it (classical decomposition), made to average 1. Orders, not revenue: one large
    order is no season.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    as_of : date
        Last day that counts; a month that it cuts is left out.
    seed : int
        Of the resampled accounts.

    Returns
    -------
    DataFrame indexed by month, 1 to 12
        ``index``, ``low``, ``high``: the interval holds all twelve months in 9 of 10 cases, as
        far as which accounts there are is chance. Missing below 24 whole months or 2 accounts.
    """
    orders = _by_month(purchases, as_of)
    missing = pd.DataFrame(np.nan, index=MONTHS, columns=["index", "low", "high"])
    if orders.shape[1] < _MONTHS_NEEDED or len(orders) < 2:
        return missing
    month = pd.PeriodIndex(orders.columns).month.to_numpy()
    counts = orders.to_numpy(float)
    found = _index(counts.sum(axis=0)[None, :], month)[0]
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=_DRAWS)
    drawn = _index(draws @ counts, month)
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if len(drawn) < 2 or not np.isfinite(found).all():
        return missing
    error = drawn.std(axis=0, ddof=1)
    reach = np.quantile((np.abs(drawn - found) / np.maximum(error, 1e-9)).max(axis=1), 0.9)
    return pd.DataFrame(
        {"index": found, "low": found - reach * error, "high": found + reach * error}, index=MONTHS
    )


def _by_month(purchases: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Count orders, accounts x whole months."""
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    if past.empty:
        return pd.DataFrame()
    period = past["date"].dt.to_period("M")
    whole = pd.Timestamp(as_of) == pd.Timestamp(as_of) + pd.offsets.MonthEnd(0)
    last = pd.Period(as_of, "M") - (0 if whole else 1)
    first = period.min() + (1 if past["date"].min().day > 7 else 0)
    span = pd.period_range(first, last, freq="M")
    table = past.pivot_table(
        index="account_id", columns=period, values="orders", aggfunc="sum", fill_value=0.0
    )
    return table.reindex(columns=span, fill_value=0.0)


def _index(counts: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Divide by the centred moving mean; average each month over the years (rows: draws)."""
    weights = np.r_[0.5, np.ones(11), 0.5] / 12
    size = counts.shape[1] - 12
    mean = sum(weights[k] * counts[:, k : k + size] for k in range(13))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = counts[:, 6 : 6 + size] / np.where(mean > 0, mean, np.nan)
        inner = month[6 : 6 + size]
        parts = [ratio[:, inner == m] for m in MONTHS]
        by_month = np.column_stack(
            [np.nansum(part, axis=1) / np.isfinite(part).sum(axis=1) for part in parts]
        )
    index: np.ndarray = by_month / by_month.mean(axis=1, keepdims=True)
    return index


def _sentence(table: pd.DataFrame, whole: pd.DataFrame) -> str:
    if table["index"].isna().all():
        return say("Not enough data to tell the season: two years of whole months are needed.")
    if here := _standing(table):
        return say("Orders have a season: {months} against the mean month.", months=here)
    if company := _standing(whole):
        return say(
            "Here no month stands out from chance; over the whole company {months} against the "
            "mean month.",
            months=company,
        )
    return say("No month stands out: what season there is cannot be told from chance.")


def _standing(table: pd.DataFrame) -> str:
    """Name the best and the worst month where they differ from the mean by more than chance."""
    if table["index"].isna().any():
        return ""
    ordered = table.reset_index().sort_values("index").to_dict("records")
    weak, strong = ordered[0], ordered[-1]
    parts = [
        say(
            "{month} {change} ({low} to {high})",
            month=_NAMES[int(row["month"]) - 1],
            change=signed_percent(row["index"] - 1),
            low=signed_percent(row["low"] - 1),
            high=signed_percent(row["high"] - 1),
        )
        for row, stands in ((strong, strong["low"] > 1), (weak, weak["high"] < 1))
        if stands
    ]
    return ", ".join(parts)
