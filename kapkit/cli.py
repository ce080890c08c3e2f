"""The kapkit command."""

import errno
import os
import signal
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

# Small fits run side by side: threads of linear algebra would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Heavy modules are imported by the commands that need them: --help stays quick.
if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.table import Table

    from kapkit.batch.run import Outcome, Progress
    from kapkit.book.snapshot import Snapshot

_FEW = 30  # regions whose states are all printed

app = typer.Typer(
    help="Key-account plans a sales region can defend, from its own CRM and ERP exports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

BookOption = Annotated[
    Path,
    typer.Option("--book", "-b", help="Folder with the book's kapkit.toml.", show_default=False),
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        "-s",
        help="Folder of the files, DuckDB file, postgresql: or spark:FOLDER, "
        "instead of the one the toml names.",
    ),
]
DayOption = Annotated[
    str | None,
    typer.Option("--as-of", "-d", help="Last day that counts, as 2026-06-30. Default: the toml's."),
]


@app.command()
def check(book: BookOption, source: SourceOption = None, as_of: DayOption = None) -> None:
    """Validate a book: control totals, and what was set aside and why."""
    from kapkit.book.book import read_book
    from kapkit.book.notices import hierarchy_notices, notices
    from kapkit.book.proposal.unmapped import unmapped
    from kapkit.book.sources import below
    from kapkit.book.totals import reconcile

    with _errors_said():
        opened = read_book(book.resolve(), source=source)
        snapshot = opened.at(as_of)
        console = _console()
        console.print(_totals_table(snapshot))
        for notice in notices(snapshot):
            console.print(f"· {notice.sentence(snapshot.facts.currency)}", markup=False)
        for sentence in hierarchy_notices(snapshot):
            console.print(f"· {sentence}.", markup=False)
        place = str(source or below(book.resolve(), opened.config.book.source))
        for sentence in unmapped(opened.config, place):
            console.print(f"· {sentence}.", markup=False)
        console.print(f"Reconciled: {reconcile(snapshot.totals)}.", markup=False)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of exports: CSV, Parquet, Excel.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write it. Default: FOLDER/kapkit.toml."),
    ] = None,
    show: Annotated[bool, typer.Option("--print", help="Print it instead of writing it.")] = False,
) -> None:
    """Propose a kapkit.toml for a folder of exports, with its reasons.

    Says which file became which table, what could not be placed, and what is left to decide.
    Never overwrites. Exit code 1 if the draft needs a decision before kapkit check can run.
    """
    from kapkit.book.proposal.proposal import propose, save

    with _errors_said():
        proposal = propose(folder)
        if show:
            typer.echo(proposal.toml, nl=False)
        else:
            typer.echo(save(proposal, folder, output))
    for line in proposal.report():
        # What stands in files is not trusted to move the cursor.
        typer.echo("".join(s if s.isprintable() else " " for s in line), err=show)
    if proposal.refusal:
        raise typer.Exit(1)


_EXITS = """Exit codes: 0, all is well; 1, a region or the portfolio is not (the others are
published); 2, the input or a parameter cannot be used and nothing was started; 3, the run could not
go on: another run holds the folders, the source was replaced, the disk is full; 130, interrupted.
After 3 and 130 the site is the one before, and the same command goes on where the run ended."""


