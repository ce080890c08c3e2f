"""What became of a notebook: judged by what its cells and its kernel show."""

import re
from collections.abc import Sequence

from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode
from papermill.engines import NotebookExecutionManager

from kapkit.batch.kernel import LostKernelError
from kapkit.batch.record import Status

_LAST_LINES = 12
_LONGEST_ERROR = 300
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?)[ #]*$", re.MULTILINE)


def verdict(
    notebook: NotebookNode, fault: Exception | None, memory: int | None = None
) -> dict[str, object]:
    """Fill the record of how a notebook went.

    ``fault`` is what ended it, if anything did; ``memory`` the limit it ran under, named where
    it was met.
    """
    bad = _is_unsound if fault is None else _has_failed
    culprit = next((index for index, cell in enumerate(notebook.cells) if bad(cell)), None)
    if fault is None and culprit is None:
        return {"status": "ok"}
    where = {} if culprit is None else _place(notebook, culprit)
    shown = [] if culprit is None else _errors(notebook.cells[culprit])
    return where | _account(fault, shown, memory)


def _is_unsound(cell: NotebookNode) -> bool:
    """Whether a cell with code was not executed, or shows an error."""
    code = cell.cell_type == "code" and cell.source.strip()
    return bool(code and (cell.execution_count is None or _errors(cell)))


def _has_failed(cell: NotebookNode) -> bool:
    return bool(cell.metadata.papermill["status"] == NotebookExecutionManager.FAILED)


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    outputs = cell.get("outputs", [])
    return [output for output in outputs if output.output_type == "error"]


def _place(notebook: NotebookNode, culprit: int) -> dict[str, object]:
    above = [cell.source for cell in notebook.cells[:culprit] if cell.cell_type == "markdown"]
    headings = _HEADING.findall("\n".join(above))
    return {"cell": culprit, "heading": headings[-1] if headings else None}


def _account(
    fault: Exception | None, shown: Sequence[NotebookNode], memory: int | None
) -> dict[str, object]:
    """Name the kind of failure, the error, and the last lines that were said."""
    match fault:
        case CellTimeoutError():
            return _said("timeout", str(fault).partition("\n")[0])
        case LostKernelError():
            return _said("dead kernel", str(fault), fault.last_words)
    for error in shown:
        met = f"limit {memory / 2**30:.3g} GiB a kernel" if memory else ""
        parts = [error.ename, met if "MemoryError" in error.ename else "", error.evalue]
        return _said("failed", ": ".join(filter(None, parts)), "\n".join(error.traceback))
    return _said("failed", str(fault or "the cell was not executed"))


def _said(status: Status, error: str, traceback: str = "") -> dict[str, object]:
    lines = [line for line in _COLOUR.sub("", traceback).splitlines() if line.strip()]
    short = " ".join(error.split())[:_LONGEST_ERROR]
    return {"status": status, "error": short, "traceback": tuple(lines[-_LAST_LINES:])}
