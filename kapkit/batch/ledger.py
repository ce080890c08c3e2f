"""The record of a run on its way: what is known is on disk, at little cost however large."""

import time
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock, Timer

from kapkit.batch.record import NotebookRecord, RunRecord

_REST = 9  # times the duration of a save; so writing takes at most a tenth of the run


class Ledger:
    """Takes results as they come and keeps the record's file up to date."""

    def __init__(self, record: RunRecord, path: Path) -> None:
        self._record = record
        self._path = path
        self._results = {one.key: one for one in record.notebooks}
        self._lock = RLock()
        self._timer: Timer | None = None
        self._rested = 0.0
        self._save()

    @property
    def record(self) -> RunRecord:
        """The record as of now."""
        with self._lock:
            return self._record.model_copy(update={"notebooks": tuple(self._results.values())})

    def tell(self, result: NotebookRecord) -> None:
        """Enter a result; it is on disk at once, or as soon as the last save has been rested."""
        with self._lock:
            self._results[result.key] = result
            wait = self._rested - time.monotonic()
            if wait <= 0:
                self._save()
            elif self._timer is None:
                self._timer = Timer(wait, self._save)
                self._timer.daemon = True
                self._timer.start()

    def close(self, *, finished: bool) -> RunRecord:
        """Write what is left; say when the run ended, if it came to its end."""
        with self._lock:
            if finished:
                self._record = self._record.ended(datetime.now(UTC))
            self._save()
            return self.record

    def _save(self) -> None:
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None
            began = time.monotonic()
            self.record.save(self._path)
            self._rested = time.monotonic() + _REST * (time.monotonic() - began)
