import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import numpy as np
import pytest

from kapkit.batch import kernel
from kapkit.batch.engine import execute_notebook
from kapkit.batch.record import digest_file
from kapkit.book.errors import DataError

pytestmark = pytest.mark.slow

KILL = "import os, time\nprint('last words')\ntime.sleep(0.5)\nos.kill(os.getpid(), 9)"
HANG = """import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])
pathlib.Path('pids').write_text(f'{os.getpid()} {child.pid}')
time.sleep(99)"""


@pytest.fixture
def rooms(tmp_path, monkeypatch) -> Path:
    """Let kernels have their folders where a test can look for what they left."""
    with tempfile.TemporaryDirectory(prefix="r") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        yield Path(short)


def states(task) -> list[str]:
    notebook = nbformat.read(task.folder / task.output, 4)
    return [cell.metadata.papermill.status for cell in notebook.cells]


def test_ok(task, rooms):
    asked = task("# Share", "print(type(years).__name__, years, share)", " ", years=np.int64(5))
    before = datetime.now(UTC)
    result = execute_notebook(asked, timeout=30)
    assert result.seconds > 0
    output = asked.folder / asked.output
    assert result == asked.record(
        status="ok", seconds=result.seconds, ran=result.ran, digest=digest_file(output)
    )
    assert before <= result.ran <= datetime.now(UTC)
    assert result.parameters == {"years": 5}
    notebook = nbformat.read(asked.folder / asked.output, 4)
    assert notebook.cells[3].outputs[0].text == "int 5 0.2\n"
    assert notebook.metadata.papermill.exception is None
    assert set(states(asked)) == {"completed"}
    assert list((asked.folder / "North").iterdir()) == [asked.folder / asked.output]
    assert not list(rooms.iterdir())


def test_kernel_is_this_interpreter_with_nothing_of_the_user(task, monkeypatch, tmp_path):
    startup = tmp_path / "startup.py"
    startup.write_text("raise SystemExit")
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    cell = """import os, sys, pathlib
room = pathlib.Path(os.environ['IPYTHONDIR']).parent.name[:7]
history = get_ipython().history_manager.enabled
print(sys.executable, pathlib.Path.cwd(), os.environ['OMP_NUM_THREADS'], room, history)"""
    asked = task(cell)
    assert execute_notebook(asked, timeout=30).status == "ok"
    said = nbformat.read(asked.folder / asked.output, 4).cells[2].outputs[0].text
    assert said.split() == [sys.executable, str(asked.folder / "North"), "1", "kapkit-", "False"]


def test_failing_cell(task):
    asked = task("# Title\n\n## Profit ##", "print(1)\n1 / 0", "# Later", "2")
    result = execute_notebook(asked, timeout=30)
    assert (result.status, result.heading, result.cell) == ("failed", "Profit", 3)
    assert result.error == "ZeroDivisionError: division by zero"
    assert result.traceback[-2:] == ("----> 2 1 / 0", "ZeroDivisionError: division by zero")
    assert states(asked) == [*["completed"] * 3, "failed", "not started", "not started"]


@pytest.mark.parametrize("tag", ["raises-exception", "skip-execution"])
def test_no_tag_excuses_a_cell(task, tag):
    asked = task("raise SystemExit(0)")
    notebook = nbformat.read(asked.template, 4)
    notebook.cells[1].metadata["tags"] = [tag]
    nbformat.write(notebook, asked.template)
    result = execute_notebook(asked, timeout=30)
    assert (result.status, result.error) == ("failed", "SystemExit: 0")


def test_killed_kernel(task, rooms):
    asked = task("# Profit", KILL, "2")
    result = execute_notebook(asked, timeout=30)
    assert (result.status, result.heading, result.cell) == ("dead kernel", "Profit", 3)
    assert result.error == "the kernel was ended by SIGKILL (often: out of memory)"
    assert states(asked) == [*["completed"] * 3, "failed", "not started"]
    notebook = nbformat.read(asked.folder / asked.output, 4)
    assert notebook.metadata.papermill.exception is True
    assert notebook.cells[3].outputs[0].text == "last words\n"
    assert not list(rooms.iterdir())


def test_hanging_cell_leaves_no_process(task, rooms, ended):
    asked = task("# Profit", HANG, "2")
    result = execute_notebook(asked, timeout=1)
    assert (result.status, result.heading, result.cell) == ("timeout", "Profit", 3)
    assert result.error == "A cell timed out while it was being executed, after 1 seconds."
    assert states(asked) == [*["completed"] * 3, "failed", "not started"]
    pids = (asked.folder / "North" / "pids").read_text().split()
    assert all(ended(int(pid)) for pid in pids)
    assert not list(rooms.iterdir())


def test_kernel_that_does_not_start(task, tmp_path, monkeypatch):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no module named ipykernel_launcher >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    asked = task("# Profit", "1")
    result = execute_notebook(asked, timeout=30)
    assert (result.status, result.heading, result.cell) == ("dead kernel", None, None)
    assert result.error == "the kernel ended by itself with exit code 1"
    assert result.traceback == ("no module named ipykernel_launcher",)
    assert set(states(asked)) == {"not started"}


def test_long_folder_or_windows_takes_encrypted_tcp(task, monkeypatch):
    monkeypatch.setattr(kernel, "_LONGEST_ROOM", 0)
    assert execute_notebook(task("1"), timeout=30).status == "ok"


def test_parameters_are_refused_before_a_kernel_starts(task, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    asked = task("1", yaers=3, share="high")
    with pytest.raises(DataError, match=r"yaers is unknown .*; share must be float, not 'high'"):
        execute_notebook(asked, timeout=30)
    assert not asked.folder.exists()
