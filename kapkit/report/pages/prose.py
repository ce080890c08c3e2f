"""The Markdown of a notebook as prose of a page."""

import re
from typing import Any

from markupsafe import Markup, escape
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from kapkit.wording import worded

_MARKS = re.compile(r"\s*(?:#+\s+)?(?:\d+(?:\.\d+)+\s+)?")
_NUMBERED = re.compile(r"(\d+(?:\.\d+)*)\s+(\S.*)", re.DOTALL)


class PageRenderer(IPythonRenderer):
    """Headings one level down with anchors, HTML shown as text, links inside the site only."""

    def __init__(self, anchor: str) -> None:
        super().__init__(escape=True)
        self.anchor = anchor

    def heading(self, text: str, level: int, **_: Any) -> str:
        """Give a heading its anchor; the page's title is the only first level."""
        tag = f"h{min(level + 1, 6)}"
        words = re.sub(r"\W+", "-", Markup(text).striptags().lower()).strip("-")  # noqa: S704
        name = escape("-".join(filter(None, (self.anchor, words))) or "section")
        return f'<{tag} id="{name}">{_set_number_apart(text)}</{tag}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Keep links to places of the site; of others, keep the words."""
        inside = url.startswith(("#", "./", "../"))
        return str(super().link(text, url, title)) if inside else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Keep pictures that travel with the page; of others, keep the description."""
        inside = url.startswith("data:image/")
        return str(super().image(text, url, title)) if inside else text

    def block_code(self, code: str, info: str | None = None) -> str:
        """Set code as plain text, without colours."""
        return f"<pre><code>{escape(code)}</code></pre>\n"


def prose(source: str, anchor: str = "") -> Markup:
    """Turn Markdown into HTML that names nothing outside the page.

    >>> prose("## Who is *key*?", "classes")
    Markup('<h3 id="classes-who-is-key">Who is <em>key</em>?</h3>')
    """
    markdown = MarkdownWithMath(renderer=PageRenderer(anchor))
    return Markup(markdown.render(_translated(source)).strip())  # noqa: S704


def _translated(source: str) -> str:
    """Give each heading and paragraph in the reader's language; marks and numbers stay."""
    blocks = re.split(r"(\n\s*\n)", source)
    return "".join(_lead(block) + worded(block[len(_lead(block)) :]) for block in blocks)


def _lead(block: str) -> str:
    return _MARKS.match(block)[0]  # type: ignore[index]


def _set_number_apart(text: str) -> str:
    match = _NUMBERED.fullmatch(text)
    return f'<span class="kap-number">{match[1]}</span> {match[2]}' if match else text
