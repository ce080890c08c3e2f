"""Copies of the notebooks for an analyst, filled in for a region; what was changed is kept."""

import ast
import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from kapkit.batch.notebooks import parameters, template
from kapkit.batch.record import RECORD_FILE, NotebookRecord, RunRecord
from kapkit.batch.run import COMPANY_NOTEBOOK, REGION_NOTEBOOKS, earlier_record
from kapkit.book.slug import slug
from kapkit.wording import say, say_count

_MARK = "kapkit"


@dataclass(frozen=True)
class Copies:
    """A folder of copies: which were written now, and which stand because somebody changed them."""

    folder: Path
    written: Sequence[str]
    kept: Sequence[str]


def copy_notebooks(
    folder: Path, *, run: Path, region: str | None, book: Path, as_of: str
) -> Copies:
    """Copy the notebooks of a region (``None``: the portfolio) with a run's parameters filled in.

    Parameters
    ----------
    folder : Path
        Where the copies stand. One that was changed since it was written is never touched.
    run : Path
        Folder of the run, runs/BOOK/DAY. Without one, the notebooks read the book itself.
    region : str or None
        As the book spells it.
    book : Path
        Folder of the book.
    as_of : str
        Last day that counts.

    Returns
    -------
    Copies
        In the order of the notebooks.
    """
    told = _parameters_of(run, region)
    plain: Mapping[str, Any] = {"book": str(book), "region": region, "as_of": as_of}
    names = REGION_NOTEBOOKS if region is not None else (COMPANY_NOTEBOOK,)
    written, kept = [], []
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path, chosen = folder / f"{name}.ipynb", template(name)
        if path.exists() and not _untouched(path):
            kept.append(name)
            continue
        known = parameters(chosen)
        given = {
            key: value for key, value in {**plain, **told.get(name, {})}.items() if key in known
        }
        nbformat.write(_filled(_read(chosen), given), path)  # type: ignore[no-untyped-call]
        written.append(name)
    return Copies(folder, written, kept)


def lab_folder(lab: Path, book: str, region: str | None) -> Path:
    """Name the folder of a region's copies."""
    return lab / book / (COMPANY_NOTEBOOK if region is None else slug(region))


def changed_notebooks(copies: Path) -> Sequence[str]:
    """Say of each copy that does more or less than its template how it differs.

    Parameters
    ----------
    copies : Path
        Folder of the copies of a book: a folder a region, as `lab_folder` names them.
    """
    return [
        sentence
        for path in sorted(copies.glob("*/*.ipynb"))
        if not path.name.startswith(".") and (sentence := _difference(path))
    ]


def _difference(path: Path) -> str:
    try:
        mine = _steps(_read(path))
        theirs = _steps(_read(template(path.stem)))
    except (OSError, ValueError, nbformat.ValidationError):
        return say("{path} cannot be compared with its template", path=path)
    count = len([step for step in mine if step not in theirs])
    count += len([step for step in theirs if step not in mine])
    if not count:
        return ""
    return say_count(
        count,
        "{path} differs from its template in {count} cell",
        "{path} differs from its template in {count} cells",
        path=path,
    )


def _steps(notebook: NotebookNode) -> list[str]:
    """Give what a notebook says and does, but for its parameters and for empty cells."""
    return [
        cell.source.strip()
        for cell in notebook.cells
        if cell.source.strip() and "parameters" not in cell.metadata.get("tags", [])
    ]


def _parameters_of(run: Path, region: str | None) -> Mapping[str, Mapping[str, Any]]:
    record: RunRecord | None = earlier_record(run / RECORD_FILE)
    known: Sequence[NotebookRecord] = record.by_region().get(region, []) if record else []
    return {one.notebook: one.parameters for one in known}


def _filled(notebook: NotebookNode, given: Mapping[str, object]) -> NotebookNode:
    """Write values over the defaults of the parameters cell, line by line, comments kept."""
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = filled_source(cell.source, given)
    made.metadata[_MARK] = {"as_written": _digest(made)}
    return made


def filled_source(source: str, given: Mapping[str, object]) -> str:
    r"""Replace the values of assignments by those given.

    >>> print(filled_source('region = "North"  # where\nshare: float = 0.2', {"region": "Süd"}))
    region = 'Süd'  # where
    share: float = 0.2
    """
    lines = source.encode().splitlines()
    for line in ast.parse(source).body:
        target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
        value = getattr(line, "value", None)
        if isinstance(target, ast.Name) and target.id in given and isinstance(value, ast.expr):
            row, start, end = value.lineno - 1, value.col_offset, value.end_col_offset
            lines[row] = lines[row][:start] + repr(given[target.id]).encode() + lines[row][end:]
    return b"\n".join(lines).decode()


def _untouched(path: Path) -> bool:
    """Tell whether a copy is as it was written, outputs aside."""
    try:
        notebook = _read(path)
    except (OSError, ValueError, nbformat.ValidationError):
        return False
    return bool(notebook.metadata.get(_MARK, {}).get("as_written") == _digest(notebook))


def _digest(notebook: NotebookNode) -> str:
    text = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> NotebookNode:
    read: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return read
