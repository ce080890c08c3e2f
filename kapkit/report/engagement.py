"""Chapter 2.3: figures and tables of contacts, silence, willingness and effort."""

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.classification.effort_map import EffortMap, LoggingHabits
from kapkit.classification.engagement import Engagement
from kapkit.models.outlook import outlook_of
from kapkit.report.display import Chart, Column, Finding, Table, listed
from kapkit.report.forest import draw_calibration
from kapkit.report.look import (
    ACCENT,
    CLASS_COLORS,
    CONTEXT,
    INK,
    LOSS,
    canvas,
    label,
    money_axis,
    short,
)
from kapkit.wording import amount, day, percent, say, say_count

#: Said by the finding above already; a page leaves the section out.
_NOTHING = Finding([])
_WORDS = {
    "visit": "visits",
    "call": "calls",
    "email": "e-mails",
    "demo": "demonstrations",
    "training": "trainings",
    "other": "other",
    "theirs": "from accounts",
}
#: Ways of contact that one line of the figure shows.
_WAYS: list[tuple[str, list[str]]] = [
    ("in person", ["visit", "demo", "training"]),
    ("calls", ["call"]),
    ("e-mails", ["email"]),
    ("other", ["other"]),
    ("from accounts", ["theirs"]),
]
_HOURS = Column("Hours", "{:,.0f}".format, numeric=True)
_NAME, _KEY, _CLASS = Column("Account"), Column("Key", key=True), Column("Class")


def finding_engagement(engagement: Engagement) -> Finding:
    """Say how much contact there was, who got none, and how many are silent."""
    return Finding(engagement.sentences, caution=not engagement.told)


def plot_contacts(engagement: Engagement) -> Chart | Finding:
    """Draw contacts by month and way, so that a fading habit shows."""
    months = engagement.months.iloc[-36:]
    if months.empty:
        return _NOTHING
    ways = pd.DataFrame(
        {way: months.reindex(columns=kinds, fill_value=0).sum(axis=1) for way, kinds in _WAYS}
    )
    smooth = ways.loc[:, ways.sum() > 0].rolling(3, min_periods=1).mean()
    ends = _apart(smooth.iloc[-1], height=190.0)
    with canvas(height=3.2) as (figure, axes):
        at = np.arange(len(smooth))
        for name, color in zip(smooth, _shades(smooth), strict=True):
            axes.plot(at, smooth[name], color=color, linewidth=2.2)
            end = (len(smooth) - 1, float(smooth[name].iloc[-1]))
            label(axes, str(name), end, xytext=(6, ends[str(name)]), color=INK)
        ticks = at[:: -max(1, len(smooth) // 6)][::-1]
        axes.set_xticks(ticks, [months.index[i].strftime("%b %Y") for i in ticks])
        axes.set(ylim=(0, None), ylabel=say("Contacts a month"))
        axes.set_xlim(0, len(smooth) * 1.2)
    total = months.iloc[-12:].sum()
    words = ", ".join(f"{_WORDS[str(name)]} {count:,.0f}" for name, count in total.items())
    return Chart(
        figure,
        alt=say("Contacts of the last twelve months by kind: {words}.", words=words),
        caption=say("Contacts a month, as a mean of three months"),
        how=say(
            "In person: visits, demonstrations and trainings. Grey: contacts that accounts made. "
            "Only what was logged is known."
        ),
    )


def _shades(ways: pd.DataFrame) -> list[str]:
    blues = iter([CLASS_COLORS["A"], CLASS_COLORS["B"], "#8fb8d6", INK])
    return [CONTEXT if name == _WAYS[-1][0] else next(blues) for name in ways]


def table_silent_contacts(
    region: Region, classified: Classification, engagement: Engagement, *, most: int = 10
) -> Table | Finding:
    """List the accounts whose silence their own rhythm does not explain, most valuable first."""
    silent = engagement.table[engagement.table["silent"]]
    if silent.empty:
        return _NOTHING
    ranked = silent.join(classified.table[["name", "class", "value", "buys"]])
    ranked = ranked.sort_values("value", ascending=False, kind="stable")
    shown = ranked.head(most).reset_index(names="account_id")
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "class": _CLASS,
        "value": Column(f"Expected a year, {region.book.currency}", amount, numeric=True),
        "last_contact": Column("Last contact", day),
        "days_since": Column("Days silent", "{:,.0f}".format, numeric=True),
        "usual_gap_days": Column("Usual gap", "{:,.0f}".format, numeric=True),
        "buys": Column("Buys next quarter", percent, numeric=True),
    }
    return Table(
        shown,
        columns,
        name="silent-contacts",
        caption=listed(say("Accounts that have gone silent"), len(shown), len(ranked)),
        how=say(
            "Silence is measured in the account's own usual gaps between contacts in either "
            "direction. The alarm goes beyond what 19 of 20 accounts of the company showed on past "
            "days, so about {chance} of this region's would be listed by chance.",
            chance=f"{engagement.silent_by_chance:,.0f}",
        ),
    )


def finding_buying(region: Region, classified: Classification) -> Finding:
    """Say how many accounts are expected to buy next quarter, and how good such words were."""
    buys = classified.table["buys"].dropna()
    said = outlook_of(region).said["buying"]
    if buys.empty:
        return Finding([said], caution=True)
    key = classified.table[(classified.table["class"] == "A") & (classified.table["buys"] < 0.5)]
    first = say(
        "Of {accounts} accounts that ever bought, {expected} are expected to order in the next 13 "
        "weeks.",
        accounts=f"{len(buys):,}",
        expected=f"{buys.sum():,.0f}",
    )
    parts = [first]
    if len(key):
        parts.append(
            say_count(
                len(key),
                "{count} key account is more likely not to order than to: {names}.",
                "{count} key accounts are more likely not to order than to: {names}.",
                names=", ".join(key["name"].head(5)) + (", …" if len(key) > 5 else ""),
            )
        )
    return Finding([*parts, said])


def table_engagement(
    region: Region, classified: Classification, engagement: Engagement, *, most: int = 40
) -> Table | Finding:
    """List contacts, freshness, engagement and chance to buy of each account, best first."""
    if not engagement.told:
        return _NOTHING
    table = classified.table[["name", "class", "buys"]].join(engagement.table)
    shown = table.head(most).reset_index(names="account_id")
    kinds = [name for name in _WORDS if name in table and table[name].sum() > 0]
    count = "{:,.0f}".format
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "class": _CLASS,
        "buys": Column("Buys next quarter", percent, numeric=True),
        "score": Column("Engagement", count, numeric=True),
        "days_since": Column("Days since contact", count, numeric=True),
        **{kind: Column(_WORDS[kind].capitalize(), count, numeric=True) for kind in kinds},
        "hours": _HOURS,
    }
    return Table(
        shown,
        columns,
        name="engagement",
        caption=listed(
            say("Contacts of twelve months, best account first"), len(shown), len(table)
        ),
        how=say(
            "Engagement is the share of the company's accounts, in percent, that are less engaged: "
            "recent contacts by us, contacts by them and freshness weigh alike. The chance to buy "
            "is that of an order in the next 13 weeks."
        ),
        folded=True,
    )


