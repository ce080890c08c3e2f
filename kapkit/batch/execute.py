"""Run the notebooks of many regions in parallel processes."""

import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread, current_thread, main_thread

from kapkit.batch.record import NotebookRecord, NotebookTask
from kapkit.book.errors import DataError

_LOOK_UP = 1.0  # seconds; on Windows a wait without end cannot be interrupted
_GRACE = 15.0  # seconds that a worker has to end its kernel
_ENDINGS = (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM))


#: Forking is sound where the system's own libraries start no threads, and only there.
CAN_FORK = sys.platform == "linux"

_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")

RunNotebook = Callable[[NotebookTask], NotebookRecord]


@dataclass(frozen=True)
class Runner:
    """Runs a notebook in a kernel; a cell may take so many seconds, a kernel so many bytes."""

    timeout: int = 600
    memory: int | None = None

    def __call__(self, task: NotebookTask) -> NotebookRecord:
        """Run one notebook."""
        from kapkit.batch.engine import execute_notebook  # takes seconds; only workers need it

        return execute_notebook(task, timeout=self.timeout, memory=self.memory)


def limit_in_bytes(gib: float | None) -> int | None:
    """Turn a limit of memory into bytes, where the system can hold a kernel to it.

    Raises
    ------
    DataError
        On systems other than Linux.
    """
    if gib is not None and sys.platform != "linux":
        raise DataError("--memory: only Linux can hold a kernel to a limit; leave it out")
    return None if gib is None else int(gib * 2**30)


def execute_regions(
    regions: Iterable[Sequence[NotebookTask]],
    *,
    jobs: int,
    run: RunNotebook,
    fork: bool = CAN_FORK,
    on_done: Callable[[NotebookRecord], None],
) -> None:
    """Run each region's notebooks in order, several regions at a time.

    A notebook that fails stops neither its region's later notebooks nor other regions.

    Parameters
    ----------
    regions : iterable of sequences of NotebookTask
        A region's notebooks in order; the portfolio is one more.
    jobs : int
        Regions at a time; each takes a worker process and a kernel.
    run : callable
        Runs one notebook, in the worker: a `Runner`, or anything else that can be pickled.
    fork : bool
        Fork workers and kernels from a process that has the libraries loaded, instead of
        starting each.
    on_done : callable
        Told of each notebook as it ends, in this process: keeps the record, moves the bar.

    Raises
    ------
    DataError
        If a template does not take its parameters; nothing is started then.
    KeyboardInterrupt
        After every kernel has ended and `on_done` knows of the notebooks cut short. Whatever
        `on_done` raises ends the run in the same way.
    """
    waiting = deque(deque(region) for region in regions if region)
    for task in (task for region in waiting for task in region):
        task.record()
    lanes = [_Lane(waiting, run, fork) for _ in range(min(jobs, len(waiting)))]
    try:
        _work_off(lanes, on_done)
    except BaseException:
        for cut_short in _interrupted(lanes):
            on_done(cut_short)
        raise
    finally:
        for lane in lanes:
            lane.pool.shutdown()


class _Lane:
    """A worker process that takes one region after another, replaced when it dies.

    A pool of one: of several workers in a pool, the death of one fails the work of all.
    """

    def __init__(self, waiting: deque[deque[NotebookTask]], run: RunNotebook, fork: bool) -> None:
        self.waiting = waiting
        self.run = run
        self.fork = fork
        self.region: deque[NotebookTask] = deque()
        self.future: Future[NotebookRecord] | None = None
        self.hire()

    def hire(self) -> None:
        """Start a worker process."""
        self.pool, self.worker = hire(fork=self.fork)

    def take_next(self) -> None:
        """Begin the region's next notebook, else the first of the next region."""
        self.future = None
        if not self.region and self.waiting:
            self.region = self.waiting.popleft()
        if self.region:
            self.task = self.region.popleft()
            self.future = self.begin()

    def begin(self) -> Future[NotebookRecord]:
        """Hand the notebook to the worker, or to a new one if it died."""
        try:
            return self.pool.submit(execute_in_worker, self.run, self.task)
        except BrokenProcessPool:
            self.pool.shutdown()
            self.hire()
            return self.pool.submit(execute_in_worker, self.run, self.task)

    def tell(self, how: signal.Signals) -> None:
        """Send the worker a signal, if it has not ended."""
        with suppress(BrokenProcessPool, ProcessLookupError):
            os.kill(self.worker.result(), how)


def hire(*, fork: bool) -> tuple[ProcessPoolExecutor, Future[int]]:
    """Start a worker process, forked from one that has the libraries loaded or started anew.

    Returns
    -------
    tuple
        A pool of that one, and its process id to come.
    """
    context = get_context("forkserver" if fork else "spawn")
    if fork:
        context.set_forkserver_preload(["kapkit.batch.warm"])
    pool = ProcessPoolExecutor(1, context, _follow, (fork, dict(os.environ)))
    with _born_deaf(), _one_thread():
        return pool, pool.submit(os.getpid)


def _work_off(lanes: Sequence[_Lane], on_done: Callable[[NotebookRecord], None]) -> None:
    for lane in lanes:
        lane.take_next()
    while running := {lane.future: lane for lane in lanes if lane.future}:
        for future in wait(running, _LOOK_UP, FIRST_COMPLETED).done:
            lane = running[future]
            result = _outcome(lane.task, future)
            lane.take_next()
            on_done(result)


def _interrupted(lanes: Sequence[_Lane]) -> list[NotebookRecord]:
    """End the kernels and workers that run; say what became of their notebooks."""
    running = {lane.future: lane for lane in lanes if lane.future}
    for how in _ENDINGS:
        for lane in (lane for future, lane in running.items() if not future.done()):
            lane.tell(how)
        wait(running, _GRACE)
    return [
        lane.task.record(status="failed", error="interrupted")
        if future.exception()
        else future.result()
        for future, lane in running.items()
    ]


def _outcome(task: NotebookTask, future: Future[NotebookRecord]) -> NotebookRecord:
    """Say what became of a notebook, also where its worker did not live to say it."""
    match error := future.exception():
        case None:
            return future.result()
        case BrokenProcessPool():
            return task.record(status="dead kernel", error="its worker process was ended")
    return task.record(status="failed", error=f"{type(error).__name__}: {error}")


@contextmanager
def _born_deaf() -> Iterator[None]:
    """Let processes started meanwhile leave Ctrl-C to this one from their first moment."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let BLAS start no threads in processes started meanwhile, unless the user says otherwise."""
    unset = [name for name in _ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]


def _follow(fork: bool, environment: Mapping[str, str]) -> None:
    """Prepare a worker: it ends with the process it works for, and not before."""
    os.environ.clear()
    os.environ.update(environment)
    if fork:
        from kapkit.batch.nursery import open_nursery

        open_nursery()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE)


def execute_in_worker(run: RunNotebook, task: NotebookTask) -> NotebookRecord:
    """Run in the worker, where SIGTERM unwinds, so that the kernel ends before the worker."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run(task)
    finally:
        signal.signal(signal.SIGTERM, before)
