"""The decision record: what one run leaves, and what the next finds of it."""

import datetime as dt
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from kapkit.batch.changes import data_fingerprints
from kapkit.batch.decisions import Earlier, earlier_run
from kapkit.batch.prepare import prepare
from kapkit.batch.record import NotebookRecord, NotebookTask, digest_file
from kapkit.batch.run import RunFolders, execute, plan_run
from kapkit.book.book import read_book
from kapkit.book.decisions import DECISIONS, decided, from_plain, to_plain
from kapkit.book.prepared import PreparedBook
from kapkit.report.decisions import DECISIONS_TYPE, Provenance
from tests.batch.cheap import write_book

OLD, NEW = "2026-02-28", "2026-03-31"
CLASSES = pd.DataFrame({"account_id": ["A0"], "class": ["A"], "value": [10.5], "position": [1 / 3]})


def deciding(task: NotebookTask) -> NotebookRecord:
    """Do what a kernel would: each region's classification decides on its one account."""
    ran = datetime.now(UTC)
    if task.region == "bad":
        return task.record(status="failed", error="made to fail", ran=ran)
    data = {"text/html": f"<p>of {task.region}</p>"}
    if task.template.stem == "1_classification":
        frame = CLASSES.assign(account_id=f"account of {task.region}")
        made = Provenance(["of"], decisions={"classes": decided("classes", frame)})
        data |= made._repr_mimebundle_()[0]
    cell = new_code_cell("", id="a", metadata={"tags": ["provenance"]})
    cell.outputs = [new_output("display_data", data=data)]
    output = task.folder / task.output
    output.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[cell]), output)
    return task.record(status="ok", ran=ran, digest=digest_file(output))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write_book(tmp_path / "book", ["East", "West", "bad"])


@pytest.fixture
def run(book: Path, tmp_path: Path) -> Callable[[str], RunFolders]:
    """Run the book as of a day, without kernels."""

    def of(day: str, run_notebook=deciding) -> RunFolders:
        folders = RunFolders.of(book, day, runs=tmp_path / "runs", reports=tmp_path / "reports")
        planned = plan_run(read_book(book), folders, as_of=day)
        execute(planned, jobs=1, run_notebook=run_notebook)
        return folders

    return of


class TestFrames:
    def test_the_record_gives_back_what_was_decided(self):
        day = pd.Timestamp("2026-06-30")
        frame = pd.DataFrame(
            {"account_id": ["007", None], "metric": "revenue", "start": [day, pd.NaT], "low": 1 / 3}
        )
        kept = decided("forecasts", frame)
        assert kept.dtypes.astype(str).to_dict() == dict(DECISIONS["forecasts"])
        again = from_plain("forecasts", to_plain(kept))
        pd.testing.assert_frame_equal(again, kept, rtol=1e-11)
        assert again["account_id"].iloc[0] == "007"

    def test_an_empty_frame_keeps_its_types(self):
        for name, layout in DECISIONS.items():
            kept = from_plain(name, to_plain(decided(name, pd.DataFrame())))
            assert kept.dtypes.astype(str).to_dict() == dict(layout)

    def test_without_decisions_a_page_says_where_it_is_from_and_no_more(self):
        data, _ = Provenance(["of"])._repr_mimebundle_()
        assert set(data) == {"text/html", "text/plain"}
        data, _ = Provenance(["of"], decisions={"classes": CLASSES})._repr_mimebundle_()
        assert data[DECISIONS_TYPE]["classes"]["class"] == ["A"]


