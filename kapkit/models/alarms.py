"""Is an account's silence more than chance? P-values that the book's own past keeps honest."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from kapkit.book.region import Region
from kapkit.models.pooled import learned, of_accounts, of_all

Array = npt.NDArray[np.float64]

#: Orders a year below which no promise is made: single stops cannot be seen in a quarter.
ORDERS_NEEDED = 12
_QUARTER, _HISTORY, _STEP, _ORIGINS = 91, 730, 14, 26
_GONE = 182  # days of silence after which an account is known to be gone: no news
_REGULAR = 0.5  # squared coefficient of variation of the gaps below which a buyer is regular
_BACK = 0.6  # part of the expected orders that shows an account went on as before
_TAIL, _LEAST_NULLS, _PRIOR = 0.05, 100, 20.0
_GROUPS = ("regular often", "regular seldom", "random often", "random seldom")


@dataclass(frozen=True)
class Alarms:
    """How surprising each account's silence is, and how honest such p-values were before.

    ``table`` is indexed by account: ``orders_a_year`` (expected), ``gap_days``, ``expected``
    and ``counted`` orders of the last 13 weeks, ``regular`` (1: it buys like clockwork),
    ``overdue`` (1: the gap is the more surprising, 0: the count), ``p`` (calibrated; missing below
    twelve orders a year, and of accounts silent for half a year: that is no news).
    ``drops`` is the share of past accounts that fell to less than four tenths of their pace;
    ``false_rate`` is how often p was at most 5 % for accounts that went on as before.
    """

    table: pd.DataFrame
    drops: float
    false_rate: float


def alarms_of(region: Region) -> Alarms:
    """Give a region's alarms: what a run has stored, else computed over the company now."""
    parts = learned(region, "alarms", _laid_out)
    table = parts[""].drop(columns="region").set_index("account_id")
    rates = parts["rates"].iloc[0]
    return Alarms(
        table.reindex(region.accounts.index), float(rates["drops"]), float(rates["false_rate"])
    )


def alarms(
    purchases: pd.DataFrame, accounts: pd.Index, *, first_day: dt.date | None, as_of: dt.date
) -> Alarms:
    """Test every account for silence and for fewer orders, on the company's own clock.

    Time runs by the orders of all accounts, so that season and holidays are no news. An account
    is overdue by its gap since the last order, ((a + T) / (a + T + gap))^(r + x) with a gamma
    prior fitted over all accounts, or by the gap over its own gaps where it buys regularly; it
    orders less by the count of 13 weeks under the negative binomial predictive. Twice the
    smaller p is calibrated on accounts of the same group that went on as before.

    Parameters
    ----------
    purchases : DataFrame
        Schema ``PURCHASES``, of the whole company; later days are ignored.
    accounts : Index
        The accounts.
    first_day, as_of : date
        First day of the book, and the day.

    Returns
    -------
    Alarms

    References
    ----------
    Schmittlein, D. C., Morrison, D. G. and Colombo, R. (1987), Counting your customers,
    Management Science 33: the posterior of the rate.
    """
    bought = purchases[(purchases["orders"] > 0) & (purchases["date"] <= pd.Timestamp(as_of))]
    if bought.empty or first_day is None:
        return Alarms(_nothing(accounts), float("nan"), float("nan"))
    days = (bought["date"] - pd.Timestamp(first_day)).dt.days.to_numpy()
    who = pd.Index(bought["account_id"]).map(pd.Series(range(len(accounts)), accounts))
    known = ~np.isnan(np.asarray(who, dtype=float)) & (days >= 0)
    span = (as_of - first_day).days + 1
    events = _Events(np.asarray(who)[known].astype(int), days[known], span, len(accounts))
    now = events.tested(span)
    past = [events.tested(at) for at in _origins(span)]
    nulls, drops = _went_on(events, past)
    raw = pd.DataFrame(now).set_index(accounts)
    group = _groups(raw)
    told = {name: _tail(nulls.loc[nulls["group"] == name, "p"]) for name in _GROUPS}
    p = _calibrated(raw["p"], group, told)
    enough = (raw["orders_a_year"] >= ORDERS_NEEDED) & (raw["gap_days"] <= _GONE)
    table = raw.assign(p=p.where(enough).clip(upper=1.0))
    honest = _calibrated(nulls["p"], nulls["group"], told)
    rate = float((honest <= _TAIL).mean()) if len(honest) else float("nan")
    return Alarms(table, drops, rate)


