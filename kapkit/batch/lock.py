"""One run at a time: a second one on the same folders is refused, or waits."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from kapkit.batch.errors import RunError

_GLANCE = 1.0  # seconds; `is_held` holds a lock for a moment, which is no run


@contextmanager
def only_run(*folders: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold folders for one run; the system lets go of them if the run dies.

    Parameters
    ----------
    folders : Path
        What the run writes; a lock file lies beside each.
    wait : float
        Seconds to wait for another run to end.

    Raises
    ------
    RunError
        If another run still holds one of them.
    """
    with ExitStack() as held:
        for folder in sorted(set(folders)):
            folder.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(lock_file(folder), timeout=max(wait, _GLANCE))
            try:
                held.enter_context(lock)
            except Timeout:
                raise RunError(
                    f"{folder}: another run is writing here; wait for its end (--wait SECONDS), "
                    "or choose other folders with --runs and --reports"
                ) from None
        yield


def is_held(folder: Path) -> bool:
    """Tell whether a run is writing a folder now."""
    if not lock_file(folder).exists():
        return False
    try:
        with FileLock(lock_file(folder), timeout=0):
            return False
    except Timeout:
        return True


def lock_file(folder: Path) -> Path:
    """Name the file that is locked while a folder is written."""
    return folder.with_name(f".{folder.name}.lock")
