import datetime as dt

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from kapkit.models.backtest import ValueBacktest, backtest_value, capture
from tests.regions import DAY, FIRST, bought

ORIGIN = DAY - dt.timedelta(weeks=26)
ACCOUNTS = pd.Index([f"a{number:02}" for number in range(40)], name="account_id")


@pytest.mark.parametrize(
    ("score", "future", "share", "caught"),
    [
        ([3, 2, 1], [4.0, 5.0, 0.0], 1 / 3, 0.8),
        ([3, 2, 1], [4.0, 5.0, 0.0], 2 / 3, 1.0),
        ([1, 1, 1], [4.0, 5.0, 0.0], 1 / 3, 0.8),  # a tie goes to the one that comes first
        ([3, 2, 1], [-4.0, 5.0, 1.0], 1 / 3, -0.8),
        ([3, 2, 1], [-4.0, 5.0, -1.0], 2 / 3, 0.25),  # hindsight, too, has to take two
        ([3, 2, 1], [4.0, 5.0, 0.0], 0.01, 0.8),  # at least one account
        ([3, 2, 1], [4.0, 5.0, 0.0], 1.0, 1.0),
        ([7], [2.0], 0.2, 1.0),
    ],
)
def test_capture(score: list[float], future: list[float], share: float, caught: float) -> None:
    assert capture(pd.Series(score), pd.Series(future), share=share) == pytest.approx(caught)


@pytest.mark.parametrize("future", [[0.0, 0.0], [-1.0, -2.0], []])
def test_capture_is_missing_where_hindsight_earns_nothing(future: list[float]) -> None:
    score = pd.Series(range(len(future)), dtype=float)
    assert np.isnan(capture(score, pd.Series(future, dtype=float)))


def test_capture_goes_by_account_not_by_place() -> None:
    score = pd.Series({"x": 3.0, "y": 2.0, "z": 1.0})
    future = pd.Series({"z": 0.0, "y": 5.0, "x": 4.0})
    assert capture(score, future, share=1 / 3) == pytest.approx(0.8)


def grown(*, after: float = 1.0) -> pd.DataFrame:
    """Forty accounts: the first ones bought most long ago, the last ones buy most now."""
    early = [(a, ORIGIN - dt.timedelta(weeks=45), 100 - 1.01 * i) for i, a in enumerate(ACCOUNTS)]
    late = [(a, ORIGIN - dt.timedelta(weeks=1), 40.0 + i) for i, a in enumerate(ACCOUNTS)]
    then = [(a, ORIGIN + dt.timedelta(weeks=1), after * (i + 1)) for i, a in enumerate(ACCOUNTS)]
    return bought(*early, *late, *then)


def judge(purchases: pd.DataFrame, **options: object) -> ValueBacktest:
    settings = {"as_of": DAY, "first_day": FIRST, "measure": "revenue", **options}
    return backtest_value(purchases, ACCOUNTS, **settings)


def test_the_better_ranking_is_found() -> None:
    """The last twelve months rank the first accounts a little higher; they buy least now."""
    found = judge(grown())
    captures = [1.0, sum(range(1, 9)) / sum(range(33, 41))]
    names = pd.Index(["expected value", "last twelve months"], name="ranking")
    assert_frame_equal(found.table, pd.DataFrame({"capture": captures}, index=names))
    assert found.difference == pytest.approx(captures[0] - captures[1])
    assert 0 < found.low <= found.difference <= found.high <= 1
    assert (found.accounts, found.origin, found.horizon_weeks) == (40, ORIGIN, 26)
    assert found.sentence == (
        "Chosen 26 weeks ago, the top 20 % by expected value caught 100 % of the value that "
        "hindsight would have, the top by the last twelve months 12 %: the expected value ranks "
        "better here."
    )


def test_a_worse_ranking_is_said() -> None:
    turned = grown()
    then = turned["date"] > pd.Timestamp(ORIGIN)
    turned.loc[then, "revenue"] = turned.loc[then, "revenue"].to_numpy()[::-1]
    found = judge(turned)
    assert found.high < 0
    assert found.sentence == (
        "Chosen 26 weeks ago, the top 20 % by expected value caught 12 % of the value that "
        "hindsight would have, the top by the last twelve months 100 %: the plain ranking was "
        "better here; read the order with care."
    )


