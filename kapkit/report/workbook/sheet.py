"""A workbook of plain sheets: frozen heads, filters, number formats, totals that follow filters."""

import datetime as dt
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from kapkit.report.defuse import defused
from kapkit.report.look import ACCENT, CLASS_COLORS, CONTEXT, LOSS
from kapkit.wording import say

Kind = Literal["text", "sentence", "money", "amount", "share", "count", "hours", "day"]
Mark = Literal["", "class", "bar", "loss"]

_FORMATS: Mapping[Kind, dict[str, Any]] = {
    "text": {},
    "sentence": {"text_wrap": True},
    "money": {"num_format": "#,##0.00"},
    "amount": {"num_format": "#,##0"},
    "share": {"num_format": "0.0 %"},
    "count": {"num_format": "#,##0"},
    "hours": {"num_format": "#,##0.0"},
    "day": {"num_format": "yyyy-mm-dd", "align": "left"},
}
_WIDTHS: Mapping[Kind, int] = {"text": 18, "sentence": 52, "money": 15, "amount": 13, "day": 12}
_HEAD_ROW = 1  # below the caption


@dataclass(frozen=True)
class Field:
    """How a column of a frame stands on a sheet; ``total`` adds it up under the filter."""

    header: str
    kind: Kind = "text"
    width: int = 0
    total: bool = False
    mark: Mark = ""


@dataclass(frozen=True)
class Sheet:
    """A frame as people filter and sort it; the first column stays in sight."""

    name: str
    caption: str
    frame: pd.DataFrame
    fields: Mapping[str, Field]


@dataclass(frozen=True)
class Curve:
    """A native chart of the first rows of a sheet's columns, on the workbook's front."""

    title: str
    kind: Literal["bar", "column", "line"]
    sheet: Sheet
    names: str
    values: Sequence[str]
    most: int = 15

    @property
    def rows(self) -> int:
        """Rows drawn."""
        return min(self.most, len(self.sheet.frame))


def workbook(
    title: str, said: Sequence[str], sheets: Sequence[Sheet], curves: Sequence[Curve], day: dt.date
) -> bytes:
    """Write sheets behind a front that says what they hold; the same content, the same bytes.

    Parameters
    ----------
    title : str
        First line of the front.
    said : sequence of str
        Sentences below it.
    sheets : sequence of Sheet
        In order; names of at most 31 signs.
    curves : sequence of Curve
        Charts on the front; one of a sheet without rows is left out.
    day : date
        Written as the day of making, since no clock is read.

    Returns
    -------
    bytes
        An .xlsx file. Text is never a formula, and is defused for whoever saves it as CSV.
    """
    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(made, options) as book:
        created = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC).replace(tzinfo=None)
        book.set_properties({"title": defused(title), "author": "kapkit", "created": created})
        styles = _Styles(book)
        front = book.add_worksheet(say("Overview"))
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name), sheet, styles)
        _write_front(front, title, said, sheets, styles)
        for place, curve in enumerate(one for one in curves if one.rows):
            _draw(book, front, curve, place)
    return made.getvalue()


