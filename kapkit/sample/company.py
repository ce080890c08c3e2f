"""The simulated company: its book as delivered, and the truth beside it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate

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
from kapkit.sample.world import (
    LATE_DAYS,
    TINY_REGION,
    Region,
    Window,
    plainly_staffed,
    sized_regions,
    tame,
    territories,
)

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
        Whether the exports carry dirt; all of it is counted in the truth. Without it there are
        no credit notes and no accented or Chinese names either, and unless ``regions`` are
        named, none is tiny or called "NA".
    settings : Settings
        How strong the causes in this world are.
    base : Book, optional
        A real order book: the accounts and sales lines that it accepts stay as they are (by
        account and day where a run has prepared it), and a relationship is laid over them that
        has no effect on them. Takes ``seed`` and ``settings``; the book says the rest, and no
        dirt is added.

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
    placed = sized_regions(accounts, regions)
    if not dirt:
        placed = plainly_staffed(placed if regions else tame(placed))
        settings = replace(settings, credit_notes=0.0)
    world = World(
        seed=seed,
        window=Window(as_of, years, LATE_DAYS if dirt else 0),
        settings=settings,
        catalogue=draw_catalogue(np.random.default_rng([seed])),
        dirty=dirt,
        tiny=frozenset(region.name for region in placed if region.accounts <= TINY_REGION),
    )
    pieces = list(territories(placed, BLOCK))
    return _numbered_on(_companies(world, pieces))


def _companies(world: World, pieces: Sequence[tuple[Region, ...]]) -> Iterator[Company]:
    """Simulate the blocks one after the other; the last one knows the sales of all."""
    starts = accumulate((_size(piece) for piece in pieces), initial=0)
    sold: list[pd.DataFrame] = []
    for number, (piece, start) in enumerate(zip(pieces, starts, strict=False)):
        block = simulate_block(world, piece, number=number, start=start)
        sold.append(block.sold)
        company = _company(world, block, first=number == 0)
        if number == len(pieces) - 1:
            company = _with_goals(company, pd.concat(sold), _heads(pieces), world.window)
        yield company


def _size(piece: tuple[Region, ...]) -> int:
    return sum(region.accounts for region in piece)


def _heads(pieces: Sequence[tuple[Region, ...]]) -> dict[str, str]:
    """Name who answers for each region: the first of its owners."""
    owners = [(region.name, region.owners[0]) for piece in pieces for region in piece]
    return dict(reversed(owners))


def _numbered_on(blocks: Iterable[Company]) -> Iterator[Company]:
    """Count rows of sales and dirt on over the blocks; index sales by delivery and row."""
    before = Counter[str]()
    for block in blocks:
        numbered = _numbered(block, before)
        yield numbered
        before += _rows(numbered)


def _rows(block: Company) -> Counter[str]:
    """Count the rows of each table, and of each delivery of sales."""
    deliveries = block.sales.index.get_level_values("delivery").value_counts()
    rows = Counter({str(name): int(count) for name, count in deliveries.items()})
    return rows + Counter({name: len(table) for name, table in block.tables.items()})


def _numbered(block: Company, before: Mapping[str, int]) -> Company:
    """Count a block's rows of sales and dirt on from those of the blocks before."""
    code, deliveries = pd.factorize(block.sales["delivery"])
    start = {name: before.get(name, 0) for name in {*deliveries, *block.tables}}
    first = np.array([start[name] for name in deliveries], dtype=np.int64)
    row = block.sales.groupby(code).cumcount() + first[code]
    sales = block.sales.set_index([block.sales["delivery"], row.rename("row")])
    filed = sales.drop(columns="delivery")
    dirt = block.truth.dirt
    if len(dirt):
        dirt = dirt.assign(row=dirt["row"] + dirt["file"].map(start))
    truth = replace(block.truth, dirt=dirt)
    return replace(block, tables={**block.tables, "sales": filed}, truth=truth)


def _company(world: World, block: Block, *, first: bool) -> Company:
    """Make a company of a block: add what belongs to the company as a whole."""
    shared = {
        "products": world.catalogue[["product_id", "name", "category"]],
        "solutions": solutions(world.catalogue),
        "cost_rates": cost_rates(world.window),
    }
    given = {name: table if first else table.iloc[:0] for name, table in shared.items()}
    window = world.window
    return Company(world.seed, window.as_of, window.years, {**block.tables, **given}, _truth(block))


def _truth(block: Block) -> Truth:
    return Truth(**{part.name: getattr(block, part.name) for part in fields(Truth)})


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
    window, block = lay_over(base, seed=seed, settings=settings)
    facts = base.company().book
    company = Company(
        seed,
        window.as_of,
        window.years,
        block.tables,
        _truth(block),
        name=facts.name + LAID_OVER,
        currency=facts.currency,
    )
    return next(_numbered_on([company]))


def _joined(blocks: Sequence[Company]) -> Company:
    """Make one company of its blocks."""
    tables = {
        name: pd.concat([block.tables[name] for block in blocks], ignore_index=name != "sales")
        for name in blocks[0].tables
    }
    tables["sales"] = tables["sales"].sort_index(kind="stable")
    return replace(blocks[0], tables=tables, truth=_joined_truth([block.truth for block in blocks]))


def _joined_truth(blocks: Sequence[Truth]) -> Truth:
    """Make one truth of those of all blocks: waves of a day are one wave."""
    parts = {
        part.name: pd.concat([getattr(block, part.name) for block in blocks])
        for part in fields(Truth)
    }
    for name in ("owners", "dirt"):
        parts[name] = parts[name].reset_index(drop=True)
    return Truth(**{**parts, "waves": _joined_waves(parts["waves"])})


def _joined_waves(waves: pd.DataFrame) -> pd.DataFrame:
    total = waves.assign(effect=waves["effect"] * waves["accounts"]).groupby(level="date").sum()
    return total.assign(effect=total["effect"] / total["accounts"])
