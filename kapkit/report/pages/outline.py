"""Ids and contents list of a page's main part."""

import re
from dataclasses import dataclass

from markupsafe import Markup

_ID = re.compile(r'(<[^<>]*?\sid=")([^"]*)(")')
_PART = re.compile(r'<span class="kap-part">(.*?)</span>', re.DOTALL)
_HEADING = re.compile(r'<h([23]) id="([^"]*)">(.*?)</h\1>', re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """A line of the contents list, with the lines below it."""

    anchor: str
    text: str
    below: tuple["Entry", ...] = ()


def distinct_ids(html: str) -> Markup:
    """Tell repeated ids apart by number, since two notebooks may show the same table.

    >>> distinct_ids('<p id="a"></p><p id="a"></p>')
    Markup('<p id="a"></p><p id="a-2"></p>')
    """
    seen: set[str] = set()

    def rename(match: re.Match[str]) -> str:
        name, count = match[2], 1
        while name in seen:
            count += 1
            name = f"{match[2]}-{count}"
        seen.add(name)
        return match[1] + name + match[3]

    return Markup(_ID.sub(rename, html))  # noqa: S704


def outline(html: str) -> tuple[Entry, ...]:
    """List the chapters (second-level headings) and the sections of each.

    A chapter of the scheme is listed by its number and name, else by its heading.

    >>> outline('<h2 id="a">Who?</h2><h3 id="b"><i>2.1</i> A &amp; B</h3>')
    (Entry(anchor='a', text='Who?', below=(Entry(anchor='b', text='2.1 A & B', below=()),)),)
    """
    chapters: list[Entry] = []
    for level, anchor, inner in _HEADING.findall(html):
        part = _PART.search(inner)
        entry = Entry(anchor, Markup(part[1] if part else inner).striptags())  # noqa: S704
        if level == "3" and chapters:
            above = chapters.pop()
            entry = Entry(above.anchor, above.text, (*above.below, entry))
        chapters.append(entry)
    return tuple(chapters)
