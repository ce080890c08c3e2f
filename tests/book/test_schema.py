"""The canonical tables are the specification's, and their checks run in the engine."""

import pytest

from kapkit.book.checks import REASON, check_table, repeated_content
from kapkit.book.schema import CATEGORIES, PURCHASES, TABLES, kind_of
from tests.book.tiny import tiny

# The specification's section 1: required columns, then those that may be missing.
CANONICAL = {
    "accounts": (
        "account_id name region",
        "industry channel owner parent_id employees annual_revenue since stated_potential",
    ),
    "sales": ("order_id account_id date revenue", "product_id quantity cost channel kind"),
    "products": ("product_id name category", ""),
    "activities": ("activity_id account_id date kind", "owner minutes outcome inbound"),
    "opportunities": ("opportunity_id account_id created stage amount", "closes product_id"),
    "surveys": ("account_id date kind score scale_min scale_max", ""),
    "complaints": ("complaint_id account_id opened", "closed severity category product_id"),
    "needs": ("account_id need recorded importance fulfilment", "source"),
    "solutions": ("need", "product_id action note"),
    "service_costs": ("account_id date driver quantity", ""),
    "cost_rates": ("driver rate", "valid_from"),
    "staff": ("owner hours_per_month", "region cost_per_hour"),
    "goals": ("metric start end target", "region account_id owner"),
    "plan_actions": ("action_id account_id kind due", "done owner status outcome"),
    "enrolments": ("account_id date", "programme"),
    "overrides": ("account_id field value reason by", "until"),
}
# What kapkit needs beside them: since when an account's row holds, where a line was sold, and
# what was taken off its list price.
OWN = {"accounts": {"recorded"}, "sales": {"region", "discount"}}


def test_the_tables_are_the_specifications() -> None:
    assert list(TABLES) == list(CANONICAL)


@pytest.mark.parametrize("table", CANONICAL)
def test_the_columns_are_the_specifications(table: str) -> None:
    required, optional = (set(names.split()) for names in CANONICAL[table])
    columns = TABLES[table].columns
    assert {name for name, column in columns.items() if column.required} == required
    assert {name for name, column in columns.items() if not column.required} == (
        optional | OWN.get(table, set())
    )


@pytest.mark.parametrize("schema", [*TABLES.values(), PURCHASES, CATEGORIES], ids=lambda s: s.name)
def test_every_column_says_what_it_is(schema) -> None:
    assert schema.description
    assert {kind_of(column) for column in schema.columns.values()} <= {
        "text",
        "day",
        "number",
        "money",
    }
    assert all(column.description for column in schema.columns.values())
    assert set(schema.unique or []) <= set(schema.columns)


def test_checks_of_the_schema_run_in_the_engine(tmp_path) -> None:
    needs = """
        account_id,need,recorded,importance,fulfilment
        1,speed,2024-01-01,5,1
        1,price,2024-01-01,6,1
        1,place,2024-01-01,3,0.5
        1,speed,2024-01-01,4,1
        """
    activities = """
        activity_id,account_id,date,kind,minutes,inbound
        a1,1,2024-01-01,visit,,
        a2,1,2024-01-01,lunch,30,yes
        a3,1,2024-01-01,call,-5,no
        a4,1,2024-01-01,call,5,maybe
        """
    book = tiny(tmp_path, needs=needs, activities=activities)
    assert reasons(book, "needs", "need") == [
        ("place", "fulfilment must be 1 to 5"),
        ("price", "importance must be 1 to 5"),
        ("speed", "account_id, need, recorded repeated: the last row stands"),
        ("speed", None),
    ]
    assert reasons(book, "activities", "activity_id") == [
        ("a1", None),
        ("a2", "kind must be one of visit, call, email, demo, training, other"),
        ("a3", "minutes must not be negative"),
        ("a4", "inbound must be one of yes, no"),
    ]


def reasons(book, table: str, key: str) -> list[tuple[str, str | None]]:
    day = book.at().as_of
    read = book.source.table(table)
    once = repeated_content(read)
    checked = check_table(read, once, table, as_of=day, duplicates="set aside")
    rows = checked.collect("pyarrow").to_arrow().to_pylist()
    return sorted(((row[key], row[REASON]) for row in rows), key=str)
