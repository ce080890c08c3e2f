"""The dirt in the delivered frames is the dirt that the truth counts."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from kapkit.sample import Company, simulate


@pytest.fixture(scope="module")
def counts(company: Company) -> pd.Series:
    return company.truth.dirt_counts


def test_counts_as_documented(counts: pd.Series) -> None:
    planted = {
        "script in name": 1,
        "formula in name": 1,
        "path in name": 1,
        "account without region": 2,
        "account in two regions": 1,
        "region called NA": 30,
        "tiny region": 12,
        "Chinese name": 9,
        "accented name": 85,
        "sale without account": 10,
        "unknown account": 8,
        "exact duplicate": 14,
    }
    assert counts.loc[list(planted)].to_dict() == planted


def test_accounts(company: Company, counts: pd.Series) -> None:
    accounts = company.accounts
    assert accounts["region"].isna().sum() == counts["account without region"]
    assert accounts["account_id"].duplicated().sum() == counts["account in two regions"]
    assert accounts["region"].eq("NA").sum() == counts["region called NA"]
    assert accounts["region"].eq("Islands").sum() == counts["tiny region"]
    letters = accounts["name"].map(lambda name: {*name} - {*map(chr, range(128))})
    chinese = accounts["name"].str.contains("有限公司")
    assert chinese.sum() == counts["Chinese name"]
    assert letters[~chinese].map(bool).sum() == counts["accented name"]
    assert accounts["name"].str.contains("<script>alert(1)</script>", regex=False).sum() == 1
    assert accounts["name"].str.startswith("=HYPERLINK(").sum() == 1
    assert accounts["name"].str.contains("../../", regex=False).sum() == 1


def test_hostile_names_belong_to_accounts_that_buy(company: Company) -> None:
    hostile = company.truth.dirt.query("kind.str.endswith('in name')")
    assert hostile["account_id"].isin(company.sales["account_id"]).all()


def test_lines_without_a_known_account(company: Company, counts: pd.Series) -> None:
    account = company.sales["account_id"]
    assert account.isna().sum() == counts["sale without account"]
    known = account.isna() | account.isin(company.accounts["account_id"])
    assert (~known).sum() == counts["unknown account"]


def test_only_planted_lines_stand_twice(company: Company, counts: pd.Series) -> None:
    rows = company.sales.reset_index(level="delivery")
    assert rows.duplicated().sum() == counts["exact duplicate"]
    once = rows.drop_duplicates().drop(columns="delivery")
    assert once.duplicated().sum() == counts["overlapping delivery"]
    key = ["order_id", "product_id"]
    assert not once.drop_duplicates().duplicated(key).any()


def test_deliveries_overlap_line_for_line(company: Company) -> None:
    first = company.sales.xs("sales_2024").query("date >= '2025-01-01'")
    second = company.sales.xs("sales_2025").query("date < '2025-01-06'")
    assert len(first) > 20
    pd.testing.assert_frame_equal(first.reset_index(drop=True), second.reset_index(drop=True))


def test_rows_hard_by_nature(company: Company, counts: pd.Series) -> None:
    sales = company.sales
    lost = company.accounts.loc[company.accounts["region"].isna(), "account_id"]
    assert sales["account_id"].isin(lost).sum() == counts["sale of an account without region"] > 0
    assert sales["kind"].eq("credit").sum() == counts["credit note"] > 0
    assert sales["revenue"].lt(0).sum() == counts["credit note"]
    assert sales["cost"].isna().sum() == counts["line without cost"]
    assert 0.005 < counts["line without cost"] / len(sales) < 0.015
    assert sales["date"].gt(pd.Timestamp(company.as_of)).sum() == counts["dated after as_of"] > 0


def test_each_dirty_row_is_where_the_truth_says(company: Company) -> None:
    dirt = company.truth.dirt
    sold = dirt[dirt["file"].str.startswith("sales_")]
    found = company.sales.loc[pd.MultiIndex.from_frame(sold[["file", "row"]])]
    pd.testing.assert_series_equal(
        found["revenue"].reset_index(drop=True), sold["revenue"].reset_index(drop=True)
    )
    for table in ("accounts", "activities", "complaints"):
        rows = dirt[dirt["file"] == table]
        named = company.tables[table]["account_id"].iloc[rows["row"]]
        assert named.tolist() == rows["account_id"].tolist()


def test_contacts_and_complaints(company: Company, counts: pd.Series) -> None:
    activities, complaints = company.tables["activities"], company.tables["complaints"]
    assert activities.duplicated().sum() == counts["repeated activity"] > 0
    assert activities["activity_id"].duplicated().sum() == counts["repeated activity"]
    late = activities["date"].gt(pd.Timestamp(company.as_of)).sum()
    assert late == counts["activity dated after as_of"] > 0
    stray = ~complaints["account_id"].isin(company.accounts["account_id"])
    assert stray.sum() == counts["complaint of an unknown account"] > 0


def test_without_dirt_there_is_none() -> None:
    clean = simulate(dirt=False)
    assert clean.truth.dirt.empty
    assert clean.accounts["account_id"].is_unique
    assert not clean.accounts["name"].str.contains("<script>|HYPERLINK", regex=True).any()
    assert clean.accounts["region"].notna().all()
    assert clean.sales["account_id"].isin(clean.accounts["account_id"]).all()
    assert not clean.sales.reset_index().drop(columns="row").duplicated().any()
    assert clean.sales["cost"].notna().all()
    assert clean.sales["date"].max() <= pd.Timestamp(clean.as_of)
    assert clean.sales["kind"].eq("sale").all()
    assert not (clean.tables["service_costs"]["driver"] == "return").any()
    size = clean.accounts["region"].value_counts()
    assert size.to_dict() == {"North": 162, "South": 90, "East": 45, "West": 30}
    assert clean.accounts["name"].map(str.isascii).all()
    assert clean.tables["staff"]["owner"].map(str.isascii).all()


def test_named_regions_stay_without_dirt() -> None:
    clean = simulate(regions={"NA": 6, "Øst": 40}, dirt=False)
    assert clean.accounts["region"].value_counts().to_dict() == {"Øst": 40, "NA": 6}
    assert clean.accounts["name"].map(str.isascii).all()


def test_dirt_leaves_what_happened_as_it_is() -> None:
    """The same accounts with the same latent traits, whether or not their export is dirty."""
    regions = {"NA": 20, "North": 60}
    dirty = simulate(regions=regions, seed=3).truth.accounts
    clean = simulate(regions=regions, seed=3, dirt=False).truth.accounts
    assert_frame_equal(
        dirty[["purchase_rate", "elasticity"]], clean[["purchase_rate", "elasticity"]]
    )