def plot_chances(region: Region) -> Chart | Finding:
    """Draw how often what was given a chance came true, for orders and for class A."""
    curves = outlook_of(region).curves
    shown = [(q, part) for q, part in curves.groupby("question", sort=False) if len(part) > 1]
    if not shown:
        return _NOTHING
    names = {"class": say("is class A"), "buying": say("buys next quarter")}
    colors = {"class": CLASS_COLORS["A"], "buying": ACCENT}
    with canvas(width=4.6, height=4.0) as (figure, axes):
        for question, part in shown:
            name = str(question)
            marker = "o" if name == "buying" else "s"
            draw_calibration(axes, part, color=colors[name], marker=marker)
            middle = part.iloc[len(part) // 2] if name == "buying" else part.iloc[-2]
            at = (float(middle["said"]), float(middle["seen"]))
            label(axes, names[name], at, xytext=(10, -12), color=colors[name])
        axes.set(xlabel="Chance said", ylabel="Came true")
    words = "; ".join(f"{names[str(q)]}: {_curve_words(part)}" for q, part in shown)
    return Chart(
        figure,
        alt=say("Chances said at past days against what came: {words}.", words=words),
        caption=say("Chances said at past days, against what came, whole company"),
        how=say(
            "On the line chances came true as said; above it they were too low. Each point is a "
            "tenth of the answers, with an 80 % interval."
        ),
    )


def finding_effort(found: EffortMap) -> Finding:
    """Say who is neglected and who over-served, or that it cannot be told."""
    return Finding([found.sentence] if len(found.table) else [], caution=found.table.empty)


def plot_effort(region: Region, found: EffortMap, *, named: int = 6) -> Chart | Finding:
    """Draw hours of contact against potential; named are the neglected and the over-served."""
    table = found.table[found.table["potential"] > 0].sort_values("potential")
    if table.empty:
        return _NOTHING
    gap = (table["hours"] - table["usual_hours"]).abs()
    marked = table[table["served"] != ""]
    first = marked.loc[gap[marked.index].sort_values(ascending=False, kind="stable").index]
    with canvas(height=4.4) as (figure, axes):
        axes.plot(table["potential"], table["usual_hours"], color=CONTEXT, linewidth=1.5)
        for served, color, size in (
            ("", CONTEXT, 14),
            ("neglected", LOSS, 34),
            ("over-served", ACCENT, 34),
        ):
            part = table[table["served"] == served]
            axes.scatter(part["potential"], part["hours"], s=size, color=color, linewidths=0)
        shown = first.head(named)
        top = max(float(table["hours"].max()), 1.0)
        moved = _apart(shown["hours"], height=250.0, top=top, apart=10.0)
        for key, row in shown.iterrows():
            color = LOSS if row["served"] == "neglected" else ACCENT
            at = (float(row["potential"]), float(row["hours"]))
            offset = (6, moved[str(key)])
            label(axes, short(row["name"], most=24), at, xytext=offset, color=color, fontsize=8)
        end = table.iloc[-1]
        label(
            axes,
            say("usual for such potential"),
            (float(end["potential"]), float(end["usual_hours"])),
            xytext=(-6, 10),
            ha="right",
            color=INK,
        )
        axes.set_xlim(float(table["potential"].iloc[0]) / 1.3, float(end["potential"]) * 1.3)
        axes.set_xscale("log")
        axes.set_ylim(bottom=min(-0.02 * float(table["hours"].max()), -0.2))
        axes.set_xlabel(
            f"Potential a year, {region.book.currency} (each step is ten times as much)"
        )
        axes.set_ylabel("Hours of contact a year")
        money_axis(axes.xaxis)
    counts = found.table["served"].value_counts()
    return Chart(
        figure,
        alt=say(
            "Hours of contact against potential of {accounts} accounts: {neglected} neglected, "
            "{over} over-served.",
            accounts=f"{len(table):,}",
            neglected=f"{counts.get('neglected', 0):,}",
            over=f"{counts.get('over-served', 0):,}",
        ),
        caption=say("Effort against potential, last twelve months"),
        how=say(
            "Red: potential above the median, and fewer hours than accounts of such potential get "
            "here, by more than chance. Blue: potential below it, and more hours. The line is the "
            "region's habit, not the best plan: that is in chapter 4."
        ),
    )


def table_effort(region: Region, found: EffortMap, *, most: int = 30) -> Table | Finding:
    """List the neglected, largest gap first, then the over-served."""
    marked = found.table[found.table["served"] != ""]
    if marked.empty:
        return _NOTHING
    gap = (marked["usual_hours"] - marked["hours"]).sort_values(ascending=False, kind="stable")
    shown = marked.loc[gap.index].head(most).reset_index(names="account_id")
    doubt = np.where(shown["doubtful"], say("owner logs little"), "")
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "class": _CLASS,
        "owner": Column("Owner"),
        "potential": Column(f"Potential, {region.book.currency}", amount, numeric=True),
        "hours": _HOURS,
        "usual_hours": Column("Usual", "{:,.0f}".format, numeric=True),
        "served": Column("Is"),
        "doubt": Column("Doubt"),
    }
    return Table(
        shown.assign(doubt=doubt),
        columns,
        name="effort",
        caption=listed(say("Neglected and over-served accounts"), len(shown), len(marked)),
        how=say("Usual: the hours that accounts of such potential get in this region."),
        folded=True,
    )


