"""Do contacts keep accounts: told where it is so, not where it is not, nor from too few."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special

from kapkit.book.region import Region
from kapkit.models.company_retention import company_retention, retention_frames, retention_of
from kapkit.models.retention import SILENCES_NEEDED, retention
from kapkit.models.silences import HISTORY, silences
from kapkit.sample import Settings, simulate
from tests.regions import DAY, bought, company

END = pd.Timestamp(DAY)


def monthly(key: str, last: str, months: int = 30) -> list[tuple]:
    days = pd.date_range(end=pd.Timestamp(last), periods=months, freq="30D")
    return [(key, day, 10.0, 5.0) for day in days]


def met(*rows: tuple) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["account_id", "date", "kind", "inbound"])
    return made.assign(date=pd.to_datetime(made["date"]))


FIRST_CONTACT = ("stays", "2022-01-03", "visit", "no")
PURCHASES = bought(
    *monthly("stays", "2026-06-29"),
    *monthly("gone", "2025-09-30"),
    *monthly("late", "2026-03-01"),
    ("rare", pd.Timestamp("2025-01-10"), 10.0, 5.0),
)


def test_a_quarter_knows_what_came_before_its_last_order_and_whether_silence_followed() -> None:
    contacts = met(
        FIRST_CONTACT,
        ("gone", "2025-09-29", "visit", "no"),
        ("gone", "2025-09-30", "call", "no"),
        ("gone", "2025-08-30", "email", "no"),
        ("gone", "2025-08-30", "call", "yes"),
        ("gone", "2025-10-02", "visit", "no"),
        ("gone", "2025-03-01", "visit", "no"),
    )
    rows = silences(PURCHASES, contacts, as_of=DAY).set_index(["account_id", "quarter"])
    last = rows.loc["gone"].iloc[0]
    assert last["silent"] == 1
    assert np.expm1(last["contacts"]) == pytest.approx(2)
    assert np.expm1(last["before"]) == pytest.approx(1)
    assert np.exp(last["orders"]) == pytest.approx(13)
    assert np.exp(last["lately"]) == pytest.approx(4)
    assert (rows.loc["gone", "silent"].iloc[1:] == 0).all()
    # A silence of four months is no verdict yet; once a year is no rhythm to tell one from.
    assert np.isnan(rows.loc[("late", 1), "silent"])
    assert "rare" not in rows.index.get_level_values("account_id")


def test_what_comes_after_as_of_and_the_order_of_rows_change_nothing() -> None:
    contacts = met(FIRST_CONTACT, ("gone", "2025-09-29", "visit", "no"))
    asked = dt.date(2025, 12, 31)
    whole = silences(PURCHASES, contacts, as_of=asked)
    known = PURCHASES[PURCHASES["date"] <= pd.Timestamp(asked)]
    late = met(FIRST_CONTACT, ("gone", "2025-09-29", "visit", "no"), ("gone", DAY, "visit", "no"))
    pd.testing.assert_frame_equal(silences(known[::-1], late, as_of=asked), whole)


def drawn(effect: float, count: int, seed: int = 1) -> pd.DataFrame:
    """Draw account-quarters whose log odds of silence fall with contacts, and with history."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(rng.normal(0, 1, (count, len(HISTORY))), columns=HISTORY)
    rows["contacts"] = np.log1p(rng.poisson(np.exp(1 + 0.3 * rows["before"])))
    odds = -2.5 - effect * rows["contacts"] - 0.6 * rows["before"]
    rows["silent"] = (rng.random(count) < special.expit(odds)).astype(float)
    return rows.assign(account_id=[f"{n // 4}" for n in range(count)], quarter=range(count))


def test_an_effect_is_found_beside_history_and_drawn_to_none() -> None:
    found = retention(drawn(0.8, 20_000))
    table = found.table
    assert table.loc["with history", "effect"] == pytest.approx(0.8, abs=0.15)
    assert table.loc["alone", "effect"] > table.loc["with history", "effect"] + 0.05
    assert 0 < table.loc["used", "effect"] < table.loc["with history", "effect"]
    assert found.saved == pytest.approx(1 - 2 ** -table.loc["used", "effect"])
    assert found.sentence.startswith("Twice the contacts avert ")


