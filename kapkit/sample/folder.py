"""A simulated company as a folder of files that ``kapkit.open_book`` reads."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kapkit.book.errors import DataError
from kapkit.sample.company import Company
from kapkit.sample.readme import readme

SALES = pa.schema(
    [
        ("order_id", pa.string()),
        ("account_id", pa.string()),
        ("date", pa.date32()),
        ("product_id", pa.string()),
        ("quantity", pa.int32()),
        ("revenue", pa.decimal128(18, 4)),
        ("cost", pa.decimal128(18, 4)),
        ("channel", pa.string()),
        ("kind", pa.string()),
    ]
)

TOML = """\
[book]
name = "{name}"
currency = "{currency}"
as_of = {as_of}

[files]
accounts = "accounts.csv"
products = "products.csv"
sales = "sales_*.parquet"
"""


def write(company: Company, folder: Path) -> None:
    """Write a simulated company's book; its truth stays out of the folder.

    Accounts and products become CSV, sales one Parquet file a delivery, with the ``kapkit.toml``
    that opens them and a README that says what they are. The same company makes the same bytes.

    Parameters
    ----------
    company : Company
        As :func:`simulate` returns it.
    folder : Path
        Made if missing; an older sample in it is replaced.

    Raises
    ------
    DataError
        If the folder holds anything but a sample company.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder, company.name)
    description = TOML.format(name=company.name, currency=company.currency, as_of=company.as_of)
    _write_text(description, folder / "kapkit.toml")
    _write_text(readme(company), folder / "README.md")
    _write_csv(company.accounts, folder / "accounts.csv")
    _write_csv(company.products, folder / "products.csv")
    for delivery, lines in company.sales.groupby(level="delivery"):
        _write_parquet(lines, folder / f"{delivery}.parquet")


def _clear(folder: Path, name: str) -> None:
    """Remove an older sample's deliveries; refuse a folder that holds something else."""
    description = folder / "kapkit.toml"
    ours = description.exists() and f'name = "{name}"' in description.read_text(encoding="utf-8")
    if any(folder.iterdir()) and not ours:
        raise DataError(
            f"{folder}: the folder is not empty and holds no sample company; "
            "nothing was written, choose an empty or a new folder"
        )
    for delivery in folder.glob("sales_*.parquet"):
        delivery.unlink()


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%d", encoding="utf-8")


def _write_parquet(lines: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(lines, preserve_index=False)
    table = table.cast(SALES).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", store_decimal_as_integer=True)
