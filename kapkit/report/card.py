"""The account card: everything known about one account, on one page."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.cultivation.schedule import Schedule
from kapkit.evaluation.forward_value import ForwardValue
from kapkit.evaluation.needs import Needs
from kapkit.evaluation.profit import Contribution
from kapkit.evaluation.relationship import Relationship
from kapkit.models.forward import YEARS
from kapkit.models.value import worth
from kapkit.report.display import Bundle, Chart, Column, Finding, Table, template
from kapkit.report.look import ACCENT, CONTEXT, INK, LOSS, canvas, money_axis, short, to_svg
from kapkit.report.pages.svg import inline_svg
from kapkit.report.tasks import NOUNS
from kapkit.wording import amount, day, percent, say, worded

_MONTHS, _AHEAD = 24, 6
_ACTIONS = 4


@dataclass(frozen=True)
class AccountCard:
    """One account on one page: its purchases over time, and what every stage says of it."""

    chart: Chart
    table: Table
    sort: str = "card"

    @property
    def html(self) -> Markup:
        """The table as a page shows it; every cell is escaped."""
        return Markup(self.table.html())  # noqa: S704

    def svg(self, place: int) -> Markup:
        """Give the drawing with ids of its own, by the card's sort and place among others."""
        drawn = to_svg(self.chart.figure)
        return inline_svg(drawn, prefix=f"{self.sort}-{place}-", label=worded(self.chart.alt))

    def _repr_mimebundle_(self, **options: object) -> Bundle:
        return AccountCards([self])._repr_mimebundle_(**options)


@dataclass(frozen=True)
class AccountCards:
    """Cards one below the other, each folded under its account's name."""

    cards: Sequence[AccountCard]

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        page = template("cards.html.j2").render(cards=self.cards)
        plain = [f"{one.chart.alt}\n{one.table.text()}" for one in self.cards]
        return {"text/html": page, "text/plain": "\n".join(plain)}, {"text/html": {"whole": True}}


def account_cards(
    region: Region,
    classified: Classification,
    *,
    most: int = 5,
    group: str | None = None,
    **known: Any,
) -> AccountCards | Finding:
    """Give the cards of the accounts worth most, to read before a visit.

    Parameters
    ----------
    region : Region
        The region as of a day.
    classified : Classification
        From `key_accounts`: whose accounts are worth most.
    most : int
        Cards, the account expected to be worth most first; 0 for none.
    group : str or None
        Only accounts of this class; None: of any.
    known
        What else the stages found, as `account_card` takes it.
    """
    table = classified.table
    here = table if group is None else table[table["class"] == group]
    keys = here.index[:most]
    if not len(keys):
        return Finding([])
    every = [account_card(region, str(key), classified=classified, **known) for key in keys]
    return AccountCards(every)


def plan_cards(
    region: Region,
    classified: Classification,
    plan: ContactPlan | NoPlan,
    dated: Schedule | NoPlan,
    *,
    most: int = 60,
) -> AccountCards | Finding:
    """Give the cards of class A: what each brought, what is planned for it, why, and when.

    Parameters
    ----------
    region : Region
        The region as of a day.
    classified : Classification
        From `key_accounts`.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    dated : Schedule or NoPlan
        From `schedule_of`.
    most : int
        Cards at most, the accounts expected to be worth most first.
    """
    if isinstance(plan, NoPlan):
        return Finding([])
    return account_cards(region, classified, most=most, group="A", plan=plan, schedule=dated)


