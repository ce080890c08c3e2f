"""Whether contacts keep accounts, and whose plan counts on it."""

from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.report.cultivation.phrases import COUNT, NOTHING
from kapkit.report.display import Column, Finding, Table, ranges
from kapkit.wording import percent, say, say_count


def finding_retention(plan: ContactPlan | NoPlan) -> Finding:
    """Say whether contacts keep accounts, and whether the plan counts on it, typed or estimated."""
    if isinstance(plan, NoPlan):
        return NOTHING
    typed = int((plan.allocation.situation.accounts["saved"] > 0).sum())
    return Finding([plan.retention.sentence, *_counted(plan, typed)], caution=typed > 0)


def _counted(plan: ContactPlan, typed: int) -> list[str]:
    said = []
    if typed:
        said.append(
            say_count(
                typed,
                "For {count} account the plan counts on a share that people typed (kapkit.toml, "
                "[effort] saved, or overrides), not on an estimate.",
                "For {count} accounts the plan counts on a share that people typed (kapkit.toml, "
                "[effort] saved, or overrides), not on an estimate.",
            )
        )
    if plan.retention.saved > 0:
        return [*said, say("What contacts keep counts in the plan, beside what they sell.")]
    if typed:
        return said
    return [say("So no visit is planned because an account may leave.")]


def table_retention(plan: ContactPlan | NoPlan) -> Table | Finding:
    """Show what the statement rests on: before the data, contacts alone, history held equal."""
    if isinstance(plan, NoPlan) or plan.retention.table["silences"].isna().all():
        return NOTHING
    names = {
        "prior": say("before the data"),
        "alone": say("contacts alone (not used)"),
        "with history": say("accounts of equal history"),
        "used": say("used for the plan"),
    }
    found = plan.retention.table
    table = found.rename(index=names).reset_index(names="estimate")
    ends = ranges(found["averted_low"], found["averted_high"], percent)
    columns = {
        "estimate": Column(say("Estimate")),
        "averted": Column(say("Averted"), percent, numeric=True),
        "range": Column(say("Range"), numeric=True),
        "quarters": Column(say("Quarters"), COUNT.show, numeric=True),
        "silences": Column(say("Went silent"), COUNT.show, numeric=True),
    }
    return Table(
        table.assign(range=ends.to_numpy()),
        columns,
        name="retention",
        caption=say("Share of silences that twice the contacts avert"),
        how=say(
            "Over all regions: in how many of an account's quarters with an order was that order "
            "its last, by the contacts of the 13 weeks before it? Held equal: orders, revenue, "
            "tenure and contacts of the year before. Silent: no order in half a year, nor in five "
            "of its own intervals. Ranges hold the truth in 8 of 10 cases; only one above zero "
            "moves contacts. What is logged in part is understated."
        ),
    )
