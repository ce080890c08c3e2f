"""Open loops, how fast they close, and key accounts nobody speaks to."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.cultivation.feedback import Feedback
from kapkit.report.cultivation.phrases import (
    COUNT,
    KEY,
    NAME,
    NOTHING,
    as_far_as_known,
    missing,
    short_day,
)
from kapkit.report.display import Column, Finding, Table, listed, ranges
from kapkit.wording import percent

#: Tables of the book that open loops are read from, as people call them.
_LOOPS = {
    "complaints": "complaints",
    "needs": "needs",
    "plan_actions": "planned actions",
    "activities": "contacts",
}


def finding_feedback(region: Region, found: Feedback) -> Finding:
    """Say what is open and who went silent, and which tables would be needed to know more."""
    return as_far_as_known(region, "Open loops", found.sentence, _LOOPS)


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
    if len(missing(region, _LOOPS)) == len(_LOOPS):
        return NOTHING
    frame = found.loops.head(most).join(region.accounts["name"], on="account_id")
    columns = {
        "name": NAME,
        "account_id": KEY,
        "loop": Column("What", str.capitalize),
        "subject": Column("About"),
        "owner": Column("Who answers"),
        "opened": Column("Since", short_day, key=True),
        "age_days": Column("Days", COUNT.show, numeric=True),
        "standard_days": Column("Standard", COUNT.show, numeric=True),
        "due": Column("Due", short_day, key=True),
        "overdue_days": Column("Days overdue", COUNT.show, numeric=True),
    }
    return Table(
        frame,
        columns,
        name="loops",
        caption=listed("Open loops, longest overdue first", len(frame), len(found.loops)),
        how="A complaint is open until it is closed; a need since it was first recorded "
        "important and unmet; a promise is an agreed action that was not done; a contact to us "
        "waits for our next one. The standard is the days within which each is to be closed.",
    )


def table_closing(found: Feedback) -> Table | Finding:
    """Show how often and how fast complaints and contacts to us are answered, by whom and what."""
    if found.by_owner.empty and found.by_subject.empty:
        return NOTHING
    by = {"Owner": found.by_owner, "Subject": found.by_subject}
    frame = pd.concat(
        [
            table.rename_axis(["of", "loop"]).reset_index().assign(by=said)
            for said, table in by.items()
        ],
        ignore_index=True,
    )
    frame = frame.sort_values(["loop", "by", "pooled_rate"], kind="stable").assign(
        range=ranges(frame["low"], frame["high"], percent),
        days=ranges(frame["median_low"], frame["median_high"], "{:,.0f}".format),
    )
    columns = {
        "of": Column("Owner or subject"),
        "loop": Column("What", str.capitalize),
        "due": Column("Due", COUNT.show, numeric=True),
        "rate": Column("In time", percent, numeric=True),
        "range": Column("Range", numeric=True, by="low"),
        "pooled_rate": Column("Of the like", percent, numeric=True),
        "median_days": Column("Days to close", COUNT.show, numeric=True),
        "days": Column("Range ", numeric=True, by="median_low"),
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
        "name": NAME,
        "account_id": KEY,
        "class": Column("Class"),
        "owner": Column("Owner"),
        "last_contact": Column("Last contact", short_day, key=True),
        "days_since": Column("Days since", COUNT.show, numeric=True),
        "allowed_days": Column("Allowed", COUNT.show, numeric=True),
        "usual_gap_days": Column("Usual gap", COUNT.show, numeric=True),
    }
    return Table(
        frame,
        columns,
        name="silent",
        caption=listed("Key accounts without contact", len(frame), len(found.silent)),
        how="Contacts in either direction count. Allowed: a year over the visits due to the "
        "class. Without a day, no contact was ever logged.",
    )
