"""Presets: what the standard exports of a CRM or ERP mean, filled in below the user's own toml."""

import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from kapkit.book.errors import DataError

#: The content of a kapkit.toml, or of a part of it, before it is checked.
Toml = dict[str, Any]

PRESETS = ("dynamics", "hubspot", "salesforce", "sap")


def with_preset(toml: Toml) -> Toml:
    """Fill a kapkit.toml that names a preset with the preset's views and tables.

    A table is filled in where the exports it needs are among the files or views; where the
    user's own sections say something too, theirs wins, setting by setting.

    Parameters
    ----------
    toml : dict
        The content of a kapkit.toml, as tomllib reads it.

    Returns
    -------
    dict
        The same, filled in; unchanged where it names no preset.

    Raises
    ------
    DataError
        If no preset has that name.
    """
    book = toml.get("book")
    name = book.get("preset") if isinstance(book, dict) else None
    given = [toml.get(part, {}) for part in ("files", "views", "tables")]
    if not isinstance(name, str) or not all(isinstance(part, dict) for part in given):
        return toml
    return _filled(toml, read_preset(name))


def read_preset(name: str) -> Toml:
    """Read a preset by its name.

    >>> sorted(read_preset("sap")["optional"])[:2]
    ['KNA1', 'KNVV']
    """
    if name not in PRESETS:
        near = get_close_matches(name, PRESETS, n=1)
        meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(PRESETS)}"
        raise DataError(f"book.preset: there is no preset {name}; {meant}")
    text = files("kapkit.book.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def needed_for(preset: str | None, table: str) -> str:
    """Say which exports a preset makes a table of, to end a sentence; nothing without a preset.

    >>> needed_for("sap", "sales")
    '; preset sap needs VBRK and VBRP for it'
    """
    parts = read_preset(preset)["parts"] if preset else []
    ways = [" and ".join(_needs(part)) for part in parts if part.get("table") == table]
    return f"; preset {preset} needs {', or '.join(ways)} for it" if ways else ""


def _needs(part: Toml) -> list[str]:
    either = part.get("either", [])
    return [*part.get("needs", []), *([" or ".join(either)] if either else [])]


def offers(preset: Toml, delivered: Iterable[str]) -> list[str]:
    """Name the tables a preset can make of some exports, in its own order."""
    return [part["table"] for part in _parts(preset, set(delivered)) if "table" in part]


def _filled(toml: Toml, preset: Toml) -> Toml:
    own_views, own_tables = toml.get("views", {}), toml.get("tables", {})
    delivered = _spelt(preset, {*toml.get("files", {}), *own_views})
    parts = [part for part in _parts(preset, delivered) if not _replaced(part, toml)]
    made = {part["view"]: part["query"] for part in parts}
    sections = {part["table"]: _section(part) for part in parts if "table" in part}
    # A view the user calls like an export stands in for it, so it must be there first.
    known = {name.lower() for name in preset["optional"]}
    instead = {name: own_views[name] for name in own_views if name.lower() in known}
    views = instead | dict(_exports(preset, delivered)) | made | own_views
    return {**toml, "views": views, "tables": _merged(sections, own_tables)}


def _spelt(preset: Toml, delivered: set[str]) -> set[str]:
    """Spell exports as their system does: a database may hold them in lower case."""
    known = {name.lower(): name for name in preset["optional"]}
    return {known.get(name.lower(), name) for name in delivered}


def _parts(preset: Toml, delivered: set[str]) -> Iterator[Toml]:
    """Give the parts whose exports are there; of several for one table, the first."""
    done: set[str] = set()
    for part in preset["parts"]:
        needs, either = part.get("needs", []), part.get("either", [])
        there = delivered.issuperset(needs) and (not either or delivered.intersection(either))
        if there and part["view"] not in done:
            done.add(part["view"])
            yield part


def _replaced(part: Toml, toml: Toml) -> bool:
    """Tell whether the user reads the table from elsewhere."""
    table = part.get("table")
    section = toml.get("tables", {}).get(table, {})
    elsewhere = isinstance(section, dict) and "read" in section
    return table is not None and (elsewhere or table in {**toml.get("files", {})})


def _section(part: Toml) -> Toml:
    return {key: value for key, value in part.items() if key in _SETTINGS}


_SETTINGS = ("columns", "dates", "decimal", "duplicates", "set_aside")


def _exports(preset: Toml, delivered: set[str]) -> Iterator[tuple[str, str]]:
    """Give each export with the columns it may lack, and one row a key for look-ups.

    An export that was not delivered is empty, so that what only enriches may be missing.
    """
    for name, optional in preset["optional"].items():
        # The queries are the preset's own; only its names are put in.
        if name in delivered:
            lacking = ", ".join(f'NULL AS "{column}"' for column in [*optional, "_file", "_row"])
            all_ = f'SELECT * FROM "{name}" UNION ALL BY NAME SELECT {lacking} WHERE false'  # noqa: S608
            # A database's rows may have no place.
            place = f"coalesce(_file, '{name}') AS _file, coalesce(_row, 0) AS _row"
            padded = f"SELECT * EXCLUDE (_file, _row), {place} FROM ({all_})"  # noqa: S608
        else:
            lacking = ", ".join(f'NULL::VARCHAR AS "{column}"' for column in optional)
            padded = f"SELECT {lacking}, NULL::VARCHAR AS _file, 0 AS _row WHERE false"
        yield f"{name}_export", padded
        key = preset["keys"].get(name)
        if key and (name in delivered or key in optional):
            latest = f'PARTITION BY "{key}" ORDER BY _file DESC, _row DESC'
            one = f'"{name}_export" QUALIFY row_number() OVER ({latest}) = 1'
            yield f"{name}_latest", f"SELECT * FROM {one}"  # noqa: S608


def _merged(below: Toml, above: Toml) -> Toml:
    """Lay one tree of settings over another; lists and values are replaced whole."""
    both = {key: below[key] for key in below if key not in above}
    for key, value in above.items():
        under = below.get(key)
        trees = isinstance(under, dict) and isinstance(value, dict)
        both[key] = _merged(under or {}, value) if trees else value
    return both
