"""5.1 Goals on the page: what is to be reached, how likely it is, and the way there."""

import math

import pandas as pd

from kapkit.book.region import Region
from kapkit.models.goal_forecast import SUMS
from kapkit.monitoring.goals import Goals, GoalSum, goal_fan, period
from kapkit.report.display import Chart, Column, Finding, Table
from kapkit.report.look import ACCENT, CONTEXT, INK, canvas, label, money_axis
from kapkit.wording import amount, percent, say


def table_goals(region: Region, goals: Goals) -> Table:
    """List the goals with the chance to reach each, and what keeps them from being goals."""
    table = goals.table
    rows = zip(table["metric"], table["start"], table["end"], strict=True)
    names = [f"{metric.capitalize()} {period(start, end)}" for metric, start, end in rows]
    return Table(
        _written(region, table).assign(goal=names),
        {"goal": Column(say("Goal")), **_columns()},
        name="goals",
        caption=say("Goals, {currency}", currency=region.book.currency),
        how=say(
            "Chance: what is done plus what a pool of simple forecasts expects of the days left, "
            "with the errors that pool made before. On course from 70 %, at risk below 30 %, out "
            "of reach below 5 %. A proposed goal is last year's period, or what is expected if "
            "that is more."
        ),
    )


def table_account_goals(region: Region, goals: Goals, *, most: int = 30) -> Table | Finding:
    """List the goals of single accounts, those furthest from reach first."""
    table = goals.accounts.head(most)
    if table.empty:
        return Finding([say("No account has a goal of its own.")])
    rows = zip(table["metric"], table["start"], table["end"], strict=True)
    names = [f"{metric.capitalize()} {period(start, end)}" for metric, start, end in rows]
    count = f"{len(goals.accounts):,}"
    return Table(
        _written(region, table).assign(goal=names, name=table["name"]),
        {"name": Column(say("Account")), "goal": Column(say("Goal")), **_columns()},
        name="account-goals",
        caption=say(
            "Goals of accounts, {currency}: {shown} of {count}",
            currency=region.book.currency,
            shown=str(len(table)),
            count=count,
        ),
        how=say(
            "Sorted by how far what is expected stays below the target. An account may stop, so "
            "the range holds all that accounts with a goal brought of what was forecast, noughts "
            "too."
        ),
        folded=True,
    )


def _written(region: Region, table: pd.DataFrame) -> pd.DataFrame:
    """Write goals as their table shows them, each in its metric's own unit."""
    shown = pd.DataFrame(
        {
            "owner": table["owner"],
            "state": table["state"],
            "chance": table["chance"].where(table["end"] > pd.Timestamp(region.as_of)),
            "lacks": table["lacks"],
        }
    )
    for name in ("target", "done", "needed", "rate"):
        pairs = zip(table[name], table["metric"], strict=True)
        shown[name] = [_amount(value, metric) for value, metric in pairs]
    ranges = zip(table["forecast"], table["low"], table["high"], table["metric"], strict=True)
    shown["forecast"] = [
        f"{_amount(mid, metric)} ({_amount(low, metric)}–{_amount(high, metric)})"
        if pd.notna(mid) and high > low
        else "–"
        for mid, low, high, metric in ranges
    ]
    return shown


def _columns() -> dict[str, Column]:
    return {
        "target": Column(say("Target"), numeric=True),
        "done": Column(say("So far"), numeric=True),
        "forecast": Column(say("Expected (80 %)"), numeric=True),
        "chance": Column(say("Chance"), percent, numeric=True),
        "state": Column(say("State")),
        "needed": Column(say("Needed a week"), numeric=True),
        "rate": Column(say("Now a week"), numeric=True),
        "owner": Column(say("Owner")),
        "lacks": Column(say("To mend")),
    }


def finding_goals(goals: Goals) -> Finding:
    """Say how likely the goals under way are, and how far off such forecasts were."""
    said = [f"{metric.capitalize()}: {text}" for metric, text in goals.said.items() if text]
    return Finding([*goals.sentences, *said])


def plot_goal(region: Region, goals: Goals) -> Chart | Finding:
    """Draw the way to the main goal: what came so far, and the fan of what may come."""
    goal = goals.main
    if goal is None or pd.isna(goal["forecast"]):
        return Finding([say("No goal is under way whose end can be forecast.")], caution=True)
    fan = goal_fan(region, goal)
    now = pd.Timestamp(region.as_of)
    past, ahead = fan[fan.index <= now], fan[fan.index >= now]
    with canvas(height=3.0) as (figure, axes):
        for low, high, alpha in (("low_95", "high_95", 0.15), ("low", "high", 0.3)):
            axes.fill_between(ahead.index, ahead[low], ahead[high], color=ACCENT, alpha=alpha, lw=0)
        axes.plot(past.index, past["median"], color=INK, linewidth=2)
        axes.plot(ahead.index, ahead["median"], color=ACCENT, linewidth=2)
        axes.axhline(float(goal["target"]), color=CONTEXT, linewidth=1.5, linestyle="--")
        target = (fan.index[0], float(goal["target"]))
        label(axes, say("target {amount}", amount=amount(goal["target"])), target, xytext=(0, 7))
        end = (ahead.index[-1], float(ahead["median"].iloc[-1]))
        label(axes, amount(goal["forecast"]), end)
        axes.set_ylim(bottom=min(0.0, float(fan["low_95"].min())))
        axes.set_ylabel(f"{str(goal['metric']).capitalize()}, {region.book.currency}")
        axes.margins(x=0.08)
        money_axis(axes.yaxis)
    about = {
        "metric": str(goal["metric"]).capitalize(),
        "period": period(goal["start"], goal["end"]),
        "done": amount(goal["done"]),
        "forecast": amount(goal["forecast"]),
        "low": amount(goal["low"]),
        "high": amount(goal["high"]),
        "target": amount(goal["target"]),
        "chance": percent(goal["chance"]),
    }
    return Chart(
        figure,
        alt=say(
            "{metric} {period}: {done} so far, {forecast} expected ({low} to {high}), target "
            "{target}, chance {chance}.",
            **about,
        ),
        caption=say("The way to the goal: {metric} {period}", **about),
        how=say(
            "Dark: what came. Bands: where four in five, and 19 in 20, forecasts ended before."
        ),
    )


def table_goal_sum(company: Region, found: GoalSum) -> Table:
    """Set the company's goals beside the sum of its regions'."""
    table = found.table
    spans = zip(table["metric"], table["start"], table["end"], strict=True)
    names = [f"{metric.capitalize()} {period(start, end)}" for metric, start, end in spans]
    columns = {
        "goal": Column(say("Goal")),
        "company": Column(say("Company"), amount, numeric=True),
        "regions": Column(say("Sum of regions"), amount, numeric=True),
        "gap": Column(say("Not taken on"), amount, numeric=True),
        "expected": Column(say("Expected"), amount, numeric=True),
        "without": Column(say("Regions without"), numeric=True),
    }
    return Table(
        table.assign(goal=names),
        columns,
        name="goal-sum",
        caption=say("Top-down and bottom-up, {currency}", currency=company.book.currency),
        how=say("Not taken on: the company's goal less the sum of its regions'."),
    )


def finding_goal_sum(found: GoalSum) -> Finding:
    """Say whether the regions' goals add up to the company's."""
    return Finding(found.sentences)


def _amount(value: float, metric: str) -> str:
    """Write a value in its metric's own unit."""
    if metric in SUMS:
        return amount(value)
    if metric in {"satisfaction", "retention"}:
        return percent(value)
    return f"{value:.1f}" if math.isfinite(value) else "–"
