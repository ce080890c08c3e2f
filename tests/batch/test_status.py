"""How a run is told of, kept and removed."""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner, Result

from kapkit.batch.errors import RunError
from kapkit.batch.ledger import Ledger
from kapkit.batch.lock import is_held, lock_file, only_run
from kapkit.batch.record import NotebookRecord, RunRecord
from kapkit.batch.status import status_lines, summary
from kapkit.cli import app

BEGAN = datetime(2026, 7, 1, 8, tzinfo=UTC)


def entry(region: str | None, status: str = "ok", **about: object) -> NotebookRecord:
    name = "brief" if region else "portfolio"
    told = {"notebook": name, "parameters": {}, "output": "x.ipynb", "ran": BEGAN}
    return NotebookRecord(region=region, status=status, **told | about)


def record(*notebooks: NotebookRecord) -> RunRecord:
    return RunRecord(
        book="Sample",
        as_of=date(2026, 6, 30),
        started=BEGAN,
        versions={},
        data="",
        package="",
        notebooks=notebooks,
    )


def kapkit(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


MIXED = record(
    entry("North", ran=BEGAN - timedelta(days=1)),
    entry("East", "failed", heading="Profit", cell=4, error="KeyError: 'x'"),
    entry("West", "not started", ran=None),
    entry(None),
)


def test_a_line_for_chat_counts_regions_and_notebooks():
    ended = MIXED.ended(BEGAN + timedelta(seconds=75))
    assert summary(ended) == (
        "Sample as of 2026-06-30: 1 of 3 regions ok (East: failed, West: not started); "
        "2 notebooks run, 1 unchanged; 75 s"
    )


def test_many_bad_regions_are_counted():
    bad = [entry(f"R{number}", "timeout") for number in range(1200)]
    said = summary(record(*bad, entry(None, "failed")).ended(BEGAN + timedelta(hours=1)))
    assert said == (
        "Sample as of 2026-06-30: 0 of 1,200 regions ok (R0: timeout, R1: timeout, R2: timeout, "
        "1,197 more, portfolio: failed); 1,201 notebooks run, 0 unchanged; 60 min"
    )


def test_status_says_where_and_why():
    _, state, *bad = status_lines(MIXED, running=False)
    assert state == "The run ended before its end; the same command goes on from here."
    assert bad == [
        "East, brief: failed at “Profit” (cell 4): KeyError: 'x'",
        "West, brief: not started",
    ]
    assert list(status_lines(MIXED, running=True))[1] == "The run is going on."


def test_status_command_ends_with_how_the_run_stands(tmp_path):
    MIXED.save(tmp_path / "record.json")
    result = kapkit("status", tmp_path)
    assert result.exit_code == 1
    assert "East, brief: failed at “Profit” (cell 4): KeyError: 'x'" in result.output
    record(entry("North"), entry(None)).ended(BEGAN).save(tmp_path / "record.json")
    assert kapkit("status", tmp_path).exit_code == 0
    (tmp_path / "record.json").write_text('{"book": ')
    result = kapkit("status", tmp_path)
    assert result.exit_code == 2
    assert "the run record cannot be read; run the book again" in " ".join(result.output.split())


def test_run_help_documents_the_exit_codes():
    said = " ".join(kapkit("run", "--help").output.split())
    assert "Exit codes: 0, all is well; 1, a region or the portfolio is not" in said


def test_the_ledger_has_each_result_on_disk_soon(tmp_path):
    path = tmp_path / "record.json"
    plan = [entry(f"R{number}", "not started", ran=None) for number in range(500)]
    ledger = Ledger(record(*plan), path)
    assert RunRecord.load(path).notebooks == tuple(plan)
    for number in range(500):
        ledger.tell(entry(f"R{number}"))
    deadline = time.monotonic() + 5
    while any(one.status != "ok" for one in RunRecord.load(path).notebooks):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ledger.close(finished=True).finished
    assert RunRecord.load(path).finished
    assert [one.region for one in RunRecord.load(path).notebooks] == [one.region for one in plan]


def test_a_lock_lets_go_and_says_who_is_in_the_way(tmp_path):
    folder = tmp_path / "book" / "2026-06-30"
    assert not is_held(folder)
    with only_run(folder, folder):
        assert is_held(folder)
        with pytest.raises(RunError, match="another run is writing here"), only_run(folder):
            pytest.fail("two at once")
    assert not is_held(folder)


def test_prune_keeps_the_latest_days_and_what_it_does_not_know(tmp_path):
    book = tmp_path / "book"
    for name in ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "mine", "2026-5-1"):
        (book / name / "notebooks").mkdir(parents=True)
        (book / name / "record.json").write_text("{}")
    with FileLock(lock_file(book / "2026-02-28")):
        shown = kapkit("prune", book, "--keep", "1", "--dry-run")
        assert len(list(book.glob("*/record.json"))) == 6
        assert shown.output.count("would go") == 2
        assert kapkit("prune", book, "--keep", "1").exit_code == 0
    left = sorted(path.name for path in book.iterdir() if path.is_dir())
    assert left == ["2026-02-28", "2026-04-30", "2026-5-1", "mine"]
    assert kapkit("prune", tmp_path / "none").exit_code == 2
