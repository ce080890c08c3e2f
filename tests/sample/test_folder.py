"""A company on disk: the same bytes each time, and the committed sample among them."""

import tomllib
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from kapkit.book.errors import DataError
from kapkit.sample import Company, simulate, write

COMMITTED = Path(__file__).parents[2] / "data" / "sample"
MOST_BYTES = 6_000_000


def hashes(folder: Path, pattern: str = "*") -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob(pattern)}


def test_same_seed_same_bytes(folder: Path, tmp_path: Path) -> None:
    write(simulate(), tmp_path / "new" / "sample")
    assert hashes(tmp_path / "new" / "sample") == hashes(folder)


def test_committed_sample_is_what_the_code_writes(folder: Path) -> None:
    assert {path.name for path in COMMITTED.iterdir()} == {path.name for path in folder.iterdir()}
    for pattern in ("*.csv", "kapkit.toml", "README.md"):
        assert hashes(COMMITTED, pattern) == hashes(folder, pattern)
    for delivery in folder.glob("*.parquet"):
        assert pq.read_table(COMMITTED / delivery.name).equals(pq.read_table(delivery))


def test_committed_sample_is_small() -> None:
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) <= MOST_BYTES


def test_files_hold_the_frames(company: Company, folder: Path) -> None:
    text = {"keep_default_na": False, "na_values": [""], "encoding": "utf-8"}
    accounts = pd.read_csv(folder / "accounts.csv", **text)
    for column in ("account_id", "name", "region", "parent_id"):
        assert accounts[column].equals(company.accounts[column].astype(accounts[column].dtype))
    products = pd.read_csv(folder / "products.csv", dtype="str")
    pd.testing.assert_frame_equal(products, company.products, check_dtype=False)


def test_parquet_is_typed_and_exact(company: Company, folder: Path) -> None:
    delivered = pq.read_table(folder / "sales_2024.parquet")
    types = {field.name: str(field.type) for field in delivered.schema}
    assert types["date"] == "date32[day]"
    assert types["revenue"] == types["cost"] == "decimal128(18, 4)"
    assert types["product_id"] == "string"
    lines = company.sales.xs("sales_2024")
    for column in ("revenue", "cost"):
        read = delivered[column].cast("float64").to_pandas()
        assert read.round(2).equals(lines[column].reset_index(drop=True))
    assert delivered["account_id"].null_count == lines["account_id"].isna().sum()


def test_description(folder: Path) -> None:
    description = tomllib.loads((folder / "kapkit.toml").read_text(encoding="utf-8"))
    assert description["book"]["as_of"].isoformat() == "2026-06-30"
    assert description["files"]["sales"] == "sales_*.parquet"


def test_readme_counts_the_dirt(company: Company, folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    for kind, rows in company.truth.dirt_counts.items():
        assert f"| {kind} | {rows} |" in text


def test_an_older_sample_is_replaced(company: Company, folder: Path, tmp_path: Path) -> None:
    write(simulate(years=4), tmp_path)
    assert (tmp_path / "sales_2022.parquet").exists()
    write(company, tmp_path)
    assert hashes(tmp_path) == hashes(folder)


def test_other_peoples_files_are_safe(company: Company, tmp_path: Path) -> None:
    (tmp_path / "sales_2024.parquet").write_text("mine")
    with pytest.raises(DataError) as error:
        write(company, tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: the folder is not empty and holds no sample company; "
        "nothing was written, choose an empty or a new folder"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["sales_2024.parquet"]
