"""The whole run: prepare once, execute every notebook of every region, publish."""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from kapkit.batch.changes import changed, data_fingerprints, inputs_of, why_run
from kapkit.batch.cluster import Cluster
from kapkit.batch.decisions import earlier_run, keep_decisions
from kapkit.batch.errors import RunError
from kapkit.batch.execute import CAN_FORK, Runner, RunNotebook, execute_regions
from kapkit.batch.ledger import Ledger
from kapkit.batch.lock import only_run
from kapkit.batch.notebooks import check_ranges, parameters, template
from kapkit.batch.prepare import prepare
from kapkit.batch.publish import publish
from kapkit.batch.record import (
    RECORD_FILE,
    NotebookRecord,
    NotebookTask,
    RunRecord,
    package_fingerprint,
    status_of,
    versions,
)
from kapkit.book.book import SourceBook
from kapkit.book.errors import DataError, listing
from kapkit.book.region import unknown_region
from kapkit.book.slug import slug
from kapkit.book.snapshot import Snapshot
from kapkit.report.pages import RegionState
from kapkit.wording import speaking

REGION_NOTEBOOKS = ("brief", "1_classification", "2_evaluation", "3_cultivation", "4_monitoring")
COMPANY_NOTEBOOK = "portfolio"


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
    """What is to be run: a checked book, which regions, with which parameters, where.

    ``source`` is the source's fingerprint when the book was opened. ``force`` runs what would
    not have to, ``only_failed`` nothing but regions that are not ok in the last run's record.
    """

    snapshot: Snapshot
    folders: RunFolders
    regions: Sequence[str]
    source: str
    settings: Mapping[str, object] = field(default_factory=dict)
    force: bool = False
    only_failed: bool = False

    def tasks(self, regions: Sequence[str]) -> list[list[NotebookTask]]:
        """Give each region's notebooks in order, the portfolio as one more."""
        planned = [
            [self._task(name, region, f"notebooks/{slug(region)}") for name in REGION_NOTEBOOKS]
            for region in regions
        ]
        return [*planned, [self._task(COMPANY_NOTEBOOK, None, "notebooks")]]

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
    force: bool = False,
    only_failed: bool = False,
) -> Run:
    """Check what is asked for before anything starts.

    Raises
    ------
    DataError
        For a region the book does not have, or a setting no notebook takes, of a wrong type or
        out of its range.
    """
    source = book.source.fingerprint()
    snapshot = book.at(as_of)
    for region in regions:
        if region not in snapshot.regions:
            raise unknown_region(region, snapshot.regions)
    chosen = list(dict.fromkeys(regions)) or snapshot.regions
    run = Run(snapshot, folders, chosen, source, settings or {}, force, only_failed)
    _check_settings(run)
    return run


def _check_settings(run: Run) -> None:
    known = {
        name for one in (*REGION_NOTEBOOKS, COMPANY_NOTEBOOK) for name in parameters(template(one))
    } - {"book", "region", "as_of"}
    if unknown := [name for name in run.settings if name not in known]:
        raise DataError(
            f"--set: no notebook takes {listing(unknown)}; known are {', '.join(sorted(known))}"
        )
    for task in (task for region in run.tasks(run.regions[:1]) for task in region):
        check_ranges(task.template, task.record().parameters)


@dataclass(frozen=True)
class Progress:
    """Whom to tell: how many notebooks run and how many still stand; each one as it ends."""

    on_start: Callable[[int, int], None] = lambda due, kept: None
    on_done: Callable[[NotebookRecord], None] = lambda result: None


