"""What all accounts will be worth, could spend and will do next: fitted once, over the company."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.book.schema import ACCOUNTS
from kapkit.models.backtest import ACCOUNTS_NEEDED
from kapkit.models.class_probability import SHARES, class_probabilities
from kapkit.models.pooled import learned, of_accounts, of_all, of_panel, rows_of
from kapkit.models.potential import Potential, judged_quantiles, potential
from kapkit.models.value import past_value
from kapkit.models.value_axis import (
    CANDIDATES,
    ValueAxis,
    choice_quality,
    mean_captures,
    value_axis,
)
from kapkit.models.value_interval import value_interval
from kapkit.models.willingness import willingness
from kapkit.wording import say, several

HORIZON_WEEKS = 26
#: A text that fewer accounts share says nothing about its peers.
_PEERS_NEEDED = 10
_DRAWS = 200
_NO_FEATURES = {"account_id", "name", "region", "owner", "parent_id", "since", "recorded"}
_CAPTURES = ["capture_20", "capture_5"]


class _Known(TypedDict):
    as_of: dt.date
    first_day: dt.date | None


@dataclass(frozen=True)
class Outlook:
    """What is known of the accounts' future, and how good such knowledge was before.

    ``accounts`` is indexed by account: each candidate's value per year, the ``chosen`` one's
    ``value`` with the 80 % interval ``low`` and ``high`` of what a half-year brings, the chance
    to be ``within`` each top share of its region (columns ``within_5`` to ``within_70``),
    ``buys`` (chance of an order in the next 13 weeks), ``potential`` (revenue a year that the
    best fifth of peers spends) with ``potential_low``, ``potential_high`` and ``headroom``.

    ``judged`` has a row per question (value, class, buying, potential) and way, company-wide
    (region missing) and for values and potentials by region: captures, ``precision_20``,
    ``changed``, Brier skill and calibration error, ``pinball`` loss and share ``covered`` of
    potentials, ``chosen``, how many ``accounts`` and ``origins`` judged; and of the chosen value
    the ``gain`` in capture on the plain one, with its 80 % interval.

    ``said`` maps each question to its sentence. ``curves`` sets probabilities said at past days
    against what came, for the questions class and buying (`calibration_curve`).
    """

    accounts: pd.DataFrame
    judged: pd.DataFrame
    said: dict[str, str]
    curves: pd.DataFrame = field(default_factory=lambda: _curves({}))

    @property
    def chosen(self) -> str:
        """The candidate that values accounts."""
        value = self.judged[(self.judged["question"] == "value") & self.judged["chosen"]]
        return str(value["way"].iloc[0])

    @property
    def within(self) -> pd.DataFrame:
        """Chance to be in the top share of the region that each column names."""
        table = self.accounts[[_within(share) for share in SHARES]]
        return table.set_axis(list(SHARES), axis="columns")

    def ways(self, question: str, region: str | None = None) -> pd.DataFrame:
        """Compare the ways of answering a question, in a region or (None) the whole company."""
        asked = self.judged[self.judged["question"] == question]
        return rows_of(asked, region).set_index("way").drop(columns=["question", "region"])


def outlook_of(region: Region) -> Outlook:
    """Give a region's outlook: what a run has stored, else fitted over the company now.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.

    Returns
    -------
    Outlook
        Of the region's accounts, with the back-tests of the region and the company.
    """
    parts = learned(region, "outlook", _laid_out)
    said = parts["said"]
    return Outlook(
        parts[""].drop(columns="region").set_index("account_id").reindex(region.accounts.index),
        parts["judged"].astype(_JUDGED),
        dict(zip(said["question"], said["sentence"], strict=True)),
        parts["curves"].drop(columns="region"),
    )


def outlook(company: Region) -> Outlook:
    """Fit the models of value, class, buying and potential, once, over all regions.

    Parameters
    ----------
    company : Region
        The whole company as of a day: small regions borrow strength from the others.

    Returns
    -------
    Outlook
        Where data are too few a model's columns are missing, its sentence says so, and values
        come from history weighted by its age, which fits nothing.
    """
    accounts, purchases = company.accounts, company.purchases
    known = _Known(as_of=company.as_of, first_day=company.book.first_day)
    measure, index = company.book.value_measure, accounts.index
    axis = value_axis(purchases, index, measure=measure, horizon_weeks=HORIZON_WEEKS, **known)
    interval = value_interval(axis, purchases, measure=measure, **known)
    classes = class_probabilities(
        purchases,
        index,
        measure=measure,
        regions=accounts["region"],
        horizon_weeks=HORIZON_WEEKS,
        **known,
    )
    buying = willingness(purchases, activities=company.tables.get("activities"), **known)
    spend = past_value(purchases, index, as_of=company.as_of, measure="revenue")
    could = potential(spend, firmographics(accounts))
    within = classes.within[list(SHARES)].set_axis([*map(_within, SHARES)], axis="columns")
    table = axis.value.join([axis.best, interval.table, within.astype(float)]).assign(
        buys=buying.probability.reindex(index),
        potential=could.table["potential"],
        potential_low=could.table["low"],
        potential_high=could.table["high"],
        headroom=could.table["headroom"],
    )
    judged = [_judged_values(axis, accounts["region"])]
    judged += [
        judged_table(question, ways)
        for question, ways in {"class": classes.table, "buying": buying.table}.items()
    ]
    judged += _judged_potential(could, accounts["region"])
    said = {
        "value": axis.sentence,
        "interval": interval.sentence,
        "class": classes.sentence,
        "buying": buying.sentence,
        "potential": could.sentence,
    }
    curves = _curves({"class": classes.curve, "buying": buying.curve})
    return Outlook(table, pd.concat(judged, ignore_index=True), said, curves)


def firmographics(accounts: pd.DataFrame) -> pd.DataFrame:
    """Keep what the book says an account is, for comparison with its peers.

    Parameters
    ----------
    accounts : DataFrame
        Schema ``ACCOUNTS``, and any further column of the book.

    Returns
    -------
    DataFrame indexed like ``accounts``
        Line of business first; without names, owners, days and typed potentials. A text that
        fewer than ten accounts share is ``other``; a column with one value alone is left out.

    Examples
    --------
    >>> sizes = pd.DataFrame({"name": ["Alpha", "Beta"], "employees": [5.0, 80.0]})
    >>> firmographics(sizes).columns.tolist()
    ['employees']
    """
    unsaid = _NO_FEATURES | {"stated_potential"}
    ordered = [name for name in ACCOUNTS.columns if name in accounts.columns]
    names = [name for name in dict.fromkeys([*ordered, *accounts.columns]) if name not in unsaid]
    kept = {name: _grouped(accounts[name]) for name in names}
    return pd.DataFrame(
        {name: column for name, column in kept.items() if len(column.unique()) > 1},
        index=accounts.index,
    )


def outlook_frames(
    found: Outlook, accounts: pd.DataFrame, *, panel: int = 0, panels: int = 1, regions: int = 0
) -> dict[str, pd.DataFrame]:
    """Lay an outlook out as a run stores it: rows with a region, those for all without one.

    Parameters
    ----------
    found : Outlook
        Of the company, or of some of its regions (`kapkit.models.panels`).
    accounts : DataFrame
        Its accounts, for their regions.
    panel, panels : int
        Which group of regions learned together, of how many.
    regions : int
        How many regions the company has.
    """
    told = found.said if panels == 1 else found.said | {"learned": _learned(accounts, regions)}
    said = pd.DataFrame({"question": list(told), "sentence": list(told.values())})
    frames = {
        "outlook": of_accounts(found.accounts, accounts),
        "outlook_judged": found.judged,
        "outlook_curves": of_all(found.curves),
        "outlook_said": of_all(said),
    }
    return of_panel(frames, panel)


def judged_table(question: str, ways: pd.DataFrame) -> pd.DataFrame:
    """Lay a back-test out in rows of `Outlook.judged`."""
    table = ways.reset_index(names="way").assign(question=question)
    filled = table.reindex(columns=list(_JUDGED))
    return filled.assign(chosen=filled["chosen"].eq(True)).astype(_JUDGED)


_JUDGED = {
    **dict.fromkeys(["question", "way", "region"], "str"),
    **dict.fromkeys(["accounts", "origins", *_CAPTURES], "float64"),
    **dict.fromkeys(["precision_20", "changed"], "float64"),
    **dict.fromkeys(["gain", "gain_low", "gain_high"], "float64"),
    **dict.fromkeys(["auc", "brier_skill", "calibration_error"], "float64"),
    **dict.fromkeys(["pinball", "covered"], "float64"),
    "chosen": "bool",
}


def _laid_out(company: Region) -> dict[str, pd.DataFrame]:
    return outlook_frames(outlook(company), company.accounts)


def _learned(accounts: pd.DataFrame, regions: int) -> str:
    return say(
        "Learned from the {accounts} of {here} of the {regions} regions together, this one among "
        "them: the whole company is too large to be read at once.",
        accounts=several(len(accounts), "account"),
        here=f"{accounts['region'].nunique():,}",
        regions=f"{regions:,}",
    )


def _curves(by_question: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Lay calibration curves out in one frame: ``question``, ``said``, ``seen``, ``accounts``."""
    columns = {"question": "str", "said": "float64", "seen": "float64", "accounts": "float64"}
    parts = [curve.assign(question=question) for question, curve in by_question.items()]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns))
    return whole[list(columns)].astype(columns)


