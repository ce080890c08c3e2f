"""Chapter 4: figures and tables of the plan, of open loops and of themes."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap

from kapkit.book.region import Region
from kapkit.cultivation.feedback import Feedback
from kapkit.cultivation.offering import Themes
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.cultivation.schedule import Schedule
from kapkit.report.display import Chart, Column, Finding, Table
from kapkit.report.look import ACCENT, CONTEXT, INK, canvas, label, short
from kapkit.report.tasks import NOUNS
from kapkit.wording import amount, percent

_COUNT = Column("", "{:,.0f}".format, numeric=True)
_NAME, _KEY = Column("Account"), Column("Key", key=True)
#: Said by the finding above already; a page leaves the section out.
_NOTHING = Finding([])

#: Tables of the book that open loops and themes are read from, as people call them.
_LOOPS = {
    "complaints": "complaints",
    "needs": "needs",
    "plan_actions": "planned actions",
    "activities": "contacts",
}
_THEMES = {"complaints": "complaints", "needs": "needs"}

#: Most weeks on which hours are written into the calendar.
_WEEKS_WITH_NUMBERS = 32


def finding_plan(region: Region, plan: ContactPlan | NoPlan) -> Finding:
    """Say what the plan is expected to bring and who is short, or why there is none."""
    if isinstance(plan, NoPlan):
        return Finding([plan.sentence], caution=True)
    sentences = [plan.allocation.sentence]
    if region.book.value_measure == "revenue":
        sentences.append("Gains are in revenue: the costs of the book are not known.")
    return Finding(sentences, caution=bool(plan.allocation.owners["contacts_short"].any()))


def table_plan(region: Region, plan: ContactPlan | NoPlan, *, most: int = 20) -> Table | Finding:
    """List what the plan changes for each account, what that brings, and why; highest gain first.

    Parameters
    ----------
    region : Region
        For the currency.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if isinstance(plan, NoPlan):
        return _NOTHING
    table = _planned(plan).head(most)
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "class": Column("Class"),
        "gain": Column(f"Gain a year, {region.book.currency}", amount, numeric=True),
        "range": Column("Range", numeric=True),
        "marginal_return": Column("One more hour", amount, numeric=True),
        "reason": Column("What changes, and why"),
    }
    return Table(
        table.assign(range=_ranges(table["low"], table["high"], amount)),
        columns,
        name="plan",
        caption=_listed("Accounts by gain of the plan", len(table), len(plan.allocation.table)),
        how="The gain is what the plan is expected to bring beyond today's contacts; its range "
        "holds it in 8 of 10 cases. One more hour: what the account's best next contact would "
        "bring, by the hour. No account gets less than half or more than twice of today's "
        "contacts, unless its class or a need asks for it: nothing is known beyond.",
    )


