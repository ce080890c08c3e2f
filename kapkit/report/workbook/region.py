"""A region's workbook: classes, evaluation, plan, calendar, data trust, definitions."""

from collections.abc import Sequence

import pandas as pd

from kapkit.book.region import Region
from kapkit.book.slug import slug
from kapkit.book.trust import trust_sheet
from kapkit.classification.abc import Classification, Cuts
from kapkit.classification.key_accounts import key_accounts
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.cultivation.schedule import Schedule
from kapkit.evaluation.forward_value import forward_value_of
from kapkit.evaluation.needs import needs_of
from kapkit.evaluation.profit import Contribution, contribution_of
from kapkit.evaluation.relationship import relationship_of
from kapkit.models.forward import YEARS
from kapkit.report.files import Files
from kapkit.report.workbook.definitions import WORDS
from kapkit.report.workbook.sheet import Curve, Field, Sheet, workbook
from kapkit.wording import day, say


def region_workbook(
    region: Region,
    plan: ContactPlan | NoPlan,
    dated: Schedule | NoPlan,
    *,
    cuts: Cuts | None = None,
) -> Files:
    """Give the region as an Excel workbook, to filter, to sort and to take along.

    Parameters
    ----------
    region : Region
        The region.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    dated : Schedule or NoPlan
        From `schedule_of`.
    cuts : Cuts
        As on the page.

    Returns
    -------
    Files
        One .xlsx: all accounts, not only the page's first rows, with the page's numbers.
    """
    classified, contribution = key_accounts(region, cuts=cuts), contribution_of(region)
    classes, earned = _classes(region, classified), _evaluation(region, contribution)
    planned = [_plan(region, plan), _calendar(region, dated)]
    about = [_cards(region, classified, contribution), *filter(None, planned)]
    sheets = [classes, earned, *about, _trust(region), _totals(region), _words()]
    said = [classified.sentence, contribution.sentence, *_said(region, plan)]
    title = say(
        "{region}: key-account plan, as of {day}", region=region.name, day=day(region.as_of)
    )
    made = workbook(title, said, sheets, _curves(classes, earned, planned[0]), region.as_of)
    name = f"plan-{slug(region.name or 'company')}.xlsx"
    return Files({name: say("The region as an Excel workbook")}, {name: made})


def _said(region: Region, plan: ContactPlan | NoPlan) -> Sequence[str]:
    planned = plan.sentence if isinstance(plan, NoPlan) else plan.allocation.sentence
    source = say(
        "{book}, data {fingerprint}; money in {currency}.",
        book=region.book.name,
        fingerprint=region.book.fingerprint,
        currency=region.book.currency,
    )
    return [planned, *trust_sheet(region).sentences, source]


def _classes(region: Region, classified: Classification) -> Sheet:
    ranked = classified.table.reset_index(names="account_id")
    positive = ranked["value"].clip(lower=0)
    total = positive.sum()
    fields = {
        "name": Field(say("Account"), width=30),
        "account_id": Field(say("Key"), width=12),
        "class": Field(say("Class"), mark="class"),
        "model_class": Field(say("By the model")),
        "plain_class": Field(say("By last 12 months")),
        "A": Field(say("Chance of A"), "share"),
        "B": Field(say("Chance of B"), "share"),
        "C": Field(say("Chance of C"), "share"),
        "value": Field(say("Expected a year"), "amount", total=True, mark="bar"),
        "low": Field(say("Low"), "amount"),
        "high": Field(say("High"), "amount"),
        "up_to_here": Field(say("Share up to here"), "share"),
        "past_value": Field(say("Last 12 months"), "amount", total=True),
        "potential": Field(say("Potential"), "amount"),
        "headroom": Field(say("Room to grow"), "amount", total=True, mark="bar"),
        "stated_potential": Field(say("Typed potential"), "amount"),
        "buys": Field(say("Buys next quarter"), "share"),
        "last_purchase": Field(say("Last purchase"), "day"),
        "reason": Field(say("Why"), "sentence"),
        "would_change": Field(say("What would change it"), "sentence", width=32),
    }
    shares = positive.cumsum() / total if total > 0 else positive * float("nan")
    caption = say("2.1 Classes of all accounts, {currency}", currency=region.book.currency)
    return Sheet(say("Classes"), caption, ranked.assign(up_to_here=shares), fields)


