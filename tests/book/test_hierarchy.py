import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from kapkit.book.hierarchy import hierarchy, roll_up


def accounts(**parents: str | None) -> pd.DataFrame:
    return pd.DataFrame({"parent_id": pd.Series(parents, dtype="str")})


def test_groups_reach_the_top() -> None:
    found = hierarchy(accounts(a=None, b="a", c="b", d="c", e=None)).table
    assert found["top_id"].to_dict() == {"a": "a", "b": "a", "c": "a", "d": "a", "e": "e"}
    assert found["level"].tolist() == [0, 1, 2, 3, 0]


def test_orphans_and_circles_stand_for_themselves_and_are_said() -> None:
    found = hierarchy(accounts(a="b", b="a", c="a", d="gone", e="e"))
    assert found.table["top_id"].to_dict() == {"a": "a", "b": "b", "c": "a", "d": "d", "e": "e"}
    assert found.sentences == [
        "accounts: parent_id names no account on 1 row (d); they stand for themselves",
        "accounts: 3 accounts are their own ancestors by parent_id (a, b, e); "
        "they stand for themselves",
    ]


def test_without_parents_everyone_is_a_top() -> None:
    found = hierarchy(pd.DataFrame({"name": ["x"]}, index=["a"]))
    assert found.table["top_id"].tolist() == ["a"]
    assert found.sentences == []
    assert hierarchy(pd.DataFrame({"parent_id": []})).table.empty


@given(st.lists(st.integers(-1, 30), max_size=30))
def test_the_sum_stays_and_tops_are_as_a_walk_finds_them(parents: list[int]) -> None:
    ids = [str(i) for i in range(len(parents))]
    told = {i: None if parent < 0 else str(parent) for i, parent in zip(ids, parents, strict=True)}
    found = hierarchy(accounts(**told) if told else pd.DataFrame({"parent_id": []}))
    for account in ids:
        seen = [account]
        while (up := told[seen[-1]]) in told and up not in seen and seen[-1] not in found.circles:
            seen.append(up)
        assert found.table.loc[account, "top_id"] == seen[-1]
        assert found.table.loc[account, "level"] == len(seen) - 1
    values = pd.DataFrame({"revenue": range(len(ids))}, index=ids)
    assert roll_up(values, found)["revenue"].sum() == values["revenue"].sum()
