"""How accounts, owners and competitors move each other, month by month."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kapkit.sample.orders import MOST_PACE
from kapkit.sample.settings import Settings
from kapkit.sample.world import Floats, Ints, Window, industry_code, season

DEMAND_MEMORY = 0.92
MOOD_MEMORY = 0.90
SHOCK_SD = 0.305  # of satisfaction a month: with this memory, a standard deviation of 0.7
STOCK_MEMORY = 0.75
STOCK_FLOOR = 0.1
PRESSURE_MEMORY = 0.97
PRESSURE = (0.1, 0.5)
CONTACTS_A_MONTH = 1.3
HOURS_A_CONTACT = 1.0
NEVER = -1

Mask = NDArray[np.bool]


class Due(Protocol):
    """Orders that wait for a clock: see :class:`kapkit.sample.orders.Orders`."""

    @property
    def total(self) -> Floats:
        """Worth of the orders before each, and of all."""
        ...

    @property
    def damage(self) -> Floats:
        """Satisfaction lost by the orders before each, and by all."""
        ...

    def reached(self, clock: Floats, month: int) -> Ints:
        """Give the end of each account's orders at the end of a month."""
        ...


@dataclass(frozen=True)
class History:
    """What happened, accounts by months (the year ahead included).

    Attributes
    ----------
    demand, pressure : array of float
        Log of the account's passing demand; log share that competitors hold.
    satisfaction, stock, clock, reached, money : array, one month more
        At the start of each month: satisfaction (about standard normal), contacts a month as
        remembered, time on the order clock, end of the orders made, revenue so far (of the
        orders' full value).
    contacts : array of int
        True number of contacts by the owner.
    pace : array of float
        Orders against the account's own rate, season aside.
    enrolled : array of int
        Month of entering the programme; -1 where never.
    left : array of float
        Day of leaving; infinite where it stays.
    """

    demand: Floats
    pressure: Floats
    satisfaction: Floats
    stock: Floats
    clock: Floats
    reached: Ints
    money: Floats
    contacts: Ints
    pace: Floats
    enrolled: Ints
    left: Floats

    def revenue(self, begin: int, end: int) -> Floats:
        """Sum each account's revenue over months ``begin`` up to but without ``end``."""
        return np.asarray(self.money[:, end] - self.money[:, begin])


def wave_months(window: Window, settings: Settings) -> Ints:
    """Give the months in which a wave enters the programme, spread over all but the first year."""
    months = np.linspace(12, window.known_months - 6, settings.waves)
    return np.unique(months.astype(np.int64))


def live(
    rng: np.random.Generator,
    population: pd.DataFrame,
    staff: pd.DataFrame,
    orders: Due,
    value: Floats,
    window: Window,
    settings: Settings,
    *,
    foretaste: Floats | None = None,
) -> History:
    """Let the accounts of a block live through all months.

    Each month owners contact accounts (:func:`contact_rate`), contacts, satisfaction, demand,
    competitors and the programme set the pace of orders, bad deliveries spoil satisfaction, and
    the unhappy leave sooner.

    Parameters
    ----------
    value : array of accounts by months
        Mean value of an order.
    foretaste : array of accounts by months, optional
        What satisfaction feels ahead of purchases that are given (``simulate(base=...)``).
    """
    account = _Accounts(population, staff, window)
    shocks = _Shocks(rng, len(population), window, settings)
    past = _blank(len(population), window, shocks, settings)
    past.reached[:, 0] = orders.reached(past.clock[:, 0], -1)
    past.satisfaction[:, 0] = account.mood + shocks.mood[:, 0] / np.sqrt(1 - MOOD_MEMORY**2)
    usual = contact_rate(account, past, 0, settings)
    past.stock[:, 0] = usual
    waves = wave_months(window, settings)
    for month in range(window.months):
        if month in waves:
            _enrol(shocks.lots[month], account, past, month, settings)
        rate = contact_rate(account, past, month, settings) * shocks.effort[:, month]
        past.contacts[:, month] = rng.poisson(rate)
        _remember(past, month)
        past.pace[:, month] = _pace(account, past, usual, month, settings)
        _leave(shocks, account, past, usual, month, settings)
        _order(account, past, orders, value, month, window)
        lost = orders.damage[past.reached[:, month + 1]] - orders.damage[past.reached[:, month]]
        lost = lost - (0 if foretaste is None else foretaste[:, month])
        _feel(shocks, account, past, lost, month)
    return past


