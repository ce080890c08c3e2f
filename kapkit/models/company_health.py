"""Who will stop buying? The health score of all accounts, fitted and judged over the company."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

from kapkit.book.region import Region
from kapkit.models.backtest import ACCOUNTS_NEEDED
from kapkit.models.floor import Floor, floor_of
from kapkit.models.health import HealthModel, fit_health
from kapkit.models.health_inputs import health_inputs, kept
from kapkit.models.pooled import learned, of_accounts, of_all, of_panel, rows_of
from kapkit.models.scores import auc, auc_error, brier_skill, calibration_curve, calibration_error
from kapkit.wording import percent, say, several

HORIZON_WEEKS = 26
#: Weeks between the two looks that a change of score is told of, where no run came before.
BEFORE_WEEKS = 13
#: So many points more double the odds that an account keeps buying.
POINTS_TO_DOUBLE = 10.0
_POINTS = POINTS_TO_DOUBLE / np.log(2)
_AVERAGE = 50.0
_ORIGINS = 4
#: Half-years that the score is judged on; older ones only tell the floor of its chances.
_JUDGED_ON = 2
_LEAST_HISTORY_WEEKS = 26
_LEADS = (0, 13, 26)
#: Standard errors from the middle to an end of an 80 % interval.
_SURE = float(stats.norm.ppf(0.9))
#: All that the naive rule looks at: the time since the last order.
_NAIVE = ["silence"]
_Look = Callable[[dt.date], pd.DataFrame]
_WAYS = ["score", "recency"]
_JUDGED = {
    **dict.fromkeys(["way", "region"], "str"),
    **dict.fromkeys(["lead_weeks", "accounts", "asked", "stopped"], "float64"),
    **dict.fromkeys(["auc", "brier_skill"], "float64"),
    **dict.fromkeys(["calibration_error", "gain", "gain_low", "gain_high"], "float64"),
}
_PART, _EARLIER = "points_", "before_"


@dataclass(frozen=True)
class Health:
    """How each account stands, what that is made of, and how good such a score was before.

    ``accounts`` is indexed by account (those that ordered in twelve months): ``score`` (50 is
    the average account; 10 points more double the odds that it keeps buying), ``risk`` (chance
    of no order in 26 weeks, its region's level included, never below the floor that ``chances``
    tells), ``score_before`` (on the day ``before``, by today's weights; missing
    where it was not active). ``points`` and ``points_before`` split scores: 50 plus an account's
    points is its score. Missing inputs have missing points.

    ``judged`` has a row per way (score, recency), region (missing: the company) and weeks of
    lead; ``curve`` is the calibration of the risk; ``weights`` has a row per input. ``earned``
    tells whether the score beat last-purchase recency out of sample; else it is no verdict.
    """

    accounts: pd.DataFrame
    points: pd.DataFrame
    points_before: pd.DataFrame
    judged: pd.DataFrame
    curve: pd.DataFrame
    weights: pd.DataFrame
    earned: bool
    sentence: str
    chances: str
    before: dt.date

    def ways(self, region: str | None = None, *, lead_weeks: int = 0) -> pd.DataFrame:
        """Compare score and recency, in a region or (None) the whole company."""
        rows = rows_of(self.judged, region)
        rows = rows[rows["lead_weeks"] == lead_weeks]
        return rows.set_index("way").drop(columns=["region", "lead_weeks"])


def health_of(region: Region) -> Health:
    """Give a region's health scores: what a run has stored, else fitted over the company now.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.

    Returns
    -------
    Health
        Of the region's accounts, with the back-test of the region and the company.
    """
    frames = learned(region, "health", _laid_out)
    table, before = (
        frames[name].drop(columns="region").set_index("account_id") for name in ("", "before")
    )
    parts = [name for name in map(str, table) if name.startswith(_PART)]
    said = frames["said"].iloc[0]
    return Health(
        table.drop(columns=parts),
        table[parts].rename(columns=lambda name: name.removeprefix(_PART)),
        before.rename(columns=lambda name: name.removeprefix(_EARLIER)),
        frames["judged"].astype(_JUDGED),
        frames["curve"].drop(columns="region"),
        frames["weights"].drop(columns="region").set_index("input"),
        bool(said["earned"]),
        str(said["sentence"]),
        str(said["chances"]),
        dt.date.fromisoformat(str(said["before"])),
    )


def company_health(company: Region, *, since: dt.date | None = None) -> Health:
    """Learn the health score from who stopped buying, and judge it, once over all regions.

    Inputs at past days (half-years apart, every row known by then), outcome: an order in the 26
    weeks after. The score is fitted before each of up to two half-years and judged on them,
    beside recency alone, fitted the same way. Chances to stop get the floor (`floor_of`) that was
    known at the time from the half-years before the one judged, today's that of all of them.

    Parameters
    ----------
    company : Region
        The whole company as of a day.
    since : date, optional
        The day that scores are compared with: that of the last run; 13 weeks ago where None.

    Returns
    -------
    Health
        With equal weights, and a sentence that says so, where no half-year is complete.
    """
    as_of, region = company.as_of, company.accounts["region"]
    look = cache(lambda day: health_inputs(company, as_of=day))
    before_day = since or as_of - dt.timedelta(weeks=BEFORE_WEEKS)
    now, then = look(as_of), look(before_day)
    model = _fit(company, look, as_of, now.columns.tolist())
    points, before = (model.parts(part, region) * _POINTS for part in (now, then))
    points, before = points.where(now.notna()), before.where(then.notna())
    asked = _tested(company, look)
    floor, tested = _floor(asked, "score"), _with_floor(asked)
    judged, curve = _judged(tested, region), _curve(tested)
    earned = _earned(judged)
    table = pd.DataFrame(
        {
            "score": _AVERAGE + points.sum(axis=1),
            "risk": floor.under(1 - model.probability(now, region)) if model.learned else np.nan,
            "score_before": (_AVERAGE + before.sum(axis=1)).reindex(now.index),
        },
        index=now.index,
    )
    weights = pd.DataFrame(
        {
            "weight": model.weights * _POINTS,
            "equal": model.equal * _POINTS,
            "wrong": [name in model.wrong for name in model.weights.index],
            "known": now.notna().mean(),
        }
    ).rename_axis("input")
    said = _sentence(judged, model, earned=earned)
    parts = (points, before, judged, curve, weights)
    return Health(table, *parts, earned, said, floor.sentence, before_day)


def health_frames(
    found: Health, accounts: pd.DataFrame, *, panel: int = 0
) -> dict[str, pd.DataFrame]:
    """Lay scores out as a run stores them: rows with a region, those for all without one.

    Parameters
    ----------
    found : Health
        Of the company, or of some of its regions (`kapkit.models.panels`).
    accounts : DataFrame
        Its accounts, for their regions.
    panel : int
        Which group of regions learned together.
    """
    parts = found.accounts.join(found.points.add_prefix(_PART))
    earlier = found.points_before.add_prefix(_EARLIER)
    said = pd.DataFrame(
        {
            "sentence": [found.sentence],
            "earned": [found.earned],
            "chances": [found.chances],
            "before": [str(found.before)],
        }
    )
    frames = {
        "health": of_accounts(parts, accounts),
        "health_before": of_accounts(earlier, accounts),
        "health_judged": found.judged,
        "health_curve": of_all(found.curve),
        "health_weights": of_all(found.weights.reset_index()),
        "health_said": of_all(said),
    }
    return of_panel(frames, panel)


def _laid_out(company: Region) -> dict[str, pd.DataFrame]:
    return health_frames(company_health(company), company.accounts)


def _fit(company: Region, look: _Look, known_by: dt.date, inputs: list[str]) -> HealthModel:
    """Learn from the half-years that are complete on a day."""
    first = company.book.first_day or known_by
    days = [known_by - dt.timedelta(weeks=HORIZON_WEEKS * turn) for turn in range(1, _ORIGINS + 1)]
    days = [day for day in days if (day - first).days >= 7 * _LEAST_HISTORY_WEEKS]
    looked = [look(day)[inputs] for day in days]
    if not looked or len(looked[0]) < ACCOUNTS_NEEDED:
        looked, days = [look(known_by)[inputs].iloc[:0]], [known_by]
    came = [
        kept(company, part.index, after=day, weeks=HORIZON_WEEKS)
        for part, day in zip(looked, days, strict=True)
    ]
    told, outcome = pd.concat(looked), pd.concat(came).reset_index(drop=True)
    region = company.accounts["region"].reindex(told.index).reset_index(drop=True)
    return fit_health(told.reset_index(drop=True), outcome, region)


def _tested(company: Region, look: _Look) -> pd.DataFrame:
    """Ask at past days what came: a row per account, day and lead, fitted on what was known."""
    rows = []
    for turn in range(1, _ORIGINS + 1):
        origin = company.as_of - dt.timedelta(weeks=HORIZON_WEEKS * turn)
        ways = {"score": look(origin).columns.tolist(), "recency": _NAIVE}
        fitted = {way: _fit(company, look, origin, inputs) for way, inputs in ways.items()}
        if not all(model.learned for model in fitted.values()):
            break
        leads = _LEADS if turn == _JUDGED_ON else _LEADS[:1]
        # A longer lead is asked later: what then came is the same last half-year.
        for lead in leads:
            day = origin + dt.timedelta(weeks=HORIZON_WEEKS - lead if lead else 0)
            asked = _asked(company, fitted, look(day), day + dt.timedelta(weeks=lead), lead)
            rows.append(asked.assign(turn=float(turn)))
    columns = ["account_id", "lead_weeks", "kept", "turn", *_WAYS]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)


def _with_floor(asked: pd.DataFrame) -> pd.DataFrame:
    """Put under the chances judged the floor that was known then, from half-years further back."""
    parts = []
    for turn, part in asked[asked["turn"] <= _JUDGED_ON].groupby("turn"):
        earlier = asked[asked["turn"] > turn]
        right = {way: 1 - _floor(earlier, way).under(1 - part[way]) for way in _WAYS}
        parts.append(part.assign(**right))
    return pd.concat(parts, ignore_index=True) if parts else asked


def _floor(asked: pd.DataFrame, way: str) -> Floor:
    """Learn how many stopped that a way did not see coming."""
    at_once = asked[asked["lead_weeks"] == 0]
    return floor_of(1 - at_once[way].astype(float), 1 - at_once["kept"].astype(float))


def _asked(
    company: Region,
    fitted: dict[str, HealthModel],
    inputs: pd.DataFrame,
    after: dt.date,
    lead: int,
) -> pd.DataFrame:
    region = company.accounts["region"]
    table = pd.DataFrame({way: model.probability(inputs, region) for way, model in fitted.items()})
    table = table.assign(
        lead_weeks=float(lead),
        kept=kept(company, inputs.index, after=after, weeks=HORIZON_WEEKS),
    )
    return table.reset_index(names="account_id")


def _judged(tested: pd.DataFrame, region: pd.Series) -> pd.DataFrame:
    """Judge score and recency over the company at each lead, and in each region of size."""
    parts = [_ways(part).assign(lead_weeks=lead) for lead, part in tested.groupby("lead_weeks")]
    at_once = tested[tested["lead_weeks"] == 0]
    for name, part in at_once.groupby(at_once["account_id"].map(region)):
        if part["account_id"].nunique() >= ACCOUNTS_NEEDED:
            parts.append(_ways(part).assign(lead_weeks=0.0, region=str(name)))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return found.reindex(columns=list(_JUDGED)).astype(_JUDGED)


def _ways(part: pd.DataFrame) -> pd.DataFrame:
    came = part["kept"]
    rows = [
        {
            "way": way,
            "accounts": part["account_id"].nunique(),
            "asked": float(len(part)),
            "stopped": float((came == 0).sum()),
            "auc": auc(part[way], came),
            "brier_skill": brier_skill(part[way], came),
            "calibration_error": calibration_error(part[way], came),
        }
        for way in _WAYS
    ]
    table = pd.DataFrame(rows)
    gain = dict(zip(["gain", "gain_low", "gain_high"], _gain(part), strict=True))
    return table.assign(**{name: [value, np.nan] for name, value in gain.items()})


def _gain(part: pd.DataFrame, *, level: float = 0.8) -> tuple[float, float, float]:
    """Give the log loss that the score takes off recency's, an account, with its interval."""
    loss = {way: _log_loss(part[way], part["kept"]) for way in _WAYS}
    saved = (loss["recency"] - loss["score"]).groupby(part["account_id"]).mean()
    mean, error = float(saved.mean()), float(saved.std(ddof=1) / np.sqrt(max(len(saved), 1)))
    reach = float(stats.norm.ppf((1 + level) / 2)) * error
    return mean, mean - reach, mean + reach


