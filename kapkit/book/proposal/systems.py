"""Systems: whether a folder holds the standard exports of a CRM or ERP that a preset knows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from kapkit.book.presets import PRESETS, Toml, offers, read_preset
from kapkit.book.proposal.deliveries import Delivery

#: Without its name, an export is known by so many of its columns.
_BY_COLUMNS = 0.6


@dataclass(frozen=True)
class System:
    """A preset and the files that are its exports, with the reason for each."""

    preset: str
    exports: dict[str, Delivery]
    reasons: dict[str, str]
    tables: tuple[str, ...]


def recognised(delivered: Sequence[Delivery]) -> System | None:
    """Find the preset whose exports these are; it must make accounts of them."""
    found = [_of(name, read_preset(name), delivered) for name in PRESETS]
    made = [one for one in found if "accounts" in one.tables]
    return max(made, key=lambda one: (len(one.tables), len(one.exports)), default=None)


def _of(name: str, preset: Toml, delivered: Sequence[Delivery]) -> System:
    exports = list(preset["needed"])
    scores = np.array([[_score(one, preset, export) for export in exports] for one in delivered])
    pairs = zip(*linear_sum_assignment(-scores), strict=True) if scores.size else ()
    chosen = {exports[at]: delivered[row] for row, at in pairs if scores[row, at] > 0}
    reasons = {export: _reason(one, export) for export, one in chosen.items()}
    return System(name, chosen, reasons, tuple(dict.fromkeys(offers(preset, chosen))))


def _score(one: Delivery, preset: Toml, export: str) -> float:
    """Score a file as an export: nothing unless every column it must have is there."""
    columns = {column.name for column in one.columns}
    needed = set(preset["needed"][export])
    known = needed | set(preset["optional"].get(export, ()))
    if not needed <= columns:
        return 0.0
    share = len(known & columns) / len(known)
    named = _named(one, export)
    return share + named if named or (len(needed) > 1 and share >= _BY_COLUMNS) else 0.0


def _named(one: Delivery, export: str) -> bool:
    """Tell whether a file is called like an export, perhaps with a date or number."""
    stem = Path(one.exports[0].path).stem
    return (
        re.search(rf"(?i)(?<![a-z]){re.escape(export)}(?![a-z0-9])", f"{stem} {one.stem}")
        is not None
    )


def _reason(one: Delivery, export: str) -> str:
    return "called like it, and has its columns" if _named(one, export) else "has its columns"