def _evaluation(region: Region, contribution: Contribution) -> Sheet:
    table = contribution.table.join(region.accounts["name"]).reset_index(names="account_id")
    fields = {
        "name": Field(say("Account"), width=30),
        "account_id": Field(say("Key"), width=12),
        "revenue": Field(say("Revenue"), "money", total=True, mark="bar"),
        "revenue_before": Field(say("Year before"), "money", total=True),
        "discount": Field(say("Discounts"), "money", total=True),
        "credits": Field(say("Credits"), "money", total=True),
        "cost": Field(say("Cost of goods"), "money", total=True),
        "contribution": Field(say("Contribution"), "money", total=True, mark="loss"),
        "margin_share": Field(say("of revenue"), "share", mark="loss"),
        "contribution_share": Field(say("of the region's"), "share"),
        "uncosted_revenue": Field(say("Revenue without known cost"), "money", total=True),
    }
    caption = say(
        "3.2 Profit contribution of the last twelve months, {currency}",
        currency=region.book.currency,
    )
    return Sheet(say("Evaluation"), caption, table, fields)


def _cards(region: Region, classified: Classification, contribution: Contribution) -> Sheet:
    """Give what the account cards say, a row an account."""
    standing, ahead = relationship_of(region), forward_value_of(region, contribution).table
    found = needs_of(region, contribution)
    unmet = None if found is None else found.accounts[found.accounts["open"]]
    needs = {} if unmet is None else {"needs": unmet.groupby("account_id")["need"].agg(", ".join)}
    told = standing.complaints
    complaints = {} if told is None else {"open": told.accounts["open"]}
    table = (
        classified.table[["name", "class"]]
        .join(ahead)
        .join(contribution.table["contribution"])
        .join(standing.table[["score", "moved", "risk", "why"]])
        .assign(**needs, **complaints)
        .reset_index(names="account_id")
    )
    fields = {
        "name": Field(say("Account"), width=30),
        "account_id": Field(say("Key"), width=12),
        "class": Field(say("Class"), mark="class"),
        "contribution": Field(say("Contribution"), "amount", total=True, mark="loss"),
        "past": Field(say("Last 12 months"), "amount", total=True),
        "year": Field(say("Next twelve months"), "amount", total=True, mark="bar"),
        "year_low": Field(say("Low"), "amount"),
        "year_high": Field(say("High"), "amount"),
        "lifetime": Field(say("Lifetime value, {years} years", years=YEARS), "amount", total=True),
        "lifetime_low": Field(say("Low"), "amount"),
        "lifetime_high": Field(say("High"), "amount"),
        "score": Field(say("Health score (50: average)"), "count"),
        "moved": Field(say("since {day}", day=day(standing.since)), "count"),
        "risk": Field(say("Risk of no order in 26 weeks"), "share"),
        "why": Field(say("What moved it"), "sentence"),
        **({"open": Field(say("Open complaints"), "count", total=True)} if complaints else {}),
        **({"needs": Field(say("Open needs"), "sentence")} if needs else {}),
    }
    caption = say("3 Account cards, {currency}", currency=region.book.currency)
    return Sheet(say("Accounts"), caption, table, fields)


