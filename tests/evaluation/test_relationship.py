"""The relationship of regions with little, and of a simulated company."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kapkit.book.book import open_book
from kapkit.book.region import Region
from kapkit.evaluation.loyalty import loyalty
from kapkit.evaluation.relationship import relationship_of, score_moves
from kapkit.models.company_health import Health, company_health, health_frames, health_of
from kapkit.models.satisfaction import company_satisfaction, satisfaction_frames, satisfaction_of
from kapkit.report.decisions import decided_health
from kapkit.report.evaluation.relationship import (
    finding_health,
    plot_health,
    table_at_stake,
    table_moves,
    table_relationship,
)
from tests.regions import DAY, bought, company, region

WEEK = dt.timedelta(weeks=1)


def test_loyalty_by_hand() -> None:
    rows = [("a", DAY - WEEK * back, 10.0, 5.0) for back in (0, 4, 8, 12, 16, 60)]
    purchases = bought(*rows, ("b", DAY - WEEK * 60, 9.0, 5.0))
    kinds = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "month": pd.Timestamp("2026-06-01"),
            "category": ["x", "y", None],
            "revenue": [1.0, 2.0, 3.0],
        }
    )
    accounts = pd.Index(["a", "b", "never"])
    could = pd.Series({"a": 100.0, "b": 0.0})
    found = loyalty(purchases, kinds, accounts, as_of=DAY, potential=could)
    assert found.loc["a", ["orders", "gap_weeks", "silent_weeks"]].tolist() == [5.0, 12.0, 0.0]
    assert found.loc["a", "unevenness"] == pytest.approx(np.std([4, 4, 4, 4, 44], ddof=1) / 12)
    assert found.loc["a", ["categories", "breadth", "potential_share"]].tolist() == [2, 1, 0.5]
    assert found.loc["b", ["orders", "categories"]].tolist() == [0, 0]
    assert found.loc["b", ["unevenness", "potential_share"]].isna().all()
    assert found.loc["never"].isna().all()


def test_without_tables_nothing_is_made_up() -> None:
    found = relationship_of(region({"a": "Alpha"}, bought(("a", DAY, 9.0, 4.0))))
    assert found.satisfaction.empty
    assert found.complaints is None
    assert np.isnan(found.answering)
    assert found.sentence == "The book has no surveys: how satisfied accounts are is not known."
    assert (
        "satisfaction" not in found.health.points
        or found.health.points["satisfaction"].isna().all()
    )
    assert not found.health.earned
    assert found.health.accounts["risk"].isna().all()
    assert found.health.sentence.startswith("The health score is not tested")


def noise(seed: int, *, accounts: int = 120) -> Region:
    """Make a company whose accounts all order at one rate, by chance: nothing tells who will."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(accounts):
        days = np.cumsum(1 + rng.exponential(130, 60))
        rows += [(f"a{number}", d) for d in days[days < 1090]]
    first = dt.date(2023, 7, 1)
    sold = bought(*((key, first + dt.timedelta(days=int(d)), 10.0, 5.0) for key, d in rows))
    where = {f"a{number}": (f"A {number}", f"R{number % 3}") for number in range(accounts)}
    whole = company(where, sold, first_day=first)
    told = pd.DataFrame(
        {
            "account_id": rng.choice(list(where), 500),
            "date": pd.Timestamp(first) + pd.to_timedelta(rng.integers(1, 1090, 500), unit="D"),
            "kind": "nps",
            "score": rng.integers(0, 11, 500).astype(float),
            "scale_min": 0.0,
            "scale_max": 10.0,
        }
    )
    told["region"] = told["account_id"].map(whole.accounts["region"])
    return replace(whole, tables={"surveys": told})


@pytest.mark.slow
def test_a_score_trained_on_noise_declares_itself_useless() -> None:
    verdicts = [company_health(noise(seed)) for seed in range(3)]
    assert not any(found.earned for found in verdicts)
    assert all("no verdict and shows no red or green" in found.sentence for found in verdicts)
    whole = noise(0)
    assert finding_health(whole, verdicts[0]).caution


@pytest.fixture(scope="module")
def sample(prepared_sample: Path) -> Callable[[str], Region]:
    book = open_book(prepared_sample)
    return lambda name: book.region(name, as_of="2026-06-30")


