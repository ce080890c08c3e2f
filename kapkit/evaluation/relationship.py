"""3.3 How we stand with each account: satisfaction, complaints, loyalty, health, with reasons."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from kapkit.book.region import Region
from kapkit.evaluation.complaints import ComplaintRecord, complaint_record
from kapkit.evaluation.loyalty import loyalty
from kapkit.models.company_health import Health, health_of
from kapkit.models.outlook import outlook_of
from kapkit.models.satisfaction import satisfaction_of
from kapkit.models.value import year_to
from kapkit.wording import percent, say, say_count

#: A move of fewer points is no move.
_MOVED = 1.0
_TOLD = 2


@dataclass(frozen=True)
class Relationship:
    """How a region's accounts stand with us, and the sentence on who answers and who does not.

    ``table`` is indexed by account: ``score``, ``risk``, ``moved`` (points since the day
    ``since``), ``why``, ``value`` (expected worth a year) and ``stake`` (that times the risk;
    losses as none). ``moves`` splits what moved (`score_moves`); ``recorded`` tells that
    ``since`` is the last run's day and its scores are on record. ``satisfaction`` is indexed by
    account and kind; ``complaints`` is None where the book records none; ``answering`` is the
    share of accounts that bought in twelve months and answered a survey in eighteen, missing
    without surveys.
    """

    table: pd.DataFrame
    moves: pd.DataFrame
    since: dt.date
    recorded: bool
    health: Health
    satisfaction: pd.DataFrame
    complaints: ComplaintRecord | None
    loyalty: pd.DataFrame
    answering: float
    sentence: str


def relationship_of(region: Region) -> Relationship:
    """Find how a region's accounts stand with us: whom to call, and about what.

    Parameters
    ----------
    region : Region
        The region as of a day.

    Returns
    -------
    Relationship
        What the book has no table for is missing, and said.
    """
    health, satisfied = health_of(region), satisfaction_of(region)
    told = region.tables.get("complaints")
    record = None if told is None else complaint_record(told, as_of=region.as_of)
    outlook = outlook_of(region).accounts
    loyal = loyalty(
        region.purchases,
        region.categories,
        region.accounts.index,
        as_of=region.as_of,
        potential=outlook["potential"],
    )
    recorded = _recorded(region, health)
    moves = score_moves(health, recorded)
    value = outlook["value"].reindex(health.accounts.index)
    table = health.accounts[["score", "risk"]].assign(
        moved=moves.sum(axis=1).reindex(health.accounts.index),
        value=value,
        stake=health.accounts["risk"] * value.clip(lower=0.0),
    )
    why = [_reason(str(key), moves, health, record, loyal) for key in table.index]
    table = table.assign(why=pd.Series(why, table.index, dtype="str"))
    answering, said = _answering(region, satisfied)
    return Relationship(
        table.reindex(region.accounts.index),
        moves,
        health.before,
        recorded is not None,
        health,
        satisfied,
        record,
        loyal,
        answering,
        said,
    )


def score_moves(health: Health, recorded: pd.Series | None = None) -> pd.DataFrame:
    """Split what moved each score since an earlier day into its inputs, exactly.

    Parameters
    ----------
    health : Health
        From `health_of`.
    recorded : Series, optional
        The scores that were given on that day, by account.

    Returns
    -------
    DataFrame indexed by account, a column per input
        Points by today's weights, adding up to the change of the score; an input that was or is
        missing adds nothing on that side. Only accounts that had a score then. With recorded
        scores ``scoring`` is a column too: what other weights, and rows of old days that came
        since, make of the score of then.
    """
    then = health.points_before
    both = health.points.index.intersection(then.index)
    if recorded is not None:
        both = both.intersection(recorded.dropna().index)
    moves = health.points.loc[both].fillna(0.0) - then.loc[both].fillna(0.0)
    if recorded is None:
        return moves
    again = health.accounts["score"].loc[both] - moves.sum(axis=1)
    return moves.assign(scoring=again - recorded.loc[both])


def _recorded(region: Region, health: Health) -> pd.Series | None:
    """Give the scores of the last run, where it is the one that scores are compared with."""
    scores = region.earlier.get("health")
    if scores is None or scores.empty or region.earlier_as_of != health.before:
        return None
    return scores.set_index("account_id")["score"]


def _reason(
    key: str,
    moves: pd.DataFrame,
    health: Health,
    record: ComplaintRecord | None,
    loyal: pd.DataFrame,
) -> str:
    """Say what moved an account's score, largest first, or what it rests on where new."""
    if key not in moves.index:
        return say("new among the active accounts")
    steps: dict[str, float] = dict(zip(moves.columns, moves.loc[[key]].to_numpy()[0], strict=True))
    total = sum(steps.values())
    largest = sorted(steps, key=lambda name: -abs(steps[name]))
    said = [
        _words(name, steps[name], key, record, loyal)
        for name in largest
        if abs(steps[name]) >= _MOVED
    ]
    told = list(dict.fromkeys(said))[:_TOLD]
    if "satisfaction" in steps and abs(steps["satisfaction"]) < _MOVED:
        known = pd.notna(health.points["satisfaction"][key])
        told.append(say("satisfaction unchanged") if known else say("satisfaction not known"))
    if abs(total) < _MOVED:
        return say("unchanged: {reasons}", reasons="; ".join(told)) if told else say("unchanged")
    by, reasons = f"{abs(total):.0f}", "; ".join(told)
    if total > 0:
        return say("up {points}: {reasons}", points=by, reasons=reasons)
    return say("down {points}: {reasons}", points=by, reasons=reasons)


