"""5.2 and 5.3 on the page: planned, done, overdue, and whose hours it takes."""

import pandas as pd

from kapkit.monitoring.progress import Progress
from kapkit.report.display import Column, Finding, Table
from kapkit.wording import percent, say, signed_percent


def finding_progress(found: Progress) -> Finding:
    """Say what was done of the plan, what is overdue and why actions were skipped."""
    return Finding(found.sentences)


def table_progress(found: Progress) -> Table | Finding:
    """Set planned beside done, by owner, kind and class."""
    parts = {
        say("owner"): found.by_owner,
        say("kind"): found.by_kind,
        say("class"): found.by_class,
    }
    rows = [table.rename_axis("of").reset_index().assign(by=by) for by, table in parts.items()]
    table = pd.concat(rows, ignore_index=True)
    if table.empty:
        return Finding([])
    columns = {"of": Column(say("Of")), "by": Column(say("by")), **_counts()}
    return Table(
        table,
        columns,
        name="progress",
        caption=say("Actions that fell due in the last twelve months"),
        how=say("Late: more than a week after its day."),
    )


def _counts() -> dict[str, Column]:
    heads = {
        "planned": say("Due"),
        "done": say("Done"),
        "done late": say("Late"),
        "skipped": say("Skipped"),
        "overdue": say("Overdue"),
    }
    counted = {name: Column(head, numeric=True) for name, head in heads.items()}
    return {**counted, "kept": Column(say("Share done"), percent, numeric=True)}


def table_reasons(found: Progress) -> Table | Finding:
    """Count why planned actions were skipped."""
    if found.reasons.empty:
        return Finding([say("Nothing was skipped.")] if len(found.actions) else [])
    columns = {
        "reason": Column(say("Reason given")),
        "count": Column(say("Actions skipped"), numeric=True),
    }
    counted = found.reasons.rename("count").rename_axis("reason").reset_index()
    return Table(
        counted,
        columns,
        name="reasons",
        caption=say("Why actions were skipped, in twelve months"),
    )


def table_kept(found: Progress, *, most: int = 30) -> Table | Finding:
    """List the accounts whose plan was kept least, beside how their revenue went; not causal."""
    if found.by_account.empty:
        return Finding([])
    columns = {
        "name": Column(say("Account")),
        "class": Column(say("Class")),
        **_counts(),
        "growth": Column(say("Growth"), signed_percent, numeric=True),
    }
    shown = found.by_account.head(most)
    count = f"{len(found.by_account):,}"
    return Table(
        shown,
        columns,
        name="kept",
        caption=say(
            "Plan and result by account: {shown} of {count}", shown=str(len(shown)), count=count
        ),
        how=say(
            "Those with most left undone first. Revenue of the last half-year against the same "
            "half a year before. Not a cause: owners keep plans where business is good already."
        ),
        folded=True,
    )


def table_overdue(found: Progress, *, most: int = 15) -> Table | Finding:
    """List what is overdue, the oldest first."""
    if found.overdue.empty:
        return Finding([say("Nothing is overdue.")] if len(found.actions) else [])
    columns = {
        "name": Column(say("Account")),
        "class": Column(say("Class")),
        "kind": Column(say("What")),
        "owner": Column(say("Owner")),
        "late_days": Column(say("Days late"), "{:,.0f}".format, numeric=True),
    }
    shown = found.overdue.head(most)
    return Table(
        shown,
        columns,
        name="overdue",
        caption=say(
            "Overdue: {shown} of {count}", shown=str(len(shown)), count=f"{len(found.overdue):,}"
        ),
    )


def table_load(found: Progress) -> Table | Finding:
    """Set the hours of the recorded plan beside those each owner has."""
    if found.load.empty:
        return Finding([])
    columns = {
        "owner": Column(say("Owner")),
        "month": Column(say("Month"), lambda value: f"{value:%b %Y}"),
        "actions": Column(say("Actions"), numeric=True),
        "hours": Column(say("Hours planned"), "{:,.0f}".format, numeric=True),
        "hours_available": Column(say("Hours there are"), "{:,.0f}".format, numeric=True),
    }
    return Table(
        found.load,
        columns,
        name="load",
        caption=say("Recorded plan against hours"),
        how=say("Hours of an action: the median logged for its kind."),
    )


def table_adherence(found: Progress) -> Table | Finding:
    """Compare accounts whose plan was kept more and less; not causal."""
    if found.adherence.empty:
        return Finding(
            [say("Too few accounts with a plan to compare keeping it with results.")]
            if len(found.actions)
            else []
        )
    columns = {
        "side": Column(say("Accounts with")),
        "accounts": Column(say("Accounts"), numeric=True),
        "kept": Column(say("Share done"), percent, numeric=True),
        "growth": Column(say("Growth (median)"), signed_percent, numeric=True),
        "low": Column(say("from"), signed_percent, numeric=True),
        "high": Column(say("to"), signed_percent, numeric=True),
    }
    return Table(
        found.adherence.rename_axis("side").reset_index(),
        columns,
        name="adherence",
        caption=say("Keeping the plan, and results"),
        how=say(
            "Revenue of the last half-year against the same half a year before; 80 % range of the "
            "median. Not a cause: owners keep plans where business is good already."
        ),
    )


def table_lessons(found: Progress) -> Table | Finding:
    """Show what was done where accounts grew, and where they did not."""
    if found.lessons.empty:
        return Finding(
            [say("Too few accounts with a plan to tell what was done where they grew.")]
            if len(found.actions)
            else []
        )
    columns = {
        "kind": Column(say("What")),
        "grew": Column(say("Per account that grew"), "{:.1f}".format, numeric=True),
        "did_not": Column(say("Per account that did not"), "{:.1f}".format, numeric=True),
    }
    return Table(
        found.lessons.rename_axis("kind").reset_index(),
        columns,
        name="lessons",
        caption=say("Planned actions done in twelve months"),
        how=say("What went with growth, which is not what caused it."),
    )
