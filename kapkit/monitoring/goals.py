"""5.1 Goals: what is to be reached, how likely it is now, and do the regions' add up?"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kapkit.book.region import Region
from kapkit.models.account_goals import account_goals_of
from kapkit.models.forecast import QUANTILES, chance_above
from kapkit.models.goal_forecast import SUMS, GoalForecasts, goal_forecasts_of
from kapkit.models.levels import LEVELS
from kapkit.models.pooled import rows_of
from kapkit.wording import amount, percent, say, say_count

#: From this chance on a goal is on course; below the second it is at risk, the third out of reach.
ON_COURSE, AT_RISK, OUT_OF_REACH = 0.7, 0.3, 0.05
_KEYS = ["metric", "start", "end"]
_QUANTILES = [f"q{one:g}" for one in QUANTILES]
_QUARTER_DAYS = 91


@dataclass(frozen=True)
class Goals:
    """The goals of a region (or the company), each checked, with its chance now.

    ``table`` has a row a goal: ``metric``, ``start``, ``end``, ``target``, ``owner``,
    ``proposed`` (no person set it), ``done`` so far, ``forecast`` (median) with ``low`` and
    ``high`` (80 %), ``chance`` to reach it, ``needed`` a week from now on and ``rate`` a week of
    the last thirteen (sums only), ``state`` and ``lacks`` (what keeps it from being a goal:
    empty where it is measurable, dated, owned and feasible). ``accounts`` has the same of goals
    that are set for single accounts, with ``account_id``, ``name`` and ``gap`` (target less what
    is expected), those that need a look first.
    """

    table: pd.DataFrame
    said: dict[str, str]
    sentences: tuple[str, ...]
    accounts: pd.DataFrame

    @property
    def main(self) -> pd.Series | None:
        """The goal a leader asks for: revenue or margin over the longest period under way."""
        open_now = self.table[self.table["metric"].isin(SUMS) & self.table["running"]]
        if open_now.empty:
            return None
        length = (open_now["end"] - open_now["start"]).dt.days - open_now["metric"].eq("margin")
        found: pd.Series = open_now.iloc[int(length.to_numpy().argmax())]
        return found


def goals_of(region: Region) -> Goals:
    """Check a region's goals, and find the chance to reach each.

    Where the book has no goal for a region, one is proposed from history: last year's same
    period or the forecast's median, whichever is more.

    Parameters
    ----------
    region : Region
        The region, or the company, as of a day.

    Returns
    -------
    Goals
    """
    found = goal_forecasts_of(region)
    listed = _listed(region, found)
    expected = found.of(region.name)
    at_end = expected[expected["day"] == expected["end"]]
    joined = listed.merge(at_end.drop(columns=["region", "day"]), on=_KEYS, how="left")
    proposed = joined["target"].isna() & joined["proposed"]
    usual = joined[["last_year", "q0.5"]].max(axis=1)
    joined["target"] = joined["target"].where(~proposed, usual.map(_rounded))
    joined["rate"] = joined["metric"].map(_rates(region.purchases, region.as_of)).astype(float)
    table = _judged(joined[~(proposed & joined["target"].isna())], region.as_of)
    accounts = _of_accounts(region)
    return Goals(
        table, found.said, (*_sentences(table, region), *_accounts_said(accounts)), accounts
    )


def goal_fan(region: Region, goal: pd.Series) -> pd.DataFrame:
    """Give the way to a goal: what has been, and the forecast fan of what is to come.

    Parameters
    ----------
    region : Region
        The region, or the company.
    goal : Series
        A row of `Goals.table`.

    Returns
    -------
    DataFrame indexed by day
        ``low_95``, ``low``, ``median``, ``high`` and ``high_95`` of the total since the start;
        before ``as_of`` all are what happened.
    """
    found = goal_forecasts_of(region).of(region.name)
    mine = (found[_KEYS] == goal[_KEYS]).all(axis=1)
    bands = {"low_95": "q0.025", "low": "q0.1", "median": "q0.5", "high": "q0.9"}
    names = bands | {"high_95": "q0.975"}
    ahead = found[mine].set_index("day")[list(names.values())].set_axis(list(names), axis=1)
    past = _past(region, str(goal["metric"]), goal["start"])
    known = pd.DataFrame(dict.fromkeys(names, past))
    return pd.concat([known, ahead[ahead.index > pd.Timestamp(region.as_of)]])


@dataclass(frozen=True)
class GoalSum:
    """Whether the regions' goals add up to the company's.

    ``table`` has a row per metric and period: ``company`` (its own target), ``regions`` (sum of
    theirs), ``without`` (regions that have none), ``gap`` (company less regions; positive is
    what nobody has taken on), ``expected`` (sum of the regions' forecasts).
    """

    table: pd.DataFrame
    sentences: tuple[str, ...]


def goals_add_up(company: Region) -> GoalSum:
    """Compare the company's goals with the sum of its regions', top-down and bottom-up.

    Parameters
    ----------
    company : Region
        The whole company.

    Returns
    -------
    GoalSum
        Only of metrics that add up (revenue, margin).
    """
    goals = _typed_goals(company)
    wide = goals[goals["account_id"].isna() & goals["metric"].isin(SUMS)]
    regional = wide[wide["region"].notna()].groupby(_KEYS)
    top = wide[wide["region"].isna()].groupby(_KEYS)["target"].sum()
    table = pd.DataFrame(
        {
            "company": top,
            "regions": regional["target"].sum(),
            "with_goal": regional["region"].nunique(),
        }
    ).reset_index()
    found = goal_forecasts_of(company).table
    total = found[found["region"].isna() & (found["day"] == found["end"])]
    table = table.merge(total[[*_KEYS, "q0.5"]].rename(columns={"q0.5": "expected"}), "left", _KEYS)
    table["without"] = len(company.book.regions) - table.pop("with_goal").fillna(0).astype(int)
    table["gap"] = table["company"] - table["regions"]
    return GoalSum(table, tuple(_adds_up(row, company) for _, row in table.iterrows()))


def _adds_up(row: pd.Series, company: Region) -> str:
    currency = company.book.currency
    about = {
        "metric": str(row["metric"]).capitalize(),
        "period": period(row["start"], row["end"]),
        "company": amount(row["company"], currency),
        "regions": amount(row["regions"], currency),
        "gap": amount(abs(row["gap"]), currency),
    }
    if np.isnan(row["gap"]):
        return say(
            "{metric} {period}: only one side has a goal, so they cannot be compared.", **about
        )
    if abs(row["gap"]) < 0.005 * abs(row["company"]):
        return say(
            "{metric} {period}: the regions' goals add up to the company's {company}.", **about
        )
    if row["gap"] > 0:
        return say(
            "{metric} {period}: the regions' goals add up to {regions}, {gap} short of the "
            "company's {company}: nobody has taken that on.",
            **about,
        )
    return say(
        "{metric} {period}: the regions' goals add up to {regions}, {gap} more than the "
        "company's {company}.",
        **about,
    )


def period(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Name a period as people do.

    >>> period(pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31"))
    '2026'
    >>> period(pd.Timestamp("2026-04-01"), pd.Timestamp("2026-06-30"))
    'Apr to Jun 2026'
    """
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31) and start.year == end.year:
        return f"{start.year}"
    if start.year == end.year:
        return f"{start:%b} to {end:%b %Y}"
    return f"{start:%b %Y} to {end:%b %Y}"


