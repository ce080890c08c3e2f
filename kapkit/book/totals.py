"""Control totals: what was read, accepted, set aside and left for later, in rows and money."""

from decimal import Decimal

import narwhals as nw
import pandas as pd

from kapkit.book.checks import OF_REGION, REASON, STATE
from kapkit.book.errors import DataError
from kapkit.book.source import LazyFrame

#: What is summed beside rows: of sales, of sales, and of deals.
MONEY = ("revenue", "cost", "amount")


def totals_read(frame: LazyFrame, table: str) -> pd.DataFrame:
    """Count a table as its source has it, before any rule is applied."""
    return _collected(frame.select(*_sums(frame)), table, state="read")


def totals_by_state(frame: LazyFrame, table: str) -> pd.DataFrame:
    """Count a checked table by what became of its rows, the reason and the region."""
    grouped = frame.group_by(STATE, REASON, OF_REGION).agg(*_sums(frame))
    renamed = {STATE: "state", REASON: "reason", OF_REGION: "region"}
    return _collected(grouped.rename(renamed), table)


def reconcile(totals: pd.DataFrame) -> str:
    """Prove that nothing was lost: read = accepted + set aside + after as_of, per table.

    Parameters
    ----------
    totals : DataFrame
        ``table``, ``state``, ``rows``, ``revenue``, ``cost`` and ``amount`` (exact decimals).

    Returns
    -------
    str
        The sentence the proof supports.

    Raises
    ------
    DataError
        Naming each table and measure that does not add up, with both numbers.
    """
    measures = ["rows", *MONEY]
    totals = totals.assign(**{name: totals[name].map(_or_zero) for name in MONEY})
    read = totals["state"].eq("read")
    whole = totals[read].groupby("table")[measures].sum()
    parts = totals[~read].groupby("table")[measures].sum().reindex(whole.index, fill_value=0)
    broken = [
        f"{table} {measure}: read {whole.loc[table, measure]}, found {parts.loc[table, measure]}"
        for table in whole.index
        for measure in measures
        if whole.loc[table, measure] != parts.loc[table, measure]
    ]
    if broken:
        raise DataError("The control totals do not reconcile: " + "; ".join(broken))
    return "read = accepted + set aside + after as_of, in rows and money, for " + ", ".join(
        whole.index
    )


def _sums(frame: LazyFrame) -> list[nw.Expr]:
    present = [name for name in MONEY if name in frame.collect_schema().names()]
    return [nw.len().alias("rows"), *(nw.col(name).sum() for name in present)]


def _collected(frame: LazyFrame, table: str, **constants: str) -> pd.DataFrame:
    counted = pd.DataFrame(frame.collect("pyarrow").to_arrow().to_pylist())
    counted = counted.assign(table=table, **constants).reindex(
        columns=["table", "region", "state", "reason", "rows", *MONEY]
    )
    return typed_totals(counted.sort_values(["state", "reason", "region"], ignore_index=True))


def typed_totals(totals: pd.DataFrame) -> pd.DataFrame:
    """Give control totals their types, the same whether counted or read back: money is exact."""
    texts = dict.fromkeys(("table", "region", "state", "reason"), "str")
    typed = totals.astype({**texts, "rows": "int64", **dict.fromkeys(MONEY, "object")})
    known = {name: typed[name].where(typed[name].notna(), None) for name in MONEY}
    return typed.assign(**known)


def _or_zero(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)
