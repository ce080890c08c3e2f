"""What serving accounts took, and the rates of it, written out."""

import pandas as pd


def uses(*rows: tuple) -> pd.DataFrame:
    """Make service costs: account, day, driver, quantity."""
    frame = pd.DataFrame(rows, columns=["account_id", "date", "driver", "quantity"])
    types = {"account_id": "str", "date": "datetime64[us]", "driver": "str", "quantity": float}
    return frame.astype(types)


def rates(*rows: tuple) -> pd.DataFrame:
    """Make cost rates: driver, rate, first day."""
    frame = pd.DataFrame(rows, columns=["driver", "rate", "valid_from"])
    return frame.astype({"driver": "str", "rate": float, "valid_from": "datetime64[us]"})
