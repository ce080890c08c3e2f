"""Back-tests: choose before a cut-off, judge by what came after it."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.models.value import Measure, expected_value, past_value, worth
from kapkit.wording import day, percent, several

#: Below these a difference of captures is chance: the page says so instead of a number.
ACCOUNTS_NEEDED = 30
HISTORY_WEEKS_NEEDED = 26

_RANKINGS = pd.Index(["expected value", "last twelve months"], name="ranking")


def capture(score: pd.Series, future: pd.Series, *, share: float = 0.2) -> float:
    """Measure how much of the attainable future value a ranking would have caught.

    Future value of the top ``share`` of accounts by score, over that of the same number of
    accounts chosen with hindsight.

    Parameters
    ----------
    score, future : Series
        Indexed alike, one entry per account.
    share : float, 0 to 1
        Share of the accounts chosen; at least one account.

    Returns
    -------
    float
        1 is as good as hindsight; missing where hindsight earns nothing. Ties in the score go
        to the account that comes first.

    Examples
    --------
    >>> capture(pd.Series([3, 2, 1]), pd.Series([4.0, 5.0, 0.0]), share=1 / 3)
    0.8
    """
    count = max(1, round(share * len(score)))
    actual = future.reindex(score.index).to_numpy(dtype=float)
    chosen = actual[np.argsort(-score.to_numpy(dtype=float), kind="stable")[:count]].sum()
    best = np.sort(actual)[::-1][:count].sum()
    return float(chosen / best) if best > 0 else float("nan")


@dataclass(frozen=True)
class ValueBacktest:
    """How the expected value would have chosen, against last year's plain ranking.

    ``table`` has a row per ranking with ``capture``; ``difference`` with ``low`` and ``high``
    (80 % bootstrap over accounts) is expected less plain, missing where data do not suffice.
    """

    table: pd.DataFrame
    difference: float
    low: float
    high: float
    accounts: int
    origin: dt.date
    horizon_weeks: int
    sentence: str


def backtest_value(
    purchases: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    half_life_weeks: float = 26.0,
    share: float = 0.2,
    horizon_weeks: int = 26,
    seed: int = 1,
) -> ValueBacktest:
    """Judge the value axis on the book's own last half-year.

    Both rankings are made from purchases up to ``horizon_weeks`` before ``as_of`` and judged
    by the value that followed. Accounts that had not bought by then are left out.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``); days after ``as_of`` are ignored.
    accounts : Index
        The accounts of the region.
    as_of : date
        Last day of the value that judges.
    first_day : date or None
        First day of the book's sales.
    measure : {"margin", "revenue"}
        What is summed (`worth`).
    half_life_weeks : float, weeks
        As in `expected_value`.
    share : float, 0 to 1
        Share of the accounts chosen.
    horizon_weeks : int, weeks
        How long the choice is judged; a half-year spans the ordering rhythm of most accounts.
    seed : int
        Of the bootstrap.

    Returns
    -------
    ValueBacktest
        With its sentence; captures are missing below 30 accounts or 26 weeks of history, and
        where even the best choice would have earned nothing.
    """
    origin = as_of - dt.timedelta(weeks=horizon_weeks)
    past = purchases[purchases["date"] <= pd.Timestamp(origin)]
    known = accounts[accounts.isin(past["account_id"])]
    ranked = _ranked(past, known, origin, first_day, measure, half_life_weeks)
    frame = ranked.assign(future=_followed(purchases, known, origin, as_of, measure))
    table = pd.DataFrame({"capture": _captures(frame, share)}, index=_RANKINGS)
    weeks = max(0, (origin - (first_day or origin)).days // 7)
    doubt = _doubt(len(known), weeks, horizon_weeks) or _nothing_earned(table, origin)
    gain = (float("nan"),) * 3 if doubt else _difference(frame, share, seed)
    return ValueBacktest(
        table.assign(capture=float("nan")) if doubt else table,
        *gain,
        len(known),
        origin,
        horizon_weeks,
        doubt or _verdict(table, gain, len(known), share, horizon_weeks),
    )


def _ranked(
    past: pd.DataFrame,
    known: pd.Index,
    origin: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    half_life_weeks: float,
) -> pd.DataFrame:
    """Value the accounts both ways, as was possible at the origin."""
    expected = expected_value(
        past,
        known,
        as_of=origin,
        first_day=first_day,
        measure=measure,
        half_life_weeks=half_life_weeks,
    )
    plain = past_value(past, known, as_of=origin, measure=measure)
    return pd.DataFrame({"expected": expected["value"], "plain": plain})


def _followed(
    purchases: pd.DataFrame, known: pd.Index, origin: dt.date, as_of: dt.date, measure: Measure
) -> pd.Series:
    """Sum what the accounts were worth after the origin."""
    date = purchases["date"]
    after = purchases[(date > pd.Timestamp(origin)) & (date <= pd.Timestamp(as_of))]
    future = worth(after, measure=measure).groupby(after["account_id"]).sum()
    return future.reindex(known, fill_value=0.0)


def _captures(frame: pd.DataFrame, share: float) -> list[float]:
    return [capture(frame[name], frame["future"], share=share) for name in ("expected", "plain")]


def _difference(frame: pd.DataFrame, share: float, seed: int) -> tuple[float, float, float]:
    """Give expected less plain capture, with an 80 % interval from resampled accounts."""
    generator = np.random.default_rng(seed)
    draws = [
        _gain(frame.iloc[generator.integers(len(frame), size=len(frame))], share)
        for _ in range(200)
    ]
    low, high = np.nanquantile(draws, [0.1, 0.9])
    return _gain(frame, share), float(low), float(high)


def _gain(frame: pd.DataFrame, share: float) -> float:
    expected, plain = _captures(frame.reset_index(drop=True), share)
    return expected - plain


def _doubt(accounts: int, history_weeks: int, weeks: int) -> str:
    """Say what is missing for a judgement; empty where nothing is."""
    if accounts < ACCOUNTS_NEEDED:
        lack = f"{several(accounts, 'account')} had bought {weeks} weeks ago, {ACCOUNTS_NEEDED}"
    elif history_weeks < HISTORY_WEEKS_NEEDED:
        lack = f"{weeks} weeks ago the book had {several(history_weeks, 'week')} of sales, "
        lack += f"{HISTORY_WEEKS_NEEDED}"
    else:
        return ""
    return (
        "Not enough data to tell whether the expected value ranks better than last year's: "
        f"{lack} are needed."
    )


def _nothing_earned(table: pd.DataFrame, origin: dt.date) -> str:
    if table["capture"].notna().all():
        return ""
    return (
        "Nothing to judge the ranking by: even the best choice would have earned nothing after "
        f"{day(origin)}."
    )


def _verdict(
    table: pd.DataFrame, gain: tuple[float, ...], accounts: int, share: float, weeks: int
) -> str:
    difference, low, high = gain
    expected, plain = (float(value) for value in table["capture"])
    found = (
        f"Chosen {weeks} weeks ago, the top {percent(share)} by expected value caught "
        f"{percent(expected)} of the value that hindsight would have, the top by the last twelve "
        f"months {percent(plain)}"
    )
    if low > 0:
        return f"{found}: the expected value ranks better here."
    if high < 0:
        return f"{found}: the plain ranking was better here; read the order with care."
    return (
        f"{found}; the difference of {difference * 100:+z.0f} points "
        f"({low * 100:+z.0f} to {high * 100:+z.0f}) is within chance for {accounts} accounts."
    )
