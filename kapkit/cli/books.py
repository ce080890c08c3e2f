"""Commands on a book: check it, propose its kapkit.toml, simulate one."""

from pathlib import Path
from typing import Annotated

import typer

from kapkit.cli.failures import errors_said
from kapkit.cli.options import BookOption, DayOption, SourceOption
from kapkit.cli.telling import plain_console, totals_table


def check(book: BookOption, source: SourceOption = None, as_of: DayOption = None) -> None:
    """Validate a book: control totals, and what was set aside and why."""
    from kapkit.book.book import read_book
    from kapkit.book.notices import hierarchy_notices, notices
    from kapkit.book.proposal.unmapped import unmapped
    from kapkit.book.sources import below
    from kapkit.book.totals import reconcile

    with errors_said():
        opened = read_book(book.resolve(), source=source)
        snapshot = opened.at(as_of)
        console = plain_console()
        console.print(totals_table(snapshot))
        for notice in notices(snapshot):
            console.print(f"· {notice.sentence(snapshot.facts.currency)}", markup=False)
        for sentence in hierarchy_notices(snapshot):
            console.print(f"· {sentence}.", markup=False)
        place = str(source or below(book.resolve(), opened.config.book.source))
        for sentence in unmapped(opened.config, place):
            console.print(f"· {sentence}.", markup=False)
        console.print(f"Reconciled: {reconcile(snapshot.totals)}.", markup=False)


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

    with errors_said():
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
    source: SourceOption = None,
) -> None:
    """Write a simulated company, to try everything before bringing data."""
    from kapkit.book.book import read_book
    from kapkit.sample import simulate, stream, write
    from kapkit.sample.company import SEED

    with errors_said():
        seed = SEED if seed is None else seed
        if base is None:
            company = stream(seed=seed, accounts=accounts, years=years, dirt=dirt)
        else:
            given = read_book(base.resolve(), source=source)
            company = iter([simulate(base=given, seed=seed)])
        rows = write(company, folder, truth=truth)
    lines = sum(count for stem, count in rows.items() if stem.startswith("sales_"))
    typer.echo(f"{folder}: {rows['accounts']} accounts, {lines} sales lines")
