"""A region's page and the index of all regions, each one self-contained HTML file."""

import base64
import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from kapkit.report.pages.fragment import TEMPLATES, Fragment
from kapkit.report.pages.outline import distinct_ids, outline
from kapkit.wording import LANGUAGES, day, language, say, say_count, worded

#: Parts of a region's page by the anchor of their notebook, as the planning scheme numbers them.
PARTS = {
    "brief": "Brief",
    "classification": "2 Classification",
    "evaluation": "3 Evaluation",
    "cultivation": "4 Cultivation",
    "monitoring": "5 Monitoring",
}

#: What is worth naming on top of the page, of the files beside it.
TAKEN = {".pdf": "the brief as PDF", ".xlsx": "everything as an Excel workbook"}
_HEADING = re.compile(r'(<h2 id="[^"]*">)')

_LINK = Markup('<th scope="row"><a href="./{0.slug}/index.html">{0.name}</a></th>')
_NO_LINK = Markup('<th scope="row">{0.name} <span class="kap-failed">{0.status}</span></th>')


@dataclass(frozen=True)
class RegionState:
    """How a region came out of the run.

    ``status`` is "ok" or says in a word or two why there is no page; ``detail`` then says
    where it happened and what.
    """

    name: str
    slug: str
    status: str
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the region has a page."""
        return self.status == "ok"


def region_page(
    *,
    book: str,
    region: str,
    as_of: dt.date,
    chapters: Sequence[Fragment],
    also: Sequence[str] = (),
) -> str:
    """Show one region: who its key accounts are, what they are worth, what to do.

    Parameters
    ----------
    book, region : str
        Names as people typed them; escaped here.
    as_of : date
        The day up to which rows count.
    chapters : sequence of Fragment
        In reading order, the brief first.
    also : sequence of str
        Names of files that will stand beside the page, besides those the chapters offer.

    Returns
    -------
    str
        A complete HTML document that loads nothing.
    """
    parts = [_in_scheme(chapter) for chapter in chapters]
    offered = [*also, *(name for chapter in chapters for name in chapter.files)]
    taken = {name: worded(said) for name in offered if (said := TAKEN.get(PurePath(name).suffix))}
    return _page("region.html.j2", parts, book=book, region=region, as_of=as_of, taken=taken)


def index_page(
    *,
    book: str,
    as_of: dt.date,
    regions: Sequence[RegionState],
    portfolio: Sequence[Fragment],
    problem: str = "",
) -> str:
    """Show where an hour of attention earns most, and which regions have a page.

    Parameters
    ----------
    book : str
        Name as people typed it; escaped here.
    as_of : date
        The day up to which rows count.
    regions : sequence of RegionState
        In the order of the table.
    portfolio : sequence of Fragment
        All regions side by side; empty where that could not be computed.
    problem : str
        Why there is no portfolio.

    Returns
    -------
    str
        A complete HTML document that loads nothing.
    """
    return _page(
        "index.html.j2",
        [_linked(part, regions) for part in portfolio],
        book=book,
        as_of=as_of,
        regions=regions,
        state=run_state(regions),
        problem=problem,
    )


def run_state(regions: Sequence[RegionState]) -> str:
    """Say in one line how a run ended.

    >>> run_state([RegionState("North", "n", "ok"), RegionState("South", "s", "timeout")])
    '2 regions: 1 ok, 1 timeout'
    """
    counts = Counter(region.status for region in regions)
    ordered = sorted(counts.items(), key=lambda pair: (pair[0] != "ok", pair[0]))
    states = say(", ").join(f"{count} {worded(status)}" for status, count in ordered)
    return say_count(
        len(regions), "{count} region: {states}", "{count} regions: {states}", states=states
    )


def _in_scheme(chapter: Fragment) -> Fragment:
    """Set a part's number and name before its heading."""
    name = PARTS.get(chapter.anchor)
    if name is None:
        return chapter
    part = f'<span class="kap-part">{escape(worded(name))}</span> '
    body = _HEADING.sub(lambda heading: heading[1] + part, str(chapter.body), count=1)
    return replace(chapter, body=Markup(body))  # noqa: S704


def _linked(portfolio: Fragment, regions: Sequence[RegionState]) -> Fragment:
    """Make the table of regions the way to their pages; say there which have none."""
    before, table, after = portfolio.body.partition('id="regions"')
    for region in regions:
        link = _LINK if region.ok else _NO_LINK
        cell = Markup('<th scope="row">{}</th>').format(region.name)
        after = after.replace(cell, link.format(region), 1)
    return replace(portfolio, body=Markup(before + table + after))  # noqa: S704


def _page(template: str, chapters: Sequence[Fragment], **context: object) -> str:
    told = dict.fromkeys(chapter.provenance for chapter in chapters if chapter.provenance)
    page = _templates().get_template(template)
    about = {"script": _script(), "tongue": LANGUAGES[language()]}
    return page.render(context, chapters=chapters, provenance=list(told), **about)


@dataclass(frozen=True)
class Script:
    """The page's only script, and the mark by which a browser lets it run and no other."""

    text: Markup
    mark: str


@cache
def _script() -> Script:
    text = (TEMPLATES / "tables.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"sha256-{digest}")  # noqa: S704


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals["say"] = say
    templates.filters |= {"day": day, "distinct_ids": distinct_ids, "outline": outline}
    return templates
