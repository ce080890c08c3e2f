"""The canonical tables: names, types, units, keys and ranges, once for the whole package."""

from functools import partial
from typing import Literal

import pandera.pandas as pa

Kind = Literal["text", "day", "number", "money"]

_PANDAS_TYPE: dict[Kind, str] = {
    "text": "str",
    "day": "datetime64[ns]",
    "number": "float64",
    "money": "float64",
}


def _column(
    kind: Kind, description: str, *checks: pa.Check, optional: bool = False, unit: str = ""
) -> pa.Column:
    return pa.Column(
        _PANDAS_TYPE[kind],
        list(checks),
        nullable=optional,
        required=not optional,
        coerce=True,
        description=description,
        metadata={"kind": kind, "unit": unit},
    )


_text = partial(_column, "text")
_day = partial(_column, "day")
_number = partial(_column, "number")
_money = partial(_column, "money", unit="the book's currency")


def _table(
    name: str,
    description: str,
    key: list[str],
    columns: dict[str, pa.Column],
    *,
    switches_on: str = "",
    known_from: str | None = None,
    outcome: str | None = None,
) -> pa.DataFrameSchema:
    """Describe a table: ``known_from`` is the day a row becomes known, ``outcome`` a later one."""
    return pa.DataFrameSchema(
        columns,
        name=name,
        description=description,
        unique=key or None,
        metadata={"switches_on": switches_on, "known_from": known_from, "outcome": outcome},
    )


def _one_of(*values: str) -> pa.Check:
    return pa.Check.isin(list(values), error=f"must be one of {', '.join(values)}")


_account = _text("the account, as in accounts")
_positive = pa.Check.ge(0, error="must not be negative")
_one_to_five = pa.Check.in_range(1, 5, error="must be 1 to 5")

ACCOUNTS = _table(
    "accounts",
    "a customer account",
    ["account_id"],
    {
        "account_id": _text("the account's key; leading zeros kept"),
        "name": _text("the account's name"),
        "region": _text("the sales region that plans for it"),
        "industry": _text("line of business", optional=True),
        "channel": _text("how it buys", optional=True),
        "owner": _text("account manager", optional=True),
        "parent_id": _text("the account it belongs to", optional=True),
        "employees": _number("people it employs", _positive, optional=True, unit="people"),
        "annual_revenue": _money("its own turnover a year", _positive, optional=True),
        "since": _day("customer since", optional=True),
        "stated_potential": _money("typed wallet a year", _positive, optional=True),
        "recorded": _day(
            "day from which this row holds; of several rows of an account the latest stands",
            optional=True,
        ),
    },
    switches_on="everything; required",
    known_from="recorded",
)

SALES = _table(
    "sales",
    "an invoice or order line; credit notes are negative",
    [],
    {
        "order_id": _text("the order or invoice"),
        "account_id": _account,
        "date": _day("day of the order or invoice"),
        "product_id": _text("the product, as in products", optional=True),
        "quantity": _number("units", optional=True, unit="units"),
        "revenue": _money("net of tax and discount"),
        "discount": _money(
            "granted off the list price, which revenue is after; of a credit negative",
            optional=True,
        ),
        "cost": _money("cost of goods", optional=True),
        "channel": _text("how it was ordered", optional=True),
        "kind": _text("sale or credit", _one_of("sale", "credit"), optional=True),
        "region": _text(
            "where the line was sold; says only where a line without a known account belongs",
            optional=True,
        ),
    },
    switches_on="everything; required",
    known_from="date",
)

PRODUCTS = _table(
    "products",
    "a product",
    ["product_id"],
    {
        "product_id": _text("the product's key; leading zeros kept"),
        "name": _text("the product's name"),
        "category": _text("the group it is sold in"),
    },
    switches_on="spend by category",
)

