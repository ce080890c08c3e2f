"""Two books that nobody here wrote, against figures counted without kapkit."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from kapkit.book.book import read_book
from kapkit.book.region import Region
from kapkit.book.snapshot import Snapshot
from kapkit.book.totals import reconcile
from tests.book.tiny import became, revenue

ROOT = Path(__file__).parents[2]


SQL = duckdb.DuckDBPyConnection


def opened(*files: Path) -> SQL:
    """Open files with plain DuckDB, each a view called like it."""
    connection = duckdb.connect(":memory:")
    for file in files:
        connection.read_parquet(str(file)).create_view(file.stem)
    return connection


@pytest.fixture(scope="module")
def adventureworks(shared_data) -> Snapshot:
    return read_book(ROOT / "data/adventureworks", source=shared_data("adventureworks_dw")).at()


@pytest.fixture(scope="module")
def resellers(adventureworks: Snapshot) -> Region:
    return adventureworks.region(None)


@pytest.fixture(scope="module")
def online_retail(shared_data) -> Snapshot:
    return read_book(ROOT / "data/online_retail_ii", source=shared_data("online_retail_ii")).at()


@pytest.fixture(scope="module")
def customers(online_retail: Snapshot) -> Region:
    return online_retail.region(None)


def test_adventureworks_totals(adventureworks: Snapshot, resellers: Region) -> None:
    facts = adventureworks.facts
    assert (facts.orders, facts.accounts, facts.buying_accounts) == (3796, 701, 635)
    sales = adventureworks.totals.query("table == 'sales' and state == 'accepted'")
    assert sales["rows"].sum() == 60_855
    assert round(sum(sales["revenue"]), 2) == Decimal("80450596.98")
    assert round(sum(sales["cost"]), 2) == Decimal("79980114.38")
    assert facts.value_measure == "margin"
    assert reconcile(adventureworks.totals)
    assert resellers.check()
    assert facts.regions == [
        "Australia",
        "Canada",
        "Central",
        "France",
        "Germany",
        "Northeast",
        "Northwest",
        "Southeast",
        "Southwest",
        "United Kingdom",
    ]


def test_adventureworks_loses_no_line(adventureworks: Snapshot) -> None:
    assert {why for why, _ in became(adventureworks)} == {"accepted"}
    assert {why for why, _ in became(adventureworks, "accounts")} == {"accepted"}
    assert became(adventureworks, "products") == {
        ("accepted", None): 397,
        ("category is empty", None): 209,
    }


@pytest.fixture(scope="module")
def warehouse(shared_data) -> SQL:
    return opened(*shared_data("adventureworks_dw").glob("*.parquet"))


def test_adventureworks_regions_are_where_the_orders_say(
    adventureworks: Snapshot, warehouse: SQL
) -> None:
    # The order names its own territory; the book goes by the reseller's address.
    counted = warehouse.execute(
        """
        SELECT SalesTerritoryRegion, sum(SalesAmount)
        FROM fact_reseller_sales JOIN dim_sales_territory USING (SalesTerritoryKey)
        GROUP BY ALL
        """
    ).fetchall()
    found = {region: float(money) for (_, region), money in revenue(adventureworks).items()}
    assert found == pytest.approx(dict(counted), abs=0.01)


def test_adventureworks_knows_the_category_of_every_line(resellers: Region, warehouse: SQL) -> None:
    counted = warehouse.execute(
        """
        SELECT EnglishProductCategoryName, sum(SalesAmount), sum(TotalProductCost)
        FROM fact_reseller_sales
        JOIN dim_product USING (ProductKey)
        JOIN dim_product_subcategory USING (ProductSubcategoryKey)
        JOIN dim_product_category USING (ProductCategoryKey)
        GROUP BY ALL
        """
    ).fetchall()
    found = resellers.categories.groupby("category", dropna=False)[["revenue", "cost"]].sum()
    assert dict(found["revenue"]) == pytest.approx({name: r for name, r, _ in counted}, abs=0.01)
    assert dict(found["cost"]) == pytest.approx({name: k for name, _, k in counted}, abs=0.01)


# Whole invoices stand in both files: those of the second are the copies.
RULES = """
    CREATE TABLE lines AS
        SELECT *, CAST(Quantity * Price AS DECIMAL(18, 4)) AS Value, false AS again
        FROM online_retail_2009_2010
        UNION ALL BY NAME
        SELECT *, CAST(Quantity * Price AS DECIMAL(18, 4)) AS Value,
               Invoice IN (SELECT Invoice FROM online_retail_2009_2010) AS again
        FROM online_retail_2010_2011;
    CREATE VIEW copies AS SELECT * FROM lines WHERE again;
    CREATE VIEW once AS SELECT * FROM lines WHERE NOT again;
    CREATE VIEW nobodys AS SELECT * FROM once WHERE "Customer ID" IS NULL;
    CREATE VIEW somebodys AS SELECT * FROM once WHERE "Customer ID" IS NOT NULL;
    CREATE VIEW goods AS SELECT * FROM somebodys WHERE StockCode SIMILAR TO '[0-9]{5}.*';
    CREATE VIEW fees AS SELECT * FROM somebodys WHERE StockCode NOT SIMILAR TO '[0-9]{5}.*';