def _typed_goals(region: Region) -> pd.DataFrame:
    columns = ["region", "account_id", *_KEYS, "target", "owner"]
    goals = region.tables.get("goals", pd.DataFrame(columns=columns)).reindex(columns=columns)
    text = dict.fromkeys(["region", "account_id", "metric", "owner"], "str")
    days = dict.fromkeys(["start", "end"], "datetime64[us]")
    return goals.astype(text | days | {"target": "float64"})


def _listed(region: Region, found: GoalForecasts) -> pd.DataFrame:
    """List the goals set for this region, and those to be proposed."""
    goals = _typed_goals(region)
    goals = goals[goals["account_id"].isna()]
    own = rows_of(goals, region.name)
    listed = own[[*_KEYS, "target", "owner"]].assign(proposed=False)
    year = region.as_of + dt.timedelta(days=1)
    periods = found.of(region.name)[_KEYS].drop_duplicates()
    begun = (periods["start"].dt.year == year.year) & (periods["end"].dt.month == 12)
    usual = periods[begun & (periods["start"].dt.month == 1) & periods["metric"].isin(SUMS)]
    missing = usual.merge(listed[_KEYS], how="left", indicator=True).query("_merge == 'left_only'")
    more = missing[_KEYS].assign(target=np.nan, owner=None, proposed=True)
    both = pd.concat([listed, more.astype({"owner": "str"})]) if len(more) else listed
    return both.sort_values(["end", "start", "metric"], ignore_index=True)