def table_contacts(plan: ContactPlan | NoPlan, *, most: int = 40) -> Table | Finding:
    """List today's and planned contacts of each account by kind, highest gain first.

    Parameters
    ----------
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if isinstance(plan, NoPlan):
        return _NOTHING
    today, planned = plan.allocation.situation.today.round(), plan.allocation.planned
    used = [kind for kind in plan.allocation.situation.rules.kinds if _any(today, planned, kind)]
    table = _planned(plan).head(most).set_index("account_id", drop=False)
    kinds = {
        kind: _from_to(today.loc[table.index, kind], planned.loc[table.index, kind])
        for kind in used
    }
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "class": Column("Class"),
        **{kind: Column(f"{NOUNS[kind]}s", numeric=True) for kind in used},
        "hours": Column("Hours", numeric=True),
    }
    return Table(
        table.assign(**kinds, hours=_from_to(table["hours_today"], table["hours_planned"])),
        columns,
        name="contacts",
        caption=_listed("Contacts a year, today → planned", len(table), len(plan.allocation.table)),
        how="Today: our own contacts of the last twelve months. One number: as today. Hours "
        "include travel.",
    )


def plot_allocation(
    region: Region, plan: ContactPlan | NoPlan, *, most: int = 20
) -> Chart | Finding:
    """Draw from how many hours to how many the plan moves each account, most moved first.

    Parameters
    ----------
    region : Region
        For the name.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    most : int
        Accounts drawn.
    """
    if isinstance(plan, NoPlan):
        return _NOTHING
    table = plan.allocation.table.join(plan.allocation.situation.accounts["name"])
    moved = (table["hours_planned"] - table["hours_today"]).abs().rename("moved")
    table = table.join(moved).sort_values("moved", ascending=False, kind="stable")
    shown = table.head(most)[::-1]
    with canvas(height=0.9 + 0.26 * len(shown)) as (figure, axes):
        rows = np.arange(len(shown))
        axes.hlines(rows, shown["hours_today"], shown["hours_planned"], color=CONTEXT, linewidth=3)
        axes.plot(shown["hours_today"], rows, "o", color=CONTEXT, markersize=6)
        axes.plot(shown["hours_planned"], rows, "o", color=ACCENT, markersize=6)
        axes.set_yticks(rows, [short(name) for name in shown["name"]], parse_math=False)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", visible=True)
        axes.set(xlabel="Hours a year, travel included", ylim=(-0.7, len(shown) - 0.1))
        axes.set_xlim(left=0)
        for column, said, color in (
            ("hours_today", "today", INK),
            ("hours_planned", "planned", ACCENT),
        ):
            at = (float(shown[column].iloc[-1]), float(rows[-1]))
            label(axes, said, at, xytext=(0, 10), ha="center", color=color)
    words = "; ".join(
        f"{row['name']} {row['hours_today']:,.0f} to {row['hours_planned']:,.0f}"
        for row in shown[::-1].to_dict("records")
    )
    return Chart(
        figure,
        alt=f"Hours a year today and planned: {words}.",
        caption=_listed(f"Hours a year by account, {region.name}", len(shown), len(table)),
        how="Grey: today, blue: planned. The accounts whose hours change most come first.",
    )


def finding_comparison(plan: ContactPlan | NoPlan) -> Finding:
    """Say what the plan brings against doing otherwise, and what of it is luck."""
    return _NOTHING if isinstance(plan, NoPlan) else Finding([plan.comparison.sentence])


def table_comparison(region: Region, plan: ContactPlan | NoPlan) -> Table | Finding:
    """Set the plan beside today's contacts, habit and equal visits, under three elasticities."""
    if isinstance(plan, NoPlan):
        return _NOTHING
    table = plan.comparison.table.rename(columns=str)
    frame = table.reset_index(names="what").assign(
        what=lambda rows: rows["what"].str[:1].str.upper() + rows["what"].str[1:]
    )
    under = {
        one: Column(f"Gain if {one}", amount, numeric=True) for one in table.columns.drop("hours")
    }
    return Table(
        frame,
        {"what": Column("What is done"), "hours": Column("Hours", _COUNT.show, numeric=True)}
        | under,
        name="comparison",
        caption=f"Gain a year against today's contacts, {region.book.currency}, by elasticity",
        how="The elasticity is by how many per cent sales rise with 1 % more contacts: weak (.15), "
        "as many companies found (.31), strong (.47). By habit: 12 visits a year for class A, 6 "
        "for B, 2 for C, in proportion, within the hours of the plan; habit and equal visits are "
        "not held to half to double of today's contacts, beyond which nothing is known. Values are "
        "estimates, and a plan favours those that happen to be too high: corrected for that, the "
        f"plan's own gain of {amount(plan.allocation.gain)} becomes "
        f"{amount(plan.comparison.corrected)}.",
    )


def finding_elasticity(plan: ContactPlan | NoPlan) -> Finding:
    """Say by how much sales change with contacts, and what the data cannot tell."""
    if isinstance(plan, NoPlan):
        return _NOTHING
    within = plan.elasticity.table["elasticity"]["fixed effects"]
    weak = bool(np.isnan(within)) or plan.elasticity.follows_demand < 0.05
    return Finding([plan.elasticity.sentence], caution=weak)


