"""How satisfied is each account? Answers on their own scales, drawn to the mean where few."""

import datetime as dt

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.region import Region
from kapkit.models.pooled import learned

_TABLE = "satisfaction"
#: Answers older than so many days say nothing of today.
_FRESH_DAYS = 548
_WAVE_DAYS = 182
#: Variance between accounts is at least that of a spread of 4 % of the scale.
_LEAST_SPREAD = 0.04**2
#: Fewer answers never judge an account.
ANSWERS_NEEDED = 3
_COLUMNS = [
    *("satisfaction", "low", "high", "answers", "last", "change", "change_low", "change_high"),
    *("mean", "scale_min", "scale_max", "standing", "verdict"),
]
_TYPES = dict.fromkeys(_COLUMNS, "float64") | {"last": "datetime64[ns]", "verdict": "str"}


def satisfaction(surveys: pd.DataFrame, *, as_of: dt.date, level: float = 0.8) -> pd.DataFrame:
    r"""Estimate how satisfied each account is, so that two answers do not make a verdict.

    An answer counts as its distance from the mean of its half-year, question and scale, put on
    today's mean: scales that changed and answers that grew lenient fall out. Of :math:`n`
    answers with mean :math:`\bar y` the estimate is :math:`(n \bar y + k \mu) / (n + k)` with
    :math:`k = \sigma^2 / \tau^2` (spread within over spread between accounts, by moments), and
    its variance :math:`\sigma^2 / (n + k)`.

    Parameters
    ----------
    surveys : DataFrame
        Schema ``SURVEYS``, of all regions; later answers and those older than 18 months are left
        out.
    as_of : date
        Last day that counts.
    level : float, 0 to 1
        Probability of the intervals.

    Returns
    -------
    DataFrame indexed by account and kind (csat, nps)
        Only accounts that answered: ``satisfaction`` with ``low`` and ``high`` on the latest
        scale (``scale_min`` to ``scale_max``), ``answers``, ``last`` (day), ``change`` of the last
        twelve months' answers on the six before with its interval (missing without both),
        ``mean`` of all accounts, ``standing`` (estimate less mean, in spreads between accounts)
        and ``verdict``: above, below, or like others; missing below three answers.
    """
    end = pd.Timestamp(as_of)
    fresh = surveys[
        (surveys["date"] <= end) & (surveys["date"] > end - pd.Timedelta(days=_FRESH_DAYS))
    ]
    parts = [_of_kind(part, str(kind), end, level) for kind, part in fresh.groupby("kind")]
    if not parts:
        index = pd.MultiIndex.from_arrays([[], []], names=["account_id", "kind"])
        return pd.DataFrame(columns=_COLUMNS, index=index).astype(_TYPES)
    return pd.concat(parts).sort_index().astype(_TYPES)


def satisfaction_of(region: Region) -> pd.DataFrame:
    """Give the satisfaction of a region's accounts: what a run has stored, else estimated now.

    Parameters
    ----------
    region : Region
        The region as of a day; the mean and the spreads are the whole company's.
    """
    found = learned(region, _TABLE, _laid_out)[""].drop(columns="region")
    return found.set_index(["account_id", "kind"])


def company_satisfaction(company: Region) -> pd.DataFrame:
    """Estimate the satisfaction of all accounts of the company as of its day."""
    surveys = company.tables.get("surveys", pd.DataFrame(columns=["date", "kind"]))
    found = satisfaction(surveys.astype({"date": "datetime64[ns]"}), as_of=company.as_of)
    account = found.index.get_level_values("account_id")
    return found[account.isin(company.accounts.index)]


def satisfaction_frames(found: pd.DataFrame, accounts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lay satisfaction out as a run stores it."""
    table = found.reset_index()
    return {_TABLE: table.assign(region=table["account_id"].map(accounts["region"]).astype("str"))}


def _laid_out(company: Region) -> dict[str, pd.DataFrame]:
    return satisfaction_frames(company_satisfaction(company), company.accounts)


def _of_kind(answers: pd.DataFrame, kind: str, end: pd.Timestamp, level: float) -> pd.DataFrame:
    scale = answers.sort_values("date")[["scale_min", "scale_max"]].iloc[-1]
    width = scale["scale_max"] - scale["scale_min"]
    said = _adjusted(answers, end)
    by = said.groupby(answers["account_id"])
    count, own = by.size().astype(float), by.mean()
    mean, within, between = _moments(said, answers["account_id"])
    prior = within / between
    weight = count / (count + prior)
    drawn = mean + weight * (own - mean)
    reach = float(stats.norm.ppf((1 + level) / 2))
    spread = np.sqrt(within / (count + prior))
    low, high = (drawn + sign * reach * spread for sign in (-1, 1))
    verdict = (
        pd.Series("like others", drawn.index).mask(low > mean, "above").mask(high < mean, "below")
    )
    table = pd.DataFrame(
        {
            "satisfaction": _on_scale(drawn, scale, width),
            "low": _on_scale(low, scale, width),
            "high": _on_scale(high, scale, width),
            "answers": count,
            "last": answers.groupby("account_id")["date"].max(),
            **_change(said, answers, end, within, reach, width),
            "mean": float(scale["scale_min"] + width * mean),
            "scale_min": scale["scale_min"],
            "scale_max": scale["scale_max"],
            "standing": (drawn - mean) / np.sqrt(between),
            "verdict": verdict.where(count >= ANSWERS_NEEDED),
        }
    )
    table.index = pd.MultiIndex.from_product([table.index, [kind]], names=["account_id", "kind"])
    return table


def _adjusted(answers: pd.DataFrame, end: pd.Timestamp) -> pd.Series:
    """Put answers on 0 to 1 and on the mean of the latest half-year."""
    share = (answers["score"] - answers["scale_min"]) / (
        answers["scale_max"] - answers["scale_min"]
    )
    age = (end - answers["date"]).dt.days // _WAVE_DAYS
    wave = [age, answers["scale_min"], answers["scale_max"]]
    latest = share[age == age.min()].mean()
    adjusted: pd.Series = share - share.groupby(wave).transform("mean") + latest
    return adjusted


def _moments(said: pd.Series, account: pd.Series) -> tuple[float, float, float]:
    """Give the mean of accounts, and the variances within and between them."""
    by = said.groupby(account)
    count, own = by.size(), by.mean()
    free = int((count - 1).sum())
    total = float(said.var(ddof=0))
    within = float(((said - by.transform("mean")) ** 2).sum() / free) if free else total / 2
    mean = float(own.mean())
    between = float(own.var(ddof=1)) - within * float((1 / count).mean()) if len(own) > 1 else 0.0
    return mean, max(within, 1e-9), max(between, _LEAST_SPREAD)


def _change(
    said: pd.Series,
    answers: pd.DataFrame,
    end: pd.Timestamp,
    within: float,
    reach: float,
    width: float,
) -> dict[str, pd.Series]:
    recent = answers["date"] > end - pd.Timedelta(days=365)
    now, before = (
        said[mask].groupby(answers.loc[mask, "account_id"]).agg(["mean", "size"])
        for mask in (recent, ~recent)
    )
    moved = (now["mean"] - before["mean"]) * width
    error = np.sqrt(within * (1 / now["size"] + 1 / before["size"])) * width * reach
    return {"change": moved, "change_low": moved - error, "change_high": moved + error}


def _on_scale(share: pd.Series, scale: pd.Series, width: float) -> pd.Series:
    shown: pd.Series = float(scale["scale_min"]) + width * share.clip(0.0, 1.0)
    return shown