@pytest.mark.slow
class TestTwoRuns:
    def test_each_region_is_handed_its_own_part_only(self, run):
        run(OLD)
        found = PreparedBook(run(NEW).work / "prepared")
        east = found.region("East")
        assert east.earlier_as_of == dt.date(2026, 2, 28)
        assert east.earlier["classes"]["account_id"].tolist() == ["account of East"]
        assert east.earlier["classes"]["position"].tolist() == pytest.approx([1 / 3], rel=1e-11)
        assert set(east.earlier["inputs"]["region"]) == {"East"}
        assert "contacts" not in east.earlier, "nothing was decided on contacts"
        whole = found.company()
        assert sorted(whole.earlier["classes"]["region"]) == ["East", "West"]
        parts = {part.name: part for part in whole.parts()}
        pd.testing.assert_frame_equal(parts["East"].earlier["classes"], east.earlier["classes"])

    def test_a_region_that_failed_then_has_no_earlier_decisions(self, run):
        run(OLD)
        bad = PreparedBook(run(NEW).work / "prepared").region("bad")
        assert (dict(bad.earlier), bad.earlier_as_of) == ({}, None)

    def test_the_first_run_finds_none(self, run):
        first = PreparedBook(run(OLD).work / "prepared").region("East")
        assert (dict(first.earlier), first.earlier_as_of) == ({}, None)

    def test_another_decision_then_is_a_changed_input_now(self, run):
        old = run(OLD)
        new = run(NEW).work / "prepared"
        before = data_fingerprints(new)
        path = old.work / "decisions" / "classes.parquet"
        frame = pd.read_parquet(path)
        frame.loc[frame["region"] == "East", "class"] = "B"
        frame.to_parquet(path, index=False)
        run(NEW)
        after = data_fingerprints(new)
        assert after["West"] == before["West"]
        assert after["East"] != before["East"]
        assert after[None] != before[None]

    def test_nothing_runs_twice_when_nothing_changed(self, run):
        run(OLD)
        run(NEW)

        def refuse(task: NotebookTask) -> NotebookRecord:
            return task.record(status="failed", error="was run again")

        work = run(NEW, refuse).work
        assert "was run again" not in {
            one["error"]
            for one in pd.read_json(work / "record.json", typ="series")["notebooks"]
            if one["region"] != "bad"
        }


class TestEarlierRun:
    def asked(self, work: Path) -> Earlier | None:
        return earlier_run(work, as_of=dt.date.fromisoformat(work.name), book="Many")

    @pytest.mark.slow
    def test_the_newest_that_ended_and_is_of_an_earlier_day(self, run):
        for day in (OLD, NEW):
            run(day)
        runs = run("2026-01-31").work.parent
        assert self.asked(runs / "2026-06-30").as_of == dt.date(2026, 3, 31)
        assert self.asked(runs / NEW).as_of == dt.date(2026, 2, 28)
        assert self.asked(runs / "2026-01-31") is None

        record = runs / NEW / "record.json"
        record.write_text(
            record.read_text("utf-8").replace('"finished": "', '"finished": null, "x": "')
        )
        assert self.asked(runs / "2026-06-30").as_of == dt.date(2026, 2, 28), "one was cut short"

        other = earlier_run(runs / NEW, as_of=dt.date(2026, 3, 31), book="Another")
        assert other is None

    def test_an_earlier_folder_that_is_no_run_is_passed_over(self, tmp_path: Path):
        (tmp_path / "2026-01-31" / "decisions").mkdir(parents=True)
        assert self.asked(tmp_path / "2026-06-30") is None


@pytest.mark.slow
def test_a_prepared_book_says_which_run_was_before(book: Path, tmp_path: Path):
    folder = tmp_path / "decisions"
    folder.mkdir()
    rows = decided("classes", CLASSES).assign(region="East")
    rows.astype({"region": "str"}).to_parquet(folder / "classes.parquet", index=False)
    day = dt.date(2025, 12, 31)
    prepare(read_book(book).at(), tmp_path / "prepared", earlier=Earlier(day, folder))
    found = PreparedBook(tmp_path / "prepared")
    assert found.region("East").earlier_as_of == day
    assert found.region("West").earlier_as_of is None
    another = Earlier(dt.date(2025, 11, 30), folder)
    before = data_fingerprints(tmp_path / "prepared")
    prepare(read_book(book).at(), tmp_path / "prepared", earlier=another)
    assert data_fingerprints(tmp_path / "prepared")["East"] != before["East"]