ACTIVITIES = _table(
    "activities",
    "a contact with an account",
    ["activity_id"],
    {
        "activity_id": _text("key"),
        "account_id": _account,
        "date": _day("day of the contact"),
        "kind": _text(
            "kind of contact", _one_of("visit", "call", "email", "demo", "training", "other")
        ),
        "owner": _text("who made it", optional=True),
        "minutes": _number("time it took", _positive, optional=True, unit="minutes"),
        "outcome": _text("what came of it", optional=True),
        "inbound": _text("yes where the account made it", _one_of("yes", "no"), optional=True),
    },
    switches_on="2.3 engagement, 4.1 today's effort, 5.3 planned against done",
    known_from="date",
)

OPPORTUNITIES = _table(
    "opportunities",
    "a deal",
    ["opportunity_id"],
    {
        "opportunity_id": _text("key"),
        "account_id": _account,
        "created": _day("day it was opened"),
        "closes": _day("day it is expected to close, or did", optional=True),
        "stage": _text("stage of the deal"),
        "amount": _money("value of the deal"),
        "product_id": _text("the product", optional=True),
    },
    switches_on="the pipeline beside expected value",
    known_from="created",
)

SURVEYS = _table(
    "surveys",
    "an answer to a satisfaction question",
    [],
    {
        "account_id": _account,
        "date": _day("day of the answer"),
        "kind": _text("which question", _one_of("csat", "nps")),
        "score": _number("the answer, on its own scale"),
        "scale_min": _number("worst answer possible"),
        "scale_max": _number("best answer possible"),
    },
    switches_on="3.3 satisfaction",
    known_from="date",
)

COMPLAINTS = _table(
    "complaints",
    "a complaint or case",
    ["complaint_id"],
    {
        "complaint_id": _text("key"),
        "account_id": _account,
        "opened": _day("day it came in"),
        "closed": _day("day it was settled; missing while open", optional=True),
        "severity": _text("how bad", optional=True),
        "category": _text("what about", optional=True),
        "product_id": _text("the product", optional=True),
    },
    switches_on="3.3 complaints, 4.2 open loops, 4.3 themes",
    known_from="opened",
    outcome="closed",
)

NEEDS = _table(
    "needs",
    "a need or pain point found in discovery",
    ["account_id", "need", "recorded"],
    {
        "account_id": _account,
        "need": _text("the need"),
        "recorded": _day("day it was recorded"),
        "importance": _number("1 (low) to 5", _one_to_five),
        "fulfilment": _number("1 (not met) to 5", _one_to_five),
        "source": _text("who said so", optional=True),
    },
    switches_on="3.1 needs, 4.3 unmet needs",
    known_from="recorded",
)

SOLUTIONS = _table(
    "solutions",
    "a solution for a need",
    [],
    {
        "need": _text("the need"),
        "product_id": _text("a product that answers it", optional=True),
        "action": _text("or a kind of activity that does", optional=True),
        "note": _text("how", optional=True),
    },
    switches_on="3.1 matches of needs and solutions",
)

SERVICE_COSTS = _table(
    "service_costs",
    "an hour, delivery, return or other effort caused by an account",
    [],
    {
        "account_id": _account,
        "date": _day("day it was caused"),
        "driver": _text("what was used, as in cost_rates"),
        "quantity": _number("how much of it", unit="the driver's unit"),
    },
    switches_on="3.2 cost to serve (with cost_rates)",
    known_from="date",
)

COST_RATES = _table(
    "cost_rates",
    "the rate of a cost driver",
    ["driver", "valid_from"],
    {
        "driver": _text("what is used"),
        "rate": _money("per unit of the driver", _positive),
        "valid_from": _day("first day of the rate", optional=True),
    },
    switches_on="3.2 cost to serve (with service_costs)",
    known_from="valid_from",
)

STAFF = _table(
    "staff",
    "an account manager",
    ["owner"],
    {
        "owner": _text("name, as in accounts"),
        "region": _text("home region", optional=True),
        "hours_per_month": _number("selling time", _positive, unit="hours a month"),
        "cost_per_hour": _money("full cost", _positive, optional=True),
    },
    switches_on="4.1 allocation under each owner's hours, 5.2 load",
)