def table_elasticity(plan: ContactPlan | NoPlan) -> Table | Finding:
    """Show the elasticity used beside what it is made of."""
    if isinstance(plan, NoPlan):
        return _NOTHING
    names = {
        "prior": "other companies",
        "pooled": "between accounts (pooled; not used)",
        "fixed effects": "within accounts (fixed effects)",
        "used": "used for the plan",
    }
    table = plan.elasticity.table.rename(index=names)
    ends = _ranges(table["low"], table["high"], "{:.2f}".format)
    columns = {
        "estimate": Column("Estimate"),
        "elasticity": Column("Elasticity", "{:.2f}".format, numeric=True),
        "range": Column("Range", numeric=True),
        "accounts": Column("Accounts", _COUNT.show, numeric=True),
        "months": Column("Months", _COUNT.show, numeric=True),
    }
    return Table(
        table.assign(range=ends).reset_index(names="estimate"),
        columns,
        name="elasticity",
        caption="By how many per cent sales rise with 1 % more contacts",
        how="Between accounts, large ones are visited more because they are large, so that "
        "estimate is too high; within accounts it still is where visits follow demand. The one "
        "used draws the second towards what other companies found. Ranges hold the truth in 8 of "
        "10 cases. A dash: not enough data to tell. A pilot in which the lot decides would "
        "settle it.",
    )


def finding_owners(plan: ContactPlan | NoPlan) -> Finding:
    """Say who cannot meet the minimum, and by how much; else that all can."""
    if isinstance(plan, NoPlan):
        return _NOTHING
    owners = plan.allocation.owners
    lacking = owners[owners["contacts_short"] > 0]
    if lacking.empty:
        return Finding(
            ["Every owner's hours suffice for the minimum that classes and needs ask for."]
        )
    return Finding(list(lacking["sentence"]), caution=True)


def table_owners(region: Region, plan: ContactPlan | NoPlan) -> Table | Finding:
    """Show each owner's hours, what one more would bring, and what is missing."""
    if isinstance(plan, NoPlan):
        return _NOTHING
    hours = {
        "hours_today": "Hours today",
        "hours_planned": "Planned",
        "hours": "There are",
    }
    short_of = {
        "accounts_short": "Accounts short",
        "contacts_short": "Contacts short",
        "hours_short": "Hours short",
    }
    counted = hours | short_of
    columns = {
        "owner": Column("Owner"),
        "accounts": Column("Accounts", _COUNT.show, numeric=True),
        **{name: Column(said, _COUNT.show, numeric=True) for name, said in counted.items()},
        "price": Column(f"One more hour, {region.book.currency}", amount, numeric=True),
        "gain": Column("Gain a year", amount, numeric=True),
    }
    return Table(
        plan.allocation.owners.reset_index(names="owner"),
        columns,
        name="owners",
        caption="Hours a year by owner",
        how="Hours there are: selling hours of the table staff, twelve months. Short: accounts "
        "that get less than their class or a need asks for, with the contacts and hours missing. "
        "One more hour: what it would bring if the owner had it (0: hours are left). Contacts "
        "logged without travel of their own count 45 minutes there and back.",
    )


def finding_schedule(dated: Schedule | NoPlan, *, country: str | None = None) -> Finding:
    """Say how many contacts have their day, why others have none, and which holidays are kept."""
    if isinstance(dated, NoPlan):
        return _NOTHING
    kept = (
        f"Weekends and public holidays of {country} are kept."
        if country
        else "Weekends are kept; holidays are not known, because no country is given."
    )
    return Finding([dated.sentence, kept], caution=bool(len(dated.shortfall)) or not country)


