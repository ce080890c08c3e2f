"""kapkit.toml: which files make the book, and what their columns mean."""

import datetime as dt
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kapkit.book.errors import DataError
from kapkit.book.schema import TABLES, kind_of

FILE_NAME = "kapkit.toml"
_REQUIRED = ("accounts", "sales")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BookSection(_Section):
    """What the book is called, its money, and where its files are."""

    name: str
    currency: str = ""
    source: Path = Path()
    as_of: dt.date | None = None


class TableSection(_Section):
    """How one canonical table is read.

    ``read`` names a file or view (default: the one called like the table); ``columns`` maps
    canonical names to the source's; ``dates`` are the formats of its days; ``set_aside`` maps
    a reason to an SQL condition on the source's columns; ``duplicates`` says what happens to
    lines that are equal in every column of the same file.
    """

    read: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    dates: Texts = ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S"]
    decimal: Literal[".", ","] = "."
    duplicates: Literal["set aside", "keep"] = "set aside"
    set_aside: dict[str, str] = Field(default_factory=dict)


class RegionSection(_Section):
    """Rules for regions: a name for accounts that have none."""

    unassigned: str | None = None


class BookConfig(_Section):
    """A book's description: the content of its kapkit.toml, checked."""

    book: BookSection
    files: dict[str, Texts] = Field(default_factory=dict)
    views: dict[str, str] = Field(default_factory=dict)
    tables: dict[str, TableSection] = Field(default_factory=dict)
    regions: RegionSection = RegionSection()

    def table(self, name: str) -> TableSection:
        """Give the section of a canonical table; an empty one where the toml has none."""
        return self.tables.get(name, TableSection())

    def relation(self, table: str) -> str | None:
        """Name the file or view that holds a canonical table; None where the book has none."""
        named = self.table(table).read
        if named is not None or table in self.tables:
            return named or table
        return table if table in {*self.files, *self.views} else None


def read_config(path: Path) -> BookConfig:
    """Read and check a kapkit.toml.

    Raises
    ------
    DataError
        With every breach of the file together, each with its place.
    """
    try:
        config = BookConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{path.parent}: there is no {FILE_NAME}; write one that names the book's files "
            "(see data/sample/kapkit.toml for a short one)"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not valid TOML: {error}") from None
    except ValidationError as error:
        raise DataError(_listed(path, [_breach(item) for item in error.errors()])) from None
    if breaches := _name_breaches(config):
        raise DataError(_listed(path, breaches))
    return config


def _listed(path: Path, breaches: list[str]) -> str:
    return "\n".join([f"{path}: {len(breaches)} to mend", *(f"  {line}" for line in breaches)])


def _breach(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"])
    if item["type"] != "extra_forbidden":
        return f"{place}: {item['msg'].lower()}"
    return f"{place}: unknown setting{_meant(str(item['loc'][-1]), _settings(item['loc']))}"


def _settings(place: tuple[Any, ...]) -> list[str]:
    """Name the settings that are known where an unknown one was found."""
    section: type[BaseModel] = BookConfig
    sections: dict[str, type[BaseModel]] = {
        "book": BookSection,
        "tables": TableSection,
        "regions": RegionSection,
    }
    if len(place) > 1:
        section = sections.get(str(place[0]), BookConfig)
    return list(section.model_fields)


def _meant(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"


def _name_breaches(config: BookConfig) -> list[str]:
    breaches = [
        f"tables.{name}: unknown table{_meant(name, list(TABLES))}"
        for name in config.tables
        if name not in TABLES
    ]
    for name, section in config.tables.items():
        known = list(TABLES[name].columns) if name in TABLES else list(section.columns)
        # Columns the schema does not know are features of accounts; elsewhere they are slips.
        if name != "accounts":
            breaches += [
                f"tables.{name}.columns.{column}: unknown column{_meant(column, known)}"
                for column in section.columns
                if column not in known
            ]
    return breaches + _relation_breaches(config)


def _relation_breaches(config: BookConfig) -> list[str]:
    known = [*config.files, *config.views]
    breaches = []
    for name in dict.fromkeys((*_REQUIRED, *config.tables)):
        read = config.table(name).read
        if name not in TABLES or (read or name) in known:
            continue
        if read:
            called = f"no file or view is called {read}{_meant(read, known)}"
            breaches.append(f"tables.{name}.read: {called}")
        else:
            kind = "required " if name in _REQUIRED else ""
            breaches.append(f"files: no file or view for the {kind}table {name}")
    return breaches


def column_kinds(table: str) -> dict[str, str]:
    """Map the canonical columns of a table to their kind."""
    return {name: kind_of(column) for name, column in TABLES[table].columns.items()}