def _of_accounts(region: Region) -> pd.DataFrame:
    """Judge the goals set for single accounts of the region, the widest gap first."""
    goals = _typed_goals(region)
    own = goals[goals["account_id"].isin(region.accounts.index)].drop(columns="region")
    keys = ["account_id", *_KEYS]
    joined = own.assign(proposed=False).merge(account_goals_of(region), "left", keys)
    sold = dict(list(region.purchases.groupby("account_id")))
    none = region.purchases.iloc[:0]
    pairs = zip(joined["account_id"], joined["metric"], strict=True)
    rates = [_rates(sold.get(name, none), region.as_of).get(metric) for name, metric in pairs]
    judged = _judged(joined.assign(rate=pd.Series(rates, joined.index, dtype=float)), region.as_of)
    named = judged.assign(
        name=region.accounts["name"].reindex(judged["account_id"]).to_numpy(),
        gap=judged["target"] - judged["forecast"],
    )
    order = ["running", "gap"]
    return named.sort_values(order, ascending=False, kind="stable", ignore_index=True)


def _judged(table: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    now = pd.Timestamp(as_of)
    left = (table["end"] - table["start"].where(table["start"] > now, now)).dt.days.clip(lower=0)
    weeks = left.where(left > 0) / 7
    sums = table["metric"].isin(SUMS)
    quantiles = table[_QUANTILES].to_numpy(float)
    pairs = zip(quantiles, table["target"], strict=True)
    judged = table.assign(
        running=(table["start"] <= now) & (table["end"] > now),
        forecast=table["q0.5"],
        low=table["q0.1"],
        high=table["q0.9"],
        chance=[chance_above(row, target) for row, target in pairs],
        needed=((table["target"] - table["done"].fillna(0)).clip(lower=0) / weeks).where(sums),
    )
    judged["state"] = [_state(row, now) for _, row in judged.iterrows()]
    judged["lacks"] = [_lacks(row) for _, row in judged.iterrows()]
    return judged.drop(columns=_QUANTILES)


def _state(row: pd.Series, now: pd.Timestamp) -> str:
    if row["end"] <= now:
        if np.isnan(row["done"]):
            return say("not measured")
        return say("reached") if row["done"] >= row["target"] else say("missed")
    if row["metric"] in SUMS and row["done"] >= row["target"]:
        return say("reached")
    if np.isnan(row["chance"]):
        return say("cannot be told")
    if row["chance"] >= ON_COURSE:
        return say("on course")
    if row["chance"] < OUT_OF_REACH:
        return say("out of reach")
    return say("at risk") if row["chance"] < AT_RISK else say("open")


def _lacks(row: pd.Series) -> str:
    """Say what keeps a goal from being one: measurable, dated, owned, feasible."""
    unmeasured = row["metric"] not in (*SUMS, *LEVELS) or np.isnan(row["forecast"])
    undated = pd.isna(row["start"]) or pd.isna(row["end"]) or row["end"] < row["start"]
    faults = {
        say("not measured here"): unmeasured,
        say("no period"): undated,
        say("nobody owns it"): pd.isna(row["owner"]),
        say("hardly feasible"): row["chance"] < OUT_OF_REACH and row["running"],
        say("proposed, not agreed"): row["proposed"],
    }
    return ", ".join(fault for fault, there in faults.items() if there)


def _rates(sold: pd.DataFrame, as_of: dt.date) -> dict[str, float]:
    """Give revenue and margin a week of the last thirteen."""
    recent = sold["date"] > pd.Timestamp(as_of) - pd.Timedelta(days=_QUARTER_DAYS)
    sold = sold[recent]
    margin = (sold["costed_revenue"] - sold["cost"].fillna(0)).sum()
    return {"revenue": sold["revenue"].sum() / 13, "margin": margin / 13}


def _past(region: Region, metric: str, start: pd.Timestamp) -> pd.Series:
    """Add up from the start of a period to now, week by week."""
    sold = region.purchases[region.purchases["date"] >= start]
    amounts = sold["revenue"] if metric == "revenue" else sold["costed_revenue"] - sold["cost"]
    by_day = amounts.groupby(sold["date"]).sum()
    days = pd.date_range(start, region.as_of)
    running = by_day.reindex(days, fill_value=0.0).cumsum()
    kept = running.iloc[::7]
    return (
        kept if len(running) == 0 else pd.concat([kept, running.iloc[-1:]]).groupby(level=0).last()
    )


def _rounded(value: float) -> float:
    """Round a proposal to three figures."""
    return float("nan") if np.isnan(value) else float(f"{value:.3g}")


def _sentences(table: pd.DataFrame, region: Region) -> tuple[str, ...]:
    if table.empty:
        return (say("No goal is set, and history is too short to propose one."),)
    under_way = table[table["running"]]
    said = [_said(row, region) for _, row in under_way[under_way["metric"].isin(SUMS)].iterrows()]
    unowned = int(table["owner"].isna().sum() - table["proposed"].sum())
    if unowned:
        said.append(
            say_count(
                unowned, "Nobody answers for {count} goal.", "Nobody answers for {count} goals."
            )
        )
    return tuple(said)


def _accounts_said(table: pd.DataFrame) -> tuple[str, ...]:
    """Count the account goals under way by how they stand."""
    under_way = table[table["running"]]
    if under_way.empty:
        return ()
    counts = under_way["state"].value_counts()
    states = "; ".join(f"{state} {count:,}" for state, count in counts.items())
    return (
        say_count(
            len(under_way),
            "{count} account has a goal of its own under way: {states}.",
            "{count} accounts have goals of their own under way: {states}.",
            states=states,
        ),
    )


def _said(row: pd.Series, region: Region) -> str:
    currency = region.book.currency
    about = {
        "metric": str(row["metric"]).capitalize(),
        "period": period(row["start"], row["end"]),
        "target": amount(row["target"], currency),
        "forecast": amount(row["forecast"], currency),
        "low": amount(row["low"], currency),
        "high": amount(row["high"], currency),
        "chance": percent(row["chance"]),
        "needed": amount(row["needed"], currency),
        "rate": amount(row["rate"], currency),
        "proposed": say(" (proposed)") if row["proposed"] else "",
    }
    if np.isnan(row["chance"]):
        return say(
            "{metric} {period}: not enough history to tell the chance of {target}{proposed}; it "
            "needs {needed} a week, the last thirteen weeks brought {rate}.",
            **about,
        )
    return say(
        "{metric} {period}: {chance} chance to reach {target}{proposed}; {forecast} is expected "
        "({low} to {high}). It needs {needed} a week, the last thirteen weeks brought {rate}.",
        **about,
    )
