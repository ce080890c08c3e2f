import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapkit.evaluation.needs import needs, needs_by_region, needs_of
from kapkit.evaluation.profit import contribution_of
from kapkit.report.evaluation.needs import (
    finding_needs,
    plot_needs,
    table_needs,
    table_needs_by_region,
)
from tests.regions import DAY, bought, company, region

EARNED = pd.Series({"a": 100.0, "b": 40.0, "c": -30.0, "d": float("nan")})


def said(*rows: tuple) -> pd.DataFrame:
    """Make needs: account, need, days ago, importance, fulfilment."""
    frame = pd.DataFrame(rows, columns=["account_id", "need", "ago", "importance", "fulfilment"])
    day = pd.Timestamp(DAY) - pd.to_timedelta(frame.pop("ago"), unit="D")
    return frame.assign(recorded=day).astype({"importance": float, "fulfilment": float})


ROWS = (
    ("a", "speed", 300, 5, 1),
    ("a", "speed", 10, 5, 3),  # the latest record counts: a gap of 2, of 4 before
    ("b", "speed", 20, 4, 4),  # met
    ("b", "care", 20, 5, 2),
    ("c", "care", 30, 4, 1),  # open, but it loses money
    ("d", "calm", 400, 3, 1),  # not important
    ("a", "calm", -3, 5, 1),  # later
    ("stranger", "care", 3, 5, 1),
)


def test_ranked_by_what_is_at_stake() -> None:
    found = needs(said(*ROWS), EARNED, as_of=DAY, currency="EUR")
    assert found.table["stake"].to_dict() == {"speed": 100.0, "care": 40.0, "calm": 0.0}
    assert found.table["open"].to_dict() == {"speed": 1, "care": 2, "calm": 0}
    assert found.table["opportunity"].to_dict() == {"speed": 5.5, "care": 7.5, "calm": 5.0}
    speed = found.accounts.query("account_id == 'a' and need == 'speed'").iloc[0]
    assert speed[["gap", "gap_before", "stake"]].tolist() == [2, 4, 100]
    assert found.unanswered == ["speed", "care"]
    assert found.sentence.startswith(
        "Most is at stake with speed: 1 account that contributes 100 EUR"
    )
    assert found.sentence.endswith("Nothing is known to answer speed, care.")


def test_gaps_of_few_are_drawn_to_the_mean_of_all() -> None:
    rows = [(f"x{i}", f"n{i % 5}", 9, 4, 1 + i % 3) for i in range(60)]
    everyone = pd.Series(1.0, ["a", *(f"x{i}" for i in range(60))])
    found = needs(said(("a", "rare", 9, 5, 1), *rows), everyone, as_of=DAY).table
    rare = found.loc["rare"]
    assert found["gap"].drop("rare").mean() < rare["gap"] < 4
    assert rare["high"] - rare["low"] > (found["high"] - found["low"]).drop("rare").max()


def test_stated_answers_come_first_and_say_why() -> None:
    solutions = pd.DataFrame(
        {
            "need": ["speed", "care", "nobody's"],
            "product_id": ["p1", None, "p1"],
            "action": [None, "call", None],
            "note": ["from stock", None, None],
        }
    )
    products = pd.DataFrame({"product_id": ["p1"], "name": ["Courier"], "category": ["x"]})
    found = needs(said(*ROWS), EARNED, as_of=DAY, solutions=solutions, products=products)
    assert found.matches.to_numpy().tolist() == [
        ["speed", "Courier", True, "stated: from stock"],
        ["care", "call", True, "stated in solutions"],
    ]
    assert found.unanswered == []
    assert found.sentence.endswith("Each open need has an answer.")


