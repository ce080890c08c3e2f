"""Contacts with accounts: what owners did, what they logged of it, and what accounts wrote."""

import numpy as np
import pandas as pd

from kapkit.sample.history import History
from kapkit.sample.world import Days, Ints, Window

#: Share of an owner's contacts, and minutes with travel; on average one hour.
KINDS = pd.DataFrame(
    {
        "share": [0.30, 0.35, 0.25, 0.05, 0.05],
        "minutes": [120.0, 17.0, 11.0, 150.0, 155.0],
    },
    index=["visit", "call", "email", "demo", "training"],
)
MINUTES_SD = 0.35
OUTCOMES = ("interest", "order announced", "follow-up agreed", "no need", "not reached")
INBOUND = {"per order": 0.25, "per complaint": 0.8, "always": 0.06}
COLUMNS = [
    "activity_id",
    "account_id",
    "date",
    "kind",
    "owner",
    "minutes",
    "outcome",
    "inbound",
]


def draw_contacts(
    rng: np.random.Generator, population: pd.DataFrame, past: History, window: Window
) -> pd.DataFrame:
    """Spread each month's contacts over its working days.

    Returns
    -------
    DataFrame, one row a contact that was made
        ``account`` (position), ``date``, ``kind``, ``owner``, ``minutes``, ``outcome``.
    """
    account, month = np.nonzero(past.contacts[:, : window.known_months + 1])
    times = past.contacts[account, month]
    account, month = np.repeat(account, times), np.repeat(month, times)
    date = _working_day(rng, month, window)
    kind = rng.choice(len(KINDS), len(account), p=KINDS["share"])
    noise = rng.lognormal(-(MINUTES_SD**2) / 2, MINUTES_SD, len(account))
    minutes = np.maximum(5 * np.round(KINDS["minutes"].to_numpy()[kind] * noise / 5), 5.0)
    made = pd.DataFrame({"account": account, "date": date, "minutes": minutes})
    made["kind"] = pd.array(KINDS.index.to_numpy(), dtype="str").take(kind)
    made["owner"] = population["owner"].array.take(account)
    made["outcome"] = _outcomes(rng, past.satisfaction[account, month])
    return made.loc[window.inside(date), :].reset_index(drop=True)


def log_contacts(
    rng: np.random.Generator, made: pd.DataFrame, staff: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Keep what owners log of their contacts; some is entered, and dated, only at month end."""
    owner = pd.Index(staff["owner"]).get_indexer(pd.Index(made["owner"]))
    kept = rng.random(len(made)) < staff["logging"].to_numpy()[owner]
    late = rng.random(len(made)) < staff["batching"].to_numpy()[owner]
    date = made["date"].to_numpy().astype("datetime64[D]")
    day = np.where(late, _month_end(date), date)
    logged: pd.DataFrame = made.assign(date=day, inbound="no")[kept & window.inside(day)]
    return logged.reset_index(drop=True)


def draw_inbound(
    rng: np.random.Generator,
    population: pd.DataFrame,
    orders: pd.DataFrame,
    window: Window,
) -> pd.DataFrame:
    """Draw the e-mails that accounts send: about orders, about mishaps, and now and then."""
    months = window.known_months + 1
    month = window.month((_days(orders["date"]) - window.first).astype(np.int64))
    cell = orders["account"].to_numpy() * months + month
    rate = INBOUND["per order"] + INBOUND["per complaint"] * orders["bad"].gt(0).to_numpy()
    mean = np.bincount(cell, rate, minlength=len(population) * months) + INBOUND["always"]
    times = rng.poisson(mean)
    cell = np.repeat(np.arange(len(mean)), times)
    date = _working_day(rng, cell % months, window)
    sent = pd.DataFrame({"account": cell // months, "date": date, "kind": "email"})
    sent["owner"] = population["owner"].array.take(sent["account"])
    sent["minutes"] = rng.choice([5.0, 10.0, 15.0], len(sent))
    return sent[window.inside(date)].assign(inbound="yes", outcome=None)


def activities(
    logged: pd.DataFrame, inbound: pd.DataFrame, population: pd.DataFrame, *, start: int = 0
) -> pd.DataFrame:
    """Write the activities table from what was logged and what came in."""
    table = pd.concat([logged, inbound], ignore_index=True)
    table = table.sort_values(["date", "account", "kind"], kind="stable", ignore_index=True)
    table["activity_id"] = numbered("V", len(table), start)
    table["account_id"] = population["account_id"].array.take(table["account"])
    return table.astype({"outcome": "str", "date": "datetime64[us]"})[COLUMNS]


def numbered(letter: str, count: int, start: int) -> pd.Series:
    """Make keys that count on: a letter, a dash, six digits or more."""
    return (
        letter + "-" + pd.Series(np.arange(start + 1, start + 1 + count)).astype(str).str.zfill(6)
    )


def _outcomes(rng: np.random.Generator, satisfaction: np.ndarray) -> pd.Series:
    """Draw outcomes; the satisfied have better ones."""
    draw = rng.random(len(satisfaction)) - 0.08 * np.tanh(satisfaction)
    code = np.searchsorted([0.18, 0.32, 0.62, 0.86], draw)
    return pd.Series(pd.array(OUTCOMES, dtype="str").take(code))


def _working_day(rng: np.random.Generator, month: Ints, window: Window) -> Days:
    """Draw a working day of each month."""
    begin, end = window.edges[month], window.edges[month + 1]
    day = begin + np.floor(rng.random(len(month)) * (end - begin)).astype(np.int64)
    date = np.busday_offset(window.date(day), 0, roll="forward")
    last = np.busday_offset(window.date(end - 1), 0, roll="backward")
    return np.asarray(np.minimum(date, last))


def _month_end(date: Days) -> Days:
    last = (date.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    return np.busday_offset(last, 0, roll="backward")


def _days(date: pd.Series) -> Days:
    return date.to_numpy().astype("datetime64[D]")
