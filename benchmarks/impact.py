"""Is the programme's effect found where it is, and none where there is none? Simulated companies.

``python benchmarks/impact.py [DRAWS [FOLDER]]`` prints bias, coverage of the 95 % interval and
false positives of each estimator under five ways of selection, and the power at an effect of .10.
Then a placebo: waves of resellers of AdventureWorks, which had no programme, taken as if they had
entered it.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from kapkit.monitoring.impact import (
    ANCOVA,
    LAGS,
    MATCHED,
    NAIVE,
    ancova,
    base_period_did,
    before_after,
    matched_did,
    stack,
)
from kapkit.monitoring.programme import UNIT

ACCOUNTS, PERIODS, WAVES, SIZE, TRUE = 300, 16, (6, 8, 10), 20, 0.10
SOURCE = Path("../shared/data/adventureworks_dw")
WAYS = ("random", "top", "noisy top", "decliners", "recorded decliners")


def world(seed: int, way: str, *, effect: float = TRUE) -> tuple[pd.DataFrame, pd.Series]:
    """Simulate log revenue by quarter, and waves of accounts chosen in a way."""
    rng = np.random.default_rng(seed)
    size, noise = rng.normal(0, 1, ACCOUNTS), rng.normal(0, 0.3, (ACCOUNTS, PERIODS))
    demand = np.zeros((ACCOUNTS, PERIODS))
    for period in range(PERIODS):
        last = demand[:, period - 1] if period else rng.normal(0, 0.3, ACCOUNTS)
        demand[:, period] = 0.5 * last + rng.normal(0, 0.2, ACCOUNTS)
    season = 0.1 * np.sin(np.arange(PERIODS) * np.pi / 2) + 0.02 * np.arange(PERIODS)
    values = size[:, None] + demand + noise + season
    entry = np.full(ACCOUNTS, np.nan)
    for wave in WAVES:
        score = _score(rng, values, wave, way)
        score[np.isfinite(entry)] = -np.inf
        chosen = np.argsort(-score)[:SIZE]
        entry[chosen] = wave
        values[chosen, wave:] += effect
    names = [f"A{number:03}" for number in range(ACCOUNTS)]
    return pd.DataFrame(values, names), pd.Series(entry, names)


def _score(rng: np.random.Generator, values: np.ndarray, wave: int, way: str) -> np.ndarray:
    year = values[:, wave - 4 : wave].mean(axis=1)
    if way == "random":
        return rng.random(len(values))
    if way == "top":
        return year.copy()
    if way == "noisy top":
        return year + rng.normal(0, 0.5, len(values))
    # Those that fell most against the same quarter of the year before: five quarters.
    return values[:, wave - 5] - values[:, wave - 1]


def estimates(values: pd.DataFrame, entry: pd.Series, *, lags: int) -> dict[str, pd.Series]:
    """Estimate in every way."""
    stacked = stack(values, entry, lags=lags)
    return {
        NAIVE: before_after(stacked),
        "base period g-1": base_period_did(values, entry),
        MATCHED: matched_did(stacked),
        ANCOVA: ancova(stacked),
    }


def judged(way: str, draws: int, *, effect: float = TRUE) -> pd.DataFrame:
    """Give bias, coverage and the share of intervals without zero, by estimator."""
    lags = 4 if way == "decliners" else 5
    rows = []
    for seed in range(draws):
        for name, row in estimates(*world(seed, way, effect=effect), lags=lags).items():
            inside = row["low"] <= effect <= row["high"]
            found = row["low"] > 0 or row["high"] < 0
            rows.append((name, row["effect"] - effect, inside, found))
    table = pd.DataFrame(rows, columns=["estimator", "bias", "coverage", "found"])
    return table.groupby("estimator", sort=False).mean()


def resellers(folder: Path) -> pd.DataFrame:
    """Give log revenue by quarter of AdventureWorks' resellers that bought within two years."""
    sales = pd.read_parquet(folder / "fact_reseller_sales.parquet")
    quarter = pd.to_datetime(sales["OrderDate"]).dt.to_period("Q")
    whole = (quarter > quarter.min()) & (quarter < quarter.max())
    table = sales[whole].pivot_table(
        index="ResellerKey", columns=quarter[whole], values="SalesAmount", aggfunc="sum"
    )
    table = table.fillna(0.0).set_axis(table.index.astype(str))
    bought = table[table.iloc[:, :8].sum(axis=1) > 0]
    usual = bought.to_numpy()[bought.to_numpy() > 0]
    return pd.DataFrame(np.log1p(bought.to_numpy() / (UNIT * np.median(usual))), bought.index)


def as_if(outcome: pd.DataFrame, seed: int, way: str) -> pd.Series:
    """Take waves of accounts as if they had entered: by lot, or the largest with some noise."""
    rng, entry = np.random.default_rng(seed), pd.Series(np.nan, outcome.index)
    for wave in range(LAGS, LAGS + len(WAVES)):
        values = outcome.to_numpy()
        score = pd.Series(_score(rng, values, wave, way), outcome.index).where(entry.isna())
        entry[score.nlargest(SIZE).index] = wave
    return entry


def placebos(outcome: pd.DataFrame, way: str, draws: int) -> pd.DataFrame:
    """Give the effect that the ANCOVA finds where there is none, draw by draw."""
    found = [ancova(stack(outcome, as_if(outcome, seed, way))) for seed in range(draws)]
    return pd.DataFrame(found)


def main(draws: int = 300, folder: Path = SOURCE) -> None:
    for way in WAYS:
        real, none = judged(way, draws), judged(way, draws, effect=0.0)
        table = real.rename(columns={"found": "power"}).assign(false_positives=none["found"])
        print(f"\n{way}: {ACCOUNTS} accounts, {len(WAVES)} waves of {SIZE}, effect {TRUE}")
        print(table.round(3).to_string())
    outcome = resellers(folder)
    print(f"\nplacebo: {len(outcome)} resellers, {outcome.shape[1]} quarters")
    for way in ("random", "noisy top"):
        found = placebos(outcome, way, draws)
        false = ((found["low"] > 0) | (found["high"] < 0)).mean()
        print(f"{way}: mean {found['effect'].mean():.3f}, false positives {false:.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *map(Path, sys.argv[2:3]))
