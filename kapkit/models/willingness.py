"""Will it buy in the next period? A calibrated probability, beside plain recency."""

import datetime as dt
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm

from kapkit.models.account_features import account_features
from kapkit.models.backtest import ACCOUNTS_NEEDED
from kapkit.models.bg_nbd import BGNBD
from kapkit.models.contacts import contact_features
from kapkit.models.order_history import order_history
from kapkit.models.ridge_glm import fit_ridge_glm
from kapkit.models.scores import auc, brier_skill, calibration_curve, calibration_error
from kapkit.wording import percent, say, several

_FEATURES = [
    "orders",
    "recency",
    "orders_8",
    "orders_26",
    "overdue",
    "steady",
    "single",
]
_CONTACTS = ["contacts_8", "contacts_26", "inbound_8", "contact_recency"]
#: The ways to tell, the naive one first; the last needs activities.
WAYS = ["recency", "BG/NBD", "logit", "logit with contacts"]
_ORIGINS = 6
_LEAST_HISTORY_WEEKS = 13
#: Past periods that judge.
_JUDGED = 3
#: Origins a month apart where quarters would give too few.
_FEW = 3


@dataclass(frozen=True)
class Willingness:
    """Probability that each account buys in the next period, and how such ones did before.

    ``probability`` is indexed by the accounts that ever bought. ``table`` has a row per way
    (``recency``, ``BG/NBD``, ``logit``, and with activities ``logit with contacts``): ``auc``,
    ``brier_skill`` over the base rate, ``calibration_error`` and ``chosen``, means over the
    ``origins`` that judge; ``accounts`` is how many answers those are. ``curve`` sets what the
    chosen way said then against what came (`calibration_curve`).
    """

    probability: pd.Series
    table: pd.DataFrame
    chosen: str
    origins: int
    accounts: int
    curve: pd.DataFrame
    sentence: str


def willingness(
    purchases: pd.DataFrame,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    horizon_weeks: int = 13,
    activities: pd.DataFrame | None = None,
) -> Willingness:
    """Tell how likely each account is to order in the next period, to place effort where it pays.

    A logit on past origins against BG/NBD's P(at least one order), and recency alone as the
    naive way. Each is fitted before up to three past periods, judged on them by the Brier
    score, and the best (the naive one unless beaten) is fitted again up to ``as_of``.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``), of all regions; later days are
        ignored.
    as_of : date
        Last day that counts.
    first_day : date or None
        First day of the book's sales.
    horizon_weeks : int, weeks
        The period ahead.
    activities : DataFrame, optional
        Schema ``ACTIVITIES``, of all regions: a second logit then also knows the contacts.

    Returns
    -------
    Willingness
        Missing probabilities, and a sentence that says so, below 30 accounts or where no past
        period is complete.
    """
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    known = _Known(first_day, horizon_weeks, activities)
    asked = [
        (told, buys(past, told.index, origin, horizon_weeks))
        for back in range(_JUDGED)
        for origin in [as_of - dt.timedelta(weeks=horizon_weeks + 13 * back)]
        if len(told := known.told(past, origin))
    ]
    asked = [(told, bought) for told, bought in asked if _varied(bought)]
    if not asked:
        return _unknown(past)
    table = _mean([_judged(told, bought) for told, bought in asked])
    chosen = str(table["brier_skill"].idxmax())
    answers = sum(len(bought) for _, bought in asked)
    fitted = [(told[chosen], bought) for told, bought in asked if told[chosen].notna().all()]
    said, came = (pd.concat([pair[at] for pair in fitted]) for at in (0, 1))
    return Willingness(
        known.told(past, as_of)[chosen].rename("probability"),
        table.assign(chosen=table.index == chosen),
        chosen,
        len(asked),
        answers,
        calibration_curve(said, came),
        _sentence(table, chosen, len(asked), horizon_weeks),
    )


@dataclass(frozen=True)
class _Known:
    """What is the same whichever day is asked for."""

    first_day: dt.date | None
    weeks: int
    activities: pd.DataFrame | None

    def told(self, past: pd.DataFrame, day: dt.date) -> pd.DataFrame:
        return buying_probabilities(
            past,
            as_of=day,
            first_day=self.first_day,
            weeks=self.weeks,
            activities=self.activities,
        )


