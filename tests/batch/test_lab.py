"""An analyst's copies: filled in, never overwritten, and said where they differ."""

from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from kapkit.batch.lab import Copies, changed_notebooks, copy_notebooks, lab_folder
from kapkit.batch.run import REGION_NOTEBOOKS
from kapkit.cli import app

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def copies(place: Path, region: str | None = "North", as_of: str = "2026-06-30") -> Copies:
    folder = lab_folder(place / "lab", "sample", region)
    return copy_notebooks(folder, run=place / "run", region=region, book=SAMPLE, as_of=as_of)


def change(path: Path, source: str) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    nbformat.write(notebook, path)


def parameters(path: Path) -> str:
    return nbformat.read(path, as_version=4).cells[1].source


def test_copies_carry_the_region_and_keep_their_comments(tmp_path: Path) -> None:
    made = copies(tmp_path)
    assert tuple(made.written) == REGION_NOTEBOOKS
    told = parameters(made.folder / "2_evaluation.ipynb").splitlines()
    assert told[0].startswith(f"book = '{SAMPLE}'  # folder of the account book")
    assert told[1].startswith("region = 'North'  # sales region")
    assert changed_notebooks(tmp_path / "lab" / "sample") == []


def test_the_portfolio_has_a_copy_of_its_own(tmp_path: Path) -> None:
    made = copies(tmp_path, region=None)
    assert made.written == ["portfolio"]
    assert "region" not in parameters(made.folder / "portfolio.ipynb")


def test_what_an_analyst_changed_stays_and_is_said(tmp_path: Path) -> None:
    path = copies(tmp_path).folder / "2_evaluation.ipynb"
    change(path, "kap.mine(contribution)")
    before = path.read_bytes()
    again = copies(tmp_path, as_of="2026-05-31")
    assert again.kept == ["2_evaluation"]
    assert path.read_bytes() == before
    assert "2026-05-31" in parameters(again.folder / "brief.ipynb")
    assert changed_notebooks(tmp_path / "lab" / "sample") == [
        f"{path} differs from its template in 1 cell"
    ]


def test_outputs_are_no_change_and_other_parameters_no_difference(tmp_path: Path) -> None:
    path = copies(tmp_path).folder / "brief.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="ran")]
    nbformat.write(notebook, path)
    assert copies(tmp_path).kept == []
    notebook.cells[1].source = notebook.cells[1].source.replace("0.2", "0.1")
    nbformat.write(notebook, path)
    assert copies(tmp_path).kept == ["brief"]
    assert changed_notebooks(tmp_path / "lab" / "sample") == []


def test_a_file_that_is_no_notebook_is_left_alone(tmp_path: Path) -> None:
    path = copies(tmp_path).folder / "brief.ipynb"
    path.write_text("notes")
    assert copies(tmp_path).kept == ["brief"]
    assert changed_notebooks(tmp_path / "lab" / "sample") == [
        f"{path} cannot be compared with its template"
    ]


@pytest.mark.slow
def test_the_command_writes_copies_and_says_where(tmp_path: Path) -> None:
    told = ["--lab", str(tmp_path / "lab"), "--runs", str(tmp_path), "--no-start"]
    done = CliRunner().invoke(app, ["lab", "NA", "--book", str(SAMPLE), *told])
    assert done.exit_code == 0, done.output
    assert "region = 'NA'" in parameters(Path(done.output.strip()) / "brief.ipynb")
    unknown = CliRunner().invoke(app, ["lab", "Nord", "--book", str(SAMPLE), *told])
    assert unknown.exit_code == 2


@pytest.mark.parametrize("region", ["Süd\n= 1", "a\"b'c"])
def test_odd_names_stay_plain_text(tmp_path: Path, region: str) -> None:
    source = parameters(copies(tmp_path, region=region).folder / "brief.ipynb")
    values: dict[str, object] = {}
    exec(source, values)  # noqa: S102 - our own file, written above
    assert values["region"] == region
