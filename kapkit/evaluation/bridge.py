"""3.2 What moved contribution between two periods: price, volume, mix, cost, who came and left."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.evaluation.cost_to_serve import CostToServe, cost_to_serve
from kapkit.wording import amount, say, worded

#: The steps from one period's contribution to the other's, in the order they are drawn.
STEPS = {
    "new": "New accounts",
    "lost": "Lost accounts",
    "volume": "Volume",
    "mix": "Mix",
    "price": "Price",
    "cost": "Cost of goods",
    "unsplit": "Not split",
    "serving": "Cost to serve",
}
_KEYS = ["account_id", "category"]
_SUMMED = ["quantity", "revenue", "costed_revenue", "cost", "costed_lines"]
#: Use of a driver recorded no later than so many days after the first period began counts as
#: recorded throughout.
_RECORDED_DAYS = 92


class Months(NamedTuple):
    """A period of whole months: the first day of its first, the last day of its last."""

    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        return f"{self.first:%B %Y} to {self.last:%B %Y}"

    def of(self, frame: pd.DataFrame, day: str) -> pd.DataFrame:
        """Keep the rows of the period."""
        return frame[frame[day].between(pd.Timestamp(self.first), pd.Timestamp(self.last))]


def last_twelve(as_of: dt.date, *, years_back: int = 0) -> Months:
    """Give the twelve whole months that ended last.

    >>> str(last_twelve(dt.date(2026, 7, 20)))
    'July 2025 to June 2026'
    """
    after = (pd.Timestamp(as_of) + pd.Timedelta(days=1)).replace(day=1)
    end = after - pd.DateOffset(years=years_back)
    start = end - pd.DateOffset(years=1)
    return Months(start.date(), (end - pd.Timedelta(days=1)).date())


@dataclass(frozen=True)
class Bridge:
    """What moved each account's contribution from one period to the other; it adds up exactly.

    ``table`` is indexed by account: ``before``, the `STEPS`, and ``after``; before plus the
    steps is after. ``categories`` says the same by product category (empty: lines without one),
    largest move first; cost to serve, which is of no category, stands beside it. ``net`` tells
    whether cost to serve is in the table. Empty where the periods cannot be compared, which
    ``sentence`` says.
    """

    table: pd.DataFrame
    categories: pd.DataFrame
    before: Months
    after: Months
    net: bool
    sentence: str

    @property
    def total(self) -> pd.Series:
        """The bridge of all accounts together."""
        return self.table.sum()

    @property
    def serving(self) -> pd.Series:
        """What is of no category: the part that cost to serve has in the bridge."""
        return self.total - self.categories.sum()


def margin_bridge(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    r"""Split what moved each account's margin into price, volume, mix and cost, exactly.

    With units :math:`q`, price :math:`p` and cost :math:`k` per unit of each category, margin
    :math:`M` and :math:`V = \sum q_1 p_0 / \sum q_0 p_0` (units valued at the first period's
    prices, so that boxes and litres add up): volume :math:`(V - 1) M_0`, mix
    :math:`\sum q_1 (p_0 - k_0) - V M_0`, price :math:`\sum q_1 (p_1 - p_0)`, cost
    :math:`-\sum q_1 (k_1 - k_0)`.

    Parameters
    ----------
    before, after : DataFrame
        One row per account and category: ``quantity``, ``costed_revenue`` and ``cost``.

    Returns
    -------
    DataFrame indexed by account
        ``before``, ``new``, ``lost``, ``volume``, ``mix``, ``price``, ``cost``, ``unsplit`` and
        ``after``, in the book's currency. An account of one period only is new or lost, whole.

    Notes
    -----
    A category that an account buys for the first time has no price to compare with: it counts at
    its own price and cost, so that all of it is volume and mix. What cannot be split, because
    units are missing or not positive in a period, is in ``unsplit``; so is an account whose
    first period is worth nothing. Within a category products are not told apart: a change from
    cheap to dear ones shows as price and cost.

    Examples
    --------
    >>> key = {"account_id": ["a"], "category": ["x"]}
    >>> old = pd.DataFrame(key | {"quantity": 10.0, "costed_revenue": 100.0, "cost": 60.0})
    >>> now = pd.DataFrame(key | {"quantity": 12.0, "costed_revenue": 132.0, "cost": 84.0})
    >>> steps = margin_bridge(old, now).loc["a"].round(6)
    >>> steps[["before", "volume", "price", "cost", "after"]].tolist()
    [40.0, 8.0, 12.0, -12.0, 48.0]
    """
    return _moves(before, after).groupby("account_id").sum()


def bridge(
    categories: pd.DataFrame,
    *,
    before: Months,
    after: Months,
    service_costs: pd.DataFrame | None = None,
    cost_rates: pd.DataFrame | None = None,
    currency: str = "",
) -> Bridge:
    """Find what moved contribution from one period to another: whose prices, volumes or costs.

    Parameters
    ----------
    categories : DataFrame
        One row per account, month and category (schema ``CATEGORIES``).
    before, after : Months
        The periods; for cost to serve, of twelve months.
    service_costs, cost_rates : DataFrame or None
        Schemas ``SERVICE_COSTS`` and ``COST_RATES``. Cost to serve is in the bridge where both
        are given, use is recorded from the first period on, and every use that is has a rate.
    currency : str
        Written behind amounts in the sentence.

    Returns
    -------
    Bridge
        See `margin_bridge` for its steps. Units are those of lines with a known cost, taken as
        the same part of all units as these lines are of revenue.
    """
    periods = (before, after)
    sums = [_summed(period.of(categories, "month")) for period in periods]
    moves = _moves(*sums)
    table, by_category = (moves.groupby(key).sum() for key in _KEYS)
    serving = _serving(service_costs, cost_rates, periods)
    if serving is not None:
        table = _with_serving(table, sums, serving)
    table = table.assign(serving=table.get("serving", 0.0))[["before", *STEPS, "after"]]
    said = _sentence(table, before, after, currency, net=serving is not None)
    largest = (by_category["after"] - by_category["before"]).abs()
    order = largest.sort_values(ascending=False, kind="stable").index
    by_category = by_category.assign(serving=0.0).loc[order, list(table)]
    return Bridge(table, by_category, before, after, serving is not None, said)


def bridge_of(region: Region) -> Bridge:
    """Find what moved a region's contribution in the last twelve whole months.

    Parameters
    ----------
    region : Region
        The region as of a day.

    Returns
    -------
    Bridge
        Empty, with the reason, where the book knows no costs or not two years.
    """
    after, before = (last_twelve(region.as_of, years_back=back) for back in (0, 1))
    first = region.book.first_day
    if region.book.costed_share == 0:
        return _none(before, after, say("No bridge: the book has no costs."))
    if first is None or first > before.first + dt.timedelta(days=_RECORDED_DAYS):
        return _none(before, after, say("No bridge: the book has less than two years of sales."))
    return bridge(
        region.categories,
        before=before,
        after=after,
        service_costs=region.tables.get("service_costs"),
        cost_rates=region.tables.get("cost_rates"),
        currency=region.book.currency,
    )


def _paired(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Join the periods' rows: units, revenue and cost, ``_0`` and ``_1``, and which exist."""
    sides = []
    for turn, frame in enumerate((before, after)):
        measures = frame[["quantity", "costed_revenue", "cost"]].astype(float).fillna({"cost": 0.0})
        side = frame[_KEYS].join(measures.set_axis([f"q_{turn}", f"r_{turn}", f"k_{turn}"], axis=1))
        sides.append(side.assign(**{f"in_{turn}": True}))
    pair = sides[0].merge(sides[1], on=_KEYS, how="outer").sort_values(_KEYS, ignore_index=True)
    for turn in (0, 1):
        there = pair[f"in_{turn}"].eq(True)
        money = [f"{letter}_{turn}" for letter in "qrk"]
        pair[money] = pair[money].where(there, 0.0)
        pair[f"in_{turn}"] = there
        pair[f"margin_{turn}"] = pair[f"r_{turn}"] - pair[f"k_{turn}"]
    return pair


