"""The brief as PDF, printed by a browser where one is present."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from kapkit.batch.errors import RunError

#: Names a browser that is none of the usual ones.
VARIABLE = "KAPKIT_BROWSER"
_USUAL = ("chromium", "chromium-browser", "google-chrome", "microsoft-edge")
_SECONDS = 120


def find_browser() -> str | None:
    """Find a browser of the Chromium family: the one KAPKIT_BROWSER names, else a usual one."""
    return os.environ.get(VARIABLE) or next(filter(None, map(shutil.which, _USUAL)), None)


def needed_browser() -> str:
    """Find the browser that prints.

    Raises
    ------
    RunError
        If there is none.
    """
    browser = find_browser()
    if browser is None:
        raise RunError(
            f"--pdf: no browser prints here; install Chromium or name one in {VARIABLE}, "
            "or leave the option out"
        )
    return browser


def print_page(page: str, to: Path, *, browser: str) -> None:
    """Print a page as PDF on A4, with nothing loaded and no window opened.

    Raises
    ------
    RunError
        If the browser fails or takes longer than two minutes.
    """
    with TemporaryDirectory(prefix="kapkit-pdf-") as folder:
        source = Path(folder) / "page.html"
        source.write_text(page, encoding="utf-8")
        command = [
            *(browser, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"),
            *(("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()),
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={to.resolve()}",
            source.as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RunError(f"--pdf: {browser} did not print ({type(error).__name__})") from error
    if done.returncode or not to.exists():
        raise RunError(f"--pdf: {browser} did not print (exit code {done.returncode})")
