from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.errors import DataError
from kapkit.cultivation.allocation import Allocation, allocate, best_contacts, lay_out
from kapkit.cultivation.comparison import compare, winners_curse
from kapkit.cultivation.effort import Rules
from kapkit.cultivation.linked import Limit
from kapkit.cultivation.situation import Situation, situation
from kapkit.models.curves import calibrate
from tests.cultivation.worlds import world

RULES = Rules(minutes={"visit": 60, "call": 15}, travel_minutes=60.0, cadence={"A": {"visit": 6}})


def region(hours: float, *, rules: Rules = RULES, **about: list[float]) -> Situation:
    """Make one owner with a key account, a large one seldom visited, and a small one."""
    accounts = pd.DataFrame(
        {
            "owner": "Ada",
            "class": ["A", "B", "C"],
            "contribution": [100_000.0, 80_000.0, 2_000.0],
            **about,
        },
        pd.Index(["key", "large", "small"], name="account_id"),
    )
    today = pd.DataFrame({"visit": [4.0, 4, 12], "call": [10.0, 10, 10]}, accounts.index)
    staff = pd.DataFrame({"owner": ["Ada"], "hours_per_month": [hours / 12]})
    return situation(accounts, today, staff, rules=rules)


def checked(plan: Allocation) -> Allocation:
    assert (plan.owners["hours_planned"] <= plan.owners["hours"] + 1e-9).all()
    assert (plan.planned >= 0).all(axis=None)
    assert (plan.planned == plan.planned.round()).all(axis=None)
    assert plan.gain <= plan.bound + 1e-6
    return plan


def test_hours_go_from_where_they_bring_little_to_where_they_bring_much() -> None:
    plan = checked(allocate(region(60.0), currency="EUR"))
    assert plan.planned["visit"].to_dict() == {"key": 8, "large": 8, "small": 6}
    assert plan.gain > 0
    assert plan.low < plan.gain < plan.high
    assert plan.table.loc["small", "reason"].startswith("6 visits instead of 12")
    assert plan.owners["sentence"].tolist()[0].startswith("Ada: ")
    assert plan.sentence.startswith("The plan is expected to bring ")


def test_the_plan_keeps_bounds_and_cadence_where_hours_suffice() -> None:
    start = region(48.0)
    plan = checked(allocate(start))
    assert plan.planned.loc["key", "visit"] >= 6
    inside = plan.planned.drop("key")
    assert (inside >= 0.5 * start.today.drop("key")).all(axis=None)
    assert (plan.planned.le((2 * start.today).where(start.today * 2 > start.due, start.due))).all(
        axis=None
    )
    assert plan.owners["contacts_short"].tolist() == [0]


def test_bounds_give_way_before_the_minimum_does() -> None:
    plan = checked(allocate(region(13.0)))
    assert plan.planned.loc["key", "visit"] == 6
    assert plan.planned.loc["small", "visit"] < 6
    assert plan.owners["contacts_short"].tolist() == [0]


def test_an_owner_who_cannot_meet_the_minimum_is_named_with_what_is_missing() -> None:
    plan = checked(allocate(region(8.0)))
    short = plan.owners.loc["Ada"]
    assert plan.planned.loc["key", "visit"] == 4
    assert (short["accounts_short"], short["contacts_short"], short["hours_short"]) == (1, 2, 4)
    assert short["sentence"] == (
        "Ada: all 8 hours a year go where they bring most, and still 2 visits due to 1 account are "
        "missing, 4 hours a year: key."
    )
    assert plan.sentence.endswith(
        " The minimum cannot be met; hours a year are missing: Ada (4 hours)."
    )
    assert "its owner's hours do not suffice" in plan.table.loc["key", "reason"]


