"""The whole run: prepare once, execute every notebook of every region, publish."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kapkit.batch.execute import Runner, execute_regions
from kapkit.batch.notebooks import parameters, template
from kapkit.batch.prepare import prepare
from kapkit.batch.publish import publish
from kapkit.batch.record import (
    NotebookRecord,
    NotebookTask,
    RunRecord,
    package_fingerprint,
    versions,
)
from kapkit.book.book import SourceBook
from kapkit.book.errors import DataError, listing
from kapkit.book.region import unknown_region
from kapkit.book.slug import slug
from kapkit.book.snapshot import Snapshot
from kapkit.report.pages import RegionState

REGION_NOTEBOOKS = ("brief", "1_classification", "2_evaluation")
COMPANY_NOTEBOOK = "portfolio"
RECORD_FILE = "record.json"


@dataclass(frozen=True)
class RunFolders:
    """Where a run works and where its site appears."""

    work: Path
    site: Path

    @classmethod
    def of(cls, book: Path, as_of: str, *, runs: Path, reports: Path) -> "RunFolders":
        """Name the folders of a book and a day."""
        plain = re.fullmatch(r"[A-Za-z0-9][\w-]{0,40}", book.name, re.ASCII)
        name = book.name if plain else slug(book.name)
        return cls(runs.resolve() / name / as_of, reports.resolve() / name / as_of)


@dataclass(frozen=True)
class Run:
    """What is to be run: a checked book, which regions, with which parameters, where."""

    snapshot: Snapshot
    folders: RunFolders
    regions: Sequence[str]
    settings: Mapping[str, object] = field(default_factory=dict)

    def tasks(self) -> list[list[NotebookTask]]:
        """Give each region's notebooks in order, the portfolio as one more."""
        regions = [
            [self._task(name, region, f"notebooks/{slug(region)}") for name in REGION_NOTEBOOKS]
            for region in self.regions
        ]
        return [*regions, [self._task(COMPANY_NOTEBOOK, None, "notebooks")]]

    def _task(self, name: str, region: str | None, folder: str) -> NotebookTask:
        chosen = template(name)
        given = {
            "book": str(self.folders.work / "prepared"),
            "region": region,
            "as_of": str(self.snapshot.as_of),
            **self.settings,
        }
        known = parameters(chosen)
        taken = {key: value for key, value in given.items() if key in known}
        return NotebookTask(region, chosen, taken, self.folders.work, f"{folder}/{name}.ipynb")


def plan_run(
    book: SourceBook,
    folders: RunFolders,
    *,
    as_of: str | None = None,
    regions: Sequence[str] = (),
    settings: Mapping[str, object] | None = None,
) -> Run:
    """Check what is asked for before anything starts.

    Raises
    ------
    DataError
        For a region the book does not have, or a setting no notebook takes or of a wrong type.
    """
    snapshot = book.at(as_of)
    for region in regions:
        if region not in snapshot.regions:
            raise unknown_region(region, snapshot.regions)
    settings = settings or {}
    known = {
        name for one in (*REGION_NOTEBOOKS, COMPANY_NOTEBOOK) for name in parameters(template(one))
    } - {"book", "region", "as_of"}
    if unknown := [name for name in settings if name not in known]:
        raise DataError(
            f"--set: no notebook takes {listing(unknown)}; known are {', '.join(sorted(known))}"
        )
    run = Run(snapshot, folders, list(regions) or snapshot.regions, settings)
    for task in (task for region in run.tasks()[-2:] for task in region):
        task.record()
    return run


def execute(
    run: Run,
    *,
    jobs: int,
    timeout: int,
    on_start: Callable[[int], None],
    on_done: Callable[[NotebookRecord], None],
) -> "Outcome":
    """Prepare, execute and publish; the record on disk is true at every moment.

    Parameters
    ----------
    run : Run
        From `plan_run`.
    jobs : int
        Regions at a time.
    timeout : int
        Seconds one cell may take.
    on_start, on_done : callable
        Told how many notebooks there will be, and of each as it ends.

    Returns
    -------
    Outcome
        The record, closed and saved as record.json in the run's folder, and the regions' pages.
    """
    prepare(run.snapshot, run.folders.work / "prepared")
    tasks = run.tasks()
    path = run.folders.work / RECORD_FILE
    record = _with_earlier(_opened(run, tasks), path)
    record.save(path)
    on_start(sum(map(len, tasks)))

    def done(result: NotebookRecord) -> None:
        nonlocal record
        record = record.updated(result)
        record.save(path)
        on_done(result)

    execute_regions(tasks, jobs=jobs, run=Runner(timeout), on_done=done)
    record = record.ended(datetime.now(UTC))
    record.save(path)
    site = run.folders.site
    pages = publish(site, run=run.folders.work, record=record, book=record.book)
    return Outcome(record, [state for state in pages if state.name in run.regions])


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its record, and what became of the pages of its regions."""

    record: RunRecord
    pages: Sequence[RegionState]

    @property
    def ok(self) -> bool:
        """Whether every region of this run has its page, and the portfolio too."""
        return self.record.status(None) == "ok" and all(page.ok for page in self.pages)


def read_record(path: Path) -> RunRecord:
    """Read the record of a run.

    Raises
    ------
    DataError
        If there is none.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no run record; give the folder of a run, runs/BOOK/DAY")
    return RunRecord.load(path)


def _opened(run: Run, tasks: Sequence[Sequence[NotebookTask]]) -> RunRecord:
    return RunRecord(
        book=run.snapshot.facts.name,
        as_of=run.snapshot.as_of,
        started=datetime.now(UTC),
        versions=versions(),
        data=run.snapshot.facts.fingerprint,
        package=package_fingerprint(),
        notebooks=tuple(task.record() for region in tasks for task in region),
    )


def _with_earlier(record: RunRecord, path: Path) -> RunRecord:
    """Keep the results of regions not run now, if the same data and package made them."""
    if not path.exists():
        return record
    earlier = RunRecord.load(path)
    if (earlier.data, earlier.package) != (record.data, record.package):
        return record
    now = {one.region for one in record.notebooks}
    kept = [one for one in earlier.notebooks if one.region not in now]
    return record.model_copy(update={"notebooks": (*record.notebooks, *kept)})
