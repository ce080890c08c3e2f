"""The brief: a region's front page."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.classification.reasons import silent_key_accounts
from kapkit.evaluation.profit import Contribution, LargeButLosing
from kapkit.report.display import Column, Finding, Table, Tile, Tiles
from kapkit.wording import amount, percent, several


def tiles_region(region: Region, classified: Classification, contribution: Contribution) -> Tiles:
    """Show the five numbers a reader sees first."""
    currency, table = region.book.currency, contribution.table
    revenue, before = table["revenue"].sum(), table["revenue_before"].sum()
    earned = table["contribution"].sum(min_count=1)
    key = classified.table[classified.table["class"] == "A"]
    buying = int((table["revenue"] > 0).sum())
    return Tiles(
        [
            Tile("Revenue, 12 months", amount(revenue, currency), _change(revenue, before)),
            Tile(
                "Contribution",
                amount(earned, currency),
                "no costs in the book"
                if pd.isna(earned)
                else f"{percent(earned / revenue)} of revenue",
            ),
            Tile(
                "Key accounts",
                f"{len(key)}",
                f"{percent(key['value_share'].sum())} of expected value",
            ),
            Tile("Accounts", f"{len(table):,}", f"{buying:,} bought in 12 months"),
            _silent_tile(region, classified),
        ]
    )


def attention(classified: Classification, losing: LargeButLosing) -> pd.DataFrame:
    """Rank the accounts a manager should look at first, by the money at stake.

    Key accounts that are silent for twice their usual gap, and large accounts that lose money.

    Returns
    -------
    DataFrame indexed by account
        ``name``, ``why`` and ``at_stake`` (per year, book's currency), highest first.
    """
    silent = silent_key_accounts(classified)
    calls = silent.assign(why=silent["reason"], at_stake=silent["value"])
    loss = losing.table.join(classified.table["name"])
    why = [f"Large, but loses money: margin {percent(share)}." for share in loss["margin_share"]]
    loss = loss.assign(why=why, at_stake=-loss["contribution"])
    found = pd.concat([calls, loss])[["name", "why", "at_stake"]]
    return found.sort_values("at_stake", ascending=False, kind="stable")


def table_attention(region: Region, found: pd.DataFrame, *, most: int = 5) -> Table:
    """List the accounts to look at first."""
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
            f"{several(len(silent), 'key account')} silent for twice the usual gap; "
            f"{worth} a year is at stake."
        )
    return Finding(sentences)


def _silent_tile(region: Region, classified: Classification) -> Tile:
    silent = silent_key_accounts(classified)
    worth = amount(silent["value"].sum(), region.book.currency)
    note = f"{worth} a year at stake" if len(silent) else "all order in their rhythm"
    return Tile("Silent key accounts", f"{len(silent)}", note)


def _change(now: float, before: float) -> str:
    if not before > 0:
        return "no year before to compare"
    return f"{now / before - 1:+.0%} on the year before".replace("%", " %")
