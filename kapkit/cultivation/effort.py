"""Today's effort, the hours it takes, and the least that an account is due."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kapkit.book.errors import DataError
from kapkit.models.contacts import MINUTES
from kapkit.models.poisson import Matrix

#: Kinds for which somebody travels to the account.
IN_PERSON = ("visit", "demo", "training")

#: Visits a year that an account of a class is due at least.
CADENCE: Mapping[str, Mapping[str, float]] = {"A": {"visit": 6.0}, "B": {"visit": 2.0}}

#: A need counts as unmet from this importance on, where fulfilment is at least this far below.
IMPORTANT, GAP = 4.0, 2.0

_DAYS_PER_YEAR = 365


@dataclass(frozen=True)
class Rules:
    """What a plan must keep to.

    ``minutes`` per contact of each kind that is planned; ``travel_minutes`` there and back where
    an account has none of its own; ``cadence`` the least contacts a year by class and kind;
    ``least`` and ``most`` bound the plan in multiples of today's effort, because nothing is
    known beyond; ``levels`` of effort are tried for each account and kind.
    """

    minutes: Mapping[str, float] = field(default_factory=lambda: MINUTES)
    travel_minutes: float = 45.0
    cadence: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: CADENCE)
    least: float = 0.5
    most: float = 2.0
    levels: int = 5

    def __post_init__(self) -> None:
        """Refuse rules that no plan can keep."""
        if not (0 <= self.least <= 1 <= self.most and self.levels >= 2):
            raise DataError(
                f"rules: least {self.least}, most {self.most}, levels {self.levels}: today's "
                "effort must lie between least and most, with two levels or more"
            )
        if not all(minutes > 0 for minutes in self.minutes.values()):
            raise DataError("rules: minutes of every kind must be positive")

    @property
    def kinds(self) -> list[str]:
        """The kinds that are planned, in order."""
        return list(self.minutes)


def today_effort(
    activities: pd.DataFrame, accounts: pd.Index, *, as_of: dt.date, days: int = 365
) -> pd.DataFrame:
    """Count how often each account is contacted today, to see what a plan changes.

    Parameters
    ----------
    activities : DataFrame
        Schema ``ACTIVITIES``; inbound contacts, and those after ``as_of``, are left out.
    accounts : Index
        The accounts to count for.
    as_of : date
        Last day that counts.
    days : int
        Length of the window counted.

    Returns
    -------
    DataFrame indexed like ``accounts``
        Contacts a year, one column for each kind of `MINUTES`; 0 where none was logged.

    Examples
    --------
    >>> made = pd.DataFrame({"account_id": ["a"], "date": [pd.Timestamp("2026-06-01")],
    ...                      "kind": ["visit"]})
    >>> today_effort(made, pd.Index(["a", "b"]), as_of=dt.date(2026, 6, 30))["visit"].tolist()
    [1.0, 0.0]
    """
    end = pd.Timestamp(as_of)
    inside = (activities["date"] <= end) & (activities["date"] > end - pd.Timedelta(days=days))
    if "inbound" in activities:
        inside &= ~activities["inbound"].eq("yes")
    own = activities[inside]
    counted = pd.crosstab(own["account_id"], own["kind"])
    counted = counted.reindex(index=accounts, columns=pd.Index(list(MINUTES))).fillna(0.0)
    a_year: pd.DataFrame = counted.astype(float) * _DAYS_PER_YEAR / days
    return a_year


def needed_contacts(
    needs: pd.DataFrame, solutions: pd.DataFrame, accounts: pd.Index
) -> pd.DataFrame:
    """Find the accounts whose unmet needs call for a demonstration, a training or a visit.

    Parameters
    ----------
    needs, solutions : DataFrame
        Schemas ``NEEDS`` and ``SOLUTIONS``; of several records of a need the latest stands.
    accounts : Index
        The accounts to look at.

    Returns
    -------
    DataFrame
        One row per account, unmet need and ``kind`` that answers it, with the ``need``.
    """
    latest = needs.sort_values("recorded").drop_duplicates(["account_id", "need"], keep="last")
    gap = latest["importance"] - latest["fulfilment"]
    unmet = latest[(latest["importance"] >= IMPORTANT) & (gap >= GAP)]
    unmet = unmet[unmet["account_id"].isin(accounts)]
    answers = solutions[solutions["action"].isin(list(MINUTES))][["need", "action"]]
    found = unmet[["account_id", "need"]].merge(answers.drop_duplicates(), on="need")
    found = found.rename(columns={"action": "kind"})
    return found.sort_values(["account_id", "kind", "need"], ignore_index=True)


def hours_per_contact(accounts: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Give the hours one contact takes: its minutes, and travel where it is in person.

    >>> listed = pd.DataFrame({"travel_minutes": [30.0]}, ["a"])
    >>> hours_per_contact(listed, Rules(minutes={"visit": 90, "call": 15})).loc["a"].tolist()
    [2.0, 0.25]
    """
    own = accounts.get("travel_minutes", pd.Series(np.nan, accounts.index))
    travel = own.fillna(rules.travel_minutes).to_numpy(float)[:, None]
    in_person = np.array([kind in IN_PERSON for kind in rules.kinds], float)
    minutes = np.array(list(rules.minutes.values()), float) + travel * in_person
    return pd.DataFrame(minutes / 60, accounts.index, rules.kinds)