def test_no_difference_is_within_chance() -> None:
    same = bought(
        *((a, ORIGIN, 1.0 + i) for i, a in enumerate(ACCOUNTS)),
        *((a, DAY, 1.0 + i) for i, a in enumerate(ACCOUNTS)),
    )
    found = judge(same)
    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert found.sentence == (
        "Chosen 26 weeks ago, the top 20 % by expected value caught 100 % of the value that "
        "hindsight would have, the top by the last twelve months 100 %; the difference of +0 "
        "points (+0 to +0) is within chance for 40 accounts."
    )


def test_few_accounts_are_not_judged() -> None:
    few = grown().query("account_id < 'a29'")
    found = judge(few)
    assert found.table["capture"].isna().all()
    assert np.isnan([found.difference, found.low, found.high]).all()
    assert found.sentence == (
        "Not enough data to tell whether the expected value ranks better than last year's: "
        "29 accounts had bought 26 weeks ago, 30 are needed."
    )


def test_a_short_history_is_not_judged() -> None:
    found = judge(grown(), first_day=ORIGIN - dt.timedelta(days=7 * 26 - 1))
    assert found.table["capture"].isna().all()
    assert found.sentence == (
        "Not enough data to tell whether the expected value ranks better than last year's: "
        "26 weeks ago the book had 25 weeks of sales, 26 are needed."
    )
    enough = judge(grown(), first_day=ORIGIN - dt.timedelta(days=7 * 26))
    assert enough.table["capture"].notna().all()


@pytest.mark.parametrize("after", [0.0, -1.0])
def test_nothing_earned_afterwards_is_said(after: float) -> None:
    found = judge(grown(after=after))
    assert found.table["capture"].isna().all()
    assert np.isnan([found.difference, found.low, found.high]).all()
    assert found.sentence == (
        "Nothing to judge the ranking by: even the best choice would have earned nothing after "
        "30 December 2025."
    )


@pytest.mark.parametrize("days", [-1, 0, 1, 30])
def test_a_book_younger_than_the_horizon_is_not_judged(days: int) -> None:
    first = ORIGIN + dt.timedelta(days=days)
    found = judge(bought(("a00", DAY, 1.0)), first_day=first)
    assert found.sentence.endswith("0 accounts had bought 26 weeks ago, 30 are needed.")
    assert judge(bought(), first_day=None).accounts == 0


def test_accounts_that_had_not_bought_are_left_out() -> None:
    newcomer = bought(("a00", DAY, 1e6))
    old = grown().query("account_id != 'a00'")
    found = judge(pd.concat([old, newcomer], ignore_index=True))
    assert found.accounts == 39
    assert found.table.loc["expected value", "capture"] == 1


def same(one: ValueBacktest, other: ValueBacktest) -> None:
    assert_frame_equal(one.table, other.table)
    assert (one.difference, one.low, one.high) == (other.difference, other.low, other.high)
    assert (one.sentence, one.accounts) == (other.sentence, other.accounts)


def test_days_after_as_of_change_nothing() -> None:
    future = bought(
        *((a, DAY + dt.timedelta(days=1), 1e6 / (i + 1)) for i, a in enumerate(ACCOUNTS))
    )
    same(judge(pd.concat([grown(), future], ignore_index=True)), judge(grown()))


def test_days_after_the_origin_judge_but_do_not_rank() -> None:
    """Futures that all double leave every capture; the scores never saw them."""
    doubled = grown()
    doubled.loc[doubled["date"] > pd.Timestamp(ORIGIN), "revenue"] *= 2
    same(judge(doubled), judge(grown()))


def test_the_seed_decides_the_interval_and_nothing_else() -> None:
    mixed = grown()
    then = mixed["date"] > pd.Timestamp(ORIGIN)
    mixed.loc[then, "revenue"] = np.random.default_rng(0).lognormal(sigma=2, size=then.sum())
    one, again, other = judge(mixed), judge(mixed), judge(mixed, seed=2)
    same(one, again)
    assert (one.low, one.high) != (other.low, other.high)
    assert one.difference == other.difference


def test_margin_is_judged_by_margin() -> None:
    costed = grown().assign(
        cost=lambda f: f["revenue"] * 0.5, costed_revenue=lambda f: f["revenue"], costed_lines=1.0
    )
    same(judge(costed, measure="margin"), judge(costed))
    losing = costed.assign(cost=costed["revenue"] * 1.5)
    assert judge(losing, measure="margin").sentence.startswith("Nothing to judge the ranking by")
