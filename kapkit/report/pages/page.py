"""A region's page and the index of all regions, each one self-contained HTML file."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kapkit.report.pages.fragment import TEMPLATES, Fragment
from kapkit.report.pages.outline import distinct_ids, outline
from kapkit.wording import day

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


def region_page(*, book: str, region: str, as_of: dt.date, chapters: Sequence[Fragment]) -> str:
    """Show one region: who its key accounts are, what they are worth, what to do.

    Parameters
    ----------
    book, region : str
        Names as people typed them; escaped here.
    as_of : date
        The day up to which rows count.
    chapters : sequence of Fragment
        In reading order, the brief first.

    Returns
    -------
    str
        A complete HTML document that loads nothing.
    """
    return _page("region.html.j2", chapters, book=book, region=region, as_of=as_of)


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
    noun = "region" if len(regions) == 1 else "regions"
    return f"{len(regions)} {noun}: " + ", ".join(f"{count} {status}" for status, count in ordered)


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
    return page.render(context, chapters=chapters, provenance=list(told))


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
    templates.filters |= {"day": day, "distinct_ids": distinct_ids, "outline": outline}
    return templates
