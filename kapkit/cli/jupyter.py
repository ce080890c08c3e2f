"""The command that opens JupyterLab on a region's notebooks."""

import os
from pathlib import Path
from typing import Annotated

import typer

from kapkit.cli.failures import errors_said
from kapkit.cli.options import BookOption, DayOption


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

    with errors_said():
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
