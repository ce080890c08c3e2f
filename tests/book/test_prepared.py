"""A book prepared by a run: its own folder, its own day, nothing else."""

import datetime as dt
import json
import re
import shutil
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from kapkit.batch import prepare as preparing
from kapkit.batch.prepare import prepare
from kapkit.book.book import open_book
from kapkit.book.errors import DataError
from kapkit.book.prepared import FOR_ALL, PreparedBook, facts_from_json, facts_to_json
from kapkit.book.region import BookFacts
from kapkit.book.slug import slug
from kapkit.book.snapshot import Snapshot
from tests.book.tiny import tiny

SALES = """
    order_id,account_id,date,revenue,cost,region
    o1,1,2024-01-31,10,4.25,
    o2,2,2024-02-29,5.5,,
    o3,,2024-02-29,1,,Bermuda
    o4,1,2024-03-01,2,,
    """


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(scope="module")
def snapshot(folder: Path) -> Snapshot:
    accounts = "account_id,name,region,stars\n1,None,NA,5\n2,Beta,../South,\n"
    toml = '[tables.accounts.columns]\nstars = "stars"'
    return tiny(folder, toml, accounts=accounts, sales=SALES).at("2024-02-29")


@pytest.fixture(scope="module")
def once(snapshot: Snapshot, folder: Path) -> Path:
    prepare(snapshot, folder / "prepared")
    return folder / "prepared"


@pytest.fixture
def prepared(once: Path, tmp_path: Path) -> PreparedBook:
    """Copy the prepared book: some tests spoil theirs."""
    shutil.copytree(once, tmp_path / "prepared")
    book = open_book(tmp_path / "prepared")
    assert isinstance(book, PreparedBook)
    return book


def assert_same_facts(one: BookFacts, other: BookFacts) -> None:
    pd.testing.assert_frame_equal(one.totals, other.totals)
    for field in fields(BookFacts):
        if field.name != "totals":
            assert getattr(one, field.name) == getattr(other, field.name), field.name


def test_facts_come_back_from_json_as_they_were(snapshot: Snapshot) -> None:
    text = json.dumps(facts_to_json(snapshot.facts))
    assert_same_facts(facts_from_json(json.loads(text)), snapshot.facts)


def test_facts_of_a_book_without_sales_come_back(tmp_path: Path) -> None:
    facts = tiny(tmp_path, sales="order_id,account_id,date,revenue\n").at("2024-02-29").facts
    assert_same_facts(facts_from_json(json.loads(json.dumps(facts_to_json(facts)))), facts)


def test_a_prepared_book_is_the_book(snapshot: Snapshot, prepared: PreparedBook) -> None:
    assert prepared.name == "Tiny"
    assert prepared.regions() == ["../South", "Bermuda", "NA"] == snapshot.regions
    assert_same_facts(prepared.facts, snapshot.facts)
    for name in (*prepared.regions(), None):
        one = prepared.region(name) if name else prepared.company()
        other = snapshot.region(name)
        for frame in ("accounts", "purchases", "categories"):
            pd.testing.assert_frame_equal(getattr(one, frame), getattr(other, frame))
        assert one.coverage == other.coverage


def test_a_region_is_read_from_its_own_folder(prepared: PreparedBook) -> None:
    for name in ("../South", "Bermuda"):
        shutil.rmtree(prepared.folder / slug(name), ignore_errors=True)
    assert prepared.region("NA").accounts["name"].tolist() == ["None"]
    assert prepared.region("NA").purchases["revenue"].tolist() == [10.0]
    assert prepared.region("Bermuda").accounts.empty


def test_no_region_gets_out_of_the_folder(prepared: PreparedBook) -> None:
    folders = {path.name for path in prepared.folder.iterdir() if path.is_dir()}
    assert folders == {*map(slug, prepared.regions()), FOR_ALL, "set_aside"}


def test_what_was_set_aside_lies_beside(prepared: PreparedBook) -> None:
    rows = pd.read_parquet(prepared.folder / "set_aside" / "sales.parquet")
    assert rows[["order_id", "_reason", "_of_region"]].to_dict("records") == [
        {"order_id": "o3", "_reason": "account_id is empty", "_of_region": "Bermuda"}
    ]


def test_a_prepared_book_answers_for_its_day_only(prepared: PreparedBook) -> None:
    assert prepared.region("NA", as_of=dt.date(2024, 2, 29)).as_of == dt.date(2024, 2, 29)
    message = (
        "as_of: this book was prepared as of 2024-02-29, not 2024-03-31; "
        "run kapkit run --as-of 2024-03-31, or open the book at its source"
    )
    for ask in (
        prepared.regions,
        prepared.company,
        lambda as_of: prepared.region("NA", as_of=as_of),
    ):
        with pytest.raises(DataError, match=rf"\A{re.escape(message)}\Z"):
            ask(as_of="2024-03-31")


def test_a_prepared_book_names_the_regions_it_has(prepared: PreparedBook) -> None:
    message = "region: 'North' is not in the book, which has 3: ../South, Bermuda, NA"
    with pytest.raises(DataError, match=rf"\A{re.escape(message)}\Z"):
        prepared.region("North")


def test_a_book_without_regions_is_not_prepared(tmp_path: Path) -> None:
    snapshot = tiny(tmp_path, accounts="account_id,name,region\n1,Alpha,\n").at()
    message = "accounts: no row has a region, so there is nothing to plan"
    with pytest.raises(DataError, match=rf"\A{re.escape(message)}\Z"):
        prepare(snapshot, tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


def test_a_run_that_breaks_off_leaves_the_last_one(
    snapshot: Snapshot, prepared: PreparedBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk full")

    before = {path: path.read_bytes() for path in prepared.folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(preparing, "_write_set_aside", broken)
    with pytest.raises(OSError, match="disk full"):
        prepare(snapshot, prepared.folder)
    after = {path: path.read_bytes() for path in prepared.folder.rglob("*") if path.is_file()}
    assert after == before
    monkeypatch.undo()
    prepare(snapshot, prepared.folder)
    assert open_book(prepared.folder).region("NA").accounts.index.tolist() == ["1"]


def test_preparing_again_leaves_nothing_of_the_last_day(
    snapshot: Snapshot, prepared: PreparedBook
) -> None:
    earlier = Snapshot(snapshot.config, snapshot.source, dt.date(2024, 1, 31))
    prepare(earlier, prepared.folder)
    again = open_book(prepared.folder)
    assert again.regions() == ["../South", "NA"]
    assert again.region("../South").purchases.empty
