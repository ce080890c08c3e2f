"""Pages speak the language of the book: catalogues are whole, and what is said follows them."""

import datetime as dt
import re
import string
from collections.abc import Iterator

import nbformat.v4 as v4
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.classification.key_accounts import key_accounts
from kapkit.report.brief import tiles_region
from kapkit.report.classification import finding_classes, plot_pareto, table_key_accounts
from kapkit.report.display import Column, Finding, Table
from kapkit.report.pages import RegionState, fragment, index_page, region_page
from kapkit.wording import amount, day, percent, say_count, several, signed_percent, speaking
from tests.regions import DAY, bought, region
from tests.words import load, messages

CHINESE = load("zh")


@pytest.fixture
def chinese() -> Iterator[None]:
    with speaking("zh"):
        yield


@pytest.fixture
def north() -> Region:
    return region({"a": "Alpha"}, bought(("a", DAY, 900.0, 400.0)))


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_translations_hold_the_same_values() -> None:
    assert {
        one: text
        for one, text in CHINESE.items()
        if text and "{" in one and not names(text) <= names(one) | {"count"}
    } == {}


def test_every_message_is_translated() -> None:
    missing = [one for one in messages() if not CHINESE.get(one)]
    assert not missing, "python -m tests.words adds them to zh.po; translate them there"


def test_numbers_and_days_are_the_languages(chinese: None) -> None:
    assert amount(1234567, "EUR") == "123万 EUR"
    assert amount(234_567_890) == "2.35亿"
    assert amount(9999) == "1.00万"
    assert amount(999) == "999"
    assert (percent(0.123), signed_percent(-0.04)) == ("12%", "-4%")
    assert day(dt.date(2026, 6, 30)) == "2026年6月30日"
    assert several(1200, "account") == "1,200 个客户"


def test_what_is_not_translated_stays_english(chinese: None) -> None:
    assert say_count(2, "{count} unknown thing", "{count} unknown things") == "2 unknown things"


def test_a_page_is_chinese_throughout(chinese: None, north: Region) -> None:
    classes = key_accounts(north)
    cells = [v4.new_markdown_cell("# Who are the key accounts?\n\n" + "One page.")]
    shown = (
        table_key_accounts(north, classes),
        Table(pd.DataFrame({"x": []}), {"x": Column("Region")}, name="e", caption="Plan"),
        Finding(["None."]),
    )
    for one in shown:
        data, about = one._repr_mimebundle_()
        output = v4.new_output("display_data", data=data, metadata=about)
        cells.append(v4.new_code_cell("x", metadata={"tags": ["table"]}, outputs=[output]))
    part = fragment(v4.new_notebook(cells=cells), anchor="classification")
    page = region_page(book="B", region="North", as_of=DAY, chapters=[part])
    assert '<html lang="zh-Hans">' in page
    for words in (
        "谁是重点客户？",
        "2 客户分类",
        "：重点客户计划",
        "截至2026年6月30日",
        "如何阅读",
        "预期年价值, EUR",
    ):
        assert words in page
    left = re.findall(r"<(?:th|caption|h\d)[^>]*>([A-Za-z][a-z]+ [a-z ]+)<", page)
    assert left == []


def test_the_index_is_chinese(chinese: None) -> None:
    states = [RegionState("North", "n", "ok"), RegionState("South", "s", "timeout", "x")]
    page = index_page(book="B", as_of=DAY, regions=states, portfolio=[])
    for words in ("2 个区域：1 正常、1 超时", "重点客户总览", "未显示全部区域的总览"):
        assert words in page


def test_findings_and_figures_are_chinese(chinese: None, north: Region) -> None:
    classes = key_accounts(north)
    assert finding_classes(classes).sentences[0] == (
        "A 类有 1 个（共 1 个客户），预计创造明年价值的 100%。"
    )
    data, about = plot_pareto(classes)._repr_mimebundle_()
    assert "预期价值占比" in data["image/svg+xml"]
    assert about["image/svg+xml"]["caption"] == "预期价值的帕累托曲线"


def test_tiles_are_chinese(chinese: None, north: Region) -> None:
    from kapkit.evaluation.profit import contribution_of

    shown = tiles_region(north, key_accounts(north), contribution_of(north))
    assert "重点客户" in shown._repr_mimebundle_()[0]["text/html"]


def test_other_languages_do_not_leak() -> None:
    with speaking("zh"):
        assert percent(0.5) == "50%"
    assert percent(0.5) == "50 %"
    with pytest.raises(ValueError, match="no language is called 'fr'; there are en, zh"):
        speaking("fr").__enter__()
