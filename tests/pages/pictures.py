"""Take the README's pictures: ``python -m tests.pages.pictures SITE FOLDER`` (make pictures)."""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from kapkit.batch.pdf import needed_browser
from kapkit.book.slug import slug

WIDTH = 1180


def take(site: Path, folder: Path, *, region: str = "North") -> None:
    """Photograph the portfolio, a brief and a chapter."""
    page_of_region = site / slug(region) / "index.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=needed_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 1000}, device_scale_factor=1)
        page.goto((site / "index.html").as_uri())
        _save(page, folder / "portfolio.png", height=1150)
        page.goto(page_of_region.as_uri())
        _save(page, folder / "brief.png", height=1500)
        page.goto(f"{page_of_region.as_uri()}#classification")
        _save(page, folder / "chapter.png", height=1500, start="#classification")
        browser.close()


def _save(page: Page, path: Path, *, height: int, start: str = "body") -> None:
    box = page.locator(start).bounding_box() or {"y": 0.0}
    top = box["y"] + page.evaluate("scrollY")
    clip = {"x": 0, "y": top, "width": WIDTH, "height": height}
    page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]


if __name__ == "__main__":
    take(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
