"""Shared storage: partitions that every machine reads, notebooks that every machine writes."""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from kapkit.book.prepared import FACTS_FILE, FOR_ALL, HERE


@dataclass(frozen=True)
class Store:
    """A folder under a URL of fsspec: a path that all machines see, ``s3://bucket/folder``, ..."""

    url: str

    def put_prepared(self, prepared: Path, name: str) -> None:
        """Copy a run's partitions in.

        Parameters
        ----------
        prepared : Path
            Folder that `prepare` wrote.
        name : str
            What they are called there.
        """
        files, root = self._open()
        for path in sorted(prepared.rglob("*")):
            if path.is_file() and path.parent.name != "set_aside":
                self._put(files, path, f"{root}/{name}/{path.relative_to(prepared).as_posix()}")

    def get_prepared(self, name: str, regions: Sequence[str] | None, folder: Path) -> None:
        """Copy partitions out; the folder appears whole, and says which regions it holds.

        Parameters
        ----------
        name : str
            From `put_prepared`.
        regions : sequence of str or None
            Those to copy; None: all.
        folder : Path
            Where they appear.
        """
        if folder.exists():
            return
        beside = folder.with_name(f"{folder.name}.{uuid4().hex}")
        beside.mkdir(parents=True)
        files, root = self._open()
        whole = f"{root}/{name}"
        self._get_files(files, [whole, f"{whole}/{FOR_ALL}"], whole, beside)
        content = json.loads((beside / FACTS_FILE).read_text("utf-8"))
        slugs = content["regions"]
        wanted = list(slugs) if regions is None else list(regions)
        self._get_files(files, [f"{whole}/{slugs[one]}" for one in wanted], whole, beside)
        if regions is not None:
            text = json.dumps({**content, HERE: wanted}, ensure_ascii=False, indent=1)
            (beside / FACTS_FILE).write_text(text, "utf-8")
        try:
            beside.rename(folder)
        except OSError:  # another thread of this worker was first
            shutil.rmtree(beside, ignore_errors=True)

    def put(self, path: Path, name: str) -> None:
        """Copy a file in; it is replaced whole."""
        files, root = self._open()
        self._put(files, path, f"{root}/{name}")

    def get(self, name: str, path: Path) -> None:
        """Copy a file out; it appears whole."""
        files, root = self._open()
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            files.get_file(f"{root}/{name}", str(beside))
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a folder or file, if it is there."""
        files, root = self._open()
        if files.exists(f"{root}/{name}"):
            files.rm(f"{root}/{name}", recursive=True)

    def _open(self) -> tuple[Any, str]:
        """Give the file system and the root's path in it; what was listed before is forgotten."""
        import fsspec

        files, root = fsspec.core.url_to_fs(self.url)
        files.invalidate_cache()
        return files, root.rstrip("/")

    def _put(self, files: Any, path: Path, place: str) -> None:
        """Copy beside the place and rename where that is cheap; object stores replace whole."""
        files.makedirs(place.rpartition("/")[0], exist_ok=True)
        if "file" not in _protocols(files):
            files.put_file(str(path), place)
            return
        beside = f"{place}.{uuid4().hex}"
        files.put_file(str(path), beside)
        Path(beside).replace(place)

    def _get_files(self, files: Any, places: Iterable[str], root: str, folder: Path) -> None:
        """Copy the files that lie in some places, without what lies in their folders."""
        for place in places:
            if not files.isdir(place):
                continue  # a region without rows has no folder
            for found in files.ls(place, detail=True):
                if found["type"] != "file":
                    continue
                target = folder / found["name"][len(root) :].lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                files.get_file(found["name"], str(target))


def _protocols(files: Any) -> tuple[str, ...]:
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
