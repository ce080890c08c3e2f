import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kapkit.batch.record import NotebookTask

MakeTask = Callable[..., NotebookTask]


@pytest.fixture
def template(tmp_path: Path) -> Callable[..., Path]:
    """Write a tiny template: a parameters cell, then cells; one that begins with # is Markdown."""

    def write(*cells: str, parameters: str = "share: float = 0.2\nyears = 3", name: str = "brief"):
        told = new_code_cell(parameters, metadata={"tags": ["parameters"]})
        rest = [new_markdown_cell(c) if c.startswith("#") else new_code_cell(c) for c in cells]
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=[told, *rest]), path)
        return path

    return write


@pytest.fixture
def task(template: Callable[..., Path], tmp_path: Path) -> MakeTask:
    """Make a task of a tiny template."""

    def make(*cells: str, region: str | None = "North", name: str = "brief", **told: object):
        path = template(*cells, name=f"{region}_{name}")
        return NotebookTask(region, path, told, tmp_path / "run", f"{region}/{name}.ipynb")

    return make


@pytest.fixture
def ended() -> Callable[[int], bool]:
    """Tell whether a process ends within the seconds a kernel takes to miss its parent."""

    def gone(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def within(pid: int, seconds: float = 5.0) -> bool:
        deadline = time.monotonic() + seconds
        while not gone(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        return gone(pid)

    return within