def plot_calendar(region: Region, dated: Schedule | NoPlan) -> Chart | Finding:
    """Draw each owner's hours of planned contacts, week by week."""
    if isinstance(dated, NoPlan):
        return _NOTHING
    if dated.ahead.empty:
        return Finding(["No calendar: no contact has a day."], caution=True)
    hours = _hours_by_week(dated.ahead)
    colors = LinearSegmentedColormap.from_list("hours", ["#f4f7fa", ACCENT])
    most = float(hours.to_numpy().max())
    with canvas(height=1.0 + 0.3 * len(hours)) as (figure, axes):
        axes.grid(visible=False)
        axes.pcolormesh(
            hours.to_numpy(), cmap=colors, vmin=0, vmax=most, edgecolor="white", linewidth=1
        )
        if hours.shape[1] <= _WEEKS_WITH_NUMBERS:
            for (row, week), value in np.ndenumerate(hours.to_numpy()):
                ink = "white" if value > 0.6 * most else INK
                axes.text(
                    week + 0.5,
                    row + 0.5,
                    f"{value:.0f}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color=ink,
                )
        axes.set_yticks(
            np.arange(len(hours)) + 0.5,
            [short(str(one), most=22) for one in hours.index],
            parse_math=False,
        )
        weeks = pd.DatetimeIndex(hours.columns)
        starts = np.flatnonzero(weeks.day <= 7)
        axes.set_xticks(starts + 0.5, list(weeks[starts].strftime("%b %Y")))
        axes.tick_params(length=0)
        axes.invert_yaxis()
        axes.spines[:].set_visible(False)
    words = "; ".join(
        f"{owner} {total:,.0f} in all, at most {peak:,.0f} a week"
        for owner, total, peak in zip(
            hours.index, hours.sum(axis=1), hours.max(axis=1), strict=True
        )
    )
    return Chart(
        figure,
        alt=f"Hours of contacts by owner and week: {words}.",
        caption=f"Calendar: hours of planned contacts by owner and week, {region.name}",
        how="Each field is a week of an owner, with the hours of the contacts dated in it, "
        "travel included; the darker, the more. Months stand under their first whole week.",
    )


