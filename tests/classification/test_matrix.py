import pandas as pd

from kapkit.classification.abc import Classification, Cuts
from kapkit.classification.matrix import potential_matrix

NAN = float("nan")


def classified(**accounts: tuple[str, float]) -> Classification:
    table = pd.DataFrame.from_dict(accounts, orient="index", columns=["class", "headroom"])
    return Classification(table.assign(name=table.index.str.upper()), {}, {}, Cuts(), "")


def test_accounts_by_class_and_room() -> None:
    found = potential_matrix(
        classified(a=("A", 10.0), b=("B", 100.0), c=("C", 40.0), d=("C", 0.0), e=("C", NAN)),
        cuts=Cuts(by="count", a=1, b=2),
        currency="EUR",
    )
    assert found.table["room"].to_dict() == {"a": "little", "b": "much", "c": "some", "d": "little"}
    assert found.cells["accounts"].sum() == 4
    assert found.cells.loc[("much", "B")].tolist() == [1, 100.0]
    assert found.cells.loc[("little", "C")].tolist() == [1, 0.0]
    assert found.cells.loc[("much", "A")].tolist() == [0, 0.0]
    assert found.sentence == (
        "Room to grow: 150 EUR of revenue a year; 100 EUR of it with 1 account outside class A "
        "that could spend much more."
    )


def test_where_class_a_has_the_room_none_of_it_hides() -> None:
    found = potential_matrix(classified(a=("A", 10.0), b=("B", 0.0)), currency="EUR")
    assert found.sentence == ("Room to grow: 10.0 EUR a year; none of it hides outside class A.")


def test_no_potential_is_known() -> None:
    found = potential_matrix(classified(a=("A", NAN)))
    assert found.table.empty
    assert found.cells["accounts"].eq(0).all()
    assert found.sentence == "Not enough data to tell what accounts could spend."
