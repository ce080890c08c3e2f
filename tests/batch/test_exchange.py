"""A folder takes another's place: readers find the old one or the new one, never neither."""

import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from kapkit.batch import exchange
from kapkit.batch.exchange import swapped, take_place


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "index.html").write_text(text)
    return path


@pytest.mark.parametrize("can", [True, False])
def test_the_new_one_stands_and_the_old_one_is_gone(
    can: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can:
        monkeypatch.setattr(exchange, "swapped", lambda *_: False)
    site = tmp_path / "site"
    for text in ("one", "two"):
        take_place(folder(tmp_path / "new", text), site, old=tmp_path / "old")
        assert (site / "index.html").read_text() == text
        assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux exchanges in one step")
def test_a_reader_never_finds_neither(tmp_path: Path) -> None:
    one, other = folder(tmp_path / "one", "one"), folder(tmp_path / "other", "other")
    missing, done = [], Event()

    def read() -> None:
        while not done.is_set():
            if not one.exists():
                missing.append(1)

    reader = Thread(target=read)
    reader.start()
    try:
        assert all(swapped(one, other) for _ in range(2001))
    finally:
        done.set()
        reader.join()
    assert not missing
    assert (one / "index.html").read_text() == "other"


def test_what_is_not_there_cannot_be_swapped(tmp_path: Path) -> None:
    assert not swapped(tmp_path / "none", folder(tmp_path / "one", "one"))
