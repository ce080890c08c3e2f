"""Options that several commands take, and settings written as NAME=VALUE."""

import tomllib
from pathlib import Path
from typing import Annotated

import typer

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


def literals(settings: list[str]) -> dict[str, object]:
    """Read NAME=VALUE as TOML does; a value that is no TOML is text.

    >>> literals(["cut_a=0.1", "cut_by=value"])
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