def _moves(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Split the move of each account and category: summed by either, the steps add up."""
    pair = _paired(before, after)
    seen = pair[["in_0", "in_1"]].groupby(pair["account_id"]).transform("any")
    moved = pair["margin_1"] - pair["margin_0"]
    split = _split(pair).where(seen.all(axis=1), 0.0)
    columns = {
        "before": pair["margin_0"],
        "new": moved.where(~seen["in_0"], 0.0),
        "lost": moved.where(~seen["in_1"], 0.0),
        **{name: split[name] for name in split},
        "after": pair["margin_1"],
    }
    return pd.DataFrame(columns).set_index(pd.MultiIndex.from_frame(pair[_KEYS]))


def _split(pair: pd.DataFrame) -> pd.DataFrame:
    """Split each row's move, as if its account bought in both periods."""
    able = ((pair["q_0"] > 0) | ~pair["in_0"]) & ((pair["q_1"] > 0) | ~pair["in_1"])
    at_old = {
        name: pair[f"{name}_0"] / pair["q_0"].where(pair["q_0"] > 0) * pair["q_1"] for name in "rk"
    }
    worth, cost = (at_old[name].where(pair["in_0"], pair[f"{name}_1"]) for name in "rk")
    units = pd.DataFrame({"old": pair["r_0"], "new": worth}).where(able, 0.0)
    total = units.groupby(pair["account_id"]).transform("sum")
    # What the account's units of this period are worth at the old prices, over those of before.
    index = total["new"] / total["old"].where(total["old"] > 0)
    usable = able & index.notna()
    parts = {
        "volume": (index - 1) * pair["margin_0"],
        "mix": worth - cost - index * pair["margin_0"],
        "price": pair["r_1"] - worth,
        "cost": cost - pair["k_1"],
    }
    split = pd.DataFrame({name: part.where(usable, 0.0) for name, part in parts.items()})
    return split.assign(unsplit=(pair["margin_1"] - pair["margin_0"]).where(~usable, 0.0))


def _summed(part: pd.DataFrame) -> pd.DataFrame:
    """Add a period's months up; units are those of lines with a cost, in proportion."""
    keys = part.assign(category=part["category"].fillna(""))
    sums = keys.groupby(_KEYS)[_SUMMED].sum(min_count=1).reset_index()
    costed = (sums["costed_revenue"] / sums["revenue"].where(sums["revenue"] != 0)).clip(0.0, 1.0)
    return sums.assign(quantity=sums["quantity"] * costed)


def _serving(
    used: pd.DataFrame | None, rates: pd.DataFrame | None, periods: tuple[Months, Months]
) -> list[CostToServe] | None:
    """Price both periods' use; None where one of them is not known whole."""
    if used is None or rates is None:
        return None
    both = [cost_to_serve(used, rates, as_of=period.last) for period in periods]
    since = both[0].since
    late = periods[0].first + dt.timedelta(days=_RECORDED_DAYS)
    whole = since is not None and since <= late and all(part.known for part in both)
    return both if whole else None


def _with_serving(
    table: pd.DataFrame, sums: list[pd.DataFrame], serving: list[CostToServe]
) -> pd.DataFrame:
    """Take cost to serve off both periods: its change is a step, or part of who came and left."""
    caused = [part.table.index.unique("account_id") for part in serving]
    every = table.index.union(caused[0]).union(caused[1])
    there = [pd.Index(part["account_id"]) for part in sums]
    known = [pd.Index(part.loc[part["costed_lines"] > 0, "account_id"]) for part in sums]
    cost = [
        part.of(every).where(every.isin(some) | ~every.isin(bought), 0.0)
        for part, bought, some in zip(serving, there, known, strict=True)
    ]
    found = table.reindex(every, fill_value=0.0)
    change = cost[0] - cost[1]
    new = pd.Series(every.isin(there[1]) & ~every.isin(there[0]), every)
    lost = pd.Series(every.isin(there[0]) & ~every.isin(there[1]), every)
    return found.assign(
        before=found["before"] - cost[0],
        after=found["after"] - cost[1],
        new=found["new"] + change.where(new, 0.0),
        lost=found["lost"] + change.where(lost, 0.0),
        serving=change.mask(new | lost, 0.0),
    )


def _none(before: Months, after: Months, sentence: str) -> Bridge:
    empty = pd.DataFrame(columns=["before", *STEPS, "after"], dtype=float)
    table, categories = (empty.rename_axis(key) for key in _KEYS)
    return Bridge(table, categories, before, after, False, sentence)


def _sentence(
    table: pd.DataFrame, before: Months, after: Months, currency: str, *, net: bool
) -> str:
    total = table.sum()
    change = total["after"] - total["before"]
    periods = {"after": after, "before": before}
    steps = total[list(STEPS)]
    largest = steps[steps.abs() >= max(abs(change) * 0.05, 0.005)]
    largest = largest.sort_values(key=np.abs, ascending=False)
    parts = ", ".join(
        f"{worded(STEPS[str(name)]).lower()} {_signed(v)}" for name, v in largest.items()
    )
    what = say("Contribution") if net else say("Contribution before cost to serve")
    if not parts:
        return say("{what} of {after} is that of {before}.", what=what, **periods)
    return say(
        "{what} of {after} was {now}, {change} on {before}: {parts}.",
        what=what,
        now=amount(total["after"], currency),
        change=_signed(change),
        parts=parts,
        **periods,
    )


def _signed(value: float) -> str:
    return ("+" if value >= 0 else "") + amount(value)