class _Accounts:
    """The traits that a month needs, as arrays."""

    def __init__(self, population: pd.DataFrame, staff: pd.DataFrame, window: Window) -> None:
        take = {name: population[name].to_numpy() for name in population.columns}
        self.rate: Floats = take["purchase_rate"]
        self.usual: Floats = take["purchase_rate"] * take["order_value"]
        self.mood: Floats = take["mood"]
        self.elasticity: Floats = take["elasticity"]
        self.effect: Floats = take["effect"]
        self.leave_rate: Floats = take["leave_rate"]
        self.joined: Floats = take["joined"]
        self.region: Ints = pd.factorize(population["region"])[0]
        self.owner = pd.Index(staff["owner"]).get_indexer(pd.Index(population["owner"]))
        self.hours: Floats = staff["hours_per_month"].to_numpy(dtype=np.float64)
        self.season = month_season(population["industry"], window)
        self.edges = window.edges


class _Shocks:
    """All chance that does not hang on what happened before."""

    def __init__(
        self, rng: np.random.Generator, count: int, window: Window, settings: Settings
    ) -> None:
        shape = (count, window.months)
        innovation = settings.demand_sd * np.sqrt(1 - DEMAND_MEMORY**2)
        swings = innovation * rng.standard_normal(shape)
        swings[:, 0] /= np.sqrt(1 - DEMAND_MEMORY**2)
        self.demand = _remembered(swings, DEMAND_MEMORY) - settings.demand_sd**2 / 2
        entries = rng.random(shape) < settings.competitor_entries / 12
        self.pressure = _remembered(entries * rng.uniform(*PRESSURE, shape), PRESSURE_MEMORY)
        self.mood = SHOCK_SD * rng.standard_normal(shape)
        self.leave = rng.random(shape)
        self.leave_at = rng.random(shape)
        spread = settings.effort_sd
        self.effort = rng.lognormal(-(spread**2) / 2, spread, shape) if spread else np.ones(shape)
        self.lots = {month: rng.standard_normal(count) for month in wave_months(window, settings)}


def _blank(count: int, window: Window, shocks: _Shocks, settings: Settings) -> History:
    def zeros(months: int, kind: Any = np.float64) -> NDArray[Any]:
        return np.zeros((count, months), dtype=kind)

    months = window.months
    return History(
        demand=shocks.demand,
        pressure=shocks.pressure,
        satisfaction=zeros(months + 1),
        stock=zeros(months + 1),
        clock=zeros(months + 1),
        reached=zeros(months + 1, np.int64),
        money=zeros(months + 1),
        contacts=zeros(months, np.int64),
        pace=zeros(months),
        enrolled=np.full(count, NEVER, dtype=np.int64),
        left=np.full(count, np.inf),
    )


def _remembered(shocks: Floats, memory: float) -> Floats:
    """Let each month keep a share of the one before, besides its own shock."""
    held = shocks.copy()
    for month in range(1, held.shape[1]):
        held[:, month] += memory * held[:, month - 1]
    return held


def month_season(industry: pd.Series, window: Window) -> Floats:
    """Give the seasonal factor of each account in each month, its mean over a year 1."""
    middle = (window.edges[:-1] + window.edges[1:]) // 2
    by_industry = season(window.date(middle))
    by_industry /= by_industry[:, :12].mean(axis=1, keepdims=True)
    return by_industry[industry_code(industry)]


def contact_rate(account: _Accounts, past: History, month: int, settings: Settings) -> Floats:
    """Give the contacts a month that owners aim at, cut to the hours they have.

    They follow last year's revenue and the last quarter against it, not responsiveness. Before
    a year has gone since it joined, the account's usual revenue stands in. Hours that leavers
    took go to new business.
    """
    size = _trailing(account, past, month, 12)
    floor = 0.05 * account.usual.mean() + 1e-9
    wanted = (size + floor) ** settings.calls_follow_size
    usual = (account.usual + floor) ** settings.calls_follow_size
    wanted *= CONTACTS_A_MONTH / usual.mean()
    lately = (4 * _trailing(account, past, month, 3) + 0.2 * (size + floor)) / (size + floor) / 1.2
    wanted *= np.clip(lately, 0.1, 4.0) ** settings.calls_follow_demand
    busy = np.where(np.isinf(past.left), wanted, usual * CONTACTS_A_MONTH / usual.mean())
    load = np.bincount(account.owner, busy, minlength=len(account.hours)) * HOURS_A_CONTACT
    return np.asarray(wanted * np.minimum(1, account.hours / load)[account.owner])


