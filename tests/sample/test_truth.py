"""The truth is what the simulated accounts go on to do."""

import numpy as np
import pandas as pd
import pytest

from kapkit.sample import Company, Truth, simulate
from kapkit.sample.world import INDUSTRIES, season


@pytest.fixture(scope="module", params=[(400, 8), (1500, 2)], ids=["small", "large"])
def worlds(request: pytest.FixtureRequest) -> list[Truth]:
    """Several companies of one size."""
    accounts, number = request.param
    return [simulate(accounts=accounts, seed=seed, dirt=False).truth for seed in range(number)]


@pytest.mark.slow
def test_accounts_buy_what_the_truth_expects(worlds: list[Truth]) -> None:
    truth = pd.concat([world.accounts for world in worlds])
    ratio = truth[["next_orders", "next_revenue"]].sum().to_numpy()
    ratio = ratio / truth[["expected_orders", "expected_revenue"]].sum().to_numpy()
    assert ratio == pytest.approx(1.0, abs=0.04)
    # Not only in total: the level is right for those of whom little and much is expected.
    fifth = pd.qcut(truth.loc[truth["alive"], "expected_orders"], 5, labels=False)
    by_fifth = truth[truth["alive"]].groupby(fifth)[["next_orders", "expected_orders"]].sum()
    assert (by_fifth["next_orders"] / by_fifth["expected_orders"]).between(0.9, 1.1).all()


def test_the_truth_says_all_that_the_world_knows(clean: Company) -> None:
    truth = clean.truth
    alive = truth.accounts[truth.accounts["alive"]]
    said = [
        *("wallet", "share", "purchase_rate", "leave_rate", "elasticity", "programme_effect"),
        *("expected_orders", "expected_revenue", "expected_margin", "cost_to_serve"),
        *("satisfaction", "contacts", "trend", "discount_share", "pace", "mean_order_value"),
    ]
    assert np.isfinite(alive[said].astype(float)).all().all()
    positive = ["wallet", "share", "purchase_rate", "expected_revenue", "cost_to_serve"]
    assert (alive[positive] > 0).all().all()
    last = truth.months.groupby(level="account_id")[["wallet", "share"]].last()
    pd.testing.assert_frame_equal(
        last.reindex(alive.index), alive[["wallet", "share"]], check_names=False
    )
    gone = truth.months["share"].eq(0)
    bought = truth.months["orders"].gt(0)
    assert not (gone & bought).any()


def test_the_truth_is_never_in_the_book(clean: Company) -> None:
    hidden = {*clean.truth.accounts, *clean.truth.months, "logging", "batching"}
    shown = {column for table in clean.tables.values() for column in table}
    assert not hidden & shown


def test_past_orders_follow_the_truth(company: Company) -> None:
    sales = company.sales.query("kind == 'sale' and date <= '2026-06-30'")
    invoices = sales.groupby("account_id")["order_id"].nunique()
    made = company.truth.months.groupby(level="account_id")["orders"].sum()
    # The book lost a few: orders that round to nothing, dirt, days rolled over the end.
    found = invoices.reindex(made.index).fillna(0)
    assert found.sum() / made.sum() == pytest.approx(1, abs=0.02)
    assert (found <= made).mean() > 0.99


def test_the_orders_follow_their_pace(clean: Company) -> None:
    months = clean.truth.months.join(clean.truth.accounts[["purchase_rate", "leaves"]])
    since = clean.accounts.set_index("account_id")["since"]
    old = since.index[since < "2023-07-01"]
    stays = months[months["leaves"].isna() & months.index.isin(old, level="account_id")]
    expected = stays["pace"] * stays["purchase_rate"]
    assert stays["orders"].sum() / (expected.sum() / 12) == pytest.approx(1, abs=0.03)


def test_who_left_is_expected_to_buy_nothing(company: Company) -> None:
    truth = company.truth.accounts
    assert truth["leaves"].isna().equals(truth["alive"] | truth["purchase_rate"].eq(0))
    assert truth["expected_revenue"].gt(0).equals(truth["alive"])
    assert not truth.loc[~truth["alive"], ["next_orders", "next_revenue", "share"]].any().any()


def test_wallet_and_share(clean: Company) -> None:
    truth = clean.truth.accounts
    assert truth["share"].between(0, 0.95 + 1e-9).all()
    bought = clean.sales.query("date > '2025-06-30'").groupby("account_id")["revenue"].sum()
    alive = truth[truth["alive"]]
    spend = alive["share"] * alive["wallet"]
    seen = bought.reindex(alive.index).fillna(0).clip(0)
    assert seen.sum() / spend.sum() == pytest.approx(1, abs=0.2)
    assert np.log1p(seen).corr(np.log1p(spend), method="spearman") > 0.85


def test_margin_and_cost_to_serve(clean: Company) -> None:
    truth, tables = clean.truth.accounts, clean.tables
    sales = clean.sales.query("date > '2025-06-30'")
    seen = (sales["revenue"] - sales["cost"]).sum() / sales["revenue"].sum()
    expected = truth["expected_margin"].sum() / truth["expected_revenue"].sum()
    assert expected == pytest.approx(seen, abs=0.03)
    used = tables["service_costs"].query("date > '2025-06-30'")
    rates = tables["cost_rates"]
    rate = rates[rates["valid_from"].eq("2026-01-01")].set_index("driver")["rate"]
    cost = (used["quantity"] * used["driver"].map(rate)).groupby(used["account_id"]).sum()
    here = truth[truth["alive"]]
    # A few of them leave within the year that is expected.
    last = cost.reindex(here.index).fillna(0).sum()
    assert last / here["cost_to_serve"].sum() == pytest.approx(1.03, abs=0.10)


def test_seasons_only_move_orders_within_the_year() -> None:
    day = np.arange(np.datetime64("2025-01-01"), np.datetime64("2026-01-01"))
    pace = season(day)
    assert pace.mean(axis=1) == pytest.approx(1.0, abs=0.002)
    peaks = [day[row.argmax()].astype(object).month for row in pace]
    assert peaks == INDUSTRIES["peak"].tolist()
