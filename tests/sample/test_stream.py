"""A company in blocks is the company as a whole, and no file holds more than it should."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from kapkit.book.book import read_book
from kapkit.book.errors import DataError
from kapkit.sample import Company, company, simulate, stream, write

pytestmark = pytest.mark.slow

ACCOUNTS = 420


@pytest.fixture(scope="module")
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(company, "BLOCK", 150)
        yield


@pytest.fixture(scope="module")
def blocks(small_blocks: None) -> list[Company]:
    return list(stream(accounts=ACCOUNTS, seed=3))


@pytest.mark.usefixtures("small_blocks")
def test_blocks_add_up_to_the_company(blocks: list[Company]) -> None:
    whole = simulate(accounts=ACCOUNTS, seed=3)
    assert [len(block.truth.accounts) for block in blocks] == [150, 150, 120]
    for name in ("accounts", "activities", "goals", "products", "cost_rates"):
        parts = pd.concat([block.tables[name] for block in blocks], ignore_index=True)
        assert_frame_equal(parts, whole.tables[name])
    assert whole.sales.index.is_unique
    assert whole.truth.waves["accounts"].sum() == len(whole.tables["enrolments"])


@pytest.mark.usefixtures("small_blocks")
def test_keys_are_unique_over_blocks() -> None:
    whole = simulate(accounts=ACCOUNTS, seed=3, dirt=False)
    for table, key in {
        "accounts": "account_id",
        "activities": "activity_id",
        "complaints": "complaint_id",
        "opportunities": "opportunity_id",
        "plan_actions": "action_id",
        "staff": "owner",
    }.items():
        assert whole.tables[table][key].is_unique
    assert whole.accounts["name"].is_unique
    by_order = whole.sales.groupby("order_id")["account_id"].nunique()
    assert by_order.max() == 1


def test_written_block_by_block(blocks: list[Company], tmp_path: Path) -> None:
    rows = write(iter(blocks), tmp_path / "book", truth=tmp_path / "truth")
    read = read_book(tmp_path / "book").at()
    counted = read.facts.totals.query("state == 'read'").set_index("table")["rows"]
    sold = sum(count for stem, count in rows.items() if stem.startswith("sales_"))
    assert counted["sales"] == sold == sum(len(block.sales) for block in blocks)
    assert counted["activities"] == rows["activities"]
    assert counted["complaints"] == rows["complaints"]
    truth = pd.read_parquet(tmp_path / "truth" / "accounts.parquet")
    assert len(truth) == ACCOUNTS
    dirt = pd.read_parquet(tmp_path / "truth" / "dirt.parquet").query("file == 'sales_2025'")
    lines = pq.read_table(tmp_path / "book" / "sales_2025.parquet").to_pandas()
    found = lines["revenue"].astype(float).iloc[dirt["row"]].tolist()
    assert found == pytest.approx(dirt["revenue"].tolist())


def test_days_in_another_format_are_read(blocks: list[Company], tmp_path: Path) -> None:
    write(iter(blocks), tmp_path / "book")
    text = (tmp_path / "book" / "complaints.csv").read_text(encoding="utf-8")
    assert pd.Series(text.splitlines()).str.contains(r",\d\d\.\d\d\.20\d\d,", regex=True).sum() > 3
    totals = read_book(tmp_path / "book").at().facts.totals.query("table == 'complaints'")
    assert not totals["reason"].str.contains("cannot be read", na=False).any()


def test_the_truth_stays_out_of_the_book(blocks: list[Company], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the truth must not lie in the book's folder"):
        write(iter(blocks), tmp_path / "book", truth=tmp_path / "book" / "truth")
