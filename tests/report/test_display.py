"""What a cell ends in: the mimebundles that pages rely on."""

import re
from xml.etree import ElementTree

import pandas as pd
import pytest

from kapkit.report.display import Chart, Column, Finding, Table, Tile, Tiles
from kapkit.report.look import canvas
from kapkit.wording import amount

ATTACK = "<b onclick='x'>A & \"B\"</b>"
ESCAPED = "&lt;b onclick=&#39;x&#39;&gt;A &amp; &#34;B&#34;&lt;/b&gt;"


def html(shown: Table | Finding | Tiles) -> str:
    return shown._repr_mimebundle_()[0]["text/html"]


@pytest.fixture
def table() -> Table:
    frame = pd.DataFrame(
        {
            "value": [1500.0, float("nan")],
            "since": [pd.Timestamp("2026-06-30"), pd.NaT],
            "account_id": ["007", None],
            "name": ["Alpha", pd.NA],
            "unseen": ["secret", "secret"],
        },
        index=["x", "y"],
    )
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "value": Column("Value, EUR", amount, numeric=True),
        "since": Column("Since", lambda day: f"{day:%Y}"),
    }
    return Table(frame, columns, name="accounts", caption="All accounts", how="Best first.")


def test_a_table_heads_its_rows_and_columns(table: Table) -> None:
    assert html(table).split("\n") == [
        '<table class="kap-table" id="accounts">',
        "<caption>All accounts</caption>",
        "<thead><tr>",
        '<th scope="col">Account</th>',
        '<th scope="col" class="key">Key</th>',
        '<th scope="col" class="num">Value, EUR</th>',
        '<th scope="col">Since</th>',
        "</tr></thead>",
        "<tbody>",
        "<tr>",
        '<th scope="row">Alpha</th>',
        '<td class="key">007</td>',
        '<td class="num">1.50 k</td>',
        "<td>2026</td>",
        "</tr>",
        "<tr>",
        '<th scope="row">–</th>',
        '<td class="key">–</td>',
        '<td class="num">–</td>',
        "<td>–</td>",
        "</tr>",
        "</tbody>",
        "</table>",
    ]


def test_a_table_travels_as_text_and_with_its_reading(table: Table) -> None:
    data, metadata = table._repr_mimebundle_(include=None, exclude=None)
    assert list(data) == ["text/html", "text/plain"]
    keys = [["", "", "1500", "2026-06-30"], ["", "", "", ""]]
    assert metadata == {"text/html": {"how": "Best first.", "sort": keys}}
    caption, heads, first, _ = data["text/plain"].split("\n")
    assert caption == "All accounts"
    assert heads.split() == ["Account", "Key", "Value,", "EUR", "Since"]
    assert first.split() == ["Alpha", "007", "1.50", "k", "2026"]


def test_every_text_of_a_table_is_escaped() -> None:
    frame = pd.DataFrame({"a": [ATTACK], "b": [ATTACK]})
    columns = {"a": Column(ATTACK), "b": Column(ATTACK, numeric=True)}
    shown = html(Table(frame, columns, name=ATTACK, caption=ATTACK))
    assert "<b" not in shown
    assert shown.count(ESCAPED) == 6


def test_an_empty_table_says_so() -> None:
    frame = pd.DataFrame({"a": [], "b": []})
    shown = html(Table(frame, {"a": Column("A"), "b": Column("B")}, name="t", caption="None here"))
    assert '<td colspan="2">None.</td>' in shown
    assert shown.count("<tr>") == 2


def test_a_finding_is_a_paragraph_a_sentence() -> None:
    data, metadata = Finding([f"First {ATTACK}.", "Second."])._repr_mimebundle_()
    assert data["text/html"].split("\n") == [
        '<div class="kap-finding">',
        f"<p>First {ESCAPED}.</p>",
        "<p>Second.</p>",
        "</div>",
    ]
    assert data["text/plain"] == f"First {ATTACK}.\nSecond."
    assert metadata == {}


def test_a_caution_is_marked() -> None:
    assert html(Finding(["Few data."], caution=True)).startswith(
        '<div class="kap-finding kap-caution">'
    )


def test_tiles_are_a_list_of_terms() -> None:
    tiles = Tiles([Tile("Revenue", "4.1 M", "up"), Tile(ATTACK, ATTACK, ATTACK), Tile("N", "5")])
    data, metadata = tiles._repr_mimebundle_()
    assert data["text/html"].replace("\n", "") == (
        '<dl class="kap-tiles">'
        '<div class="kap-tile"><dt>Revenue</dt><dd>4.1 M</dd><dd class="note">up</dd></div>'
        f'<div class="kap-tile"><dt>{ESCAPED}</dt><dd>{ESCAPED}</dd>'
        f'<dd class="note">{ESCAPED}</dd></div>'
        '<div class="kap-tile"><dt>N</dt><dd>5</dd></div>'
        "</dl>"
    )
    assert data["text/plain"] == f"Revenue: 4.1 M (up)\n{ATTACK}: {ATTACK} ({ATTACK})\nN: 5"
    assert metadata == {}


def test_a_chart_carries_its_words() -> None:
    with canvas() as (figure, axes):
        axes.plot([1, 2])
    data, metadata = Chart(figure, alt="A line.", caption="Line", how="Up.")._repr_mimebundle_()
    assert list(data) == ["image/svg+xml", "text/plain"]
    assert data["image/svg+xml"].startswith("<svg ")
    assert ElementTree.fromstring(data["image/svg+xml"]).tag.endswith("svg")  # noqa: S314
    assert data["text/plain"] == "Line\nA line."
    assert metadata == {"image/svg+xml": {"alt": "A line.", "caption": "Line", "how": "Up."}}
    assert not re.search("Figure", repr(Chart(figure, alt="A", caption="C")))


def test_what_is_folded_says_so() -> None:
    frame = pd.DataFrame({"a": [1]})
    _, metadata = Table(frame, {"a": Column("A")}, "t", "T", folded=True)._repr_mimebundle_()
    assert metadata["text/html"]["folded"] is True


def test_sentences_are_named_so_that_a_page_gives_them_room() -> None:
    frame = pd.DataFrame({"name": ["Alpha"], "value": [1.0], "why": ["word " * 12]})
    columns = {"name": Column("Account"), "value": Column("V", numeric=True), "why": Column("Why")}
    shown = Table(frame, columns, name="t", caption="C")._repr_mimebundle_()[1]["text/html"]
    assert shown == {"how": "", "sort": [["", "1", ""]], "sentences": [3]}


def test_words_sort_by_another_column_of_the_frame() -> None:
    frame = pd.DataFrame({"name": ["Alpha"], "range": ["1 k to 2 k"], "low": [1000.0]})
    columns = {"name": Column("Account"), "range": Column("Range", numeric=True, by="low")}
    assert Table(frame, columns, name="t", caption="C").sort_keys() == [["", "1000"]]
