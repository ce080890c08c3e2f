import datetime as dt

import holidays
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapkit.book.errors import DataError
from kapkit.cultivation.board import FULL_DAY, TOLERANCE
from kapkit.cultivation.schedule import Schedule, schedule
from kapkit.cultivation.wanted import LEAST_DAYS
from kapkit.cultivation.workdays import minutes_per_day, working_days

FIRST, LAST = dt.date(2026, 11, 24), dt.date(2027, 5, 24)
KINDS = ["visit", "call"]


def plan(
    a_year: dict[str, list[float]],
    *,
    owners: list[str] | None = None,
    hours: float = 80.0,
    first: dt.date = FIRST,
    last: dt.date = LAST,
    places: list[str] | None = None,
    **options: object,
) -> Schedule:
    """Date contacts a year (account: visits, calls) of two hours and a quarter of an hour."""
    planned = pd.DataFrame(a_year, KINDS).T.rename_axis("account_id")
    who = owners or ["Ada"] * len(planned)
    accounts = pd.DataFrame({"owner": who}, planned.index)
    if places:
        accounts["place"] = places
    takes = pd.DataFrame({"visit": 2.0, "call": 0.25}, planned.index)
    staff = pd.DataFrame({"owner": sorted(set(who)), "hours_per_month": hours})
    about = {"country": "DE", "subdivision": "BY", "seed": 1} | options
    return schedule(planned, accounts, takes, staff, first=first, last=last, **about)


counts = st.integers(0, 40)
regions = st.dictionaries(
    st.sampled_from([f"A{number}" for number in range(8)]),
    st.tuples(counts, counts).map(list),
    min_size=1,
)
spans = st.tuples(st.integers(0, 150), st.integers(0, 30), st.sampled_from(["Ada", "Ben", None]))


@st.composite
def worlds(draw: st.DrawFn) -> dict:
    a_year = draw(regions)
    owners = draw(
        st.lists(st.sampled_from(["Ada", "Ben"]), min_size=len(a_year), max_size=len(a_year))
    )
    away = draw(st.lists(spans, max_size=3))
    blackout = pd.DataFrame(
        [
            (FIRST + dt.timedelta(start), FIRST + dt.timedelta(start + length), owner)
            for start, length, owner in away
        ],
        columns=["first", "last", "owner"],
    ).astype({"first": "datetime64[ns]", "last": "datetime64[ns]", "owner": "str"})
    return {
        "a_year": a_year,
        "owners": owners,
        "hours": draw(st.floats(0, 60)),
        "country": draw(st.sampled_from(["DE", "US", "CN", "AE"])),
        "subdivision": None,
        "blackout": blackout if away else None,
        "seed": draw(st.integers(0, 5)),
    }


@settings(derandomize=True, deadline=None, max_examples=20)
@given(worlds())
@pytest.mark.slow
def test_hours_holidays_blackouts_and_cadence(world: dict) -> None:
    found = plan(**world)
    country = holidays.country_holidays(world["country"])
    actions = found.actions
    assert all(country.is_working_day(day.date()) for day in actions["due"])
    assert actions["due"].between(pd.Timestamp(FIRST), pd.Timestamp(LAST)).all()
    assert actions["action_id"].is_unique
    staff = pd.DataFrame({"owner": ["Ada", "Ben"], "hours_per_month": world["hours"]})
    daily = minutes_per_day(staff, FIRST, country=world["country"])
    used = actions.groupby(["owner", "due"])["minutes"].sum()
    assert (used <= max(FULL_DAY, daily.max()) + 1e-9).all()
    worked = pd.Series(pd.DatetimeIndex(working_days(FIRST, LAST, country=world["country"])))
    a_week = worked.groupby([worked.dt.to_period("M"), worked.dt.to_period("W")]).size()
    due = actions["due"].dt
    used = actions.groupby(["owner", due.to_period("M"), due.to_period("W")])["minutes"].sum()
    able = a_week.reindex(used.index.droplevel(0)).to_numpy()
    able = able * daily.reindex(used.index.get_level_values(0)).to_numpy()
    assert (used <= able + 1e-9).all()
    assert (found.load["hours"] <= found.load["hours_available"] + 1e-9).all()
    if world["blackout"] is not None:
        for span in world["blackout"].itertuples():
            inside = actions["due"].between(span.first, span.last)
            assert not (inside & (pd.isna(span.owner) | actions["owner"].eq(span.owner))).any()
    cadence_is_met_or_named(world["a_year"], found)