def test_needs_raise_the_minimum() -> None:
    start = region(60.0)
    needed = pd.DataFrame({"account_id": ["small"] * 2, "kind": ["call"] * 2, "need": ["x", "y"]})
    more = pd.concat([needed] * 12, ignore_index=True)
    asked = situation(
        start.accounts,
        start.today,
        pd.DataFrame({"owner": ["Ada"], "hours_per_month": [5.0]}),
        needed=more,
        rules=RULES,
    )
    plan = checked(allocate(asked))
    assert plan.planned.loc["small", "call"] == 24
    assert plan.table.loc["small", "reason"].endswith(": to answer what it lacks: x, y.")


def test_risk_alone_moves_nothing_and_a_proven_uplift_does() -> None:
    plain = allocate(region(36.0)).planned
    risk = allocate(region(36.0, leave=[0.0, 0.9, 0.0]))
    pd.testing.assert_frame_equal(risk.planned, plain)
    assert risk.table.loc["large", "reason"].endswith("contacts are not known to keep it.")
    saved = region(36.0, leave=[0.0, 0.0, 0.9], saved=[0.0, 0.0, 0.9])
    assert saved.worth()[2] > 2 * 2_000
    assert saved.worth()[:2].tolist() == [100_000, 80_000]
    kept = allocate(region(60.0, leave=[0.0, 0.9, 0.0], saved=[0.0, 0.9, 0.0]))
    assert kept.gain > allocate(region(60.0)).gain
    assert kept.table.loc["large", "reason"].endswith("avert 90 % of that is typed, not estimated.")


def test_accounts_that_lose_money_get_no_more_than_they_must() -> None:
    start = region(200.0)
    lossy = replace(start, accounts=start.accounts.assign(contribution=[-5.0, 1.0, 1.0]))
    plan = checked(allocate(lossy))
    assert plan.planned.loc["key"].tolist() == [6, 5]
    assert plan.table.loc["key", "gain"] == 0


def test_accounts_without_an_owner_with_hours_are_set_aside_and_counted() -> None:
    start = region(60.0)
    accounts = start.accounts.assign(owner=["Ada", "Ada", None])
    staff = pd.DataFrame({"owner": ["Ada", "Ben"], "hours_per_month": [5.0, 5.0]})
    plan = checked(allocate(situation(accounts, start.today, staff, rules=RULES)))
    assert list(plan.planned.index) == ["key", "large"]
    assert plan.sentence.endswith(
        " Without an owner who has hours, 1 account keeps today's contacts."
    )


def test_what_cannot_be_planned_is_refused() -> None:
    start = region(60.0)
    staff = pd.DataFrame({"owner": ["Ben"], "hours_per_month": [5.0]})
    with pytest.raises(DataError, match="staff: no owner of these accounts has hours_per_month"):
        situation(start.accounts, start.today, staff)
    ada = staff.assign(owner="Ada")
    with pytest.raises(DataError, match="activities: no contact was logged"):
        situation(start.accounts, start.today * 0, ada)
    twice = pd.concat([start.accounts, start.accounts.iloc[:1]])
    with pytest.raises(DataError, match="accounts: key: more than one row"):
        situation(twice, start.today, ada)
    with pytest.raises(DataError, match=r"rules: least 1\.5, most 2\.0, levels 5"):
        Rules(least=1.5)


def test_order_of_accounts_and_currency_do_not_matter() -> None:
    start = world(3).seen
    order = start.accounts.sample(frac=1, random_state=1).index
    staff = (
        (start.owners["hours"] / 12).rename("hours_per_month").rename_axis("owner").reset_index()
    )
    money = ["contribution", "low", "high"]
    scaled = start.accounts.loc[order].assign(**(start.accounts[money] * 1000))
    again = situation(scaled, start.today, staff, rules=start.rules)
    one, other = allocate(start), allocate(again)
    pd.testing.assert_frame_equal(one.planned, other.planned.loc[start.accounts.index])
    assert other.gain == pytest.approx(1000 * one.gain)


