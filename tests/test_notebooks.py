"""The templates are thin, tagged and stripped; the goldens are theirs, executed."""

import ast
import json
from pathlib import Path

import pytest

from kapkit.batch.notebooks import template_folder
from tests.golden.__main__ import tasks

SHOWN = {"figure", "table", "finding"}
ROLES = {"parameters", "setup", "load", *SHOWN, "what-if", "checks", "provenance"}
TEMPLATES = sorted(template_folder().glob("*.ipynb"))
GOLDENS = {task.output: task for task in tasks()}


def cells(path: Path, kind: str = "code") -> list[dict]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def silent_sections(path: Path) -> list[str]:
    """Name the headings whose own cells show no figure, no table and no sentence."""
    shown: dict[str, list[bool]] = {}
    heading = ""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            heading = source(cell).splitlines()[0]
        elif {*SHOWN, "what-if"} & set(tags(cell)):
            said = ["".join(out["data"].get("text/html", "")) for out in cell["outputs"]]
            drawn = any("image/svg+xml" in out["data"] for out in cell["outputs"])
            asked = tags(cell) == ["what-if"]
            shown.setdefault(heading, []).append(asked or drawn or any(said))
    return [heading for heading, cells_of in shown.items() if not any(cells_of)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
class TestTemplate:
    def test_is_stripped(self, path: Path) -> None:
        assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells(path))

    def test_cells_are_thin(self, path: Path) -> None:
        for cell in cells(path):
            code = source(cell)
            assert len(code.splitlines()) <= 10
            assert not code.rstrip().endswith(";")
            assert "%" not in [line.strip()[:1] for line in code.splitlines()]
            banned = (ast.FunctionDef, ast.Lambda, ast.For, ast.While, ast.comprehension)
            assert not [node for node in ast.walk(ast.parse(code)) if isinstance(node, banned)]

    def test_numbers_and_dates_are_typed_in_parameters_only(self, path: Path) -> None:
        for cell in cells(path):
            if tags(cell) == ["parameters"]:
                continue
            literals = [
                node.value
                for node in ast.walk(ast.parse(source(cell)))
                if isinstance(node, ast.Constant)
            ]
            assert set(literals) <= {10}, "only the number of rows a brief shows"

    def test_each_cell_has_one_role_in_the_order_of_the_house(self, path: Path) -> None:
        roles = [tags(cell) for cell in cells(path)]
        assert all(len(role) == 1 and role[0] in ROLES for role in roles)
        order = [role[0] for role in roles]
        assert order[:3] == ["parameters", "setup", "load"]
        assert order[-2:] == ["checks", "provenance"]
        assert set(order[3:-2]) <= {*SHOWN, "what-if"}

    def test_title_asks_a_question(self, path: Path) -> None:
        title = source(cells(path, "markdown")[0]).splitlines()[0]
        assert title.startswith("# ")
        assert title.endswith("?")

    def test_every_parameter_says_what_it_is(self, path: Path) -> None:
        for line in source(cells(path)[0]).splitlines():
            assert "  # " in line


def test_every_template_has_a_golden() -> None:
    assert {task.template for task in GOLDENS.values()} == set(TEMPLATES)


@pytest.mark.parametrize("name", GOLDENS)
class TestGolden:
    def test_every_cell_was_run(self, name: str) -> None:
        task = GOLDENS[name]
        executed = [cell["execution_count"] for cell in cells(task.folder / name)]
        assert executed == list(range(1, len(executed) + 1))

    def test_source_is_the_templates(self, name: str) -> None:
        task = GOLDENS[name]
        written = [source(cell) for cell in cells(task.template)]
        golden = [
            source(cell)
            for cell in cells(task.folder / name)
            if tags(cell) != ["injected-parameters"]
        ]
        assert golden == written

    def test_shows_what_its_cells_promise(self, name: str) -> None:
        for cell in cells(GOLDENS[name].folder / name):
            if not {"figure", "table", "finding", "provenance"} & set(tags(cell)):
                continue
            (output,) = cell["outputs"]
            assert output["output_type"] == "execute_result"
            assert {"image/svg+xml", "text/html"} & set(output["data"])

    def test_every_section_shows_something(self, name: str) -> None:
        assert not silent_sections(GOLDENS[name].folder / name)

    def test_names_no_machine(self, name: str) -> None:
        text = (GOLDENS[name].folder / name).read_text(encoding="utf-8")
        assert str(Path.home()) not in text
        assert "/tmp" not in text  # noqa: S108
