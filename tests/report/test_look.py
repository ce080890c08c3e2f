"""Figures by what was drawn and written, never by pixels."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from kapkit.report.look import CLASS_COLORS, canvas, label, money_axis, percent_axis, short, to_svg

NAME = "$x^2$ <script>"


def drawn(*names: str) -> str:
    with canvas() as (figure, axes):
        axes.barh(range(len(names)), range(1, len(names) + 1))
        axes.set_yticks(range(len(names)), list(names), parse_math=False)
        for place, name in enumerate(names):
            label(axes, name, (1.0, float(place)))
    return to_svg(figure)


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter() if "text" in e.tag]  # noqa: S314


def test_a_figure_is_the_same_each_time() -> None:
    with canvas() as (figure, axes):
        axes.plot([1, 3, 2])
        label(axes, "here", (1.0, 3.0))
    first = to_svg(figure)
    assert to_svg(figure) == first
    assert drawn("a", "b") == drawn("a", "b")


def test_no_date_and_no_maker_is_written() -> None:
    svg = drawn("a")
    assert not re.search(r"<dc:date|<dc:creator|20\d\d-\d\d|Matplotlib", svg)


def test_names_stay_text_are_escaped_and_are_no_mathematics() -> None:
    svg = drawn(NAME, "华东", "Île-de-France", "a_b^c\\frac")
    assert "<script>" not in svg
    for name in (NAME, "华东", "Île-de-France", "a_b^c\\frac"):
        assert texts(svg).count(name) == 2


def test_nothing_global_changes() -> None:
    before = dict(mpl.rcParams)
    drawn("a")
    assert dict(mpl.rcParams) == before


def test_axes_are_written_short() -> None:
    with canvas() as (figure, axes):
        axes.set(xlim=(0, 1), ylim=(0, 2_000_000), yticks=[0, 1_500_000, 2_000_000])
        percent_axis(axes.xaxis)
        money_axis(axes.yaxis)
    figure.canvas.draw()
    assert [tick.get_text() for tick in axes.get_xticklabels()][0::5] == ["0 %", "100 %"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0", "1.50 M", "2 M"]


def test_classes_differ_in_lightness() -> None:
    lightness = [sum(mpl.colors.to_rgb(color)) for color in CLASS_COLORS.values()]
    assert list(CLASS_COLORS) == ["A", "B", "C"]
    assert all(lighter - darker > 0.4 for darker, lighter in pairwise(lightness))


@pytest.mark.parametrize(
    ("name", "fitted"),
    [
        ("North", "North"),
        ("a" * 32, "a" * 32),
        ("a" * 33, "a" * 31 + "…"),
        ("two\nlines\x00\x0b", "two lines"),
        ("", ""),
    ],
)
def test_names_fit_a_figure(name: str, fitted: str) -> None:
    assert short(name) == fitted
