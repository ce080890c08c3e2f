"""One elasticity for all regions: estimated over the company, stored and read by regions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.models.company_response import company_elasticity, elasticity_frames, elasticity_of
from kapkit.models.response import PRIOR, Elasticity
from tests.regions import DAY, bought, company

COUNT, MONTHS = 40, 14


@pytest.fixture(scope="module")
def whole() -> Region:
    """Make accounts of two regions whose sales rise with the .5th power of contacts."""
    rng = np.random.default_rng(3)
    ends = pd.date_range(end=DAY, periods=MONTHS, freq="ME")
    sold, met = [], []
    for number in range(COUNT):
        size = np.exp(rng.normal(5, 0.5))
        for end in ends:
            contacts = int(rng.integers(1, 6))
            met += [(f"{number:02}", end, "visit")] * contacts
            spent = size * contacts**0.5 * np.exp(rng.normal(0, 0.1))
            sold.append((f"{number:02}", end, spent, spent / 2))
    listed = {f"{n:02}": (f"A {n}", "North" if n < COUNT - 4 else "South") for n in range(COUNT)}
    made = company(listed, bought(*sold))
    activities = pd.DataFrame(met, columns=["account_id", "date", "kind"])
    return replace(made, tables={"activities": activities})


@pytest.fixture(scope="module")
def found(whole: Region) -> Elasticity:
    return company_elasticity(whole)


def of(whole: Region, name: str) -> Region:
    here = whole.accounts["region"].eq(name)
    return replace(whole, name=name, accounts=whole.accounts[here], whole=lambda: whole)


def test_a_small_region_plans_with_what_all_accounts_tell(whole: Region, found: Elasticity) -> None:
    small = elasticity_of(of(whole, "South"))
    assert small.value == found.value
    assert small.table.loc["fixed effects", "accounts"] == COUNT
    assert small.table.loc["fixed effects", "elasticity"] == pytest.approx(0.5, abs=0.05)
    alone = replace(of(whole, "South"), whole=None)
    assert elasticity_of(alone).value == PRIOR


def test_what_a_run_stores_is_what_a_region_reads(whole: Region, found: Elasticity) -> None:
    frames = elasticity_frames(found)
    assert all(frame["region"].isna().all() for frame in frames.values())
    read = elasticity_of(replace(of(whole, "South"), pooled=frames, whole=None))
    assert (read.value, read.sd, read.sentence) == (found.value, found.sd, found.sentence)
    pd.testing.assert_frame_equal(read.table, found.table, check_names=False)


def test_a_company_without_contacts_plans_with_what_others_found(whole: Region) -> None:
    bare = company_elasticity(replace(whole, tables={}))
    assert bare.value == PRIOR
    assert "is not enough data to tell" in bare.sentence