@app.command(epilog=_EXITS)
def run(
    book: BookOption,
    source: SourceOption = None,
    as_of: DayOption = None,
    region: Annotated[
        list[str] | None, typer.Option("--region", "-r", help="Only this region; repeatable.")
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Regions at a time. Default: processors.")
    ] = os.cpu_count() or 1,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds one cell may take.")] = 600,
    memory: Annotated[
        float | None, typer.Option(min=0.1, help="GiB of data one kernel may hold (Linux).")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A notebook parameter, as cut_a=0.1; repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what did not change.")] = False,
    only_failed: Annotated[
        bool, typer.Option("--only-failed", help="Only regions not ok in the last run.")
    ] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another run on the same folders.")
    ] = 0,
    fork: Annotated[
        bool, typer.Option(help="Fork kernels from one that is warm, where that is possible.")
    ] = True,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Run on the workers of a Dask cluster: its address, as tcp://HOST:8786."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="With --scheduler: storage that the workers share, as s3://BUCKET/FOLDER."
        ),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Also print each brief as PDF, by a Chromium.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing unless something is wrong.")
    ] = False,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="One JSON object a line for each thing that happens.")
    ] = False,
    runs: Annotated[Path, typer.Option(help="Where runs work.")] = Path("runs"),
    reports: Annotated[Path, typer.Option(help="Where sites appear.")] = Path("reports"),
    lab: Annotated[Path, typer.Option(help="Where copies of kapkit lab stand.")] = Path("lab"),
) -> None:
    """Plan every region: prepare once, execute the notebooks, publish the pages.

    A notebook is run again only where its data, parameters, template, the package or the
    environment changed. Ends with each region's state, a summary and the path of the index.
    """
    from kapkit.batch.cluster import cluster_of
    from kapkit.batch.execute import CAN_FORK, Runner, limit_in_bytes
    from kapkit.batch.leaks import hush_at_exit
    from kapkit.batch.pdf import needed_browser
    from kapkit.batch.run import RunFolders, execute, plan_run
    from kapkit.book.book import read_book

    hush_at_exit()
    with _errors_said(), _stopped_by_sigterm():
        cluster = cluster_of(scheduler, store)
        opened = read_book(book.resolve(), source=source)
        day = str(opened.at(as_of).as_of)
        folders = RunFolders.of(book.resolve(), day, runs=runs, reports=reports)
        planned = plan_run(
            opened,
            folders,
            as_of=day,
            regions=region or (),
            settings=_literals(settings or []),
            force=force,
            only_failed=only_failed,
        )
        with _told(quiet=quiet, log_json=log_json) as progress:
            outcome = execute(
                planned,
                jobs=jobs,
                run_notebook=Runner(timeout, limit_in_bytes(memory)),
                fork=fork and CAN_FORK,
                wait=wait,
                progress=progress,
                cluster=cluster,
                pdf_by=needed_browser() if pdf else None,
            )
    _say_outcome(outcome, folders.site / "index.html", quiet=quiet, log_json=log_json)
    if not (quiet or log_json):
        _say_lab(lab / folders.work.parent.name)
    if not outcome.ok:
        raise typer.Exit(1)


@app.command()
def lab(
    region: Annotated[
        str | None, typer.Argument(help="Region to look into. Default: all, side by side.")
    ] = None,
    book: BookOption = Path("data/sample"),
    as_of: DayOption = None,
    runs: Annotated[Path, typer.Option(help="Where runs work.")] = Path("runs"),
    lab: Annotated[Path, typer.Option(help="Where the copies stand.")] = Path("lab"),
    start: Annotated[bool, typer.Option(help="Whether to open JupyterLab on them.")] = True,
) -> None:
    """Open JupyterLab on a copy of a region's notebooks, filled in as in the last run.

    What you changed in a copy stays; kapkit run says which copies differ from the templates.
    """
    import subprocess
    import sys

    from kapkit.batch.lab import copy_notebooks, lab_folder
    from kapkit.batch.run import RunFolders
    from kapkit.book.book import read_book
    from kapkit.book.region import unknown_region

    with _errors_said():
        place = book.resolve()
        snapshot = read_book(place).at(as_of)
        if region is not None and region not in snapshot.regions:
            raise unknown_region(region, snapshot.regions)
        work = RunFolders.of(place, str(snapshot.as_of), runs=runs, reports=runs).work
        copies = copy_notebooks(
            lab_folder(lab, work.parent.name, region),
            run=work,
            region=region,
            book=place,
            as_of=str(snapshot.as_of),
        )
    for name in copies.kept:
        typer.echo(f"{name}: kept as you changed it")
    typer.echo(copies.folder)
    if start:
        there = {**os.environ, "KAPKIT_LAB": "1"}
        command = [sys.executable, "-m", "jupyterlab", str(copies.folder)]
        raise typer.Exit(subprocess.run(command, env=there, check=False).returncode)  # noqa: S603


@app.command()
def status(
    run_folder: Annotated[Path, typer.Argument(help="Folder of a run, runs/BOOK/DAY.")],
) -> None:
    """Say how a run stands: what is done, and what went wrong where.

    Exit code 0 if it came to its end and all is ok, else 1; 2 if there is no run.
    """
    from kapkit.batch.lock import is_held
    from kapkit.batch.record import RECORD_FILE
    from kapkit.batch.run import read_record
    from kapkit.batch.status import status_lines

    with _errors_said():
        record = read_record(run_folder / RECORD_FILE)
        for line in status_lines(record, running=is_held(run_folder.resolve())):
            typer.echo(line)
    if record.finished is None or any(one.status != "ok" for one in record.notebooks):
        raise typer.Exit(1)


