"""Contacts, silence, engagement, effort and logging: by hand, and against the simulated truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.classification.effort_map import effort_map, hours_interval, logging_habits
from kapkit.classification.engagement import (
    engagement_of,
    engagement_score,
    learn_engagement,
    monthly_contacts,
)
from kapkit.classification.key_accounts import key_accounts
from kapkit.models.contacts import contact_features, contact_hours, contact_rhythm
from kapkit.sample import Settings, simulate
from tests.regions import DAY, bought, region

NAMES = {"a": "Alpha", "b": "Beta", "c": "Gamma"}


def made(*rows: tuple) -> pd.DataFrame:
    """Make activities: account, days before the day, kind, inbound, owner, minutes."""
    full = [(*row, *["visit", "no", "O", np.nan][len(row) - 2 :]) for row in rows]
    table = pd.DataFrame(
        full, columns=["account_id", "back", "kind", "inbound", "owner", "minutes"]
    )
    days = pd.Timestamp(DAY) - pd.to_timedelta(table["back"].astype(int), unit="D")
    return table.assign(date=days, minutes=table["minutes"].astype(float)).drop(columns="back")


def here(activities: pd.DataFrame | None, **tables: pd.DataFrame) -> Region:
    purchases = bought(*((key, DAY, 100.0 * at, 10.0) for at, key in enumerate("abc", 1)))
    known = tables if activities is None else {"activities": activities, **tables}
    return replace(region(NAMES, purchases), tables=known)


def test_contacts_are_counted_by_kind_and_direction() -> None:
    found = engagement_of(
        here(
            made(
                ("a", 10, "visit"),
                ("a", 20, "call"),
                ("a", 30, "email", "yes"),
                ("b", 400, "visit"),
                ("a", -3, "visit"),
            )
        )
    )
    assert found.table.loc["a", ["visit", "call", "ours", "theirs"]].tolist() == [1, 1, 2, 1]
    assert found.table.loc["b", ["ours", "theirs", "hours"]].tolist() == [0, 0, 0]
    assert found.table.loc["a", "hours"] == pytest.approx((90 + 20) / 60)
    assert found.table.loc["c", "last_contact"] is pd.NaT
    assert found.sentences[0] == (
        "In twelve months 2 contacts were logged, 2 hours; accounts made 1."
    )
    assert found.sentences[1] == ("2 accounts (67 %) have no logged contact of ours in that time.")


def test_without_activities_nothing_is_told() -> None:
    for activities in (None, made()):
        found = engagement_of(here(activities))
        assert not found.told
        assert not found.table["silent"].any()
        assert found.sentences == ("No activities: contacts, silence and effort cannot be told.",)


def test_silence_is_measured_in_the_accounts_own_gaps() -> None:
    weekly = [("a", 7 * at) for at in range(1, 60)]
    monthly = [("b", 30 * at) for at in range(1, 20)]
    rhythm = contact_rhythm(made(*weekly, *monthly), pd.Index(list("abc")), as_of=DAY)
    usual = (58 * 7 + 2 * 18.5) / 60
    assert rhythm.loc["a", "usual_gap_days"] == pytest.approx(usual)
    assert rhythm.loc["a", "times"] == pytest.approx(7 / usual)
    assert rhythm.loc["c"].isna().all()


def test_one_that_went_silent_is_named_and_the_others_are_not() -> None:
    names = {f"a{at:02}": "Account" for at in range(40)}
    generator = np.random.default_rng(1)
    rows = [(key, int(back)) for key in names for back in generator.integers(0, 700, 50)]
    rows = [row for row in rows if row[0] != "a00" or row[1] > 200]
    whole = replace(
        region(names, bought(*((key, DAY, 9.0, 4.0) for key in names))),
        tables={"activities": made(*rows)},
    )
    found = engagement_of(whole)
    assert found.table.loc["a00", "silent"]
    assert found.table["silent"].sum() <= 5
    assert found.silent_by_chance == pytest.approx(2.0)
    assert "on a usual day 2 would be" in found.sentences[1]


def test_engagement_rises_with_each_of_its_parts() -> None:
    few = [("a", 300), ("b", 300), ("b", 20), ("c", 300), ("c", 20), ("c", 5, "email", "yes")]
    score = engagement_score(made(*few), pd.Index(list("abc")), as_of=DAY)
    assert score.tolist() == [0.0, 50.0, 100.0]


def test_later_contacts_change_nothing() -> None:
    known = made(("a", 10), ("b", 100), ("a", 40, "email", "yes"))
    later = pd.concat([known, made(("a", -5), ("c", -1))])
    for tell in (contact_features, contact_rhythm, engagement_score):
        one, other = (tell(t, pd.Index(list("abc")), as_of=DAY) for t in (known, later))
        assert one.equals(other)
    assert monthly_contacts(known, DAY).equals(monthly_contacts(later, DAY))


def test_hours_are_as_noted_else_as_usual_for_the_kind() -> None:
    rows = made(("a", 1, "visit", "no", "O", 30), ("a", 2, "visit"), ("a", 3, "call"))
    assert contact_hours(rows).tolist() == pytest.approx([0.5, 0.5, 20 / 60])


def test_hours_have_an_interval_of_their_number() -> None:
    rows = [("a", at, "visit", "no", "O", 60) for at in range(1, 17)]
    ends = hours_interval(here(made(*rows)))
    assert ends.loc["a", "hours"] == 16
    # The Poisson interval of 16: the tenth and ninetieth centiles of gamma(16) and gamma(17).
    assert ends.loc["a", "hours_low"] == pytest.approx(11.1353, abs=1e-3)
    assert ends.loc["a", "hours_high"] == pytest.approx(22.4516, abs=1e-3)
    assert ends.loc["b", ["hours", "hours_low"]].tolist() == [0, 0]
    assert ends.loc["b", "hours_high"] == pytest.approx(2.3026, abs=1e-3)


def forty() -> Region:
    """Forty accounts of rising spend that get ten hours each, but the best and the least."""
    names = {f"a{at:02}": f"Name {at}" for at in range(40)}
    sold = bought(*((key, DAY, 100.0 * 1.2**at, 10.0) for at, key in enumerate(names)))
    hours = dict.fromkeys(names, 10) | {"a39": 0, "a00": 40}
    rows = [(k, 1 + s, "visit", "no", "O", 60) for k, h in hours.items() for s in range(h)]
    return replace(region(names, sold), tables={"activities": made(*rows)})


def test_neglected_and_over_served_are_named() -> None:
    whole = forty()
    found = effort_map(whole, key_accounts(whole), engagement_of(whole), logging_habits(whole))
    served = found.table["served"]
    assert served[served != ""].to_dict() == {"a39": "neglected", "a00": "over-served"}
    assert not found.table["doubtful"].any()
    assert found.sentence.startswith("1 account with much potential (")
    assert found.sentence.endswith("1 account with little potential gets more, 40 hours a year.")


def test_an_owner_who_logs_little_makes_neglect_doubtful() -> None:
    whole = forty()
    other = made(
        *[("a39", at, "email", "yes", "Q") for at in range(1, 60)], ("a39", 3, "call", "no", "Q")
    )
    received = made(*[("a10", at, "email", "yes") for at in range(1, 60)])
    table = pd.concat([whole.tables["activities"], other, received], ignore_index=True)
    owned = whole.accounts.assign(owner=np.where(whole.accounts.index == "a39", "Q", "O"))
    whole = replace(whole, tables={"activities": table}, accounts=owned)
    habits = logging_habits(whole)
    assert habits.table["little"].to_dict() == {"O": False, "Q": True}
    assert habits.sentence.startswith("Q logs far fewer contacts for each one received")
    found = effort_map(whole, key_accounts(whole), engagement_of(whole), habits)
    assert found.table.loc["a39", "doubtful"]
    assert found.sentence.endswith(
        "1 of the neglected belongs to an owner who logs little: ask before you act."
    )


def test_one_owner_cannot_be_compared() -> None:
    habits = logging_habits(here(made(("a", 1), ("a", 2, "email", "yes"))))
    assert habits.sentence == "With one owner there is nobody to compare logging with."
    nobody = here(made(("a", 1)).assign(owner=None))
    assert logging_habits(nobody).table.empty


def test_scores_of_a_region_are_the_companys() -> None:
    whole = forty()
    learned = learn_engagement(whole)
    score = learned["engagement"].set_index("account_id")["score"]
    part = replace(whole, pooled=learned)
    assert engagement_of(part).table["score"].equals(score.reindex(part.accounts.index))


@pytest.mark.slow
def test_thin_logging_is_found_in_the_simulated_company() -> None:
    world = simulate(accounts=600, seed=5, dirt=False, settings=Settings(batching=0.0))
    tables = {name: world.tables[name] for name in ("activities", "staff")}
    names = dict.fromkeys(world.tables["accounts"]["account_id"], "N")
    whole = replace(region(names, bought()), tables=tables)
    whole = replace(whole, book=replace(whole.book, as_of=pd.Timestamp(world.as_of).date()))
    habits = logging_habits(whole).table.join(world.truth.owners.set_index("owner")["logging"])
    assert habits["ratio"].corr(habits["logging"], method="spearman") > 0.4
    assert habits.loc[habits["little"], "logging"].mean() < habits["logging"].mean() - 0.1
