"""Pages: what a reader gets, and what never reaches one."""

import base64
import datetime as dt
import hashlib
import io
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import nbformat.v4 as v4
import pytest
from matplotlib.figure import Figure

from kapkit.report.display import Finding
from kapkit.report.pages import Fragment, RegionState, fragment, index_page, region_page

DAY = dt.date(2026, 6, 30)
ATTACK = "<b>x</b>&\"'"
VOID = {"meta", "img", "br", "hr", "input", "link"}
SVG = """<?xml version="1.0"?><!DOCTYPE svg PUBLIC "x" "http://www.w3.org/Graphics/SVG/1.1/x.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1">
<metadata><a href="https://matplotlib.org/">x</a></metadata><style>*{stroke: red}</style>
<script>alert(1)</script><defs><clipPath id="p1"><rect/></clipPath><path id="g1" d="M 0 0"/></defs>
<g clip-path="url(#p1)" style="fill: url('#g1')" onload="alert(2)"><use xlink:href="#g1"/></g>
<a xlink:href="https://example.org/"><rect fill="url(https://example.org/x)"/></a>
<a xlink:href="#elsewhere"/></svg>"""


class Page(HTMLParser):
    """What a browser would take from a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.tags, self.ids, self.text = html, [], [], []  # type: ignore[var-annotated]
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value)
            if name in {"src", "href", "xlink:href", "srcset", "action", "data", "poster"}:
                self.addresses.append(value or "")
            self.addresses += re.findall(r"url\(['\"]?([^'\")]*)", value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self.open and self.open[-1] == "style":
            self.addresses += re.findall(r"url\(['\"]?([^'\")]*)", data)
            assert "@import" not in data

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attrs for name, attrs in self.tags if name == tag]


def output(mime: str, content: str, **about: str) -> Any:
    data = {mime: content, "text/plain": "<kapkit object at 0x7f>"}
    return v4.new_output("display_data", data=data, metadata={mime: about} if about else {})


def code(tag: str, *outputs: Any, source: str = "kap.secret_source(1)") -> Any:
    return v4.new_code_cell(source, metadata={"tags": [tag]}, outputs=list(outputs))


def html(content: str, tag: str = "finding") -> Any:
    return code(tag, output("text/html", content))


def figure(svg: str = SVG, **about: str) -> Any:
    return code("figure", output("image/svg+xml", svg, **about))


def notebook(*cells: Any) -> Any:
    return v4.new_notebook(
        cells=[v4.new_markdown_cell(c) if isinstance(c, str) else c for c in cells]
    )


def body(*cells: Any) -> str:
    return str(fragment(notebook(*cells), anchor="part").body)


def region(*fragments: Fragment, name: str = "North") -> Page:
    return Page(region_page(book="Sample", region=name, as_of=DAY, chapters=fragments))


def index(*regions: RegionState, problem: str = "", portfolio: tuple[Fragment, ...] = ()) -> Page:
    return Page(
        index_page(book="Sample", as_of=DAY, regions=regions, portfolio=portfolio, problem=problem)
    )


@pytest.fixture
def full() -> Page:
    """A region's page with everything that a page may hold."""
    cells = (
        "# 2 Who is key?\n\nDecides *who* is visited.",
        code("parameters", source='region = "North"'),
        "## 2.1 Classes",
        figure(alt="A curve", caption="Caption & more", how="First.\n\nSecond."),
        figure(alt="Another"),
        "### Detail",
        html('<table class="kap-table" id="t"><caption>Cap</caption></table>', "table"),
    )
    return region(*(fragment(notebook(*cells), anchor=name) for name in ("brief", "classes")))


def test_only_words_and_tagged_outputs_are_shown() -> None:
    stream = v4.new_output("stream", name="stderr", text="UserWarning: secret_stream")
    error = v4.new_output("error", ename="E", evalue="secret_error", traceback=["secret_trace"])
    shown = body(
        "Words.",
        code("setup", output("text/html", "secret_setup")),
        code("checks", output("text/html", "secret_checks")),
        code("finding", stream, error, output("text/html", "<p>Shown.</p>")),
        code("table", v4.new_output("display_data", data={"text/plain": "secret_plain"})),
        v4.new_code_cell("x", outputs=[output("text/html", "secret_untagged")]),
        v4.new_raw_cell("secret_raw"),
    )
    assert "Words." in shown
    assert "<p>Shown.</p>" in shown
    assert not re.search(r"secret|In \[|0x7f|Warning", shown)


