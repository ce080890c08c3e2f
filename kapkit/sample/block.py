"""One block of accounts: all of its tables, and the truth behind them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.sample import contacts, programme, service, targets, voice, wishes
from kapkit.sample.accounts import draw_population, visible_accounts
from kapkit.sample.catalogue import draw_tastes
from kapkit.sample.deliveries import place_orders
from kapkit.sample.dirt import deliver_clean, plant_dirt
from kapkit.sample.history import History, live
from kapkit.sample.lines import CANONICAL, draw_lines, labelled
from kapkit.sample.orders import draw_orders
from kapkit.sample.prices import order_worth
from kapkit.sample.settings import Settings
from kapkit.sample.team import draw_staff
from kapkit.sample.terms import draw_discounts
from kapkit.sample.truth import account_truth, month_truth
from kapkit.sample.world import Floats, Region, Window

KEYS_A_BLOCK = 10_000_000
STAFF = ["owner", "region", "hours_per_month", "cost_per_hour"]


@dataclass(frozen=True)
class Block:
    """Some of a company's accounts with all that happened to them.

    ``tables`` holds what is delivered of them; ``sold`` is revenue and margin by region and
    quarter; the other frames are the truth.
    """

    tables: dict[str, pd.DataFrame]
    sold: pd.DataFrame
    accounts: pd.DataFrame
    months: pd.DataFrame
    waves: pd.DataFrame
    owners: pd.DataFrame
    dirt: pd.DataFrame


@dataclass(frozen=True)
class World:
    """What all blocks of a company share; ``tiny`` names its regions of a dozen accounts."""

    seed: int
    window: Window
    settings: Settings
    catalogue: pd.DataFrame
    dirty: bool
    tiny: frozenset[str]


@dataclass(frozen=True)
class Lived:
    """What happened to a block's accounts, before anything of it was exported.

    ``orders`` have ``account`` (position), ``date``, ``channel`` and ``bad``; ``lines`` at least
    ``account``, ``date``, ``order``, ``product_id``, ``revenue`` and ``kind``.
    """

    window: Window
    settings: Settings
    population: pd.DataFrame
    staff: pd.DataFrame
    past: History
    orders: pd.DataFrame
    lines: pd.DataFrame


def simulate_block(world: World, regions: tuple[Region, ...], *, number: int, start: int) -> Block:
    """Simulate the accounts of one block, apart from all others.

    ``number`` is the block's, from 0; ``start`` counts the accounts before it.
    """
    # One stream a stage: a change to one stage leaves the draws of the others as they are.
    streams = np.random.default_rng([world.seed, number]).spawn(8)
    people, wishing, terms, waiting, living, invoicing, relating, mishaps = streams
    window, settings, catalogue = world.window, world.settings, world.catalogue
    population = draw_population(
        people, regions, window, settings, start=start, foreign=world.dirty
    )
    staff = draw_staff(people, regions, settings)
    tastes = draw_tastes(wishing, population["industry"], catalogue)
    population["discount"] = draw_discounts(terms, population, tastes, catalogue)
    worth = order_worth(population, tastes, catalogue, window)
    due = draw_orders(waiting, population, window.months / 12)
    past = live(living, population, staff, due, worth[0], window, settings)
    orders = place_orders(invoicing, due, past, population, window)
    lines = draw_lines(invoicing, orders, population, tastes, catalogue, window)
    lines = labelled(lines, population, catalogue, start=number * KEYS_A_BLOCK)
    lived = Lived(window, settings, population, staff, past, orders, lines)
    tables = {
        "accounts": visible_accounts(population),
        "sales": lines[CANONICAL],
        **relationship(relating, lived, goods=(tastes, catalogue), start=number * KEYS_A_BLOCK),
    }
    delivered = (
        plant_dirt(mishaps, tables, window, tiny=world.tiny)
        if world.dirty
        else deliver_clean(tables)
    )
    return Block(
        tables=delivered.tables,
        sold=targets.sold(lines, population["region"]),
        accounts=account_truth(population, past, worth, window, settings),
        months=month_truth(population, past, worth[0], window),
        waves=programme.wave_truth(population, past, window),
        owners=staff[["owner", "region", "logging", "batching"]],
        dirt=delivered.dirt,
    )


def relationship(
    rng: np.random.Generator,
    lived: Lived,
    *,
    goods: tuple[Floats, pd.DataFrame] | None = None,
    start: int = 0,
) -> dict[str, pd.DataFrame]:
    """Write the tables of what happened between the company and its accounts, sales aside.

    ``goods`` are the accounts' tastes and the catalogue, where they are known; ``start`` counts
    keys that other blocks have.
    """
    window, people, past = lived.window, lived.population, lived.past
    orders, lines = lived.orders, lived.lines
    goals = targets.account_goals(past, people, lines, window)
    costs = service.service_costs(rng, orders, lines, people, window, past.left)
    deals = wishes.opportunities(rng, people, past, goods, window, start=start)
    made = contacts.draw_contacts(rng, people, past, window)
    logged = contacts.log_contacts(rng, made, lived.staff, window)
    inbound = contacts.draw_inbound(rng, people, orders, window)
    return {
        "staff": lived.staff[STAFF],
        "goals": goals,
        "service_costs": costs,
        "opportunities": deals,
        "activities": contacts.activities(logged, inbound, people, start=start),
        "complaints": voice.complaints(rng, orders, lines, people, window, start=start),
        "surveys": voice.surveys(rng, people, past, window, lived.settings),
        "needs": wishes.needs(rng, people, past, window),
        "enrolments": programme.enrolments(people, past, window),
        "plan_actions": programme.plan_actions(rng, made, people, past, window, start=start),
        "overrides": programme.overrides(rng, people, window),
    }
