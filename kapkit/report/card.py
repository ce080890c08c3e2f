"""The account card: everything known about one account, on one page."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.cultivation.schedule import Schedule
from kapkit.evaluation.needs import Needs
from kapkit.evaluation.profit import Contribution
from kapkit.evaluation.relationship import Relationship
from kapkit.models.value import worth
from kapkit.report.display import Chart, Column, Table
from kapkit.report.look import ACCENT, CONTEXT, INK, LOSS, canvas, money_axis, short
from kapkit.wording import amount, day, percent, say

_MONTHS, _AHEAD = 24, 6
_ACTIONS = 4


@dataclass(frozen=True)
class AccountCard:
    """One account on one page: its purchases over time, and what every stage says of it."""

    chart: Chart
    table: Table


def account_card(
    region: Region,
    account_id: str,
    *,
    classified: Classification | None = None,
    contribution: Contribution | None = None,
    relationship: Relationship | None = None,
    needs: Needs | None = None,
    schedule: Schedule | None = None,
) -> AccountCard:
    """Gather all that is known about one account, before a visit or a decision.

    Parameters
    ----------
    region : Region
        The account's region as of a day.
    account_id : str
        The account.
    classified, contribution, relationship, needs, schedule
        What the stages found (`key_accounts`, `contribution_of`, `relationship_of`, `needs_of`,
        `schedule_of`); a part that is not given is not on the card.

    Returns
    -------
    AccountCard
        ``chart``: what it brought month by month, with complaints and the expected half-year;
        ``table``: a row per fact, missing ones said as such.

    Raises
    ------
    DataError
        If the account is not in the region.
    """
    if account_id not in region.accounts.index:
        raise DataError(f"account_id: {account_id!r} is not in {region.name or 'the company'}")
    currency = region.book.currency
    facts = _who(region, account_id)
    if classified is not None:
        facts += _class(classified, account_id, currency)
    if contribution is not None:
        facts += _profit(contribution, account_id, currency)
    if relationship is not None:
        facts += _standing(relationship, account_id)
    if needs is not None:
        facts += _needs(needs, account_id)
    if schedule is not None:
        facts += _plan(schedule, account_id, region.as_of)
    name = str(region.accounts["name"][account_id])
    table = Table(
        pd.DataFrame(facts, columns=["part", "fact", "said"]),
        {"fact": Column(""), "said": Column(""), "part": Column("")},
        name=f"card-{account_id}",
        caption=say("{name}, {key}, as of {day}", name=name, key=account_id, day=day(region.as_of)),
    )
    return AccountCard(_course(region, account_id, name, classified), table)


def _who(region: Region, key: str) -> list[tuple[str, str, str]]:
    row = region.accounts.loc[key].to_dict()
    part, said = say("Account"), []
    for name, shown in {
        "industry": say("Industry"),
        "channel": say("Channel"),
        "owner": say("Owner"),
    }.items():
        if name in row:
            said.append((part, shown, _text(row[name])))
    bought = region.purchases[region.purchases["account_id"] == key]
    ordered = bought.loc[bought["orders"] > 0, "date"]
    last = day(ordered.max().date()) if len(ordered) else say("never")
    return [*said, (part, say("Last order"), last)]


def _class(classified: Classification, key: str, currency: str) -> list[tuple[str, str, str]]:
    row = classified.table.loc[key].to_dict()
    part = say("Class and value")
    chances = [f"{one} {percent(row[one])}" for one in "ABC" if pd.notna(row.get(one))]
    facts = [
        (part, say("Class"), _text(row["class"]) + (f" ({', '.join(chances)})" if chances else "")),
        (
            part,
            say("Expected a year"),
            _between(row["value"], row.get("low"), row.get("high"), currency),
        ),
    ]
    if "potential" in row:
        said = _between(
            row["potential"], row.get("potential_low"), row.get("potential_high"), currency
        )
        facts.append((part, say("Peers' best fifth spends"), said))
    for name, shown in {
        "reason": say("Why this class"),
        "would_change": say("What would change it"),
    }.items():
        if name in row:
            facts.append((part, shown, _text(row[name])))
    return facts


def _profit(contribution: Contribution, key: str, currency: str) -> list[tuple[str, str, str]]:
    row, part = contribution.table.loc[key].to_dict(), say("Last twelve months")
    facts = [
        (part, say("Revenue"), amount(row["revenue"], currency)),
        (part, say("Cost of goods"), amount(row["cost"], currency)),
    ]
    if contribution.served is not None and contribution.served.known:
        facts.append((part, say("Cost to serve"), _drivers(contribution, key, currency)))
    share = percent(row["margin_share"])
    said = say(
        "{amount}, {share} of revenue", amount=amount(row["contribution"], currency), share=share
    )
    return [*facts, (part, say("Contribution"), said)]


def _drivers(contribution: Contribution, key: str, currency: str) -> str:
    """Write an account's cost to serve with its drivers, dearest first."""
    total = amount(float(contribution.table["cost_to_serve"][key]), currency)
    table = contribution.served.table if contribution.served else pd.DataFrame()
    if key not in table.index.get_level_values("account_id"):
        return total
    cost = table["cost"].xs(key, level="account_id").sort_values(ascending=False)
    parts = ", ".join(f"{name} {amount(value)}" for name, value in cost.items() if value)
    return f"{total} ({parts})" if parts else total


