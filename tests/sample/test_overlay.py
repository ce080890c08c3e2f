"""A relationship laid over a real order book leaves its sales as they are, and moves nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kapkit.book.book import read_book
from kapkit.book.region import Region
from kapkit.book.schema import TABLES
from kapkit.sample import Company, simulate, write
from tests.regions import bought, company

DESCRIPTIONS = Path(__file__).parents[2] / "data"


class OrderBook:
    """A book of accounts of which half stop to buy at the start of 2025."""

    def company(self) -> Region:
        rng = np.random.default_rng(1)
        rows = []
        for account in range(60):
            last = "2026-06-30" if account % 2 else "2024-12-31"
            days = pd.bdate_range("2023-07-03", last, freq="20B")
            paid = np.round(rng.gamma(2, 100 * (1 + account // 2), len(days)), 2)
            rows += [
                (f"a{account}", day, pay, pay / 2) for day, pay in zip(days, paid, strict=True)
            ]
        rows.append(("a1", pd.Timestamp(2025, 3, 1), -12.34, None))
        named = {f"a{i}": (f"Name {i}", "North" if i < 50 else "Islands") for i in range(60)}
        return company(named, bought(*rows))


@pytest.fixture(scope="module")
def laid() -> Company:
    return simulate(base=OrderBook(), seed=1)


def test_sales_stay_as_they_are(laid: Company) -> None:
    given = OrderBook().company().purchases
    kept = laid.sales.reset_index(drop=True)
    pd.testing.assert_frame_equal(
        kept[["account_id", "date", "revenue", "cost"]],
        given[["account_id", "date", "revenue", "cost"]],
    )
    assert kept.loc[kept["kind"].eq("credit"), "revenue"].tolist() == [-12.34]


def test_the_relationship_is_canonical(laid: Company) -> None:
    assert set(laid.tables) == set(TABLES) - {"products"}
    for name, table in laid.tables.items():
        assert len(table) > 0
        if name != "sales":
            TABLES[name].validate(table)
    assert laid.tables["activities"]["date"].max() <= pd.Timestamp(laid.as_of)
    assert laid.tables["activities"]["owner"].isin(laid.tables["staff"]["owner"]).all()


def test_satisfaction_feels_ahead_of_who_stops(laid: Company) -> None:
    feels = laid.truth.months["satisfaction"].xs(pd.Timestamp(2025, 1, 1), level="month")
    stops = feels.index.str[1:].astype(int) % 2 == 0
    assert feels[stops].mean() < feels[~stops].mean() - 0.5


def test_nothing_moves_the_sales(laid: Company) -> None:
    assert not laid.truth.accounts[["elasticity", "programme_effect"]].any().any()
    assert laid.truth.waves["effect"].eq(0).all()
    size = laid.sales.groupby("account_id")["revenue"].sum()
    contacts = laid.truth.accounts["contacts"]
    assert contacts.corr(size.reindex(contacts.index), method="spearman") > 0.3


def test_it_is_a_book(laid: Company, tmp_path: Path) -> None:
    write(laid, tmp_path)
    totals = read_book(tmp_path).at().facts.totals
    assert not totals["state"].eq("set aside").any()
    sold = totals.query("table == 'sales' and state == 'accepted'")["revenue"].sum()
    assert float(sold) == pytest.approx(laid.sales["revenue"].sum())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "files"),
    [("online_retail_ii", "online_retail_ii"), ("adventureworks", "adventureworks_dw")],
)
def test_real_books(name: str, files: str, shared_data: Callable[[str], Path]) -> None:
    book = read_book(DESCRIPTIONS / name, source=shared_data(files))
    laid = simulate(base=book, seed=1)
    given = book.company()
    assert laid.sales["revenue"].sum() == pytest.approx(given.purchases["revenue"].sum())
    assert len(laid.truth.accounts) == len(given.accounts)
    assert all(len(table) > 0 for table in laid.tables.values())
