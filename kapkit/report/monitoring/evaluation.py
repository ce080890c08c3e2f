"""5.4 on the page: alerts, the programme's effect, the last run scored, changes to make."""

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.evaluation.profit import Contribution
from kapkit.monitoring.alerts import Alerts
from kapkit.monitoring.changes import Changes, recommend
from kapkit.monitoring.goals import Goals
from kapkit.monitoring.impact import ANCOVA, MATCHED, NAIVE, PLACEBO
from kapkit.monitoring.programme import Programme
from kapkit.monitoring.review import Review
from kapkit.report.display import Chart, Column, Finding, Table
from kapkit.report.forest import draw_forest, forest_height
from kapkit.report.look import ACCENT, INK, LOSS, canvas, label, percent_axis
from kapkit.wording import amount, percent, say, signed_percent


def _names() -> dict[str, str]:
    return {
        ANCOVA: say("Against accounts not yet in it (ANCOVA)"),
        MATCHED: say("Against matched accounts (DiD)"),
        PLACEBO: say("Placebo: like them, but not in it"),
        NAIVE: say("The trap: before and after"),
    }


def finding_alerts(found: Alerts) -> Finding:
    """Say how many accounts ring, what they are worth, and what is not promised."""
    return Finding(found.sentences)


def table_alerts(region: Region, found: Alerts, *, most: int = 15) -> Table | Finding:
    """List the accounts that ring, the most at stake first."""
    if found.table.empty:
        return Finding([])
    shown = found.table.head(most)
    shown = shown.assign(note=np.where(shown["snoozed"], say("named before"), ""))
    columns = {
        "name": Column(say("Account")),
        "class": Column(say("Class")),
        "kind": Column(say("What")),
        "gap_days": Column(say("Days silent"), "{:,.0f}".format, numeric=True),
        "expected": Column(say("Orders expected"), "{:,.1f}".format, numeric=True),
        "counted": Column(say("Orders in 13 weeks"), "{:,.0f}".format, numeric=True),
        "probability": Column(say("Fell off (at most)"), percent, numeric=True),
        "at_stake": Column(
            say("At stake a year, {currency}", currency=region.book.currency), amount, numeric=True
        ),
        "note": Column(""),
    }
    return Table(
        shown,
        columns,
        name="alerts",
        caption=say(
            "Alerts: {shown} of {count}", shown=str(len(shown)), count=str(len(found.table))
        ),
        how=say(
            "Days run by the orders of the whole company, so season and holidays are no news. At "
            "stake: expected value times the chance that the account fell off."
        ),
    )


def finding_programme(found: Programme) -> Finding:
    """Say what the programme did, and what cannot be known."""
    return Finding(found.sentences, caution=not found.impact.told)


def plot_programme(found: Programme) -> Chart | Finding:
    """Draw the effect by each way of estimating it, and by wave and class, with intervals."""
    table = _effects(found)
    if table.empty:
        return Finding([])
    rows = table[::-1].reset_index(drop=True)
    shades = {"trap": LOSS, "main": ACCENT}
    colors = [shades.get(str(kind), INK) for kind in rows["kind"]]
    with canvas(height=forest_height(len(rows))) as (figure, axes):
        draw_forest(axes, list(rows["name"]), rows[["effect", "low", "high"]], colors)
        for at, row in enumerate(rows.to_dict("records")):
            label(axes, signed_percent(row["effect"]), (row["high"], float(at)))
        axes.margins(x=0.12)
        axes.set_xlabel(say("Change in revenue, with 95 % interval"))
        percent_axis(axes.xaxis)
    words = "; ".join(
        f"{row['name']} {signed_percent(row['effect'])} "
        f"({signed_percent(row['low'])} to {signed_percent(row['high'])})"
        for row in table.to_dict("records")
    )
    return Chart(
        figure,
        alt=f"{words}.",
        caption=say("What the programme did, estimated in several ways"),
        how=say(
            "The whole company's accounts. Blue counts; the placebo should cross zero; red is what "
            "comparing accounts with themselves would say."
        ),
    )


def table_lots(lots: pd.DataFrame, *, seed: int) -> Table | Finding:
    """List who may enter the programme next, and who drew the lot to enter now."""
    if lots.empty:
        return Finding(
            [say("Too few accounts of classes A and B are outside the programme to draw lots.")]
        )
    columns = {
        "name": Column(say("Account")),
        "class": Column(say("Class")),
        "value": Column(say("Expected value a year"), amount, numeric=True),
        "lot": Column(say("Enters")),
    }
    return Table(
        lots,
        columns,
        name="lots",
        caption=say("Lots for the next wave (seed {seed})", seed=str(seed)),
        how=say(
            "A and B accounts not in the programme, half of each class now and half in the next "
            "wave: then the difference is the effect."
        ),
        folded=True,
    )