def _standing(found: Relationship, key: str) -> list[tuple[str, str, str]]:
    row, part = found.table.loc[key].to_dict(), say("Relationship")
    score = say("none: no order in twelve months")
    if not np.isnan(row["score"]):
        score = say("{score}, {why}", score=f"{row['score']:.0f}", why=_text(row["why"]))
    facts = [(part, say("Health score (50: average)"), score)]
    if not found.health.earned:
        facts.append(
            (part, say("What the score is worth"), say("no verdict: not better than recency"))
        )
    if not np.isnan(row["risk"]):
        facts.append((part, say("Risk of no order in 26 weeks"), percent(row["risk"])))
    facts += [
        (part, kind.upper(), _satisfied(found.satisfaction, key, kind)) for kind in ("csat", "nps")
    ]
    if found.complaints is not None:
        facts.append((part, say("Complaints, a year"), _complaints(found, key)))
    return facts


def _satisfied(table: pd.DataFrame, key: str, kind: str) -> str:
    if (key, kind) not in table.index:
        return say("not known: no answer")
    row = table.loc[[(key, kind)]].iloc[0].to_dict()
    return say(
        "{value} ({low} to {high}; all accounts {mean}; answers: {answers})",
        value=f"{row['satisfaction']:.1f}",
        low=f"{row['low']:.1f}",
        high=f"{row['high']:.1f}",
        mean=f"{row['mean']:.1f}",
        answers=f"{row['answers']:.0f}",
    )


def _complaints(found: Relationship, key: str) -> str:
    if found.complaints is None or key not in found.complaints.accounts.index:
        return say("none")
    row = found.complaints.accounts.loc[key].to_dict()
    return say(
        "{count}, {open} open, {severe} severe, {late} later than the standard",
        count=f"{row['complaints']:.0f}",
        open=f"{row['open']:.0f}",
        severe=f"{row['severe']:.0f}",
        late=f"{row['late']:.0f}",
    )


def _needs(found: Needs, key: str) -> list[tuple[str, str, str]]:
    here = found.accounts[(found.accounts["account_id"] == key) & found.accounts["open"]]
    part = say("Open needs")
    if here.empty:
        return [(part, say("Needs"), say("none is recorded as important and unmet"))]
    answers = found.matches.groupby("need")["answer"].agg(", ".join)
    return [
        (
            part,
            str(need),
            say(
                "importance {importance}, fulfilment {fulfilment}; answer: {answer}",
                importance=f"{importance:.0f}",
                fulfilment=f"{fulfilment:.0f}",
                answer=answers.get(need, say("none known")),
            ),
        )
        for need, importance, fulfilment in zip(
            here["need"], here["importance"], here["fulfilment"], strict=True
        )
    ]


