"""From checked lines to the frames of the analysis, in the engine."""

import datetime as dt
from typing import Any

import narwhals as nw

from kapkit.book.checks import ACCEPTED, OF_REGION, STATE
from kapkit.book.schema import outcome
from kapkit.book.source import LazyFrame, Source

_OPTIONAL = {"cost": nw.Float64(), "quantity": nw.Float64(), "product_id": nw.String()}
#: What lines are summed by. An order without its day, or the reverse, does not occur.
_ORDER = ("region", "account_id", "date", "order_id")
_CATEGORY = ("region", "account_id", "month", "category")
#: In the SQL that every engine speaks; a sum over nothing but missing values is missing.
_SUMS = {
    "lines": "count(*)",
    "greatest": "max(revenue)",
    "quantity": "sum(quantity)",
    "revenue": "sum(revenue)",
    "credits": "coalesce(sum(CASE WHEN revenue < 0 THEN revenue END), 0)",
    "cost": "sum(cost)",
    "costed_revenue": "coalesce(sum(CASE WHEN cost IS NOT NULL THEN revenue END), 0)",
    "costed_lines": "count(cost)",
}


def accepted(frame: LazyFrame) -> LazyFrame:
    """Keep the rows that every rule accepts."""
    return frame.filter(nw.col(STATE) == ACCEPTED)


def table_frame(checked: LazyFrame, table: str, *, as_of: dt.date) -> LazyFrame:
    """Keep accepted rows, with every mapped column and the region they count for.

    What happened to a row after ``as_of``, such as the day a complaint was closed, is missing.
    """
    columns = [name for name in checked.collect_schema().names() if not name.startswith("_")]
    rows = accepted(checked).with_columns(region=nw.col(OF_REGION))
    later = outcome(table)
    if later in columns:
        rows = rows.with_columns(nw.when(nw.col(later) <= nw.lit(as_of)).then(nw.col(later)))
    return rows.select(*dict.fromkeys([*columns, "region"]))


def line_sums(source: Source, sales: LazyFrame, products: LazyFrame | None) -> LazyFrame:
    """Sum accepted lines in one pass, by order and day as well as by month and category.

    What every frame of sales is made of: `purchase_frame` sums the orders up to days,
    `category_frame` takes the rest as it is.
    """
    lines = _with_category(_lines(sales), products)
    sets = (_ORDER, _CATEGORY)
    kept = dict.fromkeys([*_ORDER, *_CATEGORY, "revenue", "quantity", "cost"])
    return source.summed(lines.select(*kept), sets, _SUMS)


def purchase_frame(sums: LazyFrame) -> LazyFrame:
    """Sum orders to one row per account and day (schema: PURCHASES, and region)."""
    positive = nw.when(nw.col("greatest") > 0).then(nw.lit(1)).otherwise(nw.lit(0))
    measures = [name for name in _SUMS if name != "greatest"]
    orders = _orders(sums).with_columns(orders=positive)
    summed = orders.group_by("region", "account_id", "date").agg(
        *(nw.col(name).sum() for name in ["orders", *measures]),
        nw.col("quantity").count().alias("_quantities"),
    )
    known = nw.when(nw.col("_quantities") > 0).then(nw.col("quantity"))
    cost = nw.when(nw.col("costed_lines") > 0).then(nw.col("cost"))
    counts = {name: nw.col(name).cast(nw.Int64) for name in ("orders", "lines", "costed_lines")}
    return summed.with_columns(quantity=known, cost=cost, **counts).drop("_quantities")


def category_frame(sums: LazyFrame) -> LazyFrame:
    """Give the sums by account, month and category (schema: CATEGORIES, and region)."""
    measures = ["quantity", "revenue", "cost", "costed_revenue", "costed_lines"]
    return sums.filter(nw.col("order_id").is_null()).select(*_CATEGORY, *measures)


def book_facts(sales: LazyFrame, sums: LazyFrame) -> dict[str, Any]:
    """Tell span, orders, buying accounts, gross revenue and its part with a known cost."""
    gross = nw.when(nw.col("revenue") > 0).then(nw.col("revenue"))
    costed = nw.when(~nw.col("cost").is_null()).then(gross)
    of_lines = _lines(sales).select(
        nw.col("date").min().alias("first_day"),
        nw.col("date").max().alias("last_day"),
        gross.sum().alias("gross"),
        costed.sum().alias("costed"),
    )
    of_orders = _orders(sums).select(
        nw.col("order_id").n_unique().alias("orders"),
        nw.col("account_id").n_unique().alias("buying_accounts"),
    )
    (lines,), (orders,) = (
        frame.collect("pyarrow").to_arrow().to_pylist() for frame in (of_lines, of_orders)
    )
    return {**lines, **orders}


def _orders(sums: LazyFrame) -> LazyFrame:
    return sums.filter(~nw.col("order_id").is_null())


def _lines(sales: LazyFrame) -> LazyFrame:
    """Give accepted lines their region; optional columns the source lacks are missing."""
    present = sales.collect_schema().names()
    absent = {name: nw.lit(None, kind) for name, kind in _OPTIONAL.items() if name not in present}
    month = nw.col("date").dt.truncate("1mo")
    return accepted(sales).with_columns(region=nw.col(OF_REGION), month=month, **absent)


def _with_category(lines: LazyFrame, products: LazyFrame | None) -> LazyFrame:
    if products is None:
        return lines.with_columns(category=nw.lit(None, nw.String))
    categories = accepted(products).select("product_id", "category")
    return lines.join(categories, on="product_id", how="left")
