"""Two runs beside each other: the parts of a change add up."""

from pathlib import Path

import pandas as pd
import pytest

from kapkit.batch.compare import _moves, _values, compare_runs
from kapkit.book.errors import DataError


def classes(**value: float) -> pd.DataFrame:
    """Give a record of classes: the best account is A, the others C."""
    best = max(value, key=value.get)  # type: ignore[arg-type]
    return pd.DataFrame(
        {
            "account_id": list(value),
            "class": ["A" if name == best else "C" for name in value],
            "value": list(value.values()),
            "region": "North",
        }
    )


BEFORE, NOW = classes(a=9.0, b=5.0, c=1.0), classes(a=4.0, b=8.0, c=1.0)


def test_the_parts_of_a_move_add_up() -> None:
    anew = pd.Series({"a": 7.0, "b": 6.0, "c": 1.0})
    moves = _moves(BEFORE, NOW, anew, True)
    parts = moves[["data", "model", "behaviour", "peers"]].sum(axis=1)
    pd.testing.assert_series_equal(parts, moves["after"] - moves["before"], check_names=False)
    assert moves["class_before"].to_dict() == {"a": "A", "b": "C", "c": "C"}
    assert (moves["model"] == 0).all(), "the package is the same"


def test_money_adds_up_by_region_and_over_all() -> None:
    moves = _moves(BEFORE, NOW, pd.Series({"a": 7.0, "b": 6.0, "c": 1.0}), True)
    north, everything = _values(moves).to_dict("records")
    # 15 were said; valued anew they are 14; today they are 13.
    assert (
        north
        == everything
        == {"before": 15.0, "data and model": -1.0, "behaviour": -1.0, "now": 13.0}
    )


def test_money_of_accounts_that_one_run_does_not_know_counts_too() -> None:
    now = classes(a=4.0, b=8.0, d=3.0)
    moves = _moves(BEFORE, now, pd.Series({"a": 7.0, "b": 6.0, "d": 2.0}), True)
    # Gamma's 1 is gone with its account; of delta's 3 the book of today knows 2 for then.
    assert _values(moves).iloc[-1].to_dict() == {
        "before": 15.0,
        "data and model": 0.0,
        "behaviour": 0.0,
        "now": 15.0,
    }
    assert moves.loc[["c", "d"], ["class_before", "class_now"]].isna().sum().tolist() == [1, 1]


def test_with_another_package_what_differs_counts_as_the_models() -> None:
    anew = pd.Series({"a": 1.0, "b": 6.0, "c": 2.0})
    moves = _moves(BEFORE, NOW, anew, False)
    assert (moves["data"] == 0).all()
    assert moves["model"].abs().sum() > 0


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no finished run; give a folder runs/BOOK/DAY"):
        compare_runs(tmp_path, tmp_path)


def test_runs_without_a_region_in_common_cannot_be_compared() -> None:
    with pytest.raises(DataError, match="no region in common"):
        _moves(BEFORE.assign(region="South"), NOW, pd.Series(dtype=float), True)
