"""How bad a complaint is, and how soon it is to be closed: one standard for all chapters."""

from collections.abc import Mapping

import pandas as pd

#: Days to close a complaint by severity as CRMs spell it; any other takes `DAYS`.
SEVERITY_DAYS: Mapping[str, float] = {"critical": 2.0, "high": 7.0, "medium": 14.0, "low": 30.0}
DAYS = 14.0
#: How much a complaint counts; 1 where its severity is not known.
SEVERITY_WEIGHT: Mapping[str, float] = {"critical": 3.0, "high": 2.0, "medium": 1.0, "low": 0.5}
SEVERE = 2.0


def severity_weight(complaints: pd.DataFrame) -> pd.Series:
    """Weigh complaints: medium 1, low half, high twice, critical three times.

    >>> severity_weight(pd.DataFrame({"severity": ["High", "?"]})).tolist()
    [2.0, 1.0]
    """
    return _of(complaints).map(SEVERITY_WEIGHT).astype(float).fillna(1.0)


def standard_days(complaints: pd.DataFrame) -> pd.Series:
    """Give the days within which each complaint is to be closed.

    >>> standard_days(pd.DataFrame({"severity": ["low", None]})).tolist()
    [30.0, 14.0]
    """
    return _of(complaints).map(SEVERITY_DAYS).astype(float).fillna(DAYS)


def _of(complaints: pd.DataFrame) -> pd.Series:
    said = complaints.get("severity", pd.Series(None, complaints.index, dtype="str"))
    lower: pd.Series = said.astype("str").str.strip().str.lower()
    return lower
