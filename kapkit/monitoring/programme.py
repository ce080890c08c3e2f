"""5.4 The programme's effect for a company's own enrolments, and lots for its next wave."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.outlook import outlook_of
from kapkit.monitoring.impact import ANCOVA, MATCHED, NAIVE, PLACEBO, Impact, draw_lots, impact
from kapkit.wording import percent, say, several

_A, _B = 0.2, 0.5
#: What is added before logs, of the usual quarter: a quarter without orders is no -infinity.
UNIT = 0.5
_LAYOUT = ["part", "name", "effect", "low", "high", "se", "p", "treated", "controls"]


@dataclass(frozen=True)
class Programme:
    """What the programme did, over the whole company, and what cannot be known.

    ``impact`` holds the estimates (effects in logs: .10 is about ten per cent more revenue);
    ``enrolled`` counts this region's accounts in it.
    """

    impact: Impact
    enrolled: int
    sentences: tuple[str, ...]


def programme_of(region: Region) -> Programme:
    """Estimate the effect of the programme over the company, for the page of a region.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day; without enrolments there is no effect to tell.

    Returns
    -------
    Programme
        One effect for the company: a region's own accounts are too few to tell.
    """
    if "programme" in region.pooled:
        found = _read(region.pooled["programme"])
    else:
        found = _estimated(region.company)
    table = region.tables.get("enrolments", pd.DataFrame(columns=["account_id"]))
    enrolled = int(table["account_id"].isin(region.accounts.index).sum())
    return Programme(found, enrolled, _sentences(found))


def programme_frames(found: Impact) -> dict[str, pd.DataFrame]:
    """Lay the estimates out as a run stores them, for all regions."""
    parts = {"estimator": found.table, "wave": found.by_wave, "class": found.by_class}
    rows = [
        table.rename_axis("name").reset_index().assign(part=part) for part, table in parts.items()
    ]
    power = pd.DataFrame({"part": ["detectable"], "name": [""], "effect": [found.detectable]})
    table = pd.concat([*rows, power], ignore_index=True).reindex(columns=_LAYOUT)
    text = dict.fromkeys(["part", "name", "region"], "str")
    return {"programme": table.assign(region=None).astype(text)}


def quarterly(company: Region) -> tuple[pd.DataFrame, pd.Series]:
    """Give log revenue by account and quarter, and the quarter in which each entered.

    Returns
    -------
    tuple
        Accounts x quarters (whole ones only), and the position of the first quarter in the
        programme, missing where never.
    """
    sold, book = company.purchases, company.book
    first = pd.Timestamp(book.first_day or company.as_of) + pd.offsets.QuarterBegin(
        0, startingMonth=1
    )
    quarters = pd.period_range(first, company.as_of, freq="Q")
    quarters = quarters[quarters.end_time.normalize() <= pd.Timestamp(company.as_of)]
    amounts = sold["revenue"].groupby([sold["account_id"], sold["date"].dt.to_period("Q")]).sum()
    table = amounts.unstack().reindex(company.accounts.index, columns=quarters)  # noqa: PD010
    table = table.fillna(0.0).clip(lower=0)
    usual = table[table > 0].stack().median() if (table > 0).any(axis=None) else 1.0  # noqa: PD013
    entered = company.tables["enrolments"].groupby("account_id")["date"].min()
    place = (entered.dt.to_period("Q").astype("int64") - quarters[0].ordinal).astype(float)
    kept = table.index.isin(place[place >= len(quarters)].index)
    enrolled = place.reindex(table.index).where(~kept)
    logs = pd.DataFrame(np.log1p(table.to_numpy() / (UNIT * usual)), table.index)
    return logs, enrolled


def next_wave(region: Region, accounts: pd.DataFrame, *, seed: int, most: int = 40) -> pd.DataFrame:
    """Draw lots for the next wave: A and B accounts not in the programme, half of each now.

    Parameters
    ----------
    region : Region
        The region, for who is in the programme.
    accounts : DataFrame indexed by account
        ``name``, ``class`` and ``value``.
    seed : int
        The same seed draws the same lots.
    most : int
        Accounts that are eligible, the most valuable.

    Returns
    -------
    DataFrame indexed by account
        ``name``, ``class``, ``value`` and ``lot``.
    """
    enrolments = region.tables.get("enrolments")
    inside = accounts.index.isin(enrolments["account_id"]) if enrolments is not None else False
    band = accounts[accounts["class"].isin(["A", "B"]) & (accounts["value"] > 0) & ~inside]
    band = band.sort_values("value", ascending=False, kind="stable").head(most)
    if len(band) < 4:
        return pd.DataFrame(columns=["name", "class", "value", "lot"])
    lots = draw_lots(band.index, seed=seed, strata=band["class"])
    return band[["name", "class", "value"]].assign(lot=lots["lot"])


def programme_impact(company: Region, value: pd.Series) -> Impact:
    """Estimate the effect over the whole company, by wave and class of expected value."""
    enrolments = company.tables.get("enrolments")
    if enrolments is None or enrolments.empty or company.book.first_day is None:
        return impact(pd.DataFrame(), pd.Series(dtype=float))
    outcome, enrolled = quarterly(company)
    rank = (
        value.reindex(outcome.index)
        .groupby(company.accounts["region"])
        .rank(ascending=False, pct=True)
    )
    classes = pd.Series(np.select([rank <= _A, rank <= _B], ["A", "B"], "C"), outcome.index)
    return impact(outcome, enrolled, classes=classes)


@lru_cache(maxsize=2)
def _estimated(company: Region) -> Impact:
    return programme_impact(company, outlook_of(company).accounts["value"])


def _read(stored: pd.DataFrame) -> Impact:
    parts = {
        part: stored[stored["part"] == part].set_index("name")[_LAYOUT[2:]]
        for part in ("estimator", "wave", "class")
    }
    power = stored.loc[stored["part"] == "detectable", "effect"]
    detectable = float(power.iloc[0]) if len(power) else float("nan")
    return Impact(parts["estimator"], parts["wave"], parts["class"], detectable)


def _sentences(found: Impact) -> tuple[str, ...]:
    if not found.told:
        return (
            say(
                "Not enough data to tell what the programme did: it takes eight accounts that "
                "entered after five quarters of history, and others to compare with."
            ),
        )
    best, trap = found.table.T[ANCOVA], found.table.T[NAIVE]
    about = {
        "effect": _change(best["effect"]),
        "low": _change(best["low"]),
        "high": _change(best["high"]),
        "treated": several(int(best["treated"]), "account"),
        "controls": several(int(best["controls"]), "account"),
    }
    if best["low"] > 0 or best["high"] < 0:
        first = say(
            "The programme changed revenue by {effect} ({low} to {high}): {treated} that entered, "
            "against {controls} not in it then.",
            **about,
        )
    else:
        first = say(
            "An effect of the programme cannot be told from chance: {effect} ({low} to {high}), "
            "{treated} that entered against {controls} not in it then.",
            **about,
        )
    said = [
        first,
        say(
            "With so many accounts an effect of {power} or more would be found four times in five.",
            power=_change(found.detectable),
        ),
        say(
            "Comparing the accounts with themselves before gives {naive}: do not use it, accounts "
            "are chosen at their best and fall back by themselves.",
            naive=_change(trap["effect"]),
        ),
    ]
    other, none = found.table.T[MATCHED], found.table.T[PLACEBO]
    if np.isfinite(none["effect"]) and (none["low"] > 0 or none["high"] < 0):
        said.append(
            say(
                "A caution: the same method finds {placebo} for accounts like them that did not "
                "enter, so the comparison is not fair.",
                placebo=_change(none["effect"]),
            )
        )
    if np.isfinite(other["effect"]) and not best["low"] <= other["effect"] <= best["high"]:
        said.append(
            say("Matched accounts give {other}: the two disagree.", other=_change(other["effect"]))
        )
    said.append(
        say(
            "What cannot be known: if accounts were chosen for what only their manager saw coming, "
            "no comparison is fair; lots for the next wave would settle it."
        )
    )
    return tuple(said)


def _change(effect: float) -> str:
    """Write an effect in logs as a change in per cent."""
    share = float(np.expm1(effect))
    return ("+" if share >= 0 else "") + percent(share)
