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
from kapkit.sample.world import Region, Window

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
    """What all blocks of a company share."""

    seed: int
    window: Window
    settings: Settings
    catalogue: pd.DataFrame
    dirty: bool


def simulate_block(world: World, regions: tuple[Region, ...], *, number: int, start: int) -> Block:
    """Simulate the accounts of one block, apart from all others.

    ``number`` is the block's, from 0; ``start`` counts the accounts before it.
    """
    # One stream a stage: a change to one stage leaves the draws of the others as they are.
    streams = np.random.default_rng([world.seed, number]).spawn(8)
    people, wishing, terms, waiting, living, invoicing, relating, mishaps = streams
    window, settings, catalogue = world.window, world.settings, world.catalogue
    population = draw_population(people, regions, window, settings, start=start)
    staff = draw_staff(people, regions, settings)
    tastes = draw_tastes(wishing, population["industry"], catalogue)
    population["discount"] = draw_discounts(terms, population, tastes, catalogue)
    worth = order_worth(population, tastes, catalogue, window)
    waiting_orders = draw_orders(waiting, population, window.months / 12)
    past = live(living, population, staff, waiting_orders, worth[0], window, settings)
    orders = place_orders(invoicing, waiting_orders, past, population, window)
    lines = draw_lines(invoicing, orders, population, tastes, catalogue, window)
    lines = labelled(lines, population, catalogue, start=number * KEYS_A_BLOCK)
    tables = {
        "accounts": visible_accounts(population),
        "sales": lines[CANONICAL],
        "staff": staff[STAFF],
        "goals": targets.account_goals(past, population, lines, window),
        "service_costs": service.service_costs(
            relating, orders, lines, population, window, past.left
        ),
        "opportunities": wishes.opportunities(
            relating, population, past, (tastes, catalogue), window, start=number * KEYS_A_BLOCK
        ),
        **relationship(
            relating, population, staff, past, orders, lines, window, settings, number=number
        ),
    }
    delivered = plant_dirt(mishaps, tables, window) if world.dirty else deliver_clean(tables)
    return Block(
        tables=delivered.tables,
        sold=targets.sold(lines, population["region"]),
        accounts=account_truth(population, past, worth, window, settings),
        months=month_truth(population, past, window),
        waves=programme.wave_truth(population, past, window),
        owners=staff[["owner", "region", "logging", "batching"]],
        dirt=delivered.dirt,
    )


def relationship(
    rng: np.random.Generator,
    population: pd.DataFrame,
    staff: pd.DataFrame,
    past: History,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    window: Window,
    settings: Settings,
    *,
    number: int = 0,
) -> dict[str, pd.DataFrame]:
    """Write what a CRM holds of the relationship with accounts, sales aside."""
    start = number * KEYS_A_BLOCK
    made = contacts.draw_contacts(rng, population, past, window)
    logged = contacts.log_contacts(rng, made, staff, window)
    inbound = contacts.draw_inbound(rng, population, orders, window)
    return {
        "activities": contacts.activities(logged, inbound, population, start=start),
        "complaints": voice.complaints(rng, orders, lines, population, window, start=start),
        "surveys": voice.surveys(rng, population, past, window, settings),
        "needs": wishes.needs(rng, population, past, window),
        "enrolments": programme.enrolments(population, past, window),
        "plan_actions": programme.plan_actions(rng, made, population, past, window, start=start),
        "overrides": programme.overrides(rng, population, window),
    }
