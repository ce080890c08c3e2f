"""The simulated company has the properties that its documentation claims."""

import datetime as dt
from functools import cache

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from kapkit.book.errors import DataError
from kapkit.book.schema import TABLES
from kapkit.sample import Company, simulate
from kapkit.sample.goods import CATEGORIES
from kapkit.sample.world import INDUSTRIES, REGIONS

SEEDS = [1, 2, 3]


@cache
def another(seed: int) -> Company:
    return simulate(seed=seed)


def region_of(company: Company) -> pd.Series:
    return company.accounts.drop_duplicates("account_id").set_index("account_id")["region"]


def per_account(company: Company, column: str) -> pd.Series:
    total = company.sales.groupby("account_id")[column].sum()
    return total.reindex(region_of(company).index).fillna(0.0)


def frames(company: Company) -> list[pd.DataFrame]:
    return [*company.tables.values(), *vars(company.truth).values()]


def orders(company: Company) -> pd.DataFrame:
    """One row an order of a known account, with the industry it comes from."""
    sales = company.sales.query("kind == 'sale'").dropna(subset="account_id")
    accounts = company.accounts.drop_duplicates("account_id")[["account_id", "industry"]]
    return sales.drop_duplicates("order_id").merge(accounts, on="account_id")


@pytest.mark.slow
def test_same_seed_same_frames(company: Company) -> None:
    for one, other in zip(frames(company), frames(simulate()), strict=True):
        assert_frame_equal(one, other)


def test_another_seed_is_another_company(company: Company) -> None:
    other = another(1)
    assert not company.accounts["name"].equals(other.accounts["name"])
    assert company.sales["revenue"].sum() != other.sales["revenue"].sum()


def test_regions_have_their_sizes(company: Company) -> None:
    listed = company.accounts["region"].value_counts()
    planned = pd.Series({region.name: region.accounts for region in REGIONS})
    # Two accounts lost their region, both of the North; one is listed in the South as well.
    assert (listed - planned).to_dict() == {
        "North": -2,
        "South": 1,
        "East": 0,
        "NA": 0,
        "Islands": 0,
    }


def test_every_table_is_there_and_canonical(company: Company, small: Company) -> None:
    assert set(company.tables) == set(small.tables) == set(TABLES)
    for name, table in company.tables.items():
        assert len(table) > 0
        assert set(table.columns) <= set(TABLES[name].columns)
    for name, table in small.tables.items():
        TABLES[name].validate(table.reset_index(drop=True))


def test_keys_and_names(company: Company) -> None:
    accounts = company.accounts.drop_duplicates("account_id")
    assert accounts["account_id"].str.fullmatch(r"A-\d{4}").all()
    assert accounts["name"].is_unique
    assert accounts["name"].str.contains("有限公司").sum() == 9
    assert company.products["product_id"].str.fullmatch(r"\d{5}").all()
    assert company.products["product_id"].str.startswith("0").all()
    parents = accounts["parent_id"].dropna()
    assert len(parents) == 15
    assert parents.isin(accounts["account_id"]).all()
    assert not accounts["account_id"].loc[parents.index].isin(parents).any()


def test_sales_cover_three_years_and_two_late_days(company: Company) -> None:
    dates = company.sales["date"]
    assert dates.min() == pd.Timestamp(2023, 7, 3)  # the first Monday: no sale on a weekend
    assert dates.max() == pd.Timestamp(2026, 7, 2)
    assert dates.dt.day_of_week.max() < 5


def test_no_purchase_before_since(company: Company) -> None:
    since = company.accounts.drop_duplicates("account_id").set_index("account_id")["since"]
    first = company.sales.groupby("account_id")["date"].min().reindex(since.index)
    assert not (first < since).any()
    assert since.isna().equals(company.truth.accounts["purchase_rate"].eq(0))


def test_money_is_in_cents(company: Company) -> None:
    money = company.sales[["revenue", "cost"]]
    assert_frame_equal(money, money.round(2))


