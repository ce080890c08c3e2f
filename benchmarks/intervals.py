"""Do intervals that promise 90 % hold 90 %, in regions of 12, 30 and 300 accounts? (86 to 94 %.)

Simulated companies of fifteen regions, each looked at half a year before its end: share of the
accounts whose next half-year lay inside the interval of their value, by the size of the region and
by fifths of the value; and of those whose peers' true quantile (of 71,000 accounts of six other
companies) lay inside the interval of the potential. ``python benchmarks/intervals.py 8`` takes
eight companies.
"""

import datetime as dt
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from kapkit.models.outlook import firmographics
from kapkit.models.potential import (
    cross_conformal,
    leverage,
    peer_design,
    quantile_interval,
)
from kapkit.models.value import past_value
from kapkit.sample import simulate
from tests.models.companies import ENDS, REGIONS, World, by_day, company, values_inside

FIRST_SEED = 201
QUANTILE = 0.8
#: Companies of 11,900 accounts whose quantiles are the true ones.
CROWDS = 6
#: A company of every such seed ends on the same day.
SAME_END = len(ENDS)


def yearly_spend(accounts: pd.DataFrame, purchases: pd.DataFrame, end: dt.date) -> pd.Series:
    """Give the log of last year's revenue of the accounts that bought."""
    spent = past_value(purchases, accounts.index, as_of=end, measure="revenue")
    return pd.Series(np.log(spent[spent > 0]))


def crowd() -> tuple[pd.DataFrame, pd.Series]:
    """Simulate so many accounts, of several companies, that chance hardly moves their quantiles."""
    pairs = [_part_of_crowd(seed) for seed in range(1, 1 + CROWDS)]
    accounts, spent = zip(*pairs, strict=True)
    return pd.concat(accounts), pd.concat(spent)


def _part_of_crowd(seed: int) -> tuple[pd.DataFrame, pd.Series]:
    regions = {f"{name} {turn}": size for name, size in REGIONS.items() for turn in range(22)}
    made = simulate(regions=regions, seed=seed, dirt=False, years=2)
    named = f"crowd {seed} {{}}".format
    accounts = made.accounts.set_index("account_id").rename(index=named)
    sales = made.sales.assign(account_id=made.sales["account_id"].map(named))
    return accounts, yearly_spend(accounts, by_day(sales), ENDS[0])


def potentials_inside(world: World, known: tuple[pd.DataFrame, pd.Series]) -> pd.DataFrame:
    """Tell which accounts' true quantile of their peers lay inside the interval."""
    many, spent = known
    whole = peer_design(firmographics(pd.concat([many, world.accounts])))
    here = world.accounts.index
    truth, _ = cross_conformal(spent, whole.loc[spent.index], whole.loc[here], level=QUANTILE)
    own = yearly_spend(world.accounts, world.purchases, world.end)
    design = peer_design(firmographics(world.accounts))
    learned = design.loc[own.index]
    said, told = cross_conformal(own, learned, design, level=QUANTILE)
    ends = quantile_interval(
        own - told,
        said,
        level=QUANTILE,
        confidence=0.9,
        leverage=leverage(learned, design),
    )
    return pd.DataFrame({"size": world.size, "inside": truth.between(ends["low"], ends["high"])})


def main(companies: int) -> None:
    """Print shares inside, by size of the region and by fifth."""
    known, parts = crowd(), []
    for seed in range(FIRST_SEED, FIRST_SEED + companies):
        world = company(seed)
        parts += [
            values_inside(world, measure).assign(what=measure, seed=seed)
            for measure in ("margin", "revenue")
        ]
        same = company(SAME_END * seed, years=2)
        parts.append(potentials_inside(same, known).assign(what="potential", seed=seed))
    found = pd.concat(parts)
    for by in ("size", "fifth", "seed"):
        shares = found.pivot_table("inside", "what", by)
        print(f"\ninside, of 90 %, by {by}\n{shares.round(3).to_string(na_rep='')}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
