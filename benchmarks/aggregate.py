"""What does it cost to sum a book's lines to what the analysis needs, next to hand-written code?

TPC-H: line items joined to orders, supplier cost and parts, summed by account and day (ten columns)
and by account, month and category (eight) by each contender, in a fresh process, in turn, imports
not counted:

- SQL: hand-written DuckDB, the joined lines into a table, each sum of it into another;
- kapkit: the same through the book's mapping, its lines kept once, no row checked;
- kapkit, checked: as ``kapkit run`` prepares a book: every row judged, totals reconciled, the
  pooled models fitted, partitions written per region;
- polars, pandas: as one writes them.

``python benchmarks/aggregate.py 1 10 --memory 4GiB`` measures two scale factors; the memory bounds
kapkit's engine. The data is made by tpchgen-cli under .cache/tpch.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "data" / "tpch"
CACHE = ROOT / ".cache" / "tpch"
TABLES = "customer,nation,part,partsupp,orders,lineitem"
LINES = """
SELECT CAST(o_custkey AS VARCHAR) AS account_id, o_orderdate AS date, o_orderkey AS order_id,
       l_quantity AS quantity, l_extendedprice * (1 - l_discount) AS revenue,
       ps_supplycost * l_quantity AS cost, p_mfgr AS category
FROM '{0}/lineitem.parquet' JOIN '{0}/orders.parquet' ON o_orderkey = l_orderkey
JOIN '{0}/partsupp.parquet' ON ps_partkey = l_partkey AND ps_suppkey = l_suppkey
JOIN '{0}/part.parquet' ON p_partkey = l_partkey
"""
MEASURES = """
sum(revenue) AS revenue, sum(quantity) AS quantity, sum(cost) AS cost,
sum(CASE WHEN cost IS NOT NULL THEN revenue END) AS costed_revenue, count(cost) AS costed_lines
"""
#: Rows and revenue by account and day, and by account, month and category.
Found = tuple[int, float, int, float]


def with_sql(data: Path, memory: str, folder: Path) -> Found:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET temp_directory = '{folder}'")
    if memory:
        connection.execute(f"SET memory_limit = '{memory}'")
    connection.execute(f"CREATE TABLE lines AS {LINES.format(data)}")
    connection.execute(f"""
        CREATE TABLE days AS
              SELECT account_id, date, count(*) AS lines,
                     count(DISTINCT CASE WHEN revenue > 0 THEN order_id END) AS orders,
                     sum(CASE WHEN revenue < 0 THEN revenue END) AS credits, {MEASURES}
              FROM lines GROUP BY account_id, date""")
    connection.execute(f"""
        CREATE TABLE categories AS
              SELECT account_id, date_trunc('month', date) AS month, category, {MEASURES}
              FROM lines GROUP BY ALL""")
    asked = (f"SELECT count(*), sum(revenue) FROM {name}" for name in ("days", "categories"))
    days, categories = (connection.execute(query).fetchall()[0] for query in asked)
    return (*days, *categories)


def with_kapkit(data: Path, memory: str, folder: Path) -> Found:
    import narwhals as nw

    from kapkit.book.book import read_book
    from kapkit.book.checks import ACCEPTED, OF_REGION, STATE
    from kapkit.book.frames import category_frame, purchase_frame

    source = read_book(_book(folder, memory), source=data).source
    taken = {STATE: nw.lit(ACCEPTED), OF_REGION: nw.lit("all")}
    sales, products = (source.table(name).with_columns(**taken) for name in ("sales", "products"))
    lines = source.keep(sales.drop("_file", "_row", "_content", "_rule", "_unreadable"), "lines")
    frames = {"days": purchase_frame(lines), "categories": category_frame(lines, products)}
    found = [
        frame.select(nw.len().alias("rows"), nw.col("revenue").sum()).collect("pyarrow")
        for frame in (source.keep(frame, name) for name, frame in frames.items())
    ]
    return tuple(one[name].item() for one in found for name in ("rows", "revenue"))


def with_checks(data: Path, memory: str, folder: Path) -> Found:
    import duckdb

    from kapkit.batch.prepare import prepare
    from kapkit.book.book import read_book

    prepare(read_book(_book(folder, memory), source=data).at(), folder / "prepared")
    written = (f"'{folder}/prepared/*/{name}-*.parquet'" for name in ("purchases", "categories"))
    asked = (f"SELECT count(*), sum(revenue) FROM {files}" for files in written)
    days, categories = (duckdb.execute(query).fetchall()[0] for query in asked)
    return (*days, *categories)


def with_polars(data: Path, memory: str, folder: Path) -> Found:
    import polars as pl

    def table(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(data / f"{name}.parquet")

    revenue, cost = pl.col("l_extendedprice") * (1 - pl.col("l_discount")), pl.col("ps_supplycost")
    lines = (
        table("lineitem")
        .join(table("orders"), left_on="l_orderkey", right_on="o_orderkey")
        .join(
            table("partsupp"),
            left_on=["l_partkey", "l_suppkey"],
            right_on=["ps_partkey", "ps_suppkey"],
        )
        .join(table("part"), left_on="l_partkey", right_on="p_partkey")
        .select(
            account_id=pl.col("o_custkey").cast(pl.String),
            date="o_orderdate",
            order_id="l_orderkey",
            revenue=revenue,
            quantity="l_quantity",
            cost=cost * pl.col("l_quantity"),
            category="p_mfgr",
        )
    )
    taken = pl.col("revenue")
    sums = {
        "revenue": taken.sum(),
        "quantity": pl.col("quantity").sum(),
        "cost": pl.col("cost").sum(),
        "costed_revenue": taken.filter(pl.col("cost").is_not_null()).sum(),
        "costed_lines": pl.col("cost").count(),
    }
    days = lines.group_by("account_id", "date").agg(
        lines=pl.len(),
        orders=pl.col("order_id").filter(taken > 0).n_unique(),
        credits=taken.filter(taken < 0).sum(),
        **sums,
    )
    month = pl.col("date").dt.truncate("1mo").alias("month")
    categories = lines.group_by("account_id", month, "category").agg(**sums)
    found = pl.collect_all([days, categories], engine="streaming")
    return tuple(value for one in found for value in (one.height, one["revenue"].sum()))


def with_pandas(data: Path, memory: str, folder: Path) -> Found:
    import pandas as pd

    item = ["l_orderkey", "l_partkey", "l_suppkey", "l_quantity", "l_extendedprice", "l_discount"]
    read = {
        "lineitem": item,
        "orders": ["o_orderkey", "o_custkey", "o_orderdate"],
        "partsupp": ["ps_partkey", "ps_suppkey", "ps_supplycost"],
        "part": ["p_partkey", "p_mfgr"],
    }
    frames = {
        name: pd.read_parquet(data / f"{name}.parquet", columns=columns)
        for name, columns in read.items()
    }
    lines = frames["lineitem"].astype(dict.fromkeys(item[3:], float))
    lines = lines.merge(frames["orders"], left_on="l_orderkey", right_on="o_orderkey")
    supply = frames["partsupp"].astype({"ps_supplycost": float})
    lines = lines.merge(
        supply, left_on=["l_partkey", "l_suppkey"], right_on=["ps_partkey", "ps_suppkey"]
    )
    lines = lines.merge(frames["part"], left_on="l_partkey", right_on="p_partkey")
    revenue = lines["l_extendedprice"] * (1 - lines["l_discount"])
    lines = lines.assign(
        revenue=revenue,
        cost=lines["ps_supplycost"] * lines["l_quantity"],
        credits=revenue.where(revenue < 0),
        order_id=lines["l_orderkey"].where(revenue > 0),
    )
    lines["costed_revenue"] = revenue.where(lines["cost"].notna())
    lines["month"] = lines["o_orderdate"].astype("datetime64[s]").dt.to_period("M")
    sums = {
        "revenue": ("revenue", "sum"),
        "quantity": ("l_quantity", "sum"),
        "cost": ("cost", "sum"),
        "costed_revenue": ("costed_revenue", "sum"),
        "costed_lines": ("cost", "count"),
    }
    days = lines.groupby(["o_custkey", "o_orderdate"]).agg(
        lines=("revenue", "size"),
        orders=("order_id", "nunique"),
        credits=("credits", "sum"),
        **sums,
    )
    categories = lines.groupby(["o_custkey", "month", "p_mfgr"]).agg(**sums)
    days, categories = (
        frame.reset_index().astype({"o_custkey": "str"}) for frame in (days, categories)
    )
    return len(days), days["revenue"].sum(), len(categories), categories["revenue"].sum()


CONTENDERS = {
    "SQL": with_sql,
    "kapkit": with_kapkit,
    "kapkit, checked": with_checks,
    "polars": with_polars,
    "pandas": with_pandas,
}


IMPORTED = {
    "kapkit": ["kapkit.batch.prepare"],
    "kapkit, checked": ["kapkit.batch.prepare"],
    "polars": ["polars"],
    "pandas": ["pandas", "pyarrow.parquet"],
}


def _book(folder: Path, memory: str) -> Path:
    """Describe the book with a bound for its engine's memory."""
    toml = (BOOK / "kapkit.toml").read_text("utf-8")
    bound = f'\n[engine]\nmemory = "{memory}"\n' if memory else ""
    (folder / "kapkit.toml").write_text(toml + bound, "utf-8")
    return folder


