import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kapkit.cultivation.offering import themes

DAY = dt.date(2026, 6, 30)

ACCOUNTS = pd.DataFrame(
    {"name": ["Alpha", "Beta", "Gamma", "Delta"], "contribution": [100.0, 50.0, 10.0, -40.0]},
    pd.Index(["a", "b", "c", "d"], name="account_id"),
)
PRODUCTS = pd.DataFrame({"product_id": ["1", "2"], "category": ["Pumps", "Valves"]})
COMPLAINTS = pd.DataFrame(
    [
        ("a", "2026-06-01", None, "delivery", "1"),
        ("a", "2026-05-01", "2026-05-09", "delivery", "1"),
        ("b", "2025-10-01", None, "delivery", "1"),
        ("c", "2026-06-01", None, "quality", None),
        ("d", "2026-06-01", None, "quality", None),
        ("b", "2024-06-01", None, "price", "2"),
        ("b", "2026-07-01", None, "price", "2"),
    ],
    columns=["account_id", "opened", "closed", "category", "product_id"],
).astype({"opened": "datetime64[ns]", "closed": "datetime64[ns]"})
NEEDS = pd.DataFrame(
    [
        ("b", "speed", "2026-01-01", 5, 1),
        ("a", "speed", "2026-01-01", 5, 1),
        ("a", "speed", "2026-03-01", 5, 5),
        ("c", "skill", "2026-03-01", 3, 1),
    ],
    columns=["account_id", "need", "recorded", "importance", "fulfilment"],
).astype({"recorded": "datetime64[ns]"})
SOLUTIONS = pd.DataFrame({"need": ["speed", "skill"], "product_id": ["2", None]})


def found(**also: object) -> pd.DataFrame:
    return themes(
        ACCOUNTS,
        as_of=DAY,
        complaints=COMPLAINTS,
        needs=NEEDS,
        solutions=SOLUTIONS,
        products=PRODUCTS,
        **also,
    ).table


def test_themes_are_ranked_by_what_their_accounts_bring() -> None:
    table = found()
    columns = ["source", "theme", "category", "stake", "accounts", "records", "open", "names"]
    assert table[columns].to_numpy().tolist() == [
        ["complaint", "delivery", "Pumps", 150, 2, 3, 2, "Alpha, Beta"],
        ["need", "speed", "Valves", 50, 1, 1, 1, "Beta"],
        ["complaint", "quality", "not known", 10, 2, 2, 2, "Gamma, Delta"],
    ]
    assert table.loc[0, ["recent", "before"]].tolist() == [2, 1]
    assert table["trend"].isna().tolist() == [False, True, True]
    assert (table["low"] <= table["high"]).all()


def test_margin_of_the_category_counts_where_it_is_known() -> None:
    keys = pd.MultiIndex.from_tuples([("a", "Pumps"), ("b", "Valves")])
    table = found(category_margin=pd.Series([7.0, 60.0], keys)).set_index("theme")
    assert table["stake"].to_dict() == {"speed": 60, "quality": 10, "delivery": 7}


def test_the_sentence_names_the_first_theme() -> None:
    said = themes(
        ACCOUNTS, as_of=DAY, complaints=COMPLAINTS, products=PRODUCTS, currency="EUR"
    ).sentence
    assert said.startswith("Most is at stake with delivery (Pumps): 2 accounts that bring 150 EUR")


@pytest.mark.parametrize("tables", [{}, {"complaints": COMPLAINTS.iloc[:0]}])
def test_without_records_there_are_no_themes(tables: dict) -> None:
    none = themes(ACCOUNTS, as_of=DAY, **tables)
    assert none.table.empty
    assert none.sentence == "No complaint or unmet need is recorded."
    assert set(none.table.columns) == set(found().columns)


def test_the_trend_interval_holds_a_constant_rate() -> None:
    rng = np.random.default_rng(1)
    world = np.repeat(np.arange(200), rng.poisson(40, 200))
    many = pd.DataFrame(
        {
            "account_id": rng.choice(list("abc"), len(world)),
            "opened": pd.Timestamp(DAY)
            - pd.to_timedelta(rng.integers(0, 366, len(world)), unit="D"),
            "category": [f"theme {number}" for number in world],
        }
    )
    table = themes(ACCOUNTS, as_of=DAY, complaints=many, days=366, draws=10).table
    assert table["trend"].between(0.2, 5).all()
    assert (table["trend_low"].le(1) & table["trend_high"].ge(1)).mean() >= 0.78


def test_the_same_seed_gives_the_same_interval() -> None:
    pd.testing.assert_frame_equal(found(seed=3), found(seed=3))
    assert not found(seed=3)["high"].equals(found(seed=4, draws=50)["high"])


def test_equal_stakes_have_equal_chances() -> None:
    raised = [("a", "2026-06-01", theme) for theme in ("one", "two", "three", "four", "five")]
    complaints = pd.DataFrame(raised, columns=["account_id", "opened", "category"])
    complaints = complaints.astype({"opened": "datetime64[ns]"})
    table = themes(ACCOUNTS, as_of=DAY, complaints=complaints).table
    assert len(set(table["top_chance"])) == 1
    assert 0.5 < table["top_chance"].iloc[0] < 0.75  # the account is drawn: 1 - 1/e