@pytest.mark.parametrize("seed", SEEDS)
def test_few_accounts_make_most_of_the_revenue(seed: int) -> None:
    revenue = per_account(another(seed), "revenue").sort_values(ascending=False)
    top_fifth = revenue.head(round(len(revenue) / 5)).sum() / revenue.sum()
    assert 0.62 < top_fifth < 0.78


def test_gaps_between_orders_are_regular(company: Company) -> None:
    ordered = orders(company).sort_values(["account_id", "date"])
    gap = ordered.groupby("account_id")["date"].diff().dt.days
    spread = gap.groupby(ordered["account_id"]).agg(["mean", "std", "count"]).query("count >= 15")
    spread["industry"] = ordered.groupby("account_id")["industry"].first()
    cv = (spread["std"] / spread["mean"]).groupby(spread["industry"]).mean()
    # Gaps of a Poisson process have a coefficient of variation of 1, Erlang-k gaps k ** -0.5
    # (and a little more where the season stretches them).
    assert (cv < 0.85).all()
    expected = INDUSTRIES["shape"].to_numpy() ** -0.5
    assert np.abs(cv.loc[INDUSTRIES.index].to_numpy() - expected).max() < 0.25


def test_seasons_show(company: Company) -> None:
    industry = orders(company).query("date < '2026-07-01'")
    building = industry[industry["industry"] == "Construction"]
    by_month = building.groupby(building["date"].dt.month).size()
    assert by_month[[5, 6, 7]].sum() > 1.8 * by_month[[11, 12, 1]].sum()


def test_leavers_stop_and_never_come_back(company: Company) -> None:
    left = company.truth.accounts["leaves"].dropna()
    invoices = company.sales.query("kind == 'sale'")
    last = invoices.groupby("account_id")["date"].max().reindex(left.index)
    assert len(left) >= 40
    assert not (last >= left).any()


def test_some_never_bought(company: Company) -> None:
    never = company.truth.accounts.query("purchase_rate == 0")
    assert len(never) == round(0.03 * 327)
    assert not company.sales["account_id"].isin(never.index).any()
    assert (never["expected_revenue"] == 0).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("region", ["North", "South"])
def test_some_large_accounts_lose_money(region: str, seed: int) -> None:
    company = another(seed)
    costed = company.sales.dropna(subset="cost")
    contribution = (costed["revenue"] - costed["cost"]).groupby(costed["account_id"]).sum()
    revenue = per_account(company, "revenue")[region_of(company) == region]
    top_tenth = revenue.nlargest(len(revenue) // 10).index
    assert (contribution.reindex(top_tenth) < 0).sum() >= 2


def test_prices_rise_each_january(company: Company) -> None:
    sales = company.sales.query("kind == 'sale'")
    sales = sales.assign(price=sales["revenue"] / sales["quantity"], year=sales["date"].dt.year)
    by_year = sales.pivot_table("price", ["account_id", "product_id"], "year", "median")
    rise = (by_year[2025] / by_year[2024]).groupby(level="product_id").median()
    category = company.products.set_index("product_id")["category"].reindex(rise.index)
    for kind in CATEGORIES:
        assert rise[category == kind.name].median() == pytest.approx(1 + kind.increase, abs=0.002)


def test_typed_potential_is_noisy_and_partial(company: Company) -> None:
    accounts = company.accounts.drop_duplicates("account_id").set_index("account_id")
    stated = accounts["stated_potential"].dropna().astype(float)
    assert 0.33 < len(stated) / len(accounts) < 0.47
    wallet = company.truth.accounts["wallet"].loc[stated.index]
    assert 0.75 < stated.rank().corr(wallet.rank()) < 0.99


def test_one_year_cannot_show_a_change() -> None:
    with pytest.raises(DataError, match=r"^years is 1; a company needs at least 2 to show a chang"):
        simulate(years=1)


def test_other_windows() -> None:
    company = simulate(as_of=dt.date(2024, 12, 31), years=2)
    years = company.sales.index.unique("delivery").str.removeprefix("sales_")
    assert years.tolist() == ["2022", "2023", "2024", "2025"]