def table_actions(region: Region, dated: Schedule | NoPlan, *, most: int = 20) -> Table | Finding:
    """List the first dated actions.

    Parameters
    ----------
    region : Region
        For the names.
    dated : Schedule or NoPlan
        From `schedule_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if isinstance(dated, NoPlan):
        return _NOTHING
    frame = dated.ahead.head(most).join(region.accounts["name"], on="account_id")
    columns = {
        "due": Column("Day", _day, key=True),
        "owner": Column("Owner"),
        "kind": Column("What", lambda kind: NOUNS.get(kind, kind)),
        "name": _NAME,
        "account_id": _KEY,
        "status": Column("State"),
        "action_id": Column("Action", key=True),
    }
    return Table(
        frame,
        columns,
        name="actions",
        caption=_listed("First dated actions", len(frame), len(dated.ahead)),
        how="A contact falls due an interval after the last one of its kind and may move a "
        "quarter of the interval either way. Times of day are agreed with the account. The key "
        "stays the same in calendars and CRM, so that the next plan updates and does not double.",
    )


def finding_feedback(region: Region, found: Feedback) -> Finding:
    """Say what is open and who went silent, and which tables would be needed to know more."""
    return _as_far_as_known(region, "Open loops", found.sentence, _LOOPS)


def table_loops(region: Region, found: Feedback, *, most: int = 20) -> Table | Finding:
    """List what waits for our answer, longest overdue first.

    Parameters
    ----------
    region : Region
        For the names.
    found : Feedback
        From `feedback_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if len(_missing(region, _LOOPS)) == len(_LOOPS):
        return _NOTHING
    frame = found.loops.head(most).join(region.accounts["name"], on="account_id")
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "loop": Column("What", str.capitalize),
        "subject": Column("About"),
        "owner": Column("Who answers"),
        "opened": Column("Since", _day, key=True),
        "age_days": Column("Days", _COUNT.show, numeric=True),
        "standard_days": Column("Standard", _COUNT.show, numeric=True),
        "due": Column("Due", _day, key=True),
        "overdue_days": Column("Days overdue", _COUNT.show, numeric=True),
    }
    return Table(
        frame,
        columns,
        name="loops",
        caption=_listed("Open loops, longest overdue first", len(frame), len(found.loops)),
        how="A complaint is open until it is closed; a need since it was first recorded "
        "important and unmet; a promise is an agreed action that was not done; a contact to us "
        "waits for our next one. The standard is the days within which each is to be closed.",
    )


def table_closing(found: Feedback) -> Table | Finding:
    """Show how often and how fast complaints and contacts to us are answered, by whom and what."""
    if found.by_owner.empty and found.by_subject.empty:
        return _NOTHING
    by = {"Owner": found.by_owner, "Subject": found.by_subject}
    frame = pd.concat(
        [
            table.rename_axis(["of", "loop"]).reset_index().assign(by=said)
            for said, table in by.items()
        ],
        ignore_index=True,
    )
    frame = frame.sort_values(["loop", "by", "pooled_rate"], kind="stable").assign(
        range=_ranges(frame["low"], frame["high"], percent),
        days=_ranges(frame["median_low"], frame["median_high"], "{:,.0f}".format),
    )
    columns = {
        "of": Column("Owner or subject"),
        "loop": Column("What", str.capitalize),
        "due": Column("Due", _COUNT.show, numeric=True),
        "rate": Column("In time", percent, numeric=True),
        "range": Column("Range", numeric=True),
        "pooled_rate": Column("Of the like", percent, numeric=True),
        "median_days": Column("Days to close", _COUNT.show, numeric=True),
        "days": Column("Range ", numeric=True),
    }
    return Table(
        frame,
        columns,
        name="closing",
        caption="How often loops are closed within the standard, and how fast",
        how="In time: of the loops whose standard has run out, those closed within it. Of the "
        "like: the same rate, drawn towards that of all where few loops are known. Days to "
        "close: the median, open loops counted as still waiting; a dash where not half is "
        "closed. Ranges hold the truth in 8 of 10 cases.",
    )


def table_silent(region: Region, found: Feedback, *, most: int = 20) -> Table | Finding:
    """List key accounts that nobody has spoken to for longer than their class allows.

    Parameters
    ----------
    region : Region
        For the names.
    found : Feedback
        From `feedback_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if "activities" not in region.tables:
        return Finding(["Silence is not known: the book has no contacts."], caution=True)
    frame = found.silent.head(most).join(region.accounts["name"]).reset_index(names="account_id")
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "class": Column("Class"),
        "owner": Column("Owner"),
        "last_contact": Column("Last contact", _day, key=True),
        "days_since": Column("Days since", _COUNT.show, numeric=True),
        "allowed_days": Column("Allowed", _COUNT.show, numeric=True),
        "usual_gap_days": Column("Usual gap", _COUNT.show, numeric=True),
    }
    return Table(
        frame,
        columns,
        name="silent",
        caption=_listed("Key accounts without contact", len(frame), len(found.silent)),
        how="Contacts in either direction count. Allowed: a year over the visits due to the "
        "class. Without a day, no contact was ever logged.",
    )


def finding_themes(region: Region, found: Themes) -> Finding:
    """Say where most is at stake, and which tables would be needed to know more."""
    return _as_far_as_known(region, "Themes", found.sentence, _THEMES)


