"""How many alarms are false, and how many stops are caught? Simulated accounts.

``python benchmarks/alarms.py [COMPANIES]`` prints the false share of weekly alarms at q = .10, the
share of full stops caught within 13 weeks, and how many unchanged accounts ever raised one.
"""

import datetime as dt
import sys

import numpy as np
import pandas as pd

from kapkit.models.alarms import ORDERS_NEEDED, alarms
from kapkit.monitoring.alerts import discoveries

FIRST, WEEKS, ACCOUNTS = dt.date(2023, 7, 3), 156, 300
KINDS = ("random", "regular", "overdispersed", "seasonal")
STOPPED = 0.1  # share of the accounts that stop in the last quarter


def company(seed: int, kind: str) -> tuple[pd.DataFrame, pd.Series]:
    """Simulate order days of accounts, a tenth of which stop 13 weeks before the end."""
    rng = np.random.default_rng(seed)
    rate = np.clip(rng.gamma(1.2, 20, ACCOUNTS), 2, 120)
    end = WEEKS * 7
    stops = pd.Series(rng.random(ACCOUNTS) < STOPPED)
    rows = []
    for account in range(ACCOUNTS):
        shape = {"regular": 5.0, "overdispersed": 0.6}.get(kind, 1.0)
        gaps = rng.gamma(shape, 365 / rate[account] / shape, int(4 * rate[account]) + 30)
        days = rng.uniform(0, 30) + gaps.cumsum()
        if kind == "seasonal":
            days = np.interp(days, _season(end), np.arange(end + 1))
        last = end - 91 if stops[account] else end
        rows += [(f"A{account:03}", int(day)) for day in days if day < last]
    table = pd.DataFrame(rows, columns=["account_id", "day"]).drop_duplicates()
    dates = pd.Timestamp(FIRST) + pd.to_timedelta(table["day"], unit="D")
    return table.assign(date=dates, orders=1.0), stops.set_axis(
        [f"A{a:03}" for a in range(ACCOUNTS)]
    )


def _season(end: int) -> np.ndarray:
    pace = 1 + 0.5 * np.sin(2 * np.pi * np.arange(end + 1) / 365)
    return pace.cumsum()


def followed(seed: int, kind: str) -> dict[str, float]:
    """Follow a company through the last 13 weeks, an alarm a week, snoozed for the quarter."""
    bought, stops = company(seed, kind)
    raised: dict[str, int] = {}
    known: set[str] = set()
    false, total = 0, 0
    for week in range(1, 14):
        as_of = FIRST + dt.timedelta(days=(WEEKS - 13 + week) * 7 - 1)
        found = alarms(bought, stops.index, first_day=FIRST, as_of=as_of)
        known |= set(found.table.index[found.table["orders_a_year"] >= ORDERS_NEEDED])
        fresh = found.table["p"].drop(list(raised), errors="ignore")
        for account in discoveries(fresh, q=0.10):
            raised[account] = week
            total += 1
            false += int(not stops[account])
    asked = stops[stops.index.isin(known)]
    real, same = asked[asked].index, asked[~asked].index
    caught = float(np.mean([one in raised for one in real])) if len(real) else np.nan
    return {
        "false share": false / total if total else 0.0,
        "stops caught": caught,
        "unchanged ever alarmed": float(np.mean([one in raised for one in same])),
        "accounts asked": float(len(asked)),
    }


def main(companies: int = 10) -> None:
    rows = {
        kind: pd.DataFrame([followed(seed, kind) for seed in range(companies)]).mean()
        for kind in KINDS
    }
    print(pd.DataFrame(rows).T.round(3).to_string())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
