"""A simulated company as a folder of files that ``kapkit.open_book`` reads."""

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kapkit.book.errors import DataError
from kapkit.book.schema import TABLES
from kapkit.sample.company import LAID_OVER, Company, Truth
from kapkit.sample.dirt import OTHER_FORMAT
from kapkit.sample.readme import FILES, readme
from kapkit.sample.world import COUNTRIES

MONEY = pa.decimal128(18, 4)
TYPES = {
    "date": pa.date32(),
    "quantity": pa.float64(),
    "minutes": pa.float64(),
    "revenue": MONEY,
    "discount": MONEY,
    "cost": MONEY,
}

TOML = """\
[book]
name = "{name}"
currency = "{currency}"
as_of = {as_of}

[files]
{files}
[tables.complaints]
dates = ["%Y-%m-%d", "%d.%m.%Y"]  # a part was exported from elsewhere
{copies}{calendar}"""

COPIES = """
[tables.sales]
duplicates = "keep"  # the book they come from has judged its copies
"""


def write(
    company: Company | Iterable[Company], folder: Path, *, truth: Path | None = None
) -> Counter[str]:
    """Write a simulated company's book; its truth stays out of the folder.

    Large tables become Parquet (sales one file a delivery), the others CSV, with the
    ``kapkit.toml`` that opens them and a README that says what they are. The same company makes
    the same bytes.

    Parameters
    ----------
    company : Company, or its blocks
        As :func:`simulate` returns it, or :func:`stream` gives its blocks: then no more than one
        block is held in memory.
    folder : Path
        Made if missing; an older sample in it is replaced.
    truth : Path, optional
        Another folder, for the truth: a Parquet file for each of its frames.

    Returns
    -------
    Counter
        Rows by file stem.

    Raises
    ------
    DataError
        If the folder holds anything but a sample company, or is the truth's as well.
    """
    blocks = [company] if isinstance(company, Company) else company
    if truth is not None and truth.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{truth}: the truth must not lie in the book's folder")
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    rows, regions, dirt = Counter[str](), Counter[str](), Counter[str]()
    with _Shelf(folder) as book, _Shelf(truth) as beside:
        for block in blocks:
            _write_block(block, book, rows)
            _write_truth(block.truth, beside)
            regions.update(block.accounts["region"].dropna().tolist())
            dirt.update(block.truth.dirt["kind"].tolist())
    _write_text(_description(block, regions), folder / "kapkit.toml")
    _write_text(readme(block, rows, regions, dirt), folder / "README.md")
    return rows


class _Shelf:
    """The files of a folder, to which each block appends; without a folder, nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._open: dict[str, pq.ParquetWriter] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "_Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._open.values():
            writer.close()

    def parquet(self, stem: str, table: pa.Table) -> None:
        """Append rows to a Parquet file."""
        if self.folder is None:
            return
        if stem not in self._open:
            path = self.folder / f"{stem}.parquet"
            self._open[stem] = pq.ParquetWriter(
                path, table.schema, compression="zstd", store_decimal_as_integer=True
            )
        self._open[stem].write_table(table)

    def csv(self, stem: str, table: pd.DataFrame, *, first: bool) -> None:
        """Append rows to a CSV file, which begins with its header."""
        if self.folder is not None:
            with (self.folder / f"{stem}.csv").open(
                "w" if first else "a", encoding="utf-8", newline=""
            ) as file:
                table.to_csv(
                    file, index=False, header=first, lineterminator="\n", date_format="%Y-%m-%d"
                )


def _write_block(block: Company, book: _Shelf, rows: Counter[str]) -> None:
    first = not rows
    for name, pattern in FILES.items():
        if name not in block.tables:
            continue
        table = block.tables[name]
        if name == "sales":
            for delivery, lines in table.groupby(level="delivery"):
                book.parquet(str(delivery), _arrow(lines))
                rows[str(delivery)] += len(lines)
            continue
        if name == "complaints":
            table = _with_other_format(table, block.truth.dirt, rows[name])
        if pattern.endswith("parquet"):
            book.parquet(name, _arrow(table))
        else:
            book.csv(name, table, first=first)
        rows[name] += len(table)


def _with_other_format(complaints: pd.DataFrame, dirt: pd.DataFrame, before: int) -> pd.DataFrame:
    """Write the days of some complaints day first."""
    rows = dirt.loc[dirt["kind"].eq(OTHER_FORMAT), "row"] - before
    other = complaints.index.isin(rows.astype("int64"))
    days = {
        column: complaints[column]
        .dt.strftime("%Y-%m-%d")
        .mask(other, complaints[column].dt.strftime("%d.%m.%Y"))
        for column in ("opened", "closed")
    }
    return complaints.assign(**days)


def _write_truth(truth: Truth, beside: _Shelf) -> None:
    for part in fields(Truth):
        frame = getattr(truth, part.name)
        named = frame if frame.index.names == [None] else frame.reset_index()
        beside.parquet(part.name, pa.Table.from_pandas(named, preserve_index=False))


def _description(company: Company, regions: Container[str]) -> str:
    held = [name for name in FILES if name in company.tables]
    files = "".join(f'{name} = "{FILES[name]}"\n' for name in held)
    return TOML.format(
        name=company.name,
        currency=company.currency,
        as_of=company.as_of,
        files=files,
        copies=COPIES if company.name.endswith(LAID_OVER) else "",
        calendar=_calendar(company, regions),
    )


def _calendar(company: Company, regions: Container[str]) -> str:
    """Say whose holidays the sample's own regions keep; nothing of regions laid over."""
    if company.name != Company.name:
        return ""
    said = [f'{name}.country = "{COUNTRIES[name]}"\n' for name in COUNTRIES if name in regions]
    return "".join(["\n[calendar.regions]  # whose holidays are kept\n", *said])


def _clear(folder: Path) -> None:
    """Remove an older sample's files; refuse a folder that holds something else."""
    description = folder / "kapkit.toml"
    text = description.read_text(encoding="utf-8") if description.exists() else ""
    ours = any(f'{name}"\n' in text for name in (f'name = "{Company.name}', LAID_OVER))
    if any(folder.iterdir()) and not ours:
        raise DataError(
            f"{folder}: the folder is not empty and holds no sample company; "
            "nothing was written, choose an empty or a new folder"
        )
    for name in TABLES:
        for path in [*folder.glob(f"{name}.csv"), *folder.glob(f"{name}*.parquet")]:
            path.unlink()


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _arrow(table: pd.DataFrame) -> pa.Table:
    schema = pa.schema([(name, TYPES.get(name, pa.string())) for name in table.columns])
    arrow = pa.Table.from_pandas(table, preserve_index=False).cast(schema)
    return arrow.replace_schema_metadata(None)
