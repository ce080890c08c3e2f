"""What DuckDB's binding says of itself when a process ends is kept off the screen."""

import atexit
import os
import sys
from pathlib import Path


def hush_at_exit() -> None:
    """Close the ears at the very end, after everything else had its say."""
    atexit.register(_hush)


def _hush() -> None:
    sys.stderr.flush()
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
