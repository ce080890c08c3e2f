"""What goals of single accounts will bring: forecast once over all accounts that have one."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.forecast import QUANTILES, daily_sums, rest_forecast
from kapkit.models.goal_forecast import SUMS
from kapkit.models.pooled import learned

_KEYS = ["metric", "start", "end"]
_NAMES = [f"q{one:g}" for one in QUANTILES]
_LAYOUT = {
    **dict.fromkeys(["region", "account_id", "metric"], "str"),
    **dict.fromkeys(["start", "end"], "datetime64[us]"),
    **dict.fromkeys(["done", "rest", *_NAMES], "float64"),
}


def account_goals_of(region: Region) -> pd.DataFrame:
    """Give forecasts of a region's account goals: what a run has stored, else made now.

    Returns
    -------
    DataFrame
        ``account_id``, ``metric``, ``start``, ``end``, ``done`` so far, ``rest`` and the quantiles
        ``q0.01`` to ``q0.99`` of the total at the period's end.
    """
    found = learned(region, "account_goals", account_goal_frames)[""]
    return found.drop(columns="region").reset_index(drop=True)


def account_goal_frames(company: Region) -> Mapping[str, pd.DataFrame]:
    """Forecast revenue and margin of every account that has a goal, and lay them out to be stored.

    An account may stop, so errors are ratios of what came to what was forecast, with the noughts,
    pooled over all accounts that have a goal.

    Parameters
    ----------
    company : Region
        The whole company as of a day.
    """
    goals = company.tables.get("goals", pd.DataFrame(columns=["account_id", *_KEYS]))
    known = goals["account_id"].isin(company.accounts.index) & goals["metric"].isin(SUMS)
    own = goals[known & goals["end"].ge(goals["start"])]
    parts = [pd.DataFrame(columns=list(_LAYOUT))]
    for _, part in own.groupby(_KEYS):
        metric, start, end = part[_KEYS].iloc[0]
        daily = _daily(company, str(metric), own["account_id"])
        made = rest_forecast(daily, start=start.date(), end=end.date(), stops=True).table
        named = made.rename(columns=dict(zip(QUANTILES, _NAMES, strict=True)))
        rows = named.loc[sorted(part["account_id"].unique())]
        rows = rows.rename_axis("account_id").reset_index()
        parts.append(rows.assign(metric=metric, start=start, end=end))
    table = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    home = table["account_id"].map(company.accounts["region"])
    return {"account_goals": table.assign(region=home)[list(_LAYOUT)].astype(_LAYOUT)}


def _daily(company: Region, metric: str, accounts: pd.Series) -> pd.DataFrame:
    """Add up what each of the accounts brought by day; nothing, where it bought nothing."""
    sold = company.purchases[company.purchases["account_id"].isin(accounts)]
    amount = sold["revenue"] if metric == "revenue" else sold["costed_revenue"] - sold["cost"]
    first = company.book.first_day or company.as_of
    daily = daily_sums(amount, sold["date"], sold["account_id"], first=first, as_of=company.as_of)
    found: pd.DataFrame = daily.reindex(columns=sorted(accounts.unique()), fill_value=0.0)
    return found.astype(np.float64)
