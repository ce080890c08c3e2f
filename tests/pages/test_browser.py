"""Every page of the sample, as a reader's browser shows it from disk."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from kapkit.book.slug import slug

pytestmark = pytest.mark.slow

PAGES = {"index": "index.html"} | {n: f"{slug(n)}/index.html" for n in ("Islands", "NA")}
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
A4 = {"width": 680, "height": 990}  # what the margins leave of it, in CSS pixels


@dataclass
class Opened:
    """A page, and what it did that it should not."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


@pytest.fixture
def opened(browser: Browser, site: Path) -> Iterator[Open]:
    contexts = []

    def show(name: str, size: str = "desktop", *, dark: bool = False) -> Opened:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        seen = Opened(context.new_page())
        seen.page.on("console", lambda told: seen.said.append(told.text))
        seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
        seen.page.on("request", lambda request: seen.asked.append(request.url))
        path = site / PAGES.get(name, name)
        seen.page.goto(path.as_uri())
        return seen

    yield show
    for context in contexts:
        context.close()


def right_of_screen(page: Page) -> float:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_quietly_and_fits(opened: Open, name: str, size: str, site: Path) -> None:
    seen = opened(name, size)
    assert seen.said == []
    assert seen.asked == [(site / PAGES[name]).as_uri()]
    assert right_of_screen(seen.page) <= 0
    assert (site / PAGES[name]).stat().st_size < 2e6


@pytest.mark.parametrize("name", PAGES)
def test_contents_land(opened: Open, name: str) -> None:
    page = opened(name).page
    links = page.locator(".kap-contents a[href^='#']")
    assert links.count() > 3
    for link in links.all():
        link.click()
        target = page.evaluate("decodeURIComponent(location.hash.slice(1))")
        at = page.locator(f"[id='{target}']").bounding_box()
        assert at is not None
        end = page.evaluate("innerHeight + scrollY >= document.documentElement.scrollHeight - 2")
        assert 0 <= at["y"] < (900 if end else 80)


def test_the_index_leads_to_each_region_and_back(opened: Open, site: Path) -> None:
    page = opened("index").page
    for name in ("Islands", "NA"):
        page.locator("#regions").get_by_role("link", name=name, exact=True).click()
        assert page.locator("h1").inner_text().startswith(name)
        page.get_by_role("link", name="All regions").click()
        assert page.url == (site / "index.html").as_uri()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(opened: Open, name: str, dark: bool) -> None:
    page = opened(name, dark=dark).page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page).response["violations"]
    assert [
        (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ] == []


@pytest.mark.parametrize("name", PAGES)
def test_print_cuts_no_table(opened: Open, name: str) -> None:
    page = opened(name).page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.emulate_media(media="print")
    page.set_viewport_size(A4)  # type: ignore[arg-type]
    edges = """() => [...document.querySelectorAll('table, figure svg, .kap-tiles')].map(
        one => [one.id || one.className.baseVal || one.tagName,
                Math.round(one.getBoundingClientRect().right - innerWidth)])"""
    assert [(what, over) for what, over in page.evaluate(edges) if over > 0] == []
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    pages = [normalize("NFKC", sheet.extract_text() or "") for sheet in printed.pages]  # ligatures
    text = "".join("".join(one.split()) for one in pages)
    ends = page.locator("table tbody tr > :last-child").all_inner_texts()
    words = {word for end in ends for word in re.findall(r"\w{3,}", end)}
    assert words
    assert {word for word in words if word not in text} == set()
    width, height = (float(one) for one in printed.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)


@pytest.mark.parametrize("name", [name for name in PAGES if name != "index"])
def test_the_brief_prints_on_one_page(opened: Open, name: str) -> None:
    page = opened(name).page
    page.emulate_media(media="print")
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    first, second = (normalize("NFKC", sheet.extract_text()) for sheet in printed.pages[:2])
    ask = "How right were we before?"
    assert ask in first
    assert ask not in second
    assert "Who are the key accounts?" in second
