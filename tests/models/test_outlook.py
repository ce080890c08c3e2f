"""The outlook: fitted once over the company, the same for every region."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kapkit.batch.prepare import prepare
from kapkit.book.book import open_book, read_book
from kapkit.book.region import Region
from kapkit.models.outlook import Outlook, firmographics, outlook, outlook_of
from kapkit.models.panels import panels
from kapkit.models.value_axis import value_axis
from kapkit.models.value_interval import value_interval
from tests.conftest import SAMPLE
from tests.models.test_value_axis import START, buyers
from tests.regions import DAY, bought, company

pytestmark = pytest.mark.slow


def whole(purchases: pd.DataFrame) -> Region:
    """Eighty accounts in a large and a small region."""
    keys = sorted(purchases["account_id"].unique())
    of = {key: (key, "Small" if at % 10 == 0 else "Large") for at, key in enumerate(keys)}
    return company({**of, "never": ("Never", "Small")}, purchases, first_day=START)


@pytest.fixture(scope="module")
def here() -> Region:
    filled = buyers().assign(lines=1.0, quantity=np.nan, credits=0.0, costed_lines=1.0)
    return whole(filled)


@pytest.fixture(scope="module")
def found(here: Region) -> Outlook:
    return outlook_of(here)


def test_the_chosen_value_is_one_of_the_candidates(found: Outlook) -> None:
    table = found.accounts
    assert table["value"].equals(table[found.chosen].rename("value"))
    assert (table["low"] <= table["high"]).sum() == 80
    assert table.loc["never", ["low", "high", "buys"]].isna().all()
    assert table.loc["never", "value"] == 0
    assert table["buys"].dropna().between(0, 1).all()


def test_shares_nest_and_are_ranks_within_the_region(here: Region, found: Outlook) -> None:
    within = found.within
    assert (within.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert (within.loc["never"] == 0).all()
    small = here.accounts["region"] == "Small"
    # Of ten accounts two belong to the top fifth, wherever the region stands in the company.
    assert within.loc[small, 0.2].sum() == pytest.approx(0.2 * small.sum(), abs=1.0)


def test_a_region_gets_its_rows_of_what_the_company_learned(here: Region, found: Outlook) -> None:
    parts = {part.name: outlook_of(part) for part in here.parts()}
    for name, part in parts.items():
        keys = here.accounts.index[here.accounts["region"] == name]
        pd.testing.assert_frame_equal(part.accounts, found.accounts.reindex(keys))
        assert part.said == found.said
        assert part.chosen == found.chosen
    assert parts["Large"].ways("value", "Large")["capture_20"].notna().all()
    assert parts["Small"].ways("value", "Small")["capture_20"].isna().all()
    pd.testing.assert_frame_equal(parts["Small"].ways("value"), found.ways("value"))


def test_the_gain_on_the_plain_ranking_has_an_interval(found: Outlook) -> None:
    ways = found.ways("value", "Large")
    row = ways.loc[found.chosen]
    if found.chosen != "plain":
        gain = row["capture_20"] - ways.loc["plain", "capture_20"]
        assert row["gain"] == pytest.approx(gain)
        assert row["gain_low"] <= row["gain_high"]


def test_rows_after_the_day_change_nothing(here: Region, found: Outlook) -> None:
    later = here.purchases.tail(200).assign(
        date=pd.Timestamp(DAY) + pd.Timedelta(days=3), revenue=1e6
    )
    again = outlook(replace(here, purchases=pd.concat([here.purchases, later])))
    pd.testing.assert_frame_equal(again.accounts, found.accounts)
    pd.testing.assert_frame_equal(again.judged, found.judged)


def test_order_of_rows_changes_nothing(here: Region, found: Outlook) -> None:
    shuffled = here.purchases.sample(frac=1, random_state=3)
    again = outlook(replace(here, purchases=shuffled))
    pd.testing.assert_frame_equal(again.accounts, found.accounts, rtol=1e-4)


@pytest.mark.parametrize(
    "purchases",
    [
        bought(),
        bought(("a", DAY, 9.0, 4.0)),
        bought(("a", DAY, -9.0, -4.0)),
        bought(("a", DAY - dt.timedelta(days=500), 9.0, None)),
    ],
    ids=["nothing", "one order", "a credit", "long ago"],
)
def test_too_few_data_are_said_and_history_stands(purchases: pd.DataFrame) -> None:
    here = company({"a": ("Alpha", "North"), "b": ("Beta", "South")}, purchases)
    found = outlook(here)
    assert found.chosen == "half-life"
    assert found.accounts["value"].notna().all()
    assert found.accounts["buys"].isna().all()
    for question in ("value", "class", "buying", "interval"):
        assert found.said[question].startswith("Not enough data to tell"), question


def test_a_company_without_accounts() -> None:
    found = outlook(company({}, bought(), first_day=None))
    assert found.accounts.empty
    assert found.chosen == "half-life"


def test_firmographics_say_what_an_account_is_not_what_it_bought() -> None:
    accounts = pd.DataFrame(
        {
            "name": "N",
            "region": "R",
            "industry": ["Marine"] * 12 + ["Rare"],
            "channel": "direct",
            "owner": "O",
            "employees": np.arange(13.0),
            "annual_revenue": np.nan,
            "since": pd.Timestamp(DAY),
            "stated_potential": np.arange(13.0),
            "stars": [str(at // 10) for at in range(13)],
        }
    )
    found = firmographics(accounts)
    assert found.columns.tolist() == ["industry", "employees", "stars"]
    assert found["industry"].tolist() == ["Marine"] * 12 + ["other"]
    assert found["stars"].unique().tolist() == ["0", "other"]


def test_an_interval_holds_what_a_half_year_brings() -> None:
    """Accounts of lasting rates: set at past origins, it holds those that follow."""
    purchases = buyers(300, seed=5)
    origin = DAY - dt.timedelta(weeks=26)
    known = {"first_day": START, "measure": "revenue"}
    past = purchases[purchases["date"] <= pd.Timestamp(origin)]
    accounts = pd.Index(past["account_id"].unique())
    axis = value_axis(past, accounts, as_of=origin, **known)
    found = value_interval(axis, past, as_of=origin, **known)
    after = purchases[purchases["date"] > pd.Timestamp(origin)]
    came = after.groupby("account_id")["revenue"].sum().reindex(accounts, fill_value=0.0)
    yearly = came * 365.25 / 7 / 26
    inside = (yearly >= found.table["low"]) & (yearly <= found.table["high"])
    assert 0.74 <= inside.mean() <= 0.87
    assert 0.74 <= found.covered <= 0.87


def test_a_run_stores_what_the_source_would_say(prepared_sample: Path) -> None:
    source, stored = open_book(SAMPLE), open_book(prepared_sample)
    for name in (None, "Islands", "NA"):
        one, other = (book.region(name) if name else book.company() for book in (source, stored))
        assert not one.pooled
        assert {"outlook", "outlook_judged", "outlook_said"} <= set(other.pooled)
        said, kept = outlook_of(one), outlook_of(other)
        pd.testing.assert_frame_equal(said.accounts, kept.accounts)
        assert said.said == kept.said
        assert said.chosen == kept.chosen
        for question in ("value", "class", "buying"):
            tables = [o.ways(question, name).sort_values("way") for o in (said, kept)]
            pd.testing.assert_frame_equal(*tables, check_like=True)


def test_a_prepared_region_knows_its_company(prepared_sample: Path) -> None:
    here = open_book(prepared_sample).region("Islands")
    assert len(here.accounts) == 12
    assert here.company.name is None
    assert len(here.company.accounts) == here.book.accounts


def test_a_company_too_large_learns_in_groups_of_regions(tmp_path: Path) -> None:
    snapshot = read_book(SAMPLE).at(None)
    most = int(snapshot.rows.sum()) // 2
    prepare(snapshot, tmp_path / "prepared", most_rows=most)
    stored = open_book(tmp_path / "prepared")
    for names in panels(snapshot.rows, most=most):
        part = snapshot.part(names)
        alone = outlook(part)
        for name in names:
            here = outlook_of(stored.region(name))
            keys = part.accounts.index[part.accounts["region"] == name]
            pd.testing.assert_frame_equal(here.accounts, alone.accounts.loc[keys])
            assert here.chosen == alone.chosen
            pd.testing.assert_frame_equal(here.ways("value"), alone.ways("value"))
            learned = here.said.pop("learned")
            assert learned.startswith(f"Learned from the {len(part.accounts)} accounts of")
            assert here.said == alone.said
    whole = outlook_of(stored.company())
    assert len(whole.accounts) == snapshot.facts.accounts
    assert whole.accounts["value"].notna().all()
    assert whole.ways("value").index.is_unique
