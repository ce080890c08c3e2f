import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import files
from pathlib import Path

import pandas as pd
import pytest

from kapkit.book.book import open_book
from kapkit.book.region import Region
from kapkit.models.order_history import order_history

ROOT = Path(__file__).parents[2]
CDNOW_ORIGIN = dt.date(1997, 9, 30)


def cdnow_purchases(name: str) -> pd.DataFrame:
    """Read a CDNOW file that lifetimes ships, without importing it: one row per customer, day."""
    path = next(str(file.locate()) for file in files("lifetimes") or [] if file.name == name)
    table = pd.read_csv(
        Path(path), sep=r"\s+", header=None, dtype=str, skiprows=int(name != SAMPLE)
    )
    sold = pd.DataFrame(
        {
            "account_id": table.iloc[:, 0],
            "date": pd.to_datetime(table.iloc[:, -3], format="%Y%m%d"),
            "revenue": table.iloc[:, -1].astype(float),
        }
    )
    days = sold.groupby(["account_id", "date"], as_index=False)["revenue"].sum()
    return days.assign(orders=1.0)


SAMPLE = "CDNOW_sample.txt"


@pytest.fixture(scope="session")
def cdnow() -> pd.DataFrame:
    """Purchases of the 2,357 customers of the 1/10 sample."""
    return cdnow_purchases(SAMPLE)


@pytest.fixture(scope="session")
def cdnow_master() -> pd.DataFrame:
    """Purchases of all 23,570 customers."""
    return cdnow_purchases("CDNOW_master.txt")


@pytest.fixture(scope="session")
def cdnow_history(cdnow: pd.DataFrame) -> pd.DataFrame:
    accounts = pd.Index(cdnow["account_id"].unique())
    return order_history(cdnow, accounts, as_of=CDNOW_ORIGIN)


@pytest.fixture(scope="session")
def adventureworks(shared_data: Callable[[str], Path]) -> Region:
    source = shared_data("adventureworks_dw")
    return open_book(ROOT / "data" / "adventureworks", source=source).company()


@pytest.fixture(scope="session")
def all_days(shared_data: Callable[[str], Path]) -> Region:
    source = shared_data("online_retail_ii")
    return open_book(ROOT / "data" / "online_retail_ii", source=source).company()


@pytest.fixture(scope="session")
def online_retail_ii(all_days: Region) -> Region:
    """With the orders of the study: days on which something was bought, net of their credits."""
    return replace(all_days, purchases=all_days.purchases.query("orders > 0"))
