"""Retention: which runs of a book are kept, and which go."""

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

from kapkit.batch.lock import is_held, lock_file
from kapkit.batch.record import RECORD_FILE
from kapkit.book.errors import DataError


def old_runs(book: Path, *, keep: int) -> list[Path]:
    """Name the runs of a book that may go, oldest first.

    Parameters
    ----------
    book : Path
        Folder of a book's runs, runs/BOOK, or of its sites, reports/BOOK.
    keep : int
        How many of the latest days stay.

    Returns
    -------
    list of Path
        Folders named by a day. A run that is going on and whatever else lies there stay.

    Raises
    ------
    DataError
        If there is no such folder.
    """
    if not book.is_dir():
        raise DataError(f"{book}: there are no runs; give the folder of a book's runs, runs/BOOK")
    days = sorted(path for path in book.iterdir() if path.is_dir() and _is_day(path.name))
    return [path for path in days[: max(0, len(days) - keep)] if not is_held(path)]


def prune(folders: Sequence[Path]) -> None:
    """Remove runs or sites, the record first: a half-removed run is no run."""
    for folder in folders:
        (folder / RECORD_FILE).unlink(missing_ok=True)
        shutil.rmtree(folder)
        lock_file(folder).unlink(missing_ok=True)


def _is_day(name: str) -> bool:
    try:
        return str(dt.date.fromisoformat(name)) == name
    except ValueError:
        return False
