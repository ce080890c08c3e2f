"""5.4 Recommended changes: promote, demote, reallocate, rescue, exit, the most at stake first."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from kapkit.wording import amount, day, percent, say, say_count

#: Chance from which a change of class is recommended, and hours a year from which effort is moved.
SURE, HOURS = 0.6, 4.0
CHANGES = ("rescue", "exit", "promote", "demote", "reallocate")
_ORDER = {"A": 0, "B": 1, "C": 2}
_COLUMNS = ["account_id", "name", "change", "reason", "value", "confidence"]


@dataclass(frozen=True)
class Changes:
    """What to change, ranked by ``value`` times ``confidence``.

    ``table`` has a row a change: ``account_id``, ``name``, ``change`` (one of `CHANGES`),
    ``reason``, ``value`` (a year, the book's currency) and ``confidence`` (0 to 1). ``respected``
    are classes people set, which are left alone; ``expired`` those whose day is over.
    """

    table: pd.DataFrame
    respected: pd.DataFrame
    expired: pd.DataFrame
    sentences: tuple[str, ...]


def recommend(
    accounts: pd.DataFrame,
    alerts: pd.DataFrame,
    *,
    as_of: dt.date,
    before: pd.Series | None = None,
    contribution: pd.Series | None = None,
    gains: pd.DataFrame | None = None,
    overrides: pd.DataFrame | None = None,
    currency: str = "",
) -> Changes:
    """Recommend what to change in a region.

    Parameters
    ----------
    accounts : DataFrame indexed by account
        ``name``, ``class``, ``value`` with ``low`` and ``high``, chances ``A``, ``B``, ``C`` and
        ``reason``, as `key_accounts` gives them.
    alerts : DataFrame indexed by account
        From `alerts_of`: ``at_stake``, ``probability``, ``kind``, ``snoozed``.
    as_of : date
        The day.
    before : Series, optional
        Class of each account in the last run; without, nothing is promoted or demoted but by
        chance.
    contribution : Series, optional
        Margin of the last twelve months, for accounts that lose money.
    gains : DataFrame, optional
        Indexed by account: ``hours_today``, ``hours_planned``, ``gain``, ``low``, ``high``, from
        the plan of contacts.
    overrides : DataFrame, optional
        Schema ``OVERRIDES``.
    currency : str
        Written behind amounts.

    Returns
    -------
    Changes
    """
    set_by_people, expired = _decided(overrides, accounts, as_of)
    free = accounts.drop(set_by_people["account_id"], errors="ignore")
    parts = [
        _rescue(alerts),
        _exit(accounts, contribution, currency),
        _moved(free, before),
        _reallocate(accounts, gains, currency),
    ]
    known = [part.reset_index(names="account_id") for part in parts if len(part)]
    table = pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=_COLUMNS)
    table = table[_COLUMNS].dropna(subset=["value", "confidence"])
    weight = table["value"].astype(float) * table["confidence"].astype(float)
    order = weight.sort_values(ascending=False, kind="stable").index
    ranked = table.loc[order].reset_index(drop=True)
    return Changes(
        ranked, set_by_people, expired, _sentences(ranked, set_by_people, expired, currency)
    )


def _rescue(alerts: pd.DataFrame) -> pd.DataFrame:
    if alerts.empty:
        return pd.DataFrame()
    reasons = [
        say("{kind}: {counted} orders in 13 weeks, {expected} were expected.", **words)
        for words in (
            {
                "kind": str(row["kind"]).capitalize(),
                "counted": f"{row['counted']:,.0f}",
                "expected": f"{row['expected']:,.1f}",
            }
            for row in alerts.to_dict("records")
        )
    ]
    return alerts.assign(
        change="rescue", reason=reasons, value=alerts["value"], confidence=alerts["probability"]
    )[_COLUMNS[1:]]


def _exit(accounts: pd.DataFrame, contribution: pd.Series | None, currency: str) -> pd.DataFrame:
    """Name accounts that lost money and are expected to go on: renegotiate, or let go."""
    if contribution is None:
        return pd.DataFrame()
    lost = contribution.reindex(accounts.index)
    losing = accounts[(lost < 0) & (accounts["value"] < 0)]
    spread = (losing["high"] - losing["low"]) / (2 * stats.norm.ppf(0.9))
    sure = pd.Series(stats.norm.cdf(-losing["value"] / spread), losing.index).fillna(0.5)
    reasons = [
        say(
            "Lost {lost} in twelve months and is expected to go on: renegotiate terms, or let go.",
            lost=amount(-float(lost[name]), currency),
        )
        for name in losing.index
    ]
    return losing.assign(change="exit", reason=reasons, value=-losing["value"], confidence=sure)[
        _COLUMNS[1:]
    ]


def _moved(accounts: pd.DataFrame, before: pd.Series | None) -> pd.DataFrame:
    """Name accounts whose class should change, where that is more than chance."""
    if before is None:
        return pd.DataFrame()
    held = before.reindex(accounts.index)
    known = accounts[held.notna() & accounts["A"].notna()]
    then, now = held[known.index].map(_ORDER), known["class"].map(_ORDER)
    at_least = {0: known["A"], 1: known["A"] + known["B"]}
    up = pd.Series({i: at_least[int(now[i])][i] for i in known.index[now < then]}, dtype=float)
    at_most = {1: known["B"] + known["C"], 2: known["C"]}
    down = pd.Series({i: at_most[int(now[i])][i] for i in known.index[now > then]}, dtype=float)
    parts = []
    for change, chance in (("promote", up), ("demote", down)):
        sure = chance[chance >= SURE]
        part = known.loc[sure.index]
        reasons = [
            say(
                "Was {then}, is {now}: {why}",
                then=str(held[i]),
                now=str(part["class"][i]),
                why=str(part["reason"][i]),
            )
            for i in part.index
        ]
        parts.append(
            part.assign(change=change, reason=reasons, value=part["value"].abs(), confidence=sure)
        )
    return pd.concat(parts)[_COLUMNS[1:]]


def _reallocate(accounts: pd.DataFrame, gains: pd.DataFrame | None, currency: str) -> pd.DataFrame:
    """Name accounts that should get clearly more hours, for what that should bring."""
    if gains is None or gains.empty:
        return pd.DataFrame()
    more = gains["hours_planned"] - gains["hours_today"]
    moved = gains[(more >= HOURS) & (gains["gain"] > 0)]
    spread = (moved["high"] - moved["low"]) / (2 * stats.norm.ppf(0.9))
    sure = pd.Series(stats.norm.cdf(moved["gain"] / spread), moved.index).fillna(0.5)
    reasons = [
        say(
            "{more} hours a year more should bring {gain} ({low} to {high}).",
            more=f"{more[i]:,.0f}",
            gain=amount(float(moved["gain"][i]), currency),
            low=amount(float(moved["low"][i])),
            high=amount(float(moved["high"][i])),
        )
        for i in moved.index
    ]
    return moved.assign(
        name=accounts["name"].reindex(moved.index),
        change="reallocate",
        reason=reasons,
        value=moved["gain"],
        confidence=sure,
    )[_COLUMNS[1:]]


def _decided(
    overrides: pd.DataFrame | None, accounts: pd.DataFrame, as_of: dt.date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split decisions of people on classes into those in force and those whose day is over."""
    columns = ["account_id", "field", "value", "reason", "by", "until"]
    table = (pd.DataFrame() if overrides is None else overrides).reindex(columns=columns)
    here = table[table["account_id"].isin(accounts.index)]
    until = pd.to_datetime(here["until"])
    over = until < pd.Timestamp(as_of)
    return here[(here["field"] == "class") & ~over], here[over].assign(until=until[over])


def _sentences(
    table: pd.DataFrame, respected: pd.DataFrame, expired: pd.DataFrame, currency: str
) -> tuple[str, ...]:
    said = []
    if table.empty:
        said.append(say("Nothing calls for a change."))
    else:
        first = table.iloc[0]
        said.append(
            say(
                "First: {change} {name} ({value} a year, {confidence} sure).",
                change=str(first["change"]),
                name=str(first["name"]),
                value=amount(float(first["value"]), currency),
                confidence=percent(float(first["confidence"])),
            )
        )
    if len(respected):
        said.append(
            say_count(
                len(respected),
                "{count} class is set by a person and left alone.",
                "{count} classes are set by people and left alone.",
            )
        )
    said += [
        say(
            "The {field} of {account} that {by} set ran out on {day}: decide again.",
            field=str(row["field"]),
            account=str(row["account_id"]),
            by=str(row["by"]),
            day=day(row["until"]),
        )
        for row in expired.to_dict("records")
    ]
    return tuple(said)
