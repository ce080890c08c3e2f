import datetime as dt
from decimal import Decimal

import pytest

from kapkit.wording import amount, day, percent, several, signed_percent


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.004, "0.00"),
        (-0.004, "0.00"),
        (-1e-13, "0.00"),
        (0.5, "0.50"),
        (1.234, "1.23"),
        (45.678, "45.7"),
        (999.4, "999"),
        (999.6, "1.00 k"),
        (-1234.5, "-1.23 k"),
        (12_345, "12.3 k"),
        (999_999, "1.00 M"),
        (1_234_567_890, "1.23 bn"),
        (1.5e13, "15,000 bn"),
        (Decimal("1234.5600"), "1.23 k"),
        (float("nan"), "–"),
    ],
)
def test_amount_has_three_figures(value: float, written: str) -> None:
    assert amount(value) == written


def test_amount_names_its_currency() -> None:
    assert amount(1500, "EUR") == "1.50 k EUR"
    assert amount(float("nan"), "EUR") == "–"


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.0, "0 %"),
        (-0.0, "0 %"),
        (-0.0001, "0.0 %"),
        (0.0042, "0.4 %"),
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),
        (-0.125, "-12 %"),
        (1.0, "100 %"),
        (12.3456, "1,235 %"),
        (float("nan"), "–"),
    ],
)
def test_percent(share: float, written: str) -> None:
    assert percent(share) == written


@pytest.mark.parametrize(
    ("change", "written"),
    [
        (0.0, "+0 %"),
        (-0.004, "+0 %"),
        (0.256, "+26 %"),
        (-1.0, "-100 %"),
        (12.5, "+1,250 %"),
        (float("nan"), "–"),
    ],
)
def test_signed_percent(change: float, written: str) -> None:
    assert signed_percent(change) == written


def test_day_has_no_leading_zero() -> None:
    assert day(dt.date(2026, 1, 5)) == "5 January 2026"


def test_several() -> None:
    assert [several(count, "day") for count in (0, 1, 1000)] == ["0 days", "1 day", "1,000 days"]
    assert several(2, "company", "companies") == "2 companies"
