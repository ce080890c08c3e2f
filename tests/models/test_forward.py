"""Forward values: what was said of a simulated company, against what its later years brought."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.evaluation.forward_value import forward_value_of
from kapkit.evaluation.profit import contribution_of
from kapkit.models.forward import (
    DISCOUNT,
    YEARS,
    Forward,
    forward,
    forward_frames,
    forward_of,
)
from kapkit.models.outlook import Outlook
from kapkit.models.value_axis import value_candidates
from kapkit.report.evaluation.forward import finding_forward, plot_forward, table_forward
from kapkit.sample import simulate
from tests.regions import DAY, bought, company

THEN = dt.date(2023, 6, 30)


def sold(
    *, accounts: int, years: int, seed: int
) -> tuple[pd.DataFrame, dict[str, tuple[str, str]]]:
    """Simulate a clean company's purchases, and who its accounts are."""
    made = simulate(accounts=accounts, years=years, seed=seed, dirt=False)
    lines = made.sales.astype({"revenue": float, "cost": float})
    days = lines.groupby(["account_id", "date"])[["revenue", "cost"]].sum().reset_index()
    rows = days.assign(date=pd.to_datetime(days["date"])).itertuples(index=False, name=None)
    known = made.accounts[["account_id", "name", "region"]].dropna()
    named = {key: (name, region) for key, name, region in known.itertuples(index=False)}
    return bought(*rows), named


def known_at(whole: Region, day: dt.date, *, way: str = "half-life") -> Outlook:
    """Give what `forward` needs of an outlook: the way, and the values by it."""
    facts = {"as_of": day, "first_day": whole.book.first_day, "measure": "margin"}
    value = value_candidates(whole.purchases, whole.accounts.index, half_life_weeks=13.0, **facts)
    judged = pd.DataFrame({"question": ["value"], "way": [way], "region": [None], "chosen": [True]})
    return Outlook(value[[way]].set_axis(["value"], axis=1), judged, {})


@pytest.fixture(scope="module")
def history() -> tuple[pd.DataFrame, dict[str, tuple[str, str]]]:
    return sold(accounts=300, years=6, seed=4)


@pytest.fixture(scope="module")
def whole(history: tuple[pd.DataFrame, dict[str, tuple[str, str]]]) -> Region:
    """The company as of three years before its book ends."""
    purchases, named = history
    first = purchases["date"].min().date()
    past = purchases[purchases["date"] <= pd.Timestamp(THEN)]
    made = company(named, past, first_day=first)
    return replace(made, book=replace(made.book, as_of=THEN))


@pytest.fixture(scope="module")
def found(whole: Region) -> Forward:
    return forward(whole, known_at(whole, THEN))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "years"), [("year", 1), ("lifetime", YEARS)])
def test_intervals_hold_what_later_years_of_the_simulation_bring(
    history: tuple[pd.DataFrame, dict[str, tuple[str, str]]],
    found: Forward,
    name: str,
    years: int,
) -> None:
    purchases, _ = history
    after = purchases[purchases["date"] > pd.Timestamp(THEN)]
    turn = (after["date"] - pd.Timestamp(THEN)).dt.days / 365.25
    weight = (1 + DISCOUNT) ** -(np.floor(turn) + 0.5) if years > 1 else 1.0
    margin = (after["costed_revenue"] - after["cost"]) * weight
    known = found.accounts.dropna()
    came = (
        margin[turn < years].groupby(after["account_id"]).sum().reindex(known.index, fill_value=0)
    )
    inside = (came >= known[f"{name}_low"]) & (came <= known[f"{name}_high"])
    assert len(known) > 250
    assert 0.72 <= inside.mean() <= 0.88
    assert known[name].sum() == pytest.approx(came.sum(), rel=0.35)


@pytest.mark.slow
def test_the_back_test_is_said_and_frames_come_back(whole: Region, found: Forward) -> None:
    told = found.told()
    assert told.index.tolist() == [1.0, 2.0]
    assert told["covered"].between(0.65, 0.92).all()
    assert 0.8 <= found.kept <= 1
    assert found.sentence.startswith("What the same way said on 30 June 2022 for 1 year ahead")
    stored = replace(whole, pooled=forward_frames(found, whole.accounts))
    part = next(iter(stored.parts()))
    again = forward_of(part)
    pd.testing.assert_frame_equal(again.accounts, found.accounts.loc[part.accounts.index])
    assert again.sentence == found.sentence
    assert set(again.judged["region"].dropna()) <= {part.name}


@pytest.mark.slow
def test_later_rows_and_the_order_of_rows_change_nothing(
    history: tuple[pd.DataFrame, dict[str, tuple[str, str]]], whole: Region, found: Forward
) -> None:
    later = replace(whole, purchases=history[0].sample(frac=1, random_state=1))
    again = forward(later, known_at(whole, THEN))
    pd.testing.assert_frame_equal(again.accounts, found.accounts, rtol=1e-6)


@pytest.mark.slow
def test_an_account_that_earns_is_not_expected_to_bring_less_than_nothing() -> None:
    weeks = [DAY - dt.timedelta(weeks=back) for back in range(0, 150, 5)]
    rows = [
        (f"a{at}", day, 100.0 + at, 130.0 if at == 3 else 60.0) for at in range(40) for day in weeks
    ]
    named = {f"a{at}": (f"Account {at}", "North") for at in range(40)}
    whole = company({**named, "never": ("Never", "North")}, bought(*rows))
    found = forward(whole, known_at(whole, DAY)).accounts
    assert (found.loc[found["year"] > 0, ["year_low", "lifetime_low"]].dropna() >= 0).all(axis=None)
    assert found.loc["a3", "lifetime_low"] <= found.loc["a3", "lifetime"] < 0
    assert found.loc["never", ["year_low", "year_high"]].isna().all()
    here = replace(
        whole, pooled=forward_frames(forward(whole, known_at(whole, DAY)), whole.accounts)
    )
    ahead = forward_value_of(here, contribution_of(here))
    assert ahead.table["lifetime"].is_monotonic_decreasing
    assert ahead.sentences[0].startswith("Expected margin of the next twelve months is ")
    assert not finding_forward(ahead).caution
    assert plot_forward(here, ahead).alt.startswith("Expected of the next twelve months: Account ")
    assert table_forward(here, ahead, most=5).caption.endswith(": 5 of 41")


def test_without_two_years_there_is_no_interval_and_it_is_said() -> None:
    whole = company({"a": ("Alpha", "North")}, bought(("a", DAY, 9.0, 4.0)))
    found = forward(whole, known_at(whole, DAY))
    assert found.accounts["year"].notna().all()
    assert found.accounts.drop(columns="year").isna().all(axis=None)
    assert found.judged.empty
    assert found.sentence.startswith("Not enough data to tell how far forward values are off")
    here = replace(whole, pooled=forward_frames(found, whole.accounts))
    ahead = forward_value_of(here, contribution_of(here))
    assert finding_forward(ahead).caution
    assert plot_forward(here, ahead).sentences == []
