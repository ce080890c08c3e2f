"""What a notebook cell ends in: figures, tables, findings and tiles, for lab and page alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, Template
from matplotlib.figure import Figure

from kapkit.report.look import to_svg

Bundle = tuple[dict[str, str], dict[str, Any]]


@cache
def template(name: str) -> Template:
    """Find the template that a display is written with."""
    environment = Environment(
        loader=PackageLoader("kapkit.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _fold(folded: bool) -> dict[str, Any]:
    return {"folded": True} if folded else {}


@dataclass(frozen=True)
class Chart:
    """A figure with the words that belong to it: what it shows, for eyes and for ears.

    ``alt`` says what was drawn, with its numbers; ``how`` how to read it. A page shows a
    ``folded`` one when its caption is clicked.
    """

    figure: Figure = field(repr=False)
    alt: str
    caption: str
    how: str = ""
    folded: bool = False

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        words = {"alt": self.alt, "caption": self.caption, "how": self.how} | _fold(self.folded)
        data = {"image/svg+xml": to_svg(self.figure), "text/plain": f"{self.caption}\n{self.alt}"}
        return data, {"image/svg+xml": words}


@dataclass(frozen=True)
class Column:
    """How one column of a frame is shown; keys are not broken over lines."""

    header: str
    show: Callable[[Any], str] = str
    numeric: bool = False
    key: bool = False

    @property
    def css(self) -> str:
        """Class of the column's cells."""
        return "num" if self.numeric else "key" if self.key else ""


@dataclass(frozen=True)
class Table:
    """A frame as people read it; the first column heads the rows.

    ``columns`` maps the frame's columns, in order, to how they are shown. Missing values are
    dashes; every cell is escaped. A page shows a ``folded`` one when its caption is clicked.
    """

    frame: pd.DataFrame
    columns: dict[str, Column]
    name: str
    caption: str
    how: str = ""
    folded: bool = False

    def rows(self) -> list[list[str]]:
        """Give the cells as text."""
        return [
            [
                "–" if pd.isna(value) else column.show(value)
                for column, value in zip(self.columns.values(), row, strict=True)
            ]
            for row in self.frame[list(self.columns)].itertuples(index=False)
        ]

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        heads = list(self.columns.values())
        page = template("table.html.j2").render(table=self, heads=heads, rows=self.rows())
        plain = pd.DataFrame(self.rows(), columns=[head.header for head in heads])
        data = {"text/html": page, "text/plain": f"{self.caption}\n{plain.to_string(index=False)}"}
        return data, {"text/html": {"how": self.how} | _fold(self.folded)}


@dataclass(frozen=True)
class Finding:
    """Sentences the package computed; a caution says what weakens the numbers.

    One without sentences shows nothing, and a page leaves its section out.
    """

    sentences: Sequence[str]
    caution: bool = False

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        page = template("finding.html.j2").render(finding=self) if self.sentences else ""
        return {"text/html": page, "text/plain": "\n".join(self.sentences)}, {}


@dataclass(frozen=True)
class Tile:
    """One number a reader sees first, with its change or interval."""

    name: str
    value: str
    note: str = ""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.name}: {self.value}{note}"


@dataclass(frozen=True)
class Tiles:
    """The row of numbers on top of a page."""

    tiles: Sequence[Tile]

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        page = template("tiles.html.j2").render(tiles=self.tiles)
        return {"text/html": page, "text/plain": "\n".join(map(str, self.tiles))}, {}
