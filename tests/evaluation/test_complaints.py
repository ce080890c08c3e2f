import pandas as pd

from kapkit.evaluation.complaints import complaint_record
from tests.regions import DAY


def complaints(*rows: tuple) -> pd.DataFrame:
    """Make complaints: account, days ago opened and closed (None: open), severity, category."""
    frame = pd.DataFrame(rows, columns=["account_id", "opened", "closed", "severity", "category"])
    ago = {
        name: pd.to_timedelta(frame[name].astype(float), unit="D") for name in ("opened", "closed")
    }
    days = {name: pd.Timestamp(DAY) - age for name, age in ago.items()}
    return frame.assign(complaint_id=[f"{at:02}" for at in range(len(frame))], **days)


ROWS = (
    ("a", 100, 98, "high", "late"),  # in time: 2 of 7 days
    ("a", 40, None, "high", "late"),  # open, beyond 7 days, came again
    ("a", 500, 450, "low", "late"),  # too old
    ("b", 3, None, "low", "invoice"),  # open, not yet due
    ("b", 60, -5, "medium", "damaged"),  # closed later: open as of the day
    ("c", -2, None, "high", "late"),  # opened later
)


def test_accounts() -> None:
    found = complaint_record(complaints(*ROWS), as_of=DAY).accounts
    expected = pd.DataFrame(
        {
            "complaints": [2.0, 2.0],
            "severe": [2.0, 0.0],
            "open": [1.0, 2.0],
            "open_days": [40.0, 60.0],
            "late": [1.0, 1.0],
            "repeats": [1.0, 0.0],
        },
        index=pd.Index(["a", "b"], name="account_id"),
    )
    pd.testing.assert_frame_equal(found, expected)


def test_kinds_and_words() -> None:
    found = complaint_record(complaints(*ROWS), as_of=DAY)
    late = found.kinds.loc[("high", "late")]
    assert late[["complaints", "open", "days", "in_time", "repeats"]].tolist() == [2, 1, 2, 0.5, 1]
    assert late["low"] < 0.5 < late["high"]
    assert pd.isna(found.kinds.loc[("low", "invoice"), "in_time"])
    assert found.sentence == (
        "4 complaints in twelve months, 3 open, 2 severe; 33 % were closed in time; 1 came again "
        "within half a year."
    )


def test_none() -> None:
    found = complaint_record(complaints(), as_of=DAY)
    assert found.accounts.empty
    assert found.sentence == "No complaint was recorded in the last twelve months."