def _log_loss(chance: pd.Series, came: pd.Series) -> pd.Series:
    bounded = chance.clip(1e-6, 1 - 1e-6)
    loss: pd.Series = -np.log(bounded.where(came > 0, 1 - bounded))
    return loss


def _curve(tested: pd.DataFrame) -> pd.DataFrame:
    at_once = tested[tested["lead_weeks"] == 0]
    if at_once.empty:
        return pd.DataFrame(columns=["said", "seen", "accounts"], dtype=float)
    return calibration_curve(1 - at_once["score"], 1 - at_once["kept"]).astype(float)


def _earned(judged: pd.DataFrame) -> bool:
    """Tell whether the score beat recency: surely less loss, a better ranking, and some skill.

    Its ranking must surely be better than a coin's: under a floor even noise loses less than noise.
    """
    rows = judged[judged["region"].isna() & (judged["lead_weeks"] == 0)].set_index("way")
    if rows.empty:
        return False
    score, naive = (rows.loc[way].to_dict() for way in _WAYS)
    area, stopped, asked = (float(score[name]) for name in ("auc", "stopped", "asked"))
    error = auc_error(area, stopped, asked - stopped)
    beats = score["gain_low"] > 0 and score["auc"] > naive["auc"]
    tells = score["brier_skill"] > 0 and area - _SURE * error > 0.5
    return bool(beats and tells)


