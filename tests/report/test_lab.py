"""What the lab shows that pages do not."""

import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.report import lab
from kapkit.report.display import Column, Table
from kapkit.report.what_if import what_if
from kapkit.wording import amount


@pytest.fixture
def in_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(lab.VARIABLE, "1")
    lab._bring_library.cache_clear()


@pytest.fixture
def table() -> Table:
    frame = pd.DataFrame({"name": ["<script>x</script>"], "value": [1234.5678]})
    columns = {"name": Column("Account"), "value": Column("Value", amount, numeric=True)}
    return Table(frame, columns, name="t", caption="Cap")


def test_a_table_is_interactive_in_the_lab_and_loads_nothing(in_lab: None, table: Table) -> None:
    shown = table._repr_mimebundle_()[0]["text/html"]
    assert "1234.6" in shown
    assert "<script>x" not in shown
    assert "cdn" not in shown
    assert "unpkg" not in shown


def test_a_table_is_plain_elsewhere(table: Table) -> None:
    assert '<table class="kap-table"' in table._repr_mimebundle_()[0]["text/html"]


def test_what_if_answers_for_other_cuts(north: Region) -> None:
    few, many = (what_if(north).answer(share, 0.9, 1.0).sentences[0] for share in (0.2, 0.8))
    assert few.startswith("Class A holds 1 of 5")
    assert many.startswith("Class A holds 4 of 5")


def test_what_if_is_sliders_in_the_lab_and_nothing_on_a_page(
    north: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(what_if(north)._repr_mimebundle_()[0]) == {"text/plain"}
    monkeypatch.setenv(lab.VARIABLE, "1")
    assert "application/vnd.jupyter.widget-view+json" in what_if(north)._repr_mimebundle_()[0]