class _Styles:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        plain = {"valign": "top", "font_name": "Calibri", "font_size": 11}
        self.cell = {kind: book.add_format(plain | own) for kind, own in _FORMATS.items()}
        self.total = {
            kind: book.add_format(plain | own | {"bold": True, "top": 1})
            for kind, own in _FORMATS.items()
        }
        head = plain | {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"}
        self.head = book.add_format(head)
        self.head_of_number = book.add_format(head | {"align": "right"})
        self.caption = book.add_format(plain | {"bold": True})
        self.title = book.add_format(plain | {"bold": True, "font_size": 16})
        self.link = book.add_format(plain | {"font_color": ACCENT, "underline": 1})
        self.loss = book.add_format({"font_color": LOSS, "bold": True})
        self.classes = {
            name: book.add_format(
                {"bg_color": color, "font_color": "#1a2026" if name == "C" else "#ffffff"}
            )
            for name, color in CLASS_COLORS.items()
        }


def _write(on: Worksheet, sheet: Sheet, styles: _Styles) -> None:
    on.write_string(0, 0, defused(sheet.caption), styles.caption)
    last = _HEAD_ROW + len(sheet.frame)
    for place, (name, field) in enumerate(sheet.fields.items()):
        on.set_column(place, place, field.width or _WIDTHS.get(field.kind, 11))
        number = field.kind not in {"text", "sentence", "day"}
        on.write_string(
            _HEAD_ROW, place, field.header, styles.head_of_number if number else styles.head
        )
        for row, value in enumerate(sheet.frame[name], _HEAD_ROW + 1):
            _write_cell(on, row, place, value, styles.cell[field.kind])
        if len(sheet.frame):
            _mark(on, place, last, field.mark, styles)
    on.freeze_panes(_HEAD_ROW + 1, 1)
    if len(sheet.frame):
        on.autofilter(_HEAD_ROW, 0, last, len(sheet.fields) - 1)
    _write_totals(on, sheet, last, styles)
    on.set_landscape()
    on.set_paper(9)
    on.fit_to_pages(1, 0)
    on.repeat_rows(_HEAD_ROW)


def _write_cell(on: Worksheet, row: int, place: int, value: Any, style: Format) -> None:
    if isinstance(value, str):
        on.write_string(row, place, defused(value), style)
    elif value is None or pd.isna(value):
        on.write_blank(row, place, None, style)
    elif isinstance(value, dt.date):
        on.write_datetime(row, place, dt.datetime(value.year, value.month, value.day), style)
    elif math.isfinite(value):
        on.write_number(row, place, float(value), style)


def _write_totals(on: Worksheet, sheet: Sheet, last: int, styles: _Styles) -> None:
    """Add up below the rows, a row apart so that the filter leaves it in sight."""
    summed = {name for name, field in sheet.fields.items() if field.total}
    if not summed or sheet.frame.empty:
        return
    below = last + 2
    on.write_string(below, 0, say("Total of the rows in sight"), styles.total["text"])
    for place, (name, field) in enumerate(sheet.fields.items()):
        if name in summed:
            column = xl_col_to_name(place)
            formula = f"=SUBTOTAL(109,{column}{_HEAD_ROW + 2}:{column}{last + 1})"
            value = float(sheet.frame[name].sum())
            on.write_formula(below, place, formula, styles.total[field.kind], value)


def _mark(on: Worksheet, place: int, last: int, mark: Mark, styles: _Styles) -> None:
    """Mark cells as the page does: classes by their colours, losses, lengths of bars."""
    area = _HEAD_ROW + 1, place, last, place
    for rule in _rules(mark, styles):
        on.conditional_format(*area, rule)


def _rules(mark: Mark, styles: _Styles) -> Iterator[dict[str, Any]]:
    if mark == "class":
        for name, style in styles.classes.items():
            yield {"type": "cell", "criteria": "==", "value": f'"{name}"', "format": style}
    elif mark == "loss":
        yield {"type": "cell", "criteria": "<", "value": 0, "format": styles.loss}
    elif mark == "bar":
        yield {
            "type": "data_bar",
            "bar_color": CLASS_COLORS["C"],
            "bar_negative_color": LOSS,
            "bar_solid": True,
            "min_type": "num",
            "min_value": 0,
        }


def _write_front(
    on: Worksheet, title: str, said: Sequence[str], sheets: Sequence[Sheet], styles: _Styles
) -> None:
    on.set_column(0, 0, 18)
    on.set_column(1, 1, 90)
    on.hide_gridlines(2)
    on.write_string(0, 0, defused(title), styles.title)
    for row, sentence in enumerate(said, 2):
        on.merge_range(row, 0, row, 1, defused(sentence), styles.cell["sentence"])
        on.set_row(row, 15 * (1 + len(sentence) // 110))
    for row, sheet in enumerate(sheets, 3 + len(said)):
        on.write_url(row, 0, f"internal:'{sheet.name}'!A1", styles.link, sheet.name)
        on.write_string(row, 1, defused(sheet.caption), styles.cell["sentence"])


def _draw(book: Workbook, on: Worksheet, curve: Curve, place: int) -> None:
    chart = book.add_chart({"type": curve.kind})
    assert chart is not None  # noqa: S101 - each kind of curve is known
    columns = list(curve.sheet.fields)

    def area(name: str) -> list[Any]:
        at = columns.index(name)
        return [curve.sheet.name, _HEAD_ROW + 1, at, _HEAD_ROW + curve.rows, at]

    for name, color in zip(curve.values, (ACCENT, CONTEXT), strict=False):
        chart.add_series(
            {
                "name": curve.sheet.fields[name].header,
                "categories": area(curve.names),
                "values": area(name),
                "fill": {"color": color},
                "line": {"color": color},
                "invert_if_negative": True,
                "invert_if_negative_color": LOSS,
                "gap": 40,
            }
        )
    chart.set_title({"name": curve.title, "name_font": {"size": 12}})
    chart.set_legend({"none": True} if len(curve.values) == 1 else {"position": "bottom"})
    if curve.kind == "bar":
        chart.set_y_axis({"reverse": True})
    chart.set_size({"width": 560, "height": 360})
    on.insert_chart(0, 2, chart, {"x_offset": 20, "y_offset": 20 + 380 * place})
