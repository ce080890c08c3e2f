import datetime as dt
from pathlib import Path

import icalendar
import pandas as pd
import pytest

from kapkit.report.calendar import calendar_of, withdrawn, write_calendars

DAY = dt.date(2026, 11, 24)


@pytest.fixture
def actions() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("KP-1", "a", "visit", "2026-12-01", "Ada", "planned"),
            ("KP-2", "b", "call", "2026-12-02", "Ada", "agreed"),
            ("KP-3", "a", "demo", "2026-12-03", "Ben/..", "planned"),
            ("KP-4", "b", "visit", "2026-11-02", "Ada", "done"),
        ],
        columns=["action_id", "account_id", "kind", "due", "owner", "status"],
    ).astype({"due": "datetime64[ns]"})


@pytest.fixture
def accounts() -> pd.DataFrame:
    names = ["Müller; Söhne, Ulm\r\nBEGIN:VALARM", "=cmd|'/c calc'!A0"]
    return pd.DataFrame(
        {"name": names, "place": ["Ulm", None], "reason": ["8 visits instead of 4.", "x" * 200]},
        index=pd.Index(["a", "b"], name="account_id"),
    )


def entries(text: bytes) -> dict[str, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(text)
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def test_a_file_parses_and_says_what_was_planned(actions, accounts) -> None:
    found = entries(calendar_of(actions, accounts, owner="Ada", as_of=DAY))
    assert sorted(found) == ["KP-1@kapkit", "KP-2@kapkit"]
    visit = found["KP-1@kapkit"]
    assert visit.decoded("dtstart") == dt.date(2026, 12, 1)
    assert visit.decoded("dtend") == dt.date(2026, 12, 2)
    assert str(visit["summary"]) == "Visit: Müller; Söhne, Ulm BEGIN:VALARM"
    assert str(visit["location"]) == "Ulm"
    assert visit["status"] == "TENTATIVE"
    assert found["KP-2@kapkit"]["status"] == "CONFIRMED"
    assert not list(
        icalendar.Calendar.from_ical(calendar_of(actions, accounts, owner="Ada", as_of=DAY)).walk(
            "VALARM"
        )
    )


def test_lines_are_those_of_the_standard(actions, accounts) -> None:
    text = calendar_of(actions, accounts, owner="Ada", as_of=DAY)
    lines = text.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-2:] == [b"END:VCALENDAR", b""]
    assert max(map(len, lines)) <= 75
    assert b"\n" not in b"".join(lines)


def test_a_re_import_updates_moves_and_withdraws(actions, accounts) -> None:
    later = actions.assign(due=actions["due"] + pd.Timedelta(days=1)).drop(index=1)
    later = pd.concat([later, withdrawn(actions, later)], ignore_index=True)
    calendar = entries(calendar_of(actions, accounts, owner="Ada", as_of=DAY))
    update = entries(calendar_of(later, accounts, owner="Ada", as_of=DAY + dt.timedelta(days=30)))
    assert set(update) == set(calendar)
    for uid, event in update.items():
        assert event["sequence"] > calendar[uid]["sequence"]
    calendar |= update
    assert calendar["KP-1@kapkit"].decoded("dtstart") == dt.date(2026, 12, 2)
    assert calendar["KP-2@kapkit"]["status"] == "CANCELLED"


def test_one_file_an_owner_and_the_same_from_the_same_plan(
    actions, accounts, tmp_path: Path
) -> None:
    paths = write_calendars(actions, accounts, tmp_path, as_of=DAY)
    assert list(paths) == ["Ada", "Ben/.."]
    assert sorted(path.parent for path in paths.values()) == [tmp_path] * 2
    before = paths["Ada"].read_bytes()
    again = write_calendars(actions.iloc[::-1], accounts, tmp_path, as_of=DAY)
    assert again["Ada"].read_bytes() == before
