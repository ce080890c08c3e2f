"""A papermill engine that records what happened."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import nbformat
from nbclient.exceptions import CellControlSignal
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from kapkit.batch.kernel import LostKernelError, own_kernel, silent
from kapkit.batch.record import NotebookRecord, NotebookTask, digest_file, write_whole
from kapkit.batch.verdict import verdict

ENGINE = "kapkit"

_KERNEL = "python3"
_IOPUB_SECONDS = 60  # a busy machine delivers large figures late; that is no timeout


def execute_notebook(
    task: NotebookTask, *, timeout: int, memory: int | None = None, startup_timeout: int = 60
) -> NotebookRecord:
    """Run one notebook in a fresh kernel, save it, and say what happened.

    Parameters
    ----------
    task : NotebookTask
        What to run; its output appears whole, also when the notebook fails.
    timeout : int
        Seconds that one cell may take.
    memory : int, optional
        Bytes of data that the kernel may hold (Linux); a cell that asks for more fails.
    startup_timeout : int
        Seconds that the kernel may take to answer.

    Returns
    -------
    NotebookRecord
        Ok only if every cell with code was executed and none of them shows an error.

    Raises
    ------
    DataError
        If the template does not take the parameters; no kernel is started then.
    """
    began, planned = perf_counter(), task.record(ran=datetime.now(UTC))
    output = task.folder / task.output
    output.parent.mkdir(parents=True, exist_ok=True)
    notebook = _filled(task.template, planned.parameters)
    limits = {"execution_timeout": timeout, "start_timeout": startup_timeout, "memory": memory}
    fault = _run(notebook, output.parent, limits)
    write_whole(output, nbformat.writes(notebook))  # type: ignore[no-untyped-call]
    measured = {"seconds": round(perf_counter() - began, 3), "digest": digest_file(output)}
    return planned.model_copy(update=measured | verdict(notebook, fault, memory))


class KapkitEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """Runs a notebook in a kernel of this interpreter; marks completed only what was."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        cwd: Path | None = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        memory: int | None = None,
        **_: object,
    ) -> None:
        """Run every cell up to the first fault, which is raised."""
        try:
            with own_kernel(cwd or Path.cwd(), memory=memory) as (manager, launch):
                client = _Client(
                    nb_man,
                    km=manager,
                    kernel_name=kernel_name,
                    log=silent,
                    timeout=execution_timeout,
                    startup_timeout=start_timeout,
                )
                client.execute(cleanup_kc=True, **launch)
        finally:
            _leave_unfinished(nb_man.nb)


papermill_engines.register(ENGINE, KapkitEngine)


class _Client(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """Papermill's client, which takes only an error of a cell for a failure; here all are."""

    def __init__(self, nb_man: NotebookExecutionManager, **options: Any) -> None:
        super().__init__(
            nb_man,
            shutdown_kernel="immediate",
            iopub_timeout=_IOPUB_SECONDS,
            force_raise_errors=True,
            skip_cells_with_tag="",
            **options,
        )

    def papermill_execute_cells(self) -> None:
        for index, cell in enumerate(self.nb.cells):
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except BaseException:
                self.nb_man.cell_exception(cell, index)
                raise
            finally:
                self.nb_man.cell_complete(cell, index)


def _filled(template: Path, parameters: Mapping[str, object]) -> NotebookNode:
    notebook: NotebookNode = parameterize_notebook(
        load_notebook_node(str(template)),
        dict(parameters),
        kernel_name=_KERNEL,
        language="python",
        engine_name=ENGINE,
    )
    return notebook


def _run(notebook: NotebookNode, cwd: Path, limits: Mapping[str, int | None]) -> Exception | None:
    try:
        papermill_engines.execute_notebook_with_engine(
            ENGINE,
            notebook,
            _KERNEL,
            progress_bar=False,
            cwd=cwd,
            **limits,
        )
    except (CellControlSignal, LostKernelError) as fault:
        return fault
    return None


def _leave_unfinished(notebook: NotebookNode) -> None:
    """Keep papermill from calling cells completed that were never started."""
    for cell in notebook.cells:
        if cell.metadata.papermill["status"] == NotebookExecutionManager.PENDING:
            cell.metadata.papermill["status"] = "not started"
            notebook.metadata.papermill["exception"] = True
