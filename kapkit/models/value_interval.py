"""How far off was the expected value before? An interval measured on the book's own past."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.models.backtest import ACCOUNTS_NEEDED
from kapkit.models.value import Measure, expected_value
from kapkit.models.value_axis import ValueAxis
from kapkit.wording import percent, say, several

#: Of the value itself and of the mean account's: what chance in the orders leaves unsaid.
_OWN, _MEAN = 0.25, 0.02
#: Small, middling and large accounts have quantiles of their own, where each third has enough.
_THIRDS = 3


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
    a fiftieth of the mean account's. The quantiles of these errors set the interval
    (split-conformal, normalised), separately for the third of the accounts that is worth least,
    the middle and the most (from 90 accounts on). A half-year good or bad for all accounts
    shifts all their errors together, so each end is the widest that any one origin asks for.

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
    regression conformal prediction, AIA. Vovk, V., Gammerman, A. and Shafer, G. (2005),
    Algorithmic learning in a random world, for errors by kind of account.
    """
    book = _Book(purchases, first_day, measure, axis.half_life_weeks)
    spread = book.spread(axis.value.index, as_of)
    value = axis.best
    if axis.tried.empty or axis.tried[axis.chosen].isna().any():
        ends = book.chance(axis.value.index, as_of, level)
        return ValueInterval(ends, float("nan"), _unknown())
    tried = [part.droplevel("origin") for _, part in axis.tried.groupby("origin")]
    parts = _THIRDS if min(map(len, tried)) >= _THIRDS * ACCOUNTS_NEEDED else 1
    errors = [
        book.errors(said, axis.chosen, day, parts)
        for said, day in zip(tried, sorted(axis.origins), strict=True)
    ]
    ends = _ends(errors, level).reindex(_third(value[spread.notna()], parts).reindex(value.index))
    scale = error_scale(value, spread)
    table = pd.DataFrame({end: value + ends[end].to_numpy() * scale for end in ("low", "high")})
    covered = _covered(errors, level)
    return ValueInterval(table, covered, _sentence(covered, errors, level))


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

    def errors(self, said: pd.DataFrame, chosen: str, day: dt.date, parts: int) -> pd.DataFrame:
        """Give each account's ``error`` in its own scale, and which ``third`` it was in."""
        scale = error_scale(said[chosen], self.spread(said.index, day))
        error = (said["future"] - said[chosen]) / scale
        return pd.DataFrame({"error": error, "third": _third(said[chosen], parts)}).dropna()


def error_scale(value: pd.Series, spread: pd.Series) -> pd.Series:
    """Give the scale that an account's errors are compared on; missing where nothing is known."""
    usual = float(value.abs().mean())
    scale: pd.Series = np.sqrt(spread**2 + (_OWN * value) ** 2 + (_MEAN * usual) ** 2)
    return scale.where(scale > 0)


def _third(value: pd.Series, parts: int) -> pd.Series:
    """Name the third of the accounts that each belongs to, 1 the least; all 1 where few."""
    places = value.rank(pct=True).to_numpy()
    return pd.Series(np.ceil(places * parts), value.index, name="third")


def _ends(errors: list[pd.DataFrame], level: float) -> pd.DataFrame:
    """Give the widest ends that any one origin asks for, per third."""
    ends = pd.concat([_quantiles(each, level) for each in errors]).groupby(level=0)
    return pd.DataFrame({"low": ends["low"].min(), "high": ends["high"].max()})


def _quantiles(errors: pd.DataFrame, level: float) -> pd.DataFrame:
    """Cut off equal tails per third."""
    rows = {third: error_quantiles(part, level) for third, part in errors.groupby("third")["error"]}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high"], dtype=float)


def error_quantiles(errors: pd.Series, level: float) -> tuple[float, float]:
    """Cut off equal tails, each a little wider for the accounts that are few."""
    if errors.empty:
        return float("nan"), float("nan")
    beyond = (1 - level) / 2 * (1 - 1 / len(errors))
    low, high = errors.quantile([beyond, 1 - beyond])
    return float(low), float(high)


def _covered(errors: list[pd.DataFrame], level: float) -> float:
    """Set the interval on all origins but the last, and count who is inside at the last."""
    if len(errors) < 2 or len(errors[-1]) < ACCOUNTS_NEEDED:
        return float("nan")
    last = errors[-1]
    ends = _ends(errors[:-1], level).reindex(last["third"])
    inside = last["error"].between(ends["low"].to_numpy(), ends["high"].to_numpy())
    return float(inside.mean())


def _sentence(covered: float, errors: list[pd.DataFrame], level: float) -> str:
    found = say(
        "The range of an expected value is set so that it held {share} of the half-years at each "
        "past day tried ({days})",
        share=percent(level),
        days=several(len(errors), "day"),
    )
    if errors[-1]["third"].max() > 1:
        found = say("{found}, among small, middling and large accounts alike", found=found)
    if np.isnan(covered):
        return say("{found}; there is no earlier half-year to try it on.", found=found)
    return say(
        "{found}; set on the earlier ones alone it held {covered} of the last ones, of {accounts}.",
        found=found,
        covered=percent(covered),
        accounts=several(len(errors[-1]), "account"),
    )


def _unknown() -> str:
    return (
        "Not enough data to tell how far expected values are off: the range is that of chance in "
        "the timing and size of past orders alone."
    )
