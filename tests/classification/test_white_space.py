"""White space: by hand, and whether peers foresee who starts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kapkit.book.region import Region
from kapkit.classification.white_space import learn_peers, white_space, white_space_of
from tests.regions import DAY, bought, region

#: Revenue of twelve months: Tools and Oil.
SPEND = {f"m{at}": (60.0, 40.0) for at in range(8)} | {"m8": (50.0, 0.0), "m9": (0.0, 0.0)}


def here(spend: dict[str, tuple[float, float]], **accounts: object) -> Region:
    whole = region(dict.fromkeys(spend, "Name"), bought(*((k, DAY, 1.0) for k in spend)))
    rows = [
        (key, pd.Timestamp("2026-06-01"), category, value)
        for key, values in spend.items()
        for category, value in zip(("Tools", "Oil"), values, strict=True)
    ]
    sold = pd.DataFrame(rows, columns=["account_id", "month", "category", "revenue"])
    return replace(whole, categories=sold, accounts=whole.accounts.assign(**accounts))


def test_peers_size_what_an_account_leaves_out() -> None:
    found = white_space_of(here(SPEND))
    (row,) = found.table.to_dict("records")
    assert (row["account_id"], row["category"]) == ("m8", "Oil")
    # Peers that buy oil spend 40 % on it: 50 of tools go with 50 x .4 / .6 of oil.
    assert row["if_won"] == pytest.approx(50 * 0.4 / 0.6)
    assert row["expected"] == pytest.approx(row["if_won"] * row["starts"])
    assert found.sentences[0].startswith("Most is to be won with Oil: 1 account does not buy it")


def test_an_account_that_buys_nothing_has_no_white_space() -> None:
    assert "m9" not in set(white_space_of(here(SPEND)).table["account_id"])


def test_peers_are_of_the_line_of_business_drawn_to_all() -> None:
    spend = {f"a{at}": (90.0, 10.0) for at in range(20)} | {
        f"b{at}": (50.0, 50.0) for at in range(20)
    }
    whole = here(spend, industry=["Air"] * 20 + ["Boats"] * 20)
    peers = learn_peers(whole, DAY).set_index(["group", "category"])["share"]
    assert peers["all", "Oil"] == pytest.approx(0.3)
    assert peers["Air", "Oil"] == pytest.approx((20 * 0.1 + 10 * 0.3) / 30)
    one = pd.DataFrame({"Oil": [0.0], "Tools": [90.0]}, ["x"])
    table = learn_peers(whole, DAY)
    air, boats = (
        white_space(one, pd.Series([name], ["x"]), table)["if_won"].iloc[0]
        for name in ("Air", "Boats")
    )
    assert air < boats


def test_no_category_is_said() -> None:
    none = replace(here(SPEND), categories=here(SPEND).categories.assign(category=None))
    found = white_space_of(none)
    assert found.sentences == (
        "No white space can be told: no category is known, or nobody leaves one out.",
    )


def test_peers_foresee_who_starts() -> None:
    """Of two lines of business one starts oil often: the chances say so, and are judged."""
    generator = np.random.default_rng(2)
    keys = [f"a{at:03}" for at in range(200)]
    industry = np.where(np.arange(200) < 100, "Air", "Boats")
    rows = []
    for key, line in zip(keys, industry, strict=True):
        start = generator.choice(
            [0, 1, 2, 3], p=[0.1, 0.4, 0.4, 0.1] if line == "Air" else [0.1, 0.05, 0.05, 0.8]
        )
        for year in (2024, 2025, 2026):
            month = pd.Timestamp(f"{year}-05-01")
            rows.append((key, month, "Tools", 100.0))
            if year - 2024 >= start:
                rows.append((key, month, "Oil", 50.0))
    whole = region(dict.fromkeys(keys, "Name"), bought(*((k, DAY, 1.0) for k in keys)))
    sold = pd.DataFrame(rows, columns=["account_id", "month", "category", "revenue"])
    whole = replace(whole, categories=sold, accounts=whole.accounts.assign(industry=industry))
    table = white_space_of(whole).table.set_index("account_id")["starts"]
    lines = whole.accounts["industry"].reindex(table.index)
    assert table[lines == "Air"].mean() > 2 * table[lines == "Boats"].mean()
    said = white_space_of(whole).sentences[1]
    assert said.startswith("Of ")
    assert float(said.split("AUC of ")[1][:3]) > 0.7