def finding_logging(habits: LoggingHabits) -> Finding:
    """Say whose contacts are logged thinly, so that neglect may be missing entries."""
    return Finding([habits.sentence], caution=bool(habits.table["little"].any()))


def table_logging(habits: LoggingHabits) -> Table | Finding:
    """List how each owner logs, the thinnest first."""
    if habits.table.empty:
        return _NOTHING
    shown = habits.table.sort_values("ratio", kind="stable").reset_index(names="owner")
    ranges = [
        f"{low:.1f} to {high:.1f}" for low, high in zip(shown["low"], shown["high"], strict=True)
    ]
    columns = {
        "owner": Column("Owner"),
        "ours": Column("Logged contacts", "{:,.0f}".format, numeric=True),
        "theirs": Column("Received", "{:,.0f}".format, numeric=True),
        "ratio": Column("Logged for each received", "{:.1f}".format, numeric=True),
        "range": Column("Range", numeric=True, by="low"),
        "hours": _HOURS,
        "share": Column("Of paid hours", percent, numeric=True),
        "batched": Column("In batches", percent, numeric=True),
    }
    return Table(
        shown.assign(range=ranges),
        columns,
        name="logging",
        caption=say("How owners log, last twelve months"),
        how=say(
            "Contacts received are recorded by themselves; those an owner makes only if they are "
            "logged. The range holds the ratio in 8 of 10 cases. In batches: logged on days with "
            "five or more."
        ),
        folded=True,
    )


def _apart(
    ends: pd.Series, *, height: float, top: float | None = None, apart: float = 12.0
) -> dict[str, float]:
    """Move names up, in points, where they would lie on each other."""
    unit = height / (top or float(ends.max()) or 1.0)
    moved, last = {}, -np.inf
    for name, end in ends.sort_values().items():
        place = max(float(end) * unit, last + apart)
        moved[str(name)], last = place - float(end) * unit, place
    return moved


def _curve_words(part: pd.DataFrame) -> str:
    pairs = zip(part["said"], part["seen"], strict=True)
    return ", ".join(f"{percent(said)} said, {percent(seen)} came" for said, seen in pairs)
