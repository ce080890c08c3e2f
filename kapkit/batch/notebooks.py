"""The notebook templates and their parameters, read without starting a kernel."""

import ast
import datetime as dt
import difflib
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
from pydantic import JsonValue

from kapkit.book.errors import DataError
from kapkit.classification.abc import Cuts
from kapkit.cultivation.workdays import working_days

_INSTALLED = Path(__file__).parents[1] / "notebooks"
_REPOSITORY = Path(__file__).parents[2] / "notebooks"
_ANY_DAY, _MOST_DAYS = dt.date(2026, 1, 1), 731


@dataclass(frozen=True)
class Parameter:
    """A parameter of a template: its name, type ("float | None") and default."""

    name: str
    kind: str
    default: JsonValue


def template_folder() -> Path:
    """Find the templates: those installed with the package, else the repository's."""
    return _INSTALLED if _INSTALLED.is_dir() else _REPOSITORY


def template(name: str) -> Path:
    """Find the template of one notebook, such as "1_classification".

    Raises
    ------
    DataError
        If there is none; the message lists those there are.
    """
    found = {path.stem: path for path in sorted(template_folder().glob("*.ipynb"))}
    if name not in found:
        raise DataError(f"no notebook is called {name!r}; there are {', '.join(found)}")
    return found[name]


def parameters(template: Path) -> dict[str, Parameter]:
    """Read what a template can be told, from the literals of its ``parameters`` cell.

    The type is the annotation, else the default's; ``None`` without annotation takes anything.

    Raises
    ------
    DataError
        If the cell is missing or holds something else than assignments of plain literals.
    """
    stat = template.stat()
    return _parameters(template, (stat.st_mtime_ns, stat.st_size, stat.st_ino))


@lru_cache(maxsize=64)
def _parameters(template: Path, version: object) -> dict[str, Parameter]:
    """Read each version of a template once: a run asks for every region."""
    source = _source(template)
    try:
        return {found.name: found for found in map(_parameter, ast.parse(source).body)}
    except (SyntaxError, ValueError) as error:
        raise DataError(
            f"{template.name}: the cell tagged parameters may hold only plain literals, "
            f"one assignment a line ({error})"
        ) from error


def check_parameters(template: Path, given: Mapping[str, object]) -> dict[str, JsonValue]:
    """Check what a notebook is to be told, before a kernel starts.

    An int may stand for a float, but a bool is neither; numpy scalars and paths become
    plain values, because papermill would inject them as text.

    Returns
    -------
    dict
        The plain values, ready to inject and to record.

    Raises
    ------
    DataError
        Listing every unknown name, wrong type and number that is not finite.
    """
    known = parameters(template)
    values = {name: plain(value) for name, value in given.items()}
    problems = [said for name in values for said in _problems(name, values[name], known)]
    if problems:
        takes = ", ".join(f"{one.name}: {one.kind}" for one in known.values())
        raise DataError(f"{template.name}: {'; '.join(problems)}; its parameters are {takes}")
    return values


def check_ranges(template: Path, given: Mapping[str, object]) -> None:
    """Check that values of the right type also make sense, before a kernel starts.

    Raises
    ------
    DataError
        For cuts that are no cuts, a horizon out of range, or a country whose holidays are not
        known.
    """
    told = {name: one.default for name, one in parameters(template).items()} | dict(given)
    if "cut_by" in told:
        Cuts(by=told["cut_by"], a=told["cut_a"], b=told["cut_b"])  # type: ignore[arg-type]
    days = told.get("horizon_days", 1)
    if not (isinstance(days, int) and 0 < days <= _MOST_DAYS):
        raise DataError(f"horizon_days must be from 1 to {_MOST_DAYS}, not {days}")
    if isinstance(country := told.get("country"), str):
        working_days(_ANY_DAY, _ANY_DAY, country=country)


def plain(value: object) -> JsonValue:
    """Turn a numpy scalar or array, a tuple or a path into a plain Python value.

    >>> plain((np.int64(5), np.float64(0.5), Path("data")))
    [5, 0.5, 'data']
    """
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return cast("JsonValue", value)  # anything else fails the check of types


def _source(template: Path) -> str:
    for cell in json.loads(template.read_text(encoding="utf-8"))["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            source: str | list[str] = cell["source"]
            return "".join(source)
    raise DataError(f"{template.name}: no cell is tagged parameters; tag the one with the defaults")


def _parameter(line: ast.stmt) -> Parameter:
    match line:
        case ast.Assign(targets=[ast.Name(id=name)], value=literal):
            default = ast.literal_eval(literal)
            return Parameter(name, "Any" if default is None else _kind(default), default)
        case ast.AnnAssign(target=ast.Name(id=name), annotation=kind, value=ast.expr() as literal):
            return Parameter(name, ast.unparse(kind), ast.literal_eval(literal))
    raise ValueError(f"line {line.lineno}")


def _problems(name: str, value: JsonValue, known: Mapping[str, Parameter]) -> Iterator[str]:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        yield f"{name} is unknown" + (f" (did you mean {near[0]}?)" if near else "")
    elif not _fits(value, known[name].kind):
        yield f"{name} must be {known[name].kind}, not {value!r}"
    elif not _finite(value):
        yield f"{name} must be finite, not {value!r}"


def _fits(value: JsonValue, kind: str) -> bool:
    allowed = {one.strip().partition("[")[0] for one in kind.split("|")}
    return bool(allowed & {"Any", _kind(value)} or ("float" in allowed and _kind(value) == "int"))


def _kind(value: JsonValue) -> str:
    return "None" if value is None else type(value).__name__


def _finite(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
