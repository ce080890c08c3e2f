"""Publishing: whole or not at all, and only what is well."""

import datetime as dt
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest

from kapkit.batch import exchange
from kapkit.batch import publish as module
from kapkit.batch.publish import publish
from kapkit.batch.record import NotebookRecord, RunRecord
from kapkit.book.errors import DataError
from kapkit.book.slug import slug
from kapkit.report.files import FILES_TYPE
from kapkit.report.pages import RegionState

REGIONS = ("North", "South")
NAMES = ("1_classification", "brief")
NORTH, SOUTH = slug("North"), slug("South")
BOTH = ["index.html", f"{NORTH}/index.html", f"{SOUTH}/index.html"]


def execute(path: Path, title: str, shown: str, **offered: str) -> None:
    """Write a notebook as if it had been executed, with the files it offers."""
    data = {"text/html": f"<p>{shown}</p>"} | ({FILES_TYPE: offered} if offered else {})
    output = v4.new_output("display_data", data=data)
    cell = v4.new_code_cell("kap.x()", metadata={"tags": ["finding"]}, outputs=[output])
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell(f"# {title}"), cell]), path)


def entry(region: str | None, notebook: str, **outcome: Any) -> NotebookRecord:
    folder = f"notebooks/{slug(region)}" if region else "notebooks"
    known = {"status": "ok", "parameters": {}, "output": f"{folder}/{notebook}.ipynb"}
    return NotebookRecord(region=region, notebook=notebook, **known | outcome)


def record(*changed: NotebookRecord) -> RunRecord:
    """A run of two regions and the portfolio, all ok but for what changed."""
    made = RunRecord(
        book="sample",
        as_of=dt.date(2026, 6, 30),
        started=dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
        versions={},
        data="",
        package="",
        notebooks=(
            *(entry(region, name) for region in REGIONS for name in NAMES),
            entry(None, "portfolio"),
        ),
    )
    for one in changed:
        made = made.updated(one)
    return made


@pytest.fixture
def run(tmp_path: Path) -> dict[str, Any]:
    """The folder of a run with its executed notebooks, and where its site goes."""
    for one in record().notebooks:
        shown = f"account of {one.region}" if one.region else "all regions"
        execute(tmp_path / "run" / one.output, one.notebook, shown)
    site = tmp_path / "reports" / "sample" / "2026-06-30"
    return {"site": site, "run": tmp_path / "run", "book": "Sample"}


def files(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())


def test_site_has_an_index_and_a_page_per_region(run: dict[str, Any]) -> None:
    published = publish(**run, record=record())
    assert published == (RegionState("North", NORTH, "ok"), RegionState("South", SOUTH, "ok"))
    assert files(run["site"]) == BOTH
    assert "2 regions: 2 ok" in (run["site"] / "index.html").read_text("utf-8")
    page = (run["site"] / NORTH / "index.html").read_text("utf-8")
    assert page.index('id="brief"') < page.index('id="classification"')
    assert "account of North" in page
    assert "South" not in page


def test_a_region_that_failed_has_no_page_and_its_old_page_goes(run: dict[str, Any]) -> None:
    publish(**run, record=record())
    bad = entry("South", "brief", status="timeout", heading="Actions", error="no & never")
    _, south = publish(**run, record=record(bad))
    assert south == RegionState("South", SOUTH, "timeout", "brief, “Actions”: no & never")
    assert files(run["site"]) == BOTH[:2]
    index = (run["site"] / "index.html").read_text("utf-8")
    assert "2 regions: 1 ok, 1 timeout" in index
    assert "brief, “Actions”: no &amp; never" in index
    assert f"{SOUTH}/index.html" not in index


@pytest.mark.parametrize(("content", "kind"), [(None, "FileNotFoundError"), ("{", "NotJSONError")])
def test_a_region_whose_notebook_cannot_be_read_is_not_published(
    run: dict[str, Any], content: str | None, kind: str
) -> None:
    path = run["run"] / "notebooks" / SOUTH / "1_classification.ipynb"
    path.write_text(content) if content else path.unlink()
    _, south = publish(**run, record=record())
    assert south == RegionState(
        "South",
        SOUTH,
        "failed",
        f"1_classification: the executed notebook is missing or unreadable ({kind}); run it again",
    )
    assert files(run["site"]) == BOTH[:2]


def test_files_that_a_notebook_offers_stand_beside_its_page(run: dict[str, Any]) -> None:
    path = run["run"] / "notebooks" / SOUTH / "brief.ipynb"
    execute(path, "brief", "of South", **{"tasks-x.csv": "\ufeffa\r\n", "ada.ics": "BEGIN\r\n"})
    publish(**run, record=record())
    mine = [f"{SOUTH}/{name}" for name in ("ada.ics", "index.html", "tasks-x.csv")]
    assert files(run["site"]) == [*BOTH[:2], *mine]
    assert (run["site"] / SOUTH / "tasks-x.csv").read_bytes() == b"\xef\xbb\xbfa\r\n"


@pytest.mark.parametrize("name", ["../index.html", "/etc/x.csv", "index.html", "a/b.ics", ".ics"])
def test_files_are_written_nowhere_else(run: dict[str, Any], name: str) -> None:
    path = run["run"] / "notebooks" / SOUTH / "brief.ipynb"
    execute(path, "brief", "of South", **{name: "x"})
    _, south = publish(**run, record=record())
    assert south.status == "failed"
    assert files(run["site"]) == BOTH[:2]


def test_a_portfolio_that_failed_is_said_and_not_shown(run: dict[str, Any]) -> None:
    publish(**run, record=record(entry(None, "portfolio", status="dead kernel")))
    index = (run["site"] / "index.html").read_text("utf-8")
    assert "portfolio: dead kernel" in index
    assert "all regions</p>" not in index


def test_an_exception_leaves_the_old_site_as_it_was(
    run: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(**run, record=record())
    before = (run["site"] / "index.html").read_bytes()

    def full_disk(**_: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr(module, "index_page", full_disk)
    with pytest.raises(OSError, match="no space left"):
        publish(**run, record=record())
    assert files(run["site"]) == BOTH
    assert (run["site"] / "index.html").read_bytes() == before
    assert list(run["site"].parent.iterdir()) == [run["site"]]


def test_the_old_site_comes_back_when_the_new_one_cannot_take_its_place(
    run: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(**run, record=record())
    rename = Path.rename

    def refuse_new(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("in use")
        return rename(path, target)

    monkeypatch.setattr(exchange, "swapped", lambda *_: False)
    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(OSError, match="in use"):
        publish(**run, record=record())
    assert files(run["site"]) == BOTH
    assert list(run["site"].parent.iterdir()) == [run["site"]]


def test_a_folder_that_is_not_a_site_is_never_replaced(run: dict[str, Any]) -> None:
    run["site"].mkdir(parents=True)
    (run["site"] / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError) as caught:
        publish(**run, record=record())
    assert str(caught.value) == (
        f"{run['site']}: the site would replace this, but kapkit did not write it; "
        "move it away or choose another folder"
    )
    assert files(run["site"]) == ["thesis.txt"]
