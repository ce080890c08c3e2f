"""When a region's people work, as the kapkit.toml says."""

from pathlib import Path

import pandas as pd
import pytest

from kapkit.batch.changes import _facts_by_region
from kapkit.book.calendar import work_calendar
from kapkit.book.config import read_config
from kapkit.book.errors import DataError
from kapkit.book.prepared import facts_from_json, facts_to_json
from tests.regions import bought, company

BARE = """\
[book]
name = "Tiny"

[files]
accounts = "accounts.csv"
sales = "sales.csv"
"""

CALENDAR = """
[calendar]
country = "DE"
subdivision = "BY"

[calendar.regions.NA]
country = "US"

[[calendar.closed]]
first = 2026-12-24
last = 2026-12-31

[[calendar.closed]]
region = "NA"
owner = "Dale"
first = 2026-07-06
last = 2026-07-10
"""


def written(folder: Path, calendar: str) -> Path:
    path = folder / "kapkit.toml"
    path.write_text(BARE + calendar, encoding="utf-8")
    return path


@pytest.fixture
def plain(tmp_path: Path) -> dict:
    return read_config(written(tmp_path, CALENDAR)).calendar.model_dump(mode="json")


def test_a_region_keeps_its_own_country_and_the_others_the_company_s(plain: dict) -> None:
    assert work_calendar(plain, "NA").country == "US"
    assert work_calendar(plain, "NA").subdivision is None
    south = work_calendar(plain, "South")
    assert (south.country, south.subdivision) == ("DE", "BY")


def test_closed_days_are_those_of_the_region_and_of_all(plain: dict) -> None:
    america = work_calendar(plain, "NA").closed
    assert america["first"].tolist() == [pd.Timestamp("2026-12-24"), pd.Timestamp("2026-07-06")]
    assert america["owner"].fillna("all").tolist() == ["all", "Dale"]
    assert len(work_calendar(plain, "South").closed) == 1


def test_a_book_without_a_calendar_keeps_weekends_alone() -> None:
    bare = work_calendar({}, "North")
    assert bare.country is None
    assert bare.closed.empty


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ('[calendar]\ncountry = "Atlantis"', "no holidays are known for atlantis"),
        ('[calendar]\nsubdivision = "BY"', "a subdivision needs its country"),
        ('[calendar]\ncontry = "DE"', r"calendar.contry: unknown setting; did you mean country"),
        (
            "[[calendar.closed]]\nfirst = 2026-12-24\nlast = 2026-12-01",
            r"last \(2026-12-01\) is before first \(2026-12-24\)",
        ),
        (
            "[[calendar.closed]]\nfirst = 2026-12-24\nlast = 2026-12-24\nowners = 'Ada'",
            r"calendar.closed.0.owners: unknown setting; did you mean owner",
        ),
    ],
)
def test_a_calendar_that_cannot_be_kept_is_refused(
    calendar: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        read_config(written(tmp_path, calendar))


def test_a_region_s_calendar_changes_its_own_result_alone(plain: dict) -> None:
    facts = company({"a": ("A", "NA"), "b": ("B", "South")}, bought()).book
    with_one = facts_from_json(facts_to_json(facts) | {"calendar": plain})
    other = {**plain, "regions": {"NA": {"country": "CA", "subdivision": None}}}
    with_other = facts_from_json(facts_to_json(facts) | {"calendar": other})
    one, two = _facts_by_region(with_one), _facts_by_region(with_other)
    assert one["NA"] != two["NA"]
    assert one["South"] == two["South"]