def test_a_limit_over_accounts_is_kept_and_costs_gain() -> None:
    start = region(60.0)
    free = checked(allocate(start))
    limit = Limit("winter", kind="visit", accounts=("key", "large"), most=12)
    plan = checked(allocate(start, limits=[limit]))
    assert plan.planned.loc[["key", "large"], "visit"].sum() == 12
    assert plan.gain < free.gain
    with pytest.raises(DataError, match="limits: no plan keeps"):
        allocate(start, limits=[replace(limit, most=3)])


def test_highs_finds_no_more_than_the_heap_promises() -> None:
    start = world(1, accounts=12, owners=2, s_shaped=0.5).true
    heap, linked = best_contacts(start)[1], best_contacts(start, [Limit("none")])[1]
    assert heap.gain <= linked.gain + 1e-6 <= heap.bound + 1e-5
    assert heap.gain >= 0.985 * linked.gain


@pytest.mark.parametrize("seed", range(12))
def test_a_wrong_elasticity_never_loses_and_keeps_most_of_what_can_be_gained(seed: int) -> None:
    one = world(seed)
    plan = checked(allocate(one.seen))
    best = one.brings(best_contacts(one.true)[0])
    assert 0.7 * best < one.brings(plan.planned.to_numpy()) <= best * (1 + 1e-3)


def test_the_heap_is_within_a_thousandth_of_the_bound_at_size() -> None:
    start = world(1, accounts=1000, owners=25, s_shaped=0.5).true
    chosen = best_contacts(start)[1]
    assert (chosen.bound - chosen.gain) / chosen.bound <= 0.001
    assert lay_out(start).gain.shape == (4000, 5)


def test_the_plan_is_set_beside_its_rivals() -> None:
    plan = allocate(world(2).seen)
    found = compare(plan, seed=1, draws=10, currency="EUR")
    assert found.table.loc["today", [0.15, 0.31, 0.47]].abs().max() < 1e-6
    assert found.table.loc["plan", 0.31] == pytest.approx(plan.gain)
    assert found.table.loc["plan", 0.15] < plan.gain < found.table.loc["plan", 0.47]
    assert found.table["hours"].iloc[1:3].tolist() == pytest.approx(
        [found.table["hours"]["plan"]] * 2
    )
    assert 0 < found.corrected < plan.gain
    again = compare(plan, seed=1, draws=10, currency="EUR")
    assert again.sentence == found.sentence


@pytest.mark.slow
def test_the_correction_takes_off_what_is_claimed_by_luck() -> None:
    claims, corrected = [], []
    for seed in range(8):
        one = world(seed, value_error=0.4)
        known = replace(one.seen, curves=one.true.curves)
        plan = allocate(known)
        real = one.brings(plan.planned.to_numpy())
        claims.append(plan.gain / real)
        corrected.append((plan.gain - winners_curse(known, seed=seed, draws=10)) / real)
    assert np.mean(claims) > 1.05
    assert abs(np.mean(corrected) - 1) < abs(np.mean(claims) - 1)


def test_judged_curves_hold_under_every_elasticity() -> None:
    start = region(60.0)
    typed = calibrate(pd.Series(0.31, start.accounts.index)).assign(source="judgement")
    table = compare(allocate(replace(start, curves=typed)), seed=1).table
    assert table.loc["plan", 0.15] == table.loc["plan", 0.47]


def test_contacts_without_effect_get_no_hours_and_bring_nothing() -> None:
    start = region(60.0)
    flat = replace(start, curves=calibrate(pd.Series(0.0, start.accounts.index)))
    plan = checked(allocate(flat, elasticity=(0.0, 0.1)))
    assert (plan.gain, plan.low, plan.high) == (0, 0, 0)
    assert plan.planned["visit"].to_dict() == {"key": 6, "large": 2, "small": 6}
    assert plan.owners["price"].tolist() == [0]


def test_values_without_interval_give_no_correction() -> None:
    assert winners_curse(region(60.0), seed=1) == 0
