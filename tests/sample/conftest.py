from pathlib import Path

import pytest

from kapkit.sample import Company, simulate, write


@pytest.fixture(scope="session")
def company() -> Company:
    return simulate()


@pytest.fixture(scope="session")
def large() -> Company:
    return simulate(accounts=2500, seed=5, dirt=False)


@pytest.fixture(scope="session")
def small() -> Company:
    return simulate(accounts=400, seed=5, dirt=False)


@pytest.fixture(params=["small", pytest.param("large", marks=pytest.mark.slow)])
def clean(request: pytest.FixtureRequest) -> Company:
    """A company without dirt, at two sizes."""
    company: Company = request.getfixturevalue(request.param)
    return company


@pytest.fixture(scope="session")
def folder(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("sample")
    write(company, written)
    return written
