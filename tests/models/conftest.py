import datetime as dt
from importlib.metadata import files
from pathlib import Path

import pandas as pd
import pytest

from kapkit.models.order_history import order_history

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
