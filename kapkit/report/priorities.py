"""The portfolio: where an hour of sales time earns most, and who is on course."""

import numpy as np
import pandas as pd

from kapkit.book.errors import listing
from kapkit.book.region import Region
from kapkit.models.company_response import elasticity_of
from kapkit.models.outlook import outlook_of
from kapkit.monitoring.alerts import alerts_of
from kapkit.monitoring.goals import Goals, goals_of
from kapkit.report.brief import contribution_tile, goal_tile, revenue_tile
from kapkit.report.display import Column, Finding, Table, Tile, Tiles
from kapkit.wording import amount, percent, say, say_count

_MINUTES = 60.0


def region_priorities(company: Region) -> pd.DataFrame:
    """Sum up in a row a region: its goal, what is at risk, and what an hour more would earn.

    Parameters
    ----------
    company : Region
        All regions together.

    Returns
    -------
    DataFrame indexed by region, the one where an hour earns most first
        ``chance`` of its main goal, ``expected`` over the target, ``at_risk`` (a year, accounts
        that fell silent beyond chance), ``hour_earns`` (elasticity times expected value over
        the hours of contacts of twelve months; missing where these are not logged),
        ``plan_gain`` with ``plan_low`` and ``plan_high`` (of the last run's plan).
    """
    elasticity = elasticity_of(company).value
    value = outlook_of(company).accounts["value"]
    rows = {}
    for part in company.parts():
        worth = value.reindex(part.accounts.index)
        about = part.accounts[["name"]].assign(value=worth, **{"class": ""})
        goal = goals_of(part).main
        rows[part.name] = {
            "chance": np.nan if goal is None else goal["chance"],
            "expected": np.nan if goal is None else goal["forecast"] / goal["target"],
            "at_risk": alerts_of(part, about).table["at_stake"].sum(),
            "hour_earns": elasticity * worth.clip(lower=0).sum() / _hours(part),
            **_plan_gain(part),
        }
    table = pd.DataFrame.from_dict(rows, orient="index", dtype=float).rename_axis("region")
    return table.sort_values("hour_earns", ascending=False, kind="stable")


def tiles_portfolio(
    company: Region, summaries: pd.DataFrame, priorities: pd.DataFrame, goals: Goals
) -> Tiles:
    """Show the company's five numbers: money, its goal's chance, what is at risk and to gain."""
    currency, total = company.book.currency, summaries.sum(numeric_only=True, min_count=1)
    gain = priorities["plan_gain"].sum(min_count=1)
    return Tiles(
        [
            revenue_tile(total["revenue"], total["revenue_before"], currency),
            contribution_tile(total["contribution"], total["revenue"], currency),
            goal_tile(goals, currency),
            Tile(
                say("At risk"),
                amount(priorities["at_risk"].sum(), currency),
                say("a year, accounts that fell silent"),
            ),
            Tile(
                say("Gain of the last plan"),
                amount(gain, currency),
                say("a year, expected") if pd.notna(gain) else say("no run before"),
            ),
        ]
    )


def table_priorities(company: Region, priorities: pd.DataFrame) -> Table:
    """Show the regions by where an hour of sales time earns most."""
    currency = company.book.currency
    ranges = zip(
        *(priorities[name] for name in ("plan_gain", "plan_low", "plan_high")), strict=True
    )
    said = [
        f"{amount(gain)} ({amount(low)}–{amount(high)})" if pd.notna(gain) else "–"
        for gain, low, high in ranges
    ]
    columns = {
        "region": Column(say("Region")),
        "hour_earns": Column(
            say("One hour more earns, {currency}", currency=currency), amount, numeric=True
        ),
        "chance": Column(say("Chance of the goal"), percent, numeric=True),
        "expected": Column(say("Expected of target"), percent, numeric=True),
        "at_risk": Column(say("At risk a year"), amount, numeric=True),
        "gain": Column(say("Gain of the last plan"), numeric=True),
    }
    return Table(
        priorities.assign(gain=said).reset_index(),
        columns,
        name="priorities",
        caption=say("Where an hour of sales time earns most"),
        how=say(
            "One hour more: the elasticity of sales to contacts, times expected value, over the "
            "hours of contacts logged in twelve months. It compares regions; it is no promise."
        ),
    )


def finding_priorities(company: Region, priorities: pd.DataFrame) -> Finding:
    """Say what to decide now: where an hour earns most, and whose goal is at risk."""
    said = []
    earns = priorities["hour_earns"].dropna()
    if len(earns) > 1:
        said.append(
            say(
                "An hour of sales time earns most in {best} ({most}), least in {worst} ({least}).",
                best=str(earns.index[0]),
                most=amount(earns.iloc[0], company.book.currency),
                worst=str(earns.index[-1]),
                least=amount(earns.iloc[-1], company.book.currency),
            )
        )
    low = priorities[priorities["chance"] < 0.3].sort_values("chance")
    if len(low):
        named = [f"{name} ({percent(chance)})" for name, chance in low["chance"].items()]
        said.append(
            say_count(
                len(low),
                "The goal of {count} region is at risk: {names}.",
                "The goals of {count} regions are at risk: {names}.",
                names=listing(named),
            )
        )
    return Finding([*said, *_since_last(company)])


def _since_last(company: Region) -> list[str]:
    """Say what changed since the last run, over all regions."""
    before = company.earlier.get("classes")
    if before is None or company.earlier_as_of is None:
        return [say("There is no run before to compare with.")]
    then = before.set_index("account_id")["value"]
    now = outlook_of(company).accounts["value"].reindex(then.index)
    change = (
        float(now.clip(lower=0).sum() / then.clip(lower=0).sum() - 1) if then.sum() > 0 else 0.0
    )
    return [
        say(
            "Since the run of {day} the expected value of its accounts changed by {change}.",
            day=str(company.earlier_as_of),
            change=f"{change * 100:+.0f} %",
        )
    ]


def _hours(region: Region) -> float:
    """Add up the hours of contacts of twelve months; missing where they are not logged."""
    activities = region.tables.get("activities")
    if activities is None or "minutes" not in activities:
        return float("nan")
    recent = activities["date"] > pd.Timestamp(region.as_of) - pd.Timedelta(days=365)
    hours = float(activities.loc[recent, "minutes"].sum()) / _MINUTES
    return hours if hours > 0 else float("nan")


def _plan_gain(region: Region) -> dict[str, float]:
    gains = region.earlier.get("gains")
    if gains is None or gains.empty:
        return dict.fromkeys(["plan_gain", "plan_low", "plan_high"], float("nan"))
    total = float(gains["gain"].sum())
    # Errors are mostly common to all accounts, so they add up and do not cancel.
    return {
        "plan_gain": total,
        "plan_low": float(gains["low"].sum()),
        "plan_high": float(gains["high"].sum()),
    }
