"""What a notebook's result rests on, and whether any of it changed since the last run."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path

import pandas as pd

from kapkit.batch.record import NotebookRecord, NotebookTask, digest_file, package_fingerprint
from kapkit.book.calendar import calendar_of_region
from kapkit.book.prepared import FACTS_FILE, FOR_ALL, PreparedBook
from kapkit.book.region import BookFacts

#: What a result rests on; a change of any makes a notebook run again.
PARTS = ("data", "parameters", "notebook", "package", "environment")

# Of the facts a region's page shows only its own totals and calendar: the others' change nothing
# of it.
_OF_THE_BOOK = (
    "totals",
    "fingerprint",
    "orders",
    "accounts",
    "buying_accounts",
    "costed_share",
    "calendar",
)


def data_fingerprints(prepared: Path) -> dict[str | None, str]:
    """Hash what each region's notebooks can read; under ``None`` what the portfolio can.

    Parameters
    ----------
    prepared : Path
        Folder that `prepare` wrote.

    Returns
    -------
    dict
        Region to digest of its partition, of the rows for all regions, of the book's facts and
        of what the run before decided for it.
    """
    book = PreparedBook(prepared)
    content = json.loads((prepared / FACTS_FILE).read_text("utf-8"))
    folders, before = content["regions"], _json(content.get("earlier"))
    files = [*_files(prepared), *_files(prepared / FOR_ALL)]
    shared = digest(before, _hash_files(prepared, files))
    own = {name: _hash_files(prepared, _files(prepared / slug)) for name, slug in folders.items()}
    facts = _facts_by_region(book.facts)
    found: dict[str | None, str] = {
        name: digest(shared, own[name], facts[name]) for name in sorted(own)
    }
    return found | {None: digest(shared, *found.values(), book.facts.fingerprint)}


def inputs_of(task: NotebookTask, *, data: str) -> dict[str, str]:
    """Hash what one notebook's result rests on, part by part (`PARTS`).

    Where the run's folder lies changes no result, so ``book`` is no input.
    """
    told = {name: value for name, value in task.parameters.items() if name != "book"}
    return {
        "data": data,
        "parameters": digest(_json(told)),
        "notebook": _template(task.template, task.template.stat().st_mtime_ns),
        "package": _package(),
        "environment": _environment(),
    }


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Name the parts that differ.

    >>> changed({"data": "1", "package": "2"}, {"data": "1", "package": "3"})
    ['package']
    """
    return [part for part in PARTS if before.get(part) != now.get(part)]


def why_run(
    before: NotebookRecord | None, task: NotebookTask, *, force: bool = False
) -> str | None:
    """Say why a notebook must run, or None if its result still stands.

    Parameters
    ----------
    before : NotebookRecord or None
        What the last run's record says of it.
    task : NotebookTask
        With its inputs; the result must lie in its folder as it was saved.
    force : bool
        Run it in any case.
    """
    if force:
        return "forced"
    if before is None or (before.status == "not started" and before.ran is None):
        return "first run"
    if parts := changed(before.inputs, task.inputs):
        return f"{' and '.join(parts)} changed"
    if before.status != "ok":
        return f"last time: {before.status}"
    output = task.folder / before.output
    if not output.is_file() or digest_file(output) != before.digest:
        return "its result is missing or was edited"
    return None


def digest(*parts: str) -> str:
    """Hash texts in order (BLAKE2b, 32 hex digits)."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(f"{len(part)}:{part}".encode())
    return hashed.hexdigest()


@cache
def _environment() -> str:
    """Hash Python's version and that of every installed distribution: the lock as it is lived."""
    found = {f"{one.name}=={one.version}" for one in metadata.distributions()}
    return digest(platform.python_version(), *sorted(found))


@cache
def _template(template: Path, version: int) -> str:
    return digest_file(template)


@cache
def _package() -> str:
    return package_fingerprint()


def _facts_by_region(facts: BookFacts) -> dict[str, str]:
    """Write the facts as each region's page sees them."""
    plain = {name: value for name, value in asdict(facts).items() if name not in _OF_THE_BOOK}
    general = _json(plain | {"by": facts.value_measure, "costs": facts.costed_share > 0})
    known = facts.totals.astype(str)
    own = {name: _rows(part) for name, part in known.groupby("region", sort=False)}
    days = {name: _json(calendar_of_region(facts.calendar, name)) for name in facts.regions}
    return {name: general + days[name] + own[name] for name in facts.regions}


def _rows(totals: pd.DataFrame) -> str:
    return _json(sorted(totals.itertuples(index=False, name=None)))


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def _files(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in found if file.is_file() and file.name != FACTS_FILE)


def _hash_files(root: Path, files: list[Path]) -> str:
    names = [file.relative_to(root).as_posix() for file in files]
    return digest(*names, *map(digest_file, files))
