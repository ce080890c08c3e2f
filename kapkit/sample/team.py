"""The account managers: hours, cost, and how well they log what they do."""

import numpy as np
import pandas as pd

from kapkit.sample.settings import Settings
from kapkit.sample.world import Floats, Region

FIRMNESS = 9.0


def draw_staff(
    rng: np.random.Generator, regions: tuple[Region, ...], settings: Settings
) -> pd.DataFrame:
    """Draw the account managers.

    Returns
    -------
    DataFrame, one row an owner
        The columns of the staff table, and what no export shows: ``logging`` (share of contacts
        that are logged) and ``batching`` (share of those that are logged only at month end).
    """
    people = [(owner, region.name) for region in regions for owner in region.owners]
    return draw_habits(
        rng, pd.DataFrame(people, columns=["owner", "region"], dtype="str"), settings
    )


def draw_habits(rng: np.random.Generator, people: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Draw hours, cost and habits of account managers whose ``owner`` and ``region`` are given."""
    count = len(people)
    return people.assign(
        hours_per_month=np.maximum(np.round(rng.normal(38, 7, count)), 15.0),
        cost_per_hour=np.round(rng.normal(72, 8, count)),
        logging=_habit(rng, settings.logging, count),
        batching=_habit(rng, settings.batching, count),
    )


def _habit(rng: np.random.Generator, mean: float, count: int) -> Floats:
    """Draw shares around a mean; 0 and 1 stay as they are."""
    if mean in (0, 1):
        return np.full(count, float(mean))
    return rng.beta(FIRMNESS * mean, FIRMNESS * (1 - mean), count)