GOALS = _table(
    "goals",
    "a target",
    [],
    {
        "region": _text("the region, or", optional=True),
        "account_id": _text("the account it is set for", optional=True),
        "metric": _text("what is counted: revenue, margin, satisfaction, ..."),
        "start": _day("first day counted"),
        "end": _day("last day counted"),
        "target": _number("to be reached"),
        "owner": _text("who answers for it", optional=True),
    },
    switches_on="5.1 goals, 5.4 against target",
)

PLAN_ACTIONS = _table(
    "plan_actions",
    "a planned or done action",
    ["action_id"],
    {
        "action_id": _text("key"),
        "account_id": _account,
        "kind": _text("kind of activity"),
        "due": _day("day it is due"),
        "done": _day("day it was done", optional=True),
        "owner": _text("who does it", optional=True),
        "status": _text("state", optional=True),
        "outcome": _text("what came of it", optional=True),
    },
    switches_on="5.2 timetable, 5.3 planned against done",
    outcome="done",
)

ENROLMENTS = _table(
    "enrolments",
    "an account entering the key-account programme",
    ["account_id", "date"],
    {
        "account_id": _account,
        "date": _day("first day in the programme"),
        "programme": _text("which programme", optional=True),
    },
    switches_on="5.4 effect of the programme",
    known_from="date",
)

OVERRIDES = _table(
    "overrides",
    "a person's decision that overrides the model",
    [],
    {
        "account_id": _account,
        "field": _text("what is overridden: class, potential, ..."),
        "value": _text("the decision"),
        "reason": _text("why"),
        "by": _text("who decided"),
        "until": _day("last day it holds", optional=True),
    },
    switches_on="decisions of people beside the model's",
)

#: The keys by which tables are joined, and lines summed.
KEYS = frozenset({"account_id", "order_id", "product_id"})

TABLES: dict[str, pa.DataFrameSchema] = {
    str(table.name): table
    for table in (
        ACCOUNTS,
        SALES,
        PRODUCTS,
        ACTIVITIES,
        OPPORTUNITIES,
        SURVEYS,
        COMPLAINTS,
        NEEDS,
        SOLUTIONS,
        SERVICE_COSTS,
        COST_RATES,
        STAFF,
        GOALS,
        PLAN_ACTIONS,
        ENROLMENTS,
        OVERRIDES,
    )
}

PURCHASES = _table(
    "purchases",
    "what an account bought on one day, as the book gives it to the analysis",
    ["account_id", "date"],
    {
        "account_id": _account,
        "date": _day("day of the purchases"),
        "orders": _number("distinct orders with a positive line", _positive),
        "lines": _number("lines", _positive),
        "quantity": _number("units, net of returns", optional=True),
        "revenue": _money("net: sales less credits"),
        "credits": _money("the negative lines in it", pa.Check.le(0, error="must not be positive")),
        "discount": _money(
            "granted off the list price, where the book has discounts", optional=True
        ),
        "cost": _money("cost of goods of the lines that have one", optional=True),
        "costed_revenue": _money("net revenue of those lines"),
        "costed_lines": _number("how many they are", _positive),
    },
)

CATEGORIES = _table(
    "categories",
    "what an account bought of one category in one month",
    ["account_id", "month", "category"],
    {
        "account_id": _account,
        "month": _day("first day of the month"),
        "category": _text("product category; missing where it is not known", optional=True),
        "quantity": _number("units, net of returns", optional=True),
        "revenue": _money("net: sales less credits"),
        "cost": _money("cost of goods of the lines that have one", optional=True),
        "costed_revenue": _money("net revenue of those lines"),
        "costed_lines": _number("how many they are", _positive),
    },
)


def kind_of(column: pa.Column) -> Kind:
    """Tell how a column is read: as text, day, number or money."""
    kind: Kind = (column.metadata or {})["kind"]
    return kind


def known_from(table: str) -> str | None:
    """Name the column that says from which day a row of a table is known; None: at any time."""
    column: str | None = (TABLES[table].metadata or {})["known_from"]
    return column


def outcome(table: str) -> str | None:
    """Name the day of a table that lies after the row's own, as the day a complaint was closed."""
    column: str | None = (TABLES[table].metadata or {})["outcome"]
    return column