def account_card(
    region: Region,
    account_id: str,
    *,
    classified: Classification | None = None,
    contribution: Contribution | None = None,
    relationship: Relationship | None = None,
    needs: Needs | None = None,
    forward: ForwardValue | None = None,
    plan: ContactPlan | NoPlan | None = None,
    schedule: Schedule | NoPlan | None = None,
) -> AccountCard:
    """Gather all that is known about one account, before a visit or a decision.

    Parameters
    ----------
    region : Region
        The account's region as of a day.
    account_id : str
        The account.
    classified, contribution, relationship, needs, forward, plan, schedule
        What the stages found (`key_accounts`, `contribution_of`, `relationship_of`, `needs_of`,
        `forward_value_of`, `plan_where_known`, `schedule_of`); a part that is not given is not on
        the card. Without a schedule the card has the actions that the book's plan already dates.

    Returns
    -------
    AccountCard
        ``chart``: what it brought month by month, the expected half-year, and below on the same
        time line contacts, answers to surveys and complaints;
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
    if forward is not None:
        facts += _ahead(forward, account_id, currency)
    if relationship is not None:
        facts += _standing(relationship, account_id)
    if needs is not None:
        facts += _needs(needs, account_id)
    planned = _contacts(plan, account_id, currency)
    facts += planned + _plan(_coming(region, schedule), account_id)
    sort = "plan-card" if planned else "card"
    name = str(region.accounts["name"][account_id])
    table = Table(
        pd.DataFrame(facts, columns=["part", "fact", "said"]),
        {"fact": Column("What"), "said": Column("What we know")},
        name=f"{sort}-{account_id}",
        caption=say("{name}, {key}, as of {day}", name=name, key=account_id, day=day(region.as_of)),
    )
    return AccountCard(_course(region, account_id, name, classified), table, sort)


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
        ends = row.get("potential_low"), row.get("potential_high")
        # Both ends are what the account spends where that is more than its peers do.
        said = (
            say("no more than it does, {value}", value=amount(row["potential"], currency))
            if ends[0] == ends[1]
            else _between(row["potential"], *ends, currency)
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


def _ahead(found: ForwardValue, key: str, currency: str) -> list[tuple[str, str, str]]:
    row, part = found.table.loc[key].to_dict(), say("Value ahead")
    if np.isnan(row["year"]):
        return []
    year = _between(row["year"], row["year_low"], row["year_high"], currency)
    facts = [(part, say("Next twelve months"), year)]
    if not np.isnan(row["lifetime"]):
        lifetime = _between(row["lifetime"], row["lifetime_low"], row["lifetime_high"], currency)
        facts.append((part, say("Lifetime value, {years} years", years=YEARS), lifetime))
    return facts


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
            say("Need: {need}", need=need),
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


def _contacts(
    plan: ContactPlan | NoPlan | None, key: str, currency: str
) -> list[tuple[str, str, str]]:
    """Say which contacts a year the plan gives the account, what that brings, and why."""
    if plan is None or isinstance(plan, NoPlan) or key not in plan.allocation.planned.index:
        return []
    part, start = say("Contacts a year"), plan.allocation.situation
    today, planned = (
        frame.loc[[key]].iloc[0].round().to_dict()
        for frame in (start.today, plan.allocation.planned)
    )
    row = plan.allocation.table.loc[key].to_dict()
    kinds = [
        (
            part,
            worded(f"{NOUNS.get(str(kind), kind)}s"),
            say(
                "{planned} a year, today {today}",
                planned=f"{planned[kind]:.0f}",
                today=f"{now:.0f}",
            ),
        )
        for kind, now in today.items()
        if now + planned[kind]
    ]
    gain = _between(row["gain"], row["low"], row["high"], currency)
    return [*kinds, (part, say("Gain a year"), gain), (part, say("Why"), row["reason"])]


def _coming(region: Region, schedule: Schedule | NoPlan | None) -> pd.DataFrame | None:
    """Give the dated actions to come: of the schedule, else of the book's plan; None without."""
    if isinstance(schedule, NoPlan):
        return None
    actions = region.tables.get("plan_actions") if schedule is None else schedule.actions
    if actions is None:
        return None
    coming = actions[actions["due"] > pd.Timestamp(region.as_of)]
    return coming[coming["done"].isna()] if "done" in coming else coming


def _plan(coming: pd.DataFrame | None, key: str) -> list[tuple[str, str, str]]:
    part = say("Plan")
    if coming is None:
        return []
    here = coming[coming["account_id"] == key].sort_values("due", kind="stable").head(_ACTIONS)
    if here.empty:
        return [(part, say("Actions"), say("none is dated"))]
    rows = zip(here["due"], here["kind"], here.reindex(columns=["owner"])["owner"], strict=True)
    return [
        (part, say("Planned: {day}", day=day(due.date())), f"{worded(kind)}, {_text(who)}")
        for due, kind, who in rows
    ]