@pytest.mark.slow
def test_the_sample(sample: Callable[[str], Region]) -> None:
    here = sample("NA")
    found = relationship_of(here)
    health = found.health
    scored = health.accounts
    assert list(scored.index) == sorted(set(scored.index))
    np.testing.assert_allclose(50 + health.points.sum(axis=1), scored["score"])
    moves = score_moves(health)
    moved = (scored["score"] - scored["score_before"]).reindex(moves.index)
    np.testing.assert_allclose(moves.sum(axis=1), moved, atol=1e-9)
    answered = found.satisfaction.index.get_level_values("account_id")
    surveyed = set(here.tables["surveys"]["account_id"])
    assert set(answered) <= surveyed
    silent = scored.index.difference(list(surveyed))
    assert len(silent)
    assert health.points.loc[silent, "satisfaction"].isna().all()
    assert plot_health(here, found).alt.startswith("Lowest health scores: ")
    assert len(table_moves(here, found).rows()) == 12
    floor = float(health.chances.split(" %")[0].split()[-1]) / 100
    assert health.accounts["risk"].min() >= floor - 0.0006
    stakes = table_at_stake(here, found)
    assert len(stakes.rows()) == 8
    assert not stakes.folded
    assert stakes.frame["stake"].is_monotonic_decreasing
    everyone = table_relationship(here, found)
    assert everyone.folded
    assert len(everyone.rows()) == len(scored)


def test_moves_since_the_last_run_add_up_to_what_it_said() -> None:
    """Beta is scored anew (3 points by other weights), orders took 6 off, satisfaction gave 1."""
    keys = pd.Index(["a", "b", "new"], name="account_id")
    points = pd.DataFrame({"trend": [1.0, -6.0, 2.0], "satisfaction": [np.nan, 1.0, 0.0]}, keys)
    then = pd.DataFrame({"trend": [1.0, 0.0], "satisfaction": [2.0, np.nan]}, keys[:2])
    score = 50 + points.sum(axis=1)
    health = Health(
        pd.DataFrame({"score": score, "risk": 0.1, "score_before": score}),
        points,
        then,
        *[pd.DataFrame()] * 3,
        earned=False,
        sentence="",
        chances="",
        before=DAY - WEEK,
    )
    said = pd.Series({"a": 53.0, "b": 47.0, "gone": 1.0})
    moves = score_moves(health, said)
    expected = {"trend": [0.0, -6.0], "satisfaction": [-2.0, 1.0], "scoring": [0.0, 3.0]}
    pd.testing.assert_frame_equal(moves, pd.DataFrame(expected, keys[:2]))
    assert (said[["a", "b"]] + moves.sum(axis=1) == score[["a", "b"]]).all()


@pytest.mark.slow
def test_moves_are_since_the_last_run_where_its_scores_are_on_record() -> None:
    whole = noise(2, accounts=40)
    since = DAY - 5 * WEEK
    first = relationship_of(replace(whole, book=replace(whole.book, as_of=since)))
    kept_scores = decided_health(first)["health"]
    found = company_health(whole, since=since)
    stored = replace(
        whole,
        pooled=health_frames(found, whole.accounts),
        earlier={"health": kept_scores},
        earlier_as_of=since,
    )
    again = relationship_of(stored)
    assert (again.recorded, again.since) == (True, since)
    then = kept_scores.set_index("account_id")["score"]
    moved = again.table["score"] - then.reindex(again.table.index)
    np.testing.assert_allclose(again.table["moved"].dropna(), moved.dropna(), atol=1e-6)
    assert again.table["moved"].notna().sum() == moved.notna().sum() > 20
    assert table_moves(whole, again).caption == "Scores that moved most since 26 May 2026"
    assert "Before is what the last run said" in table_moves(whole, again).how
    without = relationship_of(replace(stored, earlier={}, earlier_as_of=None))
    assert not without.recorded
    assert "no earlier run has scores on record" in table_relationship(whole, without).how


@pytest.mark.slow
def test_what_a_run_stores_is_what_is_fitted_and_later_rows_change_nothing() -> None:
    whole = noise(1, accounts=60)
    later = bought(("a0", DAY + WEEK, 10.0, 5.0))
    known = health_of(whole)
    grown = replace(whole, purchases=pd.concat([whole.purchases, later], ignore_index=True))
    pd.testing.assert_frame_equal(company_health(grown).accounts, known.accounts)
    satisfied = company_satisfaction(whole)
    frames = health_frames(known, whole.accounts) | satisfaction_frames(satisfied, whole.accounts)
    part = next(iter(replace(whole, pooled=frames).parts()))
    stored = health_of(part)
    expected = known.accounts.loc[known.accounts.index.isin(part.accounts.index)]
    pd.testing.assert_frame_equal(stored.accounts, expected)
    assert stored.sentence == known.sentence
    assert set(satisfaction_of(part).index.get_level_values("account_id")) <= set(
        part.accounts.index
    )
