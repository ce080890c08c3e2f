"""The proposal: what kapkit.toml could say of a folder of exports, and what it cannot."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kapkit.book.book import read_book
from kapkit.book.config import FILE_NAME
from kapkit.book.errors import DataError, listing
from kapkit.book.proposal.deliveries import deliveries
from kapkit.book.proposal.draft import toml_text, write_draft
from kapkit.book.proposal.exports import Export, Unread, found
from kapkit.book.proposal.labels import likeness
from kapkit.book.proposal.plan import plan
from kapkit.book.proposal.systems import System, recognised
from kapkit.book.proposal.table_draft import Plan


@dataclass(frozen=True)
class Proposal:
    """A draft of kapkit.toml with what it rests on.

    ``placed`` says per table which file it is and why; ``unplaced`` which files are none;
    ``columns`` which columns of placed files have no place; ``questions`` what the files do not
    tell; ``refusal`` why kapkit check would not run, if it would not.
    """

    toml: str
    placed: tuple[str, ...]
    unplaced: tuple[Unread, ...]
    columns: tuple[str, ...]
    questions: tuple[str, ...]
    refusal: str | None

    def report(self) -> Iterator[str]:
        """Say line by line what was placed, what was not, and what is left to decide."""
        yield from self.placed
        yield from (f"not placed: {one.place}: {one.reason}" for one in self.unplaced)
        yield from (f"columns not placed: {line}" for line in self.columns)
        yield from (f"to decide: {question}" for question in self.questions)
        if self.refusal:
            yield f"kapkit check cannot run yet: {self.refusal}"
        else:
            yield "kapkit check can run on this draft."


def save(proposal: Proposal, folder: Path, output: Path | None = None) -> Path:
    """Write a proposal's kapkit.toml beside the exports, or elsewhere, where none is yet.

    Raises
    ------
    DataError
        If the file is there already, or cannot be written.
    """
    path = output or folder
    path = path / FILE_NAME if path.is_dir() else path
    toml = proposal.toml
    if path.parent.resolve() != folder.resolve():
        toml = toml.replace(
            "\n[files]", f"\nsource = {toml_text(str(folder.resolve()))}\n[files]", 1
        )
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(toml)
    except FileExistsError:
        raise DataError(
            f"{path} is there already and is left as it is; write the draft elsewhere with "
            "--output, or see it with --print"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from None
    return path


def propose(folder: Path) -> Proposal:
    """Look at a folder of exports and propose its kapkit.toml.

    Some thousands of rows a file are looked at. The draft is tried as ``kapkit check`` would
    open it.

    Raises
    ------
    DataError
        If the folder is not there or holds no table.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; name the one that holds the exports")
    exports, unread = found(folder)
    exports, empty = _told_apart(exports)
    if not exports:
        said = listing([f"{one.place} {one.reason}" for one in [*unread, *empty]])
        raise DataError(
            f"{folder}: no table to read{f' ({said})' if said else ''}; put the exports there"
        )
    delivered = deliveries(folder, exports)
    system = recognised(delivered)
    known = set(map(id, system.exports.values())) if system else set()
    made = plan([one for one in delivered if id(one) not in known], system.tables if system else ())
    made.left += [*empty, *unread]
    toml = write_draft(folder.resolve().name or "book", _currency(made), made, system, delivered)
    refusal = _refusal(toml, folder)
    return Proposal(
        toml,
        (*_of_system(system), *_placed(made)),
        tuple(made.left),
        tuple(f"{d.first.place}: {', '.join(d.unplaced)}" for d in made.tables if d.unplaced),
        tuple(made.questions),
        refusal,
    )


def _told_apart(exports: Sequence[Export]) -> tuple[list[Export], list[Unread]]:
    """Part the exports that hold rows from those that are only column names."""
    full = [one for one in exports if one.columns and one.rows]
    rest = [one for one in exports if not (one.columns and one.rows)]
    return full, [Unread(one.place, "has no rows") for one in rest]


def _of_system(system: System | None) -> list[str]:
    if system is None:
        return []
    said = [
        f"{one.place} → {name} of {system.preset}: {system.reasons[name]}"
        for name, one in system.exports.items()
    ]
    return [*said, f"preset {system.preset} makes {', '.join(system.tables)} of these"]


def _placed(made: Plan) -> list[str]:
    return [
        f"{' and '.join(one.place for one in draft.sources)} → {draft.table}: {draft.reason}"
        for draft in made.tables
    ]


def _currency(made: Plan) -> str:
    """Name the currency where a column of the sales says one and only one."""
    sales = next((draft for draft in made.tables if draft.table == "sales"), None)
    for column in sales.first.columns if sales else ():
        if likeness(column.name, "aside", "currency") >= 0.9 and column.type == "text":
            codes = sorted(column.distinct)
            if len(codes) == 1 and len(codes[0]) == 3:
                return codes[0].upper()
            if len(codes) > 1:
                made.questions.append(
                    f"amounts are in several currencies ({listing(codes)}): convert them first"
                )
    return ""


def _refusal(toml: str, folder: Path) -> str | None:
    """Open the book as kapkit check would, up to its last day; None where that works."""
    with tempfile.TemporaryDirectory(prefix="kapkit-") as place:
        (Path(place) / FILE_NAME).write_text(toml, encoding="utf-8")
        try:
            book = read_book(Path(place), source=folder.resolve())
            for table in book.config.tables:
                book.source.table(table)
            book.at()
        except DataError as error:
            return str(error).replace(str(Path(place) / FILE_NAME), FILE_NAME)
    return None
