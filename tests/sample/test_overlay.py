"""A relationship laid over a real order book leaves its sales as they are, and moves nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kapkit.book.book import SourceBook, read_book
from kapkit.book.frames import table_frame
from kapkit.book.region import Region
from kapkit.book.schema import TABLES
from kapkit.sample import Company, simulate, write
from kapkit.sample.given import given_window, purchase_days
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


@pytest.mark.slow
def test_it_is_a_book(laid: Company, tmp_path: Path) -> None:
    write(laid, tmp_path)
    totals = read_book(tmp_path).at().facts.totals
    assert not totals["state"].eq("set aside").any()
    sold = totals.query("table == 'sales' and state == 'accepted'")["revenue"].sum()
    assert float(sold) == pytest.approx(laid.sales["revenue"].sum())


def test_prepared_books_give_days_and_sources_lines(laid: Company) -> None:
    given = OrderBook().company()
    window = given_window(given)
    lines = pd.DataFrame(
        {
            "account_id": ["a1", "a1", "a2"],
            "date": pd.to_datetime(["2023-07-03"] * 3).astype("datetime64[us]"),
            "revenue": [-1.0, 4.0, 5.0],
            "product_id": ["back", "sold", "other"],
        }
    )
    first = purchase_days(given, lines, window).groupby("account_id")["product_id"].first()
    assert first.dropna().to_dict() == {"a1": "sold", "a2": "other"}
    assert laid.tables["complaints"]["product_id"].isna().all()


@pytest.fixture(scope="module", params=["online_retail_ii", "adventureworks"])
def real(
    request: pytest.FixtureRequest, shared_data: Callable[[str], Path]
) -> tuple[SourceBook, Company]:
    """A public order book, and the company that is laid over it."""
    files = {"adventureworks": "adventureworks_dw"}.get(request.param, request.param)
    base = read_book(DESCRIPTIONS / request.param, source=shared_data(files))
    return base, simulate(base=base, seed=1)


@pytest.mark.slow
def test_real_books_keep_their_sales(real: tuple[SourceBook, Company]) -> None:
    base, laid = real
    assert laid.truth.accounts.index.tolist() == base.company().accounts.index.tolist()
    given = accepted_lines(base).to_pandas()
    kept = laid.sales.sort_values([*laid.sales], ignore_index=True)
    assert [*kept] == [*given]
    for column in kept:
        same = kept[column].eq(given[column].astype(kept[column].dtype))
        assert same.all(), column


@pytest.mark.slow
def test_real_books_have_a_relationship(real: tuple[SourceBook, Company]) -> None:
    base, laid = real
    assert set(TABLES) - set(laid.tables) <= {"products"} - set(base.company().tables)
    assert all(len(table) > 0 for table in laid.tables.values())
    named = set(laid.tables["complaints"]["product_id"].dropna())
    assert named
    assert named <= set(laid.sales["product_id"].unique())


@pytest.mark.slow
def test_the_files_hold_the_real_sales(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    base = read_book(DESCRIPTIONS / "adventureworks", source=shared_data("adventureworks_dw"))
    write(simulate(base=base, seed=1), tmp_path)
    written = read_book(tmp_path)
    assert accepted_lines(written).equals(accepted_lines(base))
    assert accepted_totals(written).equals(accepted_totals(base))
    assert written.company().categories.equals(base.company().categories)


def accepted_lines(book: SourceBook) -> pa.Table:
    snapshot = book.at()
    lines = table_frame(snapshot.tables["sales"], "sales", as_of=snapshot.as_of)
    lines = lines.drop("region")
    return lines.sort(lines.collect_schema().names()).collect("pyarrow").to_arrow()


def accepted_totals(book: SourceBook) -> pd.DataFrame:
    totals = book.at().totals.query("table == 'sales' and state == 'accepted'")
    return totals[["region", "rows", "revenue", "cost"]].reset_index(drop=True)
