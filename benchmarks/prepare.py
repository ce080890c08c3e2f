"""How much do the checks of *prepare* cost, next to bare aggregation of the same lines?

Contenders, each in a fresh process, in turn, medians of five:

- kapkit: open the book, check every row, reconcile, write partitions per region;
- SQL: one hand-written DuckDB query to account-days, no checks, one Parquet file;
- pandas: read, group by account and day, one Parquet file, no checks.

Reads Online Retail II where ``KAPKIT_SHARED_DATA`` or ``../shared/data`` has it, else nothing.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("KAPKIT_SHARED_DATA", ROOT.parent / "shared" / "data"))
SOURCE = DATA / "online_retail_ii"
RUNS = 5


def with_kapkit(folder: Path) -> None:
    from kapkit.batch.prepare import prepare
    from kapkit.book.book import read_book

    prepare(read_book(ROOT / "data" / "online_retail_ii", source=SOURCE).at(), folder / "prepared")


def with_sql(folder: Path) -> None:
    import duckdb

    duckdb.connect().execute(f"""
        COPY (SELECT Country, "Customer ID", CAST(InvoiceDate AS DATE) AS date,
                     count(DISTINCT Invoice), count(*), sum(Quantity * Price)
              FROM read_parquet('{SOURCE}/*.parquet') WHERE "Customer ID" IS NOT NULL
              GROUP BY ALL ORDER BY ALL) TO '{folder}/days.parquet'""")


def with_pandas(folder: Path) -> None:
    import pandas as pd

    lines = pd.concat([pd.read_parquet(path) for path in sorted(SOURCE.glob("*.parquet"))])
    lines = lines[lines["Customer ID"].notna()]
    lines = lines.assign(
        date=lines["InvoiceDate"].dt.floor("D"), value=lines["Quantity"] * lines["Price"]
    )
    days = lines.groupby(["Country", "Customer ID", "date"]).agg(
        orders=("Invoice", "nunique"), lines=("Invoice", "size"), value=("value", "sum")
    )
    days.reset_index().to_parquet(folder / "days.parquet")


CONTENDERS = {"kapkit": with_kapkit, "SQL": with_sql, "pandas": with_pandas}


def measure(name: str) -> dict[str, float]:
    """Run one contender in this process: seconds without imports' share, and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        CONTENDERS[name](Path(folder))
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main() -> None:
    if not SOURCE.is_dir():
        print(f"prepare: skipped, {SOURCE.name} is not here")
        return
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(RUNS):
        for name, results in found.items():
            command = [sys.executable, __file__, name]
            results.append(json.loads(subprocess.check_output(command, text=True)))
    seconds = {name: statistics.median(one["seconds"] for one in found[name]) for name in found}
    memory = {name: statistics.median(one["MiB"] for one in found[name]) for name in found}
    print("prepare, Online Retail II (1,067,370 lines), imports included, medians of five")
    for name in CONTENDERS:
        ratio = seconds["kapkit"] / seconds[name]
        print(f"  {name:7} {seconds[name]:6.2f} s  {memory[name]:6.0f} MiB  kapkit: {ratio:.2f} x")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
