"""What README and docs tell people to type exists, and the tutorial's commands run."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from typer.main import get_command

from kapkit.cli import app

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)\)")


def commands(path: Path) -> list[str]:
    lines = [
        line for block in _BLOCK.findall(path.read_text("utf-8")) for line in block.split("\n")
    ]
    inline = re.findall(r"`(kapkit [a-z][^`]*|make [a-z]+)`", path.read_text("utf-8"))
    return [line.partition("#")[0].strip() for line in (*lines, *inline) if line.strip()]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_command_and_option_is_known(path: Path) -> None:
    group = get_command(app)
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for line in commands(path):
        program, *words = shlex.split(line)
        if program == "make":
            assert words[0] in targets, line
        elif program == "kapkit" and words:
            assert words[0].startswith("--") or words[0] in group.commands, line  # type: ignore[attr-defined]
            known = {
                option
                for parameter in getattr(group.commands.get(words[0]), "params", [])  # type: ignore[attr-defined]
                for option in (*parameter.opts, *parameter.secondary_opts)
            } | {"--help"}
            assert {word for word in words[1:] if word.startswith("-")} <= known, line


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_between_documents_land(path: Path) -> None:
    for target in _LINK.findall(path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.slow
def test_the_tutorial_runs_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    group, runner = get_command(app), CliRunner()
    said = [line for line in commands(ROOT / "docs" / "tutorial.md") if line.startswith("kapkit ")]
    wanted = [line for line in said if " trial" in line]
    assert [line.split()[1] for line in wanted] == ["sample", "check", "run"]
    for line in wanted:
        done = runner.invoke(group, shlex.split(line)[1:], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    index = Path(done.output.strip().splitlines()[-1])
    assert "Islands" in index.read_text("utf-8")
    exports = tmp_path / "exports"
    (tmp_path / "trial").rename(exports)
    (exports / "kapkit.toml").unlink()
    drafted = runner.invoke(group, ["init", "exports"], catch_exceptions=False)
    assert (exports / "kapkit.toml").exists(), drafted.output
