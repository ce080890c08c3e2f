"""2.3 Effort against potential: who is neglected, who is over-served, and what is not logged."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.classification.engagement import Engagement
from kapkit.models.contacts import contact_hours, inbound
from kapkit.models.ridge_glm import fit_ridge_glm
from kapkit.wording import amount, percent, say, say_count

#: An owner logs little where even the upper end lies below this share of the others' habit.
_LITTLE = 0.75
#: From this many contacts on a day of one owner on, they were logged in a batch.
_BATCH = 5
_TAIL = 0.1


@dataclass(frozen=True)
class EffortMap:
    """Hours of contact against potential.

    ``table`` is indexed by account: ``name``, ``class``, ``owner``, ``potential``, ``hours`` (of
    twelve months) with the 80 % interval ``hours_low`` and ``hours_high`` that chance in their
    number makes, ``usual_hours`` (what accounts of such potential get in this region),
    ``served``: ``neglected`` (potential above the median, fewer hours than usual even at the upper
    end), ``over-served`` (potential below it, more even at the lower end) or empty; and
    ``doubtful``: neglected perhaps only because the owner logs little.
    """

    table: pd.DataFrame
    sentence: str


def effort_map(
    region: Region,
    classified: Classification,
    engagement: Engagement,
    logging: "LoggingHabits | None" = None,
) -> EffortMap:
    """Find who gets less contact than its potential deserves, and who gets more.

    Parameters
    ----------
    region : Region
        For owners, contacts and currency.
    classified : Classification
        From `key_accounts`: name, class and potential.
    engagement : Engagement
        From `engagement_of`.
    logging : LoggingHabits
        From `logging_habits`; without, nothing is doubted.

    Returns
    -------
    EffortMap
        Empty without activities. Compared is with the region's own habit; chapter 4.1 says what
        effort would pay.
    """
    table = classified.table[["name", "class", "potential"]].copy()
    table["owner"] = region.accounts.get("owner", pd.Series(None, table.index, dtype="str"))
    if not engagement.told:
        empty = table.iloc[:0].assign(hours=0.0, hours_low=0.0, hours_high=0.0, usual_hours=0.0)
        return EffortMap(empty.assign(served="", doubtful=False), engagement.sentences[0])
    table = table.join(hours_interval(region)).dropna(subset=["potential"])
    table = table.assign(usual_hours=_usual(table["potential"], table["hours"]))
    much = table["potential"] > table["potential"].median()
    neglected = much & (table["hours_high"] < table["usual_hours"])
    over = ~much & (table["hours_low"] > table["usual_hours"])
    few = set() if logging is None else set(logging.table.index[logging.table["little"]])
    table = table.assign(
        served=np.select([neglected, over], ["neglected", "over-served"], ""),
        doubtful=neglected & table["owner"].isin(few),
    )
    return EffortMap(table, _sentence(table, region.book.currency))


def _usual(potential: pd.Series, hours: pd.Series) -> pd.Series:
    """Expect hours from the log of the potential (Poisson, with a ridge for few accounts)."""
    if not (hours > 0).any():
        return pd.Series(0.0, hours.index)
    size = np.log1p(potential.clip(lower=0)).to_frame("potential")
    return fit_ridge_glm(size, hours, family=sm.families.Poisson()).predict(size)


def hours_interval(region: Region) -> pd.DataFrame:
    """Sum each account's hours of contact in twelve months, with what chance makes of them.

    Returns
    -------
    DataFrame indexed by account
        ``hours``, ``hours_low``, ``hours_high``: an 80 % interval for a Poisson number of contacts
        of unequal length; without a contact, up to what 2.3 of usual length would take.

    References
    ----------
    Fay, M. P. and Feuer, E. J. (1997), Confidence intervals for directly standardized rates: a
    method based on the gamma distribution, Statistics in Medicine 16, 791-801.
    """
    made, accounts = region.tables["activities"], region.accounts.index
    end = pd.Timestamp(region.as_of)
    inside = (made["date"] <= end) & (made["date"] > end - pd.Timedelta(days=365))
    own = made[inside & ~inbound(made) & made["account_id"].isin(accounts)]
    took, of = contact_hours(own), own["account_id"]
    total = took.groupby(of).sum().reindex(accounts, fill_value=0.0)
    square = (took**2).groupby(of).sum().reindex(accounts, fill_value=0.0)
    longest = took.groupby(of).mean().reindex(accounts).fillna(took.mean() if len(took) else 0.0)
    low = stats.gamma.ppf(_TAIL, (total**2 / square.where(square > 0)).to_numpy(float))
    low = low * (square / total.where(total > 0)).to_numpy(float)
    more, spread = total + longest, square + longest**2
    high = stats.gamma.ppf(1 - _TAIL, (more**2 / spread.where(spread > 0)).to_numpy(float))
    high = high * (spread / more.where(more > 0)).to_numpy(float)
    ends = pd.DataFrame({"hours": total, "hours_low": low, "hours_high": high}, index=accounts)
    return ends.fillna(0.0)


@dataclass(frozen=True)
class LoggingHabits:
    """How each owner logs.

    ``table`` is indexed by owner: ``ours`` and ``theirs`` (contacts of twelve months), ``ratio``
    (ours logged for each one received, which systems log by themselves) with its 80 % interval
    ``low`` and ``high``, ``hours`` logged, ``share`` of the paid hours (missing without staff),
    ``batched`` (share logged on days with five or more), ``little`` (logs less than others do).
    """

    table: pd.DataFrame
    sentence: str


def logging_habits(region: Region) -> LoggingHabits:
    """Tell whose contacts are logged so thinly that their accounts only look neglected.

    Parameters
    ----------
    region : Region
        The region as of a day.

    Returns
    -------
    LoggingHabits
        ``little`` where even the upper end of an owner's ratio lies below three quarters of that
        of the others together; never said of an only owner. Empty without named owners.
    """
    made, end = region.tables.get("activities"), pd.Timestamp(region.as_of)
    if made is None or "owner" not in made or made["owner"].isna().all():
        said = say("Not enough data to tell who logs: no owner is named on activities.")
        return LoggingHabits(_habits(pd.DataFrame()), said)
    year = made[(made["date"] <= end) & (made["date"] > end - pd.Timedelta(days=365))]
    table = _habits(year)
    staff = region.tables.get("staff")
    if staff is not None:
        paid = staff.drop_duplicates("owner").set_index("owner")["hours_per_month"] * 12
        table["share"] = table["hours"] / paid.reindex(table.index)
    return LoggingHabits(table, _logging_sentence(table))


def _habits(year: pd.DataFrame) -> pd.DataFrame:
    if year.empty:
        columns = ["ours", "theirs", "ratio", "low", "high", "hours", "share", "batched", "little"]
        return pd.DataFrame(columns=columns, dtype=float).astype({"little": bool})
    own, theirs = year[~inbound(year)], year[inbound(year)]
    table = pd.DataFrame(
        {
            "ours": own.groupby("owner").size(),
            "theirs": theirs.groupby("owner").size(),
            "hours": contact_hours(own).groupby(own["owner"]).sum(),
        }
    ).fillna(0.0)
    ours, received = table["ours"].to_numpy(float), table["theirs"].to_numpy(float)
    share = [stats.beta.ppf(at, ours + 0.5, received + 0.5) for at in (_TAIL, 1 - _TAIL)]
    low, high = (one / (1 - one) for one in share)
    others = (ours.sum() - ours) / np.where(received.sum() > received, received.sum() - received, 1)
    per_day = own.groupby(["owner", "date"])["date"].transform("size")
    batched = (per_day >= _BATCH).groupby(own["owner"]).mean()
    compared = (received.sum() > received) & (len(table) > 1)
    return table.assign(
        ratio=table["ours"] / table["theirs"].where(table["theirs"] > 0),
        low=low,
        high=high,
        share=np.nan,
        batched=batched.reindex(table.index),
        little=compared & (high < _LITTLE * others),
    )


def _sentence(table: pd.DataFrame, currency: str) -> str:
    if table.empty:
        return say("Not enough data to tell who is neglected: no potential is known.")
    neglected, over = (table[table["served"] == name] for name in ("neglected", "over-served"))
    parts = []
    if len(neglected):
        parts.append(
            say_count(
                len(neglected),
                "{count} account with much potential ({potential} a year) gets less contact than "
                "others of its potential, by more than chance.",
                "{count} accounts with much potential ({potential} a year) get less contact than "
                "others of their potential, by more than chance.",
                potential=amount(float(neglected["potential"].sum()), currency),
            )
        )
    if len(over):
        parts.append(
            say_count(
                len(over),
                "{count} account with little potential gets more, {hours} hours a year.",
                "{count} accounts with little potential get more, {hours} hours a year together.",
                hours=f"{over['hours'].sum():,.0f}",
            )
        )
    said = " ".join(parts) or say(
        "No account gets less or more contact than its potential explains."
    )
    doubtful = int(neglected["doubtful"].sum())
    if not doubtful:
        return said
    return f"{said} " + say_count(
        doubtful,
        "{count} of the neglected belongs to an owner who logs little: ask before you act.",
        "{count} of the neglected belong to owners who log little: ask before you act.",
    )


def _logging_sentence(table: pd.DataFrame) -> str:
    few = table[table["little"]]
    known = table[table["share"] > 0]
    said = []
    if len(known):
        hours = float(known["hours"].sum() / (known["hours"] / known["share"]).sum())
        said.append(
            say("Logged contacts account for {share} of the paid hours.", share=percent(hours))
        )
    if len(few):
        names = ", ".join(str(name) for name in few.index)
        said.append(
            say_count(
                len(few),
                "{names} logs far fewer contacts for each one received than the others: what looks "
                "like neglect may be missing entries.",
                "{names} log far fewer contacts for each one received than the others: what looks "
                "like neglect may be missing entries.",
                names=names,
            )
        )
    elif len(table) > 1:
        said.append(say("No owner logs so much less than the others that effort looks too low."))
    else:
        said.append(say("With one owner there is nobody to compare logging with."))
    return " ".join(said)
