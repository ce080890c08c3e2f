"""The checks: every row is accepted, set aside with one reason, or dated after as_of."""

import datetime as dt
from collections.abc import Iterable

import narwhals as nw
import pandera.pandas as pa
from pandera.backends.narwhals import builtin_checks

from kapkit.book.schema import TABLES, known_from
from kapkit.book.source import CONTENT, FILE, ROW, RULE, UNREADABLE, LazyFrame

#: What became of a row, and why; the region a row counts for.
STATE, REASON, OF_REGION = "_state", "_reason", "_of_region"
_LASTING = {FILE, ROW, STATE, REASON, OF_REGION}
ACCEPTED, SET_ASIDE, LATER = "accepted", "set aside", "after as_of"

DELIVERED_TWICE = "delivered twice: the same line stands in another file"
DUPLICATE = "exact duplicate in the same file"
TWO_REGIONS = "account in two regions: the latest row stands"
LISTED_TWICE = "account listed twice: the latest row stands"
UNKNOWN_ACCOUNT = "account is not in accounts"
UNKNOWN_REGION = "region is not that of any account"
NO_REGION = "account has no region"
REFUSED_ACCOUNT = "account is itself set aside"


def repeated_content(frame: LazyFrame) -> LazyFrame:
    """Give the content that stands in more than one row."""
    times = frame.group_by(CONTENT).agg(_times=nw.len())
    return times.filter(nw.col("_times") > 1).select(CONTENT)


def check_table(
    frame: LazyFrame, repeated: LazyFrame | None, table: str, *, as_of: dt.date, duplicates: str
) -> LazyFrame:
    """Judge the rows of one table by its own rules: copies, types, presence, ranges, keys.

    Adds ``_reason`` (missing where the row is good) and keeps rows dated after ``as_of``
    apart, so that they can neither refuse nor replace an earlier row. ``repeated`` is what
    `repeated_content` found; None where that is nothing.
    """
    frame = _with_copies(frame, repeated)
    later = _later(frame, table, as_of)
    reasons = [
        nw.when(nw.col("_delivery") > 1).then(nw.lit(DELIVERED_TWICE)),
        *([_duplicate()] if duplicates == "set aside" else []),
        _unreadable(),
        *_missing(table),
        nw.col(RULE),
        *_out_of_range(table, frame.collect_schema().names()),
    ]
    judged = frame.with_columns(nw.coalesce(*reasons).alias(REASON), later.alias("_later"))
    return _with_repeated_keys(judged, table)


def with_account(rows: LazyFrame, accounts: LazyFrame) -> LazyFrame:
    """Give each row the region of its account; refuse rows whose account is not known.

    A refused row, and one that needs no account, counts for the region it names, if it does.
    """
    known = accounts.filter(nw.col(STATE) != LATER).group_by("account_id")
    good = nw.when(nw.col(REASON).is_null()).then(nw.col("region"))
    regions = known.agg(_standing=good.max(), _home=nw.col("region").max())
    joined = rows.drop("_listed", strict=False).join(
        regions.with_columns(_listed=nw.lit(True)), on="account_id", how="left"
    )
    named = ~nw.col("account_id").is_null()
    orphan = nw.when(named & nw.col("_listed").is_null()).then(nw.lit(UNKNOWN_ACCOUNT))
    homeless = nw.when(named & nw.col("_home").is_null()).then(nw.lit(NO_REGION))
    refused = nw.when(named & nw.col("_standing").is_null()).then(nw.lit(REFUSED_ACCOUNT))
    said = [nw.col("region")] if "region" in rows.collect_schema().names() else []
    return joined.with_columns(
        nw.coalesce(nw.col(REASON), orphan, homeless, refused).alias(REASON),
        nw.coalesce(nw.col("_standing"), nw.col("_home"), *said).alias(OF_REGION),
    )


def with_region(rows: LazyFrame, *known: LazyFrame) -> LazyFrame:
    """Refuse rows that name a region which no account and no sale has; no region is for all."""
    said = [frame.filter(nw.col(STATE) != LATER).select(OF_REGION) for frame in known]
    regions = nw.concat(said).unique().with_columns(_listed=nw.lit(True))
    joined = rows.join(regions, left_on="region", right_on=OF_REGION, how="left")
    strange = ~nw.col("region").is_null() & nw.col("_listed").is_null()
    reason = nw.when(strange).then(nw.lit(UNKNOWN_REGION))
    return joined.with_columns(
        nw.coalesce(nw.col(REASON), reason).alias(REASON), nw.col("region").alias(OF_REGION)
    )


