"""The truth is what the simulated accounts go on to do."""

import datetime as dt

import numpy as np
import pytest

from kapkit.sample import Company
from kapkit.sample.accounts import draw_population
from kapkit.sample.catalogue import draw_catalogue, draw_tastes
from kapkit.sample.lines import draw_lines
from kapkit.sample.purchases import draw_orders
from kapkit.sample.terms import draw_discounts
from kapkit.sample.truth import account_truth
from kapkit.sample.world import INDUSTRIES, Window, season


def next_year(seed: int) -> tuple[float, float]:
    """Total the expected revenue of the next year, and what the same accounts then buy."""
    known, longer = Window(dt.date(2026, 6, 30), 3), Window(dt.date(2027, 6, 30), 4)
    rng = np.random.default_rng(seed)
    catalogue = draw_catalogue(rng)
    population = draw_population(rng, known)
    tastes = draw_tastes(rng, population["industry"], catalogue)
    population["discount"] = draw_discounts(rng, population, tastes, catalogue)
    orders = draw_orders(rng, population, longer)
    lines = draw_lines(rng, orders, population, tastes, catalogue, longer)
    bought = lines.query("'2026-06-30' < date <= '2027-06-30'")["revenue"].sum()
    return account_truth(population, known)["expected_revenue"].sum(), bought


def test_accounts_buy_what_the_truth_expects() -> None:
    expected, bought = np.transpose([next_year(seed) for seed in range(6)])
    assert bought.sum() / expected.sum() == pytest.approx(1.0, abs=0.04)


def test_past_orders_follow_the_truth(company: Company) -> None:
    truth = company.truth.accounts
    old = company.accounts.drop_duplicates("account_id").set_index("account_id")["since"]
    steady = truth.index[truth["alive"] & (old.reindex(truth.index) < "2023-07-01")]
    invoices = company.sales.query("kind == 'sale' and date <= '2026-06-30'")
    count = invoices.groupby("account_id")["order_id"].nunique().reindex(steady)
    assert count.sum() / (3 * truth.loc[steady, "purchase_rate"].sum()) == pytest.approx(
        1, abs=0.03
    )


def test_who_left_is_expected_to_buy_nothing(company: Company) -> None:
    truth = company.truth.accounts
    assert truth["leaves"].isna().equals(truth["alive"] | truth["purchase_rate"].eq(0))
    assert truth["expected_revenue"].gt(0).equals(truth["alive"])


def test_seasons_only_move_orders_within_the_year() -> None:
    day = np.arange(np.datetime64("2025-01-01"), np.datetime64("2026-01-01"))
    for code in range(len(INDUSTRIES)):
        pace = season(np.full(len(day), code), day)
        assert pace.mean() == pytest.approx(1.0, abs=0.002)
        assert day[pace.argmax()].astype(object).month == INDUSTRIES["peak"].iloc[code]
