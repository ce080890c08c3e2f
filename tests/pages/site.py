"""The golden notebooks as the folder of a run, so that pages need no kernel."""

import datetime as dt
import shutil
from pathlib import Path

from kapkit.batch.record import NotebookRecord, RunRecord
from tests.golden.__main__ import tasks


def golden_run(folder: Path) -> RunRecord:
    """Copy the goldens into a run's folder and give its record."""
    for task in tasks():
        shutil.copy(task.folder / task.output, folder / task.output)
    return RunRecord(
        book="Sample company",
        as_of=dt.date(2026, 6, 30),
        started=dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
        versions={},
        data="",
        package="",
        notebooks=tuple(
            NotebookRecord(
                region=task.region,
                notebook=task.template.stem,
                status="ok",
                parameters={},
                output=task.output,
            )
            for task in tasks()
        ),
    )