@app.command()
def prune(
    book_runs: Annotated[Path, typer.Argument(help="Runs of a book, runs/BOOK (or reports/BOOK).")],
    keep: Annotated[int, typer.Option(min=1, help="How many of the latest days stay.")] = 12,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only name what would go.")] = False,
) -> None:
    """Remove old runs, or old sites; a run that is going on stays."""
    from kapkit.batch.prune import old_runs
    from kapkit.batch.prune import prune as remove

    with _errors_said():
        old = old_runs(book_runs, keep=keep)
        if not dry_run:
            remove(old)
    for folder in old:
        typer.echo(f"{folder}: {'would go' if dry_run else 'removed'}")


@app.command()
def publish(
    run_folder: Annotated[Path, typer.Argument(help="Folder of a run, runs/BOOK/DAY.")],
    site: Annotated[Path, typer.Argument(help="Folder where the site appears.")],
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Also print each brief as PDF, by a Chromium.")
    ] = False,
) -> None:
    """Publish the pages of a run again, from its executed notebooks."""
    from kapkit.batch.pdf import needed_browser
    from kapkit.batch.publish import publish as publish_site
    from kapkit.batch.record import RECORD_FILE
    from kapkit.batch.run import read_record

    with _errors_said():
        record = read_record(run_folder / RECORD_FILE)
        publish_site(
            site.resolve(),
            run=run_folder.resolve(),
            record=record,
            book=record.book,
            pdf_by=needed_browser() if pdf else None,
        )
    typer.echo(site.resolve() / "index.html")


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="Folder of the earlier run, runs/BOOK/DAY.")],
    second: Annotated[Path, typer.Argument(help="Folder of the later run.")],
    most: Annotated[int, typer.Option(min=0, help="Accounts that moved to print.")] = 20,
) -> None:
    """Say what changed between two runs of a book, and why."""
    from kapkit.batch.compare import compare_runs
    from kapkit.batch.leaks import hush_at_exit

    hush_at_exit()
    with _errors_said():
        found = compare_runs(first, second)
    console = _console()
    console.print(_frame_table(found.worth.rename_axis("expected value").reset_index()))
    moved = found.moves[found.moves["class_before"].ne(found.moves["class_now"])]
    moved = moved[moved["class_before"].notna()]
    order = (moved["after"] - moved["before"]).abs().sort_values(ascending=False).index
    names = ["region", "class_before", "class_now", "before", "after"]
    causes = ["data", "model", "behaviour", "peers", "cause"]
    console.print(_frame_table(moved.loc[order[:most], names + causes].reset_index()))
    for sentence in found.sentences:
        console.print(f"· {sentence}", markup=False)


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write it; new or empty.")],
    seed: Annotated[int | None, typer.Option(help="Another company; default: data/sample.")] = None,
    accounts: Annotated[
        int | None, typer.Option(help="Number of accounts, 60 or more; default: data/sample's.")
    ] = None,
    years: Annotated[int, typer.Option(help="Years of history.")] = 3,
    dirt: Annotated[bool, typer.Option(help="Whether its exports carry dirt.")] = True,
    truth: Annotated[
        Path | None, typer.Option(help="Another folder, for what is true of the accounts.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option(help="A book whose sales to keep; only the rest is simulated.")
    ] = None,
) -> None:
    """Write a simulated company, to try everything before bringing data."""
    from kapkit.book.book import read_book
    from kapkit.sample import simulate, stream, write
    from kapkit.sample.company import SEED

    with _errors_said():
        seed = SEED if seed is None else seed
        if base is None:
            company = stream(seed=seed, accounts=accounts, years=years, dirt=dirt)
        else:
            company = iter([simulate(base=read_book(base.resolve()), seed=seed)])
        rows = write(company, folder, truth=truth)
    lines = sum(count for stem, count in rows.items() if stem.startswith("sales_"))
    typer.echo(f"{folder}: {rows['accounts']} accounts, {lines} sales lines")


@contextmanager
def _errors_said() -> Iterator[None]:
    """End with what the user can mend, in words: exit code 2 for input, 3 for circumstances."""
    from kapkit.batch.errors import RunError
    from kapkit.book.errors import DataError

    try:
        yield
    except DataError as error:
        _end(str(error), 2)
    except RunError as error:
        _end(str(error), 3)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        where = f" ({error.filename})" if error.filename else ""
        _end(f"the disk is full{where}: make room and run the same command, it goes on", 3)
    except KeyboardInterrupt:
        _end("interrupted; the same command goes on from here", 130)


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let `kill`, as Ctrl-C does, end every kernel before this process ends."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(said: str, code: int) -> NoReturn:
    typer.secho(f"kapkit: {said}", err=True, fg=typer.colors.RED)
    raise typer.Exit(code) from None