"""


@pytest.fixture(scope="module")
def lines(shared_data) -> SQL:
    connection = opened(*shared_data("online_retail_ii").glob("*.parquet"))
    connection.execute(RULES)
    return connection


def by_reason(snapshot: Snapshot) -> dict[str, tuple[int, Decimal]]:
    sums: dict[str, tuple[int, Decimal]] = {}
    rows, money = became(snapshot), revenue(snapshot)
    for why, region in rows:
        count, worth = sums.get(why, (0, Decimal()))
        sums[why] = (count + rows[why, region], worth + money[why, region])
    return sums


@pytest.mark.slow
def test_online_retail_totals(online_retail: Snapshot, customers: Region) -> None:
    rows = {why: count for why, (count, _) in by_reason(online_retail).items()}
    assert rows == {
        "accepted": 805_888,
        "account_id is empty": 235_287,
        "delivered twice: the same line stands in another file": 22_523,
        "not goods: postage, fees, discounts, samples": 3_672,
    }
    assert sum(rows.values()) == 1_067_370
    assert 1_067_370 - 22_523 == 1_044_847
    assert (online_retail.facts.accounts, online_retail.facts.buying_accounts) == (5942, 5876)
    assert online_retail.facts.value_measure == "revenue"
    assert reconcile(online_retail.totals)
    assert customers.check()


@pytest.mark.slow
def test_online_retail_against_plain_sql(online_retail: Snapshot, lines: SQL) -> None:
    def counted(view: str) -> tuple[int, Decimal]:
        return lines.table(view).aggregate("count(*), sum(Value)").fetchall()[0]

    assert counted("lines")[0] == 1_067_370
    assert counted("once")[0] == 1_044_847
    assert by_reason(online_retail) == {
        "accepted": counted("goods"),
        "account_id is empty": counted("nobodys"),
        "delivered twice: the same line stands in another file": counted("copies"),
        "not goods: postage, fees, discounts, samples": counted("fees"),
    }


@pytest.mark.slow
def test_online_retail_nets_cancellations(customers: Region, lines: SQL) -> None:
    ((buyers, net, credit, orders),) = lines.execute(
        """
        SELECT count(DISTINCT "Customer ID"), sum(Value), sum(Value) FILTER (Value < 0),
               count(DISTINCT ("Customer ID", CAST(InvoiceDate AS DATE), Invoice))
                   FILTER (Value > 0)
        FROM goods
        """
    ).fetchall()
    bought = customers.purchases
    assert bought["account_id"].nunique() == buyers == 5876
    assert bought["revenue"].sum() == pytest.approx(float(net), abs=0.005)
    assert bought["credits"].sum() == pytest.approx(float(credit), abs=0.005)
    assert bought["orders"].sum() == orders


@pytest.mark.slow
def test_online_retail_accounts_count_in_one_country(online_retail: Snapshot, lines: SQL) -> None:
    moved = became(online_retail, "accounts")
    twice = "account in two regions: the latest row stands"
    assert sum(count for (why, _), count in moved.items() if why == twice) == 13
    counted = lines.execute(
        """
        WITH seen AS (
            SELECT "Customer ID", Country, min(InvoiceDate) AS first FROM somebodys GROUP BY ALL
        ), home AS (
            SELECT "Customer ID", arg_max(Country, first) AS region FROM seen GROUP BY ALL
        )
        SELECT region, sum(Value) FROM goods JOIN home USING ("Customer ID") GROUP BY ALL
        """
    ).fetchall()
    found = revenue(online_retail).items()
    assert {region: money for (why, region), money in found if why == "accepted"} == dict(counted)


@pytest.mark.slow
def test_online_retail_regions_of_one_account_and_of_none(online_retail: Snapshot) -> None:
    assert len(online_retail.regions) == 43
    assert online_retail.region("Singapore").accounts.index.tolist() == ["12744"]
    for name in ("Hong Kong", "Bermuda"):
        region = online_retail.region(name)
        assert (len(region.accounts), len(region.purchases)) == (0, 0)
        assert set(region.totals["state"]) == {"set aside"}
        assert sum(region.totals["revenue"]) > 0
        assert region.check().endswith("; revenue 0.00 here")
