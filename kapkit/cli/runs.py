"""Commands on runs: plan every region, say how it stands, publish, compare, clear away."""

import os
from pathlib import Path
from typing import Annotated

import typer

from kapkit.cli.failures import errors_said, stopped_by_sigterm
from kapkit.cli.options import BookOption, DayOption, SourceOption, literals
from kapkit.cli.telling import frame_table, plain_console, say_lab, say_outcome, told

EXITS = """Exit codes: 0, all is well; 1, a region or the portfolio is not (the others are
published); 2, the input or a parameter cannot be used and nothing was started; 3, the run could not
go on: another run holds the folders, the source was replaced, the disk is full; 130, interrupted.
After 3 and 130 the site is the one before, and the same command goes on where the run ended."""


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
    with errors_said(), stopped_by_sigterm():
        cluster = cluster_of(scheduler, store)
        if cluster is not None:
            cluster.reach()
        opened = read_book(book.resolve(), source=source)
        day = str(opened.at(as_of).as_of)
        folders = RunFolders.of(book.resolve(), day, runs=runs, reports=reports)
        planned = plan_run(
            opened,
            folders,
            as_of=day,
            regions=region or (),
            settings=literals(settings or []),
            force=force,
            only_failed=only_failed,
        )
        with told(quiet=quiet, log_json=log_json) as progress:
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
    say_outcome(outcome, folders.site / "index.html", quiet=quiet, log_json=log_json)
    if not (quiet or log_json):
        say_lab(lab / folders.work.parent.name)
    if not outcome.ok:
        raise typer.Exit(1)


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

    with errors_said():
        record = read_record(run_folder / RECORD_FILE)
        for line in status_lines(record, running=is_held(run_folder.resolve())):
            typer.echo(line)
    if record.finished is None or any(one.status != "ok" for one in record.notebooks):
        raise typer.Exit(1)


def prune(
    book_runs: Annotated[Path, typer.Argument(help="Runs of a book, runs/BOOK (or reports/BOOK).")],
    keep: Annotated[int, typer.Option(min=1, help="How many of the latest days stay.")] = 12,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only name what would go.")] = False,
) -> None:
    """Remove old runs, or old sites; a run that is going on stays."""
    from kapkit.batch.prune import old_runs
    from kapkit.batch.prune import prune as remove

    with errors_said():
        old = old_runs(book_runs, keep=keep)
        if not dry_run:
            remove(old)
    for folder in old:
        typer.echo(f"{folder}: {'would go' if dry_run else 'removed'}")


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

    with errors_said():
        record = read_record(run_folder / RECORD_FILE)
        publish_site(
            site.resolve(),
            run=run_folder.resolve(),
            record=record,
            book=record.book,
            pdf_by=needed_browser() if pdf else None,
        )
    typer.echo(site.resolve() / "index.html")


def compare(
    first: Annotated[Path, typer.Argument(help="Folder of the earlier run, runs/BOOK/DAY.")],
    second: Annotated[Path, typer.Argument(help="Folder of the later run.")],
    most: Annotated[int, typer.Option(min=0, help="Accounts that moved to print.")] = 20,
) -> None:
    """Say what changed between two runs of a book, and why."""
    from kapkit.batch.compare import compare_runs
    from kapkit.batch.leaks import hush_at_exit

    hush_at_exit()
    with errors_said():
        found = compare_runs(first, second)
    console = plain_console()
    console.print(frame_table(found.worth.rename_axis("expected value").reset_index()))
    moved = found.moves[found.moves["class_before"].ne(found.moves["class_now"])]
    moved = moved[moved["class_before"].notna()]
    order = (moved["after"] - moved["before"]).abs().sort_values(ascending=False).index
    names = ["region", "class_before", "class_now", "before", "after"]
    causes = ["data", "model", "behaviour", "peers", "cause"]
    console.print(frame_table(moved.loc[order[:most], names + causes].reset_index()))
    for sentence in found.sentences:
        console.print(f"· {sentence}", markup=False)