def _sentence(judged: pd.DataFrame, model: HealthModel, *, earned: bool) -> str:
    rows = judged[judged["region"].isna() & (judged["lead_weeks"] == 0)].set_index("way")
    if rows.empty:
        why = say("no half-year is complete before which a score could have been learned")
        if model.learned:
            why = say("too few half-years are complete to judge one after it was learned")
        return say("The health score is not tested: {why}. It shows no red or green.", why=why)
    score, naive = (rows.loc[way].to_dict() for way in _WAYS)
    found = say(
        "Asked at past half-years who would not order in the next {weeks} weeks ({stopped} of "
        "{asked}), the score told them from the others with an AUC of {auc}, last-purchase "
        "recency with {naive}; its Brier skill was {skill} against {naive_skill}",
        weeks=HORIZON_WEEKS,
        stopped=f"{score['stopped']:,.0f}",
        asked=several(int(score["asked"]), "answer"),
        auc=f"{score['auc']:.2f}",
        naive=f"{naive['auc']:.2f}",
        skill=percent(score["brier_skill"]),
        naive_skill=percent(naive["brier_skill"]),
    )
    if earned:
        return f"{found}."
    return say(
        "{found}: it does not surely beat recency here, so it is no verdict and shows no red or "
        "green.",
        found=found,
    )
