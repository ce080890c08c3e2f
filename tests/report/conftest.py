import datetime as dt

import pytest

from kapkit.book.region import Region
from tests.regions import DAY, bought, region

LAST_YEAR = DAY - dt.timedelta(days=365)


@pytest.fixture
def north() -> Region:
    """Five accounts that bought on the last day: of value 500 to 40, one loses money."""
    names = {"a": "Alpha", "b": "$x^2$ <script>", "c": "Gamma", "d": "Delta", "e": "Echo"}
    purchases = bought(
        ("a", DAY, 900.0, 400.0),
        ("b", DAY, 400.0, 100.0),
        ("c", DAY, 200.0, 100.0),
        ("d", DAY, 90.0, 30.0),
        ("e", DAY, 60.0, 20.0),
        ("e", LAST_YEAR, 1320.0, 1319.0),
    )
    return region(names, purchases)


@pytest.fixture
def losing() -> Region:
    """Four accounts that contribute 8, 4, 0 and -2 thousand."""
    purchases = bought(
        ("a", DAY, 9000.0, 1000.0),
        ("b", DAY, 5000.0, 1000.0),
        ("c", DAY, 100.0, 100.0),
        ("d", DAY, 10000.0, 12000.0),
    )
    return region({"a": "Alpha", "b": "Beta", "c": "Gamma", "d": "Delta"}, purchases)