def _trailing(account: _Accounts, past: History, month: int, months: int) -> Floats:
    known = past.revenue(max(month - months, 0), month)
    unknown = np.clip(account.joined / 30.4 - (month - months), 0, months)
    return np.asarray(known + account.usual * unknown / 12)


def _remember(past: History, month: int) -> None:
    held = STOCK_MEMORY * past.stock[:, month]
    past.stock[:, month + 1] = held + (1 - STOCK_MEMORY) * past.contacts[:, month]


def _pace(
    account: _Accounts, past: History, usual: Floats, month: int, settings: Settings
) -> Floats:
    log_pace = (
        past.demand[:, month]
        + account.elasticity * _log_contacts(past, usual, month)
        + settings.satisfaction_effect * past.satisfaction[:, month]
        - past.pressure[:, month]
        + np.where(past.enrolled != NEVER, account.effect, 0.0)
    )
    return np.minimum(np.exp(log_pace), MOST_PACE)


def _log_contacts(past: History, usual: Floats, month: int) -> Floats:
    """Give the log of contacts as remembered, against those at first."""
    return np.log((past.stock[:, month + 1] + STOCK_FLOOR) / (usual + STOCK_FLOOR))


def _leave(
    shocks: _Shocks,
    account: _Accounts,
    past: History,
    usual: Floats,
    month: int,
    settings: Settings,
) -> None:
    """Let accounts leave for good, the unhappy and the neglected sooner, at any time of a month."""
    begin, end = account.edges[month : month + 2]
    held = settings.leave_contacts * _log_contacts(past, usual, month)
    lift = np.exp(-settings.leave_satisfaction * past.satisfaction[:, month] - held)
    chance = -np.expm1(-account.leave_rate * lift / 12)
    there = (account.joined < begin) & np.isinf(past.left) & (account.rate > 0)
    leaves = there & (shocks.leave[:, month] < chance)
    day = begin + np.floor(shocks.leave_at[:, month] * (end - begin))
    past.left[leaves] = day[leaves]


def _order(
    account: _Accounts, past: History, orders: Due, value: Floats, month: int, window: Window
) -> None:
    begin, end = account.edges[month : month + 2]
    there = np.minimum(past.left, end) - np.maximum(account.joined, begin)
    share = np.clip(there / (end - begin), 0, 1)
    speed = account.rate * account.season[:, month] * past.pace[:, month] / 12
    past.clock[:, month + 1] = past.clock[:, month] + speed * share
    past.reached[:, month + 1] = orders.reached(past.clock[:, month + 1], month)
    new = orders.total[past.reached[:, month + 1]] - orders.total[past.reached[:, month]]
    past.money[:, month + 1] = past.money[:, month] + new * value[:, month]


def _feel(shocks: _Shocks, account: _Accounts, past: History, lost: Floats, month: int) -> None:
    held = account.mood + MOOD_MEMORY * (past.satisfaction[:, month] - account.mood)
    shock = shocks.mood[:, month + 1] if month + 1 < shocks.mood.shape[1] else 0.0
    past.satisfaction[:, month + 1] = held + shock - lost


def _enrol(lot: Floats, account: _Accounts, past: History, month: int, settings: Settings) -> None:
    """Enter a wave: in each region the accounts that score best on last year's revenue and luck."""
    size = past.revenue(month - 12, month)
    open_to = (past.enrolled == NEVER) & (size > 0) & np.isinf(past.left)
    log_size = np.log(np.maximum(size, 1.0))
    scaled = (log_size - log_size[open_to].mean()) / (log_size[open_to].std() + 1e-9)
    score = np.where(open_to, settings.selection * scaled + (1 - settings.selection) * lot, -np.inf)
    rank = pd.Series(score).groupby(account.region).rank(ascending=False, method="first").to_numpy()
    places = np.maximum(1, np.round(settings.wave_share * np.bincount(account.region)))
    past.enrolled[open_to & (rank <= places[account.region])] = month
