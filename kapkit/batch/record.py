"""The record of a run: what became of each notebook of each region."""

import hashlib
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from kapkit.batch.notebooks import check_parameters

Status = Literal["ok", "failed", "timeout", "dead kernel", "not started"]

#: Its name in the folder of the run.
RECORD_FILE = "record.json"

_PACKAGE = Path(__file__).parents[1]
_DEPENDENCIES = ("kapkit", "papermill", "nbclient", "ipykernel", "pandas", "narwhals", "duckdb")


class NotebookRecord(BaseModel):
    """What became of one notebook of one region (``None``: of the portfolio).

    ``cell`` counts from 0 in the executed notebook, ``heading`` is the last one above it,
    ``seconds`` run on the wall, ``output`` is relative to the run's folder. ``why`` says why it
    was run and ``ran`` when, which is before the run began where the result of an earlier one
    still stands. ``inputs`` are the digests of what the result rests on, ``digest`` that of the
    saved notebook.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    region: str | None
    notebook: str
    status: Status = "not started"
    heading: str | None = None
    cell: int | None = None
    error: str | None = None
    traceback: tuple[str, ...] = ()
    seconds: float = 0.0
    why: str | None = None
    ran: AwareDatetime | None = None
    inputs: dict[str, str] = {}
    digest: str | None = None
    parameters: dict[str, JsonValue]
    output: str

    @property
    def key(self) -> tuple[str | None, str]:
        """What it is known by within a run."""
        return self.region, self.notebook


@dataclass(frozen=True)
class NotebookTask:
    """One notebook to run: for which region (``None``: the portfolio), and with what.

    ``output`` is relative to the run's ``folder``. Parameters that are paths are absolute,
    because the kernel works in the folder of the output.
    """

    region: str | None
    template: Path
    parameters: Mapping[str, object]
    folder: Path
    output: str
    why: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)

    def record(self, **found: Any) -> NotebookRecord:
        """Enter the task in the run record, not started unless ``found`` says more.

        Raises
        ------
        DataError
            If the template does not take these parameters.
        """
        return NotebookRecord(
            region=self.region,
            notebook=self.template.stem,
            parameters=check_parameters(self.template, self.parameters),
            output=self.output,
            why=self.why,
            inputs=dict(self.inputs),
            **found,
        )


class RunRecord(BaseModel):
    """What a run was made of, and what became of it so far.

    ``data`` and ``package`` are fingerprints: the same two, parameters and templates
    give the same pages.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    book: str
    as_of: date
    started: AwareDatetime
    finished: AwareDatetime | None = None
    versions: dict[str, str]
    data: str
    package: str
    language: str = "en"
    notebooks: tuple[NotebookRecord, ...]

    def updated(self, result: NotebookRecord) -> Self:
        """Put a notebook's result in the place of what was known of it."""
        notebooks = (result if one.key == result.key else one for one in self.notebooks)
        return self.model_copy(update={"notebooks": tuple(notebooks)})

    def ended(self, at: AwareDatetime) -> Self:
        """Close the record."""
        return self.model_copy(update={"finished": at})

    def by_region(self) -> dict[str | None, list[NotebookRecord]]:
        """Give the notebooks of each region, in order."""
        found: dict[str | None, list[NotebookRecord]] = {}
        for one in self.notebooks:
            found.setdefault(one.region, []).append(one)
        return found

    def status(self, region: str | None) -> Status:
        """Say how a region is: ok only if all its notebooks are, else as its first bad one."""
        return status_of([one for one in self.notebooks if one.region == region])

    def save(self, path: Path) -> None:
        """Write the record as JSON; a reader sees the old one or the new one, never a part."""
        write_whole(path, self.model_dump_json(indent=1))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a record back, equal to the one saved."""
        return cls.model_validate_json(path.read_bytes())


def status_of(notebooks: Sequence[NotebookRecord]) -> Status:
    """Say how a region with these notebooks is."""
    bad = (one.status for one in notebooks if one.status != "ok")
    return next(bad, "ok" if notebooks else "not started")


def write_whole(path: Path, text: str) -> None:
    """Write a file that appears complete or not at all: beside its place, then renamed."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def digest_file(path: Path) -> str:
    """Hash a file's bytes (SHA-256, its first 32 hex digits)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def versions() -> dict[str, str]:
    """Name what computed a run: Python and the packages that its numbers depend on."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _DEPENDENCIES}


def package_fingerprint() -> str:
    """Give the SHA-256 of the package's own files; any edit changes it."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(_PACKAGE).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