def test_without_an_effect_nothing_is_saved() -> None:
    shown = [retention(drawn(0.0, 4000, seed)) for seed in range(20)]
    assert np.mean([one.table.loc["used", "effect"] for one in shown]) == pytest.approx(0, abs=0.05)
    assert sum(one.saved > 0 for one in shown) <= 3
    none = next(one for one in shown if one.saved == 0)
    assert none.sentence.startswith("The data do not show that contacts keep accounts: ")


def test_few_silences_are_not_enough_to_tell() -> None:
    rows = drawn(0.8, 20_000)
    silent = rows["silent"].eq(1)
    few = pd.concat([rows[silent].head(SILENCES_NEEDED - 1), rows[~silent]])
    found = retention(few)
    assert (found.saved, len(found.going)) == (0.0, 0)
    assert "not enough data to tell. 29 of " in found.sentence
    assert found.table.loc["used", "effect"] == 0
    assert found.table["silences"].isna().all()


def whole() -> Region:
    """Make a company in which every second account leaves, those that nobody visits."""
    rows, contacts = [], []
    for number in range(90):
        key = f"{number:02}"
        kept = number % 3 != 0
        rows += monthly(key, "2026-06-29" if kept else f"2025-0{1 + number % 9}-15", 40)
        days = pd.date_range(end=END, periods=60, freq="30D")
        contacts += [(key, day, "visit", "no") for day in days[:: 1 if number % 2 else 3]]
    names = {f"{n:02}": (f"A {n}", "North" if n < 80 else "South") for n in range(90)}
    return replace(company(names, bought(*rows)), tables={"activities": met(*contacts)})


def test_what_a_run_stores_is_what_a_region_reads() -> None:
    made = whole()
    found = company_retention(made)
    assert found.table.loc["used", "silences"] == 30
    south = replace(made, name="South", accounts=made.accounts[made.accounts["region"] == "South"])
    now = retention_of(replace(south, whole=lambda: made))
    pooled = retention_frames(found, made.accounts)
    stored = {
        name: frame[frame["region"].isna() | frame["region"].eq("South")]
        for name, frame in pooled.items()
    }
    read = retention_of(replace(south, pooled=stored))
    assert read.sentence == now.sentence == found.sentence
    assert list(read.going.index) == list(south.accounts.index)
    pd.testing.assert_series_equal(read.going, now.going)
    pd.testing.assert_frame_equal(read.table, found.table)
    assert read.going.notna().tolist() == [int(key) % 3 > 0 for key in south.accounts.index]
    assert company_retention(replace(made, tables={})).saved == 0


def of_company(effect: float) -> pd.DataFrame:
    settings = Settings(leave_contacts=effect, logging=1.0, batching=0.0)
    made = simulate(accounts=3000, seed=5, dirt=False, settings=settings)
    sold = made.sales[made.sales["revenue"] > 0].reset_index(drop=True)
    purchases = sold.groupby(["account_id", "date"], as_index=False).agg(
        orders=("revenue", "size"), revenue=("revenue", "sum")
    )
    return silences(purchases, made.tables["activities"], as_of=made.as_of)


@pytest.mark.slow
def test_the_simulated_company_gives_its_truth() -> None:
    nothing, much = retention(of_company(0.0)), retention(of_company(1.5))
    assert nothing.saved == 0
    assert nothing.table.loc["used", "effect"] == pytest.approx(0, abs=0.15)
    # 8 % leave a year at satisfaction 0; the unhappy are more than that.
    assert nothing.going.mean() == pytest.approx(0.095, abs=0.02)
    assert much.saved > 0.1
    assert much.table.loc["with history", "effect"] > 3 * much.table.loc["with history", "error"]
