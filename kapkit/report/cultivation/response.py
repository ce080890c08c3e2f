"""What contacts do to sales, and how well that is known."""

import numpy as np

from kapkit.book.region import Region
from kapkit.cultivation.plan import ContactPlan
from kapkit.cultivation.regional import NoPlan
from kapkit.models.pilot import Pilot
from kapkit.report.cultivation.phrases import COUNT, KEY, NAME, NOTHING
from kapkit.report.display import Column, Finding, Table, listed, ranges
from kapkit.wording import amount, say


def finding_elasticity(plan: ContactPlan | NoPlan) -> Finding:
    """Say by how much sales change with contacts, and what the data cannot tell."""
    if isinstance(plan, NoPlan):
        return NOTHING
    within = plan.elasticity.table["elasticity"]["fixed effects"]
    weak = bool(np.isnan(within)) or plan.elasticity.follows_demand < 0.05
    return Finding([plan.elasticity.sentence], caution=weak)


def table_judgement(
    region: Region, plan: ContactPlan | NoPlan, *, most: int = 20
) -> Table | Finding:
    """Set what people judged of an account's response beside the estimate.

    Parameters
    ----------
    region : Region
        For the names.
    plan : ContactPlan or NoPlan
        From `plan_where_known`.
    most : int
        Rows shown; the caption says how many there are.

    Returns
    -------
    Table or Finding
        An empty finding where nobody judged.
    """
    if isinstance(plan, NoPlan) or "judged" not in plan.allocation.situation.curves:
        return NOTHING
    curves = plan.allocation.situation.curves
    judged = curves[curves["source"] == "judgement"].join(plan.allocation.table["gain"])
    judged = judged.sort_values("gain", ascending=False, kind="stable").head(most)
    number = "{:.2f}".format
    columns = {
        "name": NAME,
        "account_id": KEY,
        "judged": Column(say("Judged"), number, numeric=True),
        "estimated": Column(say("Estimated"), number, numeric=True),
        "gain": Column(say("Gain a year"), amount, numeric=True),
    }
    return Table(
        judged.join(region.accounts["name"]).reset_index(names="account_id"),
        columns,
        name="judgement",
        caption=listed(
            say("Where people's judgement of the response is used: elasticity today"),
            len(judged),
            int((curves["source"] == "judgement").sum()),
        ),
        how=say(
            "People said what sales would be with no, half, one and a half times and unlimited "
            "effort, for an account (overrides, field response) or a class (kapkit.toml, "
            "[effort]). The plan follows the curve through their answers; the estimate stands "
            "beside it."
        ),
    )


def finding_pilot(pilot: Pilot | NoPlan) -> Finding:
    """Say which pilot by lot would settle what contacts do, and how likely it would."""
    if isinstance(pilot, NoPlan):
        return NOTHING
    if not pilot.table["pair"].notna().any():
        return Finding([say("No pilot: no two accounts of an owner and class are alike enough.")])
    drawn = say("Who gets more and who less is drawn already: pilot.csv beside this page.")
    return Finding([pilot.sentence, drawn])


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