def least_contacts(
    accounts: pd.DataFrame, rules: Rules, needed: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Give the contacts a year each account is due at least: cadence of its class, and needs.

    Parameters
    ----------
    accounts : DataFrame indexed by account
        ``class``.
    rules : Rules
        The cadence.
    needed : DataFrame
        From `needed_contacts`: one contact of the kind for each need.

    Returns
    -------
    DataFrame indexed like ``accounts``, one column a kind
    """
    cadence = pd.DataFrame(rules.cadence, index=rules.kinds, dtype=float).T
    due = cadence.reindex(accounts["class"]).set_axis(accounts.index).fillna(0.0)
    due = due.reindex(columns=rules.kinds)
    if needed is None or needed.empty:
        return due
    asked = pd.crosstab(needed["account_id"], needed["kind"])
    asked = asked.reindex(index=accounts.index, columns=rules.kinds).fillna(0.0)
    return due.where(due >= asked, asked.astype(float))


def time_shares(today: pd.DataFrame, hours: pd.DataFrame) -> pd.Series:
    """Share the region's time out over kinds; a kind answers for that share of the response.

    Where effects multiply, the best mix gives each kind time in proportion to its elasticity
    (Dorfman and Steiner 1954): today's mix over all accounts is taken to be right on average,
    and only who gets what is planned.

    Raises
    ------
    DataError
        If no contact was logged.
    """
    spent = (today * hours).sum()
    if not spent.sum() > 0:
        raise DataError(
            "activities: no contact was logged in the last year, so today's effort is not known; "
            "map the activities table, or plan by cadence alone"
        )
    return spent / spent.sum()


def references(today: pd.DataFrame, classes: pd.Series) -> pd.DataFrame:
    """Give the effort at which an account's curve stands at today's sales.

    Today's own; where there is none, the median of the accounts of its class that have some,
    or of all; 1 where nobody has.
    """
    some = today.where(today > 0)
    peers = some.groupby(classes).transform("median").fillna(some.median()).fillna(1.0)
    return some.fillna(peers)


def grid(today: Matrix, lower: Matrix, upper: Matrix, rules: Rules) -> Matrix:
    """Lay out whole levels of contacts from ``lower`` to ``upper``, today's among them.

    >>> grid(np.array([4.0]), np.array([2.0]), np.array([8.0]), Rules()).tolist()
    [[2.0, 3.0, 4.0, 6.0, 8.0]]
    """
    below, above = (rules.levels - 1) // 2, rules.levels // 2
    times = np.r_[
        np.linspace(rules.least, 1, below + 1)[:-1], np.linspace(1, rules.most, above + 1)
    ]
    inside = ((lower <= today) & (today <= upper))[..., None]
    even = np.moveaxis(np.linspace(lower, upper, rules.levels), 0, -1)
    levels = np.round(np.where(inside, today[..., None] * times, even))
    levels = np.clip(levels, lower[..., None], upper[..., None])
    levels[..., 0], levels[..., -1] = lower, upper
    found: Matrix = np.sort(levels, axis=-1)
    return found
