"""What will accounts bring in a year, and in the years to come? Set on the book's own past."""

import datetime as dt
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.backtest import ACCOUNTS_NEEDED
from kapkit.models.bg_nbd import BGNBD
from kapkit.models.order_history import order_history
from kapkit.models.outlook import HORIZON_WEEKS, Outlook, outlook_of
from kapkit.models.pooled import learned, of_accounts, of_all, of_panel, rows_of
from kapkit.models.regularity import regularity
from kapkit.models.value import WEEKS_PER_YEAR, Measure, expected_value, past_value, worth
from kapkit.models.value_axis import USUAL_HALF_LIFE, best_half_life, value_candidates
from kapkit.models.value_interval import error_quantiles, error_scale
from kapkit.wording import day, percent, say, several

#: Years that an account's lifetime value reaches ahead, and what a year's wait takes off money.
YEARS, DISCOUNT = 3, 0.10
LEVEL = 0.8
#: History in which accounts show themselves, before a day on which values are said.
_LEAST_HISTORY_DAYS = 350
#: A value foresees a half-year, so its middle lies a quarter of a year ahead.
_FORESEEN = HORIZON_WEEKS / WEEKS_PER_YEAR / 2
_ENDS = ["year", "year_low", "year_high", "lifetime", "lifetime_low", "lifetime_high"]
_JUDGED = {
    "region": "str",
    **dict.fromkeys(["years", "accounts", "said", "came", "plain"], "float64"),
    **dict.fromkeys(["miss", "plain_miss", "covered"], "float64"),
}


@dataclass(frozen=True)
class Forward:
    """What accounts are expected to bring, and how good such words were before.

    ``accounts`` is indexed by account: ``year`` (expected worth of the next twelve months),
    ``lifetime`` (of the next `YEARS`, discounted: customer lifetime value, finite), each with
    ``_low`` and ``_high`` of an 80 % interval; missing where it cannot be told. Worth is margin
    before cost to serve, or net revenue where costs are not known.

    ``judged`` has a row per region (missing: the company) and ``years`` ahead, asked that long
    ago: totals ``said``, ``came`` and ``plain`` (the last twelve months going on), mean absolute
    ``miss`` of an account and that of ``plain``, and the share ``covered`` by the interval.
    ``kept`` is the share of buying accounts that a year later still buys.
    """

    accounts: pd.DataFrame
    judged: pd.DataFrame
    kept: float
    sentence: str

    def told(self, region: str | None = None) -> pd.DataFrame:
        """Give the back-test of a region or (None) the whole company, by years ahead."""
        return rows_of(self.judged, region).set_index("years").drop(columns="region")


def forward_of(region: Region) -> Forward:
    """Give a region's forward values: what a run has stored, else learned over the company now.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.

    Returns
    -------
    Forward
        Of the region's accounts, with the back-tests of the region and the company.
    """
    frames = learned(region, "forward", _laid_out)
    table = frames[""].drop(columns="region").set_index("account_id")
    said = frames["said"].iloc[0]
    return Forward(
        table.reindex(region.accounts.index),
        frames["judged"].astype(_JUDGED),
        float(said["kept"]),
        str(said["sentence"]),
    )


