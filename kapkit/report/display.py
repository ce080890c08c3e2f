"""What a notebook cell ends in: figures, tables, findings and tiles, for lab and page alike."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, Template
from matplotlib.figure import Figure

from kapkit.report.lab import in_lab, interactive
from kapkit.report.look import to_svg
from kapkit.wording import say, worded

_SENTENCE = 48  # signs from which a cell is a sentence
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
    environment.globals["say"] = say
    return environment.get_template(name)


def listed(what: str, shown: int, there: int) -> str:
    """Caption a table that shows the first rows: what they are, and how many of how many.

    >>> listed("Accounts", 15, 1200), listed("Accounts", 15, 15)
    ('Accounts: 15 of 1,200', 'Accounts')
    """
    said = worded(what)
    if shown >= there:
        return said
    return say("{what}: {shown} of {all}", what=said, shown=shown, all=f"{there:,}")


def ranges(low: pd.Series, high: pd.Series, show: Callable[[float], str]) -> pd.Series:
    """Write what lies between two ends; missing where both are, open where one is."""
    ends = zip(low.astype(float), high.astype(float), strict=True)
    said = [_range(one, other, show) for one, other in ends]
    return pd.Series(said, low.index, dtype="str")


def _range(low: float, high: float, show: Callable[[float], str]) -> str | None:
    if np.isfinite(low) and np.isfinite(high):
        return say("{low} to {high}", low=show(low), high=show(high))
    if np.isfinite(low):
        return say("from {low}", low=show(low))
    return say("up to {high}", high=show(high)) if np.isfinite(high) else None


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
        alt, caption, how = map(worded, (self.alt, self.caption, self.how))
        words = {"alt": alt, "caption": caption, "how": how} | _fold(self.folded)
        data = {"image/svg+xml": to_svg(self.figure), "text/plain": f"{caption}\n{alt}"}
        return data, {"image/svg+xml": words}


@dataclass(frozen=True)
class Column:
    """How one column of a frame is shown; keys are not broken over lines.

    ``by`` names the frame's column that a reader sorts by, where this one holds only words.
    """

    header: str
    show: Callable[[Any], str] = str
    numeric: bool = False
    key: bool = False
    by: str = ""

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

    def sort_keys(self) -> list[list[str]]:
        """Give what each cell is sorted by where its words would mislead; else nothing."""
        names = [column.by or name for name, column in self.columns.items()]
        return [
            [_sort_key(value) for value in row]
            for row in zip(*(self.frame[name] for name in names), strict=True)
        ]

    def sentences(self) -> list[int]:
        """Name the columns, the first being 1, that hold sentences: a page gives them room."""
        held = zip(*self.rows(), strict=True)
        return [
            place
            for place, (column, cells) in enumerate(
                zip(self.columns.values(), held, strict=False), 1
            )
            if not column.css and any(len(cell) > _SENTENCE for cell in cells)
        ]

    def html(self) -> str:
        """Write the table as a page shows it."""
        return template("table.html.j2").render(
            name=self.name, caption=worded(self.caption), heads=self._heads(), rows=self.rows()
        )

    def text(self) -> str:
        """Write the table as plain text."""
        plain = pd.DataFrame(self.rows(), columns=[head.header for head in self._heads()])
        return f"{worded(self.caption)}\n{plain.to_string(index=False)}"

    def _heads(self) -> list[Column]:
        return [replace(column, header=worded(column.header)) for column in self.columns.values()]

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        data = {"text/html": self.html(), "text/plain": self.text()}
        if in_lab():
            return {**data, "text/html": interactive(self)}, {}
        keys, sentences = self.sort_keys(), self.sentences()
        about: dict[str, Any] = {"how": worded(self.how)} | _fold(self.folded)
        about |= {"sort": keys} if any(map(any, keys)) else {}
        about |= {"sentences": sentences} if sentences else {}
        return data, {"text/html": about}


def _sort_key(value: object) -> str:
    """Write a number or a day so that a page's script can order it."""
    if isinstance(value, dt.date) and not pd.isna(value):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, bool | str) or not isinstance(value, Real | Decimal):
        return ""
    return "" if pd.isna(value) else f"{float(value):.5g}"  # type: ignore[call-overload]


@dataclass(frozen=True)
class Finding:
    """Sentences the package computed; a caution says what weakens the numbers.

    One without sentences shows nothing, and a page leaves its section out.
    """

    sentences: Sequence[str]
    caution: bool = False

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        said = [worded(sentence) for sentence in self.sentences]
        shown = template("finding.html.j2")
        page = shown.render(sentences=said, caution=self.caution) if said else ""
        return {"text/html": page, "text/plain": "\n".join(said)}, {}


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
        tiles = [Tile(worded(one.name), one.value, worded(one.note)) for one in self.tiles]
        page = template("tiles.html.j2").render(tiles=tiles)
        return {"text/html": page, "text/plain": "\n".join(map(str, tiles))}, {}
