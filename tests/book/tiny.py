"""Tiny books: written to a folder, opened, and told apart by what became of their rows."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kapkit.book.book import SourceBook, read_book
from kapkit.book.snapshot import Snapshot

ACCOUNTS = """
    account_id,name,region
    1,Alpha,North
    2,Beta,South
    """
SALES = """
    order_id,account_id,date,revenue
    o1,1,2024-01-31,10
    o2,2,2024-02-29,5.5
    """

#: The text of a CSV file, or the columns of a Parquet file.
Delivery = str | Mapping[str, object]


def write(
    folder: Path, toml: str = "", *, settings: str = "", **tables: Delivery | list[Delivery]
) -> Path:
    """Write a kapkit.toml and a file per delivery; accounts and sales where none are given."""
    tables = {"accounts": ACCOUNTS, "sales": SALES, **tables}
    lines = ["[book]", 'name = "Tiny"', settings, "[files]"]
    for table, content in tables.items():
        deliveries = content if isinstance(content, list) else [content]
        names = [_deliver(folder, f"{table}_{i}", one) for i, one in enumerate(deliveries, 1)]
        lines.append(f"{table} = {names}")
    (folder / "kapkit.toml").write_text("\n".join([*lines, dedent(toml)]), encoding="utf-8")
    return folder


def _deliver(folder: Path, stem: str, content: Delivery) -> str:
    if isinstance(content, str):
        (folder / f"{stem}.csv").write_text(dedent(content).lstrip("\n"), encoding="utf-8")
        return f"{stem}.csv"
    pq.write_table(pa.table(dict(content)), folder / f"{stem}.parquet")
    return f"{stem}.parquet"


def tiny(folder: Path, toml: str = "", **tables: Delivery | list[Delivery]) -> SourceBook:
    """Write a tiny book and open it."""
    return read_book(write(folder, toml, **tables))


def became(snapshot: Snapshot, table: str = "sales") -> dict[tuple[str, str | None], int]:
    """Count rows by what became of them (the reason where they were set aside) and region."""
    return _judged(snapshot, table, "rows")


def revenue(snapshot: Snapshot) -> dict[tuple[str, str | None], Decimal]:
    """Sum the revenue of sales lines by what became of them and region."""
    return _judged(snapshot, "sales", "revenue")


def _judged(snapshot: Snapshot, table: str, measure: str) -> dict[tuple[str, str | None], Any]:
    judged: dict[tuple[str, str | None], Any] = {}
    for row in snapshot.totals.query("table == @table and state != 'read'").to_dict("records"):
        why = row["state"] if pd.isna(row["reason"]) else row["reason"]
        key = (why, None if pd.isna(row["region"]) else row["region"])
        assert key not in judged, "one line of the totals a reason and region"
        judged[key] = row[measure]
    return judged


def purchases(*rows: tuple) -> pd.DataFrame:
    """Write expected purchases: account, day, lines, orders, revenue, credits, quantity, costs."""
    columns = ["account_id", "date", "lines", "orders", "revenue", "credits", "quantity"]
    costs = ["cost", "costed_revenue", "costed_lines"]
    made = pd.DataFrame(rows, columns=[*columns, *costs]).assign(discount=np.nan)
    return _typed(made, day="date")


def categories(*rows: tuple) -> pd.DataFrame:
    """Write expected categories: account, month, category, revenue, quantity, costs."""
    columns = ["account_id", "month", "category", "revenue", "quantity"]
    costs = ["cost", "costed_revenue", "costed_lines"]
    return _typed(pd.DataFrame(rows, columns=[*columns, *costs]), day="month")


def _typed(frame: pd.DataFrame, *, day: str) -> pd.DataFrame:
    texts = dict.fromkeys(frame.columns.intersection(["account_id", "category"]), "str")
    numbers = dict.fromkeys(frame.columns.difference([*texts, day]), "float64")
    return frame.astype({**texts, **numbers, day: "datetime64[ns]"})


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare cell by cell and type by type; the order of columns is no promise."""
    pd.testing.assert_frame_equal(found, expected, check_like=True)
