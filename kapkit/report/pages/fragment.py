"""An executed notebook as a piece of a page: its words, figures, tables and findings."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from markupsafe import Markup
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode

from kapkit.report.files import FILES_TYPE
from kapkit.report.pages.prose import prose
from kapkit.report.pages.svg import inline_svg
from kapkit.wording import say

TEMPLATES = Path(__file__).parent / "templates"
NOTHING = Markup()
SHOWN = frozenset({"figure", "table", "finding"})
_FILE = re.compile(r"[a-z0-9][a-z0-9_-]*\.(ics|csv|xlsx)")
_CAPTION = re.compile(r"<caption[^>]*>(.*?)</caption>", re.DOTALL)


@dataclass(frozen=True)
class Fragment:
    """What a page takes from one notebook."""

    anchor: str
    body: Markup
    provenance: Markup = NOTHING
    files: Mapping[str, str | bytes] = field(default_factory=dict)

    def __html__(self) -> str:
        """Let templates place the body as it is."""
        return self.body


def fragment(notebook: NotebookNode, *, anchor: str = "") -> Fragment:
    """Keep what a reader of a page needs from an executed notebook.

    That is the Markdown, and what cells tagged ``figure``, ``table`` or ``finding`` displayed.
    Code, printed text, warnings and errors are never part of it. A section of which nothing
    but its heading would be left is dropped.

    Parameters
    ----------
    notebook : NotebookNode
        Format 4, executed.
    anchor : str
        Starts the ids of headings and figures; different for each notebook of a page.

    Returns
    -------
    Fragment
        The anchor, the body with headings from the second level down, what the notebook says
        about where its numbers come from (cell tagged ``provenance``), and the files it offers.
    """
    shown = copy(notebook)
    shown.cells = _without_empty_sections(_shown(notebook))
    body, _ = _exporter().from_notebook_node(shown, resources={"anchor": anchor, "say": say})
    told = [o for c in notebook.cells if "provenance" in _tags(c) for o in _results(c)]
    return Fragment(
        anchor,
        Markup(body.strip()),  # noqa: S704
        Markup("\n").join(map(_text, told)),
        _files(shown.cells),
    )


def _files(cells: Sequence[NotebookNode]) -> dict[str, str | bytes]:
    """Collect the files that cells offer.

    Raises
    ------
    ValueError
        If a name is none of a calendar, CSV or Excel file in the page's own folder.
    """
    codes = [cell for cell in cells if cell.cell_type == "code"]
    shown = [output for cell in codes for output in _results(cell)]
    found: dict[str, str | bytes] = {}
    for output in shown:
        packed = (output.metadata or {}).get(FILES_TYPE, {})
        found |= output.data.get(FILES_TYPE, {})
        found |= {name: base64.b64decode(text) for name, text in packed.items()}
    if odd := [name for name in found if not _FILE.fullmatch(name)]:
        raise ValueError(f"{odd[0]}: a page offers .ics, .csv and .xlsx files only")
    return found


@cache
def _exporter() -> TemplateExporter:
    return TemplateExporter(  # type: ignore[no-untyped-call]
        file_extension=".html",
        template_name="fragment",
        extra_template_basedirs=[str(TEMPLATES)],
        default_preprocessors=[],
        filters={
            "prose": prose,
            "inline_svg": inline_svg,
            "caption": _caption,
            "paragraphs": _paragraphs,
            "json": lambda value: json.dumps(value, separators=(",", ":")),
        },
    )


def _tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", [])) if cell.cell_type == "code" else set()


def _results(cell: NotebookNode) -> list[NotebookNode]:
    shown = [o for o in cell.outputs if o.output_type in {"display_data", "execute_result"}]
    return [output for output in shown if any(output.data.values())]


def _shown(notebook: NotebookNode) -> list[NotebookNode]:
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" or (_tags(cell) & SHOWN and _results(cell))
    ]


def _without_empty_sections(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Drop a bare heading that is followed by its equal, its better, or nothing."""
    levels = [*map(_level, cells), 1]
    return [
        cell
        for cell, level, after in zip(cells, levels, levels[1:], strict=False)
        if level < 2 or after == 0 or after > level or "\n" in cell.source.strip()
    ]


def _level(cell: NotebookNode) -> int:
    """Tell the level of the heading a cell starts with; 0 where it starts with none."""
    if cell.cell_type != "markdown":
        return 0
    start = cell.source.lstrip()
    return len(start) - len(start.lstrip("#"))


def _text(output: NotebookNode) -> Markup:
    html = output.data.get("text/html")
    if html is not None:
        return Markup(html)  # noqa: S704
    return _paragraphs(output.data.get("text/plain", ""))


def _caption(html: str) -> str:
    found = _CAPTION.search(html)
    return Markup(found[1]).striptags() if found else "Table"  # noqa: S704


def _paragraphs(text: str) -> Markup:
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in parts if part)
