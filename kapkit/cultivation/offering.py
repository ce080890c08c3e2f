"""4.3 Product and service: what accounts complain about and miss, by the margin at stake."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.errors import listing
from kapkit.cultivation.effort import GAP, IMPORTANT
from kapkit.wording import amount, several

_THEME = ["source", "theme", "category"]
_UNKNOWN = "not known"
_TOP = 3


@dataclass(frozen=True)
class Themes:
    """What several accounts complain about or miss, ranked by the margin at stake.

    ``table`` has one row a theme (``source``: complaint or need; ``theme``; product
    ``category``): ``stake`` with ``low`` and ``high``, ``top_chance`` (to be among the first
    three, equals included), ``accounts``, ``records``, ``open``, ``recent`` and ``before``
    (records in the last and in the preceding half-year), ``trend`` (their ratio) with
    ``trend_low`` and ``trend_high``, and ``names`` of the largest three accounts.
    """

    table: pd.DataFrame
    sentence: str


def themes(
    accounts: pd.DataFrame,
    *,
    as_of: dt.date,
    complaints: pd.DataFrame | None = None,
    needs: pd.DataFrame | None = None,
    solutions: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None,
    category_margin: pd.Series | None = None,
    days: int = 365,
    draws: int = 500,
    seed: int = 0,
    level: float = 0.8,
    currency: str = "",
) -> Themes:
    """Rank what to repair or to offer by the margin of the accounts that raised it.

    Parameters
    ----------
    accounts : DataFrame indexed by account
        ``name`` and ``contribution`` (a year).
    as_of : date
        Last day that counts.
    complaints, needs, solutions, products : DataFrame
        The canonical tables. A complaint counts for the category of its product; a need for
        those of the products that answer it; else the category is not known.
    category_margin : Series indexed by account and category
        Margin a year; where given, it is what a theme of that category puts at stake, else the
        account's whole contribution is.
    days : int
        Complaints opened in so many days count; a need counts while its latest record is unmet.
    draws, seed : int
        Of the bootstrap over accounts.
    level : float, 0 to 1
        Probability of the intervals.
    currency : str
        Written behind amounts.

    Returns
    -------
    Themes

    Notes
    -----
    At stake is what the accounts of a theme bring, each counted once and loss-making ones with
    nothing; not what would be lost. An account may raise several themes: stakes do not add up.
    The interval tells how far the stake hangs on which accounts are in the book; the trend's is
    exact for Poisson counts, and missing for needs that were recorded once.
    """
    end = pd.Timestamp(as_of)
    raised = [
        _complaints(complaints, products, end, days),
        _needs(needs, solutions, products, end),
    ]
    known = [part for part in raised if part is not None and len(part)]
    if not known:
        return Themes(_empty(), "No complaint or unmet need is recorded.")
    records = pd.concat(known, ignore_index=True)
    records = records[records["account_id"].isin(accounts.index)]
    if records.empty:
        return Themes(_empty(), "No complaint or unmet need is recorded.")
    each = _stakes(records, accounts, category_margin)
    table = _counted(records, end, level).join(_at_stake(each, accounts, draws, seed, level))
    table = table.sort_values(["stake", "accounts"], ascending=False, kind="stable")
    table = table.reset_index()
    return Themes(table, _sentence(table, currency))


def _complaints(
    complaints: pd.DataFrame | None, products: pd.DataFrame | None, end: pd.Timestamp, days: int
) -> pd.DataFrame | None:
    if complaints is None:
        return None
    recent = complaints["opened"] > end - pd.Timedelta(days=days)
    found = complaints[recent & (complaints["opened"] <= end)]
    closed = found.get("closed", pd.Series(pd.NaT, found.index))
    return pd.DataFrame(
        {
            "source": "complaint",
            "theme": _text(found, "category").fillna("no category"),
            "category": _category(_text(found, "product_id"), products),
            "account_id": found["account_id"],
            "day": found["opened"],
            "open": ~(closed <= end),
        }
    )


def _needs(
    needs: pd.DataFrame | None,
    solutions: pd.DataFrame | None,
    products: pd.DataFrame | None,
    end: pd.Timestamp,
) -> pd.DataFrame | None:
    """Take needs whose latest record is unmet, for each category that answers them."""
    if needs is None:
        return None
    latest = needs[needs["recorded"] <= end].sort_values("recorded")
    latest = latest.drop_duplicates(["account_id", "need"], keep="last")
    gap = latest["importance"] - latest["fulfilment"]
    unmet = latest[(latest["importance"] >= IMPORTANT) & (gap >= GAP)]
    answers = _answers(solutions, products)
    found = unmet.merge(answers, on="need", how="left")
    return pd.DataFrame(
        {
            "source": "need",
            "theme": found["need"],
            "category": found["category"].fillna(_UNKNOWN),
            "account_id": found["account_id"],
            "day": found["recorded"],
            "open": True,
        }
    )


def _answers(solutions: pd.DataFrame | None, products: pd.DataFrame | None) -> pd.DataFrame:
    if solutions is None or products is None or "product_id" not in solutions:
        return pd.DataFrame({"need": [], "category": []}, dtype="str")
    known = solutions.dropna(subset="product_id")
    categories = _category(known["product_id"], products)
    return known[["need"]].assign(category=categories).drop_duplicates()


def _category(product: pd.Series, products: pd.DataFrame | None) -> pd.Series:
    if products is None:
        return pd.Series(_UNKNOWN, product.index, dtype="str")
    found = product.map(products.drop_duplicates("product_id").set_index("product_id")["category"])
    return found.astype("str").fillna(_UNKNOWN)


def _text(frame: pd.DataFrame, column: str) -> pd.Series:
    return frame.get(column, pd.Series(None, frame.index, dtype="str"))


def _stakes(
    records: pd.DataFrame, accounts: pd.DataFrame, category_margin: pd.Series | None
) -> pd.DataFrame:
    """Give what each account of each theme brings, once."""
    each = records.drop_duplicates([*_THEME, "account_id"])[[*_THEME, "account_id"]]
    whole = each["account_id"].map(accounts["contribution"])
    if category_margin is not None:
        keys = pd.MultiIndex.from_frame(each[["account_id", "category"]])
        part = pd.Series(category_margin.reindex(keys).to_numpy(float), each.index)
        whole = part.fillna(0.0).where(each["category"] != _UNKNOWN, whole)
    return each.assign(stake=whole.clip(lower=0.0).fillna(0.0))


def _counted(records: pd.DataFrame, end: pd.Timestamp, level: float) -> pd.DataFrame:
    """Count records and accounts of each theme, in the last half-year and the one before."""
    age = (end - records["day"]).dt.days
    marked = records.assign(recent=age < 183, before=(age >= 183) & (age < 366))
    by = marked.groupby(_THEME)
    table = by[["open", "recent", "before"]].sum()
    table.insert(0, "records", by.size())
    table.insert(0, "accounts", by["account_id"].nunique())
    table["trend"] = table["recent"] / table["before"].where(table["before"] > 0)
    tail = (1 - level) / 2
    low = stats.beta.ppf(tail, table["recent"], table["before"] + 1)
    high = stats.beta.ppf(1 - tail, table["recent"] + 1, table["before"])
    table["trend_low"] = np.where(table["recent"] > 0, low / (1 - low), 0.0)
    table["trend_high"] = np.where(table["before"] > 0, high / (1 - high), np.inf)
    unknown = table.index.get_level_values("source") == "need"
    table.loc[unknown, ["trend", "trend_low", "trend_high"]] = np.nan
    return table


def _at_stake(
    each: pd.DataFrame, accounts: pd.DataFrame, draws: int, seed: int, level: float
) -> pd.DataFrame:
    """Add stakes up by theme, with a Poisson bootstrap over accounts."""
    wide = each.pivot_table("stake", _THEME, "account_id", aggfunc="sum", fill_value=0.0)
    weights = np.random.default_rng(seed).poisson(1.0, (draws, wide.shape[1]))
    drawn = weights @ wide.to_numpy(float).T
    third = np.sort(drawn, axis=1)[:, -min(_TOP, drawn.shape[1])]
    tail = (1 - level) / 2
    ordered = each.sort_values(["stake", "account_id"], ascending=[False, True])
    largest = ordered.groupby(_THEME).head(_TOP)
    shown = largest["account_id"].map(accounts["name"]).fillna(largest["account_id"])
    return pd.DataFrame(
        {
            "stake": wide.sum(axis=1),
            "low": np.quantile(drawn, tail, axis=0),
            "high": np.quantile(drawn, 1 - tail, axis=0),
            "top_chance": ((drawn >= third[:, None]) & (drawn > 0)).mean(axis=0),
        },
        index=wide.index,
    ).join(largest.assign(names=shown).groupby(_THEME)["names"].agg(", ".join))


def _empty() -> pd.DataFrame:
    counts = ["accounts", "records", "open", "recent", "before", "trend", "trend_low", "trend_high"]
    stakes = ["stake", "low", "high", "top_chance", "names"]
    return pd.DataFrame(columns=[*_THEME, *counts, *stakes])


def _sentence(table: pd.DataFrame, currency: str) -> str:
    first = table.iloc[0].to_dict()
    bring = "brings" if first["accounts"] == 1 else "bring"
    where = "" if first["category"] == _UNKNOWN else f" ({first['category']})"
    said = (
        f"Most is at stake with {first['theme']}{where}: {several(first['accounts'], 'account')} "
        f"that {bring} {amount(first['stake'], currency)} a year "
        f"({amount(first['low'], currency)} to {amount(first['high'], currency)})."
    )
    rising = table[table["trend_low"] > 1]
    if len(rising):
        names = listing([str(one) for one in rising["theme"]])
        said += f" More often than half a year before: {names}."
    return said
