"""Room on disk for what does not fit in memory or must be written anew."""

import shutil
import tempfile
import weakref
from pathlib import Path


def scratch_folder(owner: object) -> Path:
    """Make a folder that goes when its owner does."""
    folder = tempfile.mkdtemp(prefix="kapkit-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