def forward(company: Region, known: Outlook) -> Forward:
    r"""Expect what accounts bring in the next year and in three, once over all regions.

    The value :math:`v` that the outlook expects a year lasts as long as accounts do: with
    :math:`\kappa`, the share that still buys a year later, year :math:`k` brings
    :math:`v \kappa^{k - 3/4}` (:math:`v` foresees the first half-year itself), and the lifetime
    value is :math:`\sum_{k=1}^{3} v \kappa^{k-3/4} (1+d)^{-(k-1/2)}`, :math:`d` = 10 %.
    :math:`\kappa` is counted where the book has two years after a day, else taken from the
    BG/NBD model where accounts order at random.

    The same is said on the book's own past, one, two and three years ago, on what was known
    then. Errors, each over the account's own scale (`error_scale`), set the intervals; those of
    fewer years than three are widened by the root of the years, as errors that add up.

    Parameters
    ----------
    company : Region
        The whole company as of a day.
    known : Outlook
        Of the company: which way of valuing was chosen, and the values by it.

    Returns
    -------
    Forward
        Without intervals where the book has less than two years, without lifetime values where
        nothing tells how long accounts last; the sentence says so.

    References
    ----------
    Gupta, S. and Lehmann, D. R. (2003), Customers as assets, Journal of Interactive Marketing
    17(1): margin, retention and discount. Papadopoulos, H., Gammerman, A. and Vovk, V. (2008),
    Normalized nonconformity measures for regression conformal prediction.
    """
    book = _Book(company, known.chosen)
    looks = book.past()
    kept = _kept(looks, book)
    value = known.accounts["value"]
    scale = error_scale(value, book.spread(value.index, company.as_of))
    table = _table(value, scale, looks, kept)
    judged = _judged(looks, kept, company.accounts["region"])
    return Forward(table, judged, kept, _sentence(judged, kept, company.as_of))


def forward_frames(
    found: Forward, accounts: pd.DataFrame, *, panel: int = 0
) -> dict[str, pd.DataFrame]:
    """Lay forward values out as a run stores them: rows with a region, those for all without one.

    Parameters
    ----------
    found : Forward
        Of the company, or of some of its regions (`kapkit.models.panels`).
    accounts : DataFrame
        Its accounts, for their regions.
    panel : int
        Which group of regions learned together.
    """
    said = pd.DataFrame({"kept": [found.kept], "sentence": [found.sentence]})
    frames = {
        "forward": of_accounts(found.accounts, accounts),
        "forward_judged": found.judged,
        "forward_said": of_all(said),
    }
    return of_panel(frames, panel)


def _laid_out(company: Region) -> dict[str, pd.DataFrame]:
    return forward_frames(forward(company, outlook_of(company)), company.accounts)


@dataclass(frozen=True)
class _Look:
    """What was said of accounts on a past day, and what came in each whole year after it."""

    value: pd.Series
    scale: pd.Series
    plain: pd.Series
    years: pd.DataFrame
    buying: list[int]

    @property
    def back(self) -> int:
        """How many years ago."""
        return self.years.shape[1]

    def said(self, course: np.ndarray) -> pd.Series:
        return self.value * float(course.sum())

    def came(self, weights: np.ndarray) -> pd.Series:
        found: pd.Series = (self.years.iloc[:, : len(weights)] * weights).sum(axis=1)
        return found

    def errors(self, weights: np.ndarray, course: np.ndarray) -> pd.Series:
        """Give errors over the account's own scale for so many years."""
        off = self.came(weights) - self.said(course)
        return (off / (self.scale * float(course.sum()))).dropna()


