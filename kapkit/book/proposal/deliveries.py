"""Deliveries: the files that hold one table, as sales_2024.csv and sales_2025.csv do."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from glob import escape
from pathlib import Path
from posixpath import commonprefix

from kapkit.book.proposal.exports import TEXTS, Export, Form
from kapkit.book.proposal.labels import words
from kapkit.book.proposal.profile import Column
from kapkit.book.sources.excel import SUFFIXES

#: Files with so many equal column names hold one table, whatever they are called.
_TELLING, _LOOKED = 4, 5
#: Files of one name may have gained or lost some columns.
_ALIKE = 0.7


@dataclass(frozen=True)
class Delivery:
    """Files of one table: the pattern that finds them, how they are written, what they hold.

    ``sql`` and ``parts`` are those of lines that are read together with their heads.
    """

    name: str
    patterns: tuple[str, ...]
    exports: tuple[Export, ...] = field(repr=False)
    sql: str = ""
    parts: tuple["Delivery", ...] = ()

    @property
    def form(self) -> Form:
        """How the files are written."""
        return self.exports[0].form

    @property
    def stem(self) -> str:
        """The name of the first file, or of its sheet where that says more."""
        path = Path(self.exports[0].path)
        alone = self.form.sheet and not re.fullmatch(
            r"(?i)(sheet|tabelle|feuil|hoja)\W*\d*", self.form.sheet
        )
        return str(self.form.sheet) if alone else path.stem

    @property
    def place(self) -> str:
        """Name the files in a sentence."""
        if self.parts:
            return " with ".join(part.place for part in self.parts)
        first = self.exports[0].place
        return (
            first
            if len(self.exports) == 1
            else f"{', '.join(self.patterns)} ({len(self.exports)} files)"
        )

    @property
    def whole(self) -> bool:
        """Whether every row was looked at."""
        return all(export.whole for export in self.exports) and len(self.exports) <= _LOOKED

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns, with values from a few of the files."""
        plain = [self._column(name) for name in self._names()]
        shown = {column.number.decimal for column in plain if column.number}
        if "," not in shown:
            return tuple(plain)
        return tuple(Column(one.name, one.type, one.cells, ",") for one in plain)

    def column(self, name: str) -> Column:
        """Give a column by its name."""
        return next(column for column in self.columns if column.name == name)

    def _names(self) -> list[str]:
        return list(dict.fromkeys(name for export in self.exports for name in export.columns))

    def _column(self, name: str) -> Column:
        step = max(1, len(self.exports) // _LOOKED)
        chosen = [one for one in self.exports[::step] if name in one.columns]
        chosen = chosen or [one for one in self.exports if name in one.columns]
        types, cells = set(), []
        for export in chosen:
            place = export.columns.index(name)
            types.add(export.types[place])
            cells += [row[place] for row in export.rows]
        return Column(name, types.pop() if len(types) == 1 else "text", tuple(cells))


def deliveries(folder: Path, exports: Sequence[Export]) -> list[Delivery]:
    """Put the files of one table together and name each table's pattern."""
    families: list[list[Export]] = []
    for export in exports:
        family = next((one for one in families if _together(one[0], export)), None)
        families.append([export]) if family is None else family.append(export)
    names: list[str] = []
    made = []
    for members in families:
        names.append(_own(_plain(members), names))
        made.append(Delivery(names[-1], _patterns(folder, members), tuple(members)))
    return made


def _together(one: Export, other: Export) -> bool:
    """Tell whether two files hold one table: written the same way, with columns that say so."""
    if _written(one) != _written(other):
        return False
    left, right = ({name.casefold() for name in export.columns} for export in (one, other))
    if left == right and len(left) >= _TELLING:
        return True
    named = words(_undated(Path(one.path).stem)) == words(_undated(Path(other.path).stem))
    sheets = one.form.sheet == other.form.sheet
    return named and sheets and len(left & right) >= _ALIKE * len(left | right)


def _written(export: Export) -> tuple[object, ...]:
    suffix = Path(export.path).suffix.lower()
    kind = "text" if suffix in TEXTS else "sheet" if suffix in SUFFIXES else suffix
    return kind, export.form.encoding, export.form.delimiter, export.form.skip


def _undated(stem: str) -> str:
    return re.sub(r"[\W_]*\d[\d\W_]*", " ", stem).strip() or stem


def _plain(members: Sequence[Export]) -> str:
    """Name a table after its first file or sheet, in signs that need no quotes."""
    first = members[0]
    stem = Path(first.path).stem
    if first.form.sheet:
        stem = first.form.sheet
    stem = _undated(stem) if len(members) > 1 else stem
    return re.sub(r"[^\w-]+", "_", stem).strip("_") or "export"


def _own(name: str, taken: Iterable[str]) -> str:
    known, again = {one.casefold() for one in taken}, 1
    own = name
    while own.casefold() in known:
        again += 1
        own = f"{name}_{again}"
    return own


def _patterns(folder: Path, members: Sequence[Export]) -> tuple[str, ...]:
    """Write the shortest pattern that finds exactly these files, else name each."""
    paths = [member.path for member in members]
    if members[0].form.sheet:
        return tuple(_of_sheet(member) for member in members)
    if len(paths) > 1:
        before = commonprefix(paths)
        after = commonprefix([path[len(before) :][::-1] for path in paths])[::-1]
        pattern = f"{escape(before)}*{escape(after)}"
        matched = {
            path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()
        }
        if matched == set(paths):
            return (pattern,)
    return tuple(escape(path) for path in paths)


def _of_sheet(member: Export) -> str:
    sheet = str(member.form.sheet)
    return escape(member.path) if "#" in sheet else f"{escape(member.path)}#{sheet}"