def _plan(region: Region, plan: ContactPlan | NoPlan) -> Sheet | None:
    if isinstance(plan, NoPlan):
        return None
    allocation = plan.allocation
    about = allocation.situation.accounts[["name", "class", "owner"]]
    today = allocation.situation.today.round().add_prefix("today_")
    wanted = allocation.planned.add_prefix("planned_")
    table = allocation.table.join([about, today, wanted]).reset_index(names="account_id")
    kinds = [kind for kind in map(str, allocation.planned) if table[f"planned_{kind}"].any()]
    fields = {
        "name": Field(say("Account"), width=30),
        "account_id": Field(say("Key"), width=12),
        "class": Field(say("Class"), mark="class"),
        "owner": Field(say("Owner")),
        **{
            name: Field(said, "count", total=True)
            for kind in kinds
            for name, said in (
                (f"today_{kind}", say("{kind}, today", kind=say(kind))),
                (f"planned_{kind}", say("{kind}, planned", kind=say(kind))),
            )
        },
        "hours_today": Field(say("Hours today"), "hours", total=True),
        "hours_planned": Field(say("Hours planned"), "hours", total=True, mark="bar"),
        "gain": Field(say("Gain a year"), "amount", total=True, mark="bar"),
        "low": Field(say("Low"), "amount"),
        "high": Field(say("High"), "amount"),
        "marginal_return": Field(say("One more hour"), "amount"),
        "reason": Field(say("What changes, and why"), "sentence"),
    }
    ranked = table.sort_values("gain", ascending=False, kind="stable", ignore_index=True)
    caption = say("4.1 Contacts a year by account, {currency}", currency=region.book.currency)
    return Sheet(say("Plan"), caption, ranked, fields)


def _calendar(region: Region, dated: Schedule | NoPlan) -> Sheet | None:
    if isinstance(dated, NoPlan):
        return None
    named = dated.ahead.assign(
        name=dated.ahead["account_id"].map(region.accounts["name"]),
        what=dated.ahead["kind"].map(say),
    )
    fields = {
        "due": Field(say("Day"), "day"),
        "owner": Field(say("Owner")),
        "name": Field(say("Account"), width=30),
        "account_id": Field(say("Key"), width=12),
        "what": Field(say("What")),
        "minutes": Field(say("Minutes"), "count", total=True),
        "status": Field(say("State")),
        "action_id": Field(say("Action"), width=22),
    }
    return Sheet(say("Calendar"), say("4.1 and 5.2 Who does what, when"), named, fields)


def _trust(region: Region) -> Sheet:
    fields = {
        "measure": Field(say("Looked at"), width=30),
        "found": Field(say("Found"), "sentence"),
        "weakens": Field(say("Weakens"), "sentence", width=40),
    }
    return Sheet(say("Data trust"), say("Data trust sheet"), trust_sheet(region).table, fields)


def _totals(region: Region) -> Sheet:
    """Give what became of the sales lines that belong here, as the page does."""
    money = region.totals.assign(
        revenue=region.totals["revenue"].astype(float), cost=region.totals["cost"].astype(float)
    )
    summed = money.groupby(["state", "reason"], dropna=False, sort=False)
    table = summed[["rows", "revenue", "cost"]].sum(min_count=1).reset_index()
    fields = {
        "state": Field(say("Rows are")),
        "reason": Field(say("Reason"), "sentence"),
        "rows": Field(say("Rows"), "count"),
        "revenue": Field(say("Revenue"), "money"),
        "cost": Field(say("Cost"), "money"),
    }
    caption = say("Sales lines, {currency}", currency=region.book.currency)
    return Sheet(say("Control totals"), caption, table, fields)


def _words() -> Sheet:
    frame = pd.DataFrame(WORDS, columns=["word", "chinese", "meaning"])
    fields = {
        "word": Field("English", width=26),
        "chinese": Field("中文", width=16),
        "meaning": Field(say("Meaning here"), "sentence", width=80),
    }
    return Sheet(say("Definitions"), say("What the words mean"), frame, fields)


def _curves(classes: Sheet, earned: Sheet, plan: Sheet | None) -> Sequence[Curve]:
    pareto = Curve(
        say("How much depends on how few"), "line", classes, "name", ["up_to_here"], most=10_000
    )
    best = Curve(say("Contribution, highest first"), "bar", earned, "name", ["contribution"])
    if plan is None:
        return [pareto, best]
    hours = ["hours_planned", "hours_today"]
    return [pareto, best, Curve(say("Hours, planned and today"), "bar", plan, "name", hours)]