def _literals(settings: list[str]) -> dict[str, object]:
    """Read NAME=VALUE as TOML does; a value that is no TOML is text.

    >>> _literals(["cut_a=0.1", "cut_by=value"])
    {'cut_a': 0.1, 'cut_by': 'value'}
    """
    return dict(_literal(setting) for setting in settings)


def _literal(setting: str) -> tuple[str, object]:
    name, equals, value = (part.strip() for part in setting.partition("="))
    if not (name and equals):
        raise typer.BadParameter(f"{setting!r} is not NAME=VALUE", param_hint="--set")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name, value


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False)


@contextmanager
def _told(*, quiet: bool, log_json: bool) -> "Iterator[Progress]":
    """Tell of a run as it goes: a bar, a JSON object a line, or nothing."""
    from kapkit.batch.run import Progress
    from kapkit.batch.status import event, notebook_event

    if log_json:
        yield Progress(
            lambda due, kept: typer.echo(event("started", due=due, unchanged=kept)),
            lambda result: typer.echo(notebook_event(result)),
        )
    elif quiet:
        yield Progress()
    else:
        with _bar() as bar:
            task = bar.add_task("preparing", total=None)
            yield Progress(
                lambda due, _: bar.update(task, total=due, description="notebooks"),
                lambda _: bar.advance(task),
            )


def _bar() -> "Bar":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )


def _totals_table(snapshot: "Snapshot") -> "Table":
    """Lay out the control totals: per table, what was read and what became of it."""
    from rich.table import Table
    from rich.text import Text

    from kapkit.report.trust import totals_by_reason

    totals = totals_by_reason(snapshot.totals)
    title = Text(f"{snapshot.facts.name}, as of {snapshot.as_of}")
    table = Table(*list(totals.columns)[:3], title=title)
    for name in list(totals.columns)[3:]:
        table.add_column(name, justify="right", no_wrap=True, min_width=9 if name == "rows" else 13)
    for row in totals.rows():
        table.add_row(*(Text(cell) for cell in row))
    return table


def _frame_table(frame: "pd.DataFrame") -> "Table":
    """Lay a frame out: places with two digits, money whole."""
    from rich.table import Table
    from rich.text import Text

    numeric = frame.select_dtypes("number")
    table = Table()
    for name in frame:
        table.add_column(str(name), justify="right" if name in numeric else "left")
    for row in frame.to_dict("records"):
        cells = [
            (f"{value:,.0f}" if abs(value) > 1 else f"{value:+.2f}")
            if isinstance(value, float)
            else str(value)
            for value in row.values()
        ]
        table.add_row(*map(Text, cells))
    return table


def _say_outcome(outcome: "Outcome", index: Path, *, quiet: bool, log_json: bool) -> None:
    """Print how a run ended, last the path of the pages; quiet says only what is wrong."""
    from kapkit.batch.status import event, summary

    said = summary(outcome.record)
    if log_json:
        typer.echo(event("finished", ok=outcome.ok, summary=said, index=str(index)))
    elif not (quiet and outcome.ok):
        _say_states(outcome)
        typer.echo(said)
        typer.echo(index)


def _say_lab(copies: Path) -> None:
    """Say which notebooks of analysts differ from the templates that the run executed."""
    from kapkit.batch.lab import changed_notebooks

    for sentence in changed_notebooks(copies):
        typer.echo(f"{sentence}; this run used the template.")


def _say_states(outcome: "Outcome") -> None:
    """Print regions with their state; of many, only those that are not ok."""
    few = len(outcome.pages) <= _FEW
    for page in outcome.pages:
        if few or not page.ok:
            _say_state(page.name, page.status, page.detail)
    for one in outcome.record.by_region().get(None, []):
        _say_state("portfolio", one.status, one.error or "")


def _say_state(name: str, status: str, detail: str) -> None:
    color = typer.colors.GREEN if status == "ok" else typer.colors.RED
    typer.secho(f"{name}: {status}", fg=color)
    if status != "ok" and detail:
        typer.echo(f"  {detail}")
