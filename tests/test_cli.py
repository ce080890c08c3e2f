"""The command line on input that cannot be used, and on what needs no kernel."""

import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kapkit.book.book import read_book
from kapkit.cli import app

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


def kapkit(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_help_names_the_commands() -> None:
    output = kapkit("--help").output
    assert all(command in output for command in ("check", "init", "run", "publish", "sample"))


@pytest.mark.slow
def test_check_prints_totals_and_what_was_set_aside() -> None:
    result = kapkit("check", "--book", SAMPLE)
    output = " ".join(result.output.split())
    assert result.exit_code == 0
    assert "Reconciled: read = accepted + set aside + after as_of" in output
    assert "15,852,946.10" in output
    assert (
        "accounts.csv: 2 of 328 rows were set aside, region is empty (A-0158, A-0178). "
        "Give them a region, or name one under [regions] unassigned." in output
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--region", "Nowhere"], "region: 'Nowhere' is not in the book, which has 5: East, "),
        (["--as-of", "30.6.2026"], "as_of: '30.6.2026' is not a day; write it as 2026-06-30"),
        (["--set", "cut_q=1"], "--set: no notebook takes cut_q; known are "),
        (["--set", "cut_a=high"], "cut_a must be float, not 'high'"),
        (["--source", "nowhere"], "no file matches accounts.csv in "),
    ],
)
def test_unusable_input_is_refused_before_anything_starts(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    places = ["--runs", tmp_path / "runs", "--reports", tmp_path / "reports"]
    result = kapkit("run", "--book", SAMPLE, *arguments, *places)
    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "reports").exists()


@pytest.mark.slow
def test_init_proposes_what_check_accepts(tmp_path: Path) -> None:
    for name in ("accounts.csv", "products.csv", "sales_2026.parquet"):
        shutil.copy(SAMPLE / name, tmp_path / name)
    result = kapkit("init", tmp_path)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        str(tmp_path / "kapkit.toml"),
        "accounts.csv → accounts: 11 of its 11 columns are like columns of accounts",
        "sales_2026.parquet → sales: 10 of its 10 columns are like columns of sales",
        "products.csv → products: 3 of its 3 columns are like columns of products",
        "kapkit check can run on this draft.",
    ]
    assert kapkit("check", "--book", tmp_path).exit_code == 0
    again = kapkit("init", tmp_path)
    assert again.exit_code == 2
    assert "is there already and is left as it is" in again.output


def test_init_prints_instead_and_ends_with_1_where_check_could_not_run(tmp_path: Path) -> None:
    shutil.copy(SAMPLE / "accounts.csv", tmp_path / "accounts.csv")
    result = kapkit("init", tmp_path, "--print")
    assert result.exit_code == 1
    assert tomllib.loads(result.stdout)["files"] == {"accounts": "accounts.csv"}
    assert "files: no file or view for the required table sales" in result.stderr
    assert not (tmp_path / "kapkit.toml").exists()


def test_publish_wants_a_run(tmp_path: Path) -> None:
    result = kapkit("publish", tmp_path, tmp_path / "site")
    assert result.exit_code == 2
    assert "there is no run record" in result.output


@pytest.mark.slow
def test_sample_writes_a_book_that_check_accepts(tmp_path: Path) -> None:
    assert kapkit("sample", tmp_path / "mine", "--seed", "7").exit_code == 0
    assert kapkit("check", "--book", tmp_path / "mine").exit_code == 0


def test_sample_spares_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    assert kapkit("sample", tmp_path).exit_code == 2
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "dear"


@pytest.mark.slow
def test_sample_is_laid_over_a_book_whose_files_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "toml").mkdir()
    (tmp_path / "toml" / "kapkit.toml").write_text((SAMPLE / "kapkit.toml").read_text("utf-8"))
    base = ("--base", tmp_path / "toml", "--source", SAMPLE)
    result = kapkit("sample", tmp_path / "laid", *base)
    assert result.exit_code == 0
    lines = read_book(SAMPLE).at().facts.totals.query("table == 'sales' and state == 'accepted'")
    assert result.output.endswith(f"accounts, {lines['rows'].sum()} sales lines\n")
