"""environment.yml from pyproject.toml: ``python -m tests.environment > environment.yml``."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Where conda-forge calls a package otherwise than the Python index does.
CONDA_NAMES = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}

#: What conda-forge does not hold comes from the Python index there too.
PIP_ONLY = ("axe-playwright-python", "playwright")


def render(pyproject: str) -> str:
    """Write the conda environment that holds the package's dependencies and its tests'."""
    project = tomllib.loads(pyproject)["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    apart = sorted(line for line in needed if line.startswith(PIP_ONLY))
    held = sorted(_conda(line) for line in needed if line not in apart)
    lines = [f"python{project['requires-python']}", "pip", *held]
    return "\n".join(
        [
            "# Generated from pyproject.toml by `make lock`.",
            "name: kapkit",
            "channels:",
            "  - conda-forge",
            "dependencies:",
            *(f"  - {line}" for line in lines),
            "  - pip:",
            *(f"      - {line}" for line in apart),
            "      - --no-deps --editable .",
            "",
        ]
    )


def _conda(requirement: str) -> str:
    name, rest = re.fullmatch(r"([\w.-]+)(?:\[[^]]*\])?(.*)", requirement).groups()
    return CONDA_NAMES.get(name, name) + rest


if __name__ == "__main__":
    sys.stdout.write(render((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
