"""What commands print: totals, the progress of a run and how it ended."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.table import Table

    from kapkit.batch.run import Outcome, Progress
    from kapkit.book.snapshot import Snapshot

_FEW = 30  # regions whose states are all printed


def plain_console() -> "Console":
    """Make a console that colours nothing by itself."""
    from rich.console import Console

    return Console(highlight=False)


@contextmanager
def told(*, quiet: bool, log_json: bool) -> "Iterator[Progress]":
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


def totals_table(snapshot: "Snapshot") -> "Table":
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


def frame_table(frame: "pd.DataFrame") -> "Table":
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


def say_outcome(outcome: "Outcome", index: Path, *, quiet: bool, log_json: bool) -> None:
    """Print how a run ended, last the path of the pages; quiet says only what is wrong."""
    from kapkit.batch.status import event, summary

    said = summary(outcome.record)
    if log_json:
        typer.echo(event("finished", ok=outcome.ok, summary=said, index=str(index)))
    elif not (quiet and outcome.ok):
        _say_states(outcome)
        typer.echo(said)
        typer.echo(index)


def say_lab(copies: Path) -> None:
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
