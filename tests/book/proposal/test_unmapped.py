"""Columns that look like optional ones, said by kapkit check."""

from pathlib import Path

from typer.testing import CliRunner

from kapkit.book.config import FILE_NAME, read_config
from kapkit.book.proposal.unmapped import unmapped
from kapkit.cli import app
from tests.book.tiny import write

SALES = """
    order_id,account_id,date,revenue,Total Cost,Qty,Remark
    o1,1,2024-01-31,10,6,2,x
    o2,2,2024-02-29,5.5,3,1,y
    """


def said(folder: Path) -> list[str]:
    return unmapped(read_config(folder / FILE_NAME), str(folder))


def test_a_column_like_an_optional_one_is_said(tmp_path: Path) -> None:
    assert said(write(tmp_path, sales=SALES)) == [
        "sales: Total Cost looks like cost; map it under [tables.sales.columns]",
        "sales: Qty looks like quantity; map it under [tables.sales.columns]",
    ]


def test_a_mapped_column_is_not_said(tmp_path: Path) -> None:
    toml = '[tables.sales.columns]\ncost = "Total Cost"\nquantity = "Qty"\n'
    assert said(write(tmp_path, toml, sales=SALES)) == []


def test_values_that_cannot_be_it_are_not_said(tmp_path: Path) -> None:
    words = (
        SALES.replace("10,6,2", "10,high,2").replace("5.5,3,1", "5.5,low,1").replace("Qty", "Ref")
    )
    assert said(write(tmp_path, sales=words)) == []


def test_of_a_database_nothing_is_said(tmp_path: Path) -> None:
    assert unmapped(read_config(write(tmp_path) / FILE_NAME), "postgresql:") == []


def test_check_says_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", "--book", str(write(tmp_path, sales=SALES))])
    assert result.exit_code == 0
    line = "· sales: Total Cost looks like cost; map it under [tables.sales.columns]."
    assert line in " ".join(result.output.split())
