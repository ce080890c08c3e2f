"""3.1 Needs: what accounts miss, how much hangs on it, and what would answer it."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.errors import listing
from kapkit.book.region import Region
from kapkit.evaluation.profit import Contribution
from kapkit.wording import amount, say, say_count

#: A need is open from this importance and this gap on.
IMPORTANT, GAP = 4.0, 1.0
_HALF_YEAR = 183
_LEVEL = 0.8
#: Variance that answers, and needs, differ by at least: a quarter of a point.
_LEAST_SPREAD = 0.0625
#: Fewer buyers among the accounts that named a need teach no match.
_BUYERS_NEEDED = 5


@dataclass(frozen=True)
class Needs:
    """What accounts need, what is at stake, what answers it, and what nobody answers.

    ``accounts`` has a row per account and need, as last recorded: ``importance``,
    ``fulfilment``, ``gap`` (their difference), ``opportunity`` (importance plus the gap where
    positive, after Ulwick), ``gap_before`` (at the record before), ``open`` and ``stake``.
    ``table`` is indexed by need, most at stake first: ``accounts`` (that named it), ``open``,
    ``stake`` (contribution of the accounts where it is open, losses as none), ``importance``,
    ``fulfilment``, ``gap`` with ``low`` and ``high`` (drawn to the mean of all needs where few
    named it), ``opportunity``, ``recent`` (gap as named in the last half-year) and ``answers``.
    ``matches`` has a row per need and answer: ``answer``, ``stated`` and ``reason``.
    """

    accounts: pd.DataFrame
    table: pd.DataFrame
    matches: pd.DataFrame
    sentence: str

    @property
    def unanswered(self) -> list[str]:
        """Needs that are open somewhere and that nothing is known to answer."""
        table = self.table
        return list(table.index[(table["open"] > 0) & (table["answers"] == 0)])


def needs_of(region: Region, contribution: Contribution) -> Needs | None:
    """Rank a region's needs by what is at stake, with what answers them.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.
    contribution : Contribution
        From `contribution_of`.

    Returns
    -------
    Needs or None
        None where the book records no needs.
    """
    recorded = region.tables.get("needs")
    if recorded is None:
        return None
    bought = region.categories
    return needs(
        recorded,
        contribution.table["contribution"],
        as_of=region.as_of,
        solutions=region.tables.get("solutions"),
        products=region.tables.get("products"),
        categories=bought[bought["month"] <= pd.Timestamp(region.as_of)],
        currency=region.book.currency,
    )


def needs(
    recorded: pd.DataFrame,
    contribution: pd.Series,
    *,
    as_of: dt.date,
    solutions: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None,
    categories: pd.DataFrame | None = None,
    currency: str = "",
) -> Needs:
    r"""Rank needs by the contribution at stake: what to offer first, and what to invent.

    The latest record of an account and need counts. Opportunity after Ulwick: importance plus
    :math:`\max(\text{importance} - \text{fulfilment}, 0)`. Mean gaps are drawn to the mean of all
    needs by :math:`\sigma^2 / \tau^2` (spread of accounts over spread of needs).

    Parameters
    ----------
    recorded : DataFrame
        Schema ``NEEDS``; later records are ignored.
    contribution : Series indexed by account
        A year, in the book's currency; missing counts as none.
    as_of : date
        Last day that counts.
    solutions, products : DataFrame or None
        Schemas; a stated solution is the first match.
    categories : DataFrame or None
        Schema ``CATEGORIES``: where no solution is stated, the category that accounts bought
        after they named a need, clearly more often than the others, is the match.
    currency : str
        Written behind amounts in the sentence.

    Returns
    -------
    Needs
        Stakes of needs do not add up: an account may have several.

    References
    ----------
    Ulwick, A. W. (2002), Turn customer input into innovation, Harvard Business Review 80(1).

    Examples
    --------
    >>> said = pd.DataFrame({"account_id": ["a"], "need": ["speed"], "importance": [5.0],
    ...     "fulfilment": [2.0], "recorded": [pd.Timestamp("2026-06-01")]})
    >>> needs(said, pd.Series({"a": 90.0}), as_of=dt.date(2026, 6, 30)).table[
    ...     ["stake", "opportunity"]].loc["speed"].tolist()
    [90.0, 8.0]
    """
    known = recorded[recorded["recorded"] <= pd.Timestamp(as_of)]
    known = known[known["account_id"].isin(contribution.index)]
    latest = _latest(known, contribution)
    matches = _matches(latest, known, solutions, products, categories)
    table = _by_need(latest, pd.Timestamp(as_of))
    answers = matches.groupby("need").size().reindex(table.index, fill_value=0)
    table = table.assign(answers=answers.astype(float))
    return Needs(latest, table, matches, _sentence(table, currency))


def needs_by_region(found: Needs, regions: pd.Series) -> pd.DataFrame:
    """Lay the stake of each need out by region, highest total first.

    Parameters
    ----------
    found : Needs
        Of the company.
    regions : Series indexed by account
        The region of each account.

    Returns
    -------
    DataFrame
        A row per need, a column per region, in the book's currency; 0 where it is open nowhere.
    """
    rows = found.accounts.assign(region=found.accounts["account_id"].map(regions))
    table = rows.pivot_table("stake", "need", "region", aggfunc="sum", fill_value=0.0)
    return table.reindex([need for need in found.table.index if need in table.index])


def _latest(known: pd.DataFrame, contribution: pd.Series) -> pd.DataFrame:
    ordered = known.sort_values("recorded", kind="stable")
    ordered = ordered.assign(gap=ordered["importance"] - ordered["fulfilment"])
    by = ordered.groupby(["account_id", "need"])
    ordered = ordered.assign(gap_before=by["gap"].shift())
    latest = ordered.drop_duplicates(["account_id", "need"], keep="last")
    is_open = (latest["importance"] >= IMPORTANT) & (latest["gap"] >= GAP)
    worth = latest["account_id"].map(contribution).clip(lower=0.0).fillna(0.0)
    columns = ["account_id", "need", "recorded", "importance", "fulfilment", "gap", "gap_before"]
    return (
        latest[columns]
        .assign(
            opportunity=latest["importance"] + latest["gap"].clip(lower=0.0),
            open=is_open,
            stake=worth.where(is_open, 0.0),
        )
        .sort_values(
            ["stake", "account_id", "need"], ascending=[False, True, True], ignore_index=True
        )
    )


def _by_need(latest: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    by = latest.groupby("need")
    recent = latest["gap"].where((end - latest["recorded"]).dt.days < _HALF_YEAR)
    table = pd.DataFrame(
        {
            "accounts": by.size().astype(float),
            "open": by["open"].sum().astype(float),
            "stake": by["stake"].sum(),
            "importance": by["importance"].mean(),
            "fulfilment": by["fulfilment"].mean(),
            "opportunity": by["opportunity"].mean(),
            "recent": recent.groupby(latest["need"]).mean(),
            **_drawn(latest),
        }
    )
    return table.sort_values(["stake", "opportunity"], ascending=False, kind="stable")


def _drawn(latest: pd.DataFrame) -> dict[str, pd.Series]:
    """Draw mean gaps to the mean of all needs, with an interval."""
    by = latest.groupby("need")["gap"]
    count, own = by.size().astype(float), by.mean()
    free = float((count - 1).sum())
    errors = float(((latest["gap"] - by.transform("mean")) ** 2).sum())
    within = max(errors / free if free > 0 else 1.0, _LEAST_SPREAD)
    seen = float(own.var(ddof=1)) if len(own) > 1 else 0.0
    between = max(seen - within * float((1 / count).mean()), _LEAST_SPREAD)
    weight = count / (count + within / between)
    mean = float(own.mean()) if len(own) else float("nan")
    drawn = mean + weight * (own - mean)
    # The mean of all needs is not known exactly either.
    variance = between * (1 - weight) + (1 - weight) ** 2 * within / max(float(count.sum()), 1.0)
    reach = float(stats.norm.ppf((1 + _LEVEL) / 2)) * np.sqrt(variance)
    return {"gap": drawn, "low": drawn - reach, "high": drawn + reach}


def _matches(
    latest: pd.DataFrame,
    known: pd.DataFrame,
    solutions: pd.DataFrame | None,
    products: pd.DataFrame | None,
    categories: pd.DataFrame | None,
) -> pd.DataFrame:
    stated = _stated(solutions, products)
    stated = stated[stated["need"].isin(latest["need"])]
    asked = [need for need in latest["need"].unique() if need not in set(stated["need"])]
    found = [] if categories is None else [_bought(need, known, categories) for need in asked]
    learned = pd.DataFrame(
        [row for row in found if row], columns=["need", "answer", "stated", "reason"]
    )
    whole = pd.concat([stated, learned], ignore_index=True) if len(learned) else stated
    return whole.astype({"stated": bool})


def _stated(solutions: pd.DataFrame | None, products: pd.DataFrame | None) -> pd.DataFrame:
    """Take the answers that the book states: a product by its name, or a kind of contact."""
    if solutions is None:
        return pd.DataFrame(columns=["need", "answer", "stated", "reason"])
    text = {
        name: solutions.get(name, pd.Series(None, solutions.index, dtype="str")).astype("str")
        for name in ("product_id", "action", "note")
    }
    names = (
        {} if products is None else dict(zip(products["product_id"], products["name"], strict=True))
    )
    product = text["product_id"].map(names).astype("str").fillna(text["product_id"])
    note = text["note"].fillna("")
    return pd.DataFrame(
        {
            "need": solutions["need"],
            "answer": product.fillna(text["action"]),
            "stated": True,
            "reason": [
                say("stated: {note}", note=one) if one else say("stated in solutions")
                for one in note
            ],
        }
    ).dropna(subset="answer")


def _bought(need: str, known: pd.DataFrame, categories: pd.DataFrame) -> tuple[object, ...] | None:
    """Find the category bought newly, after the need was named, more often than by the others."""
    first = known[known["need"] == need].groupby("account_id")["recorded"].min()
    sold = categories[(categories["revenue"] > 0) & categories["category"].notna()]
    start = sold.groupby(["account_id", "category"])["month"].min().reset_index()
    named = start["account_id"].isin(first.index)
    after = named & (start["month"] > start["account_id"].map(first))
    others = sold.loc[~sold["account_id"].isin(first.index), "account_id"].nunique()
    best: tuple[float, str, int, int] | None = None
    for category, part in start.groupby("category"):
        hits = int(after[part.index].sum())
        before = int((named & ~after)[part.index].sum())
        rivals = int((~named)[part.index].sum())
        free = len(first) - before
        if hits < _BUYERS_NEEDED or not others:
            continue
        low = float(stats.beta.ppf(0.1, hits + 0.5, free - hits + 0.5))
        if low > rivals / others and (best is None or low > best[0]):
            best = (low, str(category), hits, free)
    if best is None:
        return None
    reason = say(
        "{hits} of {free} accounts bought it for the first time after they named the need, clearly "
        "more often than others have it",
        hits=f"{best[2]:,}",
        free=f"{best[3]:,}",
    )
    return need, best[1], False, reason


def _sentence(table: pd.DataFrame, currency: str) -> str:
    there = table[table["open"] > 0]
    if there.empty:
        return say("No need is recorded that is important and unmet.")
    first = there.reset_index().iloc[0].to_dict()
    said = say_count(
        int(first["open"]),
        "Most is at stake with {need}: {count} account that contributes {stake} a year has it "
        "open (gap {gap}, {low} to {high})",
        "Most is at stake with {need}: {count} accounts that contribute {stake} a year have it "
        "open (gap {gap}, {low} to {high})",
        need=first["need"],
        stake=amount(first["stake"], currency),
        gap=f"{first['gap']:.1f}",
        low=f"{first['low']:.1f}",
        high=f"{first['high']:.1f}",
    )
    nobody = [str(need) for need in there.index[there["answers"] == 0]]
    if nobody:
        return say("{said}. Nothing is known to answer {needs}.", said=said, needs=listing(nobody))
    return say("{said}. Each open need has an answer.", said=said)
