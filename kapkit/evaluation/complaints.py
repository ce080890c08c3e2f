"""3.3 Complaints: how many, how bad, closed how soon, and which come again."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from kapkit.models.complaint_severity import SEVERE, severity_weight, standard_days
from kapkit.models.scores import share_interval
from kapkit.wording import percent, say, say_count

_AGAIN_DAYS = 180
_KINDS = ["severity", "category"]


@dataclass(frozen=True)
class ComplaintRecord:
    """What accounts complained about in twelve months, and how it was dealt with.

    ``accounts`` is indexed by account: ``complaints``, ``severe`` (of high severity or worse),
    ``open``, ``open_days`` (the longest open), ``late`` (closed or still open beyond the
    standard) and ``repeats`` (of the same category within 180 days of another). ``kinds`` has
    a row per severity and category: ``complaints``, ``accounts``, ``open``, ``days`` (median
    to close, of closed ones), ``in_time`` with ``low`` and ``high`` (80 %), ``repeats``.
    """

    accounts: pd.DataFrame
    kinds: pd.DataFrame
    sentence: str


def complaint_record(
    complaints: pd.DataFrame, *, as_of: dt.date, days: int = 365, level: float = 0.8
) -> ComplaintRecord:
    """Sum up complaints: whose relationship is under strain, and what strains it.

    Parameters
    ----------
    complaints : DataFrame
        Schema ``COMPLAINTS``; what was opened or closed later is not known.
    as_of : date
        Last day that counts.
    days : int
        Complaints opened in so many days count, and older ones that are still open.
    level : float, 0 to 1
        Probability of the interval of the share closed in time (Jeffreys).

    Returns
    -------
    ComplaintRecord
        A complaint whose standard has not yet passed is in neither part of the share in time.
    """
    rows = _rows(complaints, pd.Timestamp(as_of), days)
    by = rows.groupby("account_id")
    accounts = pd.DataFrame(
        {
            "complaints": by.size(),
            "severe": by["severe"].sum(),
            "open": by["open"].sum(),
            "open_days": by["open_days"].max(),
            "late": by["late"].sum(),
            "repeats": by["again"].sum(),
        }
    ).astype(float)
    return ComplaintRecord(accounts, _kinds(rows, level), _sentence(rows))


def _rows(complaints: pd.DataFrame, end: pd.Timestamp, days: int) -> pd.DataFrame:
    known = complaints[complaints["opened"] <= end].sort_values(["opened", "complaint_id"])
    closed = known.get("closed", pd.Series(pd.NaT, known.index))
    closed = pd.to_datetime(closed).where(closed <= end)
    waited = (closed.fillna(end) - known["opened"]).dt.days
    text = {
        name: known.get(name, pd.Series(None, known.index, dtype="str"))
        .astype("str")
        .fillna("not said")
        for name in _KINDS
    }
    category = text["category"]
    before = known["opened"].groupby([known["account_id"], category]).shift()
    standard = standard_days(known)
    rows = known[["account_id", "opened"]].assign(
        **text,
        open=closed.isna(),
        open_days=waited.where(closed.isna()),
        days=waited.where(closed.notna()),
        severe=severity_weight(known) >= SEVERE,
        late=waited > standard,
        due=closed.notna() | (waited > standard),
        again=((known["opened"] - before).dt.days <= _AGAIN_DAYS) & category.ne("not said"),
    )
    return rows[(rows["opened"] > end - pd.Timedelta(days=days)) | rows["open"]]


def _kinds(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    by = rows.groupby(_KINDS)
    due, late = by["due"].sum(), by["late"].sum()
    low, high = share_interval(due - late, due, level=level)
    table = pd.DataFrame(
        {
            "complaints": by.size(),
            "accounts": by["account_id"].nunique(),
            "open": by["open"].sum(),
            "days": by["days"].median(),
            "in_time": 1 - late / due.where(due > 0),
            "low": low,
            "high": high,
            "repeats": by["again"].sum(),
        }
    )
    return table.sort_values(["complaints", "open"], ascending=False, kind="stable")


def _sentence(rows: pd.DataFrame) -> str:
    if rows.empty:
        return say("No complaint was recorded in the last twelve months.")
    due, late = int(rows["due"].sum()), int(rows["late"].sum())
    said = say_count(
        len(rows),
        "{count} complaint in twelve months, {open} open, {severe} severe",
        "{count} complaints in twelve months, {open} open, {severe} severe",
        open=f"{rows['open'].sum():,}",
        severe=f"{rows['severe'].sum():,}",
    )
    if due:
        said = say("{said}; {share} were closed in time", said=said, share=percent(1 - late / due))
    again = int(rows["again"].sum())
    return say("{said}; {again} came again within half a year.", said=said, again=f"{again:,}")
