"""The data dictionary: every canonical table as people read it, from the schemas."""

import sys
from collections.abc import Iterator

import pandera.pandas as pa

from kapkit.book.schema import TABLES, kind_of

_INTRODUCTION = """\
# Data dictionary

Generated from `kapkit/book/schema.py` by `make lock`. Only accounts and sales are needed; each
other table switches on what needs it, and a missing one is said, never guessed.

Keys and names are text: leading zeros stay, and NA is a name. Money is exact to four decimals, in
the book's currency. Accounts may have further columns; map them under `[tables.accounts.columns]`.
"""


def data_dictionary() -> str:
    """Write the canonical tables as Markdown: what a row is, columns, units, rules.

    Returns
    -------
    str
        One section a table, in the order of the account book.
    """
    return "\n".join([_INTRODUCTION, *_summary(), *_sections()])


def _summary() -> Iterator[str]:
    yield "| table | one row is | switches on |"
    yield "|---|---|---|"
    for name, table in TABLES.items():
        yield f"| [{name}](#{name}) | {table.description} | {switches_on(name)} |"


def _sections() -> Iterator[str]:
    for name, table in TABLES.items():
        yield f"\n## {name}\n"
        key = ", ".join(str(column) for column in table.unique or [])
        yield f"One row is {table.description}." + (f" Key: {key}." if key else "")
        yield "\n| column | kind | unit | needed | meaning |\n|---|---|---|---|---|"
        for column in table.columns.values():
            yield _line(column)
    yield ""


def _line(column: pa.Column) -> str:
    needed = "yes" if column.required else ""
    unit = (column.metadata or {}).get("unit", "")
    rules = "".join(f"; {check.error}" for check in column.checks)
    kind = kind_of(column)
    return f"| {column.name} | {kind} | {unit} | {needed} | {column.description}{rules} |"


def switches_on(table: str) -> str:
    """Say what a table makes possible.

    >>> switches_on("surveys")
    '3.3 satisfaction'
    """
    return str((TABLES[table].metadata or {})["switches_on"])


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