def with_state(frame: LazyFrame) -> LazyFrame:
    """Say of each row whether it is accepted, set aside, or dated after as_of.

    Of the columns that only the checks need, those that say where a row stands are left.
    """
    state = (
        nw.when(nw.col("_later"))
        .then(nw.lit(LATER))
        .when(nw.col(REASON).is_null())
        .then(nw.lit(ACCEPTED))
        .otherwise(nw.lit(SET_ASIDE))
    )
    reason = nw.when(~nw.col("_later")).then(nw.col(REASON))
    stated = frame.with_columns(state.alias(STATE), reason.alias(REASON))
    names = stated.collect_schema().names()
    return stated.select([name for name in names if not name.startswith("_") or name in _LASTING])


def _with_copies(frame: LazyFrame, repeated: LazyFrame | None) -> LazyFrame:
    """Count the copies of a line within its file, and the deliveries of each copy over files.

    Files that overlap repeat a line with the same number of copies; a line that a file
    holds twice has a second copy there. So the two are told apart. Only what is repeated at
    all, commonly little, is put in order for it.
    """
    once = nw.lit(1, nw.Int64)
    if repeated is None:
        return frame.with_columns(_copy=once, _delivery=once)
    alone = frame.join(repeated, on=CONTENT, how="anti").with_columns(_copy=once, _delivery=once)
    within = nw.col(ROW).cum_count().over(CONTENT, FILE, order_by=ROW).cast(nw.Int64)
    over = nw.col(ROW).cum_count().over(CONTENT, "_copy", order_by=FILE).cast(nw.Int64)
    again = frame.join(repeated, on=CONTENT, how="semi")
    return nw.concat([alone, again.with_columns(_copy=within).with_columns(_delivery=over)])


def _later(frame: LazyFrame, table: str, as_of: dt.date) -> nw.Expr:
    day = known_from(table)
    if day is None or day not in frame.collect_schema().names():
        return nw.lit(False)
    return nw.coalesce(nw.col(day) > nw.lit(as_of), nw.lit(False))


def _duplicate() -> nw.Expr:
    return nw.when(nw.col("_copy") > 1).then(nw.lit(DUPLICATE))


def _unreadable() -> nw.Expr:
    readable = nw.concat_str(nw.col(UNREADABLE), nw.lit(" cannot be read"))
    return nw.when(~nw.col(UNREADABLE).is_null()).then(readable)


def _missing(table: str) -> Iterable[nw.Expr]:
    for name, column in TABLES[table].columns.items():
        if not column.nullable:
            yield nw.when(nw.col(name).is_null()).then(nw.lit(f"{name} is empty"))


def _out_of_range(table: str, present: list[str]) -> Iterable[nw.Expr]:
    """Run pandera's checks of the schema in the engine; a missing value passes."""
    for name, column in TABLES[table].columns.items():
        for check in column.checks if name in present else []:
            good = _pandera(check, nw.col(name))
            yield nw.when(~good).then(nw.lit(f"{name} {check.error}"))


def _pandera(check: pa.Check, column: nw.Expr) -> nw.Expr:
    expression: nw.Expr = getattr(builtin_checks, str(check.name))(
        column, **(check.statistics or {})
    )
    return expression


def _with_repeated_keys(frame: LazyFrame, table: str) -> LazyFrame:
    """Of the good rows with one key the last stands: by ``recorded``, then file and row.

    Rows of a view have no place: their content settles it, the same way in every run.
    """
    present = frame.collect_schema().names()
    key = [str(name) for name in TABLES[table].unique or [] if name in present]
    if not key:
        return frame
    recorded = ["recorded"] if "recorded" in present else []
    frame = frame.with_columns(_good=nw.col(REASON).is_null() & ~nw.col("_later"))
    peers = [*key, "_good"]
    place = nw.col(ROW).cum_count().over(*peers, order_by=[*recorded, FILE, ROW, CONTENT])
    frame = frame.with_columns(_place=place, _rows=nw.len().over(*peers))
    repeated = nw.col("_good") & (nw.col("_place") < nw.col("_rows"))
    return frame.with_columns(
        nw.coalesce(nw.col(REASON), _repeated(table, key, peers, repeated)).alias(REASON)
    )


def _repeated(table: str, key: list[str], peers: list[str], repeated: nw.Expr) -> nw.Expr:
    if table != "accounts":
        return nw.when(repeated).then(nw.lit(f"{', '.join(key)} repeated: the last row stands"))
    region = nw.col("region")
    moved = region.min().over(*peers) != region.max().over(*peers)
    return (
        nw.when(repeated & moved)
        .then(nw.lit(TWO_REGIONS))
        .when(repeated)
        .then(nw.lit(LISTED_TWICE))
    )
