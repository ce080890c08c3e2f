"""2.2 White space: which categories could an account buy that its peers do?"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.region import Region
from kapkit.models.scores import auc
from kapkit.wording import amount, percent, say, say_count

#: Accounts of all peers that count beside those of a line of business.
_PRIOR_PEERS = 10.0
_PEERS_NEEDED = 5
#: Openings of a year ago that are needed to judge by.
_ANSWERS_NEEDED = 50
_EIGHTY = float(stats.norm.ppf(0.9))
ALL = "all"


@dataclass(frozen=True)
class WhiteSpace:
    """Categories that accounts do not buy and their peers do.

    ``table`` has a row per account and such category: ``account_id``, ``category``, ``if_won``
    (revenue a year that peers of its size spend on it) with the 80 % interval ``low`` and
    ``high``, ``starts`` (share of such peers that began to buy it within a year), ``expected``
    (their product) and ``peers``; highest expected first. ``categories`` sums it up.
    """

    table: pd.DataFrame
    categories: pd.DataFrame
    sentences: tuple[str, ...]


def white_space_of(region: Region) -> WhiteSpace:
    """Size what each account of a region could buy of the categories it leaves out.

    Parameters
    ----------
    region : Region
        The region; peers are those of the whole company, by line of business.

    Returns
    -------
    WhiteSpace
        Empty where no category is known or nobody leaves one out.
    """
    learned = learn_white_space(region.company) if "peers" not in region.pooled else region.pooled
    peers = learned["peers"].drop(columns="region")
    judged = str(learned["peers_judged"]["sentence"].iloc[0])
    spend = spend_by_category(region, region.as_of)
    groups = _groups(region.accounts)
    table = white_space(spend, groups, peers)
    by = table.groupby("category")
    categories = by[["if_won", "low", "high", "expected"]].sum().assign(accounts=by.size())
    categories = categories.sort_values("expected", ascending=False, kind="stable")
    sentences = [_sentence(categories, region.book.currency), *([judged] if len(table) else [])]
    return WhiteSpace(table, categories, tuple(sentences))


def white_space(spend: pd.DataFrame, groups: pd.Series, peers: pd.DataFrame) -> pd.DataFrame:
    """Size the categories that accounts leave out, from what peers spend on them.

    Parameters
    ----------
    spend : DataFrame
        Accounts x categories: revenue of twelve months.
    groups : Series
        Line of business of each account.
    peers : DataFrame
        From `learn_peers`.

    Returns
    -------
    DataFrame
        `WhiteSpace.table`. What an account would spend is its whole spend times the usual odds of
        the category among peers that buy it; an account that buys nothing has no white space.
    """
    total = spend.clip(lower=0).sum(axis=1)
    long = spend.rename_axis(index="account_id", columns="category")
    cells = long.melt(ignore_index=False, value_name="own").reset_index()
    open_ = cells[~(cells["own"] > 0) & (cells["account_id"].map(total) > 0)]
    known = peers.set_index(["group", "category"])
    group = open_["account_id"].map(groups)
    there = pd.MultiIndex.from_arrays([group, open_["category"]]).isin(known.index)
    keys = pd.MultiIndex.from_arrays([group.where(there, ALL), open_["category"]])
    found = known.reindex(keys).reset_index(drop=True)
    size = open_["account_id"].map(total).to_numpy(float)
    table = open_[["account_id", "category"]].reset_index(drop=True)
    for name, share in (("if_won", "share"), ("low", "low"), ("high", "high")):
        part = found[share].clip(0, 0.9)
        table[name] = size * part / (1 - part)
    table = table.assign(starts=found["starts"], peers=found["peers"])
    table["expected"] = table["if_won"] * table["starts"]
    table = table[table["expected"] > 0]
    return table.sort_values(["expected", "account_id"], ascending=[False, True], ignore_index=True)


def learn_white_space(company: Region) -> dict[str, pd.DataFrame]:
    """Learn from all regions what peers buy, and judge such words on the last year.

    Returns
    -------
    dict of DataFrame
        ``peers`` (`learn_peers`) and ``peers_judged`` (one row with a ``sentence``), for all
        regions.
    """
    whole = {
        "peers": learn_peers(company, company.as_of),
        "peers_judged": pd.DataFrame({"sentence": [_judged(company)]}),
    }
    return {
        name: table.assign(region=pd.Series(None, table.index, dtype="str"))
        for name, table in whole.items()
    }


def _judged(company: Region) -> str:
    """Compare the chances to start that were said a year ago with who started."""
    year_ago = (pd.Timestamp(company.as_of) - pd.DateOffset(years=1)).date()
    then, now = (spend_by_category(company, day) for day in (year_ago, company.as_of))
    said = white_space(then, _groups(company.accounts), learn_peers(company, year_ago))
    bought = (now > 0).stack(future_stack=True)  # noqa: PD013
    still = said["account_id"].isin(now.index[(now > 0).any(axis=1)])
    said = said[still]
    came = bought.reindex(pd.MultiIndex.from_frame(said[["account_id", "category"]]))
    outcome = pd.Series(came.to_numpy(float), said.index)
    if len(said) < _ANSWERS_NEEDED or outcome.nunique() < 2:
        return say("Not enough data to tell how well peers foresee who starts a category.")
    return say(
        "Of {asked} such openings a year ago {began} were taken up, {said} were expected; peers "
        "told them apart with an AUC of {rank} (.50 is chance).",
        asked=f"{len(said):,}",
        began=f"{outcome.sum():,.0f}",
        said=f"{said['starts'].sum():,.0f}",
        rank=f"{auc(said['starts'], outcome):.2f}".lstrip("0"),
    )


def learn_peers(company: Region, day: dt.date) -> pd.DataFrame:
    """Learn from all accounts what those of a line of business spend on each category.

    Parameters
    ----------
    company : Region
        All regions.
    day : date
        Last day that counts.

    Returns
    -------
    DataFrame
        A row per ``group`` (and one for `ALL`) and ``category``: ``peers`` (accounts that bought
        anything), ``buying`` (share that buys it), ``share`` (of the spend of those that do: mean
        over accounts, drawn to that of all) with its 80 % interval ``low`` and ``high``, and
        ``starts`` (of those that did not buy it a year ago, the share that does now).
    """
    now = spend_by_category(company, day)
    year_ago = (pd.Timestamp(day) - pd.DateOffset(years=1)).date()
    before = spend_by_category(company, year_ago).reindex(index=now.index, columns=now.columns)
    groups = _groups(company.accounts)
    bought = now.clip(lower=0)
    active = bought.sum(axis=1) > 0
    was_active = before.clip(lower=0).sum(axis=1) > 0
    rows = []
    for category in now.columns:
        share = (bought[category] / bought.sum(axis=1).where(active)).where(bought[category] > 0)
        out = was_active & active & ~(before[category] > 0)
        began = (now[category] > 0).where(out)
        rows.append(_peer_rows(str(category), groups, active, share, began))
    columns = ["group", "category", "peers", "buying", "share", "low", "high", "starts"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def spend_by_category(region: Region, day: dt.date) -> pd.DataFrame:
    """Sum revenue of twelve months, accounts x categories; unknown categories are left out."""
    sold, end = region.categories, pd.Timestamp(day)
    inside = (sold["month"] <= end) & (sold["month"] > end - pd.DateOffset(years=1))
    known = sold[inside & sold["category"].notna()]
    names = sorted(sold["category"].dropna().unique())
    table = known.pivot_table(
        index="account_id", columns="category", values="revenue", aggfunc="sum", fill_value=0.0
    )
    return table.reindex(index=region.accounts.index, columns=names, fill_value=0.0)


def _groups(accounts: pd.DataFrame) -> pd.Series:
    if "industry" not in accounts:
        return pd.Series(ALL, accounts.index)
    return accounts["industry"].fillna(ALL).astype("str")


def _peer_rows(
    category: str, groups: pd.Series, active: pd.Series, share: pd.Series, began: pd.Series
) -> pd.DataFrame:
    """Give a category's rows: all peers, and each line of business drawn to them."""
    usual, spread = float(share.mean()), float(share.std())
    starts = _rate(began.sum(), began.count(), 0.5, 0.5)
    by = pd.DataFrame({"active": active, "share": share, "began": began}).groupby(groups)
    table = pd.DataFrame(
        {
            "peers": by["active"].sum(),
            "buyers": by["share"].count(),
            "mean": by["share"].mean().fillna(usual),
            "began": by["began"].sum().astype(float),
            "asked": by["began"].count(),
        }
    )
    table = table[(table["peers"] >= _PEERS_NEEDED) & (table.index != ALL)]
    drawn = (table["buyers"] * table["mean"] + _PRIOR_PEERS * usual) / (
        table["buyers"] + _PRIOR_PEERS
    )
    table = table.assign(
        share=drawn,
        starts=_rate(
            table["began"], table["asked"], _PRIOR_PEERS * starts, _PRIOR_PEERS * (1 - starts)
        ),
        group=table.index,
    )
    everyone = {
        "group": ALL,
        "peers": active.sum(),
        "buyers": share.count(),
        "share": usual,
        "starts": starts,
    }
    whole = pd.concat([table.reset_index(drop=True), pd.DataFrame([everyone])], ignore_index=True)
    among = (whole["buyers"] + np.where(whole["group"] == ALL, 0, _PRIOR_PEERS)).clip(lower=1)
    reach = _EIGHTY * spread / np.sqrt(among)
    return whole.assign(
        category=category,
        buying=whole["buyers"] / whole["peers"].where(whole["peers"] > 0),
        low=(whole["share"] - reach).clip(lower=0),
        high=whole["share"] + reach,
    )


def _rate(hits: object, tries: object, a: object, b: object) -> float:
    return (hits + a) / (tries + a + b)  # type: ignore[operator, no-any-return]


def _sentence(categories: pd.DataFrame, currency: str) -> str:
    if categories.empty:
        return say("No white space can be told: no category is known, or nobody leaves one out.")
    best = categories.iloc[0]
    share = float(best["expected"] / best["if_won"])
    return say_count(
        int(best["accounts"]),
        "Most is to be won with {category}: {count} account does not buy it, peers of its size "
        "would spend {money} a year ({low} to {high}); {share} of such accounts start within a "
        "year.",
        "Most is to be won with {category}: {count} accounts do not buy it, peers of their size "
        "would spend {money} a year ({low} to {high}); {share} of such accounts start within a "
        "year.",
        category=str(categories.index[0]),
        money=amount(float(best["if_won"]), currency),
        low=amount(float(best["low"])),
        high=amount(float(best["high"])),
        share=percent(share),
    )
