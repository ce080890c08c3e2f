"""Every cell of every notebook, on regions that have too little of everything."""

import ast
import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import kapkit as kap
from kapkit.batch.run import REGION_NOTEBOOKS
from kapkit.book.region import Region
from tests.cultivation.test_plan import small
from tests.regions import DAY, bought, company, region

pytestmark = pytest.mark.slow

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
BEFORE = DAY - dt.timedelta(days=400)
ALPHA = {"a": "Alpha"}


def _without(here: Region, *names: str) -> Region:
    return replace(here, tables={k: table for k, table in here.tables.items() if k not in names})


REGIONS = {
    "no account": region({}, bought()),
    "no account and no sales in the book": region({}, bought(), first_day=None, costed_share=0.0),
    "one account that never bought": region(ALPHA, bought()),
    "one account": region(ALPHA, bought(("a", DAY, 9.0, 4.0))),
    "one account of attack": region({"a": "$x^2$ <script>"}, bought(("a", DAY, 9.0, 4.0))),
    "one account without costs": region(ALPHA, bought(("a", DAY, 9.0)), costed_share=0.0),
    "one account, costs elsewhere": region(ALPHA, bought(("a", DAY, 9.0))),
    "one account at cost": region(ALPHA, bought(("a", DAY, 9.0, 9.0))),
    "one account that loses": region(ALPHA, bought(("a", DAY, 9.0, 10.0))),
    "only credits": region(ALPHA, bought(("a", DAY, -9.0, -4.0))),
    "nothing this year": region(ALPHA, bought(("a", BEFORE, 9.0, 4.0))),
    "sales as old as the day": region(ALPHA, bought(("a", DAY, 9.0, 4.0)), first_day=DAY),
    "sales younger than the back-test": region(
        ALPHA, bought(("a", DAY, 9.0, 4.0)), first_day=DAY - dt.timedelta(weeks=26, days=-1)
    ),
    "forty accounts that all left": region(
        {f"a{i}": "Gone" for i in range(40)},
        bought(*((f"a{i}", BEFORE, 1.0 + i, 1.0) for i in range(40))),
    ),
}
PLANNED = small(
    complaints=pd.DataFrame(
        {
            "complaint_id": ["1", "2"],
            "account_id": ["a", "b"],
            "opened": pd.Timestamp(DAY) - pd.to_timedelta([40, 80], unit="D"),
            "closed": [pd.NaT, pd.Timestamp(DAY) - pd.Timedelta(days=70)],
            "category": ["late <script>", None],
        }
    )
)
REGIONS |= {
    "three accounts with contacts, hours and complaints": PLANNED,
    "contacts without hours": _without(PLANNED, "staff"),
    "hours without contacts": _without(PLANNED, "activities"),
    "complaints only": _without(PLANNED, "staff", "activities"),
    "tables without a row": replace(
        PLANNED, tables={name: table.iloc[:0] for name, table in PLANNED.tables.items()}
    ),
    "nobody owns an account": replace(PLANNED, accounts=PLANNED.accounts.drop(columns="owner")),
}
PARTS = {
    "all of these": company(
        {"a": ("Alpha", "North"), "b": ("Beta", "South"), "n": ("Never", "$x^2$ <script>")},
        bought(("a", DAY, 9.0, 4.0), ("b", DAY, 9.0)),
        also=("Empty", "x" * 300),
    ),
    **{
        name: replace(REGIONS[name], name=None)
        for name in ("no account and no sales in the book", "only credits", "nothing this year")
    },
}


def run(notebook: str, here: Region, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Run the code cells with a region at hand; give what tagged cells would show."""

    class Book:
        def region(self, name: str, *, as_of: str) -> Region:
            return here

        def company(self, *, as_of: str) -> Region:
            return here

    monkeypatch.setattr(kap, "open_book", lambda path: Book(), raising=False)
    cells = json.loads((NOTEBOOKS / notebook).read_text("utf-8"))["cells"]
    space: dict[str, object] = {}
    shown = {}
    for cell in (cell for cell in cells if cell["cell_type"] == "code"):
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, notebook, "exec"), space)  # noqa: S102
        if last is None:
            continue
        result = eval(compile(ast.Expression(last.value), notebook, "eval"), space)  # noqa: S307
        if not isinstance(result, str):
            shown[ast.unparse(last)] = result._repr_mimebundle_()[0]
    return shown


def check(shown: dict[str, dict[str, str]]) -> None:
    assert shown
    for call, data in shown.items():
        markup = data.get("text/html") or data.get("image/svg+xml")
        if not markup:
            continue  # the page leaves it out
        assert "<script>" not in markup, call
        words = ["".join(element.itertext()) for element in _written(markup)]
        text = "\n".join([*words, data["text/plain"]])
        odd = re.search(r"\bnan\b|\bNaN\b|\bNone\b(?!\.)|\binf\b|-0\b(?![.\d])|<NA>|NaT", text)
        assert not odd, (call, odd)


def _written(markup: str) -> list[ElementTree.Element]:
    """Give what is read: the labels of a figure alone, else all, of one element or several."""
    root = ElementTree.fromstring(f"<div>{markup}</div>")  # noqa: S314
    figure = len(root) == 1 and "svg" in root[0].tag
    return [e for e in root.iter() if e.tag.endswith("text")] if figure else [root]


@pytest.mark.parametrize("here", REGIONS.values(), ids=list(REGIONS))
def test_a_region_with_little_data(here: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    chapters = [f"{name}.ipynb" for name in REGION_NOTEBOOKS]
    shown = [run(chapter, here, monkeypatch) for chapter in chapters]
    check({call: data for chapter in shown for call, data in chapter.items()})


@pytest.mark.parametrize("whole", PARTS.values(), ids=list(PARTS))
def test_a_company_with_little_data(whole: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    check(run("portfolio.ipynb", whole, monkeypatch))


def test_every_notebook_is_tried() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == {*REGION_NOTEBOOKS, "portfolio"}
