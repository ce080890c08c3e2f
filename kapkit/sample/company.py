"""The simulated company: its book as delivered, and the truth beside it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from kapkit.book.book import Book
from kapkit.sample.block import Block, World, simulate_block
from kapkit.sample.catalogue import draw_catalogue
from kapkit.sample.overlay import lay_over
from kapkit.sample.service import cost_rates
from kapkit.sample.settings import Settings
from kapkit.sample.targets import region_goals
from kapkit.sample.wishes import solutions
from kapkit.sample.world import LATE_DAYS, Window, sized_regions, territories

SEED = 20_260_630
AS_OF = dt.date(2026, 6, 30)
BLOCK = 5_000
LAID_OVER = " with a simulated relationship"


@dataclass(frozen=True)
class Truth:
    """What the book does not say.

    Attributes
    ----------
    accounts : DataFrame indexed by account_id
        How each account really buys; columns as in :func:`kapkit.sample.truth.account_truth`.
    months : DataFrame indexed by account_id and month
        Their latent course; columns as in :func:`kapkit.sample.truth.month_truth`.
    waves : DataFrame indexed by date
        ``accounts`` and true mean ``effect`` (on log orders) of each wave of the programme.
    owners : DataFrame
        ``owner``, ``region``, ``logging`` (share of contacts logged), ``batching`` (share of
        those logged at month end).
    dirt : DataFrame
        Every dirty row as delivered: ``kind``, ``file``, ``row`` (from 0), ``account_id``,
        ``revenue``. A row with two kinds of dirt stands there twice.
    """

    accounts: pd.DataFrame
    months: pd.DataFrame
    waves: pd.DataFrame
    owners: pd.DataFrame
    dirt: pd.DataFrame

    @property
    def dirt_counts(self) -> pd.Series:
        """Rows as delivered, by kind of dirt."""
        return self.dirt.groupby("kind", sort=False).size().rename("rows")


@dataclass(frozen=True)
class Company:
    """A simulated company: canonical tables as delivered, dirt included, and the truth.

    Attributes
    ----------
    tables : dict of DataFrame
        The canonical tables by name; sales are indexed by ``delivery`` (the stem of the file)
        and ``row``.
    """

    seed: int
    as_of: dt.date
    years: int
    tables: Mapping[str, pd.DataFrame]
    truth: Truth
    name: str = "Sample company"
    currency: str = "EUR"

    @property
    def accounts(self) -> pd.DataFrame:
        """The accounts table."""
        return self.tables["accounts"]

    @property
    def products(self) -> pd.DataFrame:
        """The products table."""
        return self.tables["products"]

    @property
    def sales(self) -> pd.DataFrame:
        """All deliveries one after the other, indexed by delivery and row."""
        return self.tables["sales"]


def simulate(
    *,
    accounts: int | None = None,
    regions: Mapping[str, int] | None = None,
    seed: int = SEED,
    as_of: dt.date = AS_OF,
    years: int = 3,
    dirt: bool = True,
    settings: Settings = Settings(),  # noqa: B008
    base: Book | None = None,
) -> Company:
    """Simulate a distributor of industrial supplies whose truth is known.

    Use it to try kapkit before bringing data, and to prove that an estimate finds what is there.
    Accounts buy at their own rate and size until they leave; satisfaction, contacts, competitors
    and a key-account programme move them; the exports carry the dirt that real ones have.

    Parameters
    ----------
    accounts : int, optional
        How many; by default the 327 of the committed sample. The two small regions keep 30
        and 12.
    regions : mapping of name to number of accounts, optional
        Other regions instead.
    seed : int
        The same seed makes the same company; the default is the committed sample's.
    as_of : date
        Day on which the book is looked at; with dirt a few rows are dated after it.
    years : int, at least 2
        Years up to ``as_of``.
    dirt : bool
        Whether the exports carry dirt; all of it is counted in the truth.
    settings : Settings
        How strong the causes in this world are.
    base : Book, optional
        A real order book: its accounts and sales stay as they are (sales by account and day), and
        a relationship is laid over them that has no effect on them. Takes ``seed`` and
        ``settings``; the book says the rest, and no dirt is added.

    Returns
    -------
    Company
        The tables as delivered and the truth beside them.

    Raises
    ------
    DataError
        If ``years`` is below 2 or there are too few accounts.

    Examples
    --------
    >>> company = simulate(accounts=100, seed=1)
    >>> company.accounts.loc[company.accounts["region"] == "Islands"].shape[0]
    12
    """
    if base is not None:
        return _laid_over(base, seed, settings)
    blocks = list(
        stream(
            accounts=accounts,
            regions=regions,
            seed=seed,
            as_of=as_of,
            years=years,
            dirt=dirt,
            settings=settings,
        )
    )
    return blocks[0] if len(blocks) == 1 else _joined(blocks)


def stream(
    *,
    accounts: int | None = None,
    regions: Mapping[str, int] | None = None,
    seed: int = SEED,
    as_of: dt.date = AS_OF,
    years: int = 3,
    dirt: bool = True,
    settings: Settings = Settings(),  # noqa: B008
) -> Iterator[Company]:
    """Simulate a company block by block, so that memory stays bounded.

    Takes what :func:`simulate` takes. Each block is a company of up to 5,000 accounts; those
    after the first hold no products, solutions and rates, and the last one holds the goals of
    regions. Ranks (who enters the programme, who gets discounts) are taken within a block.
    Rows of dirt and of sales are numbered on over the blocks.
    """
    world = World(
        seed=seed,
        window=Window(as_of, years, LATE_DAYS if dirt else 0),
        settings=settings,
        catalogue=draw_catalogue(np.random.default_rng([seed])),
        dirty=dirt,
    )
    pieces = list(territories(sized_regions(accounts, regions), BLOCK))
    start, rows = 0, Counter[str]()
    sold: list[pd.DataFrame] = []
    heads: dict[str, str] = {}
    for number, piece in enumerate(pieces):
        block = simulate_block(world, piece, number=number, start=start)
        start += sum(region.accounts for region in piece)
        sold.append(block.sold)
        for region in piece:
            heads.setdefault(region.name, region.owners[0])
        company = _company(world, _numbered_on(block, rows), first=number == 0)
        if number == len(pieces) - 1:
            company = _with_goals(company, pd.concat(sold), heads, world.window)
        yield company


def _numbered_on(block: Block, rows: Counter[str]) -> Block:
    """Count rows of sales and dirt on from the blocks before."""
    sales = block.tables["sales"]
    before = {name: rows[name] for name in {*sales["delivery"].unique(), *block.tables}}
    row = sales.groupby("delivery").cumcount() + sales["delivery"].map(before)
    filed = sales.set_index([sales["delivery"], row.rename("row")]).drop(columns="delivery")
    dirt = block.dirt
    if len(dirt):
        dirt = dirt.assign(row=dirt["row"] + dirt["file"].map(before))
    rows.update(sales["delivery"].astype("str").tolist())
    rows.update({name: len(table) for name, table in block.tables.items()})
    return replace(block, tables={**block.tables, "sales": filed}, dirt=dirt)


def _company(world: World, block: Block, *, first: bool) -> Company:
    """Make a company of a block: add what belongs to the company as a whole."""
    tables = dict(block.tables)
    shared = {
        "products": world.catalogue[["product_id", "name", "category"]],
        "solutions": solutions(world.catalogue),
        "cost_rates": cost_rates(world.window),
    }
    tables |= {name: table if first else table.iloc[:0] for name, table in shared.items()}
    truth = Truth(block.accounts, block.months, block.waves, block.owners, block.dirt)
    window = world.window
    return Company(world.seed, window.as_of, window.years, tables, truth)


def _with_goals(
    company: Company, sold: pd.DataFrame, heads: Mapping[str, str], window: Window
) -> Company:
    """Add the goals of regions, which need the sales of all blocks."""
    rng = np.random.default_rng([company.seed, 0, 0])
    goals = region_goals(rng, sold, heads, window)
    goals = pd.concat([goals, company.tables["goals"]], ignore_index=True)
    return replace(company, tables={**company.tables, "goals": goals})


def _laid_over(base: Book, seed: int, settings: Settings) -> Company:
    """Make a company of a real order book with a simulated relationship."""
    given = base.company()
    window, block = lay_over(given, seed=seed, settings=settings)
    block = _numbered_on(block, Counter[str]())
    truth = Truth(block.accounts, block.months, block.waves, block.owners, block.dirt)
    return Company(
        seed,
        window.as_of,
        window.years,
        block.tables,
        truth,
        name=given.book.name + LAID_OVER,
        currency=given.book.currency,
    )


def _joined(blocks: list[Company]) -> Company:
    """Make one company of its blocks."""
    tables = {
        name: pd.concat([block.tables[name] for block in blocks], ignore_index=name != "sales")
        for name in blocks[0].tables
    }
    tables["sales"] = tables["sales"].sort_index(kind="stable")
    parts = {
        f.name: pd.concat([getattr(block.truth, f.name) for block in blocks]) for f in fields(Truth)
    }
    waves = parts["waves"].assign(effect=parts["waves"]["effect"] * parts["waves"]["accounts"])
    waves = waves.groupby(level="date").sum()
    parts["waves"] = waves.assign(effect=waves["effect"] / waves["accounts"])
    for name in ("owners", "dirt"):
        parts[name] = parts[name].reset_index(drop=True)
    return replace(blocks[0], tables=tables, truth=Truth(**parts))
