"""What evidence a move between classes needs, as a kapkit.toml gives it."""

from pathlib import Path

import pytest

from kapkit.book.config import read_config
from kapkit.book.errors import DataError
from tests.book.test_calendar import written
from tests.book.tiny import tiny


def test_a_rule_reaches_the_analysis_alone(tmp_path: Path) -> None:
    assert tiny(tmp_path, "[classes]\nband = 0.1").region("North").book.classes == {"band": 0.1}


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("band = 0.4", "classes.band: input should be less than or equal to 0.3"),
        ("missed_cost = 0", "classes.missed_cost: input should be greater than 0"),
        ("bnad = 0.1", "classes.bnad: unknown setting; did you mean band"),
    ],
)
def test_rules_that_make_no_sense_are_refused(toml: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read_config(written(tmp_path, f"[classes]\n{toml}\n"))
