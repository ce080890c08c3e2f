"""Whose hours suffice, and what one more would bring."""

from kapkit.book.region import Region
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.report.cultivation.phrases import COUNT, NOTHING
from kapkit.report.display import Column, Finding, Table
from kapkit.wording import amount


def finding_owners(plan: ContactPlan | NoPlan) -> Finding:
    """Say who cannot meet the minimum, and by how much; else that all can."""
    if isinstance(plan, NoPlan):
        return NOTHING
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
        return NOTHING
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
        "accounts": Column("Accounts", COUNT.show, numeric=True),
        **{name: Column(said, COUNT.show, numeric=True) for name, said in counted.items()},
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
