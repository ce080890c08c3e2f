"""2.2 Profile: what kind of accounts these are, and what goes with spend and with buying."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.associations import goes_with_chance, goes_with_quantile
from kapkit.models.contacts import inbound
from kapkit.models.outlook import firmographics
from kapkit.models.value import past_value, year_to
from kapkit.models.willingness import buys
from kapkit.wording import percent, say, several

_WEEKS = 13
#: What the characteristics are called on the page.
WORDS = {
    "annual_revenue": "their own turnover",
    "breadth": "categories bought",
    "channel": "channel",
    "contacts": "contacts of ours a year",
    "employees": "employees",
    "industry": "industry",
    "regularity": "regularity of orders",
    "tenure": "years as customer",
    "theirs": "contacts by them a year",
}


def account_profile(region: Region, *, as_of: dt.date | None = None) -> pd.DataFrame:
    """Describe each account: who it is, and how it buys.

    Parameters
    ----------
    region : Region
        A region, or the company.
    as_of : date
        Default: the region's; an earlier day describes the accounts as they were known then.

    Returns
    -------
    DataFrame indexed by account
        What the book says of it (`firmographics` of all accounts, few-shared texts kept) and
        ``tenure`` (years since ``since``, else since its first order), ``orders`` (order days of
        twelve months), ``breadth`` (categories bought in them), ``regularity`` (1: as a clock, 0:
        as chance or worse; missing below four orders); with activities ``contacts`` and
        ``theirs`` (of twelve months). Missing is missing.
    """
    day = as_of or region.as_of
    accounts, end = region.accounts, pd.Timestamp(day)
    past = region.purchases[region.purchases["date"] <= end]
    ordered = past[past["orders"] > 0].sort_values("date")
    first = ordered.groupby("account_id")["date"].min().reindex(accounts.index)
    since = accounts["since"].fillna(first) if "since" in accounts else first
    listed = [name for name in _told(accounts) if name in accounts]
    table = accounts[listed].assign(
        tenure=((end - since.where(since <= end)).dt.days / 365.25),
        orders=_counted(year_to(ordered, day), accounts.index),
        breadth=_breadth(region, day),
        regularity=_regularity(ordered).reindex(accounts.index),
    )
    made = region.tables.get("activities")
    if made is None:
        return table
    year = year_to(made, day)
    own, theirs = year[~inbound(year)], year[inbound(year)]
    return table.assign(
        contacts=_counted(own, accounts.index), theirs=_counted(theirs, accounts.index)
    )


@dataclass(frozen=True)
class Drivers:
    """What goes with spending much, and with buying in the next quarter, company-wide.

    ``table`` has a row per outcome (``spend``, ``buys``) and contrast, as in
    `kapkit.models.associations`; ``profile`` is the region's, indexed by account.
    """

    table: pd.DataFrame
    profile: pd.DataFrame
    sentences: tuple[str, ...]


def drivers_of(region: Region) -> Drivers:
    """Tell what goes with potential and with willingness, learned from all regions.

    Parameters
    ----------
    region : Region
        For the profile; the contrasts are the company's, so that small regions borrow strength.

    Returns
    -------
    Drivers
        Associations, not causes: contacts, say, follow sales as much as they lead them.
    """
    stored = region.pooled.get("drivers")
    table = learn_drivers(region.company) if stored is None else stored.drop(columns="region")
    return Drivers(table, account_profile(region), _sentences(table))


def learn_drivers(company: Region) -> pd.DataFrame:
    """Read contrasts of spend (its upper fifth) and of buying off the company's accounts.

    Spend is that of twelve months, and only what an account *is* goes with it: what it bought
    before would measure momentum. Buying is that of the last 13 weeks, with the whole profile as
    it was before them.
    """
    spend = past_value(
        company.purchases, company.accounts.index, as_of=company.as_of, measure="revenue"
    )
    now = account_profile(company)
    kept = firmographics(company.accounts).columns
    who = firmographics(company.accounts)[list(kept)].assign(tenure=now["tenure"])
    origin = company.as_of - dt.timedelta(weeks=_WEEKS)
    before = company.purchases["date"] <= pd.Timestamp(origin)
    known = pd.Index(company.purchases.loc[before, "account_id"].unique())
    known = known[known.isin(company.accounts.index)]
    then = account_profile(company, as_of=origin).drop(columns="orders")
    past = firmographics(then.assign(tenure=then["tenure"])).reindex(known)
    parts = {
        "spend": goes_with_quantile(spend, who),
        "buys": goes_with_chance(buys(company.purchases, known, origin, _WEEKS), past),
    }
    return pd.concat([part.assign(outcome=name) for name, part in parts.items()], ignore_index=True)


def _told(accounts: pd.DataFrame) -> list[str]:
    hidden = {"name", "region", "owner", "parent_id", "since", "recorded", "stated_potential"}
    return [str(name) for name in accounts.columns if name not in hidden]


def _counted(rows: pd.DataFrame, accounts: pd.Index) -> pd.Series:
    return rows.groupby("account_id").size().reindex(accounts, fill_value=0).astype(float)


def _breadth(region: Region, day: dt.date) -> pd.Series:
    """Count the categories with a positive revenue in the last twelve whole or cut months."""
    sold = region.categories
    start = pd.Timestamp(day) - pd.DateOffset(years=1)
    inside = (sold["month"] > start) & (sold["month"] <= pd.Timestamp(day)) & (sold["revenue"] > 0)
    known = sold[inside].dropna(subset=["category"])
    counted = known.groupby("account_id")["category"].nunique()
    found: pd.Series = counted.reindex(region.accounts.index, fill_value=0).astype(float)
    return found if sold["category"].notna().any() else found * np.nan


def _regularity(ordered: pd.DataFrame) -> pd.Series:
    """Give 1 less the variation of an account's gaps, not below 0 (chance has 1)."""
    gap = ordered.groupby("account_id")["date"].diff().dt.days
    by = gap.groupby(ordered["account_id"])
    varied: pd.Series = (by.std() / by.mean()).where(by.count() >= 3)
    return (1 - varied).clip(lower=0)


