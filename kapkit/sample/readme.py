"""The README that lies beside the files of a simulated company."""

import pandas as pd

from kapkit.sample.company import Company

README = """\
# {name}: a simulated book

Nothing here is real: a made-up distributor of industrial supplies, written by `kapkit sample`
(seed {seed}, {years} years up to {as_of}). Accounts order at their own pace and size until they
leave; some grow, some fade, a few never bought, and some of the largest lose money. Any likeness
to a real company is chance.

| file | one row is | rows |
|---|---|---:|
{files}

Regions and their accounts: {regions}. "NA" is North America.
Money is in {currency}, net of tax and discount. `kapkit.toml` maps the files; columns already have
their canonical names. What is true of each account (rates, trends, who has left, next year's
expected revenue) is not in these files: `simulate(...).truth` holds it.

## Planted dirt

Real exports have it, so this one does. Rows as delivered; a row may be of two kinds.

| dirt | rows |
|---|---:|
{dirt}
"""


def readme(company: Company) -> str:
    """Describe a simulated company to who opens its folder."""
    sales = company.sales.groupby(level="delivery").size()
    regions = company.accounts["region"].value_counts()
    return README.format(
        name=company.name,
        seed=company.seed,
        as_of=company.as_of,
        years=company.years,
        currency=company.currency,
        files=_files(company, sales),
        regions=", ".join(f"{name} {count}" for name, count in regions.items()),
        dirt="\n".join(f"| {kind} | {rows} |" for kind, rows in company.truth.dirt_counts.items()),
    )


def _files(company: Company, sales: pd.Series) -> str:
    rows = [
        f"| `accounts.csv` | a customer account | {len(company.accounts):,} |",
        f"| `products.csv` | a product | {len(company.products):,} |",
        *(f"| `{name}.parquet` | an invoice or credit line | {n:,} |" for name, n in sales.items()),
    ]
    return "\n".join(rows)