def cadence_is_met_or_named(a_year: dict[str, list[float]], found: Schedule) -> None:
    named = {(row.account_id, row.kind): row.missing for row in found.shortfall.itertuples()}
    dated = found.actions.groupby(["account_id", "kind"])["due"].agg(list)
    span = (LAST - FIRST).days
    for account, pair in a_year.items():
        for kind, count in zip(KINDS, pair, strict=True):
            if not count:
                continue
            days = sorted(dated.get((account, kind), []))
            due = len(days) + named.get((account, kind), 0)
            assert due in {int(span * count / 365), int(span * count / 365) + 1}
            if (account, kind) not in named and days:
                reach = max(LEAST_DAYS, TOLERANCE * 365 / count)
                gaps = np.diff([pd.Timestamp(FIRST), *days, pd.Timestamp(LAST)]).astype("m8[D]")
                assert gaps.max().astype(int) <= 365 / count + 2 * reach + 1


@settings(derandomize=True, deadline=None, max_examples=8)
@given(worlds())
@pytest.mark.slow
def test_the_same_seed_gives_the_same_plan_and_replanning_moves_nothing(world: dict) -> None:
    one, again = plan(**world), plan(**world)
    pd.testing.assert_frame_equal(one.actions, again.actions)
    later = plan(**world, previous=one.actions)
    kept = one.actions.merge(later.actions, on=["action_id", "due", "owner"])
    assert len(kept) == len(one.actions)
    assert later.moved == 0


def test_replanning_ten_days_later_keeps_the_days() -> None:
    a_year = {f"A{number}": [6.0, 12] for number in range(10)}
    one = plan(a_year)
    first = FIRST + dt.timedelta(10)
    ahead = one.actions[one.actions["due"] >= pd.Timestamp(first)]
    later = plan(a_year, first=first, previous=ahead)
    assert later.moved == 0
    assert set(ahead["action_id"]) <= set(later.actions["action_id"])


def test_what_was_agreed_or_done_stays() -> None:
    a_year = {"A": [12.0, 0]}
    one = plan(a_year).actions
    changed = one.assign(done=pd.Series(pd.NaT, one.index))
    changed.loc[0, ["status", "done"]] = ["done", pd.Timestamp("2026-11-25")]
    changed.loc[2, ["status", "due"]] = ["agreed", pd.Timestamp("2027-02-06")]  # a Saturday
    later = plan(a_year, previous=changed, first=dt.date(2026, 12, 7)).actions
    by_key = later.set_index("action_id")
    assert by_key.loc[changed.loc[0, "action_id"], "status"] == "done"
    agreed = by_key.loc[changed.loc[2, "action_id"]]
    assert (agreed["due"], agreed["status"]) == (pd.Timestamp("2027-02-06"), "agreed")
    assert len(later) == len(one)


def test_an_overdue_action_comes_first_under_its_own_key() -> None:
    one = plan({"A": [4.0, 0]}).actions
    late = one.assign(due=one["due"].where(one.index > 0, pd.Timestamp("2026-11-02")))
    contacts = pd.DataFrame(
        {"account_id": ["A"], "kind": ["visit"], "date": [pd.Timestamp("2026-08-03")]}
    )
    later = plan({"A": [4.0, 0]}, previous=late, activities=contacts).actions
    assert later.loc[0, "action_id"] == one.loc[0, "action_id"]
    assert later.loc[0, "due"] <= pd.Timestamp(FIRST) + pd.Timedelta(days=23)


def test_the_next_contact_falls_due_an_interval_after_the_last() -> None:
    contacts = pd.DataFrame(
        {
            "account_id": ["A", "A", "A"],
            "kind": ["visit"] * 3,
            "date": pd.to_datetime(["2026-08-01", "2026-11-02", "2026-11-20"]),
            "inbound": ["no", "no", "yes"],
        }
    )
    due = plan({"A": [4.0, 0]}, activities=contacts).actions["due"]
    assert abs((due[0] - pd.Timestamp("2026-11-02")).days - 91) <= 23


def test_neighbours_are_visited_on_the_same_day() -> None:
    a_year = {f"A{number}": [6.0, 0] for number in range(12)}
    towns = ["Ulm", "Bonn", "Kiel"] * 4
    apart, together = plan(a_year, hours=160.0), plan(a_year, hours=160.0, places=towns)
    town = dict(zip(a_year, towns, strict=True))
    days = [
        len({(town[row.account_id], row.due) for row in found.actions.itertuples()})
        for found in (apart, together)
    ]
    assert days[1] < 0.8 * days[0]


