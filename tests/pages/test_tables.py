"""Tables of a page sort and filter offline, by mouse and by keyboard."""

import datetime as dt
from pathlib import Path

import nbformat.v4 as v4
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from kapkit.report.display import Column, Table
from kapkit.report.pages import fragment, region_page
from kapkit.wording import amount

pytestmark = pytest.mark.slow

NAMES = ["Zeta", "alpha", "Émile", "Beta", *(f"Account {n}" for n in range(20))]
VALUES = [1.2e6, float("nan"), -500.0, 999.0, *(100.0 * n for n in range(20))]


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Page:
    """A page with one table of 24 accounts, one of unknown value."""
    frame = pd.DataFrame({"name": NAMES, "value": VALUES, "range": map(amount, VALUES)})
    columns = {
        "name": Column("Account"),
        "value": Column("Value", amount, numeric=True),
        "range": Column("Range", by="value"),
    }
    data, about = Table(frame, columns, name="t", caption="Accounts")._repr_mimebundle_()
    output = v4.new_output("display_data", data=data, metadata=about)
    cell = v4.new_code_cell("x", metadata={"tags": ["table"]}, outputs=[output])
    part = fragment(v4.new_notebook(cells=[v4.new_markdown_cell("# T?"), cell]), anchor="brief")
    path = tmp_path / "page.html"
    made = region_page(book="B", region="R", as_of=dt.date(2026, 6, 30), chapters=[part])
    path.write_text(made, encoding="utf-8")
    shown = browser.new_page()
    shown.goto(path.as_uri())
    return shown


def column(page: Page, place: int) -> list[str]:
    return page.locator(f"#t tbody tr:not([hidden]) > :nth-child({place})").all_inner_texts()


@pytest.mark.parametrize("place", [2, 3], ids=["numbers", "words with a number behind"])
def test_numbers_sort_by_keyboard_and_missing_ones_stay_last(page: Page, place: int) -> None:
    head = page.locator(f"#t thead th:nth-child({place})")
    ranked = [amount(value) for value in sorted(v for v in VALUES if v == v)]
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    first, second = head.get_attribute("aria-sort"), None
    assert column(page, place) == [*(ranked if first == "ascending" else ranked[::-1]), "–"]
    page.keyboard.press("Space")
    second = head.get_attribute("aria-sort")
    assert {first, second} == {"ascending", "descending"}
    assert column(page, place) == [*(ranked if second == "ascending" else ranked[::-1]), "–"]
    assert page.locator("#t th[aria-sort]").count() == 1


def test_names_sort_as_people_look_them_up(page: Page) -> None:
    page.locator("#t thead button").first.click()
    numbered = [f"Account {n}" for n in range(20)]
    assert column(page, 1) == [*numbered, "alpha", "Beta", "Émile", "Zeta"]
    page.locator("#t thead button").nth(1).click()
    assert page.locator("#t thead th").first.get_attribute("aria-sort") is None


def test_a_long_table_filters_as_one_types_and_says_how_many_stay(page: Page) -> None:
    field, told = page.get_by_label("Filter"), page.locator("output")
    field.fill("ACCOUNT 1 k")
    shown = column(page, 1)
    assert shown == [f"Account {n}" for n in range(10, 20)]
    assert told.inner_text() == "10 of 24 rows"
    field.fill("émile")
    assert column(page, 1) == ["Émile"]
    field.fill("")
    assert column(page, 1) == NAMES
    assert told.inner_text() == ""
