"""The plan's rules, as a kapkit.toml gives them."""

from pathlib import Path

import pytest

from kapkit.book.config import read_config
from kapkit.book.errors import DataError
from tests.book.test_calendar import written


def test_rules_are_read(tmp_path: Path) -> None:
    toml = """
    [effort]
    most = 1.5
    minutes.visit = 60
    cadence.A.visit = 12
    saved.A = 0.3
    """
    effort = read_config(written(tmp_path, toml)).effort
    assert (effort.most, effort.least, effort.minutes) == (1.5, None, {"visit": 60.0})
    assert (effort.cadence, effort.saved) == ({"A": {"visit": 12.0}}, {"A": 0.3})


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("minutes.visits = 60", "effort.minutes.visits"),
        ("minutes.visit = 0", "effort.minutes.visit: input should be greater than 0"),
        ("least = 2", "effort.least: input should be less than or equal to 1"),
        ("response.A = [0.5, 0.9, 0.8, 1.4]", r"response\.a: sales with no, half, today's \(1\)"),
        ("mots = 2", "effort.mots: unknown setting; did you mean most"),
    ],
)
def test_rules_that_no_plan_can_keep_are_refused(toml: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read_config(written(tmp_path, f"[effort]\n{toml}\n"))
