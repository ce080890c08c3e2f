"""Two books that nobody here wrote, through the same command."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kapkit.cli import app

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def site(book: str, source: Path, folder: Path, *regions: str) -> Path:
    chosen = [part for region in regions for part in ("--region", region)]
    places = ["--runs", str(folder / "runs"), "--reports", str(folder / "reports")]
    command = ["run", "--book", str(ROOT / "data" / book), "--source", str(source)]
    result = CliRunner().invoke(app, [*command, *chosen, *places])
    assert result.exit_code == 0, result.output
    return Path(result.output.splitlines()[-1]).parent


def row(page: str, *cells: str) -> bool:
    """Tell whether a table of the page has a row with these cells, one after the other."""
    return bool(
        re.search("".join(rf"<t[hd][^>]*>{re.escape(cell)}</t[hd]>\s*" for cell in cells), page)
    )


def test_adventure_works(shared_data, tmp_path: Path) -> None:
    pages = site("adventureworks", shared_data("adventureworks_dw"), tmp_path, "Germany")
    index = (pages / "index.html").read_text("utf-8")
    assert row(index, "sales", "read", "–", "60,855", "80,450,596.98", "79,980,114.38")
    assert row(index, "sales", "accepted", "–", "60,855", "80,450,596.98", "79,980,114.38")
    assert row(index, "accounts", "accepted", "–", "701")
    assert index.count('<th scope="row">') >= 9, "ten regions, one of them a link"
    (germany,) = pages.glob("germany-*/index.html")
    assert "large accounts lose money" in re.sub(r"\s+", " ", germany.read_text("utf-8"))


def test_online_retail_also_where_a_country_has_one_account_or_none(shared_data, tmp_path) -> None:
    source = shared_data("online_retail_ii")
    pages = site("online_retail_ii", source, tmp_path, "Singapore", "Hong Kong")
    index = (pages / "index.html").read_text("utf-8")
    assert row(index, "sales", "read", "–", "1,067,370")
    assert row(index, "sales", "set aside", "account_id is empty", "235,287", "2,566,093.08")
    assert row(
        index,
        "sales",
        "set aside",
        "delivered twice: the same line stands in another file",
        "22,523",
    )
    (one,) = pages.glob("singapore-*/index.html")
    assert "1 account," in one.read_text("utf-8")
    (none,) = pages.glob("hong-kong-*/index.html")
    text = none.read_text("utf-8")
    assert "0 accounts, 0 sales lines accepted" in text
    assert "No key account: none of 0 accounts has a positive value." in text
    assert "the book has no costs" in text.lower()
