"""The programme's effect: found where it is, not where it is not, and the traps shown failing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.impact import ACCOUNTS, estimates, placebos, resellers, world
from kapkit.monitoring.impact import (
    ANCOVA,
    NAIVE,
    PLACEBO,
    ancova,
    before_after,
    draw_lots,
    impact,
    placebo,
    stack,
)

DRAWS = 12


def mean_effects(way: str, *, effect: float, lags: int = 5) -> pd.Series:
    found = [
        {
            name: row["effect"]
            for name, row in estimates(*world(s, way, effect=effect), lags=lags).items()
        }
        for s in range(DRAWS)
    ]
    return pd.DataFrame(found).mean()


def small() -> tuple[pd.DataFrame, pd.Series]:
    """Four accounts, one of which enters in period 2, one in period 3."""
    outcome = pd.DataFrame(
        [[1.0, 2.0, 9.0, 9.0], [1.0, 2.0, 3.0, 8.0], [1.0, 2.0, 4.0, 4.0], [2.0, 2.0, 5.0, 7.0]],
        list("abcd"),
    )
    return outcome, pd.Series({"a": 2.0, "b": 3.0})


class TestStack:
    def test_risk_sets_hold_who_had_not_entered_and_cut_them_before_they_do(self) -> None:
        outcome, entry = small()
        found = stack(outcome, entry, lags=2, after=2, alike=False)
        found = found.set_index(["wave", "account_id"])
        assert found["post"].to_dict() == {
            (2, "a"): 9.0,
            (2, "b"): 3.0,  # its second period after is its own programme
            (2, "c"): 4.0,
            (2, "d"): 6.0,
            (3, "b"): 8.0,
            (3, "c"): 4.0,
            (3, "d"): 7.0,
        }
        assert found.loc[(2, "a"), ["lag 1", "lag 2"]].tolist() == [2.0, 1.0]

    def test_who_was_out_of_the_range_of_those_that_entered_is_no_comparison(self) -> None:
        outcome, entry = small()
        found = stack(outcome, entry, lags=2, after=2)
        # Before wave 2 stood a, b and c at 1.5, d at 2; before wave 3 nobody was like b.
        assert found[["wave", "account_id"]].to_numpy().tolist() == [[2, "a"], [2, "b"], [2, "c"]]

    def test_a_wave_without_history_or_future_is_left_out(self) -> None:
        outcome, _ = small()
        assert stack(outcome, pd.Series({"a": 1.0, "b": 4.0}), lags=2).empty


class TestEstimators:
    def test_a_regression_by_hand(self) -> None:
        # After = before + 1 for all, and 2 more for those that entered.
        rng = np.random.default_rng(1)
        before = rng.normal(0, 1, 40)
        entry = pd.Series(np.where(np.arange(40) < 15, 1.0, np.nan))
        after = before + 1 + 2 * (np.arange(40) < 15)
        outcome = pd.DataFrame({0: before, 1: after})
        found = ancova(stack(outcome, entry, lags=1, after=1))
        assert found["effect"] == pytest.approx(2.0)
        naive = before_after(stack(outcome, entry, lags=1, after=1))
        assert naive["effect"] == pytest.approx(3.0), "it takes the common rise for an effect"

    def test_standard_errors_are_clustered_by_account(self) -> None:
        outcome, entry = world(1, "random")
        once = stack(outcome, entry)
        twice = pd.concat([once, once], ignore_index=True)
        assert ancova(twice)["se"] == pytest.approx(ancova(once)["se"], rel=0.02)

    def test_too_few_accounts_tell_nothing(self) -> None:
        outcome, entry = small()
        found = impact(outcome, entry, lags=2, after=2)
        assert not found.told
        assert np.isnan(found.detectable)


class TestSimulatedProgramme:
    def test_chosen_by_lot_the_effect_is_found_and_before_after_is_not_it(self) -> None:
        found = mean_effects("random", effect=0.10)
        assert found[ANCOVA] == pytest.approx(0.10, abs=0.03)
        assert found[NAIVE] > 0.15, "growth of all accounts is taken for the effect"

    def test_chosen_at_their_best_the_base_period_of_entry_fails(self) -> None:
        found = mean_effects("top", effect=0.0)
        assert abs(found[ANCOVA]) < 0.03
        assert found["base period g-1"] < -0.08, "they fall back from the period that chose them"

    def test_chosen_in_decline_before_after_fails_and_the_rule_saves_it(self) -> None:
        found = mean_effects("recorded decliners", effect=0.0)
        assert abs(found[ANCOVA]) < 0.03
        assert found["base period g-1"] > 0.2

    def test_the_placebo_finds_nothing(self) -> None:
        stacked = [stack(*world(seed, "noisy top", effect=0.5)) for seed in range(DRAWS)]
        found = [ancova(placebo(one))["effect"] for one in stacked]
        assert abs(np.mean(found)) < 0.03

    @pytest.mark.slow
    def test_resellers_that_had_no_programme_show_none(
        self, shared_data: Callable[[str], Path]
    ) -> None:
        outcome = resellers(shared_data("adventureworks_dw"))
        found = placebos(outcome, "random", 30)
        assert abs(found["effect"].mean()) <= 0.05
        assert ((found["low"] > 0) | (found["high"] < 0)).mean() <= 0.10

    def test_all_parts_stand_side_by_side(self) -> None:
        outcome, entry = world(3, "random", effect=0.3)
        classes = pd.Series(np.where(np.arange(ACCOUNTS) % 2, "A", "B"), outcome.index)
        found = impact(outcome, entry, classes=classes)
        assert found.told
        assert found.table.index.tolist() == [ANCOVA, "matched DiD", PLACEBO, NAIVE]
        assert found.by_wave.index.tolist() == [6, 8, 10]
        assert found.by_class.index.tolist() == ["A", "B"]
        assert found.detectable == pytest.approx(2.80 * found.table["se"][ANCOVA], rel=0.01)


class TestLots:
    def test_half_of_each_class_enters_now(self) -> None:
        accounts = [f"a{i}" for i in range(10)]
        strata = pd.Series(["A"] * 4 + ["B"] * 6, accounts)
        lots = draw_lots(accounts, seed=7, strata=strata)
        now = lots[lots["lot"] == "now"]["stratum"].value_counts()
        assert now.to_dict() == {"B": 3, "A": 2}

    def test_a_seed_draws_the_same_and_another_others(self) -> None:
        accounts = [f"a{i}" for i in range(30)]
        lots = [draw_lots(accounts, seed=seed)["lot"].tolist() for seed in (1, 1, 2)]
        assert lots[0] == lots[1] != lots[2]