def _within(share: float) -> str:
    return f"within_{share * 100:.0f}"


def _grouped(column: pd.Series) -> pd.Series:
    """Call a text that few share other; numbers stay."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    text = column.astype("str")
    often = text.groupby(text).transform("size") >= _PEERS_NEEDED
    return text.where(often | text.isna(), "other")


def _judged_values(axis: ValueAxis, region: pd.Series) -> pd.DataFrame:
    """Judge the candidates over the company, and in each region with accounts enough."""
    of = region.reindex(axis.tried.index.get_level_values("account_id"))
    parts = [judged_table("value", _values_judged(axis, axis.tried, draws=0))]
    for name, part in axis.tried.groupby(of.to_numpy(dtype=object)):
        table = judged_table("value", _values_judged(axis, part, draws=_DRAWS))
        parts.append(table.assign(region=str(name)))
    return pd.concat(parts, ignore_index=True)


def _judged_potential(found: Potential, region: pd.Series) -> list[pd.DataFrame]:
    """Judge potentials over the company, and in each region with accounts enough."""
    parts = []
    for of, least in ((None, 1), (region, ACCOUNTS_NEEDED)):
        judged = judged_quantiles(found.tried, level=found.level, by=of, least=least)
        table = judged.reset_index("group").rename(columns={"group": "region"})
        table["chosen"] = table.index == found.method
        rows = judged_table("potential", table)
        parts.append(rows.assign(region=None).astype(_JUDGED) if of is None else rows)
    return parts


def _values_judged(axis: ValueAxis, tried: pd.DataFrame, *, draws: int) -> pd.DataFrame:
    """Give captures at the origins with thirty accounts; missing where there is none."""
    sizes = tried.groupby("origin")["future"].transform("size")
    enough = tried[sizes >= ACCOUNTS_NEEDED]
    table = (
        mean_captures(enough)
        .join(choice_quality(enough))
        .assign(
            chosen=[name == axis.chosen for name in CANDIDATES],
            accounts=tried.index.get_level_values("account_id").nunique(),
            origins=enough.index.get_level_values("origin").nunique(),
        )
    )
    if draws and len(enough) and axis.chosen != "plain":
        gain = _gain(enough, axis.chosen, draws)
        table.loc[axis.chosen, ["gain", "gain_low", "gain_high"]] = gain
    return table


def _gain(tried: pd.DataFrame, chosen: str, draws: int, *, seed: int = 1) -> list[float]:
    """Give the gain in capture on the plain ranking, with 80 % of resampled regions around it."""
    parts = [part[["plain", chosen, "future"]].to_numpy() for _, part in tried.groupby("origin")]
    generator = np.random.default_rng(seed)
    fewer = max(20, min(draws, 4_000_000 // len(tried)))
    drawn = [
        np.mean([_gain_of(part[generator.integers(len(part), size=len(part))]) for part in parts])
        for _ in range(fewer)
    ]
    low, high = np.nanquantile(drawn, [0.1, 0.9]) if not np.isnan(drawn).all() else [np.nan] * 2
    return [float(np.mean([_gain_of(part) for part in parts])), float(low), float(high)]


def _gain_of(rows: np.ndarray) -> float:
    """Compare what two columns' top fifth caught of the last one."""
    count, future = max(1, round(0.2 * len(rows))), rows[:, 2]
    best = np.sort(future)[::-1][:count].sum()
    plain, chosen = (future[np.argsort(-rows[:, at], kind="stable")[:count]].sum() for at in (0, 1))
    return float((chosen - plain) / best) if best > 0 else float("nan")