def table_themes(region: Region, found: Themes, *, most: int = 15) -> Table | Finding:
    """Rank what to repair or to offer by what its accounts bring.

    Parameters
    ----------
    region : Region
        For the currency and the measure.
    found : Themes
        From `themes_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if len(_missing(region, _THEMES)) == len(_THEMES):
        return _NOTHING
    shown = found.table.head(most)
    dated = shown["source"].eq("complaint")
    trend = shown["trend"].notna() & np.isfinite(shown["trend_high"].astype(float))
    frame = shown.assign(
        range=_ranges(shown["low"], shown["high"], amount),
        counts=_from_to(shown["before"], shown["recent"], always=True).where(dated),
        change=_ranges(shown["trend_low"], shown["trend_high"], "{:.2g}".format).where(trend),
    )
    columns = {
        "theme": Column("Theme"),
        "source": Column("Raised as", str.capitalize),
        "category": Column("Category"),
        "stake": Column("At stake", amount, numeric=True),
        "range": Column("Range", numeric=True),
        "top_chance": Column("Top three", percent, numeric=True),
        "accounts": Column("Accounts", _COUNT.show, numeric=True),
        "open": Column("Open", _COUNT.show, numeric=True),
        "counts": Column("Half-years", numeric=True),
        "change": Column("Trend", numeric=True),
        "names": Column("Largest"),
    }
    return Table(
        frame,
        columns,
        name="themes",
        caption=_listed(
            f"Themes by what is at stake a year, {region.book.currency}",
            len(frame),
            len(found.table),
        ),
        how=f"At stake is the {region.book.value_measure} of the last twelve months of the "
        "accounts that raised a theme, each once; not what would be lost, and not to be added up. "
        "Its range tells how far it hangs on single accounts. Top three: the chance to be among "
        "the first three, equals included. Half-years: complaints of the half-year before and of "
        "the last one; trend: the range of their ratio (1: no change).",
    )


def _planned(plan: ContactPlan) -> pd.DataFrame:
    """Give each account's plan with name and class, highest gain first."""
    about = plan.allocation.situation.accounts[["name", "class"]]
    table = plan.allocation.table.join(about).reset_index(names="account_id")
    return table.sort_values("gain", ascending=False, kind="stable")


def _any(today: pd.DataFrame, planned: pd.DataFrame, kind: str) -> bool:
    return bool((today[kind] + planned[kind]).any())


def _hours_by_week(actions: pd.DataFrame) -> pd.DataFrame:
    """Add up hours by owner and week (its Monday); weeks without any have none."""
    week = actions["due"].dt.to_period("W").dt.start_time
    hours = (actions["minutes"].fillna(0.0) / 60).groupby([actions["owner"], week]).sum()
    weeks = pd.date_range(week.min(), week.max(), freq="7D")
    wide = hours.rename("hours").rename_axis(["owner", "week"]).reset_index()
    wide = wide.pivot_table("hours", "owner", "week", aggfunc="sum", fill_value=0.0)
    return wide.reindex(columns=weeks, fill_value=0.0)


def _from_to(before: pd.Series, after: pd.Series, *, always: bool = False) -> pd.Series:
    """Write a number before and after; once where nothing changes, not at all where none is."""
    pairs = zip(before.astype(float), after.astype(float), strict=True)
    said = [
        f"{old:,.0f} → {new:,.0f}" if always or round(old) != round(new) else f"{new:,.0f}"
        for old, new in pairs
    ]
    return pd.Series(said, before.index, dtype="str")


def _ranges(low: pd.Series, high: pd.Series, show: Callable[[float], str]) -> pd.Series:
    """Write what lies between two ends; missing where both are, open where one is."""
    ends = zip(low.astype(float), high.astype(float), strict=True)
    said = [_range(one, other, show) for one, other in ends]
    return pd.Series(said, low.index, dtype="str")


def _range(low: float, high: float, show: Callable[[float], str]) -> str | None:
    if np.isfinite(low) and np.isfinite(high):
        return f"{show(low)} to {show(high)}"
    if np.isfinite(low):
        return f"from {show(low)}"
    return f"up to {show(high)}" if np.isfinite(high) else None


def _day(value: pd.Timestamp) -> str:
    return f"{value.day} {value:%b %Y}"


def _as_far_as_known(region: Region, what: str, sentence: str, tables: dict[str, str]) -> Finding:
    """Say a sentence that rests on several tables, and which of them the book lacks."""
    missing = _missing(region, tables)
    if len(missing) == len(tables):
        return Finding([f"{what} are not known: the book has no {_or(missing)}."], caution=True)
    if not missing:
        return Finding([sentence])
    lacking = f"The book has no {_or(missing)}; what they would show is not known."
    return Finding([sentence, lacking], caution=True)


def _missing(region: Region, needed: dict[str, str]) -> list[str]:
    return [said for name, said in needed.items() if name not in region.tables]


def _or(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _listed(what: str, shown: int, there: int) -> str:
    return f"{what}: {shown} of {there:,}" if shown < there else what
