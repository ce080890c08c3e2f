"""How many alarms are false, and how many stops are caught? Simulated accounts.

``python benchmarks/alarms.py [COMPANIES]`` prints, of weekly lists at q = .10, the false share (a
week without alarms has none), the share of full stops caught within 13 weeks and the weeks with an
alarm in companies where nobody stops; and the false share of all names that were new.
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


def company(seed: int, kind: str, *, stopped: float = STOPPED) -> tuple[pd.DataFrame, pd.Series]:
    """Simulate order days of accounts, some of which stop 13 weeks before the end."""
    rng = np.random.default_rng(seed)
    rate = np.clip(rng.gamma(1.2, 20, ACCOUNTS), 2, 120)
    end = WEEKS * 7
    stops = pd.Series(rng.random(ACCOUNTS) < stopped)
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


def followed(seed: int, kind: str, *, stopped: float = STOPPED) -> dict[str, float]:
    """Follow a company through the last 13 weeks, a list a week."""
    bought, stops = company(seed, kind, stopped=stopped)
    named: set[str] = set()
    known: set[str] = set()
    false, first = [], []
    for week in range(1, 14):
        as_of = FIRST + dt.timedelta(days=(WEEKS - 13 + week) * 7 - 1)
        found = alarms(bought, stops.index, first_day=FIRST, as_of=as_of)
        known |= set(found.table.index[found.table["orders_a_year"] >= ORDERS_NEEDED])
        listed = discoveries(found.table["p"], q=0.10)
        false.append(float(np.mean(~stops[listed])) if len(listed) else 0.0)
        first += [not stops[account] for account in listed if account not in named]
        named |= set(listed)
    real = [account for account in stops.index[stops] if account in known]
    return {
        "false share of a list": float(np.mean(false)),
        "stops caught": float(np.mean([one in named for one in real])) if real else np.nan,
        "weeks with an alarm": float(np.mean([share > 0 for share in false])),
        "false share of names": float(np.mean(first)) if first else np.nan,
    }


def judged(kind: str, companies: int) -> pd.Series:
    """Average over companies; those in which nobody stops tell how often a list is needless."""
    with_stops = pd.DataFrame([followed(seed, kind) for seed in range(companies)]).mean()
    seeds = range(1000, 1000 + companies)
    without = pd.DataFrame([followed(seed, kind, stopped=0.0) for seed in seeds]).mean()
    found: pd.Series = with_stops.drop("weeks with an alarm")
    found["weeks with an alarm, nobody stopping"] = without["weeks with an alarm"]
    return found


def main(companies: int = 10) -> None:
    print(pd.DataFrame({kind: judged(kind, companies) for kind in KINDS}).T.round(3).to_string())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
