"""The key-account programme: who entered when, what was planned and done, who overruled what."""

import numpy as np
import pandas as pd

from kapkit.sample.contacts import numbered
from kapkit.sample.history import NEVER, History
from kapkit.sample.world import Window

PROGRAMME = "Key accounts"
PLANNED_SHARE = 0.5
SKIPPED_A_MONTH = 0.08
AHEAD_A_MONTH = 0.7
MONTHS_AHEAD = 3
OPEN_A_MONTH = 0.35  # fell due and was neither done nor called off
MONTHS_OPEN = 2
LATE_AFTER = 7
OUTCOMES = ("agreed next step", "order announced", "no result")
SKIPPED = ("no time", "contact away", "account declined")
OVERRIDE_SHARE = 0.02
REASONS = (
    "wins a large tender",
    "new owner of the account",
    "strategic reference",
    "insolvency risk",
)


def enrolments(population: pd.DataFrame, past: History, window: Window) -> pd.DataFrame:
    """Write the enrolments table: an account enters on the first day of its wave's month."""
    who = np.flatnonzero(past.enrolled != NEVER)
    day = window.edges[past.enrolled[who]]
    table = pd.DataFrame(
        {
            "account_id": population["account_id"].array.take(who),
            "date": window.date(day).astype("datetime64[us]"),
            "programme": pd.Series(PROGRAMME, range(len(who)), dtype="str"),
        }
    )
    return table.sort_values(["date", "account_id"], ignore_index=True)


def plan_actions(
    rng: np.random.Generator,
    made: pd.DataFrame,
    population: pd.DataFrame,
    past: History,
    window: Window,
    *,
    start: int = 0,
) -> pd.DataFrame:
    """Write the plan of enrolled accounts: done (in time or late), skipped, open, still ahead.

    What was done are contacts that owners made, logged or not.
    """
    now = window.known_months
    forgetting = rng.spawn(1)[0]
    parts = [
        _done(rng, made, past, window),
        _idle(rng, past, window, SKIPPED_A_MONTH, (12, now), "skipped"),
        _idle(rng, past, window, AHEAD_A_MONTH, (now, now + MONTHS_AHEAD), "planned"),
        _idle(forgetting, past, window, OPEN_A_MONTH, (now - MONTHS_OPEN, now), "planned"),
    ]
    table = pd.concat(parts, ignore_index=True)
    table["owner"] = population["owner"].array.take(table["account"])
    table["account_id"] = population["account_id"].array.take(table["account"])
    table = table.sort_values(["due", "account_id", "kind"], kind="stable", ignore_index=True)
    table["action_id"] = numbered("P", len(table), start)
    columns = ["action_id", "account_id", "kind", "due", "done", "owner", "status", "outcome"]
    return table[columns].astype({"kind": "str", "status": "str", "outcome": "str"})


def overrides(rng: np.random.Generator, population: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Write a few decisions of people that overrule a class or a potential."""
    count = max(2, round(OVERRIDE_SHARE * len(population)))
    who = np.sort(rng.choice(len(population), count, replace=False))
    potential = rng.random(count) < 0.4
    typed = np.round(population["wallet"].to_numpy()[who] * rng.lognormal(0.2, 0.3, count), -3)
    until = window.as_of_day + rng.integers(-60, 365, count)
    letter = rng.choice(["A", "B"], count)
    table = pd.DataFrame(
        {
            "account_id": population["account_id"].array.take(who),
            "field": np.where(potential, "potential", "class"),
            "value": np.where(potential, (typed + 1000).astype(np.int64).astype(str), letter),
            "reason": rng.choice(REASONS, count),
            "by": population["owner"].array.take(who),
            "until": window.date(until).astype("datetime64[us]"),
        }
    )
    table["until"] = table["until"].mask(rng.random(count) < 0.3)
    return table.astype({"field": "str", "value": "str", "reason": "str"})


def wave_truth(population: pd.DataFrame, past: History, window: Window) -> pd.DataFrame:
    """Tell the true effect of each wave: indexed by its date, ``accounts`` and mean ``effect``.

    The effect is the gain in the log of the pace of orders, over the accounts of the wave.
    """
    inside = past.enrolled != NEVER
    date = window.date(window.edges[past.enrolled[inside]]).astype("datetime64[us]")
    effect = population["effect"].to_numpy()[inside]
    grouped = pd.Series(effect, pd.DatetimeIndex(date, name="date")).groupby(level="date")
    return pd.DataFrame({"accounts": grouped.size(), "effect": grouped.mean()})


def _done(
    rng: np.random.Generator, made: pd.DataFrame, past: History, window: Window
) -> pd.DataFrame:
    """Take some contacts after enrolment for planned ones; the due day lies around them."""
    date = made["date"].to_numpy().astype("datetime64[D]")
    day = (date - window.first).astype(np.int64)
    wave = past.enrolled[made["account"]]
    after = (wave != NEVER) & (day >= window.edges[wave]) & (day <= window.as_of_day)
    after &= made["kind"].ne("email").to_numpy()
    planned = after & (rng.random(len(made)) < PLANNED_SHARE)
    delay = np.round(rng.normal(3, 6, len(made)) + rng.exponential(6, len(made))).astype(np.int64)
    wanted = np.maximum(date - delay.astype("timedelta64[D]"), window.date(window.edges[wave]))
    due = np.busday_offset(wanted, 0, roll="forward")
    late = (date - due).astype(np.int64) > LATE_AFTER
    actions = made[["account", "kind"]].assign(
        due=due.astype("datetime64[us]"),
        done=date.astype("datetime64[us]"),
        status=np.where(late, "done late", "done"),
        outcome=rng.choice(OUTCOMES, len(made), p=[0.5, 0.2, 0.3]),
    )
    kept: pd.DataFrame = actions[planned]
    return kept


def _idle(
    rng: np.random.Generator,
    past: History,
    window: Window,
    a_month: float,
    months: tuple[int, int],
    status: str,
) -> pd.DataFrame:
    """Draw actions of enrolled accounts that were not done: skipped, or not due yet."""
    span = np.arange(*months)
    inside = (past.enrolled != NEVER)[:, None] & (past.enrolled[:, None] <= span)
    account, month = np.nonzero(rng.poisson(a_month * inside))
    day = window.edges[span[month]] + rng.integers(0, 28, len(account))
    due = np.busday_offset(window.date(day), 0, roll="forward").astype("datetime64[us]")
    skipped = status == "skipped"
    return pd.DataFrame(
        {
            "account": account,
            "kind": rng.choice(["visit", "call", "demo", "training"], len(account)),
            "due": due,
            "done": pd.Series(pd.NaT, range(len(account)), dtype="datetime64[us]"),
            "status": status,
            "outcome": rng.choice(SKIPPED, len(account)) if skipped else None,
        }
    )
