"""Moves since the last run: who, why, and who is held."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.decisions import decided
from kapkit.book.errors import DataError
from kapkit.book.region import Region
from kapkit.classification.abc import Cuts, classify
from kapkit.classification.class_moves import class_moves
from kapkit.classification.key_accounts import key_accounts, stability_of
from kapkit.classification.moves import CAUSES, Stability, steady_classes
from tests.regions import DAY, bought, region

THEN = DAY - dt.timedelta(days=91)
NAMES = {"a": "Alpha", "b": "Beta", "c": "Gamma", "d": "Delta", "e": "Echo"}
#: Beta bought much since; Alpha led before.
SOLD = {"a": 500.0, "b": 400.0, "c": 300.0, "d": 200.0, "e": 100.0}


def here(*, said: dict[str, float] | None = None, classes: str = "ABBCC") -> Region:
    """Five accounts of which an earlier run said what they are worth, and their class."""
    rows = [(key, THEN, value, 0.0) for key, value in SOLD.items()]
    whole = region(NAMES, bought(*rows, ("b", DAY, 900.0, 0.0)))
    worth = pd.Series(said or SOLD)
    before = pd.DataFrame(
        {
            "account_id": list(worth.index),
            "class": list(classes),
            "model_class": list(classes),
            "value": worth.to_numpy(),
            "way": "half-life",
        }
    )
    frame = decided("classes", before).assign(region="North")
    stored = worth.rename("data").rename_axis("account_id").reset_index()
    stored = stored.assign(model=stored["data"], region="North")
    return replace(whole, earlier={"classes": frame}, earlier_as_of=THEN), stored


def moved(**about: object) -> tuple[Region, pd.DataFrame]:
    whole, stored = here(**about)
    monkey = replace(whole, pooled={})
    return monkey, stored


def test_without_an_earlier_run_it_says_so() -> None:
    whole = region(NAMES, bought(*((key, DAY, value) for key, value in SOLD.items())))
    found = class_moves(whole, key_accounts(whole))
    assert not found.told
    assert found.table.empty
    assert found.sentences == (
        "There is no earlier run of this book: moves are told from the next one on.",
    )


def test_an_account_that_bought_more_moves_by_its_own_buying(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, stored = moved()
    monkeypatch.setattr("kapkit.classification.class_moves.value_then", lambda *_, **__: stored)
    found = class_moves(whole, key_accounts(whole))
    assert found.table.loc["b", ["was", "is", "cause"]].tolist() == ["B", "A", "behaviour"]
    assert found.table.loc["a", ["was", "is", "cause"]].tolist() == ["A", "B", "peers"]
    split = found.table[list(CAUSES)].astype(float).sum(axis=1)
    assert np.allclose(split, found.table["after"] - found.table["before"])
    assert found.sentences[0] == (
        "Since 31 March 2026 2 of 5 accounts changed class: 1 up, 1 down."
    )
    assert found.sentences[1] == "What moved them most: its own buying 1, what others buy 1."


def test_data_that_came_late_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, stored = moved(said=SOLD | {"b": 50.0}, classes="ACBBC")
    mended = stored.assign(data=stored["account_id"].map(SOLD | {"b": 5000.0}))
    mended = mended.assign(model=mended["data"])
    monkeypatch.setattr("kapkit.classification.class_moves.value_then", lambda *_, **__: mended)
    found = class_moves(whole, key_accounts(whole))
    assert found.table.loc["b", "cause"] == "data"


def test_an_account_within_the_band_is_held_and_counted() -> None:
    names = {f"a{at:02}": "Name" for at in range(20)}
    sold = bought(*((key, DAY, 100.0 - at, 0.0) for at, key in enumerate(names)))
    plain = region(names, sold)
    # Ranks four and five, on either side of the cut, had changed places before.
    classes = ["A"] * 3 + ["B", "A"] + ["B"] * 5 + ["C"] * 10
    before = pd.DataFrame({"account_id": list(names), "model_class": classes, "class": classes})
    frame = decided("classes", before.assign(value=1.0, way="half-life"))
    whole = replace(plain, earlier={"classes": frame}, earlier_as_of=THEN)
    wide = key_accounts(whole, stability=Stability(band=0.3)).table
    assert wide.loc[["a03", "a04"], "class"].tolist() == ["B", "A"]
    assert wide.index[wide["held"]].tolist() == ["a03", "a04"]
    none = key_accounts(whole, stability=Stability(band=0.0)).table
    assert none.loc[["a03", "a04"], "class"].tolist() == ["A", "B"]
    assert not none["held"].any()
    said = replace(whole, book=replace(whole.book, classes={"band": 0.0}))
    pd.testing.assert_frame_equal(key_accounts(said).table, none)


@pytest.mark.parametrize(
    ("held", "chance", "missed", "expected"),
    [
        ("A", 0.45, 1.0, "B"),
        ("A", 0.45, 2.0, "A"),
        ("A", 0.2, 3.0, "B"),
        ("A", 0.55, 1.0, "A"),
        ("A", 0.55, 0.5, "B"),
    ],
)
def test_the_cost_of_a_wrong_class_sets_the_evidence_needed(
    held: str, chance: float, missed: float, expected: str
) -> None:
    chances = pd.DataFrame({"A": [chance], "B": [1 - chance], "C": [0.0]}, ["x"])
    place, before = pd.Series({"x": 0.3}), pd.Series({"x": held})
    found = steady_classes(place, before, chances=chances, missed=missed)
    assert found["x"] == expected


def test_a_book_says_what_evidence_a_move_needs() -> None:
    silent = region({"a": "Alpha"}, bought())
    assert stability_of(silent) == Stability()
    told = replace(silent.book, classes={"band": 0.1, "missed_cost": 3.0})
    assert stability_of(replace(silent, book=told)) == Stability(band=0.1, missed=3.0)


def test_stability_that_freezes_is_refused() -> None:
    with pytest.raises(DataError, match=r"^band: 0.4 is not 0 to 0.3; beyond, "):
        Stability(band=0.4)
    with pytest.raises(DataError, match=r"^missed_cost: 0 must be positive$"):
        Stability(missed=0)


def test_computed_breaks_cut_where_values_fall_apart() -> None:
    value = pd.Series([900.0, 800.0, 700.0, 90.0, 80.0, 8.0, 7.0, 6.0, 0.0])
    worth = pd.DataFrame({"value": value, "low": 0.0, "high": 0.0, "order_days": 1})
    found = classify(worth, value, cuts=Cuts(by="breaks"))
    assert "".join(found.table["class"]) == "AAABBCCCC"
