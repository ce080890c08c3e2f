"""kapkit.toml: which files make the book, and what their columns mean."""

import datetime as dt
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
)

from kapkit.book.calendar import CalendarSection, ClosedSection
from kapkit.book.effort import EffortSection
from kapkit.book.errors import DataError, listing
from kapkit.book.presets import Toml, needed_for, with_preset
from kapkit.book.schema import TABLES, kind_of

FILE_NAME = "kapkit.toml"
_REQUIRED = ("accounts", "sales")
_DATABASES = {".duckdb", ".ddb", ".db"}
POSTGRES, SPARK = "postgresql:", "spark:"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _is_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise ValueError(
            "not a known encoding; write utf-8, utf-16, cp1252, latin-1 or gb18030"
        ) from None
    return name


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BookSection(_Section):
    """What the book is called, its money, where its files are, and the system they come from."""

    name: str
    currency: str = ""
    source: str = "."
    as_of: dt.date | None = None
    preset: str | None = None
    language: Literal["en", "zh"] = "en"


class FormatSection(_Section):
    """How the files of one entry of [files] are written, under [formats.ENTRY].

    ``encoding`` of a CSV file, by Python's name (default: UTF-8, or UTF-16 where the file's
    byte-order mark says so); ``delimiter`` between its columns (default: the one that splits
    the first line most); ``skip`` the lines above its column names; ``sheet`` of a workbook
    (a pattern may name it too: ``"book.xlsx#Sheet"``).
    """

    encoding: Annotated[str, AfterValidator(_is_encoding)] | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    skip: int = Field(default=0, ge=0)
    sheet: str | None = None


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


class ClassesSection(_Section):
    """What evidence an account needs to change class; what is left out keeps its default.

    ``band`` is how far beyond a cut it must stand, as a share of the cut; ``missed_cost`` what
    missing a key account costs, in costs of a wrong one.
    """

    band: float | None = Field(default=None, ge=0, le=0.3)
    missed_cost: float | None = Field(default=None, gt=0)


class PlanSection(_Section):
    """Whether a run monitors the plan that the run before it wrote: ``last_run``.

    By default where the book has no table plan_actions; true: laid over that table too; false:
    never.
    """

    last_run: bool | None = None


class EngineSection(_Section):
    """What the engine may use: ``memory``, as "4GB" (default: most of it), and ``threads``."""

    memory: str | None = None
    threads: int | None = Field(default=None, ge=1)


class BookConfig(_Section):
    """A book's description: the content of its kapkit.toml, checked."""

    book: BookSection
    files: dict[str, Texts] = Field(default_factory=dict)
    formats: dict[str, FormatSection] = Field(default_factory=dict)
    views: dict[str, str] = Field(default_factory=dict)
    tables: dict[str, TableSection] = Field(default_factory=dict)
    regions: RegionSection = RegionSection()
    engine: EngineSection = EngineSection()
    calendar: CalendarSection = CalendarSection()
    effort: EffortSection = EffortSection()
    classes: ClassesSection = ClassesSection()
    plan: PlanSection = PlanSection()
    _written: Toml = PrivateAttr(default_factory=dict)

    def table(self, name: str) -> TableSection:
        """Give the section of a canonical table; an empty one where the toml has none."""
        return self.tables.get(name, TableSection())

    def relation(self, table: str) -> str | None:
        """Name the file or view that holds a canonical table; None where the book has none."""
        named = self.table(table).read
        if named is not None or table in self.tables:
            return named or table
        return table if table in {*self.files, *self.views} else None

    def needed(self, table: str) -> str:
        """Name the file or view that holds a canonical table.

        Raises
        ------
        DataError
            Where the book has none.
        """
        relation = self.relation(table)
        if relation is None:
            raise DataError(f'[files] has no file for {table}; add {table} = "..." to {FILE_NAME}')
        return relation

    def reader(self, relation: str) -> TableSection:
        """Give the section of the first table that reads a file, which says how it is written."""
        readers = (self.table(name) for name in TABLES if self.relation(name) == relation)
        return next(readers, TableSection())

    def with_relations(self, names: list[str], place: str) -> "BookConfig":
        """Put what a database holds in the place of [files], and fill in the preset from there.

        Raises
        ------
        DataError
            If it lacks a relation that the book reads.
        """
        files: dict[str, list[str]] = {name: [] for name in names}
        config = self.model_copy(update={"files": files})
        if self.book.preset:
            config = BookConfig.model_validate(with_preset({**self._written, "files": files}))
        if breaches := _relation_breaches(config):
            raise DataError(f"{place}: {'; '.join(breaches)} (it has {listing(sorted(names))})")
        return config


def is_database(source: str) -> bool:
    """Tell what holds tables by name (a DuckDB file, a server, Spark's catalog) from files."""
    served = source.startswith(POSTGRES) or source == SPARK
    return served or Path(source).suffix.lower() in _DATABASES


def read_config(path: Path, *, source: str | None = None) -> BookConfig:
    """Read and check a kapkit.toml; ``source`` stands in place of the one it names.

    What a database holds is not known here: its source checks that.

    Raises
    ------
    DataError
        With every breach of the file together, each with its place.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            f"{path.parent}: there is no {FILE_NAME}; kapkit init proposes one "
            "(see data/sample/kapkit.toml for a short one)"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not valid TOML: {error}") from None
    config, breaches = _validated(written, source)
    if config is None or breaches:
        raise DataError(_listed(path, breaches))
    config._written = written
    return config


def _validated(written: Toml, source: str | None) -> tuple[BookConfig | None, list[str]]:
    """Check the content of a kapkit.toml; what is wrong is left out to check the rest."""
    filled = with_preset(written)
    wrong: list[tuple[Any, ...]] = []
    breaches: list[str] = []
    try:
        config = BookConfig.model_validate(filled)
    except ValidationError as error:
        breaches = [_breach(item) for item in error.errors()]
        wrong = [item["loc"] for item in error.errors()]
        try:
            rest = _without(filled, wrong)
            named = {"name": "", **(rest.get("book") or {})}
            config = BookConfig.model_validate({**rest, "book": named})
        except ValidationError:
            return None, breaches
    breaches += _name_breaches(config)
    # A file or view whose entry is itself wrong is not missing.
    if not (
        is_database(source or config.book.source) or {"files", "views"} & {w[0] for w in wrong}
    ):
        breaches += _relation_breaches(config)
    return config, breaches


def _without(tree: Toml, places: list[tuple[Any, ...]]) -> Toml:
    """Copy a tree of settings without those at some places."""
    return {
        key: _without(value, [place[1:] for place in places if place[0] == key])
        if isinstance(value, dict)
        else value
        for key, value in tree.items()
        if not any(place[0] == key and _is_here(value, place[1:]) for place in places)
    }


def _is_here(value: object, rest: tuple[Any, ...]) -> bool:
    return not rest or not isinstance(value, dict) or rest[0] not in value


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
        "formats": FormatSection,
        "tables": TableSection,
        "regions": RegionSection,
        "engine": EngineSection,
        "effort": EffortSection,
        "classes": ClassesSection,
        "calendar": ClosedSection if "closed" in place else CalendarSection,
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
    return breaches + [
        f"formats.{name}: no file is called so{_meant(name, list(config.files))}"
        for name in config.formats
        if name not in config.files
    ]


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
            needs = needed_for(config.book.preset, name)
            breaches.append(f"files: no file or view for the {kind}table {name}{needs}")
    return breaches


def column_kinds(table: str) -> dict[str, str]:
    """Map the canonical columns of a table to their kind."""
    return {name: kind_of(column) for name, column in TABLES[table].columns.items()}
