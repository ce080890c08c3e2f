"""Season: a known one is found, none is not, and little data is said."""

import datetime as dt

import numpy as np
import pandas as pd

from kapkit.classification.season import season_of, seasonal_index
from tests.regions import DAY, bought, region

TRUE = np.array([0.8, 0.8, 0.9, 1.3, 1.2, 1.1, 1.2, 1.0, 1.0, 0.9, 0.9, 0.9])


def ordering(season: np.ndarray, *, accounts: int = 60, seed: int = 3) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    months = pd.period_range("2023-07", "2026-06", freq="M")
    rows = [
        (f"a{at:02}", dt.date(month.year, month.month, int(day)), 10.0)
        for at in range(accounts)
        for month in months
        for day in generator.choice(
            np.arange(1, 29), min(generator.poisson(3 * season[month.month - 1]), 20), replace=False
        )
    ]
    return bought(*rows)


def test_a_known_season_is_found() -> None:
    table = seasonal_index(ordering(TRUE), as_of=DAY)
    assert np.abs(table["index"] - TRUE / TRUE.mean()).max() < 0.15
    assert ((table["low"] <= TRUE / TRUE.mean()) & (TRUE / TRUE.mean() <= table["high"])).all()


def test_no_season_is_not_called_one() -> None:
    here = region({f"a{at:02}": "N" for at in range(60)}, ordering(np.ones(12)))
    found = season_of(here)
    assert found.sentence == (
        "No month stands out: what season there is cannot be told from chance."
    )


def test_a_season_is_said_with_its_interval() -> None:
    here = region({f"a{at:02}": "N" for at in range(60)}, ordering(TRUE))
    assert season_of(here).sentence.startswith("Orders have a season: April +")


def test_little_data_is_said() -> None:
    early = ordering(TRUE, accounts=3)
    short = early[early["date"] > pd.Timestamp("2024-09-01")]
    for purchases in (bought(), short, bought(("a", DAY, 9.0))):
        found = season_of(region({"a": "Alpha"}, purchases))
        assert found.sentence == (
            "Not enough data to tell the season: two years of whole months are needed."
        )
        assert found.table["index"].isna().all()


def test_rows_after_the_day_and_of_a_cut_month_change_nothing() -> None:
    whole = ordering(TRUE, accounts=10)
    more = pd.concat([whole, bought(*[("a00", dt.date(2026, 7, 2), 9.0)] * 1)])
    pd.testing.assert_frame_equal(
        seasonal_index(whole, as_of=DAY), seasonal_index(more, as_of=dt.date(2026, 7, 5))
    )
