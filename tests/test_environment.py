import re
import tomllib

import pytest

from kapkit.book.dictionary import data_dictionary
from tests.environment import ROOT, render


def test_environment_is_generated_from_pyproject() -> None:
    written = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert written == render((ROOT / "pyproject.toml").read_text(encoding="utf-8")), (
        "environment.yml is out of date: run make lock"
    )


def test_data_dictionary_is_generated_from_the_schemas() -> None:
    written = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert written == data_dictionary(), "data/README.md is out of date: run make lock"


@pytest.mark.parametrize(
    "lock", ["requirements.lock", "requirements-test.lock", "requirements-engines.lock"]
)
def test_lock_holds_names_versions_and_hashes_only(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    line = re.compile(r"[\w.-]+==[\w.!+]+( ; [^:]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|")
    assert [bad for bad in text.splitlines() if not line.fullmatch(bad)] == []


@pytest.mark.parametrize(
    ("extra", "lock"),
    [
        (None, "requirements.lock"),
        ("test", "requirements-test.lock"),
        ("postgres", "requirements-engines.lock"),
        ("spark", "requirements-engines.lock"),
        ("dask", "requirements-engines.lock"),
        ("bench", "requirements-engines.lock"),
    ],
)
def test_lock_pins_every_dependency(extra: str | None, lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = project["optional-dependencies"][extra] if extra else project["dependencies"]
    pinned = {
        line.split("==")[0] for line in (ROOT / lock).read_text().splitlines() if "==" in line
    }
    assert {re.match(r"[\w.-]+", requirement).group().lower() for requirement in needed} <= pinned
