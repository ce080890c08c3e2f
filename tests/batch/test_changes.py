"""What makes a notebook run again, and what does not."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_notebook

from kapkit.batch import changes
from kapkit.batch.changes import PARTS, data_fingerprints, inputs_of, why_run
from kapkit.batch.engine import execute_notebook
from kapkit.batch.prepare import prepare
from kapkit.batch.record import NotebookRecord, NotebookTask, digest_file
from kapkit.batch.run import COMPANY_NOTEBOOK, REGION_NOTEBOOKS, Run, RunFolders, execute, plan_run
from kapkit.book.book import read_book
from kapkit.book.errors import DataError
from tests.batch.cheap import ROOT, without_kernel, write_book

MakeTask = Callable[..., NotebookTask]
SAME = dict.fromkeys(PARTS, "1")


@pytest.fixture
def asked(task: MakeTask) -> NotebookTask:
    plain = task("1", share=0.1)
    return replace(plain, inputs=inputs_of(plain, data="d"))


@pytest.fixture
def stands(asked: NotebookTask) -> NotebookRecord:
    """The record of a run of that task whose result is still there."""
    output = asked.folder / asked.output
    output.parent.mkdir(parents=True)
    nbformat.write(new_notebook(), output)
    return asked.record(status="ok", ran=datetime.now(UTC), digest=digest_file(output))


def test_what_stands_is_not_run(asked, stands):
    assert why_run(stands, asked) is None
    assert why_run(stands, asked, force=True) == "forced"
    assert why_run(None, asked) == "first run"


@pytest.mark.parametrize("part", PARTS)
def test_a_change_of_any_part_is_a_reason(asked, stands, part):
    other = stands.model_copy(update={"inputs": {**stands.inputs, part: "other"}})
    assert why_run(other, asked) == f"{part} changed"
    assert why_run(stands.model_copy(update={"inputs": {}}), asked) == (
        "data and parameters and notebook and package and environment changed"
    )


@pytest.mark.parametrize("status", ["failed", "timeout", "dead kernel", "not started"])
def test_what_was_not_ok_is_run_again(asked, stands, status):
    bad = stands.model_copy(update={"status": status})
    assert why_run(bad, asked) == f"last time: {status}"


def test_a_result_that_is_gone_or_edited_is_made_again(asked, stands):
    output = asked.folder / asked.output
    output.write_text(output.read_text("utf-8") + " ", "utf-8")
    assert why_run(stands, asked) == "its result is missing or was edited"
    output.unlink()
    assert why_run(stands, asked) == "its result is missing or was edited"


def test_inputs_name_what_they_rest_on(task, monkeypatch):
    plain = task("1", share=0.1)
    first = inputs_of(plain, data="d")
    assert set(first) == set(PARTS)
    moved = replace(plain, parameters={"share": 0.1, "book": "elsewhere"})
    assert inputs_of(moved, data="d") == first, "where the run lies changes nothing"
    other = replace(plain, parameters={"share": 0.2})
    assert inputs_of(other, data="d")["parameters"] != first["parameters"]
    assert inputs_of(task("2", share=0.1, name="b"), data="d")["notebook"] != first["notebook"]
    monkeypatch.setattr(changes, "_environment", lambda: "newer")
    assert inputs_of(task("1"), data="d")["environment"] == "newer"


def fingerprints(book: Path, folder: Path) -> dict[str | None, str]:
    prepare(read_book(book).at(), folder)
    return data_fingerprints(folder)


@pytest.mark.slow
def test_the_same_data_have_the_same_fingerprint(prepared_sample, tmp_path):
    again = fingerprints(ROOT / "data" / "sample", tmp_path / "again")
    assert again == data_fingerprints(prepared_sample)


@pytest.mark.slow
def test_a_name_in_one_region_changes_it_and_the_portfolio_only(tmp_path):
    book = write_book(tmp_path / "book", ["North", "South", "West"])
    before = fingerprints(book, tmp_path / "prepared")
    accounts = pd.read_csv(book / "accounts.csv")
    accounts.loc[accounts["account_id"] == "A1", "name"] = "Renamed"
    accounts.to_csv(book / "accounts.csv", index=False)
    after = fingerprints(book, tmp_path / "prepared")
    assert {name for name in after if after[name] != before[name]} == {"South", None}


@pytest.mark.slow
def test_a_sale_changes_what_is_pooled_over_regions(tmp_path):
    book = write_book(tmp_path / "book", ["North", "South", "West"])
    before = fingerprints(book, tmp_path / "prepared")
    sales = pd.read_csv(book / "sales.csv")
    sales.loc[sales["account_id"] == "A1", "revenue"] = 11.0
    sales.to_csv(book / "sales.csv", index=False)
    after = fingerprints(book, tmp_path / "prepared")
    assert {"South", None} <= {name for name in after if after[name] != before[name]}


@pytest.mark.slow
def test_what_a_fingerprint_leaves_out_changes_no_page(prepared_sample, tmp_path):
    """Only what it leaves out is changed: every figure, table and finding is the same."""
    prepared = tmp_path / "prepared"
    shutil.copytree(prepared_sample, prepared)
    before = data_fingerprints(prepared), shown(prepared, tmp_path / "before")
    facts = json.loads((prepared / "book.json").read_text("utf-8"))
    kept = facts["facts"]
    kept |= {"orders": 7, "accounts": 7, "buying_accounts": 7, "fingerprint": "0"}
    kept["costed_share"] *= 1.0001
    for row in kept["totals"]:
        if row["region"] != "Islands":
            row["rows"] *= 2  # also the rows read, so that totals still reconcile
    (prepared / "book.json").write_text(json.dumps(facts), "utf-8")
    after = data_fingerprints(prepared), shown(prepared, tmp_path / "after")
    assert before[0]["Islands"] == after[0]["Islands"]
    assert before[0]["North"] != after[0]["North"]
    assert before[1] == after[1]


def shown(prepared: Path, folder: Path) -> list[object]:
    """Run the notebooks of a region; give what their pages would take from them."""
    from kapkit.batch.notebooks import template

    found = []
    for name in REGION_NOTEBOOKS:
        told = {"book": str(prepared), "region": "Islands", "as_of": "2026-06-30"}
        task = NotebookTask("Islands", template(name), told, folder, f"{name}.ipynb")
        execute_notebook(task, timeout=120)
        notebook = nbformat.read(folder / task.output, 4)
        roles = {"figure", "table", "finding"}
        found += [
            output.get("data")
            for cell in notebook.cells
            if roles & set(cell.metadata.get("tags", []))
            for output in cell.outputs
        ]
    assert len(found) > 10
    return found


def planned(book: Path, folder: Path, **options: object) -> Run:
    opened = read_book(book)
    folders = RunFolders.of(book, "2026-01-31", runs=folder / "runs", reports=folder / "reports")
    return plan_run(opened, folders, **options)


def ran(run: Run) -> dict[tuple[str | None, str], str]:
    """Run without kernels; give why each notebook that was run was."""
    outcome = execute(run, jobs=1, run_notebook=without_kernel)
    record = outcome.record
    new = [one for one in record.notebooks if one.ran and one.ran >= record.started]
    return {one.key: one.why for one in new}


@pytest.mark.slow
def test_a_run_does_what_changed_and_says_why(tmp_path):
    book = write_book(tmp_path / "book", ["North", "South", "bad"])
    everything = {
        (region, name) for region in ("North", "South", "bad") for name in REGION_NOTEBOOKS
    }
    everything.add((None, COMPANY_NOTEBOOK))
    assert ran(planned(book, tmp_path)) == dict.fromkeys(everything, "first run")
    bad = {("bad", name): "last time: failed" for name in REGION_NOTEBOOKS}
    assert ran(planned(book, tmp_path)) == bad
    assert ran(planned(book, tmp_path, only_failed=True)) == bad
    assert ran(planned(book, tmp_path, regions=["North"])) == {}
    forced = ran(planned(book, tmp_path, regions=["North"], force=True))
    assert set(forced.values()) == {"forced"}
    assert {region for region, _ in forced} == {"North", None}

    (tmp_path / "runs/book/2026-01-31/record.json").write_text("{")
    assert set(ran(planned(book, tmp_path)).values()) == {"first run"}

    # A name, since a sale moves what is pooled over all regions.
    accounts = pd.read_csv(book / "accounts.csv")
    accounts.loc[accounts["account_id"] == "A1", "name"] = "Renamed"
    accounts.to_csv(book / "accounts.csv", index=False)
    with pytest.raises(DataError, match=r"^--only-failed: the data of South changed"):
        ran(planned(book, tmp_path, only_failed=True))
    changed = {("South", name): "data changed" for name in REGION_NOTEBOOKS}
    changed[None, COMPANY_NOTEBOOK] = "data changed"
    assert ran(planned(book, tmp_path)) == changed | bad


def test_only_failed_wants_an_earlier_run(tmp_path):
    book = write_book(tmp_path / "book", ["North"])
    with pytest.raises(DataError, match=r"^--only-failed: there is no earlier run"):
        ran(planned(book, tmp_path, only_failed=True))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"horizon_days": 0}, "horizon_days must be from 1 to 731, not 0"),
        (
            {"country": "Atlantis"},
            "country: no holidays are known for Atlantis; use the ISO 3166 code, as DE with "
            "subdivision BY",
        ),
        ({"cut_by": "guess"}, "cut_by: 'guess' is unknown; take accounts, value, count or breaks"),
        ({"cut_a": 0.9}, "cuts: a 0.9 and b 0.5 must keep 0 < a <= b <= 1"),
    ],
)
def test_parameters_out_of_range_are_refused_before_anything_starts(tmp_path, settings, said):
    book = write_book(tmp_path / "book", ["North"])
    with pytest.raises(DataError) as caught:
        planned(book, tmp_path, settings=settings)
    assert str(caught.value) == said
    assert not (tmp_path / "runs").exists()