def _plan(found: Schedule, key: str, as_of: dt.date) -> list[tuple[str, str, str]]:
    part = say("Plan")
    coming = found.actions[found.actions["due"] > pd.Timestamp(as_of)]
    here = coming[coming["account_id"] == key].sort_values("due", kind="stable").head(_ACTIONS)
    if here.empty:
        return [(part, say("Actions"), say("none is dated"))]
    rows = zip(here["due"], here["kind"], here["owner"], strict=True)
    return [(part, day(due.date()), f"{kind}, {_text(owner)}") for due, kind, owner in rows]


def _course(region: Region, key: str, name: str, classified: Classification | None) -> Chart:
    """Draw what the account brought month by month, complaints, and the half-year expected."""
    measure = region.book.value_measure
    months = pd.period_range(end=pd.Period(region.as_of, "M"), periods=_MONTHS, freq="M")
    bought = region.purchases[region.purchases["account_id"] == key]
    sums = worth(bought, measure=measure).groupby(bought["date"].dt.to_period("M")).sum()
    brought = sums.reindex(months, fill_value=0.0).astype(float)
    ahead = np.array([_MONTHS - 0.5, _MONTHS + _AHEAD - 0.5])
    with canvas(height=2.8) as (figure, axes):
        axes.axhline(0, color=CONTEXT, linewidth=1)
        axes.bar(range(_MONTHS), brought, color=ACCENT, width=0.7)
        expected = None if classified is None else classified.table.loc[key].to_dict()
        if expected is not None and pd.notna(expected["low"]):
            low, high = expected["low"] / 12, expected["high"] / 12
            axes.fill_between(ahead, low, high, color=CONTEXT, alpha=0.5, lw=0)
            axes.plot(ahead, [expected["value"] / 12] * 2, color=INK, linewidth=1.5)
        told = _opened(region, key, months)
        if told:
            axes.plot(told, [0.0] * len(told), "v", color=LOSS, clip_on=False)
        axes.set_xticks(range(0, _MONTHS, 6), [f"{month:%b %Y}" for month in months[::6]])
        axes.set_ylabel(f"{measure.title()} a month, {region.book.currency}")
        money_axis(axes.yaxis)
    return Chart(
        figure,
        alt=say(
            "{name}: {total} of {measure} in {months} months; complaints: {told}.",
            name=name,
            total=amount(float(brought.sum()), region.book.currency),
            measure=measure,
            months=_MONTHS,
            told=len(told),
        ),
        caption=say("{name}: what it brought month by month", name=short(name)),
        how=say(
            "Bars: {measure} of each month. Grey: between which values the next half-year lies in "
            "8 of 10 cases, a month; the line is what is expected. Triangles: complaints.",
            measure=measure,
        ),
    )


def _opened(region: Region, key: str, months: pd.PeriodIndex) -> list[int]:
    """Give the months, as places on the chart, in which complaints were opened."""
    told = region.tables.get("complaints")
    if told is None:
        return []
    here = told.loc[told["account_id"] == key, "opened"]
    places = months.get_indexer(pd.PeriodIndex(here, freq="M"))
    return [int(at) for at in places if at >= 0]


def _between(value: float, low: float | None, high: float | None, currency: str) -> str:
    if low is None or high is None or np.isnan(low) or np.isnan(high):
        return amount(value, currency)
    return say(
        "{value} ({low} to {high})",
        value=amount(value, currency),
        low=amount(low),
        high=amount(high),
    )


def _text(value: object) -> str:
    if value is None or value != value or value == "":
        return say("not known")
    return day(value) if isinstance(value, dt.date) else str(value)
