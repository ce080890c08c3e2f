import os
from collections.abc import Callable
from pathlib import Path

import pytest

# Two workers on two cores: a second thread of linear algebra only waits.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_BESIDE = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Find a public data set that is not in the repository; skip where it is not at hand."""

    def find(name: str) -> Path:
        folder = Path(os.environ.get("KAPKIT_SHARED_DATA", _BESIDE)) / name
        if not folder.is_dir():
            pytest.skip(f"{name} is not here; set KAPKIT_SHARED_DATA to the folder that holds it")
        return folder

    return find