def finding_review(found: Review) -> Finding:
    """Say who was right: the last run's forecasts, alarms and advice against what happened."""
    return Finding(found.sentences)


def table_review(found: Review) -> Table | Finding:
    """Show what the last run said beside what happened."""
    if found.scores.empty:
        return Finding([])
    columns = {
        "question": Column(say("Question")),
        "said": Column(say("Said"), numeric=True),
        "happened": Column(say("Happened"), numeric=True),
        "verdict": Column(say("Verdict")),
    }
    return Table(found.scores, columns, name="review", caption=say("The last run, scored"))


def changes_of(
    region: Region,
    accounts: pd.DataFrame,
    alerts: Alerts,
    contribution: Contribution,
    plan: ContactPlan | NoPlan,
) -> Changes:
    """Recommend changes from what the other chapters found.

    Parameters
    ----------
    region : Region
        The region; its last run's classes, and people's decisions.
    accounts : DataFrame indexed by account
        From `key_accounts`.
    alerts : Alerts
        From `alerts_of`.
    contribution : Contribution
        From `contribution_of`.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.

    Returns
    -------
    Changes
    """
    before = region.earlier.get("classes")
    return recommend(
        accounts,
        alerts.table,
        as_of=region.as_of,
        before=None if before is None else before.set_index("account_id")["class"],
        contribution=contribution.table["contribution"],
        gains=None if isinstance(plan, NoPlan) else plan.allocation.table,
        overrides=region.tables.get("overrides"),
        currency=region.book.currency,
    )


def finding_changes(found: Changes) -> Finding:
    """Say what to change first, and which decisions of people are respected or ran out."""
    return Finding(found.sentences)


def table_changes(region: Region, found: Changes, *, most: int = 20) -> Table | Finding:
    """List recommended changes, the most at stake first."""
    if found.table.empty:
        return Finding([])
    columns = {
        "name": Column(say("Account")),
        "change": Column(say("Change")),
        "reason": Column(say("Why")),
        "value": Column(
            say("Value a year, {currency}", currency=region.book.currency), amount, numeric=True
        ),
        "confidence": Column(say("Sure"), percent, numeric=True),
    }
    shown = found.table.head(most)
    count = f"{len(found.table):,}"
    return Table(
        shown,
        columns,
        name="changes",
        caption=say("Recommended changes: {shown} of {count}", shown=str(len(shown)), count=count),
        how=say(
            "Ranked by value times how sure it is. Rescue: fell silent beyond chance. Exit: lost "
            "money and is expected to go on. Promote, demote: class changed with a chance of "
            "60 % or more. Reallocate: hours that the plan of chapter 4 moves here."
        ),
    )


def plot_course(region: Region, goals: Goals) -> Chart | Finding:
    """Draw revenue, margin and satisfaction against their targets, side by side."""
    table = goals.table[goals.table["running"] & goals.table["forecast"].notna()]
    table = table.sort_values("end").drop_duplicates("metric", keep="last")
    if table.empty:
        return Finding([])
    rows = table[::-1]
    shares = rows[["forecast", "low", "high"]].div(rows["target"], axis=0)
    names = [str(name).capitalize() for name in rows["metric"]]
    with canvas(height=forest_height(len(rows))) as (figure, axes):
        draw_forest(axes, names, shares, [ACCENT] * len(rows), reference=1.0)
        for at, chance in enumerate(rows["chance"]):
            beside = ("axes fraction", "data")
            label(axes, percent(chance), (1.0, float(at)), xycoords=beside)
        axes.margins(x=0.15)
        axes.set_xlabel(say("Expected at the period's end, of the target (80 %)"))
        percent_axis(axes.xaxis)
    words = "; ".join(
        f"{row['metric']} {percent(row['forecast'] / row['target'])} of the target, chance "
        f"{percent(row['chance'])}"
        for row in table.to_dict("records")
    )
    return Chart(
        figure,
        alt=f"{words}.",
        caption=say("Purchases, profit and satisfaction against target"),
        how=say("The number is the chance to reach the target."),
    )


def _effects(found: Programme) -> pd.DataFrame:
    parts = [
        found.impact.table.assign(
            kind=["main", "other", "other", "trap"][: len(found.impact.table)]
        ),
        found.impact.by_wave.assign(kind="part"),
        found.impact.by_class.assign(kind="part"),
    ]
    names = [
        [_names().get(str(name), str(name)) for name in parts[0].index],
        [say("Wave {number}", number=str(at + 1)) for at in range(len(parts[1]))],
        [say("Class {name}", name=str(name)) for name in parts[2].index],
    ]
    known = [
        part.assign(name=list(name)) for part, name in zip(parts, names, strict=True) if len(part)
    ]
    if not known:
        return pd.DataFrame()
    table = pd.concat(known, ignore_index=True).dropna(subset=["effect", "low", "high"])
    table[["effect", "low", "high"]] = np.expm1(table[["effect", "low", "high"]].astype(float))
    return table
