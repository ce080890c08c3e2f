"""3.2 What accounts will bring: expected margin of the next year, lifetime value, and who costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.errors import listing
from kapkit.book.region import Region
from kapkit.evaluation.profit import Contribution
from kapkit.models.forward import DISCOUNT, LEVEL, YEARS, Forward, forward_of
from kapkit.models.value import past_value
from kapkit.wording import amount, percent, say, say_count, several, worded

_FIRST = 10
_NAMED = 3


@dataclass(frozen=True)
class ForwardValue:
    """What a region's accounts are expected to bring, and the sentences on it.

    ``table`` is indexed by account, highest lifetime value first: ``past`` (last twelve months),
    the columns of `Forward`, and ``cost_to_serve`` (of the last twelve months, missing where not
    known). ``total`` has the region's ``past``, ``year``, ``year_low``, ``year_high`` and
    ``lifetime``; ``costly`` names accounts whose cost to serve, should it stay, exceeds what they
    are expected to bring. ``told`` tells how good such words were; without a past it is no more
    than the model's word.
    """

    table: pd.DataFrame
    total: pd.Series
    costly: pd.Index
    told: Forward
    sentences: list[str]


def forward_value_of(region: Region, contribution: Contribution) -> ForwardValue:
    """Expect what a region's accounts bring in the next year and in three: whom to invest in.

    Parameters
    ----------
    region : Region
        The region as of a day.
    contribution : Contribution
        From `contribution_of`: for cost to serve.

    Returns
    -------
    ForwardValue
        In margin before cost to serve, or net revenue where costs are not known.
    """
    found = forward_of(region)
    measure = region.book.value_measure
    past = past_value(region.purchases, region.accounts.index, as_of=region.as_of, measure=measure)
    table = found.accounts.assign(past=past, cost_to_serve=contribution.table["cost_to_serve"])
    order = table.sort_index().sort_values(["lifetime", "year"], ascending=False, kind="stable")
    total = _total(order, found)
    worth = order["year"] > 0
    costly = (
        order.index[worth & (order["cost_to_serve"] > order["year"])]
        if measure == "margin"
        else order.index[:0]
    )
    said = [_said(order, total, region), *_record(found, region)]
    if len(costly):
        said.insert(1, _costly(costly, region))
    return ForwardValue(order, total, costly, found, said)


def _total(table: pd.DataFrame, found: Forward) -> pd.Series:
    """Add up, with an interval: accounts err apart, and all together as they did a year ago."""
    total = table[["past", "year", "lifetime"]].sum(min_count=1)
    record = found.told().to_dict("index").get(1.0)
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    reach = float("nan")
    if record and record["said"] > 0:
        own = (((table["year_high"] - table["year_low"]) / (2 * z)) ** 2).sum()
        shared = (record["came"] / record["said"] - 1) * total["year"]
        reach = z * float(np.sqrt(own + shared**2))
    ends = {"year_low": total["year"] - reach, "year_high": total["year"] + reach}
    summed: pd.Series = pd.concat([total, pd.Series(ends)])
    return summed


def _said(table: pd.DataFrame, total: pd.Series, region: Region) -> str:
    currency, measure = region.book.currency, worded(region.book.value_measure)
    year = amount(total["year"], currency)
    if not np.isnan(total["year_low"]):
        year = say(
            "{value} ({low} to {high})",
            value=year,
            low=amount(total["year_low"]),
            high=amount(total["year_high"]),
        )
    first = say(
        "Expected {measure} of the next twelve months is {year}, after {past} in the last.",
        measure=measure,
        year=year,
        past=amount(total["past"], currency),
    )
    if table["lifetime"].isna().all() or not total["lifetime"] > 0:
        return first
    best = float(table["lifetime"].head(_FIRST).sum() / total["lifetime"])
    return (
        first
        + " "
        + say(
            "Over {years} it is worth {lifetime} today, at {discount} a year; the first {count} "
            "accounts are {share} of it.",
            years=several(YEARS, "year"),
            lifetime=amount(total["lifetime"], currency),
            discount=percent(DISCOUNT),
            count=min(_FIRST, len(table)),
            share=percent(best),
        )
    )


def _costly(costly: pd.Index, region: Region) -> str:
    names = [str(region.accounts["name"].get(key, key)) for key in costly]
    return say_count(
        len(costly),
        "{count} account is expected to bring less than serving it cost last year: {names}.",
        "{count} accounts are expected to bring less than serving them cost last year: {names}.",
        names=listing(names, _NAMED),
    )


def _record(found: Forward, region: Region) -> list[str]:
    """Say how good such values were, in the company and here."""
    here = found.told(region.name).to_dict("index") if region.name is not None else {}
    row = here.get(1.0)
    if row is None:
        return [found.sentence]
    return [
        found.sentence,
        say(
            "In {region} alone, a year ago: {said} said, {came} came.",
            region=region.name,
            said=amount(row["said"], region.book.currency),
            came=amount(row["came"], region.book.currency),
        ),
    ]
