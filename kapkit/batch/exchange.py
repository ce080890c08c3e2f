"""Put a folder in the place of another, in one step where the system can."""

import ctypes
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


def take_place(new: Path, place: Path, *, old: Path) -> None:
    """Put ``new`` at ``place``; what was there before goes to ``old`` and is removed.

    On Linux the two change places in one step, so that a reader finds the one or the other at any
    moment. Elsewhere, and on file systems that cannot, there are two renames, between which
    ``place`` does not exist for an instant; the old one is put back if the new one cannot come.

    Parameters
    ----------
    new : Path
        Complete folder, on the file system of ``place``.
    place : Path
        Where it shall be; need not exist.
    old : Path
        A free name beside it.
    """
    shutil.rmtree(old, ignore_errors=True)
    if not place.exists():
        new.rename(place)
        return
    if swapped(new, place):
        with suppress(OSError):
            new.rename(old)
    else:
        place.rename(old)
        try:
            new.rename(place)
        except OSError:
            old.rename(place)
            raise
    shutil.rmtree(old, ignore_errors=True)


def swapped(one: Path, other: Path) -> bool:
    """Let two paths change places at once; say whether the system could."""
    rename = getattr(_libc(), "renameat2", None) if sys.platform == "linux" else None
    if rename is None:
        return False
    paths = os.fsencode(one), os.fsencode(other)
    return bool(rename(_HERE, paths[0], _HERE, paths[1], _EXCHANGE) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
