"""The package opens fast, shows what it has, and its floors hold."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import kapkit

ROOT = Path(__file__).parents[1]
HEAVY = {"duckdb", "jupyter_client", "matplotlib", "narwhals", "pandas", "papermill", "statsmodels"}
LOADED = "print(*{name.partition('.')[0] for name in sys.modules})"


def python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


@pytest.mark.parametrize("module", ["kapkit", "kapkit.cli"])
def test_an_import_loads_nothing_heavy(module: str) -> None:
    assert not HEAVY & set(python(f"import sys, {module}; {LOADED}").split())


def test_help_loads_nothing_heavy() -> None:
    told = python(
        "import sys, atexit; sys.argv = ['kapkit', '--help']\n"
        f"atexit.register(lambda: {LOADED})\n"
        "from kapkit.cli import app; app()"
    )
    *page, loaded = told.splitlines()
    assert any("check" in line for line in page)
    assert not HEAVY & set(loaded.split())


@pytest.mark.parametrize("name", kapkit.__all__)
def test_every_public_name_is_there_and_explained(name: str) -> None:
    thing = getattr(kapkit, name)
    assert inspect.getdoc(thing)
    assert thing.__module__.startswith("kapkit.")


def test_public_names_are_listed_once_and_in_order() -> None:
    lines = (ROOT / "kapkit" / "__init__.pyi").read_text("utf-8").splitlines()
    assert len(lines) == len(set(lines)) == len(kapkit.__all__)
    assert lines == sorted(lines)
    with pytest.raises(AttributeError):
        kapkit.no_such_name  # noqa: B018


def test_imports_run_down_only() -> None:
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    command = [sys.executable, "-c", lint, "--no-cache"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
