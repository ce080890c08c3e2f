from pathlib import Path

import numpy as np
import pytest

from kapkit.batch import notebooks
from kapkit.batch.notebooks import Parameter, check_parameters, parameters
from kapkit.book.errors import DataError

CELL = """# the region's name
region: str = "North = #1"  # as in the book
share: float = 0.8
years = 3
draft = False
goal: float | None = None
cuts = [0.8, 0.95]
"""


@pytest.fixture
def brief(template) -> Path:
    return template(parameters=CELL)


def test_parameters_have_names_types_and_defaults(brief):
    assert list(parameters(brief).values()) == [
        Parameter("region", "str", "North = #1"),
        Parameter("share", "float", 0.8),
        Parameter("years", "int", 3),
        Parameter("draft", "bool", False),
        Parameter("goal", "float | None", None),
        Parameter("cuts", "list", [0.8, 0.95]),
    ]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("a = 1\nb = 2 * a", "malformed node"),
        ("import os", "line 1"),
        ("a = b = 1", "line 1"),
        ("a: int", "line 1"),
        ("a = (", "was never closed"),
    ],
)
def test_only_plain_literals_are_parameters(template, cell, why):
    with pytest.raises(DataError, match=f"may hold only plain literals, .*{why}"):
        parameters(template(parameters=cell))


def test_template_without_parameters_is_refused(tmp_path):
    path = tmp_path / "brief.ipynb"
    path.write_text('{"cells": []}')
    with pytest.raises(DataError, match=r"^brief\.ipynb: no cell is tagged parameters"):
        parameters(path)


def test_every_problem_is_listed_at_once(brief):
    wrong = {"regoin": "North", "xyz": 1, "share": "high", "years": True, "goal": float("nan")}
    with pytest.raises(DataError) as caught:
        check_parameters(brief, wrong)
    assert str(caught.value) == (
        "brief.ipynb: regoin is unknown (did you mean region?); xyz is unknown; "
        "share must be float, not 'high'; years must be int, not True; "
        "goal must be finite, not nan; its parameters are region: str, share: float, "
        "years: int, draft: bool, goal: float | None, cuts: list"
    )


def test_numpy_scalars_and_paths_become_plain(brief):
    told = {
        "region": Path("data/sample"),
        "share": np.float64(0.5),
        "years": np.int64(5),
        "draft": np.bool_(True),
        "goal": 1,
        "cuts": np.array([0.7, 0.9]),
    }
    values = check_parameters(brief, told)
    assert values == {
        "region": "data/sample",
        "share": 0.5,
        "years": 5,
        "draft": True,
        "goal": 1,
        "cuts": [0.7, 0.9],
    }
    assert [type(value).__name__ for value in values.values()] == [
        "str", "float", "int", "bool", "int", "list",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [("share", True), ("years", 2.0), ("draft", 1), ("region", None), ("share", np.bool_(True)),
     ("cuts", [0.8, float("inf")]), ("region", np.datetime64("2026-06-30"))],
)  # fmt: skip
def test_nothing_is_converted_silently(brief, name, value):
    with pytest.raises(DataError, match=f"{name} must be"):
        check_parameters(brief, {name: value})


def test_installed_templates_come_first(tmp_path, monkeypatch):
    assert notebooks.template_folder() == Path(notebooks.__file__).parents[2] / "notebooks"
    monkeypatch.setattr(notebooks, "_INSTALLED", tmp_path)
    (tmp_path / "brief.ipynb").touch()
    assert notebooks.template("brief") == tmp_path / "brief.ipynb"
    with pytest.raises(DataError, match=r"^no notebook is called '\.\./x'; there are brief$"):
        notebooks.template("../x")