def _mean(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Average the scores; a way that could not be fitted at some origin has none there."""
    table: pd.DataFrame = pd.concat(tables).groupby(level="way").mean()
    return table.reindex([way for way in WAYS if way in table.index])


def buying_probabilities(
    purchases: pd.DataFrame,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    weeks: int,
    activities: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Give P(at least one order in the next weeks) each way, from the rows up to a day.

    Levels are left as fitted: set on the latest period, they carry its season into the next.

    Returns
    -------
    DataFrame
        A row per account that ever bought: ``recency``, ``BG/NBD``, ``logit`` and, with
        activities, ``logit with contacts``. A way that could not be fitted is missing; empty where
        no past period is complete, below 30 accounts, or where at none of the origins some bought
        and some did not.
    """
    contacted = activities is not None and bool(len(activities))
    ways = WAYS if contacted else WAYS[:-1]
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    if past["account_id"].nunique() < ACCOUNTS_NEEDED:
        return pd.DataFrame(columns=ways, dtype=float)

    def described(day: dt.date) -> pd.DataFrame:
        features = account_features(past, past["revenue"], as_of=day, first_day=first_day)
        if not contacted or activities is None:
            return features
        return features.join(contact_features(activities, features.index, as_of=day))

    now, origins = described(as_of), _past_origins(as_of, first_day, weeks)
    stacked = [described(day) for day in origins]
    outcomes = [
        buys(past, part.index, day, weeks) for part, day in zip(stacked, origins, strict=True)
    ]
    if not outcomes or len(outcomes[0]) < ACCOUNTS_NEEDED or not _varied(outcomes[0]):
        return pd.DataFrame(columns=ways, dtype=float)
    features, outcome = (
        pd.concat(stacked, ignore_index=True),
        pd.concat(outcomes, ignore_index=True),
    )
    inputs = {"recency": ["recency"], "logit": _FEATURES}
    if contacted:
        inputs["logit with contacts"] = _FEATURES + _CONTACTS
    told = {
        name: _logit(features[columns], outcome, now[columns]) for name, columns in inputs.items()
    }
    told["BG/NBD"] = _bg_nbd(past, now.index, as_of, weeks)
    return pd.DataFrame(told, index=now.index)[ways]


def buys(purchases: pd.DataFrame, accounts: pd.Index, origin: dt.date, weeks: int) -> pd.Series:
    """Tell (1 or 0) which accounts ordered in the weeks after an origin."""
    date, start = purchases["date"], pd.Timestamp(origin)
    after = (date > start) & (date <= start + pd.Timedelta(weeks=weeks)) & (purchases["orders"] > 0)
    bought = accounts.isin(purchases.loc[after, "account_id"])
    return pd.Series(bought.astype(float), index=accounts, name="bought")


def _past_origins(as_of: dt.date, first_day: dt.date | None, weeks: int) -> list[dt.date]:
    """Origins whose period is complete, latest first: a quarter apart, or a month where few."""
    for step in (13, 4):
        days = [as_of - dt.timedelta(weeks=weeks + step * back) for back in range(_ORIGINS)]
        enough = [
            day for day in days if (day - (first_day or as_of)).days >= 7 * _LEAST_HISTORY_WEEKS
        ]
        if len(enough) >= _FEW:
            return enough
    return enough


def _varied(outcome: pd.Series) -> bool:
    return 0 < float(outcome.mean()) < 1


def _logit(features: pd.DataFrame, outcome: pd.Series, now: pd.DataFrame) -> pd.Series:
    fitted = fit_ridge_glm(features, outcome, family=sm.families.Binomial())
    if not fitted.converged:
        return pd.Series(np.nan, index=now.index)
    return fitted.predict(now)


def _bg_nbd(past: pd.DataFrame, accounts: pd.Index, as_of: dt.date, weeks: int) -> pd.Series:
    history = order_history(past, accounts, as_of=as_of)
    fitted = BGNBD(history).fit()
    if not fitted.usable:
        return pd.Series(np.nan, index=accounts)
    some: pd.Series = fitted.p_order(history, weeks)
    return some.reindex(accounts)


def _judged(before: pd.DataFrame, bought: pd.Series) -> pd.DataFrame:
    rows = {
        name: {
            "auc": auc(before[name], bought),
            "brier_skill": brier_skill(before[name], bought),
            "calibration_error": calibration_error(before[name], bought),
        }
        for name in before.columns[before.notna().all()]
    }
    return pd.DataFrame.from_dict(rows, orient="index").reindex(before.columns).rename_axis("way")


def _unknown(past: pd.DataFrame) -> Willingness:
    accounts = pd.Index(past["account_id"].unique(), name="account_id")
    columns = ["auc", "brier_skill", "calibration_error"]
    ways = pd.Index(WAYS[:-1], name="way")
    return Willingness(
        pd.Series(np.nan, index=accounts, name="probability"),
        pd.DataFrame(np.nan, index=ways, columns=columns).assign(chosen=False),
        "none",
        0,
        len(accounts),
        pd.DataFrame(columns=["said", "seen", "accounts"], dtype=float),
        "Not enough data to tell how likely accounts are to buy: "
        f"{ACCOUNTS_NEEDED} accounts with two complete periods of sales are needed.",
    )


def _sentence(table: pd.DataFrame, chosen: str, origins: int, weeks: int) -> str:
    rank, skill = (table[name].to_dict() for name in ("auc", "brier_skill"))
    who = "recency alone" if chosen == "recency" else f"the {chosen}"
    found = (
        f"Asked at {several(origins, 'past origin')} for the {weeks} weeks after, {who} told "
        f"buyers from others with an AUC of {rank[chosen]:.2f} and a Brier skill of "
        f"{percent(skill[chosen])}"
    )
    if skill[chosen] <= 0:
        return f"{found}: no better than the base rate, so the probabilities tell nothing here."
    if chosen == "recency":
        return f"{found}; no model does better."
    naive = f"{rank['recency']:.2f} and {percent(skill['recency'])}"
    return f"{found} (recency alone {naive}).{_contacts_help(skill)}"


def _contacts_help(skill: dict[Hashable, Any]) -> str:
    """Say what knowing the contacts adds; nothing where there are none."""
    with_contacts = float(skill.get("logit with contacts", float("nan")))
    if np.isnan(with_contacts) or np.isnan(skill["logit"]):
        return ""
    added = (with_contacts - skill["logit"]) * 100
    return " " + say(
        "Knowing the contacts changes the skill of the logit by {points} points.",
        points=f"{added:+z.1f}",
    )
