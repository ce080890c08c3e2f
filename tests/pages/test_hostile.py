"""Text from CRM that attacks is shown as text, in a real browser."""

import datetime as dt
from pathlib import Path

import nbformat.v4 as v4
import pandas as pd
import pytest
from playwright.sync_api import Browser

from kapkit.report.display import Chart, Column, Finding, Table, Tile, Tiles
from kapkit.report.look import canvas, label
from kapkit.report.pages import RegionState, fragment, index_page, region_page

pytestmark = pytest.mark.slow

ATTACKS = (
    "<script>document.title = 'taken'</script>",
    "<img src=x onerror=\"document.title = 'taken'\">",
    '"><svg onload="document.title=\'taken\'">',
    "</table></script><script>document.title='taken'</script>",
    "{{ 7 * 7 }}${document.title='taken'}",
    "javascript:document.title='taken'",
)
DAY = dt.date(2026, 6, 30)


def shown(attack: str) -> list:
    """Show an attack wherever words of a CRM may stand."""
    frame = pd.DataFrame({"name": [attack] * 15, "value": range(15)})
    columns = {"name": Column("Account"), "value": Column(attack, str, numeric=True)}
    with canvas() as (figure, axes):
        label(axes, attack, (0.5, 0.5))
    return [
        Table(frame, columns, name="t", caption=attack, how=attack),
        Chart(figure, alt=attack, caption=attack, how=attack),
        Finding([attack]),
        Tiles([Tile(attack, attack, attack)]),
    ]


def page_of(attack: str) -> str:
    cells = [v4.new_markdown_cell(f"# {attack}")]
    for one in shown(attack):
        data, metadata = one._repr_mimebundle_()
        output = v4.new_output("display_data", data=data, metadata=metadata)
        cells.append(v4.new_code_cell("x", metadata={"tags": ["finding"]}, outputs=[output]))
    part = fragment(v4.new_notebook(cells=cells), anchor="brief")
    return region_page(book=attack, region=attack, as_of=DAY, chapters=[part])


def index_of(attack: str) -> str:
    states = [RegionState(attack, "a", "ok"), RegionState(attack, "b", "failed", attack)]
    return index_page(book=attack, as_of=DAY, regions=states, portfolio=[], problem=attack)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("made", [page_of, index_of])
def test_an_attack_is_text(browser: Browser, tmp_path: Path, attack: str, made: object) -> None:
    path = tmp_path / "page.html"
    path.write_text(made(attack), encoding="utf-8")  # type: ignore[operator]
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda told: said.append(told.text))
    page.goto(path.as_uri())
    page.wait_for_timeout(50)
    assert page.title() != "taken"
    assert attack in page.locator("h1").inner_text()
    assert page.locator("script").count() == 1
    assert page.locator("[onerror], [onload], img, a[href^='javascript:']").count() == 0
    assert (asked, said) == ([path.as_uri()], [])
    if made is page_of:
        for place in ("table tbody th", "caption", ".kap-finding p", ".kap-tile dt"):
            assert attack in page.locator(place).first.inner_text()
        assert "".join(attack.split()) in "".join(page.locator("svg").text_content().split())
    page.close()
