"""What a run decided, as the next one reads it: the frames of the decision record."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

_TEXT, _NUMBER, _DAY = "str", "float64", "datetime64[us]"
_INTERVAL = dict.fromkeys(["low", "high"], _NUMBER)

#: The frames of the record and their columns; each also has ``region``. Values are per year.
DECISIONS: Mapping[str, Mapping[str, str]] = {
    # What each account was: classes with their chances, value, place, potential.
    "classes": {
        **dict.fromkeys(["account_id", "class", "model_class"], _TEXT),
        **dict.fromkeys(["value", "low", "high", "position", "A", "B", "C"], _NUMBER),
        **dict.fromkeys(["past_value", "buys", "potential", "headroom"], _NUMBER),
        "way": _TEXT,
    },
    # How each account stood: its health score and the chance that it stops buying.
    "health": {"account_id": _TEXT, **dict.fromkeys(["score", "risk"], _NUMBER)},
    # What was advised: contacts a year by kind, what they should bring, and the dated actions,
    # with those of the plan before that fell due in the year up to it.
    "contacts": {"account_id": _TEXT, "kind": _TEXT, "today": _NUMBER, "planned": _NUMBER},
    "gains": {
        "account_id": _TEXT,
        **dict.fromkeys(["hours_today", "hours_planned", "gain"], _NUMBER),
        **_INTERVAL,
        "reason": _TEXT,
    },
    "actions": {
        **dict.fromkeys(["action_id", "account_id", "kind", "owner", "status", "outcome"], _TEXT),
        **dict.fromkeys(["due", "done"], _DAY),
    },
    # What was expected of each goal, alarms raised, and changes recommended.
    "forecasts": {
        **dict.fromkeys(["account_id", "metric"], _TEXT),
        **dict.fromkeys(["start", "end"], _DAY),
        **dict.fromkeys(["target", "forecast"], _NUMBER),
        **_INTERVAL,
        "chance": _NUMBER,
    },
    "alerts": {
        **dict.fromkeys(["account_id", "kind"], _TEXT),
        **dict.fromkeys(["probability", "value", "at_stake"], _NUMBER),
    },
    "changes": {
        **dict.fromkeys(["account_id", "change", "reason"], _TEXT),
        **dict.fromkeys(["value", "confidence"], _NUMBER),
    },
    # What it rested on: fingerprints by notebook (see `kapkit.batch.changes.PARTS`).
    "inputs": dict.fromkeys(
        ["chapter", "data", "parameters", "notebook", "package", "environment"], _TEXT
    ),
}


def decided(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Shape a frame as the record keeps it: its columns and types, whatever was at hand.

    Parameters
    ----------
    name : str
        One of `DECISIONS`.
    frame : DataFrame
        A column that it lacks is kept missing; columns the record does not know are left out.

    Examples
    --------
    >>> decided("contacts", pd.DataFrame({"account_id": ["a"], "planned": [4]})).values.tolist()
    [['a', nan, nan, 4.0]]
    """
    layout = DECISIONS[name]
    return frame.reindex(columns=list(layout)).astype(dict(layout)).reset_index(drop=True)


def to_plain(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Write a frame of the record as plain JSON values, numbers to twelve figures."""
    return {str(name): [_plain(value) for value in frame[name]] for name in frame}


def from_plain(name: str, plain: Mapping[str, list[Any]]) -> pd.DataFrame:
    """Read a frame of the record back, equal to what was written."""
    return decided(name, pd.DataFrame(dict(plain)))


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return float(f"{value:.12g}") if isinstance(value, float) else value
