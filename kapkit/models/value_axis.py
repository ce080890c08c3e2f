"""What accounts will be worth: several ways, the best of them found by back-test on the book."""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import statsmodels.api as sm

from kapkit.models.account_features import account_features
from kapkit.models.backtest import ACCOUNTS_NEEDED, HISTORY_WEEKS_NEEDED, capture
from kapkit.models.bg_nbd import BGNBD
from kapkit.models.gamma_gamma import spend_per_order
from kapkit.models.order_history import order_history
from kapkit.models.regularity import regularity
from kapkit.models.ridge_glm import fit_ridge_glm
from kapkit.models.value import (
    WEEKS_PER_YEAR,
    Measure,
    decayed_sum,
    expected_value,
    past_value,
    worth,
)
from kapkit.wording import percent, several

HALF_LIVES = (8.0, 13.0, 26.0, 52.0)
#: What stands unless the back-test finds better: margins change faster than revenues.
USUAL_HALF_LIFE: dict[Measure, float] = {"revenue": 26.0, "margin": 13.0}
#: From the plainest to the most made: a later one must be better by more than chance to be taken.
CANDIDATES = ["plain", "half-life", "purchase model", "Poisson GLM", "combined"]
_SHARES = (0.2, 0.05)
#: A difference of mean captures below this is noise.
_NOISE = 0.005
_VALUE_FEATURES = [
    "value_8",
    "value_26",
    "value_rate",
    "recency",
    "overdue",
    "mean_order",
    "single",
]
_LEAST_HISTORY_WEEKS = 12


@dataclass(frozen=True)
class ValueAxis:
    """What each account will be worth, and why that way of telling was chosen.

    ``value`` has a row per account and a column per candidate (per year, in the book's
    currency; a candidate that could not be fitted is missing). ``table`` has a row per
    candidate: mean ``capture_20`` and ``capture_5`` over ``origins``, and ``chosen``. ``tried``
    has what was said at each origin, a row per origin and account: the candidates and the
    ``future`` that followed, per year.
    """

    value: pd.DataFrame
    table: pd.DataFrame
    chosen: str
    half_life_weeks: float
    origins: list[dt.date]
    sentence: str
    tried: pd.DataFrame

    @property
    def best(self) -> pd.Series:
        """Value per account and year by the chosen candidate."""
        return self.value[self.chosen].rename("value")


def value_axis(
    purchases: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    horizon_weeks: int = 26,
    origins: int = 3,
) -> ValueAxis:
    """Value the accounts by the candidate that ranked them best on the book's own past.

    Every candidate is fitted at past origins on what was known then, and judged by the value
    caught in the weeks after. The plainest whose mean capture (of the top 20 and 5 %) is
    within half a point of the best is taken.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``), of all regions: models are pooled.
        Later days are ignored.
    accounts : Index
        The accounts to value, also those that never bought.
    as_of : date
        Last day that counts.
    first_day : date or None
        First day of the book's sales.
    measure : {"margin", "revenue"}
        What is valued (`worth`).
    horizon_weeks : int, weeks
        How far ahead; half a year spans the ordering rhythm of most accounts.
    origins : int
        How many past origins judge, a quarter apart; fewer where history is short.

    Returns
    -------
    ValueAxis
        Below 30 accounts, or 26 weeks of history before the first origin, captures are missing
        and the half-life of 26 weeks, which fits nothing, is taken.
    """
    judged = _origins(as_of, first_day, horizon_weeks, origins)
    known = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    tries = {
        pd.Timestamp(origin): found
        for origin in judged
        if (found := _tried(known, origin, first_day, measure, horizon_weeks)) is not None
    }
    tried = pd.concat(tries, names=["origin", "account_id"]) if tries else _untried()
    chosen, table = _choice(mean_captures(tried))
    half_life = best_half_life(
        known, as_of=as_of, first_day=first_day, measure=measure, horizon_weeks=horizon_weeks
    )
    value = value_candidates(
        known,
        accounts,
        as_of=as_of,
        first_day=first_day,
        measure=measure,
        horizon_weeks=horizon_weeks,
        half_life_weeks=half_life,
    )
    if value[chosen].isna().any():
        chosen = "half-life"
    table = table.assign(chosen=table.index == chosen)
    sentence = _sentence(table, chosen, half_life, len(tries), horizon_weeks)
    return ValueAxis(value, table, chosen, half_life, judged[: len(tries)], sentence, tried)


