"""From checked lines to the frames of the analysis, in the engine."""

import datetime as dt
from typing import Any

import narwhals as nw

from kapkit.book.checks import ACCEPTED, OF_REGION, STATE
from kapkit.book.schema import KEYS, outcome
from kapkit.book.source import LazyFrame

_OPTIONAL = {"cost": nw.Float64(), "quantity": nw.Float64(), "product_id": nw.String()}
_DAY = ("region", "account_id", "date")
_CATEGORY = ("region", "account_id", "month", "category")


def text_keys(frame: LazyFrame) -> LazyFrame:
    """Write keys as the text that they are to everyone but the engine."""
    here = KEYS & set(frame.collect_schema().names())
    return frame.with_columns(nw.col(*sorted(here)).cast(nw.String)) if here else frame


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
    return text_keys(rows.select(*dict.fromkeys([*columns, "region"])))


def purchase_frame(sales: LazyFrame) -> LazyFrame:
    """Sum accepted lines to one row per account and day (schema: PURCHASES, and region)."""
    order = nw.when(nw.col("revenue") > 0).then(nw.col("order_id"))
    credit = nw.when(nw.col("revenue") < 0).then(nw.col("revenue"))
    lines = _lines(sales).with_columns(_order=order, _credit=credit)
    discounts = _discounts(lines)
    summed = lines.group_by(*_DAY).agg(
        # A missing value, which is no order, counts as one more.
        nw.col("_order").n_unique().alias("orders"),
        nw.col("_order").is_null().any().cast(nw.Int64).alias("_no_order"),
        nw.len().cast(nw.Int64).alias("lines"),
        nw.col("_credit").sum().alias("credits"),
        *discounts,
        *_sums(),
    )
    orders = (nw.col("orders") - nw.col("_no_order")).cast(nw.Int64)
    told = {} if discounts else {"discount": nw.lit(None, nw.Float64)}
    return text_keys(_known(summed.with_columns(orders=orders, **told).drop("_no_order")))


def category_frame(sales: LazyFrame, products: LazyFrame | None) -> LazyFrame:
    """Sum accepted lines to one row per account, month and category (schema: CATEGORIES)."""
    lines = _lines(sales).with_columns(month=nw.col("date").dt.truncate("1mo"))
    summed = _with_category(lines, products).group_by(*_CATEGORY).agg(*_sums())
    return text_keys(_known(summed))


def book_facts(sales: LazyFrame) -> dict[str, Any]:
    """Tell span, orders, buying accounts, gross revenue and its part with a known cost."""
    gross = nw.when(nw.col("revenue") > 0).then(nw.col("revenue"))
    costed = nw.when(~nw.col("cost").is_null()).then(gross)
    facts = _lines(sales).select(
        nw.col("date").min().alias("first_day"),
        nw.col("date").max().alias("last_day"),
        nw.col("order_id").n_unique().alias("orders"),
        nw.col("account_id").n_unique().alias("buying_accounts"),
        gross.sum().alias("gross"),
        costed.sum().alias("costed"),
    )
    (row,) = facts.collect("pyarrow").to_arrow().to_pylist()
    return dict(row)


def _discounts(lines: LazyFrame) -> list[nw.Expr]:
    """Sum discounts where the source has any; a line without one was sold at list price."""
    given = "discount" in lines.collect_schema().names()
    return [nw.col("discount").sum()] if given else []


def _sums() -> list[nw.Expr]:
    return [
        nw.col("revenue").sum().alias("revenue"),
        nw.col("quantity").sum().alias("quantity"),
        nw.col("quantity").count().alias("_quantities"),
        nw.col("cost").sum().alias("cost"),
        nw.col("_costed").sum().alias("costed_revenue"),
        nw.col("cost").count().cast(nw.Int64).alias("costed_lines"),
    ]


def _known(summed: LazyFrame) -> LazyFrame:
    """Leave a sum over nothing but missing values missing, not zero."""
    quantity = nw.when(nw.col("_quantities") > 0).then(nw.col("quantity"))
    cost = nw.when(nw.col("costed_lines") > 0).then(nw.col("cost"))
    return summed.with_columns(quantity=quantity, cost=cost).drop("_quantities")


def _lines(sales: LazyFrame) -> LazyFrame:
    """Give accepted lines their region; optional columns the source lacks are missing."""
    present = sales.collect_schema().names()
    absent = {name: nw.lit(None, kind) for name, kind in _OPTIONAL.items() if name not in present}
    costed = nw.when(~nw.col("cost").is_null()).then(nw.col("revenue"))
    lines = accepted(sales).with_columns(region=nw.col(OF_REGION), **absent)
    return lines.with_columns(_costed=costed)


def _with_category(lines: LazyFrame, products: LazyFrame | None) -> LazyFrame:
    if products is None:
        return lines.with_columns(category=nw.lit(None, nw.String))
    categories = accepted(products).select("product_id", "category")
    return lines.join(categories, on="product_id", how="left")
