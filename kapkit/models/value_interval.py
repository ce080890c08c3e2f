"""How far off was the expected value before? An interval measured on the book's own past."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.models.backtest import ACCOUNTS_NEEDED
from kapkit.models.value import Measure, expected_value
from kapkit.models.value_axis import ValueAxis
from kapkit.wording import percent, several

#: Of the value itself and of the mean account's: what chance in the orders leaves unsaid.
_OWN, _MEAN = 0.25, 0.02


@dataclass(frozen=True)
class ValueInterval:
    """Between which values a half-year's worth, per year, has lain for accounts like these.

    ``table`` is indexed by account: ``low`` and ``high``, missing where an account never
    bought. ``covered`` is the share inside at the last complete horizon, with the interval set
    at the horizons before; missing where there are none.
    """

    table: pd.DataFrame
    covered: float
    sentence: str


def value_interval(
    axis: ValueAxis,
    purchases: pd.DataFrame,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    level: float = 0.8,
) -> ValueInterval:
    """Put an interval around the chosen value, from how far it was off at past origins.

    The error of each account at each origin is divided by its own scale: the spread that chance
    in the timing and size of its orders makes (`expected_value`), a quarter of its value and
    a fiftieth of the mean account's. The quantiles of these errors, over all accounts and
    origins, set the interval (split-conformal, normalised).

    Parameters
    ----------
    axis : ValueAxis
        The values, and what was said and came at past origins.
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); later days are ignored.
    as_of, first_day, measure
        As in `value_axis`.
    level : float, 0 to 1
        Share of the accounts that the interval holds.

    Returns
    -------
    ValueInterval
        Below 30 accounts with a known past the interval of `expected_value` stands, and the
        sentence says so.

    References
    ----------
    Papadopoulos, H., Gammerman, A. and Vovk, V. (2008), Normalized nonconformity measures for
    regression conformal prediction, AIA.
    """
    book = _Book(purchases, first_day, measure, axis.half_life_weeks)
    spread = book.spread(axis.value.index, as_of)
    value = axis.best
    if axis.tried.empty or axis.tried[axis.chosen].isna().any():
        ends = book.chance(axis.value.index, as_of, level)
        return ValueInterval(ends, float("nan"), _unknown())
    origins = axis.tried.index.get_level_values("origin")
    errors = [
        book.errors(axis.tried[origins == pd.Timestamp(day)].droplevel(0), axis.chosen, day)
        for day in sorted(axis.origins)
    ]
    low, high = error_quantiles(pd.concat(errors), level)
    scale = error_scale(value, spread)
    table = pd.DataFrame({"low": value + low * scale, "high": value + high * scale})
    covered = _covered(errors, level)
    answers = sum(map(len, errors))
    return ValueInterval(table, covered, _sentence(covered, len(errors[-1]), answers))


@dataclass(frozen=True)
class _Book:
    """What the spread of an account's value is worked out from."""

    purchases: pd.DataFrame
    first_day: dt.date | None
    measure: Measure
    half_life_weeks: float

    def chance(self, accounts: pd.Index, day: dt.date, level: float) -> pd.DataFrame:
        table = expected_value(
            self.purchases,
            accounts,
            as_of=day,
            first_day=self.first_day,
            measure=self.measure,
            half_life_weeks=self.half_life_weeks,
            level=level,
        )
        return table[["low", "high"]]

    def spread(self, accounts: pd.Index, day: dt.date) -> pd.Series:
        """Give one standard deviation of chance; missing for an account that never bought."""
        ends = self.chance(accounts, day, 0.6827)
        return (ends["high"] - ends["low"]) / 2

    def errors(self, said: pd.DataFrame, chosen: str, day: dt.date) -> pd.Series:
        scale = error_scale(said[chosen], self.spread(said.index, day))
        return ((said["future"] - said[chosen]) / scale).dropna()


def error_scale(value: pd.Series, spread: pd.Series) -> pd.Series:
    """Give the scale that an account's errors are compared on; missing where nothing is known."""
    usual = float(value.abs().mean())
    scale: pd.Series = np.sqrt(spread**2 + (_OWN * value) ** 2 + (_MEAN * usual) ** 2)
    return scale.where(scale > 0)


def error_quantiles(errors: pd.Series, level: float) -> tuple[float, float]:
    """Cut off equal tails, each a little wider for the accounts that are few."""
    if errors.empty:
        return float("nan"), float("nan")
    beyond = (1 - level) / 2 * (1 - 1 / len(errors))
    low, high = errors.quantile([beyond, 1 - beyond])
    return float(low), float(high)


def _covered(errors: list[pd.Series], level: float) -> float:
    """Set the interval on all origins but the last, and count who is inside at the last."""
    if len(errors) < 2 or len(errors[-1]) < ACCOUNTS_NEEDED:
        return float("nan")
    low, high = error_quantiles(pd.concat(errors[:-1]), level)
    return float(errors[-1].between(low, high).mean())


def _sentence(covered: float, accounts: int, answers: int) -> str:
    found = (
        f"The range of an expected value is set so that it held 8 of 10 of {answers:,} past "
        "values of a half-year"
    )
    if np.isnan(covered):
        return f"{found}; there is no earlier half-year to try it on."
    return (
        f"{found}; set on the earlier ones alone it held {percent(covered)} of the last ones, of "
        f"{several(accounts, 'account')}."
    )


def _unknown() -> str:
    return (
        "Not enough data to tell how far expected values are off: the range is that of chance in "
        "the timing and size of past orders alone."
    )