def execute(
    run: Run,
    *,
    jobs: int,
    run_notebook: RunNotebook | None = None,
    fork: bool = CAN_FORK,
    wait: float = 0.0,
    progress: Progress | None = None,
    cluster: Cluster | None = None,
    pdf_by: str | None = None,
) -> "Outcome":
    """Prepare, execute what changed and publish; the record on disk is true at every moment.

    Parameters
    ----------
    run : Run
        From `plan_run`.
    jobs : int
        Regions at a time.
    run_notebook : callable
        Runs one notebook; default: `Runner()`.
    fork : bool
        Fork kernels instead of starting each.
    wait : float
        Seconds to wait for another run on the same folders.
    progress : Progress, optional
        Told of what happens.
    cluster : Cluster, optional
        Whose workers run the notebooks, instead of processes of this machine.
    pdf_by : str, optional
        Browser that prints each brief as PDF.

    Returns
    -------
    Outcome
        The record, closed and saved as record.json in the run's folder, and the regions' pages.

    Raises
    ------
    RunError
        If another run holds the folders, or the source was replaced meanwhile. What was done
        is kept, and the same run started again goes on from there.
    """
    work, site = run.folders.work, run.folders.site
    progress = progress or Progress()
    with only_run(work, site, wait=wait):
        _sweep(run.folders)
        facts = run.snapshot.facts
        earlier = earlier_run(work, as_of=facts.as_of, book=facts.name)
        with speaking(facts.language):
            prepare(run.snapshot, work / "prepared", earlier=earlier)
        _refuse_another_source(run)
        due, entries = _plan(run, earlier_record(work / RECORD_FILE))
        ledger = Ledger(_opened(run, entries), work / RECORD_FILE)
        count = sum(map(len, due))
        progress.on_start(count, len(entries) - count)

        def done(result: NotebookRecord) -> None:
            ledger.tell(result)
            progress.on_done(result)

        finished = False
        try:
            with_processes = partial(execute_regions, jobs=jobs, fork=fork)
            run_regions = cluster.execute_regions if cluster else with_processes
            run_regions(due, run=run_notebook or Runner(), on_done=done)
            _refuse_another_source(run)
            record = ledger.record
            pages = publish(site, run=work, record=record, book=record.book, pdf_by=pdf_by)
            keep_decisions(work, record)
            finished = True
        finally:
            record = ledger.close(finished=finished)
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
        If there is none, or it cannot be read.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no run record; give the folder of a run, runs/BOOK/DAY")
    try:
        return RunRecord.load(path)
    except (OSError, ValidationError) as error:
        raise DataError(f"{path}: the run record cannot be read; run the book again") from error


def earlier_record(path: Path) -> RunRecord | None:
    """Read the record of the last run, if there is one that can be read."""
    try:
        return read_record(path)
    except DataError:
        return None


def _plan(
    run: Run, earlier: RunRecord | None
) -> tuple[list[list[NotebookTask]], list[NotebookRecord]]:
    """Say what runs and why; give the record's entries in order, with the results that stand."""
    data = data_fingerprints(run.folders.work / "prepared")
    before = {one.key: one for one in earlier.notebooks} if earlier else {}
    chosen = _chosen(run, earlier)
    due: list[list[NotebookTask]] = []
    entries: list[NotebookRecord] = []
    for tasks in run.tasks(run.snapshot.regions):
        due.append([])
        for plain in tasks:
            task = replace(plain, inputs=inputs_of(plain, data=data[plain.region]))
            one = before.get((task.region, task.template.stem))
            if task.region in chosen and (why := why_run(one, task, force=run.force)):
                due[-1].append(replace(task, why=why))
                entries.append(due[-1][-1].record())
            elif one and _stands(one, task, only_failed=run.only_failed):
                entries.append(one)
    return [tasks for tasks in due if tasks], entries


def _chosen(run: Run, earlier: RunRecord | None) -> set[str | None]:
    """Name the regions to look at; ``None`` is the portfolio."""
    if not run.only_failed:
        return {*run.regions, None}
    if earlier is None:
        raise DataError("--only-failed: there is no earlier run of this book and day; leave it out")
    known = earlier.by_region()
    return {one for one in (*run.regions, None) if status_of(known.get(one, ())) != "ok"}


def _stands(one: NotebookRecord, task: NotebookTask, *, only_failed: bool) -> bool:
    """Tell whether an earlier result of a region not run now may stay: it is of the same data."""
    same = "data" not in changed(one.inputs, task.inputs)
    if only_failed and not same:
        raise DataError(
            f"--only-failed: the data of {task.region or 'the portfolio'} changed since the last "
            "run; leave it out to run what changed"
        )
    return same


def _refuse_another_source(run: Run) -> None:
    """Stop where the source is not the one the book was read from."""
    if {run.snapshot.facts.fingerprint, run.snapshot.source.fingerprint()} != {run.source}:
        raise RunError(
            "the source was replaced while the run was reading it: nothing was published; "
            "start the run again when the source is complete"
        )


def _sweep(folders: RunFolders) -> None:
    """Clear away what a run that was killed left half-made; its lock is ours now."""
    leftovers = [
        *folders.site.parent.glob(f".{folders.site.name}-*"),
        *folders.work.glob("prepared.*"),
        *folders.work.glob(".decisions.*"),
        *folders.work.glob(f".{RECORD_FILE}.*"),
        *folders.work.glob("notebooks/**/.*.ipynb.*"),
    ]
    for path in leftovers:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _opened(run: Run, entries: Sequence[NotebookRecord]) -> RunRecord:
    return RunRecord(
        book=run.snapshot.facts.name,
        as_of=run.snapshot.as_of,
        started=datetime.now(UTC),
        versions=versions(),
        data=run.snapshot.facts.fingerprint,
        package=package_fingerprint(),
        language=run.snapshot.facts.language,
        notebooks=tuple(entries),
    )
