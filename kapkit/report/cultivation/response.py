"""What contacts do to sales, and how well that is known."""

import numpy as np

from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.report.cultivation.phrases import COUNT, NOTHING, ranges
from kapkit.report.display import Column, Finding, Table


def finding_elasticity(plan: ContactPlan | NoPlan) -> Finding:
    """Say by how much sales change with contacts, and what the data cannot tell."""
    if isinstance(plan, NoPlan):
        return NOTHING
    within = plan.elasticity.table["elasticity"]["fixed effects"]
    weak = bool(np.isnan(within)) or plan.elasticity.follows_demand < 0.05
    return Finding([plan.elasticity.sentence], caution=weak)


def table_elasticity(plan: ContactPlan | NoPlan) -> Table | Finding:
    """Show the elasticity used beside what it is made of."""
    if isinstance(plan, NoPlan):
        return NOTHING
    names = {
        "prior": "other companies",
        "pooled": "between accounts (pooled; not used)",
        "fixed effects": "within accounts (fixed effects)",
        "used": "used for the plan",
    }
    table = plan.elasticity.table.rename(index=names)
    ends = ranges(table["low"], table["high"], "{:.2f}".format)
    columns = {
        "estimate": Column("Estimate"),
        "elasticity": Column("Elasticity", "{:.2f}".format, numeric=True),
        "range": Column("Range", numeric=True),
        "accounts": Column("Accounts", COUNT.show, numeric=True),
        "months": Column("Months", COUNT.show, numeric=True),
    }
    return Table(
        table.assign(range=ends).reset_index(names="estimate"),
        columns,
        name="elasticity",
        caption="By how many per cent sales rise with 1 % more contacts",
        how="Estimated once over the accounts of all regions, because a region alone has too few. "
        "Between accounts, large ones are visited more because they are large, so that "
        "estimate is too high; within accounts it still is where visits follow demand. The one "
        "used draws the second towards what other companies found. Ranges hold the truth in 8 of "
        "10 cases. A dash: not enough data to tell. A pilot in which the lot decides would "
        "settle it.",
    )