@dataclass(frozen=True)
class _Book:
    """The company's purchases, and the way in which they are valued."""

    company: Region
    way: str

    @property
    def measure(self) -> Measure:
        return self.company.book.value_measure

    def past(self) -> list[_Look]:
        """Look back one, two and three years, as far as accounts were known then."""
        first = self.company.book.first_day
        looks = []
        for years in range(1, YEARS + 1):
            at = (pd.Timestamp(self.company.as_of) - pd.DateOffset(years=years)).date()
            if first is None or (at - first).days < _LEAST_HISTORY_DAYS:
                break
            look = self._look(at, years)
            if look is None:
                break
            looks.append(look)
        return looks

    def spread(self, accounts: pd.Index, at: dt.date) -> pd.Series:
        """Give one standard deviation of chance in the timing and size of orders."""
        ends = expected_value(
            self.company.purchases,
            accounts,
            as_of=at,
            first_day=self.company.book.first_day,
            measure=self.measure,
            half_life_weeks=USUAL_HALF_LIFE[self.measure],
            level=0.6827,
        )
        return (ends["high"] - ends["low"]) / 2

    def model_kept(self) -> float:
        """Ask the purchase model which share of its orders a second year keeps of the first."""
        purchases, as_of = self.company.purchases, self.company.as_of
        past = purchases[purchases["date"] <= pd.Timestamp(as_of)]
        history = order_history(past, pd.Index(past["account_id"].unique()), as_of=as_of)
        if len(history) < ACCOUNTS_NEEDED or regularity(past).regular:
            return float("nan")
        fitted = BGNBD(history).fit()
        if not fitted.usable:
            return float("nan")
        one, two = (fitted.expected_orders(history, n * WEEKS_PER_YEAR).sum() for n in (1.0, 2.0))
        return float(two / one - 1)

    def _look(self, at: dt.date, years: int) -> _Look | None:
        purchases, first = self.company.purchases, self.company.book.first_day
        past = purchases[purchases["date"] <= pd.Timestamp(at)]
        accounts = pd.Index(past["account_id"].unique())
        if len(accounts) < ACCOUNTS_NEEDED:
            return None
        then = {"as_of": at, "first_day": first, "measure": self.measure}
        half_life = best_half_life(past, **then)  # type: ignore[arg-type]
        value = value_candidates(past, accounts, half_life_weeks=half_life, **then)[self.way]  # type: ignore[arg-type]
        if value.isna().any():
            return None
        parts = [self._year(at, turn) for turn in range(years)]
        came = {
            turn: worth(part, measure=self.measure)
            .groupby(part["account_id"])
            .sum()
            .reindex(accounts, fill_value=0.0)
            for turn, part in enumerate(parts)
        }
        bought = [part.loc[part["orders"] > 0, "account_id"] for part in parts]
        return _Look(
            value,
            error_scale(value, self.spread(accounts, at)),
            past_value(past, accounts, as_of=at, measure=self.measure),
            pd.DataFrame(came),
            [int(accounts.isin(some).sum()) for some in bought],
        )

    def _year(self, at: dt.date, turn: int) -> pd.DataFrame:
        date = self.company.purchases["date"]
        start, end = (pd.Timestamp(at) + pd.DateOffset(years=turn + more) for more in (0, 1))
        return self.company.purchases[(date > start) & (date <= end)]


def _kept(looks: list[_Look], book: _Book) -> float:
    """Count how many of those who bought in the first year after a day bought in the last."""
    longest = looks[-1] if looks else None
    if longest is None or longest.back < 2 or longest.buying[0] < ACCOUNTS_NEEDED:
        return book.model_kept()
    kept = (longest.buying[-1] / longest.buying[0]) ** (1 / (longest.back - 1))
    return float(min(kept, 1.0))


def _weights(years: int, *, discounted: bool) -> np.ndarray:
    """Give what money of each year counts."""
    middle = np.arange(years) + 0.5
    return (1 + DISCOUNT) ** -middle if discounted else np.ones(years)


def _course(kept: float, weights: np.ndarray) -> np.ndarray:
    """Give which part of today's value each year brings, as it counts."""
    lasting = 1.0 if np.isnan(kept) else kept
    course: np.ndarray = weights * lasting ** (np.arange(len(weights)) + 0.5 - _FORESEEN)
    return course


def _table(value: pd.Series, scale: pd.Series, looks: list[_Look], kept: float) -> pd.DataFrame:
    one, longest = _weights(1, discounted=False), len(looks) and looks[-1].back
    course = _course(kept, one)
    near = [look.errors(one, course) for look in looks]
    year = _ends(value, scale, course, pd.concat(near) if near else None)
    seen = _weights(longest, discounted=True)
    far = looks[-1].errors(seen, _course(kept, seen)) * _widened(longest) if longest else None
    whole = _course(kept, _weights(YEARS, discounted=True))
    lifetime = _ends(value, scale, whole, far)
    if np.isnan(kept):
        lifetime = lifetime * np.nan
    return pd.concat([year, lifetime], axis=1).set_axis(_ENDS, axis=1)


def _widened(years: int) -> float:
    """Tell how much further errors of the whole span reach than those of the years seen."""
    return float(np.sqrt(YEARS / years))


