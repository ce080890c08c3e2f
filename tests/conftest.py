import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from kapkit.batch.prepare import prepare
from kapkit.book.book import read_book
from kapkit.book.prepared import is_prepared

# Two workers on two cores: a second thread of linear algebra only waits.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Little data: Spark compiles less and starts fewer tasks than it does by default.
os.environ.setdefault("SPARK_CONF_DIR", str(Path(__file__).parent / "spark"))

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
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


@pytest.fixture(scope="session")
def prepared_sample(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    """Prepare the sample once for all workers: for reading only."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    folder = shared / "sample" / "prepared"
    with FileLock(shared / "sample.lock"):
        if not is_prepared(folder):
            prepare(read_book(SAMPLE).at(), folder)
    return folder
