"""The brief: a region's front page."""

import math

import pandas as pd

from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.classification.reasons import silent_key_accounts
from kapkit.evaluation.profit import Contribution, LargeButLosing
from kapkit.monitoring.alerts import Alerts
from kapkit.monitoring.goals import Goals, period
from kapkit.report.display import Column, Finding, Table, Tile, Tiles
from kapkit.wording import amount, percent, say, say_count, signed_percent


def tiles_region(
    region: Region,
    classified: Classification,
    contribution: Contribution,
    *,
    goals: Goals | None = None,
    alerts: Alerts | None = None,
) -> Tiles:
    """Show the five numbers a reader sees first; with goals, the chance of the main one."""
    currency, table = region.book.currency, contribution.table
    total = table[["revenue", "revenue_before"]].sum()
    earned = table["contribution"].sum(min_count=1)
    key = classified.table[classified.table["class"] == "A"]
    buying = int((table["revenue"] > 0).sum())
    return Tiles(
        [
            revenue_tile(total["revenue"], total["revenue_before"], currency),
            contribution_tile(earned, total["revenue"], currency),
            Tile(
                "Key accounts",
                f"{len(key)}",
                say("{share} of expected value", share=percent(key["value_share"].sum())),
            ),
            goal_tile(goals, currency)
            if goals
            else Tile(
                "Accounts",
                f"{len(table):,}",
                say("{bought} bought in 12 months", bought=f"{buying:,}"),
            ),
            risk_tile(alerts, currency) if alerts else _silent_tile(region, classified),
        ]
    )


def revenue_tile(revenue: float, before: float, currency: str) -> Tile:
    """Show twelve months' revenue and its change on the twelve months before."""
    note = say("no year before to compare")
    if before > 0:
        note = say("{change} on the year before", change=signed_percent(revenue / before - 1))
    return Tile("Revenue, 12 months", amount(revenue, currency), note)


def contribution_tile(contribution: float, revenue: float, currency: str) -> Tile:
    """Show twelve months' contribution and its part of the revenue, where that is positive."""
    if math.isnan(contribution):
        note = say("no cost is known")
    else:
        share = percent(contribution / revenue) if revenue > 0 else ""
        note = say("{share} of revenue", share=share) if share else say("no revenue")
    return Tile("Contribution", amount(contribution, currency), note)


def goal_tile(goals: Goals, currency: str) -> Tile:
    """Show the chance of the main goal, with what is expected against what is wanted."""
    goal = goals.main
    if goal is None:
        return Tile(say("Goal"), "–", say("none is under way"))
    note = say(
        "{low} to {high} expected of {target}",
        low=amount(goal["low"]),
        high=amount(goal["high"]),
        target=amount(goal["target"], currency),
    )
    about = {"metric": str(goal["metric"]), "period": period(goal["start"], goal["end"])}
    chance = percent(goal["chance"])
    return Tile(say("Chance of the {metric} goal {period}", **about), chance, note)


def risk_tile(alerts: Alerts, currency: str) -> Tile:
    """Show what is at stake with accounts that fell silent beyond chance."""
    if not alerts.watched:
        return Tile(say("At risk"), "–", say("no account orders often enough to be watched"))
    note = say_count(len(alerts.table), "a year, in {count} account", "a year, in {count} accounts")
    return Tile(say("At risk"), amount(alerts.table["at_stake"].sum(), currency), note)


def attention(classified: Classification, losing: LargeButLosing) -> pd.DataFrame:
    """Rank the accounts a manager should look at first, by the money at stake.

    Key accounts that are silent for twice their usual gap, and large accounts that lose money.

    Parameters
    ----------
    classified : Classification
        From `key_accounts`.
    losing : LargeButLosing
        From `large_but_losing`.

    Returns
    -------
    DataFrame indexed by account
        ``name``, ``why`` and ``at_stake`` (per year, book's currency), highest first: the
        expected value of a silent account, the loss of one that loses money. An account that
        is both stands in two rows.
    """
    silent = silent_key_accounts(classified)
    calls = silent.assign(why=silent["reason"], at_stake=silent["value"])
    loss = losing.table.join(classified.table["name"])
    why = [
        f"Large, but loses money: contribution {percent(share)} of revenue."
        for share in loss["margin_share"]
    ]
    loss = loss.assign(why=why, at_stake=-loss["contribution"])
    found = pd.concat([calls, loss])[["name", "why", "at_stake"]]
    return found.sort_values("at_stake", ascending=False, kind="stable")


def table_attention(region: Region, found: pd.DataFrame, *, most: int = 5) -> Table:
    """List the accounts to look at first.

    Parameters
    ----------
    region : Region
        For the currency.
    found : DataFrame
        From `attention`.
    most : int
        Rows shown; the caption says how many there are.
    """
    columns = {
        "name": Column("Account"),
        "why": Column("Why"),
        "at_stake": Column(f"At stake a year, {region.book.currency}", amount, numeric=True),
    }
    return Table(
        found.head(most),
        columns,
        name="attention",
        caption="Look at these first" + (f": {most} of {len(found)}" if len(found) > most else ""),
        how="Key accounts silent for twice their usual gap, with their expected value; large "
        "accounts that lose money, with last year's loss.",
    )


def finding_state(
    region: Region, classified: Classification, contribution: Contribution
) -> Finding:
    """Say the state of the region in one sentence each: money, key accounts, silence."""
    silent = silent_key_accounts(classified)
    sentences = [contribution.sentence, classified.sentence]
    if len(silent):
        worth = amount(silent["value"].sum(), region.book.currency)
        sentences.append(
            say_count(
                len(silent),
                "{count} key account is silent for twice the usual gap; {worth} a year is at "
                "stake.",
                "{count} key accounts are silent for twice the usual gap; {worth} a year is at "
                "stake.",
                worth=worth,
            )
        )
    return Finding(sentences)


def _silent_tile(region: Region, classified: Classification) -> Tile:
    silent = silent_key_accounts(classified)
    worth = amount(silent["value"].sum(), region.book.currency)
    note = (
        say("{worth} a year at stake", worth=worth)
        if len(silent)
        else say("none for twice its usual gap")
    )
    return Tile("Silent key accounts", f"{len(silent)}", note)
