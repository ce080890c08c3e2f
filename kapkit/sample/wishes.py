"""What accounts need, what answers it, and the deals that come of it."""

import numpy as np
import pandas as pd

from kapkit.sample.contacts import numbered
from kapkit.sample.history import History
from kapkit.sample.world import Floats, Ints, Window

#: Each need: the category of a product or the kind of activity that answers it, or neither.
NEEDS = pd.DataFrame(
    [
        ("fewer machine stops from worn bearings", "Bearings", None),
        ("one source for safety gear", "Safety", None),
        ("food-grade lubrication", "Lubricants", None),
        ("longer tool life", "Cutting tools", None),
        ("leak-free couplings", "Seals and hoses", None),
        ("training for maintenance staff", None, "training"),
        ("proof before changing supplier", None, "demo"),
        ("a fixed contact who calls back", None, "call"),
        ("stock planned together", None, "visit"),
        ("delivery within a day", None, None),
        ("electronic invoices", None, None),
    ],
    columns=["need", "category", "action"],
)
SOURCES = ("visit", "survey", "complaint", "tender")
STAGES = ("qualify", "offer", "negotiate", "won", "lost")
DEALS_PER_CONTACT = 0.05
DAYS_TO_DECIDE = 75.0


def solutions(catalogue: pd.DataFrame | None) -> pd.DataFrame:
    """Write the solutions table: the best-selling product of the category, or the activity.

    Without a catalogue only activities answer needs.
    """
    best: dict[str, str] = {}
    if catalogue is not None:
        sold = catalogue.sort_values("popularity").drop_duplicates("category", keep="last")
        best = dict(zip(sold["category"], sold["product_id"], strict=True))
    table = NEEDS.assign(product_id=NEEDS["category"].map(best).astype("str"), note="")
    table["note"] = np.where(table["action"].isna(), "from stock", "by the account's owner")
    table = table.dropna(subset=["product_id", "action"], how="all")
    return table[["need", "product_id", "action", "note"]].astype("str").reset_index(drop=True)


def needs(
    rng: np.random.Generator, population: pd.DataFrame, past: History, window: Window
) -> pd.DataFrame:
    """Write the needs table: found where owners call, less fulfilled where accounts are unhappy."""
    months = window.known_months
    mean = np.minimum(0.6 + 0.03 * past.contacts[:, :months].sum(axis=1), 4.0)
    account = np.repeat(np.arange(len(population)), rng.poisson(mean))
    month = rng.integers(0, months, len(account))
    day = window.edges[month] + rng.integers(0, 28, len(account))
    feels = past.satisfaction[account, month]
    met = np.round(3.0 + 0.5 * feels + rng.normal(0, 1.0, len(account)))
    weight = rng.choice([1, 2, 3, 4, 5], len(account), p=[0.05, 0.15, 0.3, 0.3, 0.2])
    table = pd.DataFrame(
        {
            "account_id": population["account_id"].array.take(account),
            "need": NEEDS["need"]
            .astype("str")
            .array.take(rng.integers(0, len(NEEDS), len(account))),
            "recorded": window.date(day).astype("datetime64[us]"),
            "importance": weight,
            "fulfilment": np.clip(met, 1, 5).astype(np.int64),
            "source": pd.array(SOURCES, dtype="str").take(
                rng.choice(len(SOURCES), len(account), p=[0.6, 0.2, 0.15, 0.05])
            ),
        }
    )
    table = table.sort_values(["recorded", "account_id", "need"], ignore_index=True)
    return table.drop_duplicates(["account_id", "need", "recorded"], ignore_index=True)


def opportunities(
    rng: np.random.Generator,
    population: pd.DataFrame,
    past: History,
    goods: tuple[Floats, pd.DataFrame] | None,
    window: Window,
    *,
    start: int = 0,
) -> pd.DataFrame:
    """Write the opportunities table: deals come of contacts; the satisfied say yes more often.

    ``goods`` are the accounts' tastes and the catalogue; without them deals name no product.
    """
    months = window.known_months
    account, month = np.nonzero(rng.poisson(DEALS_PER_CONTACT * past.contacts[:, :months]))
    created = window.edges[month] + rng.integers(0, 28, len(account))
    closes = created + np.ceil(rng.gamma(3.0, DAYS_TO_DECIDE / 3, len(account))).astype(np.int64)
    won = rng.random(len(account)) < 1 / (1 + np.exp(0.3 - 0.8 * past.satisfaction[account, month]))
    still_open = closes > window.as_of_day
    stage = np.where(still_open, rng.integers(0, 3, len(account)), np.where(won, 3, 4))
    product = _wanted(rng, account, goods)
    room = population["wallet"].to_numpy()[account]
    table = pd.DataFrame(
        {
            "account_id": population["account_id"].array.take(account),
            "created": window.date(created).astype("datetime64[us]"),
            "closes": window.date(closes).astype("datetime64[us]"),
            "stage": pd.array(STAGES, dtype="str").take(stage),
            "amount": np.round(room * rng.beta(1.5, 12.0, len(account)), -2) + 100,
            "product_id": product,
        }
    )
    table = table.sort_values(["created", "account_id"], kind="stable", ignore_index=True)
    table.insert(0, "opportunity_id", numbered("O", len(table), start))
    return table


def _wanted(
    rng: np.random.Generator, account: Ints, goods: tuple[Floats, pd.DataFrame] | None
) -> pd.Series:
    """Draw a product for each deal, after the account's taste."""
    if goods is None:
        return pd.Series(None, range(len(account)), dtype="str")
    tastes, catalogue = goods
    best = np.argmax(tastes[account] * rng.random((len(account), tastes.shape[1])), axis=1)
    return pd.Series(catalogue["product_id"].array.take(best))
