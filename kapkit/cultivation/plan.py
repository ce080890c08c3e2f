"""4.1 for one region: what contacts do, who gets how many, and what that is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.cultivation.allocation import Allocation, allocate
from kapkit.cultivation.comparison import Comparison, compare
from kapkit.cultivation.effort import CADENCE, Rules, needed_contacts, today_effort
from kapkit.cultivation.retention import at_stake, chance_to_leave, shares_saved
from kapkit.cultivation.situation import situation
from kapkit.models.company_response import elasticity_of
from kapkit.models.company_retention import retention_of
from kapkit.models.contacts import MINUTES
from kapkit.models.curves import POINTS, calibrate, judgements, with_judgement
from kapkit.models.response import Elasticity
from kapkit.models.retention import Retention


@dataclass(frozen=True)
class ContactPlan:
    """The elasticity and the retention used, the allocation, and what it is set beside.

    ``needs`` names the unmet needs that asked for a contact.
    """

    elasticity: Elasticity
    retention: Retention
    allocation: Allocation
    comparison: Comparison
    needs: pd.DataFrame
    sentence: str


def contact_plan(
    region: Region,
    accounts: pd.DataFrame,
    *,
    seed: int,
    rules: Rules | None = None,
    elasticity: Elasticity | None = None,
) -> ContactPlan:
    """Plan a region's contacts from its own tables: activities and staff, needs and judgement.

    Parameters
    ----------
    region : Region
        The region as of a day, with the tables activities and staff; needs, solutions and
        overrides are used where they are there.
    accounts : DataFrame indexed by account
        ``class``, ``value`` (a year) and its ``low`` and ``high`` (80 %), as `key_accounts`
        gives them.
    seed : int
        Of the draws behind the winner's curse.
    rules : Rules
        What the plan must keep to; default: `rules_of` the book.
    elasticity : Elasticity
        Default: that of the whole company (see `elasticity_of`), because regions are small.

    Returns
    -------
    ContactPlan

    Raises
    ------
    DataError
        If there is no table of activities or of staff.
    """
    missing = [name for name in ("activities", "staff") if name not in region.tables]
    if missing:
        raise DataError(
            f"{' and '.join(missing)}: not in the book, so contacts cannot be planned; map "
            f"{'them' if len(missing) > 1 else 'it'} in kapkit.toml"
        )
    index, tables = region.accounts.index, region.tables
    if elasticity is None:
        elasticity = elasticity_of(region)
    keeps = retention_of(region)
    start = situation(
        _about(region, accounts, keeps),
        today_effort(tables["activities"], index, as_of=region.as_of),
        tables["staff"],
        curves=_curves(region, accounts["class"].reindex(index), elasticity),
        needed=_needed(region),
        rules=rules or rules_of(region.book.effort),
    )
    error = (elasticity.value, elasticity.sd)
    plan = allocate(start, elasticity=error, currency=region.book.currency)
    beside = compare(plan, seed=seed, currency=region.book.currency)
    said = f"{plan.sentence} {elasticity.sentence}"
    if region.book.value_measure == "revenue":
        said += " Gains are in revenue: the costs of the book are not known."
    return ContactPlan(elasticity, keeps, plan, beside, _needed(region), said)


def rules_of(effort: Mapping[str, Any]) -> Rules:
    """Set a book's section ``[effort]`` in the place of the defaults, entry by entry.

    >>> rules_of({"minutes": {"visit": 60.0}, "most": 1.5}).minutes["visit"]
    60.0
    """
    told = {name: effort.get(name) for name in ("travel_minutes", "least", "most")}
    given = {name: value for name, value in told.items() if value is not None}
    cadence = {
        name: {**CADENCE.get(name, {}), **effort.get("cadence", {}).get(name, {})}
        for name in {**CADENCE, **effort.get("cadence", {})}
    }
    return Rules(minutes={**MINUTES, **effort.get("minutes", {})}, cadence=cadence, **given)


def _about(region: Region, accounts: pd.DataFrame, keeps: Retention) -> pd.DataFrame:
    """Set what is planned with beside the owner; an account without a class counts as C."""
    listed = region.accounts.reindex(columns=["name", "owner", "travel_minutes"])
    value = accounts.reindex(listed.index)
    classes = value["class"].fillna("C")
    buys = value.reindex(columns=["buys"])["buys"].astype(float)
    typed = shares_saved(
        region.tables.get("overrides"),
        classes,
        by_class=region.book.effort.get("saved", {}),
        as_of=region.as_of,
    )
    leave = chance_to_leave(buys, region.purchases, as_of=region.as_of)
    return listed.assign(
        travel_minutes=pd.to_numeric(listed["travel_minutes"], errors="coerce"),
        contribution=value["value"].astype(float),
        low=value["low"].astype(float),
        high=value["high"].astype(float),
        **{"class": classes},
    ).join(at_stake(leave, typed, keeps.going, keeps.saved))


def _needed(region: Region) -> pd.DataFrame:
    if (
        not {"needs", "solutions"} <= set(region.tables)
        or "action" not in region.tables["solutions"]
    ):
        return pd.DataFrame({"account_id": [], "kind": [], "need": []}, dtype="str")
    known = region.tables["needs"]
    known = known[known["recorded"] <= pd.Timestamp(region.as_of)]
    return needed_contacts(known, region.tables["solutions"], region.accounts.index)


def _curves(region: Region, classes: pd.Series, elasticity: Elasticity) -> pd.DataFrame:
    """Draw concave curves, and those that people judged in their place."""
    curves = calibrate(pd.Series(min(elasticity.value, 0.95), region.accounts.index))
    answers = _answers(region)
    if answers.empty:
        return curves
    return with_judgement(curves, answers, classes.fillna("C").tolist())


def _answers(region: Region) -> pd.DataFrame:
    """Gather what people answered: for single accounts (overrides) and for classes (effort)."""
    by_class = pd.DataFrame.from_dict(
        region.book.effort.get("response", {}), orient="index", columns=POINTS, dtype=float
    )
    if "overrides" not in region.tables:
        return by_class
    typed = judgements(region.tables["overrides"], as_of=pd.Timestamp(region.as_of))
    return pd.concat([typed, by_class]) if len(by_class) else typed
