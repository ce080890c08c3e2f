"""How rightly and how steadily each way chooses, by hand."""

import pandas as pd

from kapkit.models.value_axis import CANDIDATES, choice_quality


def tried(*origins: tuple[list[float], list[float]]) -> pd.DataFrame:
    parts = {
        pd.Timestamp(f"2026-0{at}-01"): pd.DataFrame(
            {**dict.fromkeys(CANDIDATES, said), "future": came}, index=list("abcde")
        )
        for at, (said, came) in enumerate(origins, 1)
    }
    return pd.concat(parts, names=["origin", "account_id"])


def test_the_top_fifth_is_right_at_one_origin_and_changes_once() -> None:
    first = ([9.0, 1.0, 1.0, 1.0, 1.0], [9.0, 8.0, 1.0, 1.0, 1.0])
    second = ([1.0, 9.0, 1.0, 1.0, 1.0], [9.0, 8.0, 1.0, 1.0, 1.0])
    found = choice_quality(tried(first, second)).loc["plain"]
    assert found.tolist() == [0.5, 1.0]
    alike = choice_quality(tried(first, first)).loc["plain"]
    assert alike.tolist() == [1.0, 0.0]


def test_what_was_not_tried_is_missing() -> None:
    first = ([9.0, 1.0, 1.0, 1.0, 1.0], [9.0, 8.0, 1.0, 1.0, 1.0])
    one = choice_quality(tried(first))
    assert one["changed"].isna().all()
    assert one["precision_20"].eq(1.0).all()
    assert choice_quality(tried(first).iloc[:0]).isna().all(axis=None)
    unfit = tried(first).assign(combined=float("nan"))
    assert choice_quality(unfit).loc["combined"].isna().all()
