"""The value axis against outside values: kapkit study, references A and C.

Accounts that had bought by the origin; plain is the sum of all revenue so far, half-life the
expected value at 26 weeks; the future is the revenue of the weeks after the origin.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.models.backtest import capture
from kapkit.models.value import expected_value, past_value, worth

ROOT = Path(__file__).parents[2]
REFERENCE = pd.read_csv(ROOT / "tests" / "reference" / "capture.csv", comment="#")
SIX = [dt.date.fromisoformat(day) for day in REFERENCE["origins"][0].split()]

pytestmark = pytest.mark.slow


def total(past: pd.DataFrame, accounts: pd.Index) -> pd.Series:
    return worth(past, measure="revenue").groupby(past["account_id"]).sum().reindex(accounts)


def captures(
    region: Region,
    origin: dt.date,
    weeks: int,
    *,
    measure: str = "revenue",
    half_life_weeks: float = 26.0,
) -> pd.DataFrame:
    """Capture of each ranking at 20 and 5 %."""
    date, start = region.purchases["date"], pd.Timestamp(origin)
    past = region.purchases[date <= start]
    after = region.purchases[(date > start) & (date <= start + pd.Timedelta(weeks=weeks))]
    known = pd.Index(past["account_id"].unique()).sort_values()
    future = worth(after, measure=measure).groupby(after["account_id"]).sum()
    value = expected_value(
        past,
        known,
        as_of=origin,
        first_day=region.book.first_day,
        measure=measure,
        half_life_weeks=half_life_weeks,
    )
    scores = {
        "plain": total(past, known),
        "half-life": value["value"],
        "last year": past_value(past, known, as_of=origin, measure="revenue"),
    }
    future = future.reindex(known, fill_value=0.0)
    return pd.DataFrame(
        {
            name: [capture(score, future, share=share) for share in (0.2, 0.05)]
            for name, score in scores.items()
        }
    )


@pytest.mark.parametrize(
    "row", list(REFERENCE.itertuples()), ids=lambda row: f"{row.book}-{row.weeks}-{row.ranking}"
)
def test_capture_is_that_of_the_study(row, request: pytest.FixtureRequest) -> None:
    region = request.getfixturevalue(row.book)
    origins = [dt.date.fromisoformat(day) for day in row.origins.split()]
    found = np.mean([captures(region, day, row.weeks)[row.ranking] for day in origins], axis=0)
    # The table has three decimals: half a unit of the last, and as much for the study's ties.
    np.testing.assert_allclose(found, [row.at_20, row.at_5], atol=0.001)


def test_customers_of_the_study(all_days: Region, adventureworks: Region) -> None:
    assert adventureworks.purchases["account_id"].nunique() == 635
    assert all_days.purchases["account_id"].nunique() == 5876


def test_days_that_hold_only_credits_cost_little(all_days: Region) -> None:
    """kapkit keeps them, the study does not: .875/.873 where the study has .879/.875."""
    origins = [dt.date(2010, 11, 30), dt.date(2011, 2, 28), dt.date(2011, 5, 31)]
    found = np.mean([captures(all_days, day, 26)["half-life"] for day in origins], axis=0)
    np.testing.assert_allclose(found, [0.875, 0.873], atol=0.001)


def test_margin_finds_what_revenue_misses(adventureworks: Region) -> None:
    """Finding A1: half-life-weighted margin (13 weeks) catches about .91, revenue about .2."""
    caught = np.mean(
        [captures(adventureworks, day, 26, measure="margin", half_life_weeks=13) for day in SIX],
        axis=0,
    )
    plain, half_life, last_year = caught[0]
    assert half_life == pytest.approx(0.91, abs=0.005)
    assert plain < 0.25
    assert last_year < 0.25
