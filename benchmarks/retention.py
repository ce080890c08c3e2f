"""Do contacts keep accounts? What the estimate says in simulated companies where it is known.

Twenty companies of 3,000 accounts each: contacts keep nobody (an estimate above zero would plan
visits for nothing), or the log of the chance to leave falls by .5 per log contacts. Contacts
follow size and demand as in the sample, more so, or are drawn by lot and logged in full.
"""

import sys

import numpy as np
import pandas as pd

from kapkit.models.retention import retention
from kapkit.models.silences import silences
from kapkit.sample import Settings, simulate

COMPANIES, ACCOUNTS = 20, 3000
LOT = {
    "calls_follow_demand": 0.0,
    "calls_follow_size": 0.0,
    "effort_sd": 0.4,
    "logging": 1.0,
    "batching": 0.0,
}
WORLDS = {
    "as in the sample": {},
    "contacts follow demand strongly (.8)": {"calls_follow_demand": 0.8},
    "all logged": {"logging": 1.0, "batching": 0.0},
    "drawn by lot, all logged": LOT,
}


def one(seed: int, settings: Settings) -> list[float]:
    """Estimate once: alone, with history, its error, the one used, its interval, planned or not."""
    made = simulate(accounts=ACCOUNTS, seed=seed, dirt=False, settings=settings)
    bought = made.sales[made.sales["revenue"] > 0].reset_index(drop=True)
    purchases = bought.groupby(["account_id", "date"], as_index=False).agg(
        orders=("revenue", "size"), revenue=("revenue", "sum")
    )
    found = retention(silences(purchases, made.tables["activities"], as_of=made.as_of))
    effect, row = found.table["effect"], found.table.loc["used"]
    return [
        effect["alone"],
        effect["with history"],
        found.table.loc["with history", "error"],
        *row[["effect", "low", "high"]],
        float(found.saved > 0),
        row["silences"],
    ]


def main(companies: int) -> None:
    """Print a row per world."""
    print(f"fall of the log odds of silence per log contacts, {companies} companies each")
    for true in (0.0, 0.5):
        for name, about in WORLDS.items():
            drawn = [one(seed, Settings(leave_contacts=true, **about)) for seed in range(companies)]
            rows = pd.DataFrame(
                drawn, columns=["alone", "history", "error", "used", "low", "high", "planned", "n"]
            )
            mean, spread = rows.mean(), rows["history"].std()
            held = np.mean((rows["low"] <= true) & (rows["high"] >= true))
            print(
                f"  true {true}, {name:37} alone {mean['alone']:5.2f}  with history "
                f"{mean['history']:5.2f} (error foretold {mean['error']:.2f}, found {spread:.2f})  "
                f"used {mean['used']:5.2f}, interval holds {held:.0%}  planned with in "
                f"{mean['planned']:.0%}  silences {mean['n']:.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COMPANIES)
