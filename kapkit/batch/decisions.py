"""The decision record: what a run decided for each region, kept for the next one to score."""

import datetime as dt
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from kapkit.batch.record import RECORD_FILE, NotebookRecord, RunRecord, status_of
from kapkit.book.decisions import DECISIONS, decided, from_plain
from kapkit.report.decisions import DECISIONS_TYPE

FOLDER = "decisions"


@dataclass(frozen=True)
class Earlier:
    """The run before: its day, and where its decisions lie, a file a frame."""

    as_of: dt.date
    folder: Path

    def frames(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Read the frames of all regions, each with a ``region`` column."""
        for name in DECISIONS:
            if (path := self.folder / f"{name}.parquet").is_file():
                yield name, pd.read_parquet(path)


def keep_decisions(work: Path, record: RunRecord) -> None:
    """Write what a run decided: a Parquet file a frame, all regions that are ok.

    Parameters
    ----------
    work : Path
        The run's folder, with the executed notebooks that the record names. Its ``decisions``
        appear whole or not at all; older ones are replaced.
    record : RunRecord
        What became of each notebook.
    """
    well = [
        one
        for notebooks in record.by_region().values()
        if status_of(notebooks) == "ok"
        for one in notebooks
    ]
    parts: dict[str, list[pd.DataFrame]] = {"inputs": [_inputs(well)]}
    for one in well:
        for name, frame in _decisions(work / one.output):
            parts.setdefault(name, []).append(frame.assign(region=one.region))
    beside = work / f".{FOLDER}.new"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for name, frames in parts.items():
        whole = pd.concat(frames, ignore_index=True).astype({"region": "str"})
        whole.to_parquet(beside / f"{name}.parquet", index=False)
    shutil.rmtree(work / FOLDER, ignore_errors=True)
    beside.rename(work / FOLDER)


def earlier_run(work: Path, *, as_of: dt.date, book: str) -> Earlier | None:
    """Find the newest run of a book that came to its end and is of an earlier day.

    Parameters
    ----------
    work : Path
        Folder of the run about to start; those of other days lie beside it.
    as_of : date
        Its day.
    book : str
        Name of the book, as runs record it.
    """
    days = (path for path in work.parent.glob("*-*-*") if re.fullmatch(r"[\d-]{10}", path.name))
    for folder in sorted(days, reverse=True):
        if folder.name < str(as_of) and (folder / FOLDER).is_dir():
            record = _finished(folder / RECORD_FILE)
            if record and record.book == book and record.as_of < as_of:
                return Earlier(record.as_of, folder / FOLDER)
    return None


def _finished(path: Path) -> RunRecord | None:
    try:
        record = RunRecord.load(path)
    except (OSError, ValidationError):
        return None
    return record if record.finished else None


def _inputs(notebooks: Iterable[NotebookRecord]) -> pd.DataFrame:
    """Say what each result rested on."""
    known = list(notebooks)
    rows = pd.DataFrame([{"chapter": one.notebook, **one.inputs} for one in known])
    regions = pd.Series([one.region for one in known], dtype="str")
    return decided("inputs", rows).assign(region=regions)


def _decisions(path: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Read what an executed notebook decided; nothing where it cannot be read."""
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return
    outputs = (output for cell in cells for output in cell.get("outputs", ()))
    for output in outputs:
        for name, plain in output.get("data", {}).get(DECISIONS_TYPE, {}).items():
            if name in DECISIONS:
                yield name, from_plain(name, plain)
