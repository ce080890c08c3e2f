"""3.2 Profit contribution: who earns the region's money, and who costs it."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.evaluation.cost_to_serve import CostToServe, cost_to_serve_of
from kapkit.models.value import year_to
from kapkit.wording import amount, percent, say, say_count, several

_MEASURES = ["revenue", "credits", "discount", "cost", "costed_revenue", "lines", "costed_lines"]


@dataclass(frozen=True)
class Contribution:
    """What each account contributed in twelve months, and the sentence on the whole.

    ``table`` is indexed by account, highest contribution first: ``revenue``, ``credits``,
    ``discount`` (granted off list prices; missing where the book has none), ``cost`` (of goods),
    ``margin`` (revenue less cost of goods; missing where no line has a cost), ``cost_to_serve``
    (missing where the book does not know it), ``contribution`` (margin less cost to serve, as
    far as that is known), ``margin_share`` (contribution over the revenue of lines with a
    cost), ``revenue_share``, ``contribution_share``, ``uncosted_revenue`` and
    ``revenue_before`` (the twelve months before). ``definition`` says what contribution means
    here, and what is left out of it; ``served`` is the cost to serve by driver, None where the
    book has none.
    """

    table: pd.DataFrame
    sentence: str
    definition: str
    served: CostToServe | None = None


def profit_contribution(
    purchases: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    costs_known: bool = True,
    served: CostToServe | None = None,
    currency: str = "",
) -> Contribution:
    """Find what each account contributed to profit in the last twelve months.

    Contribution is net revenue less cost of goods, over the lines whose cost is known, less cost
    to serve where that is known; revenue without a known cost is stated beside it, never given
    a margin, and use of a driver without a rate is named, never priced at nothing.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    accounts : Index
        The accounts to evaluate, also those that bought nothing.
    as_of : date
        Last day of the twelve months.
    costs_known : bool
        False where the whole book has no costs: then every contribution is missing.
    served : CostToServe or None
        Cost to serve in the same twelve months (`cost_to_serve`); None where it is not known.
    currency : str
        Written behind amounts in the sentence.

    Returns
    -------
    Contribution

    Notes
    -----
    An account that bought nothing has revenue 0 and, where costs are known, margin 0; it may
    still have cost something to serve.
    Shares are of the region's total and missing where that is not positive. Equal accounts
    stand in the order of their keys.

    Examples
    --------
    >>> day = pd.DataFrame({"account_id": ["a"], "date": [pd.Timestamp("2026-06-30")],
    ...     "revenue": [9.0], "credits": [0.0], "cost": [5.0], "costed_revenue": [8.0],
    ...     "lines": [2.0], "costed_lines": [1.0]})
    >>> found = profit_contribution(day, pd.Index(["a", "b"]), as_of=dt.date(2026, 6, 30))
    >>> found.table[["contribution", "uncosted_revenue"]].loc["a"].tolist()
    [3.0, 1.0]
    """
    year = _summed(year_to(purchases, as_of), accounts)
    before = _summed(year_to(purchases, as_of, years_back=1), accounts)
    unknown = ((year["lines"] > 0) & (year["costed_lines"] == 0)) | (not costs_known)
    margin = (year["costed_revenue"] - year["cost"]).mask(unknown)
    serving = served.of(accounts) if served else pd.Series(np.nan, accounts)
    contribution = margin - serving.fillna(0.0)
    table = pd.DataFrame(
        {
            "revenue": year["revenue"],
            "credits": year["credits"],
            "discount": year["discount"],
            "cost": year["cost"].mask(unknown),
            "margin": margin,
            "cost_to_serve": serving,
            "contribution": contribution,
            "margin_share": contribution / year["costed_revenue"].where(year["costed_revenue"] > 0),
            "revenue_share": _share(year["revenue"]),
            "contribution_share": _share(contribution),
            "uncosted_revenue": year["revenue"] - year["costed_revenue"],
            "revenue_before": before["revenue"],
        }
    )
    ranked = table.sort_index().sort_values(
        ["contribution", "revenue"], ascending=False, kind="stable"
    )
    definition = _definition(served, costs_known=costs_known)
    return Contribution(ranked, _sentence(ranked, currency), definition, served)


def contribution_of(region: Region) -> Contribution:
    """Find what each account of a region contributed in the last twelve months.

    Parameters
    ----------
    region : Region
        The region as of a day.

    Returns
    -------
    Contribution
        See `profit_contribution`.
    """
    return profit_contribution(
        region.purchases,
        region.accounts.index,
        as_of=region.as_of,
        costs_known=region.book.costed_share > 0,
        served=cost_to_serve_of(region),
        currency=region.book.currency,
    )


def whale_curve(contribution: pd.Series) -> pd.DataFrame:
    """Show how much of the profit the best accounts make, and the worst give back.

    Accounts are ranked by contribution, highest first; the curve is their running
    sum over the total.

    Parameters
    ----------
    contribution : Series of float
        Net contribution per account and year, in the book's currency; may be negative.
        Missing entries are left out.

    Returns
    -------
    DataFrame indexed like the ranked accounts
        ``account_share`` (0 to 1) and ``profit_share`` (1 = the total; exceeds 1 where
        loss-making accounts follow).

    Raises
    ------
    DataError
        If the total is not positive: shares of it have no meaning.

    References
    ----------
    Kaplan, R. S. and Narayanan, V. G. (2001), Measuring and managing customer profitability.

    Examples
    --------
    >>> whale_curve(pd.Series({"a": 8.0, "b": 4.0, "c": -2.0}))["profit_share"].tolist()
    [0.8, 1.2, 1.0]
    """
    ranked = contribution.dropna().sort_values(ascending=False, kind="stable")
    if not ranked.sum() > 0:
        raise DataError(
            f"contribution: the total of {several(len(ranked), 'account')} is "
            f"{amount(ranked.sum())}, not positive, so there are no shares of it; read the "
            "amounts instead"
        )
    return pd.DataFrame(
        {
            "account_share": np.arange(1, len(ranked) + 1) / len(ranked),
            "profit_share": ranked.cumsum() / ranked.sum(),
        }
    )


@dataclass(frozen=True)
class LargeButLosing:
    """Accounts among the largest by revenue whose contribution is negative, worst first.

    ``table`` has their rows of the contribution's table, and ``revenue_rank``.
    """

    table: pd.DataFrame
    sentence: str


def large_but_losing(
    contribution: Contribution, *, share: float = 0.2, currency: str = ""
) -> LargeButLosing:
    """List the accounts that lose money although they are big.

    Parameters
    ----------
    contribution : Contribution
        From `profit_contribution`.
    share : float, 0 to 1
        The accounts that count as big: this share of those with a positive revenue, by
        revenue, at least one; accounts of equal revenue count alike.
    currency : str
        Written behind amounts in the sentence.

    Returns
    -------
    LargeButLosing
    """
    bought = contribution.table[contribution.table["revenue"] > 0]
    rank = bought["revenue"].rank(ascending=False, method="min").astype(int)
    big = rank <= max(1, round(share * len(bought)))
    losing = bought.assign(revenue_rank=rank)[big & (bought["contribution"] < 0)]
    losing = losing.sort_values("contribution", kind="stable")
    return LargeButLosing(losing, _losing_sentence(losing, int(big.sum()), bought, currency))


def _summed(purchases: pd.DataFrame, accounts: pd.Index) -> pd.DataFrame:
    # A book without discounts does not say that there are none.
    unknown = "discount" not in purchases or purchases["discount"].isna().all()
    told = [name for name in _MEASURES if name != "discount" or not unknown]
    sums = purchases.groupby("account_id")[told].sum()
    return sums.reindex(accounts, fill_value=0.0).reindex(columns=_MEASURES)


def _share(values: pd.Series) -> pd.Series:
    total = values.sum()
    return values / total if total > 0 else values * np.nan


def _sentence(table: pd.DataFrame, currency: str) -> str:
    revenue, contribution = table["revenue"].sum(), table["contribution"]
    if len(table) and contribution.isna().all():
        return say(
            "Revenue of the last twelve months was {revenue}; no cost is known, so contribution "
            "cannot be computed.",
            revenue=amount(revenue, currency),
        )
    uncosted = table["uncosted_revenue"].sum()
    serving = table["cost_to_serve"].sum(min_count=1)
    brought = {
        "revenue": amount(revenue, currency),
        "contribution": amount(contribution.sum(), currency),
    }
    if np.isnan(serving):
        said = say(
            "The last twelve months brought {revenue} of revenue and {contribution} of "
            "contribution.",
            **brought,
        )
    else:
        said = say(
            "The last twelve months brought {revenue} of revenue and {contribution} of "
            "contribution after {serving} of cost to serve.",
            serving=amount(serving, currency),
            **brought,
        )
    if uncosted:
        said += " " + say(
            "{revenue} of revenue has no known cost.", revenue=amount(uncosted, currency)
        )
    return said + _discount_sentence(table, currency)


def _discount_sentence(table: pd.DataFrame, currency: str) -> str:
    """Say what was granted off list prices; nothing where the book does not tell."""
    granted = table["discount"].sum(min_count=1)
    listed = table["revenue"].sum() + granted
    if not granted > 0 or not listed > 0:
        return ""
    return " " + say(
        "Before that, discounts took {discount} off list prices, {share} of them.",
        discount=amount(granted, currency),
        share=percent(granted / listed),
    )


def _definition(served: CostToServe | None, *, costs_known: bool) -> str:
    """Say what contribution means here, and what is left out of it."""
    if not costs_known:
        return say("Contribution is not known: the book has no cost of goods.")
    goods = say("Contribution is net revenue less cost of goods, over lines whose cost is known")
    if served is None or not served.known:
        return say(
            "{goods}. Cost to serve is not in it: the book does not say what that is.", goods=goods
        )
    if not served.priced:
        return say("{goods}, less cost to serve, of which none was recorded.", goods=goods)
    said = say(
        "{goods}, less cost to serve ({drivers}). Other costs are left out.",
        goods=goods,
        drivers=", ".join(served.priced),
    )
    if served.unpriced:
        said += " " + say(
            "Left out for want of a rate: {drivers}.", drivers=", ".join(served.unpriced)
        )
    return said


def _losing_sentence(losing: pd.DataFrame, big: int, bought: pd.DataFrame, currency: str) -> str:
    if bought.empty:
        return say("No account bought anything in the last twelve months.")
    if bought["contribution"].isna().all():
        return say("Without costs, accounts that lose money cannot be found.")
    if losing.empty and big == 1:
        return say("The largest account does not lose money.")
    if losing.empty:
        return say("None of the {big} largest accounts loses money.", big=f"{big:,}")
    revenue = losing["revenue"].sum()
    about = {
        "lost": amount(-losing["contribution"].sum(), currency),
        "revenue": amount(revenue, currency),
        "share": percent(revenue / bought["revenue"].sum()),
    }
    if big == 1:
        return say(
            "The largest account loses money: {lost} lost on {revenue} of revenue, {share} of the "
            "region's.",
            **about,
        )
    return say_count(
        len(losing),
        "{count} of the {big} largest accounts loses money: {lost} lost on {revenue} of revenue, "
        "{share} of the region's.",
        "{count} of the {big} largest accounts lose money: {lost} lost on {revenue} of revenue, "
        "{share} of the region's.",
        big=f"{big:,}",
        **about,
    )
