"""A whole run of the sample, three regions of which come to grief."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from kapkit.batch import notebooks
from kapkit.batch.run import REGION_NOTEBOOKS
from kapkit.cli import app

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"

pytestmark = pytest.mark.slow


FAULTS = """\
import os, time
if region == "East":
    raise ValueError("made to fail")
if region == "South":
    os.kill(os.getpid(), 9)
if region == "North":
    time.sleep(600)
"""


def faulty_templates(folder: Path) -> Path:
    """Copy the templates; the classification of three regions comes to grief."""
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".*"))
    path = folder / "1_classification.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    load = next(cell for cell in notebook["cells"] if cell["metadata"].get("tags") == ["load"])
    load["source"] = FAULTS + "".join(load["source"])
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def kapkit(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


class Ran:
    """What a run left behind."""

    def __init__(self, folder: Path, result: Result) -> None:
        self.result = result
        self.folder = folder
        self.site = folder / "reports" / "sample" / "2026-06-30"
        self.record = json.loads(
            (folder / "runs" / "sample" / "2026-06-30" / "record.json").read_text("utf-8")
        )

    def page(self, region: str) -> str:
        (path,) = self.site.glob(f"{region}-*/index.html")
        return path.read_text(encoding="utf-8")

    @property
    def pages(self) -> dict[str, str]:
        found = self.site.glob("**/*.html")
        return {str(path.relative_to(self.site)): path.read_text("utf-8") for path in found}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("run")
    templates = faulty_templates(folder / "templates")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebooks, "template_folder", lambda: templates)
        places = ["--runs", folder / "runs", "--reports", folder / "reports"]
        # A card for each account of class A, drawn on a busy machine, takes half of the time limit.
        fast = ["--jobs", "2", "--timeout", "30", "--set", "cards=5"]
        result = kapkit("run", "--book", SAMPLE, *places, *fast)
    return Ran(folder, result)


def test_regions_that_fail_are_said_and_make_the_exit_code_1(ran: Ran) -> None:
    assert ran.result.exit_code == 1, ran.result.output
    lines = ran.result.output.splitlines()
    states = {"Islands: ok", "NA: ok", "East: failed", "South: dead kernel", "North: timeout"}
    assert states | {"portfolio: ok"} <= set(lines)
    assert "  1_classification, “Who are the key accounts?”: ValueError: made to fail" in lines
    assert lines[-1] == str(ran.site / "index.html")


def test_the_record_says_what_became_of_each_notebook(ran: Ran) -> None:
    found = {(one["region"], one["notebook"]): one["status"] for one in ran.record["notebooks"]}
    assert len(found) == 5 * len(REGION_NOTEBOOKS) + 1
    assert {key: status for key, status in found.items() if status != "ok"} == {
        ("East", "1_classification"): "failed",
        ("South", "1_classification"): "dead kernel",
        ("North", "1_classification"): "timeout",
    }
    assert ran.record["finished"] is not None


def test_a_failed_region_is_never_published_as_if_fine(ran: Ran) -> None:
    assert sorted(path.split("-")[0] for path in ran.pages) == ["index.html", "islands", "na"]
    index = ran.pages["index.html"]
    assert "5 regions: 2 ok, 1 dead kernel, 1 failed, 1 timeout" in index
    assert not re.search(r'href="\./(?:east|south|north)-', index)
    assert len(re.findall(r'href="\./(?:islands|na)-', index)) == 4


def test_pages_hold_no_code_and_no_address(ran: Ran) -> None:
    for page in ran.pages.values():
        assert not re.search(r"import kapkit|kap\.\w+\(|<pre", page)
        assert page.count("<script") == 1, "the page's own, of which the browser knows the mark"
        without_names = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
        without_names = without_names.replace('xmlns:xlink="http://www.w3.org/1999/xlink"', "")
        assert "://" not in without_names
        assert not re.search(r'(?:src|href)="//|@import|url\((?!#)', page)


def test_a_page_holds_its_regions_accounts_and_no_others(ran: Ran) -> None:
    accounts = pd.read_csv(SAMPLE / "accounts.csv", keep_default_na=False)
    for region in ("Islands", "NA"):
        page = ran.page(region.lower())
        here = set(accounts.loc[accounts["region"] == region, "account_id"])
        named = set(re.findall(r"A-\d{4}", page))
        assert named == here


def test_text_from_crm_that_attacks_is_shown_as_text(ran: Ran) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in ran.page("na")


def test_a_run_of_one_region_keeps_the_others_pages(ran: Ran) -> None:
    before = set(ran.pages)
    result = kapkit(
        *("run", "--book", SAMPLE, "--region", "East"),
        *("--runs", ran.folder / "runs", "--reports", ran.folder / "reports"),
    )
    assert result.exit_code == 0, result.output
    assert {path.split("-")[0] for path in set(ran.pages) - before} == {"east"}
    assert before <= set(ran.pages)


def test_publish_makes_the_same_pages_again(ran: Ran, tmp_path: Path) -> None:
    site = tmp_path / "site"
    result = kapkit("publish", ran.folder / "runs" / "sample" / "2026-06-30", site)
    assert result.exit_code == 0, result.output
    again = {str(path.relative_to(site)): path.read_text("utf-8") for path in site.rglob("*.html")}
    assert again == ran.pages