def _ends(
    value: pd.Series, scale: pd.Series, course: np.ndarray, errors: pd.Series | None
) -> pd.DataFrame:
    """Put the interval around a value; one that earns is not expected to bring less than none."""
    low, high = error_quantiles(errors, LEVEL) if errors is not None else (np.nan, np.nan)
    lower = (value + low * scale).clip(lower=(value.clip(upper=0.0)).where(value >= 0, -np.inf))
    upper = (value + high * scale).clip(lower=value)
    known = scale.notna() & (not np.isnan(low))
    table = pd.DataFrame({"value": value, "low": lower.where(known), "high": upper.where(known)})
    return table * float(course.sum())


def _judged(looks: list[_Look], kept: float, region: pd.Series) -> pd.DataFrame:
    """Judge the next year at the latest day, and as many years as the book shows."""
    rows = []
    spans = dict.fromkeys([1, looks[-1].back]) if looks else {}
    for years in spans:
        look, weights = looks[years - 1], _weights(years, discounted=years > 1)
        course = _course(kept, weights)
        inside = _inside(looks, look, weights, course)
        table = pd.DataFrame(
            {
                "said": look.said(course),
                "came": look.came(weights),
                "plain": look.plain * weights.sum(),
                "inside": inside,
            }
        )
        rows.append(_row(table, years))
        for name, part in table.groupby(region.reindex(table.index)):
            if len(part) >= ACCOUNTS_NEEDED:
                rows.append(_row(part, years) | {"region": str(name)})
    return pd.DataFrame(rows).reindex(columns=list(_JUDGED)).astype(_JUDGED)


def _inside(looks: list[_Look], look: _Look, weights: np.ndarray, course: np.ndarray) -> pd.Series:
    """Tell who lay inside an interval set on earlier days, else on the other half of accounts."""
    earlier = [one.errors(weights, course) for one in looks if one.back > look.back]
    came = look.came(weights)
    if earlier:
        return _held(look, came, course, pd.concat(earlier))
    errors = look.errors(weights, course)
    even = pd.Series(np.arange(len(look.value)) % 2 == 0, look.value.index)
    first, other = (
        _held(look, came, course, errors[errors.index.isin(even.index[half])])
        for half in (~even, even)
    )
    return first.where(even, other)


def _held(look: _Look, came: pd.Series, course: np.ndarray, errors: pd.Series) -> pd.Series:
    ends = _ends(look.value, look.scale, course, errors)
    inside = (came >= ends["low"]) & (came <= ends["high"])
    return inside.astype(float).where(ends["low"].notna())


def _row(table: pd.DataFrame, years: int) -> dict[str, object]:
    return {
        "years": float(years),
        "accounts": float(len(table)),
        **{name: float(table[name].sum()) for name in ("said", "came", "plain")},
        "miss": float((table["came"] - table["said"]).abs().mean()),
        "plain_miss": float((table["came"] - table["plain"]).abs().mean()),
        "covered": float(table["inside"].mean()),
    }


def _sentence(judged: pd.DataFrame, kept: float, as_of: dt.date) -> str:
    if judged.empty:
        return say(
            "Not enough data to tell how far forward values are off: that takes two years of sales."
        )
    company = judged[judged["region"].isna()]
    said = [_told(row, as_of) for row in company.to_dict("records")]
    if np.isnan(kept):
        return " ".join([*said, say("How long accounts last cannot be told: no lifetime value.")])
    lasting = say("{kept} of the accounts that buy are taken to buy still a year later.",
                  kept=percent(kept))  # fmt: skip
    return " ".join([*said, lasting])


def _told(row: Mapping[Hashable, Any], as_of: dt.date) -> str:
    years = int(row["years"])
    at = (pd.Timestamp(as_of) - pd.DateOffset(years=years)).date()
    return say(
        "What the same way said on {day} for {years} ahead, of {accounts}, was {ratio} of what "
        "came; {covered} lay in their interval, and the mean miss was {miss} of that of the last "
        "twelve months going on.",
        day=day(at),
        years=several(years, "year"),
        accounts=several(int(row["accounts"]), "account"),
        ratio=percent(row["said"] / row["came"]) if row["came"] > 0 else "–",
        covered=percent(row["covered"]),
        miss=percent(row["miss"] / row["plain_miss"]) if row["plain_miss"] > 0 else "–",
    )