def test_what_accounts_with_the_need_bought_afterwards_is_a_match() -> None:
    """Eight of ten bought belts after they named the need; of forty others, four did."""
    with_need = [f"n{i}" for i in range(10)]
    others = [f"o{i}" for i in range(40)]
    named = said(*((key, "wear", 100, 5, 1) for key in with_need))
    rows = [(key, "2025-01-01", "oil") for key in [*with_need, *others]]
    rows += [(key, "2026-06-01", "belts") for key in [*with_need[:8], *others[:4]]]
    sold = pd.DataFrame(rows, columns=["account_id", "month", "category"])
    sold = sold.assign(month=pd.to_datetime(sold["month"]), revenue=1.0)
    earned = pd.Series(1.0, [*with_need, *others])
    (match,) = needs(named, earned, as_of=DAY, categories=sold).matches.to_numpy().tolist()
    assert match[:3] == ["wear", "belts", False]
    assert match[3].startswith("8 of 10 accounts bought it for the first time after")
    before = sold.assign(month=pd.Timestamp("2025-01-01"))
    assert needs(named, earned, as_of=DAY, categories=before).matches.empty


def test_by_region() -> None:
    found = needs(said(*ROWS), EARNED, as_of=DAY)
    table = needs_by_region(
        found, pd.Series({"a": "North", "b": "South", "c": "North", "d": "South"})
    )
    assert table.loc["speed"].to_dict() == {"North": 100.0, "South": 0.0}
    assert table.loc["care"].to_dict() == {"North": 0.0, "South": 40.0}


def test_a_book_without_needs_says_so() -> None:
    here = region({"a": "Alpha"}, bought(("a", DAY, 9.0, 4.0)))
    found = needs_of(here, contribution_of(here))
    assert found is None
    shown = finding_needs(found)
    assert shown.caution
    assert shown.sentences == ["The book has no needs table: what accounts need is not known."]
    assert plot_needs(here, found).sentences == []


def test_what_was_drawn() -> None:
    here = region({"a": "Alpha"}, bought(("a", DAY, 9.0, 4.0)))
    found = needs(said(*ROWS), EARNED, as_of=DAY)
    chart = plot_needs(here, found)
    (axes,) = chart.figure.axes
    assert axes.collections[0].get_offsets().tolist() == [[3.5, 4.5], [1.5, 4.5], [1.0, 3.0]]
    assert [text.get_text() for text in axes.texts] == ["speed", "care", "calm"]
    assert [row[:4] for row in table_needs(here, found).rows()] == [
        ["speed", "100", "1", "2"],
        ["care", "40.0", "2", "2"],
        ["calm", "0", "0", "1"],
    ]


records = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.sampled_from(["x", "y", "z"]), st.integers(0, 500),
        st.integers(1, 5), st.integers(1, 5),
    ),
    unique_by=lambda row: row[:3],
    min_size=1,
    max_size=15,
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=8)
@given(records, st.randoms(use_true_random=False))
def test_names_and_order_do_not_matter(rows: list[tuple], random) -> None:
    found = needs(said(*rows), EARNED, as_of=DAY)
    other = {"a": "w", "b": "x", "c": "y", "d": "z"}
    mixed = [(other[key], *rest) for key, *rest in random.sample(rows, len(rows))]
    again = needs(said(*mixed), EARNED.rename(other), as_of=DAY)
    pd.testing.assert_frame_equal(again.table.sort_index(), found.table.sort_index())
    assert found.accounts["stake"].sum() == pytest.approx(found.table["stake"].sum())


def test_regions_with_most_at_stake_have_a_column_and_the_others_one() -> None:
    """By hand: North 5, South 3, East 2; with one column the other two are 5 together."""
    found = needs(
        pd.DataFrame(
            {
                "account_id": ["a", "b", "c"],
                "need": ["speed", "speed", "price"],
                "importance": 5.0,
                "fulfilment": 1.0,
                "recorded": pd.Timestamp(DAY),
            }
        ),
        pd.Series({"a": 5.0, "b": 3.0, "c": 2.0}),
        as_of=DAY,
    )
    whole = company(
        {"a": ("Uno", "<b>North"), "b": ("Due", "South"), "c": ("Tre", "East")},
        bought(("a", DAY, 1.0, 1.0)),
    )
    shown = table_needs_by_region(whole, found, most=1)
    assert shown.frame["need"].tolist() == ["speed", "price"]
    assert shown.frame[["whole", "region 0", "others"]].to_numpy().tolist() == [
        [8.0, 5.0, 3.0],
        [2.0, 0.0, 2.0],
    ]
    page = shown.html()
    assert "2 others" in page
    assert "&lt;b&gt;North" in page
    assert "<b>North" not in page