def test_nothing_on_a_page_points_outside(full: Page) -> None:
    assert full.addresses
    assert all(a.startswith("#") or a == "../index.html" for a in full.addresses)
    assert "http" not in full.html.replace("http-equiv", "")


def test_a_page_runs_its_own_script_and_no_other(full: Page) -> None:
    assert full.all("script") == [{}]
    (script,) = re.findall(r"<script>(.*)</script>", full.html, re.DOTALL)
    mark = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = [meta["content"] for meta in full.all("meta") if "http-equiv" in meta]
    assert policy == [
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{mark}'"
    ]


def test_markdown_keeps_words_of_links_that_leave_and_shows_html_as_text() -> None:
    shown = body("[out](https://a.example) [in](#x) ![pic](https://a.example/p.png) <script>1")
    assert 'out <a href="#x">in</a> pic &lt;script&gt;1' in shown


def test_a_region_name_is_text_wherever_it_stands() -> None:
    page = region(fragment(notebook("# Title"), anchor="brief"), name=ATTACK)
    assert not page.all("b")
    assert f"{ATTACK}: key-account plan, as of 30 June 2026" in page.text
    listed = index(RegionState(ATTACK, "b-x-b-1", "ok"), RegionState(ATTACK, "s", "failed", ATTACK))
    assert not listed.all("b")
    assert listed.text.count(ATTACK) == 3


def test_figures_that_share_ids_do_not_clash(full: Page) -> None:
    assert len(full.all("svg")) == 4
    assert len(set(full.ids)) == len(full.ids)
    used = {a[1:] for a in full.addresses if "figure" in a}
    assert len(used) == 8
    assert used <= set(full.ids)


def test_a_drawing_neither_acts_nor_reaches_out() -> None:
    shown = body(figure(alt="A curve & more"))
    assert '<svg role="img" aria-label="A curve &amp; more">' in shown
    assert not re.search(r"alert|metadata|<style|example\.org|http|xlink", shown)
    assert '<a href="#elsewhere"' in shown


def test_a_matplotlib_figure_passes() -> None:
    drawing, drawn = Figure(), io.StringIO()
    drawing.subplots().plot([1, 2], label="a < b")
    drawing.savefig(drawn, format="svg")
    twice = [figure(drawn.getvalue(), alt="Line") for _ in range(2)]
    page = region(fragment(notebook(*twice), anchor="a"))
    assert len(set(page.ids)) == len(page.ids) > 10
    assert {a[1:] for a in page.addresses if a.startswith("#")} <= set(page.ids)
    assert "http" not in page.html.replace("http-equiv", "")


def test_a_figure_says_what_it_shows_and_how_to_read_it() -> None:
    shown = body(figure(alt="Alt", caption="5 < 6", how="First.\n\nSecond <i>."))
    assert "<figcaption>5 &lt; 6<details" in shown
    assert "How to read this</summary><p>First.</p>\n<p>Second &lt;i&gt;.</p></details>" in shown
    assert "figcaption" not in body(figure(alt="Alt"))
    assert 'aria-label="Figure"' in body(figure())


def test_a_picture_travels_with_the_page() -> None:
    shown = body(code("figure", output("image/png", "iVBO\nRw0=", alt='A "b"')))
    assert 'src="data:image/png;base64,iVBORw0=" alt="A &#34;b&#34;"' in shown


def test_a_wide_table_scrolls_and_is_named() -> None:
    shown = body(html("<table><caption>Key <i>accounts</i></caption></table>", "table"))
    assert 'class="kap-scroll" role="region" aria-label="Key accounts" tabindex="0"' in shown


