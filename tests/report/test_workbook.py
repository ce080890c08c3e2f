"""The workbook: the page's numbers, ready to filter, and nothing that runs."""

import datetime as dt
import io
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.classification.key_accounts import key_accounts
from kapkit.cultivation.regional import NoPlan
from kapkit.evaluation.profit import contribution_of
from kapkit.report.workbook.region import region_workbook
from kapkit.report.workbook.sheet import Curve, Field, Sheet, workbook
from tests.regions import DAY

NONE = NoPlan("No plan: nothing is known.")
ATTACKS = ["=HYPERLINK(1)", "+1+1", "@SUM(A1)", "\t=1", "-2+3", "＝1"]

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")


def read(made: bytes, *, values: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(made), data_only=values)


def made(here: Region) -> bytes:
    (content,) = region_workbook(here, NONE, NONE).content.values()
    assert isinstance(content, bytes)
    return content


def simple(frame: pd.DataFrame, **fields: Field) -> bytes:
    return workbook("T", ["Said."], [Sheet("Sheet", "Caption", frame, fields)], [], DAY)


@pytest.fixture
def book(north: Region) -> openpyxl.Workbook:
    return read(made(north))


def test_has_its_sheets_and_a_front_that_leads_to_them(book: openpyxl.Workbook) -> None:
    names = ["Classes", "Evaluation", "Accounts", "Data trust", "Control totals", "Definitions"]
    assert book.sheetnames == ["Overview", *names]
    front = book["Overview"]
    assert front["A1"].value == "North: key-account plan, as of 30 June 2026"
    assert [cell.value for cell in front["A"]][-6:] == names
    assert [cell.hyperlink.location for cell in front["A"][-6:]] == [f"'{n}'!A1" for n in names]
    said = [cell.value for cell in front["A"] if cell.value]
    assert NONE.sentence in said
    assert len(front._charts) == 2


def test_totals_are_the_pages_and_follow_the_filter(north: Region) -> None:
    content, contribution = made(north), contribution_of(north)
    sheet = read(content)["Evaluation"]
    heads = [cell.value for cell in sheet[2]]
    for name, column in (("Revenue", "revenue"), ("Contribution", "contribution")):
        place = heads.index(name) + 1
        letter = openpyxl.utils.get_column_letter(place)
        below = len(contribution.table) + 4
        assert sheet.cell(below, place).value == f"=SUBTOTAL(109,{letter}3:{letter}{below - 2})"
        total = read(content, values=True)["Evaluation"].cell(below, place).value
        assert total == pytest.approx(contribution.table[column].sum(), abs=1e-9)
        assert [row[place - 1].value for row in sheet.iter_rows(3, below - 2)] == (
            contribution.table[column].tolist()
        )


def test_classes_hold_every_account_with_the_pages_colours(north: Region) -> None:
    sheet, table = read(made(north))["Classes"], key_accounts(north).table
    assert [cell.value for cell in sheet["C"][2 : 2 + len(table)]] == table["class"].tolist()
    marked = [rule for rules in sheet.conditional_formatting for rule in rules.rules]
    fills = {r.formula[0]: r.dxf.fill.bgColor.rgb for r in marked if r.dxf and r.dxf.fill}
    assert fills == {'"A"': "FF123F5E", '"B"': "FF4B8FBD", '"C"': "FFBCD3E3"}
    assert sheet.freeze_panes == "B3"
    assert sheet.auto_filter.ref == f"A2:T{2 + len(table)}"


def test_nothing_typed_into_a_crm_runs() -> None:
    sheet = read(simple(pd.DataFrame({"name": ATTACKS}), name=Field("Account")))["Sheet"]
    cells = sheet["A"][2 : 2 + len(ATTACKS)]
    assert all(cell.data_type == "s" and cell.value.startswith("'") for cell in cells)


def test_an_account_that_attacks_stays_text(north: Region) -> None:
    attacked = replace(north, accounts=north.accounts.assign(name="=cmd|'/c calc'!A1"))
    whole = read(made(attacked))
    formulas = [
        cell.value for sheet in whole for row in sheet for cell in row if cell.data_type == "f"
    ]
    assert formulas
    assert all(value.startswith("=SUBTOTAL(109,") for value in formulas)


def test_numbers_days_and_what_is_missing_keep_their_kind() -> None:
    frame = pd.DataFrame(
        {
            "share": [0.25, float("nan"), float("inf")],
            "day": [pd.Timestamp("2026-06-30"), pd.NaT, dt.date(2026, 7, 1)],
            "key": ["007", None, "1e5"],
        }
    )
    sheet = read(
        simple(frame, share=Field("Share", "share"), day=Field("Day", "day"), key=Field("Key"))
    )["Sheet"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(3, 5)]
    assert rows == [
        [0.25, dt.datetime(2026, 6, 30), "007"],
        [None, None, None],
        [None, dt.datetime(2026, 7, 1), "1e5"],
    ]
    assert sheet["A3"].number_format == "0.0 %"
    assert sheet["B3"].number_format == "yyyy-mm-dd"


@pytest.mark.slow
def test_the_same_content_gives_the_same_bytes(north: Region) -> None:
    assert made(north) == made(north)


def test_a_sheet_without_rows_has_its_heads_and_no_chart() -> None:
    empty = Sheet(
        "Sheet",
        "Caption",
        pd.DataFrame({"n": [], "v": []}),
        {"n": Field("N"), "v": Field("V", "money", total=True)},
    )
    whole = read(workbook("T", [], [empty], [Curve("C", "bar", empty, "n", ["v"])], DAY))
    assert [cell.value for cell in whole["Sheet"][2]] == ["N", "V"]
    assert whole["Overview"]._charts == []
