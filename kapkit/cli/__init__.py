"""The kapkit command: each of its commands imports what is heavy when it is called."""

import os

import typer

from kapkit.cli.books import check, init, sample
from kapkit.cli.jupyter import lab
from kapkit.cli.runs import EXITS, compare, prune, publish, run, status

# Small fits run side by side: threads of linear algebra would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

app = typer.Typer(
    help="Key-account plans a sales region can defend, from its own CRM and ERP exports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

app.command()(check)
app.command()(init)
app.command(epilog=EXITS)(run)
app.command()(lab)
for command in (status, prune, publish, compare, sample):
    app.command()(command)