def _words(
    name: str, step: float, key: str, record: ComplaintRecord | None, loyal: pd.DataFrame
) -> str:
    """Word one step by the facts behind it."""
    if name in {"complaints", "waiting"} and record is not None:
        return _complaint_words(step, key, record)
    if name in {"silence", "recency"}:
        weeks = round(float(loyal["silent_weeks"][key]))
        if not weeks:
            return say("ordered within the last days")
        return say_count(weeks, "last order {count} week ago", "last order {count} weeks ago")
    words = {
        "trend": (say("orders lately more than usual"), say("orders lately fewer than usual")),
        "frequency": (say("orders more often"), say("orders less often")),
        "spending": (say("spends more than usual"), say("spends less than usual")),
        "breadth": (say("buys more categories"), say("buys fewer categories")),
        "tenure": (say("buys for longer"), say("buys for longer")),
        "satisfaction": (say("satisfaction up"), say("satisfaction down")),
        "scoring": (say("scored anew, higher"), say("scored anew, lower")),
    }
    return words[name][0 if step > 0 else 1]


def _complaint_words(step: float, key: str, record: ComplaintRecord) -> str:
    if step > 0:
        return say("complaints settled or past")
    if key not in record.accounts.index:
        return say("complaints")
    row = record.accounts.loc[key].to_dict()
    if row["open"]:
        return say_count(
            int(row["open"]),
            "{count} complaint open {days} days",
            "{count} complaints open up to {days} days",
            days=f"{row['open_days']:.0f}",
        )
    return say_count(
        int(row["complaints"]), "{count} complaint in a year", "{count} complaints in a year"
    )


def _answering(region: Region, satisfied: pd.DataFrame) -> tuple[float, str]:
    if "surveys" not in region.tables:
        return float("nan"), say(
            "The book has no surveys: how satisfied accounts are is not known."
        )
    year = year_to(region.purchases, region.as_of)
    buying = pd.Index(year.loc[year["orders"] > 0, "account_id"].unique())
    if buying.empty:
        return float("nan"), say("No account bought in the last twelve months.")
    answered = buying.isin(satisfied.index.get_level_values("account_id"))
    share = float(answered.mean())
    return share, say(
        "{share} of the {count} accounts that bought in twelve months answered a survey in the "
        "last eighteen; how satisfied the others are is not known.",
        share=percent(share),
        count=f"{len(buying):,}",
    )
