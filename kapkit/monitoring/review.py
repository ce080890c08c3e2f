"""5.4 Review: what did the last run say, and who was right?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.wording import day, percent, say, say_count

#: Days after which values of a year may be compared with what came.
_DAYS_NEEDED = 28
_FOLLOWED, _BACK = 0.8, 0.6


@dataclass(frozen=True)
class Review:
    """The last run's forecasts, alarms and advice beside what happened.

    ``scores`` has a row a question: ``said``, ``happened`` and ``verdict`` in words. ``goals``
    are its goal forecasts whose period is over, with ``actual`` and ``inside``; ``alerts`` its
    alarms with ``came_true``; ``advice`` its accounts with contacts ``planned`` and ``made`` (a
    year), ``followed`` and ``growth`` (what it brought against what was expected).
    """

    scores: pd.DataFrame
    goals: pd.DataFrame
    alerts: pd.DataFrame
    advice: pd.DataFrame
    sentences: tuple[str, ...]


def review_of(region: Region, accounts: pd.DataFrame) -> Review:
    """Score what the run before decided for this region.

    Parameters
    ----------
    region : Region
        The region as of a day, with what an earlier run decided.
    accounts : DataFrame indexed by account
        ``class`` now.

    Returns
    -------
    Review
        Empty, with a sentence, where there is no earlier run.
    """
    empty = pd.DataFrame()
    before = region.earlier_as_of
    if before is None:
        said = say("This is the first run of the region: the next one will score it.")
        return Review(_scores([]), empty, empty, empty, (said,))
    days = (region.as_of - before).days
    sold = _since(region)
    classes = region.earlier.get("classes", empty)
    goals, alerts = scored_goals(region), scored_alerts(region)
    advice = scored_advice(region, days)
    rows = [
        *_held(classes, accounts),
        *_values(classes, sold, days),
        *_bought(classes, region, days),
        *_goal_rows(goals),
        *_alert_rows(alerts),
        *_advice_rows(advice),
    ]
    first = say("The last run was of {day}, {days} days before.", day=day(before), days=f"{days:,}")
    return Review(_scores(rows), goals, alerts, advice, (first, *(row[3] for row in rows)))


def scored_goals(region: Region) -> pd.DataFrame:
    """Set the last run's goal forecasts beside what the period brought, where it is over.

    Returns
    -------
    DataFrame
        The forecasts' columns, ``actual``, ``inside`` (the 80 % interval) and ``off`` (forecast
        over actual, less 1); revenue and margin only, of the region and of single accounts.
    """
    said = region.earlier.get("forecasts")
    if said is None:
        return pd.DataFrame()
    over = said[
        (said["end"] <= pd.Timestamp(region.as_of)) & said["metric"].isin(["revenue", "margin"])
    ]
    # What was over already then was no forecast.
    over = over[over["end"] > _then(region)]
    spans = zip(over["account_id"], over["metric"], over["start"], over["end"], strict=True)
    actual = pd.Series([_brought(region, *span) for span in spans], over.index, dtype=float)
    inside = actual.between(over["low"], over["high"])
    return over.assign(actual=actual, inside=inside, off=over["forecast"] / actual - 1)


def scored_alerts(region: Region) -> pd.DataFrame:
    """Tell which of the last run's alarms came true: less than six tenths came.

    Returns
    -------
    DataFrame
        The alarms' columns, ``expected`` (worth a year then, for the days since), ``brought``
        and ``came_true``.
    """
    said = region.earlier.get("alerts")
    if said is None or region.earlier_as_of is None:
        return pd.DataFrame()
    days = (region.as_of - region.earlier_as_of).days
    brought = _since(region).reindex(said["account_id"], fill_value=0.0).to_numpy()
    expected = said["value"].to_numpy() * days / 365
    return said.assign(expected=expected, brought=brought, came_true=brought < _BACK * expected)


def scored_advice(region: Region, days: int) -> pd.DataFrame:
    """Set contacts advised beside those made since, and what the accounts then brought.

    Returns
    -------
    DataFrame indexed by account
        ``planned`` and ``made`` (contacts a year), ``followed`` (at least eight tenths of what
        was planned, where more than today was), ``more`` (whether more was advised) and
        ``growth`` (brought over expected for the days, less 1).
    """
    contacts, classes = region.earlier.get("contacts"), region.earlier.get("classes")
    activities = region.tables.get("activities")
    if contacts is None or classes is None or activities is None or days < _DAYS_NEEDED:
        return pd.DataFrame()
    table = contacts.groupby("account_id")[["today", "planned"]].sum()
    since = activities["date"] > _then(region)
    kinds = activities["kind"].isin(contacts["kind"].unique())
    made = activities[since & kinds].groupby("account_id").size() * 365 / days
    table["made"] = made.reindex(table.index, fill_value=0.0)
    table["more"] = table["planned"] > table["today"]
    least, most = (
        table["made"] >= _FOLLOWED * table["planned"],
        table["made"] <= table["planned"] / _FOLLOWED,
    )
    table["followed"] = np.where(table["more"], least, most)
    value = classes.set_index("account_id")["value"].reindex(table.index)
    brought = _since(region).reindex(table.index, fill_value=0.0)
    return table.assign(growth=brought / (value.where(value > 0) * days / 365) - 1)


def _then(region: Region) -> pd.Timestamp:
    """Give the day of the run before; its own where there is none."""
    return pd.Timestamp(region.earlier_as_of or region.as_of)


def _since(region: Region) -> pd.Series:
    """Give what each account brought after the last run, as accounts are valued."""
    sold = region.purchases[region.purchases["date"] > _then(region)]
    return _amounts(sold, region.book.value_measure).groupby(sold["account_id"]).sum()


def _amounts(sold: pd.DataFrame, metric: str) -> pd.Series:
    if metric == "revenue":
        return sold["revenue"]
    return sold["costed_revenue"] - sold["cost"].fillna(0.0)


def _brought(
    region: Region, account: str | None, metric: str, start: pd.Timestamp, end: pd.Timestamp
) -> float:
    sold = region.purchases[region.purchases["date"].between(start, end)]
    sold = sold if pd.isna(account) else sold[sold["account_id"] == account]
    return float(_amounts(sold, metric).sum())


_Row = tuple[str, str, str, str]


def _scores(rows: list[_Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["question", "said", "happened", "verdict"])


def _held(classes: pd.DataFrame, accounts: pd.DataFrame) -> list[_Row]:
    if classes.empty:
        return []
    then = classes.set_index("account_id")
    now = accounts["class"].reindex(then.index)
    known = now.notna() & then["class"].notna()
    same = float((now == then["class"])[known].mean()) if known.any() else float("nan")
    a_then = then["A"][known]
    found = [
        (
            say("Did classes hold?"),
            say("{count} accounts classed", count=f"{int(known.sum()):,}"),
            percent(same),
            say("{share} of the accounts kept their class.", share=percent(same)),
        )
    ]
    if a_then.notna().any():
        hoped, came = float(a_then.mean()), float((now[known] == "A").mean())
        verdict = say(
            "Chances of class A added up to {hoped} of the accounts; {came} are A now.",
            hoped=percent(hoped),
            came=percent(came),
        )
        found.append(
            (say("Were chances of class A right?"), percent(hoped), percent(came), verdict)
        )
    return found


def _values(classes: pd.DataFrame, sold: pd.Series, days: int) -> list[_Row]:
    if classes.empty or days < _DAYS_NEEDED:
        return []
    then = classes.set_index("account_id")
    brought = sold.reindex(then.index, fill_value=0.0) * 365 / days
    inside = float(brought.between(then["low"], then["high"])[then["low"].notna()].mean())
    hoped, came = float(then["value"].sum()), float(brought.sum())
    off = hoped / came - 1 if came > 0 else float("nan")
    verdict = say(
        "Expected values added up to {off} of what came; {inside} of the accounts were inside "
        "their 80 % range.",
        off=percent(1 + off),
        inside=percent(inside),
    )
    return [(say("Were values right?"), f"{hoped:,.0f}", f"{came:,.0f}", verdict)]


def _bought(classes: pd.DataFrame, region: Region, days: int) -> list[_Row]:
    """Score the chance of an order within a quarter, where a quarter has gone by."""
    if classes.empty or days < 91 or classes["buys"].isna().all():
        return []
    then = classes.dropna(subset="buys").set_index("account_id")["buys"]
    first = _then(region)
    after = region.purchases["date"].between(
        first + pd.Timedelta(days=1), first + pd.Timedelta(days=91)
    )
    sold = region.purchases[after & (region.purchases["orders"] > 0)]
    did = pd.Series(then.index.isin(sold["account_id"]).astype(float), then.index)
    brier, base = float(((then - did) ** 2).mean()), float(did.mean() * (1 - did.mean()))
    skill = 1 - brier / base if base > 0 else float("nan")
    verdict = say(
        "Chances to order within a quarter took away {skill} of the error of one chance for all.",
        skill=percent(skill),
    )
    return [
        (
            say("Did they buy as expected?"),
            percent(float(then.mean())),
            percent(float(did.mean())),
            verdict,
        )
    ]


def _goal_rows(goals: pd.DataFrame) -> list[_Row]:
    if goals.empty:
        return []
    single = goals["account_id"].notna()
    asked = {
        say("Were goal forecasts right?"): goals[~single],
        say("Were forecasts of accounts' goals right?"): goals[single & goals["low"].notna()],
    }
    return [_goals_judged(question, part) for question, part in asked.items() if len(part)]


def _goals_judged(question: str, goals: pd.DataFrame) -> _Row:
    off = float(goals["off"].abs().median())
    verdict = say(
        "Forecasts of goals were off by {off} (median); {inside} of {count} were inside their 80 % "
        "range.",
        off=percent(off),
        inside=f"{int(goals['inside'].sum())}",
        count=f"{len(goals)}",
    )
    return question, f"{len(goals)}", f"{int(goals['inside'].sum())}", verdict


def _alert_rows(alerts: pd.DataFrame) -> list[_Row]:
    if alerts.empty:
        return []
    came = int(alerts["came_true"].sum())
    verdict = say_count(
        len(alerts),
        "{came} of {count} alarm came true.",
        "{came} of {count} alarms came true.",
        came=f"{came}",
    )
    return [(say("Did alarms come true?"), f"{len(alerts)}", f"{came}", verdict)]


def _advice_rows(advice: pd.DataFrame) -> list[_Row]:
    if advice.empty:
        return []
    followed = advice["followed"].astype(bool)
    verdict = say(
        "Advice on contacts was followed at {share} of {count} accounts.",
        share=percent(float(followed.mean())),
        count=f"{len(advice):,}",
    )
    grown = advice["growth"]
    if min(int(followed.sum()), int((~followed).sum())) >= 10:
        verdict += " " + say(
            "Against what was expected, those brought {yes}, the others {no} (medians); whoever is "
            "followed up may differ, so this is no proof.",
            yes=percent(float(grown[followed].median())),
            no=percent(float(grown[~followed].median())),
        )
    return [
        (
            say("Was advice followed?"),
            f"{len(advice):,}",
            f"{int(followed.sum()):,}",
            verdict,
        )
    ]