def mean_captures(tried: pd.DataFrame) -> pd.DataFrame:
    """Average each candidate's captures over the origins at which it was tried.

    Parameters
    ----------
    tried : DataFrame
        `ValueAxis.tried`, or its rows of some accounts.

    Returns
    -------
    DataFrame indexed by candidate
        ``capture_20`` and ``capture_5``: share of the value caught that hindsight would have,
        by the top 20 and 5 %. Missing where nothing was tried, or the candidate not fitted.
    """
    per_origin = [part for _, part in tried.groupby("origin", sort=False)]
    return pd.DataFrame(
        {
            f"capture_{share * 100:.0f}": {
                name: np.mean([_caught(part, name, share) for part in per_origin])
                if per_origin
                else np.nan
                for name in CANDIDATES
            }
            for share in _SHARES
        },
        index=pd.Index(CANDIDATES, name="candidate"),
    )


def choice_quality(tried: pd.DataFrame) -> pd.DataFrame:
    """Judge each candidate's top fifth: how many belong there, and how many change in a quarter.

    Parameters
    ----------
    tried : DataFrame
        `ValueAxis.tried`, or its rows of some accounts.

    Returns
    -------
    DataFrame indexed by candidate
        ``precision_20`` (share of those chosen that are in the top fifth of the value to come,
        mean over origins) and ``changed`` (share of those chosen at one origin that are not at
        the next, of the accounts known at both). Missing where it was not tried or not fitted.
    """
    parts = [part.droplevel("origin") for _, part in tried.groupby("origin")]
    rows = {}
    for name in CANDIDATES:
        if not parts or any(part[name].isna().any() for part in parts):
            rows[name] = [np.nan, np.nan]
            continue
        right = [
            len(_top(part[name]) & _top(part["future"])) / len(_top(part[name])) for part in parts
        ]
        left = [
            1 - len(_top(old[name]) & _top(new[name].reindex(old.index))) / len(_top(old[name]))
            for old, new in pairwise(parts)
        ]
        rows[name] = [float(np.mean(right)), float(np.mean(left)) if left else np.nan]
    index = pd.Index(CANDIDATES, name="candidate")
    columns = ["precision_20", "changed"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).reindex(index)


def _top(values: pd.Series) -> set[object]:
    count = max(1, round(_SHARES[0] * len(values)))
    ranked = values.fillna(-np.inf).sort_values(ascending=False, kind="stable")
    return set(ranked.index[:count])


def value_candidates(
    purchases: pd.DataFrame,
    accounts: pd.Index,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    horizon_weeks: int = 26,
    half_life_weeks: float = 26.0,
) -> pd.DataFrame:
    """Value the accounts every way, from the rows up to a day.

    Parameters are those of `value_axis`.

    Returns
    -------
    DataFrame indexed like ``accounts``
        A column per candidate, per year in the book's currency: ``plain`` (last twelve months),
        ``half-life``, ``purchase model`` (BG/NBD orders x spend), ``Poisson GLM``, and
        ``combined`` (geometric mean of the last three that could be fitted, where positive;
        without the purchase model where accounts order by a rhythm, `regularity`).
        The two models foresee revenue, which `margin_share` turns into margin. Missing where
        the model did not converge.
    """
    past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
    weighted = expected_value(
        past,
        accounts,
        as_of=as_of,
        first_day=first_day,
        measure=measure,
        half_life_weeks=half_life_weeks,
    )
    earned = 1.0 if measure == "revenue" else margin_share(past, accounts, as_of=as_of)
    table = pd.DataFrame(
        {
            "plain": past_value(past, accounts, as_of=as_of, measure=measure),
            "half-life": weighted["value"],
            "purchase model": _orders_times_spend(past, accounts, as_of, horizon_weeks) * earned,
            "Poisson GLM": _stacked_glm(past, accounts, as_of, first_day, horizon_weeks) * earned,
        },
        index=accounts,
    )
    unfit = ["plain", "purchase model"] if regularity(past).regular else ["plain"]
    return table.assign(combined=_geometric_mean(table.drop(columns=unfit)))


