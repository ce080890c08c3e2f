"""A folder of CSV, Parquet and Excel files, each entry of [files] a relation of the engine."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from kapkit.book.config import FILE_NAME, BookConfig, FormatSection
from kapkit.book.errors import DataError, listing
from kapkit.book.source import FILE, ROW
from kapkit.book.sources.duck_sql import explained, quoted, text_of
from kapkit.book.sources.excel import SUFFIXES, open_sheet, sheet_batches
from kapkit.book.sources.scratch import scratch_folder
from kapkit.book.sources.text import csv_scan


@dataclass(frozen=True)
class Found:
    """A file of an entry, with the sheet that its pattern names."""

    path: Path
    sheet: str | None = None

    @property
    def kind(self) -> str:
        """Tell how the file is read."""
        suffix = self.path.suffix.lower()
        if suffix in SUFFIXES:
            return "Excel"
        return "Parquet" if suffix == ".parquet" else "CSV"


class Folder:
    """Files below one folder."""

    def __init__(self, config: BookConfig, folder: Path) -> None:
        self.config = config
        self._folder = folder
        self._files = {name: self._found(name) for name in config.files}

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make each entry of [files] a relation."""
        for name, files in self._files.items():
            with explained("[files]"):
                self._create(connection, name, files)

    def fingerprint(self) -> str:
        """Hash the bytes of every file (BLAKE2b, 32 hex digits)."""
        return hash_files({file.path for files in self._files.values() for file in files})

    @cached_property
    def _copies(self) -> Path:
        """A folder for files written anew in UTF-8."""
        return scratch_folder(self)

    def _create(self, connection: duckdb.DuckDBPyConnection, name: str, files: list[Found]) -> None:
        form = self.config.formats.get(name, FormatSection())
        if files[0].kind == "Excel":
            opened = [
                open_sheet(
                    file.path, file.sheet or form.sheet, name=name, place=self._place(file.path)
                )
                for file in files
            ]
            rows = sheet_batches(opened, self.config.reader(name))
            connection.register("_sheets", rows)
            connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM _sheets")  # noqa: S608
            connection.unregister("_sheets")
            return
        parquet = files[0].kind == "Parquet"
        scan = (
            self._parquet([file.path for file in files])
            if parquet
            else " UNION ALL BY NAME ".join(self._csv(file.path, form) for file in files)
        )
        try:
            connection.execute(f"CREATE VIEW {quoted(name)} AS {scan}")
        except duckdb.Error:
            for file in files if parquet else []:
                _check_parquet(file.path, self._place(file.path))
            raise

    def _csv(self, path: Path, form: FormatSection) -> str:
        place = self._place(path)
        return csv_scan(path, place, form, lambda: self._copies / place)

    def _parquet(self, paths: list[Path]) -> str:
        files = "[" + ", ".join(text_of(str(path)) for path in paths) + "]"
        # Below the source, so that two deliveries of one name are told apart.
        file = f"substr({FILE}, {len(str(self._folder)) + 2})"
        return (
            f"SELECT * REPLACE ({file} AS {FILE}), file_row_number AS {ROW} "  # noqa: S608
            f"FROM read_parquet({files}, union_by_name=true, filename={text_of(FILE)})"
        )

    def _place(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()

    def _found(self, name: str) -> list[Found]:
        patterns = self.config.files[name]
        found = {pattern: _matches(self._folder, pattern) for pattern in patterns}
        if missing := [pattern for pattern, files in found.items() if not files]:
            raise DataError(
                f"[files] {name}: no file matches {listing(missing)} in {self._folder}; "
                f"name the folder with --source or under [book] source in {FILE_NAME}"
            )
        # A file that two patterns match is one delivery.
        files = list(dict.fromkeys(file for files in found.values() for file in files))
        kinds = {file.kind for file in files}
        if len(kinds) > 1:
            called = " and ".join(kind for kind in ("Parquet", "CSV", "Excel") if kind in kinds)
            raise DataError(
                f"[files] {name}: {called} files cannot be one table; give each kind a "
                f"name of its own and join them under [views] with UNION ALL BY NAME"
            )
        return files


def _check_parquet(path: Path, place: str) -> None:
    """Refuse a file whose end, where Parquet keeps its schema, is not there or broken."""
    try:
        pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        raise DataError(
            f"{place}: is no whole Parquet file (cut short or damaged?); export it again"
        ) from None


def hash_files(paths: set[Path]) -> str:
    """Hash the names and bytes of files, in the order of their paths."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(paths):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def _matches(folder: Path, pattern: str) -> list[Found]:
    if not pattern or Path(pattern).is_absolute():
        raise DataError(
            f"[files]: {pattern!r} is not a path below the source; "
            f"name the folder with --source or under [book] source in {FILE_NAME}"
        )
    glob, mark, sheet = pattern.rpartition("#")
    if not mark or Path(glob).suffix.lower() not in SUFFIXES:
        glob, sheet = pattern, ""
    return sorted(
        (Found(path, sheet or None) for path in folder.glob(glob) if path.is_file()),
        key=lambda file: file.path,
    )
