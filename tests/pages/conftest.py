"""The sample's site in a real browser: published from the golden notebooks, opened from disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from kapkit.batch.pdf import find_browser
from kapkit.batch.publish import publish
from tests.pages.site import golden_run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the browser once a worker; skip where there is none."""
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium here; install it or name one in KAPKIT_BROWSER")
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu"]
            )
        except Error as error:
            pytest.skip(f"{path} does not start: {error.message.splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the golden notebooks: two regions of the sample and the portfolio."""
    run = tmp_path_factory.mktemp("golden")
    folder = run / "site"
    publish(folder, run=run, record=golden_run(run), book="Sample company")
    return folder
