"""What accounts say: complaints about bad deliveries, answers to surveys."""

import numpy as np
import pandas as pd

from kapkit.sample.contacts import numbered
from kapkit.sample.history import History
from kapkit.sample.orders import SEVERITIES
from kapkit.sample.settings import Settings
from kapkit.sample.world import Floats, Window

COMPLAIN_SHARE = (0.0, 0.45, 0.75, 0.95)
CATEGORIES = ("late", "wrong goods", "damaged", "quality", "invoice")
CATEGORY_SHARES = (0.38, 0.18, 0.18, 0.16, 0.10)
DAYS_TO_CLOSE = (6.0, 12.0, 25.0)
CLOSE_SD = 0.8
ANSWER_ODDS = -0.5
ANSWER_SD = 0.7


def complaints(
    rng: np.random.Generator,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    population: pd.DataFrame,
    window: Window,
    *,
    start: int = 0,
) -> pd.DataFrame:
    """Write the complaints table: the worse a delivery, the likelier and the longer to settle.

    ``product_id`` is the first on the order's invoice; complaints about invoices name none.
    """
    bad = orders["bad"].to_numpy()
    told = np.flatnonzero(rng.random(len(bad)) < np.array(COMPLAIN_SHARE)[bad])
    level = bad[told] - 1
    day = orders["date"].to_numpy().astype("datetime64[D]")[told]
    opened = np.busday_offset(day, rng.integers(1, 8, len(told)), roll="forward")
    wait = rng.lognormal(np.log(np.array(DAYS_TO_CLOSE)[level]), CLOSE_SD)
    closed = np.busday_offset(opened, np.ceil(wait * 5 / 7).astype(int), roll="forward")
    category = rng.choice(len(CATEGORIES), len(told), p=CATEGORY_SHARES)
    first = lines[lines["kind"].eq("sale")].drop_duplicates("order").set_index("order")
    product = first["product_id"].reindex(told).reset_index(drop=True)
    table = pd.DataFrame(
        {
            "account_id": population["account_id"].array.take(orders["account"].to_numpy()[told]),
            "opened": opened.astype("datetime64[us]"),
            "closed": pd.Series(closed.astype("datetime64[us]")).where(window.inside(closed)),
            "severity": pd.array(SEVERITIES, dtype="str").take(level),
            "category": pd.array(CATEGORIES, dtype="str").take(category),
            "product_id": product.mask(category == CATEGORIES.index("invoice")),
        }
    )
    table = table[window.inside(opened)].sort_values(["opened", "account_id"], ignore_index=True)
    table.insert(0, "complaint_id", numbered("K", len(table), start))
    return table


def surveys(
    rng: np.random.Generator,
    population: pd.DataFrame,
    past: History,
    window: Window,
    settings: Settings,
) -> pd.DataFrame:
    """Write the answers to surveys: csat each half-year, nps each year, to accounts that buy.

    The unhappy answer less. Answers grow more lenient with the years, and csat went from five
    points to ten half-way.
    """
    asked = [(month, "csat") for month in range(2, window.known_months, 6)]
    asked += [(month, "nps") for month in range(9, window.known_months, 12)]
    asks = [_answers(rng, population, past, window, settings, *ask) for ask in asked]
    table = pd.concat(asks, ignore_index=True)
    return table.sort_values(["date", "account_id", "kind"], ignore_index=True)


def _answers(
    rng: np.random.Generator,
    population: pd.DataFrame,
    past: History,
    window: Window,
    settings: Settings,
    month: int,
    kind: str,
) -> pd.DataFrame:
    feels = past.satisfaction[:, month]
    odds = ANSWER_ODDS + settings.survey_satisfaction * feels
    chance = _buying(past, month) / (1 + np.exp(-odds))
    who = np.flatnonzero(rng.random(len(feels)) < chance)
    said = feels[who] + settings.leniency * month / 12 + rng.normal(0, ANSWER_SD, len(who))
    low, high = _scale(kind, month, window)
    day = window.edges[month] + rng.integers(0, 28, len(who))
    return pd.DataFrame(
        {
            "account_id": population["account_id"].array.take(who),
            "date": window.date(day).astype("datetime64[us]"),
            "kind": pd.Series(kind, range(len(who)), dtype="str"),
            "score": np.clip(np.round(low + (high - low) * (0.62 + 0.17 * said)), low, high),
            "scale_min": float(low),
            "scale_max": float(high),
        }
    )


def _buying(past: History, month: int) -> Floats:
    ordered = past.reached[:, month] > past.reached[:, max(month - 12, 0)]
    return np.asarray(ordered, dtype=np.float64)


def _scale(kind: str, month: int, window: Window) -> tuple[int, int]:
    if kind == "nps":
        return 0, 10
    return (1, 5) if month < window.known_months / 2 else (1, 10)