def best_half_life(
    purchases: pd.DataFrame,
    *,
    as_of: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    horizon_weeks: int = 26,
) -> float:
    """Find the half-life, of 8, 13, 26 and 52 weeks, that ranked best at past origins.

    Judged like `value_axis` before ``as_of``, over shorter horizons where history is short;
    26 weeks (of margin 13) stand unless another is better by more than a point of capture.
    """
    weeks = _weeks_between(first_day, as_of)
    ahead = min(horizon_weeks, max(4, weeks // 3))
    caught: dict[float, list[float]] = {half: [] for half in HALF_LIVES}
    for origin in _origins(as_of, first_day, ahead, 4, least=_LEAST_HISTORY_WEEKS):
        past = purchases[purchases["date"] <= pd.Timestamp(origin)]
        known = pd.Index(past["account_id"].unique())
        future = _future(purchases, known, origin, ahead, measure)
        for half in HALF_LIVES if len(known) >= ACCOUNTS_NEEDED else ():
            table = expected_value(
                past,
                known,
                as_of=origin,
                first_day=first_day,
                measure=measure,
                half_life_weeks=half,
            )
            caught[half] += [capture(table["value"], future, share=share) for share in _SHARES]
    means = pd.Series({half: np.mean(found) if found else np.nan for half, found in caught.items()})
    usual = USUAL_HALF_LIFE[measure]
    if means.isna().any() or means.max() <= means[usual] + 2 * _NOISE:
        return usual
    return float(means.index[int(means.to_numpy().argmax())])


def margin_share(
    purchases: pd.DataFrame, accounts: pd.Index, *, as_of: dt.date, half_life_weeks: float = 13.0
) -> pd.Series:
    """Expect the share of revenue an account leaves as margin: recent, drawn to the book's.

    Half-life weighted margin over half-life weighted revenue, plus a tenth of the mean account's
    revenue at the book's own share; that share of accounts without recent costs.

    Parameters
    ----------
    purchases : DataFrame
        One row per account and day (schema ``PURCHASES``), up to ``as_of``.
    accounts : Index
        The accounts wanted.
    as_of : date
        Last day that counts.
    half_life_weeks : float, weeks
        Margins change faster than revenues; 13 held on the book that has costs.

    Returns
    -------
    Series indexed like ``accounts``
        At most 1; may be negative. Missing where the book has no costs.
    """
    margin, revenue = (
        decayed_sum(purchases, value.fillna(0.0), as_of=as_of, half_life_weeks=half_life_weeks)
        for value in (worth(purchases, measure="margin"), purchases["costed_revenue"])
    )
    total = float(revenue.sum())
    usual = float(margin.sum()) / total if total > 0 else float("nan")
    prior = 0.1 * float(revenue.clip(lower=0).mean())
    share = (margin + usual * prior) / (revenue.clip(lower=0) + prior)
    kept: pd.Series = share.clip(-1, 1).reindex(accounts, fill_value=usual)
    return kept.rename("margin_share")


def _weeks_between(first_day: dt.date | None, as_of: dt.date) -> int:
    return max(0, (as_of - (first_day or as_of)).days // 7)


def _origins(
    as_of: dt.date,
    first_day: dt.date | None,
    horizon_weeks: int,
    count: int,
    *,
    least: int = HISTORY_WEEKS_NEEDED,
    step_weeks: int = 13,
) -> list[dt.date]:
    """Past origins, latest first, each with its whole horizon seen and enough history."""
    back = [as_of - dt.timedelta(weeks=horizon_weeks + step_weeks * at) for at in range(count)]
    return [day for day in back if _weeks_between(first_day, day) >= least]


def _future(
    purchases: pd.DataFrame, known: pd.Index, origin: dt.date, weeks: int, measure: Measure
) -> pd.Series:
    date, start = purchases["date"], pd.Timestamp(origin)
    after = purchases[(date > start) & (date <= start + pd.Timedelta(weeks=weeks))]
    summed: pd.Series = worth(after, measure=measure).groupby(after["account_id"]).sum()
    return summed.reindex(known, fill_value=0.0)


def _tried(
    purchases: pd.DataFrame,
    origin: dt.date,
    first_day: dt.date | None,
    measure: Measure,
    horizon_weeks: int,
) -> pd.DataFrame | None:
    """Say at an origin what accounts will be worth, and what they were; None below 30 accounts."""
    past = purchases[purchases["date"] <= pd.Timestamp(origin)]
    known = pd.Index(past["account_id"].unique())
    if len(known) < ACCOUNTS_NEEDED:
        return None
    half_life = best_half_life(
        past, as_of=origin, first_day=first_day, measure=measure, horizon_weeks=horizon_weeks
    )
    table = value_candidates(
        past,
        known,
        as_of=origin,
        first_day=first_day,
        measure=measure,
        horizon_weeks=horizon_weeks,
        half_life_weeks=half_life,
    )
    future = _future(purchases, known, origin, horizon_weeks, measure)
    return table.assign(future=future * (WEEKS_PER_YEAR / horizon_weeks))


def _untried() -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays([[], []], names=["origin", "account_id"])
    return pd.DataFrame(columns=[*CANDIDATES, "future"], index=index, dtype=float)


def _caught(tried: pd.DataFrame, name: str, share: float) -> float:
    if tried[name].isna().any():
        return float("nan")
    return capture(tried[name], tried["future"], share=share)


def _orders_times_spend(
    past: pd.DataFrame, accounts: pd.Index, as_of: dt.date, weeks: int
) -> pd.Series:
    """Expect orders by BG/NBD times spend per order; missing where no maximum was found."""
    nothing = pd.Series(np.nan, index=accounts)
    history = order_history(past, accounts, as_of=as_of)
    if len(history) < ACCOUNTS_NEEDED:
        return nothing
    fitted = BGNBD(history).fit()
    spend = spend_per_order(history).expected_spend
    if not fitted.usable or spend.isna().any():
        return nothing
    value: pd.Series = fitted.expected_orders(history, weeks) * spend
    return value.reindex(accounts, fill_value=0.0) * (WEEKS_PER_YEAR / weeks)


def _stacked_glm(
    past: pd.DataFrame,
    accounts: pd.Index,
    as_of: dt.date,
    first_day: dt.date | None,
    weeks: int,
) -> pd.Series:
    """Learn at up to six past origins how features became revenue per week, and apply it now."""
    if past["account_id"].nunique() < ACCOUNTS_NEEDED:
        return pd.Series(np.nan, index=accounts)
    history = _weeks_between(first_day, as_of)
    quarters = max(1, (history - HISTORY_WEEKS_NEEDED) // 13)
    ahead = min(weeks, 13 * quarters)
    origins = _origins(as_of, first_day, ahead, 6, least=_LEAST_HISTORY_WEEKS)
    value = worth(past, measure="revenue")
    stacked = [account_features(past, value, as_of=day, first_day=first_day) for day in origins]
    outcomes = [
        _future(past, table.index, day, ahead, "revenue").clip(lower=0) / ahead
        for table, day in zip(stacked, origins, strict=True)
    ]
    if not stacked or not pd.concat(outcomes).gt(0).any() or len(stacked[0]) < ACCOUNTS_NEEDED:
        return pd.Series(np.nan, index=accounts)
    features = pd.concat(stacked)[_VALUE_FEATURES]
    fitted = fit_ridge_glm(
        features.reset_index(drop=True),
        pd.concat(outcomes).reset_index(drop=True),
        family=sm.families.Poisson(),
    )
    now = account_features(past, value, as_of=as_of, first_day=first_day)[_VALUE_FEATURES]
    rate = fitted.predict(now) if fitted.converged else pd.Series(np.nan, index=now.index)
    return rate.reindex(accounts, fill_value=0.0) * WEEKS_PER_YEAR


def _geometric_mean(table: pd.DataFrame) -> pd.Series:
    """Mean of the fitted candidates: geometric where all are positive, else arithmetic."""
    fitted = table.dropna(axis="columns", how="any")
    positive = (fitted > 0).all(axis=1)
    mean: pd.Series = fitted.mean(axis=1)
    return mean.where(~positive, np.exp(np.log(fitted.where(fitted > 0)).mean(axis=1)))


def _choice(table: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Take the plainest of the best; the half-life where nothing can be told."""
    mean = table.mean(axis=1, skipna=False)
    if mean.isna().all():
        return "half-life", table
    return str(mean.index[int((mean >= mean.max() - _NOISE).to_numpy().argmax())]), table


def _sentence(table: pd.DataFrame, chosen: str, half_life: float, origins: int, weeks: int) -> str:
    if not origins or table.loc[chosen].isna().any():
        return (
            "Not enough data to tell which way of valuing accounts ranks best; purchases are "
            f"weighted by a half-life of {half_life:.0f} weeks, which fits nothing."
        )
    plain, best = (float(table["capture_20"][name]) for name in ("plain", chosen))
    found = (
        f"Of {len(table)} ways to value accounts, tried at {several(origins, 'past origin')} over "
        f"{weeks} weeks"
    )
    if chosen == "plain":
        return f"{found}, none ranks better than the last twelve months: {percent(plain)} caught."
    what = {
        "half-life": f"half-life of {half_life:.0f} weeks",
        "combined": "mean of half-life and models",
    }.get(chosen, chosen)
    return (
        f"{found}, the {what} is taken: its top 20 % caught {percent(best)} of the value that "
        f"hindsight would have, the last twelve months {percent(plain)}."
    )
