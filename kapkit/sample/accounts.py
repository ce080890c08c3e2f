"""Who the accounts are: what the company's CRM shows of them."""

import numpy as np
import pandas as pd

from kapkit.sample.names import draw_names
from kapkit.sample.settings import Settings
from kapkit.sample.traits import draw_traits
from kapkit.sample.world import INDUSTRIES, Region, Window

VISIBLE = [
    "account_id",
    "name",
    "region",
    "industry",
    "channel",
    "owner",
    "parent_id",
    "employees",
    "annual_revenue",
    "since",
    "stated_potential",
]
PARENT_SHARE, CHILD_SHARE = 0.02, 0.045


def draw_population(
    rng: np.random.Generator,
    regions: tuple[Region, ...],
    window: Window,
    settings: Settings,
    *,
    start: int = 0,
    foreign: bool = True,
) -> pd.DataFrame:
    """Draw the accounts of one block with all that is known and hidden about them.

    ``start`` counts the accounts of the blocks before; ``foreign`` says whether names may be
    accented or Chinese.

    Returns
    -------
    DataFrame, one row an account in the order of its id
        The columns of the accounts table, and the traits of :func:`draw_traits`.
    """
    people = _places(rng, regions, start)
    people["name"] = draw_names(
        rng, people["region"], people["industry"], regions, start=start, foreign=foreign
    )
    people = people.join(draw_traits(rng, people, regions, window, settings))
    people = people.join(_firmographics(rng, people["wallet"]))
    people["since"] = _since(rng, people, window)
    return people.assign(parent_id=_parents(rng, people))


def visible_accounts(population: pd.DataFrame) -> pd.DataFrame:
    """Show of the population what the company's CRM holds: the accounts table."""
    return population[VISIBLE].copy()


def _places(rng: np.random.Generator, regions: tuple[Region, ...], start: int) -> pd.DataFrame:
    """Give every account its id, region, owner, industry and channel."""
    cell = pd.DataFrame(
        [
            (region.name, region.owners[turn % len(region.owners)])
            for region in regions
            for turn in range(region.accounts)
        ],
        columns=["region", "owner"],
    )
    cell = cell.iloc[rng.permutation(len(cell))].reset_index(drop=True)
    number = pd.Series(np.arange(start + 1, start + 1 + len(cell))).astype(str).str.zfill(4)
    industry = rng.choice(INDUSTRIES.index.to_numpy(), len(cell))
    channel = rng.choice(["direct", "distributor"], len(cell), p=[0.7, 0.3])
    return pd.DataFrame(
        {
            "account_id": "A-" + number,
            "region": cell["region"].astype("str"),
            "owner": cell["owner"].astype("str"),
            "industry": pd.Series(industry, dtype="str"),
            "channel": pd.Series(channel, dtype="str"),
        }
    )


def _firmographics(rng: np.random.Generator, wallet: pd.Series) -> pd.DataFrame:
    """Draw size, turnover and typed potential, which know the wallet only with noise."""
    count = len(wallet)
    relative = np.log(wallet.to_numpy() / wallet.median())
    employees = np.ceil(70 * np.exp(0.6 * relative + rng.normal(0, 0.6, count)))
    turnover = np.round(employees * 190_000 * rng.lognormal(0, 0.35, count), -3)
    stated = np.maximum(np.round(wallet * rng.lognormal(0, 0.5, count), -3), 1000)
    shown = pd.DataFrame(
        {"employees": employees, "annual_revenue": turnover, "stated_potential": stated},
        wallet.index,
    ).astype("Int64")
    shown["annual_revenue"] = shown["annual_revenue"].mask(rng.random(count) < 0.15)
    shown["stated_potential"] = shown["stated_potential"].mask(rng.random(count) >= 0.40)
    return shown


def _since(rng: np.random.Generator, people: pd.DataFrame, window: Window) -> pd.Series:
    """Date the start of the relation; prospects that never bought have none."""
    earlier = -rng.integers(1, 12 * 365, len(people))
    day = np.where(people["joined"] > 0, people["joined"], earlier)
    since = pd.Series(window.date(day), people.index).astype("datetime64[us]")
    return since.mask(people["purchase_rate"].eq(0))


def _parents(rng: np.random.Generator, people: pd.DataFrame) -> pd.Series:
    """Give a few accounts a parent; parents have none themselves."""
    heads = max(1, round(PARENT_SHARE * len(people)))
    members = round(CHILD_SHARE * len(people))
    parents, children = np.split(rng.permutation(len(people))[: heads + members], [heads])
    parent = people["account_id"].iloc[rng.choice(parents, len(children))].to_numpy()
    return pd.Series(parent, people.index[children], dtype="str").reindex(people.index)
