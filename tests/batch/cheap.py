"""Books of many regions, notebooks that take no time, and the command with templates of one's own.

``python tests/batch/cheap.py TEMPLATES ...`` is ``kapkit ...`` with the templates of a folder.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kapkit.batch.record import NotebookRecord, NotebookTask, digest_file, write_whole

ROOT = Path(__file__).parents[2]
PARAMETERS = 'book = ""\nregion: str | None = None\nas_of = ""\nshare = 0.2'


def write_book(folder: Path, regions: Iterable[str]) -> Path:
    """Write a book with one account and one sale in each region."""
    import pandas as pd

    folder.mkdir(parents=True, exist_ok=True)
    names = list(regions)
    keys = [f"A{number}" for number in range(len(names))]
    pd.DataFrame({"account_id": keys, "name": "Name", "region": names}).to_csv(
        folder / "accounts.csv", index=False
    )
    sales = {"order_id": keys, "account_id": keys, "date": "2026-01-31", "revenue": 10.5}
    pd.DataFrame(sales).to_csv(folder / "sales.csv", index=False)
    (folder / "kapkit.toml").write_text(
        '[book]\nname = "Many"\n[files]\naccounts = "accounts.csv"\nsales = "sales.csv"\n'
    )
    return folder


def write_templates(folder: Path, **cells: str) -> Path:
    """Write every template, with one finding each; ``cells`` are run by the brief of a region."""
    from kapkit.batch.run import COMPANY_NOTEBOOK, REGION_NOTEBOOKS

    folder.mkdir(parents=True, exist_ok=True)
    for name in (*REGION_NOTEBOOKS, COMPANY_NOTEBOOK):
        source = "\n".join(cells.values()) if name == "brief" else ""
        shown = f"{source}\nfrom IPython.display import HTML\nHTML(f'<p>{name} of {{region}}</p>')"
        told = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
        finding = new_code_cell(shown, metadata={"tags": ["finding"]})
        notebook = new_notebook(cells=[told, new_markdown_cell(f"# {name}"), finding])
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def without_kernel(task: NotebookTask) -> NotebookRecord:
    """Do what a kernel would, in no time; fail where the region's name says so."""
    ran = datetime.now(UTC)
    if task.region and task.region.startswith("bad"):
        return task.record(status="failed", heading="What?", error="made to fail", ran=ran)
    told = new_output("display_data", data={"text/html": f"<p>of {task.region}</p>"})
    cell = new_code_cell("", metadata={"tags": ["finding"]}, outputs=[told], id="a")
    title = new_markdown_cell(f"# {task.template.stem}", id="b")
    output = task.folder / task.output
    output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(output, nbformat.writes(new_notebook(cells=[title, cell])))
    return task.record(status="ok", ran=ran, digest=digest_file(output))


def command(templates: Path, *arguments: str | Path) -> list[str]:
    """Give the command line of kapkit with these templates."""
    return [sys.executable, __file__, str(templates), *map(str, arguments)]


if __name__ == "__main__":
    from kapkit.batch import notebooks
    from kapkit.cli import app

    chosen = Path(sys.argv.pop(1))
    notebooks.template_folder = lambda: chosen
    app()
