"""Retention visits: by what contacts are known to save, never by risk alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.errors import DataError
from kapkit.cultivation.plan import contact_plan
from kapkit.cultivation.retention import at_stake, chance_to_leave, shares_saved
from kapkit.models.company_retention import retention_frames
from kapkit.models.retention import retention
from kapkit.report.cultivation.retention import finding_retention, table_retention
from tests.cultivation.test_plan import CLASSES, KEYS, small
from tests.models.test_retention import drawn
from tests.regions import DAY, bought


def test_an_account_that_buys_as_ever_is_not_said_to_leave() -> None:
    days = pd.date_range(end=DAY, periods=24, freq="30D").date
    purchases = bought(*[("steady", day, 10.0, 5.0) for day in days], ("rare", days[-3], 9.0, 4.0))
    usual = 1 - np.exp(-24 * 13 / 104)
    left = chance_to_leave(
        pd.Series({"steady": usual, "rare": 0.1, "new": 0.2}), purchases, as_of=DAY
    )
    assert left["steady"] == 0
    # One order in two years makes 12 % in a quarter: a chance of 10 % is hardly less.
    assert left["rare"] == pytest.approx(0.149, abs=0.001)
    assert np.isnan(left["new"])
    silent = chance_to_leave(pd.Series({"steady": 0.1}), purchases, as_of=DAY)
    assert silent["steady"] > 0.85


def test_shares_come_from_people_first_and_expire() -> None:
    classes = pd.Series({"a": "A", "b": "B", "c": "A"})
    overrides = pd.DataFrame(
        {
            "account_id": ["a", "c"],
            "field": ["saved", "saved"],
            "value": ["0.5", "0.9"],
            "until": pd.to_datetime(["2026-12-31", "2026-01-31"]),
        }
    )
    found = shares_saved(overrides, classes, by_class={"A": 0.2}, as_of=DAY)
    assert found.dropna().to_dict() == {"a": 0.5, "c": 0.2}
    stake = at_stake(pd.Series(0.9, classes.index), found, pd.Series({"a": 0.1, "b": 0.2}), 0.3)
    assert stake["saved"].tolist() == [0.5, 0.0, 0.2]
    assert stake["averted"].tolist() == [0.0, 0.3, 0.0]
    assert stake["going"].dropna().to_dict() == {"a": 0.1, "b": 0.2}
    wrong = overrides.assign(value=["1.5", "x"], until=pd.NaT)
    with pytest.raises(DataError, match="saved of a, c is no number from 0 to 1"):
        shares_saved(wrong, classes, by_class={}, as_of=DAY)


def test_a_region_s_plan_visits_for_retention_only_what_a_trial_supports() -> None:
    days = pd.date_range(end=DAY, periods=24, freq="30D").date
    here = small()
    here = replace(here, purchases=bought(*[("b", day, 10.0, 5.0) for day in days]))
    at_risk = CLASSES.assign(buys=[0.9, 0.1, 0.9])
    plain = contact_plan(here, at_risk, seed=1).allocation
    assert plain.situation.accounts["leave"].fillna(0).round(2).tolist() == [0, 0.89, 0]
    assert plain.table.loc["b", "reason"].endswith("contacts are not known to keep it.")
    effort = {"saved": {"B": 0.4}}
    shown = replace(here, book=replace(here.book, effort=effort))
    kept = contact_plan(shown, at_risk, seed=1).allocation
    assert kept.situation.worth()[1] > plain.situation.worth()[1] == 5e4
    assert kept.table.loc["b", "marginal_return"] > plain.table.loc["b", "marginal_return"]


def test_what_the_data_show_counts_and_what_people_typed_stands_in_its_place() -> None:
    told = retention(drawn(0.8, 20_000))
    going = pd.DataFrame({"going": [0.4, 0.4, np.nan]}, pd.Index(KEYS, name="account_id"))
    frames = retention_frames(replace(told, going=going["going"]), small().accounts)
    here = replace(small(), pooled=frames)
    effort = {"saved": {"A": 0.4}}
    typed = replace(here, book=replace(here.book, effort=effort))
    bare = contact_plan(small(), CLASSES, seed=1)
    shown, said = (contact_plan(one, CLASSES, seed=1) for one in (here, typed))
    assert bare.retention.saved == 0 < shown.retention.saved == told.saved
    worth = [one.allocation.situation.worth() for one in (bare, shown, said)]
    assert (worth[1] > worth[0]).tolist() == [True, True, False]
    assert (worth[2] > worth[0]).tolist() == [False, True, False]
    reason = shown.allocation.table["reason"]["a"]
    assert ("It goes silent within a year with a chance of 40 %" in reason) == (
        shown.allocation.planned.loc["a"] > shown.allocation.situation.today.loc["a"]
    ).any()
    assert finding_retention(bare).sentences == [
        bare.retention.sentence,
        "So no visit is planned because an account may leave.",
    ]
    assert "people typed" in finding_retention(said).sentences[1]
    assert table_retention(shown).frame["range"].notna().all()