def _course(region: Region, key: str, name: str, classified: Classification | None) -> Chart:
    """Draw what the account brought month by month and the half-year expected; below, what was."""
    measure = region.book.value_measure
    months = pd.period_range(end=pd.Period(region.as_of, "M"), periods=_MONTHS, freq="M")
    bought = region.purchases[region.purchases["account_id"] == key]
    sums = worth(bought, measure=measure).groupby(bought["date"].dt.to_period("M")).sum()
    brought = sums.reindex(months, fill_value=0.0).astype(float)
    events = _events(region, key, months)
    with canvas(height=2.8 + 0.3 * len(events)) as (figure, axes):
        if events:
            figure.clear()
            sizes = {"height_ratios": [2.5, 0.3 * len(events)]}
            axes, strip = figure.subplots(2, 1, sharex=True, gridspec_kw=sizes)
            axes.grid(axis="x", visible=False)
            _draw_events(strip, events)
        axes.axhline(0, color=CONTEXT, linewidth=1)
        axes.bar(range(_MONTHS), brought, color=ACCENT, width=0.7)
        _draw_expected(axes, classified, key)
        axes.set_ylabel(
            say(
                "{measure} a month, {currency}",
                measure=worded(measure.title()),
                currency=region.book.currency,
            )
        )
        axes.set_xlim(-1, _MONTHS + _AHEAD)
        axes.set_xticks(range(0, _MONTHS, 6), [f"{month:%b %Y}" for month in months[::6]])
        money_axis(axes.yaxis)
    told = "; ".join(f"{what.lower()}: {count.sum():,.0f}" for what, count in events.items())
    return Chart(
        figure,
        alt=say(
            "{name}: {total} of {measure} in {months} months; {told}.",
            name=name,
            total=amount(float(brought.sum()), region.book.currency),
            measure=worded(measure),
            months=_MONTHS,
            told=told or say("nothing else is recorded"),
        ),
        caption=say(
            "{name}: what it brought month by month. Grey: where the next half-year lies in 8 of "
            "10 cases, a month. Below: the larger the mark, the more of it.",
            name=short(name),
        ),
    )


def _draw_expected(axes: Axes, classified: Classification | None, key: str) -> None:
    expected = None if classified is None else classified.table.loc[key].to_dict()
    if expected is None or pd.isna(expected["low"]):
        return
    ahead = np.array([_MONTHS - 0.5, _MONTHS + _AHEAD - 0.5])
    axes.fill_between(
        ahead, expected["low"] / 12, expected["high"] / 12, color=CONTEXT, alpha=0.5, lw=0
    )
    axes.plot(ahead, [expected["value"] / 12] * 2, color=INK, linewidth=1.5)


def _draw_events(axes: Axes, events: dict[str, pd.Series]) -> None:
    """Draw a line of marks a kind, the larger the more there was in the month."""
    for row, (what, count) in enumerate(events.items()):
        at = np.flatnonzero(count.to_numpy() > 0)
        size, color = 14 + 8 * count.to_numpy()[at], LOSS if what == say("Complaints") else ACCENT
        axes.scatter(at, np.full(len(at), -row), s=size, color=color, alpha=0.7, linewidths=0)
    axes.set(ylim=(-len(events) + 0.4, 0.6))
    axes.set_yticks([-row for row in range(len(events))], list(events))
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)


def _events(region: Region, key: str, months: pd.PeriodIndex) -> dict[str, pd.Series]:
    """Count contacts, answers and complaints by month, of those that the book records."""
    found = {}
    for what, (table, column) in {
        say("Contacts"): ("activities", "date"),
        say("Answers"): ("surveys", "date"),
        say("Complaints"): ("complaints", "opened"),
    }.items():
        rows = region.tables.get(table)
        if rows is not None:
            here = rows.loc[rows["account_id"] == key, column].dt.to_period("M")
            found[what] = here.value_counts().reindex(months, fill_value=0).astype(float)
    return found


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
