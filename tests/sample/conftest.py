from pathlib import Path

import pytest

from kapkit.sample import Company, simulate, write


@pytest.fixture(scope="session")
def company() -> Company:
    return simulate()


@pytest.fixture(scope="session")
def folder(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("sample")
    write(company, written)
    return written
