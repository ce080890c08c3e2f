"""Labels: how like a canonical column or table the name of a column or file is."""

import re
import tomllib
import unicodedata
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files

from kapkit.book.schema import TABLES

#: Labels of columns that no canonical column is made of, so that none is taken for them.
ASIDE = "aside"
_WEAKER, _MENTIONED, _ALIKE = 0.75, 0.8, 0.85
_HAN = re.compile(r"[\u4e00-\u9fff]")


@cache
def words(label: str) -> tuple[str, ...]:
    """Split a label into plain words: no case, accents, signs or compound names.

    >>> words("Straße_Nr."), words("CustomerID"), words("Währung")
    (('strasse', 'nr'), ('customer', 'id'), ('wahrung',))
    """
    parted = re.sub(r"(?<=[a-zß-ÿ0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", label)
    # Some letters of mathematics have a case only once they are taken apart.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", parted).casefold())
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return tuple(re.findall(r"[^\W_]+", kept))


def likeness(label: str, table: str, column: str) -> float:
    """Tell how like a canonical column a label is, from 0 to 1.

    >>> [round(likeness(label, "sales", "date"), 2) for label in ("Invoice Date", "Datum", "Color")]
    [1.0, 1.0, 0.0]
    """
    return _likeness(words(label)[:12], table, column)


def columns_of(table: str) -> list[str]:
    """Name the columns that a table may have, or that are set aside."""
    known = list(_labels().get(table, {})) if table == ASIDE else list(TABLES[table].columns)
    return [name for name in known if name]


@cache
def file_likeness(stem: str, table: str) -> float:
    """Tell how like the name of a table that of a file is, from 0 to 1."""
    named = words(stem)
    return max((_alike(named, known) for known, _ in _labels()[table].get("", ())), default=0.0)


@cache
def _likeness(label: tuple[str, ...], table: str, column: str) -> float:
    known = _labels()[table].get(column, ())
    return max((weight * _alike(label, synonym) for synonym, weight in known), default=0.0)


def _alike(label: tuple[str, ...], known: tuple[str, ...]) -> float:
    """Compare two labels: the same, the one within the other, or but for slips."""
    one, other = _joined(label), _joined(known)
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    if _HAN.search(other) and len(other) > 1 and other in one:
        return _MENTIONED
    if set(known) <= set(label) and len(other) > 2:
        return 0.45 + 0.45 * len(known) / len(label)
    # A slip is rarely in the first sign, nor makes a word much longer.
    if one[0] != other[0] or abs(len(one) - len(other)) > 2 or min(len(one), len(other)) < 5:
        return 0.0
    ratio = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return _ALIKE * ratio if ratio > 0.84 else 0.0


@cache
def _joined(label: tuple[str, ...]) -> str:
    """Join words; ae, oe and ue are ways to write umlauts."""
    return re.sub("([aou])e", r"\1", "".join(label))


@cache
def _labels() -> dict[str, dict[str, tuple[tuple[tuple[str, ...], float], ...]]]:
    text = files("kapkit.book.proposal").joinpath("labels.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)
    shared = written.pop("shared")
    known: dict[str, dict[str, tuple[tuple[tuple[str, ...], float], ...]]] = {}
    for table in (*TABLES, ASIDE):
        columns = columns_named(table)
        said = [(name, 1.0, [name.replace("_", " ")]) for name in columns]
        for section in (shared if table in TABLES else {}, written.get(table, {})):
            said += [_weighed(name, labels) for name, labels in section.items()]
        known[table] = {
            name: tuple(
                (words(one), weight) for at, weight, all_ in said if at == name for one in all_
            )
            for name in ({*columns, ""} if table != ASIDE else {at for at, _, _ in said})
        }
    return known


def columns_named(table: str) -> list[str]:
    """Name the schema's columns of a table; none for what is set aside."""
    return list(TABLES[table].columns) if table in TABLES else []


def _weighed(name: str, labels: list[str]) -> tuple[str, float, list[str]]:
    return (name[:-1], _WEAKER, labels) if name.endswith("~") else (name, 1.0, labels)
