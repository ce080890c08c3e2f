"""What a worker of a cluster does with a notebook: fetch, run, hand back."""

import atexit
import json
import multiprocessing
import os
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import local

from kapkit.batch.changes import digest, inputs_of
from kapkit.batch.execute import CAN_FORK, RunNotebook, execute_in_worker, hire
from kapkit.batch.record import NotebookRecord, NotebookTask, digest_file, write_whole
from kapkit.batch.store import Store

#: What must be the same on all machines, for results to be those of a local run.
_SAME = ("package", "environment")

_mine = local()


@dataclass(frozen=True)
class Job:
    """A notebook to run somewhere else: the task, how, and where its data and output lie."""

    task: NotebookTask
    template: str
    run: RunNotebook
    store: Store | None
    place: str

    @classmethod
    def of(cls, task: NotebookTask, run: RunNotebook, store: Store | None, place: str) -> "Job":
        """Pack a task with the text of its template, which a worker may not have."""
        return cls(task, task.template.read_text("utf-8"), run, store, place)


def run_job(job: Job) -> NotebookRecord:
    """Run a notebook in this worker; the record is as if it had run on the machine that asks."""
    told = _here(job)
    if other := _differences(job.task):
        return told.record(status="failed", error=_other(other)).model_copy(update=_as_asked(job))
    record = _run(job.run, told)
    if job.store is None:
        return record
    output = told.folder / told.output
    here, there = str(told.parameters["book"]), str(job.task.parameters["book"])
    if output.is_file():
        write_whole(output, _moved(output.read_text("utf-8"), here, there))
        job.store.put(output, f"{job.place}/{job.task.output}")
        record = record.model_copy(update={"digest": digest_file(output)})
        output.unlink()
    said = record.model_dump_json()
    moved = NotebookRecord.model_validate_json(_moved(said, here, there))
    return moved.model_copy(update=_as_asked(job))


def end_kernels() -> None:
    """End the kernels of this worker."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            if "ipykernel_launcher" in child.cmdline():
                child.kill()
        except psutil.Error:
            continue


def _here(job: Job) -> NotebookTask:
    """Give the task as it is on this machine; with storage, its partitions are fetched first."""
    if job.store is None:
        return job.task
    room = _room()
    regions = None if job.task.region is None else [job.task.region]
    prepared = room / digest(job.place, str(job.task.region))
    job.store.get_prepared(job.place, regions, prepared)
    folder = room / digest(job.template)
    template = folder / job.task.template.name
    if not template.exists():
        folder.mkdir(exist_ok=True)
        write_whole(template, job.template)
    told = {**job.task.parameters, "book": str(prepared)}
    return replace(job.task, template=template, parameters=told, folder=room / "work")


def _as_asked(job: Job) -> dict[str, object]:
    return {"parameters": dict(job.task.parameters), "output": job.task.output}


def _differences(task: NotebookTask) -> list[str]:
    """Name what this worker computes with that is not what the run was planned with."""
    if not task.inputs:
        return []
    own = inputs_of(task, data="")
    return [part for part in _SAME if own[part] != task.inputs[part]]


def _other(parts: list[str]) -> str:
    return (
        f"this worker has another {' and another '.join(parts)} than the machine that runs the "
        "batch; install the same on both"
    )


def _moved(text: str, here: str, there: str) -> str:
    """Name the folder of partitions as the machine that asks does."""
    return text.replace(json.dumps(here)[1:-1], json.dumps(there)[1:-1])


@cache
def _room() -> Path:
    """Give this worker's own folder, which goes with it."""
    room = Path(tempfile.mkdtemp(prefix=f"kapkit-worker-{os.getpid()}-"))
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    return room


def _run(run: RunNotebook, task: NotebookTask) -> NotebookRecord:
    """Run in a forked kernel where this worker may have children, else in a stock one."""
    if not CAN_FORK or multiprocessing.current_process().daemon:
        return run(task)
    for _ in range(2):
        try:
            return _pool().submit(execute_in_worker, run, task).result()
        except BrokenProcessPool:
            _mine.pool = None
    return task.record(status="dead kernel", error="its worker process was ended")


def _pool() -> ProcessPoolExecutor:
    """Give the process of this thread that forks kernels."""
    if getattr(_mine, "pool", None) is None:
        _mine.pool = hire(fork=True)[0]
    pool: ProcessPoolExecutor = _mine.pool
    return pool
