"""AdventureWorks: bridges and losses per territory and year, against plain SQL."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from kapkit.book.book import open_book
from kapkit.book.region import Region
from kapkit.evaluation.bridge import STEPS, Months, bridge
from kapkit.report.portfolio import finding_regions, region_summaries

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
YEARS = (2011, 2012, 2013)
_MARGINS = """
SELECT territory.SalesTerritoryRegion AS region, year(CAST(sale.OrderDate AS DATE)) AS year,
    CAST(sum(CAST(sale.SalesAmount AS DECIMAL(18, 4)))
       - sum(CAST(sale.TotalProductCost AS DECIMAL(18, 4))) AS DOUBLE) AS margin
FROM '{folder}/fact_reseller_sales.parquet' AS sale
JOIN '{folder}/dim_reseller.parquet' AS reseller USING (ResellerKey)
JOIN '{folder}/dim_geography.parquet' AS geography USING (GeographyKey)
JOIN '{folder}/dim_sales_territory.parquet' AS territory
    ON territory.SalesTerritoryKey = geography.SalesTerritoryKey
GROUP BY ALL
"""


@pytest.fixture(scope="module")
def resellers(shared_data: Callable[[str], Path]) -> Region:
    source = shared_data("adventureworks_dw")
    return open_book(ROOT / "data/adventureworks", source=source).company()


@pytest.fixture(scope="module")
def margins(shared_data: Callable[[str], Path]) -> pd.Series:
    sql = _MARGINS.format(folder=shared_data("adventureworks_dw"))
    return duckdb.sql(sql).df().set_index(["region", "year"])["margin"]


@pytest.mark.parametrize("year", YEARS[1:])
def test_bridges_add_up_to_the_cent_per_territory(
    resellers: Region, margins: pd.Series, year: int
) -> None:
    then, now = (Months(dt.date(at, 1, 1), dt.date(at, 12, 31)) for at in (year - 1, year))
    found = bridge(resellers.categories, before=then, after=now)
    by = found.table.groupby(resellers.accounts["region"]).sum()
    assert len(by) == 10
    for region, row in by.iterrows():
        assert row["before"] + row[list(STEPS)].sum() == pytest.approx(row["after"], abs=0.005)
        for at, name in ((year - 1, "before"), (year, "after")):
            assert row[name] == pytest.approx(margins.get((region, at), 0.0), abs=0.005)
    assert found.table["unsplit"].abs().sum() < 1
    assert len(found.categories) > 1
    np.testing.assert_allclose(found.categories.sum(), found.total, atol=0.005)


def test_territories_that_lose_money_are_named(resellers: Region) -> None:
    summaries = region_summaries(resellers)
    losing = summaries.index[summaries["contribution"] < 0]
    assert len(losing) > 0
    said = finding_regions(resellers, summaries).sentences[0]
    assert f"{len(losing)} region" in said
    for name in sorted(losing, key=lambda name: summaries.loc[name, "contribution"])[:3]:
        assert name in said
