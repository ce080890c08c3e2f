"""The plan beside doing otherwise."""

from kapkit.book.region import Region
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.report.cultivation.phrases import COUNT, NOTHING
from kapkit.report.display import Column, Finding, Table
from kapkit.wording import amount


def finding_comparison(plan: ContactPlan | NoPlan) -> Finding:
    """Say what the plan brings against doing otherwise, and what of it is luck."""
    return NOTHING if isinstance(plan, NoPlan) else Finding([plan.comparison.sentence])


def table_comparison(region: Region, plan: ContactPlan | NoPlan) -> Table | Finding:
    """Set the plan beside today's contacts, habit and equal visits, under three elasticities."""
    if isinstance(plan, NoPlan):
        return NOTHING
    table = plan.comparison.table.rename(columns=str)
    frame = table.reset_index(names="what").assign(
        what=lambda rows: rows["what"].str[:1].str.upper() + rows["what"].str[1:]
    )
    under = {
        one: Column(f"Gain if {one}", amount, numeric=True) for one in table.columns.drop("hours")
    }
    return Table(
        frame,
        {"what": Column("What is done"), "hours": Column("Hours", COUNT.show, numeric=True)}
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
