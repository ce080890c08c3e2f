from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from kapkit.batch import record as module
from kapkit.batch.record import (
    NotebookRecord,
    RunRecord,
    package_fingerprint,
    versions,
    write_whole,
)
from kapkit.book.errors import DataError


def entry(region: str | None, notebook: str, status: str = "not started") -> NotebookRecord:
    return NotebookRecord(
        region=region,
        notebook=notebook,
        status=status,
        parameters={"share": 1.0, "years": 1, "draft": True, "goal": None, "cuts": [0.8, "x"]},
        output=f"notebooks/{notebook}.ipynb",
    )


@pytest.fixture
def record() -> RunRecord:
    plan = [("North", "brief"), ("North", "2_evaluation"), ("NA", "brief"), (None, "portfolio")]
    return RunRecord(
        book="Sample",
        as_of=date(2026, 6, 30),
        started=datetime(2026, 7, 1, 8, 0, 0, 123456, tzinfo=UTC),
        versions=versions(),
        data="d" * 64,
        package=package_fingerprint(),
        notebooks=tuple(entry(region, notebook) for region, notebook in plan),
    )


def test_record_loads_back_equal(record, tmp_path):
    failed = entry("North", "brief").model_copy(
        update={
            "status": "failed",
            "heading": "Wer — 谁?",
            "cell": 4,
            "error": "KeyError: 'x'",
            "traceback": ("a", "b"),
            "seconds": 0.1,
        }
    )
    ended = record.updated(failed).ended(datetime(2026, 7, 1, 9, tzinfo=UTC))
    ended.save(tmp_path / "record.json")
    loaded = RunRecord.load(tmp_path / "record.json")
    assert loaded == ended
    assert [type(v) for v in loaded.notebooks[0].parameters.values()] == [
        float, int, bool, type(None), list,
    ]  # fmt: skip


def test_record_is_as_bad_as_the_first_bad_notebook(record):
    assert record.status("North") == "not started"
    one = record.updated(entry("North", "brief", "ok"))
    assert one.status("North") == "not started"
    assert one.updated(entry("North", "2_evaluation", "ok")).status("North") == "ok"
    assert one.updated(entry("North", "2_evaluation", "timeout")).status("North") == "timeout"
    assert one.updated(entry(None, "portfolio", "dead kernel")).status(None) == "dead kernel"
    assert one.status("NA") == "not started"
    assert one.status("no such region") == "not started"


def test_result_takes_the_place_of_the_plan(record):
    result = entry("NA", "brief", "ok")
    assert record.updated(result).notebooks == (*record.notebooks[:2], result, record.notebooks[3])
    assert record.notebooks[2].status == "not started"


def test_record_knows_only_these_states():
    with pytest.raises(ValidationError, match="status"):
        entry("North", "brief", "completed")


def test_file_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    write_whole(path, "old")

    def full(self: Path, text: str, encoding: str) -> None:
        self.write_bytes(text[:2].encode(encoding))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new record")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_task_enters_the_record_with_plain_parameters(task):
    planned = task("1", share=1, years=2).record()
    assert (planned.region, planned.notebook) == ("North", "North_brief")
    assert (planned.status, planned.parameters) == ("not started", {"share": 1, "years": 2})
    with pytest.raises(DataError, match="yaers is unknown"):
        task("1", yaers=2).record()


def test_fingerprint_changes_with_any_edit(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    (tmp_path / "a.py").write_text("1")
    before = package_fingerprint()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("1")
    assert package_fingerprint() == before
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert package_fingerprint() != before