def _sentences(table: pd.DataFrame) -> tuple[str, ...]:
    if table.empty:
        return (
            say("Not enough data to tell what goes with potential and with buying: 60 are needed."),
        )
    said = []
    for outcome, start in (
        ("spend", say("With spending much go")),
        ("buys", say("With buying in the next quarter go")),
    ):
        part = table[table["outcome"] == outcome]
        if part.empty:
            continue
        stands = part[part["stands"]].assign(size=lambda rows: rows["effect"].abs())
        best = stands.sort_values("size", ascending=False).head(3).to_dict("records")
        count = several(int(part["accounts"].iloc[0]), "account")
        if not best:
            said.append(
                say(
                    "{start} none of the {tried} characteristics tried, beyond chance "
                    "({accounts}).",
                    start=start,
                    tried=f"{len(part):,}",
                    accounts=count,
                )
            )
            continue
        names = ", ".join(_effect(row, outcome) for row in best)
        said.append(
            say(
                "{start} {names} ({accounts}; {tried} characteristics tried).",
                start=start,
                names=names,
                accounts=count,
                tried=f"{len(part):,}",
            )
        )
    return tuple(said)


def _effect(row: dict, outcome: str) -> str:  # type: ignore[type-arg]
    name = WORDS.get(row["characteristic"], row["characteristic"].replace("_", " "))
    if outcome == "buys":
        size = f"{row['effect'] * 100:+z.0f} points"
    else:
        size = f"{row['effect'] * 100:+z,.0f} %"
    return f"{name} {row['contrast']} ({size})"


def profile_summary(profile: pd.DataFrame, classified: pd.DataFrame) -> pd.DataFrame:
    """Sum up what kind of accounts each class holds: the middle account of each.

    Parameters
    ----------
    profile : DataFrame
        From `account_profile`.
    classified : DataFrame
        ``Classification.table``.

    Returns
    -------
    DataFrame indexed by class
        ``accounts`` and the median of each number; texts by their most frequent value with its
        share.
    """
    by = profile.groupby(classified["class"].reindex(profile.index))
    numbers = profile.select_dtypes("number")
    table = numbers.groupby(classified["class"].reindex(profile.index)).median()
    for name in profile.columns.difference(numbers.columns):
        table[name] = by[name].agg(_most)
    return table.assign(accounts=by.size())[["accounts", *profile.columns]].rename_axis("class")


def _most(column: pd.Series) -> str | None:
    shares = column.value_counts(normalize=True)
    return None if shares.empty else f"{shares.index[0]} ({percent(float(shares.iloc[0]))})"