def measure(name: str, data: Path, memory: str) -> dict[str, float]:
    """Run one contender in this process: seconds, processor time, peak memory, what it found."""
    for module in IMPORTED.get(name, ["duckdb"]):
        import_module(module)
    with tempfile.TemporaryDirectory() as folder:
        before, began = _work(), time.perf_counter()
        found = CONTENDERS[name](data, memory, Path(folder))
        seconds, work = time.perf_counter() - began, _work() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    taken = {"seconds": seconds, "work": work, "MiB": peak}
    names = ("days", "revenue", "categories", "sorted")
    return taken | {name: float(value) for name, value in zip(names, found, strict=True)}


def _work() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def made(scale: str) -> Path:
    """Make the data of a scale factor once."""
    folder = CACHE / f"sf{scale}"
    if not folder.is_dir():
        beside = folder.with_name(f"{folder.name}.new")
        tool = Path(sys.executable).with_name("tpchgen-cli")
        subprocess.check_call(
            [tool, "parquet", "-s", scale, "--tables", TABLES, "--output-dir", beside]
        )
        beside.rename(folder)
    return folder


def compare(scale: str, peers: list[str], runs: int, memory: str) -> dict[str, dict[str, float]]:
    """Measure all contenders in turn; print and return the medians of each."""
    data = made(scale)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in peers}
    for _ in range(runs):
        for name, results in found.items():
            command = [sys.executable, __file__, "--one", name, str(data), "--memory", memory]
            results.append(json.loads(subprocess.check_output(command, text=True)))
    one = found[peers[0]][0]
    print(
        f"aggregate, TPC-H {scale}: {one['days']:,.0f} account-days, {one['categories']:,.0f} "
        f"account-month-categories, revenue {one['revenue']:,.2f}, medians of {runs}"
    )
    medians = {name: _median(found[name]) for name in peers}
    for name, taken in medians.items():
        ratios = [taken[measure] / medians[peers[0]][measure] for measure in ("seconds", "work")]
        print(
            f"  {name:16}{taken['seconds']:8.2f} s{taken['work']:8.2f} s of processor"
            f"{taken['MiB']:8.0f} MiB{ratios[0]:7.2f} x the time,"
            f"{ratios[1]:6.2f} x the processor time of {peers[0]}{_agreed(found[name], one)}",
            flush=True,
        )
    return medians