def test_contents_land_and_headings_are_in_order(full: Page) -> None:
    headings = [(tag, a.get("id")) for tag, a in full.tags if re.fullmatch(r"h\d", tag)]
    assert [tag for tag, _ in headings] == ["h1", "h2", "h3", "h4", "h2", "h3", "h4"]
    wanted = [name for tag, name in headings if tag in {"h2", "h3"}]
    start = full.html.index("<nav")
    listed = Page(full.html[start : full.html.index("</nav>") + 6]).addresses
    assert [unquote(a[1:]) for a in listed if a.startswith("#")] == wanted
    assert wanted[:2] == ["brief-2-who-is-key", "brief-2-1-classes"]
    assert '<span class="kap-number">2.1</span> Classes' in full.html


def test_the_same_heading_twice_has_two_anchors() -> None:
    page = region(fragment(notebook("# T", "## Same\n\nA", "## Same\n\nB", "## 华东\n\nC")))
    assert page.ids[-3:] == ["same", "same-2", "华东"]
    assert {"#same", "#same-2", "#华东"} <= set(page.addresses)


def test_a_heading_with_nothing_under_it_is_dropped() -> None:
    shown = body(
        "# Title",
        code("load"),
        "## Figure",
        figure(),
        "## Checks",
        code("checks"),
        "## Words\n\nStay.",
        "## Last",
        code("provenance"),
    )
    assert re.findall(r'<h\d id="part-(\w+)"', shown) == ["title", "figure", "words"]


def test_a_section_that_shows_nothing_is_dropped() -> None:
    nothing = code(
        "finding", v4.new_output("display_data", data=Finding([])._repr_mimebundle_()[0])
    )
    shown = body("# Title\n\nWords.", "## Hours", nothing, "## Words", html("<p>Stay.</p>"))
    assert re.findall(r'<h\d id="part-(\w+)"', shown) == ["title", "words"]


def test_page_has_landmarks_a_language_and_its_day(full: Page) -> None:
    assert full.open == []
    assert full.all("html") == [{"lang": "en"}]
    assert all(len(full.all(tag)) == 1 for tag in ("main", "nav", "header", "footer", "h1"))
    assert full.all("a")[0] == {"class": "kap-skip", "href": "#main"}
    assert full.all("time") == [{"datetime": "2026-06-30"}]


def test_provenance_is_said_once_in_the_footer() -> None:
    told = html("<p>kapkit 0.1.0</p>", "provenance")
    plain = code("provenance", v4.new_output("display_data", data={"text/plain": "a < b"}))
    parts = [fragment(notebook(cell), anchor=a) for a, cell in (("a", told), ("b", told))]
    page = region(*parts, fragment(notebook(plain), anchor="c"))
    footer = page.html[page.html.index("<footer") :]
    assert page.html.count("kapkit 0.1.0") == footer.count("kapkit 0.1.0") == 1
    assert "<p>a &lt; b</p>" in footer


def test_index_counts_links_what_is_well_and_says_what_failed() -> None:
    page = index(
        RegionState("North", "north-1", "ok"),
        RegionState("South", "south-2", "failed", "2_evaluation, 3.2 Profit: ValueError: <i>"),
        RegionState("West", "west-3", "ok"),
        portfolio=(fragment(notebook("# Where to look?", html("<p>Shown.</p>"))),),
    )
    assert "3 regions: 2 ok, 1 failed" in page.text
    assert [a for a in page.addresses if a.endswith("html")] == [
        "./north-1/index.html",
        "./west-3/index.html",
    ]
    assert "2_evaluation, 3.2 Profit: ValueError: <i>" in page.text
    assert "Shown." in page.text
    assert all(th.get("scope") in {"row", "col"} for th in page.all("th"))


def test_index_without_portfolio_says_so() -> None:
    page = index(RegionState("North", "n", "ok"), problem="portfolio, Regions: <b>: dead kernel")
    assert "1 region: 1 ok" in page.text
    assert "portfolio, Regions: <b>: dead kernel" in page.text
    assert any("could not be computed" in text for text in page.text)
    assert "Where and why" not in page.text
