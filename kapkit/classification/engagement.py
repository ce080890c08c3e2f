"""2.3 Engagement: who is in touch with whom, how freshly, and who has gone silent."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.contacts import MINUTES, contact_features, contact_hours, contact_rhythm, inbound
from kapkit.models.scores import auc
from kapkit.models.willingness import buys
from kapkit.wording import percent, say, say_count

KINDS = (*MINUTES, "other")
#: An alarm is given for a silence longer than on this share of usual days.
USUAL_SHARE = 0.95
#: Past days, a quarter apart, from which the usual silence is read.
_PAST_DAYS = 4
_ACCOUNTS_NEEDED = 30
_SIGNS = {"contacts_8": 1, "contacts_26": 1, "inbound_8": 1, "contact_recency": -1}


@dataclass(frozen=True)
class Engagement:
    """How each account and we keep in touch.

    ``table`` is indexed by account: our contacts of twelve months by kind, ``ours``, ``theirs``,
    ``hours`` (of ours), ``last_contact``, ``days_since``, ``usual_gap_days``, ``times`` (days
    since over that gap), ``silent`` (longer than usual, `USUAL_SHARE`), ``score`` (0 to 100: the
    share of the company's accounts that are less engaged). ``months`` counts contacts by month
    and kind, those of the accounts as ``theirs``. ``told`` is False without activities.
    """

    table: pd.DataFrame
    months: pd.DataFrame
    silent_by_chance: float
    told: bool
    sentences: tuple[str, ...]


def engagement_of(region: Region) -> Engagement:
    """Tell how a region keeps in touch with its accounts, and which have gone silent.

    Parameters
    ----------
    region : Region
        The region as of a day.

    Returns
    -------
    Engagement
        The alarm compares each account's silence with its own rhythm; how long a silence is
        usual is read from the whole company's past days, so that on a usual day one account in
        twenty is beyond it by chance.
    """
    made, accounts = region.tables.get("activities"), region.accounts.index
    if made is None or made.empty:
        said = say("No activities: contacts, silence and effort cannot be told.")
        return Engagement(_nothing(accounts), pd.DataFrame(), float("nan"), False, (said,))
    made = made[made["account_id"].isin(accounts)]
    rhythm = contact_rhythm(made, accounts, as_of=region.as_of)
    learned = engagement_learned(region)
    longest = float(learned["silence"]["times"].iloc[0])
    scores = learned["engagement"].set_index("account_id")["score"].reindex(accounts)
    table = _counted(made, accounts, region.as_of).join(rhythm)
    table = table.assign(silent=table["times"] > longest, score=scores)
    chance = (1 - USUAL_SHARE) * float(table["times"].notna().sum())
    sentences = (*_sentences(table, chance), str(learned["silence"]["sentence"].iloc[0]))
    return Engagement(table, monthly_contacts(made, region.as_of), chance, True, sentences)


def engagement_learned(region: Region) -> dict[str, pd.DataFrame]:
    """Give what is learned of contacts from all regions: what a run has stored, else now."""
    if "engagement" in region.pooled:
        return {name: region.pooled[name] for name in ("engagement", "silence")}
    return learn_engagement(region.company)


def learn_engagement(company: Region) -> dict[str, pd.DataFrame]:
    """Score every account's engagement, and read from past days how long a silence is usual.

    Parameters
    ----------
    company : Region
        All regions.

    Returns
    -------
    dict of DataFrame
        ``engagement``: account_id, region, score. ``silence``: one row, for all regions: how many
        ``times`` its own gap an account is silent on a usual day at most, and the sentence that
        says how well the score told buyers from others a quarter ago.
    """
    made, accounts = company.tables.get("activities"), company.accounts.index
    if made is None or made.empty:
        made = pd.DataFrame({"account_id": [], "date": pd.to_datetime([]), "kind": []})
    score = engagement_score(made, accounts, as_of=company.as_of)
    days = [company.as_of - dt.timedelta(weeks=13 * back) for back in range(1, _PAST_DAYS + 1)]
    past = pd.concat([contact_rhythm(made, accounts, as_of=day)["times"] for day in days])
    longest = float(past.quantile(USUAL_SHARE)) if past.notna().any() else float("nan")
    usual = pd.DataFrame({"times": [longest], "sentence": [_judged(company, made)]})
    return {
        "engagement": pd.DataFrame(
            {"account_id": accounts, "region": company.accounts["region"], "score": score}
        ).reset_index(drop=True),
        "silence": usual.assign(region=pd.Series([None], dtype="str")),
    }


def engagement_score(activities: pd.DataFrame, accounts: pd.Index, *, as_of: dt.date) -> pd.Series:
    """Score how engaged each account is, 0 to 100: the share of accounts that are less so.

    Recent contacts by us, of the quarter and the year, contacts by them, and freshness, each
    standardised, weigh alike.

    Parameters
    ----------
    activities : DataFrame
        Schema ``ACTIVITIES``.
    accounts : Index
        The accounts that are compared.
    as_of : date
        Last day that counts.

    Returns
    -------
    Series indexed like ``accounts``
        Accounts engaged alike share a score; missing where nobody was ever contacted.
    """
    features = contact_features(activities, accounts, as_of=as_of)
    spread = features.std(ddof=0)
    standard = (features - features.mean()) / spread.where(spread > 0)
    signed = standard[spread.index[spread > 0]] * pd.Series(_SIGNS)[spread.index[spread > 0]]
    total = signed.mean(axis=1).round(9)
    if total.isna().all():
        return pd.Series(np.nan, index=accounts, name="score")
    below = (total.rank(method="min") - 1) / max(len(total) - 1, 1)
    return (100 * below).rename("score")


def monthly_contacts(activities: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Count contacts by month and kind, ours; those of the accounts as ``theirs``."""
    made = activities[activities["date"] <= pd.Timestamp(as_of)]
    if made.empty:
        return pd.DataFrame()
    kind = made["kind"].where(~inbound(made), "theirs")
    counted = pd.crosstab(made["date"].dt.to_period("M"), kind)
    span = pd.period_range(counted.index.min(), pd.Period(as_of, "M"), freq="M", name="month")
    kinds = [name for name in (*KINDS, "theirs") if name in counted]
    return counted.reindex(span, fill_value=0)[kinds].rename_axis(columns=None)


def _counted(made: pd.DataFrame, accounts: pd.Index, as_of: dt.date) -> pd.DataFrame:
    end = pd.Timestamp(as_of)
    year = made[(made["date"] <= end) & (made["date"] > end - pd.Timedelta(days=365))]
    own = year[~inbound(year)]
    counts = pd.crosstab(own["account_id"], own["kind"]).reindex(
        index=accounts, columns=list(KINDS), fill_value=0
    )
    hours = contact_hours(own).groupby(own["account_id"]).sum()
    theirs = year[inbound(year)].groupby("account_id").size()
    return counts.rename_axis(columns=None).assign(
        ours=counts.sum(axis=1),
        theirs=theirs.reindex(accounts, fill_value=0),
        hours=hours.reindex(accounts, fill_value=0.0),
    )


def _nothing(accounts: pd.Index) -> pd.DataFrame:
    columns = [*KINDS, "ours", "theirs", "hours", "days_since", "usual_gap_days", "times", "score"]
    table = pd.DataFrame(np.nan, index=accounts, columns=columns)
    return table.assign(last_contact=pd.Series(pd.NaT, accounts), silent=False)


def _judged(company: Region, made: pd.DataFrame) -> str:
    """Say how well the score of a quarter ago told buyers from others, beside chance."""
    origin = company.as_of - dt.timedelta(weeks=13)
    bought = company.purchases["date"] <= pd.Timestamp(origin)
    known = pd.Index(company.purchases.loc[bought, "account_id"].unique())
    if len(known) < _ACCOUNTS_NEEDED or made.empty:
        return say("Not enough data to tell whether engaged accounts buy more.")
    score = engagement_score(made, known, as_of=origin)
    came = buys(company.purchases, known, origin, 13)
    rank = auc(score.fillna(0.0), came)
    if np.isnan(rank):
        return say("Not enough data to tell whether engaged accounts buy more.")
    return say(
        "A quarter ago the engagement score alone told the accounts that then bought from the "
        "others with an AUC of {rank} ({accounts} accounts, .50 is chance).",
        rank=f"{rank:.2f}".lstrip("0"),
        accounts=f"{len(known):,}",
    )


def _sentences(table: pd.DataFrame, chance: float) -> list[str]:
    nobody = int((table["ours"] == 0).sum())
    hours, silent = table["hours"].sum(), int(table["silent"].sum())
    said = [
        say(
            "In twelve months {ours} contacts were logged, {hours} hours; accounts made {theirs}.",
            ours=f"{table['ours'].sum():,.0f}",
            hours=f"{hours:,.0f}",
            theirs=f"{table['theirs'].sum():,.0f}",
        )
    ]
    if nobody:
        said.append(
            say_count(
                nobody,
                "{count} account ({share}) has no logged contact of ours in that time.",
                "{count} accounts ({share}) have no logged contact of ours in that time.",
                share=percent(nobody / len(table)),
            )
        )
    return [
        *said,
        say_count(
            silent,
            "{count} account is silent for longer than its rhythm explains; on a usual day "
            "{chance} would be.",
            "{count} accounts are silent for longer than their rhythm explains; on a usual day "
            "{chance} would be.",
            chance=f"{chance:,.0f}",
        ),
    ]