def _median(runs: list[dict[str, float]]) -> dict[str, float]:
    return {
        measure: statistics.median(run[measure] for run in runs)
        for measure in ("seconds", "work", "MiB")
    }


def _agreed(runs: list[dict[str, float]], one: dict[str, float]) -> str:
    names = ("days", "revenue", "categories", "sorted")
    same = all(abs(run[name] / one[name] - 1) < 1e-9 for run in runs for name in names)
    return "" if same else "  OTHER RESULT"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scales", nargs="*", default=["1"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--memory", default="", help="bound of DuckDB, in kapkit and by hand")
    parser.add_argument("--peers", nargs="*", default=list(CONTENDERS), choices=CONTENDERS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, data = options.one
        print(json.dumps(measure(name, Path(data), options.memory)))
        return
    os.environ["PYTHONPATH"] = str(ROOT)
    medians = [
        (float(scale), compare(scale, options.peers, options.runs, options.memory))
        for scale in options.scales
    ]
    for (small, before), (large, after) in pairwise(medians):
        for name in options.peers:
            time, work = (after[name][m] / before[name][m] for m in ("seconds", "work"))
            print(
                f"  {name:16}{time:6.1f} x the time and {work:.1f} x the processor time "
                f"for {large / small:.0f} x the lines"
            )


if __name__ == "__main__":
    main()
