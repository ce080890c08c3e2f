"""The README that lies beside the files of a simulated company."""

from collections.abc import Mapping

from kapkit.book.schema import TABLES
from kapkit.sample.company import LAID_OVER, Company

#: Which file holds which table: those that are long as Parquet, the others for readers as CSV.
FILES = {
    "accounts": "accounts.csv",
    "products": "products.csv",
    "sales": "sales_*.parquet",
    "activities": "activities.parquet",
    "opportunities": "opportunities.csv",
    "surveys": "surveys.csv",
    "complaints": "complaints.csv",
    "needs": "needs.csv",
    "solutions": "solutions.csv",
    "service_costs": "service_costs.parquet",
    "cost_rates": "cost_rates.csv",
    "staff": "staff.csv",
    "goals": "goals.csv",
    "plan_actions": "plan_actions.csv",
    "enrolments": "enrolments.csv",
    "overrides": "overrides.csv",
}

README = """\
# {name}: a simulated book

{origin}

| file | one row is | rows |
|---|---|---:|
{files}

Regions and their accounts: {regions}.{america}
Money is in {currency}, net of tax and discount. `kapkit.toml` maps the files; columns already have
their canonical names. What is true of each account (rates, trends, who has left, what calls and
the programme do, next year's expected revenue) is not in these files: `simulate(...).truth`
holds it. How this world works: `docs/sample.md` of kapkit.
{dirt}"""

MADE_UP = """\
Nothing here is real: a made-up distributor of industrial supplies, written by `kapkit sample`
(seed {seed}, {years} years up to {as_of}). Accounts order at their own pace and size until they
leave; satisfaction, calls, competitors and a key-account programme move them; some grow, some
fade, a few never bought, and some of the largest lose money. Any likeness to a real company is
chance."""

GIVEN = """\
The accounts, their sales and the products are those that a real order book accepts up to {as_of}.
All else is made up, written by `kapkit sample --base` (seed {seed}): owners call where revenue is,
satisfaction feels ahead of purchases, and nothing of it moved the sales."""

DIRT = """
## Planted dirt

Real exports have it, so this one does. Rows as delivered; a row may be of two kinds.

| dirt | rows |
|---|---:|
{rows}
"""


def readme(
    company: Company,
    rows: Mapping[str, int],
    regions: Mapping[str, int],
    dirt: Mapping[str, int],
) -> str:
    """Describe a simulated company to who opens its folder; counts are by file, region and kind."""
    listed = "\n".join(f"| {kind} | {count} |" for kind, count in dirt.items())
    by_size = sorted(regions.items(), key=lambda item: (-item[1], item[0]))
    origin = GIVEN if company.name.endswith(LAID_OVER) else MADE_UP
    return README.format(
        name=company.name,
        origin=origin.format(seed=company.seed, years=company.years, as_of=company.as_of),
        currency=company.currency or "no named currency",
        america=' "NA" is North America.' if "NA" in regions else "",
        files="\n".join(_file(stem, count) for stem, count in rows.items()),
        regions=", ".join(f"{name} {count}" for name, count in by_size),
        dirt=DIRT.format(rows=listed) if dirt else "",
    )


def _file(stem: str, count: int) -> str:
    table = "sales" if stem.startswith("sales_") else stem
    suffix = FILES[table].rpartition(".")[2]
    return f"| `{stem}.{suffix}` | {TABLES[table].description} | {count:,} |"
