"""Publish a run: executed notebooks become a site that appears whole or not at all."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree.ElementTree import ParseError

import nbformat

from kapkit.batch.exchange import take_place
from kapkit.batch.pdf import print_page
from kapkit.batch.record import NotebookRecord, RunRecord, status_of
from kapkit.book.errors import DataError
from kapkit.book.slug import slug
from kapkit.report.pages import Fragment, RegionState, fragment, index_page, region_page
from kapkit.wording import speaking

FIRST = "brief"
BRIEF_FILE = "brief.pdf"
_UNREADABLE = (OSError, ValueError, ParseError, nbformat.ValidationError)


def publish(
    site: Path, *, run: Path, record: RunRecord, book: str, pdf_by: str | None = None
) -> tuple[RegionState, ...]:
    """Put what leadership reads where they read it: an index, and a page per region.

    Everything is written to a folder beside `site` that then takes its place, so that no
    reader meets half a site, and pages of regions that are no longer well do not survive.

    Parameters
    ----------
    site : Path
        Folder of the site; a site that is there is replaced.
    run : Path
        Folder of the run, with the executed notebooks that the record names.
    record : RunRecord
        What became of each notebook; only regions of which all are ok get a page.
    book : str
        Name of the book, as people read it.
    pdf_by : str, optional
        Browser that prints each brief as PDF beside its page.

    Returns
    -------
    tuple of RegionState
        As published: a region of which a notebook cannot be read is not ok any more.

    Raises
    ------
    DataError
        If `site` holds something that kapkit did not write.
    """
    _refuse_foreign(site)
    site.parent.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(
            prefix=f".{site.name}-", dir=site.parent, ignore_cleanup_errors=True
        ) as beside,
        speaking(record.language),
    ):
        new = Path(beside) / "new"
        known = record.by_region()
        parts, state = _read(run, None, known.pop(None, []))
        published = tuple(
            _publish_region(new, name or "", run, notebooks, record.as_of, book, pdf_by)
            for name, notebooks in known.items()
        )
        _write(
            new / "index.html",
            index_page(
                book=book,
                as_of=record.as_of,
                regions=published,
                portfolio=parts,
                problem=state.detail,
            ),
        )
        take_place(new, site, old=Path(beside) / "old")
    return published


def _publish_region(
    new: Path,
    region: str,
    run: Path,
    notebooks: Sequence[NotebookRecord],
    as_of: dt.date,
    book: str,
    pdf_by: str | None,
) -> RegionState:
    """Write the page of a region that is ok, and its files; say how the region is."""
    parts, state = _read(run, region, notebooks)
    if state.ok:
        about = {"book": book, "region": region, "as_of": as_of}
        printed = [BRIEF_FILE] if pdf_by else []
        page = region_page(**about, chapters=parts, also=printed)  # type: ignore[arg-type]
        _write(new / state.slug / "index.html", page)
        if pdf_by:
            brief = region_page(**about, chapters=parts[:1])  # type: ignore[arg-type]
            print_page(brief, new / state.slug / BRIEF_FILE, browser=pdf_by)
        for part in parts:
            for name, content in part.files.items():
                _write(new / state.slug / name, content)
    return state


def _read(
    run: Path, region: str | None, notebooks: Sequence[NotebookRecord]
) -> tuple[Sequence[Fragment], RegionState]:
    """Read a region's notebooks, the brief first, if all are ok; say how the region is."""
    state = RegionState(region or "", slug(region or ""), status_of(notebooks))
    if not state.ok:
        bad = [one for one in notebooks if one.status != "ok"]
        return [], replace(state, detail=_where_and_why(bad[0]) if bad else "not part of the run")
    parts = []
    for one in sorted(notebooks, key=lambda one: (one.notebook != FIRST, one.notebook)):
        try:
            notebook = nbformat.read(run / one.output, as_version=4)  # type: ignore[no-untyped-call]
            parts.append(fragment(notebook, anchor=re.sub(r"^\d+_", "", one.notebook)))
        except _UNREADABLE as error:
            why = f"the executed notebook is missing or unreadable ({type(error).__name__})"
            return [], replace(
                state, status="failed", detail=f"{one.notebook}: {why}; run it again"
            )
    return parts, state


def _where_and_why(bad: NotebookRecord) -> str:
    """Name the notebook, the heading above the cell and the error, as far as they are known."""
    where = bad.notebook + (f", “{bad.heading}”" if bad.heading else "")
    return f"{where}: {bad.error or bad.status}"


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _refuse_foreign(site: Path) -> None:
    """Never replace a folder of which kapkit did not write the index."""
    if not site.exists() or (site.is_dir() and not any(site.iterdir())):
        return
    index = site / "index.html"
    if not (index.is_file() and 'content="kapkit"' in index.read_text("utf-8", "replace")[:2000]):
        raise DataError(
            f"{site}: the site would replace this, but kapkit did not write it; "
            "move it away or choose another folder"
        )
