"""Each brief as PDF, where a browser is."""

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from kapkit.batch.errors import RunError
from kapkit.batch.pdf import VARIABLE, find_browser, needed_browser, print_page
from kapkit.batch.publish import publish
from kapkit.book.slug import slug
from tests.pages.site import golden_run


@pytest.mark.slow
def test_a_brief_is_printed_and_named_on_the_page(tmp_path: Path) -> None:
    browser = find_browser() or pytest.skip("no Chromium here")
    site = tmp_path / "site"
    publish(site, run=tmp_path, record=golden_run(tmp_path), book="Sample", pdf_by=browser)
    for region in ("Islands", "NA"):
        folder = site / slug(region)
        printed = PdfReader(io.BytesIO((folder / "brief.pdf").read_bytes()))
        assert f"{region}: key-account plan" in printed.pages[0].extract_text()
        assert 'href="./brief.pdf"' in (folder / "index.html").read_text("utf-8")


def test_without_a_browser_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RunError) as caught:
        needed_browser()
    assert str(caught.value) == (
        "--pdf: no browser prints here; install Chromium or name one in KAPKIT_BROWSER, "
        "or leave the option out"
    )


def test_a_browser_that_fails_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"^--pdf: false did not print \(exit code 1\)$"):
        print_page("<p>x</p>", tmp_path / "x.pdf", browser="false")