def alarm_frames(found: Alarms, accounts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lay alarms out as a run stores them: rows with a region, those for all without one."""
    rates = pd.DataFrame({"drops": [found.drops], "false_rate": [found.false_rate]})
    return {
        "alarms": of_accounts(found.table, accounts),
        "alarms_rates": of_all(rates),
    }


def _laid_out(company: Region) -> dict[str, pd.DataFrame]:
    found = alarms(
        company.purchases,
        company.accounts.index,
        first_day=company.book.first_day,
        as_of=company.as_of,
    )
    return alarm_frames(found, company.accounts)


@dataclass(frozen=True)
class _Events:
    """Order days of the accounts (codes), in days since the first, and the clock of all."""

    who: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]
    span: int
    count: int

    @cached_property
    def clock(self) -> Array:
        """Time that has run by each day: faster in weeks in which everybody orders."""
        per_day = np.bincount(self.day, minlength=self.span)[: self.span].astype(float)
        if per_day.sum() < 10 * _QUARTER:
            return np.arange(self.span + 1, dtype=float)
        smooth = pd.Series(per_day).rolling(28, min_periods=1, center=True).mean()
        # Whole years alone are set against: half of one is a season itself.
        year = pd.Series(per_day).rolling(365, center=True).mean().ffill().bfill()
        pace = (smooth / year.replace(0.0, np.nan)).clip(0.3, 3.0).fillna(1.0)
        return np.concatenate([[0.0], pace.to_numpy().cumsum()])

    def tested(self, at: int) -> dict[str, Array]:
        """Test every account as of a day."""
        clock, here = self.clock, self.day < at
        who, day = self.who[here], self.day[here]
        begin = max(at - _HISTORY, 0)
        inside = day >= begin
        who, when = who[inside], clock[day[inside]]
        last = _latest(who, when, self.count)
        first = -_latest(who, -when, self.count)
        x = np.bincount(who, minlength=self.count).astype(float) - 1
        start = np.nanmin([np.full(self.count, clock[begin]), first], axis=0)
        exposure = np.where(x >= 0, last - np.fmax(start, first), 0.0)
        gap = clock[at] - last
        r, alpha = _gamma(x[x > 0], exposure[x > 0])
        overdue = np.exp((r + x) * (np.log(alpha + exposure) - np.log(alpha + exposure + gap)))
        variation, mean_gap = _gaps(who, when, self.count)
        regular = (variation < _REGULAR) & (x >= 6)
        shape = 1 / np.clip(variation, 0.04, 1.0)
        own = stats.gamma.sf(gap, shape, scale=mean_gap / shape)
        overdue = np.where(regular, np.fmax(own, 1e-12), overdue)
        fewer, expected, counted = self._fewer(at, clock, who, when, r, alpha)
        rate = (r + x) / (alpha + exposure) * 365
        return {
            "orders_a_year": np.where(x >= 0, rate, 0.0),
            "gap_days": gap,
            "expected": expected,
            "counted": counted,
            "regular": regular.astype(float),
            "overdue": (overdue <= fewer).astype(float),
            "p": np.where(x >= 1, np.minimum(1.0, 2 * np.fmin(overdue, fewer)), 1.0),
        }

    def _fewer(
        self, at: int, clock: Array, who: npt.NDArray[np.int64], when: Array, r: float, alpha: float
    ) -> tuple[Array, Array, Array]:
        """Test the count of the last 13 weeks against the time before."""
        cut = clock[max(at - _QUARTER, 0)]
        first = -_latest(who, -when, self.count)
        before = np.bincount(who[when < cut], minlength=self.count).astype(float)
        recent = np.bincount(who[when >= cut], minlength=self.count).astype(float)
        exposure = np.clip(np.nan_to_num(cut - first), 0.0, None)
        ahead = clock[at] - cut
        size = r + np.clip(before - 1, 0, None)
        chance = (alpha + exposure) / (alpha + exposure + ahead)
        expected = size / (alpha + exposure) * ahead
        fewer = stats.nbinom.cdf(recent, size, chance)
        return np.where(before > 1, fewer, 1.0), expected, recent

    def orders_between(self, first: int, last: int) -> Array:
        """Count each account's orders from one day to before another."""
        inside = (self.day >= first) & (self.day < last)
        return np.bincount(self.who[inside], minlength=self.count).astype(float)


def _origins(span: int) -> range:
    """Choose past days to calibrate on: a quarter must follow, a year must precede."""
    newest = span - _QUARTER
    return range(newest, max(365, newest - _STEP * _ORIGINS), -_STEP)


def _went_on(events: _Events, past: list[dict[str, Array]]) -> tuple[pd.DataFrame, float]:
    """Keep past tests of accounts that then ordered about as before; and the share that fell."""
    parts, fell, told = [], 0, 0
    for tests, at in zip(past, _origins(events.span), strict=True):
        table = pd.DataFrame(tests)
        ahead = events.clock[at + _QUARTER] - events.clock[at]
        then = events.orders_between(at, at + _QUARTER)
        hoped = table["orders_a_year"] / 365 * ahead
        asked = (table["orders_a_year"] >= ORDERS_NEEDED) & (table["gap_days"] <= _GONE)
        fell += int((asked & (then < (1 - _BACK) * hoped)).sum())
        told += int(asked.sum())
        kept = table[asked & (then >= _BACK * hoped)]
        parts.append(kept.assign(group=_groups(kept))[["group", "p"]])
    nulls = pd.concat(parts) if parts else pd.DataFrame({"group": [], "p": []})
    return nulls, fell / told if told else float("nan")


def _groups(table: pd.DataFrame) -> pd.Series:
    """Name who is alike: regular or not, monthly or more often."""
    often = np.where(table["orders_a_year"] >= 2 * ORDERS_NEEDED, "often", "seldom")
    steady = np.where(table["regular"] > 0, "regular", "random")
    return pd.Series([f"{a} {b}" for a, b in zip(steady, often, strict=True)], table.index)


@dataclass(frozen=True)
class _Tail:
    """How -ln p of accounts that went on as before is spread: its 95 % mark, and beyond it.

    Beyond the mark it falls off as an exponential does (mean ``slope``), which reaches as far
    out as alarms need; up to it a power does.
    """

    mark: float = -float(np.log(_TAIL))
    slope: float = 1.0


def _tail(p: pd.Series) -> _Tail:
    """Learn the tail of null p-values; its slope is shrunk to that of the power."""
    if len(p) < _LEAST_NULLS:
        return _Tail()
    surprise = -np.log(np.clip(p.to_numpy(float), 1e-12, 1.0))
    mark = float(np.quantile(surprise, 1 - _TAIL))
    power = float(np.clip(mark / _Tail.mark, 0.6, 4.0))
    beyond = surprise[surprise > mark] - mark
    slope = (beyond.sum() + _PRIOR * power) / (len(beyond) + _PRIOR)
    return _Tail(power * _Tail.mark, float(np.clip(slope, 0.4, 4.0)))


def _calibrated(p: pd.Series, group: pd.Series, tails: Mapping[str, _Tail]) -> pd.Series:
    """Make null p-values even: one in twenty below 5 %, and so on further out."""
    mark = group.map({name: tail.mark for name, tail in tails.items()}).astype(float)
    slope = group.map({name: tail.slope for name, tail in tails.items()}).astype(float)
    surprise = -np.log(p.clip(1e-300, 1.0))
    even = np.where(
        surprise <= mark, surprise * _Tail.mark / mark, _Tail.mark + (surprise - mark) / slope
    )
    return pd.Series(np.exp(-np.asarray(even, dtype=float)), p.index)


def _gamma(x: Array, exposure: Array) -> tuple[float, float]:
    """Fit the gamma of the rates over all accounts, by moments of the observed rates."""
    if len(x) < 10:
        return 1.0, 60.0
    rate = x / np.maximum(exposure, 1.0)
    mean = float(np.average(rate, weights=exposure))
    chance = float(np.average(mean / np.maximum(exposure, 1.0), weights=exposure))
    spread = max(float(np.average((rate - mean) ** 2, weights=exposure)) - chance, 0.1 * mean**2)
    return mean**2 / spread, mean / spread


def _latest(who: npt.NDArray[np.int64], when: Array, count: int) -> Array:
    found = np.full(count, -np.inf)
    np.maximum.at(found, who, when)
    return np.where(np.isfinite(found), found, np.nan)


def _gaps(who: npt.NDArray[np.int64], when: Array, count: int) -> tuple[Array, Array]:
    """Give each account's squared coefficient of variation of its gaps, and their mean."""
    order = np.lexsort((when, who))
    ranked = who[order]
    same = ranked[1:] == ranked[:-1]
    of, gap = ranked[1:][same], np.diff(when[order])[same]
    n = np.bincount(of, minlength=count).astype(float)
    total, squares = (np.bincount(of, gap**power, count) for power in (1, 2))
    mean = total / np.maximum(n, 1)
    variance = np.maximum(squares / np.maximum(n, 1) - mean**2, 0.0)
    variation = variance * n / np.maximum(n - 1, 1) / np.maximum(mean, 1e-9) ** 2
    # Four gaps' worth of an exponential buyer keeps few gaps from looking regular.
    return (n * variation + 4) / (n + 4), np.maximum(mean, 1e-9)


_COLUMNS = ["orders_a_year", "gap_days", "expected", "counted", "regular", "overdue", "p"]


def _nothing(accounts: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(np.nan, accounts, _COLUMNS)
