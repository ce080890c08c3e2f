"""Run the notebooks of many regions on the workers of a Dask cluster."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kapkit.batch.changes import digest
from kapkit.batch.errors import RunError
from kapkit.batch.execute import RunNotebook
from kapkit.batch.record import NotebookRecord, NotebookTask
from kapkit.batch.remote import Job, end_kernels, run_job
from kapkit.batch.store import Store
from kapkit.book.errors import DataError

if TYPE_CHECKING:
    from distributed import Client, Future

_PATIENCE = 30.0  # seconds for a scheduler to answer, and for a first worker


@dataclass(frozen=True)
class Cluster:
    """A scheduler's address, and storage that its workers share with this machine.

    Without a ``store`` the workers see this machine's folders, under the same paths.
    """

    scheduler: str
    store: Store | None = None

    def reach(self) -> None:
        """See that the scheduler answers and has a worker, before anything is prepared for it.

        Raises
        ------
        DataError
            If distributed is not installed.
        RunError
            If the scheduler or every worker is out of reach.
        """
        with _client(self.scheduler):
            pass

    def execute_regions(
        self,
        regions: Iterable[Sequence[NotebookTask]],
        *,
        run: RunNotebook,
        on_done: Callable[[NotebookRecord], None],
    ) -> None:
        """Run each region's notebooks in order, as many regions at a time as workers have threads.

        As `kapkit.batch.execute.execute_regions`, whose results and records these are too. A
        notebook whose worker is lost runs again on another; one that loses several workers is
        recorded as a dead kernel.

        Parameters
        ----------
        regions : iterable of sequences of NotebookTask
            A region's notebooks in order; the portfolio is one more.
        run : callable
            Runs one notebook, in the worker.
        on_done : callable
            Told of each notebook as it ends, in this process, when its output is here.

        Raises
        ------
        DataError
            If a template does not take its parameters, or distributed is not installed.
        RunError
            If the scheduler or every worker is out of reach.
        """
        waiting = [deque(region) for region in regions if region]
        for task in (task for region in waiting for task in region):
            task.record()
        if not waiting:
            return
        with _client(self.scheduler) as client, _shared(self.store, waiting) as place:
            crew = _Crew(client, self.store, place, run, on_done)
            try:
                crew.work_off(waiting)
            except BaseException:
                crew.stop()
                raise


def cluster_of(scheduler: str | None, store: str | None) -> Cluster | None:
    """Give the cluster that options name; None where none does.

    Raises
    ------
    DataError
        If storage is named without a scheduler, or cannot be reached by fsspec.
    """
    if scheduler is None:
        if store is not None:
            raise DataError("--store: only a run with --scheduler shares storage; name one")
        return None
    if store is None:
        return Cluster(scheduler)
    try:
        import fsspec

        fsspec.core.url_to_fs(store)
    except (ImportError, ValueError) as error:
        raise DataError(f"--store: {store} cannot be reached: {error}") from None
    return Cluster(scheduler, Store(store))


@dataclass(frozen=True)
class _Going:
    """A notebook on the cluster, and those of its region that follow."""

    future: "Future[NotebookRecord]"
    task: NotebookTask
    then: deque[NotebookTask]


class _Crew:
    """What the workers of a cluster are doing for this run."""

    def __init__(
        self,
        client: "Client",
        store: Store | None,
        place: str,
        run: RunNotebook,
        on_done: Callable[[NotebookRecord], None],
    ) -> None:
        from distributed import as_completed

        self.client, self.store, self.place = client, store, place
        self.run, self.on_done = run, on_done
        self.going: dict[object, _Going] = {}
        self.ended = as_completed(loop=client.loop)

    def work_off(self, waiting: Sequence[deque[NotebookTask]]) -> None:
        """Begin every region; go on with a region's next notebook when one has ended."""
        for region in waiting:
            self.begin(region)
        for future in self.ended:
            ended = self.going[future.key]
            result = self.outcome(future, ended.task)
            del self.going[future.key]
            if ended.then:
                self.begin(ended.then)
            self.on_done(result)

    def begin(self, region: deque[NotebookTask]) -> None:
        """Hand a region's next notebook to the cluster."""
        task = region.popleft()
        job = Job.of(task, self.run, self.store, self.place)
        future = self.client.submit(run_job, job, pure=False)
        self.going[future.key] = _Going(future, task, region)
        self.ended.add(future)

    def outcome(self, future: "Future[NotebookRecord]", task: NotebookTask) -> NotebookRecord:
        """Say what became of a notebook, once its output is here."""
        from distributed import KilledWorker

        if future.status not in {"finished", "error"}:
            raise RunError(
                f"the cluster lost the run ({future.status}): nothing was published; the same "
                "command goes on from there"
            )
        match error := future.exception():
            case None:
                record: NotebookRecord = future.result()
            case KilledWorker():
                return task.record(status="dead kernel", error="its workers were ended, one by one")
            case _:
                return task.record(status="failed", error=f"{type(error).__name__}: {error}")
        if self.store and record.digest:
            self.store.get(f"{self.place}/{task.output}", task.folder / task.output)
        return record

    def stop(self) -> None:
        """End the kernels that run for us, and tell of the notebooks cut short."""
        running = {key for keys in self.client.processing().values() for key in keys}
        cut_short = [one.task for key, one in self.going.items() if key in running]
        self.client.cancel([one.future for one in self.going.values()], force=True)
        self.client.run(end_kernels)
        for task in cut_short:
            self.on_done(task.record(status="failed", error="interrupted"))


@contextmanager
def _client(address: str) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise DataError(
            "--scheduler: distributed is not installed; pip install 'kapkit[dask]'"
        ) from None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RunError(f"--scheduler: {address} does not answer ({error})") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise RunError(
                f"--scheduler: {address} has no worker; start one with dask worker {address}"
            ) from None
        yield client


@contextmanager
def _shared(store: Store | None, regions: Sequence[Sequence[NotebookTask]]) -> Iterator[str]:
    """Put the partitions where the workers find them; leave nothing of the run there."""
    if store is None:
        yield ""
        return
    first = regions[0][0]
    place = f"kapkit-{digest(str(first.folder))}"
    store.remove(place)
    store.put_prepared(Path(str(first.parameters["book"])), place)
    try:
        yield place
    finally:
        store.remove(place)
