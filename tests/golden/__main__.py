"""Execute the goldens after a change that was meant: ``python -m tests.golden [NOTEBOOK ...]``."""

import json
import sys
from pathlib import Path

from kapkit.batch.engine import execute_notebook
from kapkit.batch.notebooks import parameters, template
from kapkit.batch.record import NotebookTask
from kapkit.batch.run import COMPANY_NOTEBOOK, REGION_NOTEBOOKS

FOLDER = Path(__file__).parent
REGIONS = ("Islands", "NA")


def tasks() -> list[NotebookTask]:
    """Name the goldens: every region notebook for two regions, and the portfolio."""
    regions = [_task(name, region) for region in REGIONS for name in REGION_NOTEBOOKS]
    return [*regions, _task(COMPANY_NOTEBOOK, None)]


def _task(name: str, region: str | None) -> NotebookTask:
    chosen = template(name)
    given = {"book": "../../data/sample", "region": region, "as_of": "2026-06-30"}
    known = parameters(chosen)
    file = f"{name}_{region}.ipynb" if region else f"{name}.ipynb"
    return NotebookTask(
        region, chosen, {key: value for key, value in given.items() if key in known}, FOLDER, file
    )


def _without_times(path: Path) -> None:
    """Leave out what changes from run to run, so that a golden's difference is a difference."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for part in (notebook, *notebook["cells"]):
        part["metadata"].pop("papermill", None)
        part["metadata"].pop("execution", None)
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Execute all, or those of the notebooks named; fail if one does."""
    asked = [one for one in tasks() if not sys.argv[1:] or one.template.stem in sys.argv[1:]]
    records = [execute_notebook(task, timeout=300) for task in asked]
    for task, record in zip(asked, records, strict=True):
        _without_times(task.folder / task.output)
        sys.stdout.write(f"{task.output}: {record.status} {record.error or ''}\n")
    return any(record.status != "ok" for record in records)


if __name__ == "__main__":
    raise SystemExit(main())