def test_an_account_may_be_closed() -> None:
    closed = pd.DataFrame(
        {"first": [pd.Timestamp(FIRST)], "last": [pd.Timestamp(LAST)], "account_id": ["A"]}
    )
    found = plan({"A": [4.0, 0], "B": [4.0, 0]}, blackout=closed)
    assert set(found.actions["account_id"]) == {"B"}
    assert found.shortfall[["account_id", "reason"]].to_numpy().tolist() == [
        ["A", "no working day around the day"]
    ]


def test_key_accounts_choose_first_and_the_others_are_named() -> None:
    planned = pd.DataFrame({"visit": 26.0, "call": 0.0}, ["a", "b", "c"])
    accounts = pd.DataFrame({"owner": "Ada", "class": ["C", "A", "B"]}, planned.index)
    takes = pd.DataFrame({"visit": 4.0, "call": 0.25}, planned.index)
    staff = pd.DataFrame({"owner": ["Ada"], "hours_per_month": [85.0]})
    blackout = pd.DataFrame(
        {
            "first": pd.date_range(FIRST, LAST, freq="7D"),
            "last": pd.date_range(FIRST, LAST, freq="7D") + pd.Timedelta(days=4),
        }
    )
    found = schedule(
        planned,
        accounts,
        takes,
        staff,
        first=FIRST,
        last=LAST,
        country="DE",
        seed=1,
        blackout=blackout,
    )
    dated = found.actions["account_id"].value_counts()
    assert dated["b"] > dated.get("c", 0) >= dated.get("a", 0)
    assert "found none, most often because of" in found.sentence


def test_an_owner_without_hours_is_named() -> None:
    found = plan({"A": [4.0, 0]}, owners=["Ada"], hours=0.0)
    assert found.actions.empty
    assert found.shortfall["reason"].tolist() == ["no working day around the day"]


def test_an_account_without_an_owner_is_named() -> None:
    planned = pd.DataFrame({"visit": [4.0, 4.0]}, ["a", "b"])
    accounts = pd.DataFrame({"owner": ["Ada", None]}, planned.index)
    staff = pd.DataFrame({"owner": ["Ada"], "hours_per_month": [80.0]})
    found = schedule(
        planned, accounts, planned * 0.5, staff, first=FIRST, last=LAST, country="DE", seed=1
    )
    assert set(found.actions["account_id"]) == {"a"}
    assert found.shortfall[["account_id", "reason"]].to_numpy().tolist() == [
        ["b", "no owner with hours"]
    ]


def test_an_agreed_action_of_another_kind_stays() -> None:
    agreed = pd.DataFrame(
        {
            "action_id": ["KP-x"],
            "account_id": ["A"],
            "kind": ["other"],
            "due": [pd.Timestamp("2026-12-01")],
            "status": ["agreed"],
        }
    )
    found = plan({"A": [4.0, 0]}, previous=agreed)
    assert "KP-x" in set(found.actions["action_id"])
    assert (found.load["hours"] <= found.load["hours_available"]).all()


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(DataError, match="country: no holidays are known for Atlantis; use the ISO"):
        plan({"A": [4.0, 0]}, country="Atlantis", subdivision=None)


def test_special_working_days_of_a_country_count() -> None:
    days = working_days(dt.date(2026, 2, 14), dt.date(2026, 2, 14), country="CN")
    assert len(days) == int(holidays.country_holidays("CN").is_working_day(dt.date(2026, 2, 14)))
    weekend = working_days(dt.date(2026, 1, 2), dt.date(2026, 1, 4), country="AE")
    assert len(weekend) == 1


def test_a_contact_longer_than_an_even_share_of_the_day_finds_a_day() -> None:
    found = plan({"A": [12.0, 0]}, hours=20.0)  # less than an hour a day, visits take two
    assert found.shortfall.empty
    assert len(found.actions) == 6


def test_without_a_country_only_weekends_are_kept() -> None:
    days = working_days(dt.date(2026, 12, 24), dt.date(2026, 12, 28), country=None)
    assert days.astype(str).tolist() == ["2026-12-24", "2026-12-25", "2026-12-28"]


def test_what_was_done_is_not_ahead_and_what_was_skipped_is_gone() -> None:
    one = plan({"A": [12.0, 0]}).actions
    changed = one.assign(done=pd.Series(pd.NaT, one.index))
    changed.loc[0, ["status", "done"]] = ["done late", pd.Timestamp("2026-11-30")]
    changed.loc[1, "status"] = "skipped"
    found = plan({"A": [12.0, 0]}, previous=changed, first=dt.date(2026, 12, 7))
    assert changed.loc[0, "action_id"] not in set(found.ahead["action_id"])
    assert changed.loc[1, "action_id"] not in set(found.ahead["action_id"])
    assert set(found.ahead["status"]) == {"planned"}
    assert found.sentence.startswith(f"{len(found.ahead)} actions dated")
