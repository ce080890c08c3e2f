"""Why an account has its class, and what would change it, in sentences."""

import datetime as dt
import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from kapkit.classification.abc import CLASSES, Classification
from kapkit.wording import amount, percent, several, signed_percent

#: An account is called silent when it has not ordered for this many of its usual gaps.
SILENT_GAPS = 2

#: From this chance of another class on, an account is undecided.
LIKELY_TOO = 0.3

#: Above this, a ratio is said as a multiple rather than in percent.
MANY_TIMES = 3

_Row = dict[Hashable, Any]


def purchase_history(
    purchases: pd.DataFrame, accounts: pd.Index, *, as_of: dt.date
) -> pd.DataFrame:
    """Describe how each account buys: how often, how lately.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    accounts : Index
        The accounts to describe.
    as_of : date
        Last day that counts.

    Returns
    -------
    DataFrame indexed like ``accounts``
        ``last_purchase`` (day of the last order), ``days_since`` and ``usual_gap_days`` (median
        between order days; missing below three orders). A day that holds only credits is no
        order.
    """
    ordered = purchases[(purchases["date"] <= pd.Timestamp(as_of)) & (purchases["orders"] > 0)]
    ordered = ordered.sort_values("date")
    per_account = ordered.groupby("account_id")["date"]
    gaps = per_account.diff().dt.days.groupby(ordered["account_id"]).median()
    last = per_account.max().reindex(accounts)
    return pd.DataFrame(
        {
            "last_purchase": last,
            "days_since": (pd.Timestamp(as_of) - last).dt.days,
            "usual_gap_days": gaps.where(per_account.size() > 2).reindex(accounts),
        }
    )


def explain(
    classified: Classification, history: pd.DataFrame, *, currency: str = ""
) -> pd.DataFrame:
    """Say in a sentence why each account has its class, and what would change it.

    Parameters
    ----------
    classified : Classification
        The classes.
    history : DataFrame
        From `purchase_history`, indexed by account.
    currency : str
        Written behind amounts.

    Returns
    -------
    DataFrame indexed like ``classified.table``
        ``reason``, ``would_change`` and ``reaches``: the other class that is likely enough
        (30 %) to leave the account undecided, empty where none is. Where chances of classes
        are not known, the one that the interval of the value reaches.
    """
    rows = classified.table.join(history).to_dict("records")
    return pd.DataFrame(
        {
            "reason": [_reason(row, len(rows)) for row in rows],
            "would_change": [_change(row, classified, currency) for row in rows],
            "reaches": [_reached(row, classified) for row in rows],
        },
        index=classified.table.index,
        dtype="str",
    )


def silent_key_accounts(classified: Classification) -> pd.DataFrame:
    """Find the key accounts to call: those that have not ordered for twice their usual gap.

    Parameters
    ----------
    classified : Classification
        From `key_accounts`: its table has ``days_since`` and ``usual_gap_days``.

    Returns
    -------
    DataFrame
        The A accounts among ``classified.table`` that are silent, best first. An account with
        fewer than three orders has no usual gap and is never called silent.
    """
    table = classified.table
    late = table["days_since"] > SILENT_GAPS * table["usual_gap_days"]
    return table[(table["class"] == "A") & late]


def _reason(row: _Row, accounts: int) -> str:
    if row["order_days"] == 0:
        return "Never bought."
    if math.isnan(row["low"]):
        return f"No value: the cost of its purchases is not known. {_rhythm(row)}"
    return f"Rank {row['rank']:,} of {accounts:,}{_trend(row)}. {_rhythm(row)}"


def _trend(row: _Row) -> str:
    """Compare the value expected with that of the last twelve months, where both are positive."""
    if not (row["value"] > 0 and row["past_value"] > 0):
        return ""
    times = row["value"] / row["past_value"]
    if times > MANY_TIMES:
        return f", {times:,.0f} times last year"
    return f", {percent(abs(times - 1))} {'above' if times >= 1 else 'below'} last year"


def _rhythm(row: _Row) -> str:
    if math.isnan(row["days_since"]):
        return "Only credits."
    since, gap = int(row["days_since"]), row["usual_gap_days"]
    lately = f"{several(since, 'day')} ago" if since else "on the reporting day"
    if math.isnan(gap):
        return f"Last order {lately}; too few orders to know its rhythm."
    if since > SILENT_GAPS * gap:
        return f"Silent for {several(since, 'day')}; it used to order every {gap:.0f}."
    return f"Orders about every {several(round(gap), 'day')}, last {lately}."


def _neighbours(classified: Classification) -> dict[str, tuple[str, str]]:
    """Name the next better and the next worse class of each; an empty class is passed over."""
    if math.isnan(classified.thresholds["A"]):
        return {"C": ("", "")}
    if math.isnan(classified.thresholds["B"]):
        return {"A": ("", "C"), "C": ("A", "")}
    return {"A": ("", "B"), "B": ("A", "C"), "C": ("B", "")}


def _change(row: _Row, classified: Classification, currency: str) -> str:
    better, worse = _neighbours(classified)[row["class"]]
    parts = []
    if better:
        start = classified.thresholds[better]
        parts.append(f"{better} from {_distance(row['value'], start, currency)}")
    if worse:
        end = classified.limits[row["class"]]
        parts.append(f"{worse} below {_distance(row['value'], end, currency)}")
    reached = _reached(row, classified)
    return "; ".join(parts) + (f". {_undecided(row, reached)}" if reached else "")


def _undecided(row: _Row, reached: str) -> str:
    if math.isnan(row.get("A", math.nan)):
        return f"Undecided: its range reaches class {reached}"
    likely = sorted(CLASSES, key=lambda name: -row[name])[:2]
    chances = " or ".join(f"{name} ({percent(row[name])})" for name in likely)
    return f"Undecided: {chances}"


def _distance(value: float, threshold: float, currency: str) -> str:
    """Write a threshold, and how far off it is where that can be said."""
    if not value > 0:
        return amount(threshold, currency)
    times = threshold / value
    far = f"{times:,.0f} times as much" if times > MANY_TIMES else signed_percent(times - 1)
    return f"{amount(threshold, currency)} ({far})"


def _reached(row: _Row, classified: Classification) -> str:
    """Name the other class that is likely too, else the one that the interval reaches."""
    if not math.isnan(row.get("A", math.nan)):
        others = {name: row[name] for name in CLASSES if name != row["class"]}
        likely = max(others, key=lambda name: others[name])
        return likely if others[likely] >= LIKELY_TOO else ""
    better, worse = _neighbours(classified)[row["class"]]
    if better and row["high"] >= classified.thresholds[better]:
        return better
    if worse and row["low"] < classified.limits[row["class"]]:
        return worse
    return ""
