"""Figures by their artists: what was drawn, and what is said of it."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from kapkit.book.region import Region
from kapkit.classification.abc import Cuts
from kapkit.classification.key_accounts import key_accounts
from kapkit.evaluation.profit import contribution_of
from kapkit.report.classification import plot_pareto
from kapkit.report.display import Chart, Finding
from kapkit.report.evaluation.profit import plot_whale
from kapkit.report.look import ACCENT, CLASS_COLORS, CONTEXT, LOSS
from kapkit.report.portfolio import plot_regions, region_summaries
from tests.regions import DAY, bought, company, region


def lines(chart: Chart) -> list[tuple[str, list[float], list[float]]]:
    """Give color, x and y of each line with more than nothing in it."""
    (axes,) = chart.figure.axes
    return [
        (str(line.get_color()), list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.lines
    ]


def labels(chart: Chart) -> list[str]:
    (axes,) = chart.figure.axes
    assert not any(text.get_parse_math() for text in axes.texts)
    return [text.get_text() for text in axes.texts]


def test_pareto_curve_by_class(north: Region) -> None:
    chart = plot_pareto(key_accounts(north))
    straight, *classes = lines(chart)
    assert straight == (CONTEXT, [0, 1], [0, 1])
    assert [color for color, _, _ in classes] == list(CLASS_COLORS.values())
    np.testing.assert_allclose(np.concatenate([x for _, x, _ in classes]), [0.2, 0.4, 0.6, 0.8, 1])
    np.testing.assert_allclose(
        np.concatenate([y for _, _, y in classes]), [0.5, 0.8, 0.9, 0.96, 1.0], atol=0.002
    )
    assert labels(chart) == ["A: 1 account", "B: 2 accounts", "C: 2 accounts"]
    assert chart.alt == (
        "Cumulative share of expected value; class A: 1 account up to 50 % of the value; class B: "
        "2 accounts up to 90 % of the value; class C: 2 accounts up to 100 % of the value."
    )
    (axes,) = chart.figure.axes
    assert (axes.get_ylim()[0], axes.get_xlabel(), axes.get_ylabel()) == (
        0,
        "Share of accounts, best first",
        "Share of expected value",
    )


def test_a_class_of_one_account_is_seen_among_many() -> None:
    names = {f"a{number:03}": "Account" for number in range(100)}
    purchases = bought(
        *((key, DAY, 100.0, 1.0) for key in list(names)[1:]), ("a000", DAY, 999.0, 1.0)
    )
    cuts = Cuts(by="count", a=1, b=50)
    chart = plot_pareto(key_accounts(region(names, purchases), cuts=cuts))
    (axes,) = chart.figure.axes
    first = axes.lines[1]
    assert len(first.get_xdata()) == 1
    assert first.get_marker() == "o"


def test_no_pareto_curve_where_nobody_is_worth_anything() -> None:
    found = plot_pareto(key_accounts(region({"a": "Alpha"}, bought(("a", DAY, -5.0, 0.0)))))
    assert isinstance(found, Finding)
    assert found.caution
    assert found.sentences == [
        "No Pareto curve. No key account: none of 1 account has a positive value."
    ]


def test_whale_curve_rises_rests_and_falls(losing: Region) -> None:
    chart = plot_whale(losing, contribution_of(losing))
    zero, *parts = lines(chart)
    assert zero[2] == [0, 0]
    assert parts == [
        (ACCENT, [0, 1, 2], [0.0, 8000.0, 12000.0]),
        (CONTEXT, [2, 3], [12000.0, 12000.0]),
        (LOSS, [3, 4], [12000.0, 10000.0]),
    ]
    assert labels(chart) == ["12.0 k", "10.0 k"]
    assert chart.alt == (
        "Contribution of 4 accounts added up, best first: 12.0 k EUR after the first 2, "
        "10.0 k EUR after all. The peak is 120 % of the total."
    )


@pytest.mark.parametrize(
    ("cost", "marked", "words"),
    [
        (
            4.0,
            ["6.00"],
            "Contribution of 1 account added up, best first: 6.00 EUR after the first 1, 6.00 EUR "
            "after all. The peak is 100 % of the total.",
        ),
        (
            14.0,
            ["0", "-4.00"],
            "Contribution of 1 account added up, best first: -4.00 EUR after all.",
        ),
        (10.0, ["0", "0"], "Contribution of 1 account added up, best first: 0 EUR after all."),
    ],
)
def test_whale_curve_of_one_account(cost: float, marked: list[str], words: str) -> None:
    here = region({"a": "Alpha"}, bought(("a", DAY, 10.0, cost)))
    chart = plot_whale(here, contribution_of(here))
    assert labels(chart) == marked
    assert chart.alt == words
    chart.figure.canvas.draw()
    (axes,) = chart.figure.axes
    assert all(float(tick).is_integer() for tick in axes.get_xticks())


@pytest.mark.parametrize(
    ("here", "sentence"),
    [
        (region({}, bought()), "No whale curve: no account has a known contribution."),
        (
            region({"a": "Alpha"}, bought(("a", DAY, 10.0)), costed_share=0.0),
            "No whale curve: the book has no costs.",
        ),
        (
            region({"a": "Alpha"}, bought(("a", DAY, 10.0))),
            "No whale curve: no account has a known contribution.",
        ),
    ],
)
def test_no_whale_curve(here: Region, sentence: str) -> None:
    found = plot_whale(here, contribution_of(here))
    assert isinstance(found, Finding)
    assert found.caution
    assert found.sentences == [sentence]


@pytest.fixture
def whole() -> Region:
    accounts = {"a": ("Alpha", "North"), "b": ("Beta", "$x^2$ <script>"), "c": ("Gamma", "x" * 99)}
    purchases = bought(("a", DAY, 5000.0, 2000.0), ("b", DAY, 900.0, 1000.0), ("c", DAY, 70.0))
    return company(accounts, purchases, also=("Empty",))


def test_regions_as_bars(whole: Region) -> None:
    """Largest contribution on top; unknown at the bottom; losses in their colour."""
    chart = plot_regions(whole, region_summaries(whole))
    (axes,) = chart.figure.axes
    bars = {
        tick.get_text(): (bar.get_width(), to_hex(bar.get_facecolor()))
        for tick, bar in zip(axes.get_yticklabels(), axes.patches, strict=True)
    }
    assert list(bars)[2:] == ["$x^2$ <script>", "North"]
    assert bars["North"] == (3000.0, ACCENT)
    assert bars["$x^2$ <script>"] == (-100.0, LOSS)
    assert np.isnan([bars["x" * 31 + "…"][0], bars["Empty"][0]]).all()
    assert not any(tick.get_parse_math() for tick in axes.get_yticklabels())
    assert axes.get_xlabel() == "Contribution of the last twelve months, EUR"
    assert chart.alt.startswith("Contribution by region: North 3.00 k; $x^2$ <script> -100; ")
    assert chart.caption == "Contribution by region"
    svg = chart._repr_mimebundle_()[0]["image/svg+xml"]
    assert "<script>" not in svg


def test_regions_by_revenue_where_no_costs_are_known(whole: Region) -> None:
    costless = company({"a": ("Alpha", "North")}, bought(("a", DAY, 5000.0)), costed_share=0.0)
    chart = plot_regions(costless, region_summaries(costless))
    assert chart.alt == "Revenue by region: North 5.00 k."
    few = plot_regions(whole, region_summaries(whole), most=2)
    assert few.caption == "Contribution by region, the 2 largest of 4"
    assert len(few.figure.axes[0].patches) == 2


def test_figures_leave_frames_alone(north: Region) -> None:
    classified, contribution = key_accounts(north), contribution_of(north)
    before = classified.table.copy(deep=True), contribution.table.copy(deep=True)
    plot_pareto(classified)
    plot_whale(north, contribution)
    pd.testing.assert_frame_equal(classified.table, before[0])
    pd.testing.assert_frame_equal(contribution.table, before[1])
