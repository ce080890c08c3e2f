import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from pandas.testing import assert_frame_equal

from kapkit.models.poisson import poisson_slopes
from kapkit.models.response import (
    PRIOR,
    PRIOR_SD,
    Panel,
    combine,
    contact_panel,
    elasticity_of_contacts,
)
from tests.models.worlds import TRUE, company


def test_the_truth_is_found_within_accounts_and_missed_between_them() -> None:
    found = [elasticity_of_contacts(company(seed)).table for seed in range(12)]
    within = np.array([table.loc["fixed effects", ["elasticity", "error"]] for table in found])
    pooled = np.array([table.loc["pooled", "elasticity"] for table in found])
    assert abs(within[:, 0].mean() - TRUE) < 0.02
    covered = np.abs(within[:, 0] - TRUE) < 1.96 * within[:, 1]
    assert covered.sum() >= 9
    assert (pooled > 0.8).all()


def test_contacts_that_follow_demand_mislead_and_the_prior_holds_against_it() -> None:
    found = [elasticity_of_contacts(company(seed, follows=0.8)) for seed in range(5)]
    for one in found:
        assert one.table.loc["fixed effects", "elasticity"] > 0.5
        assert abs(one.value - TRUE) < 0.15
        assert one.table.loc["used", "low"] < TRUE < one.table.loc["used", "high"]
        assert one.follows_demand < 0.05
        assert "contacts follow demand" in one.sentence


def test_nothing_is_said_to_follow_demand_where_it_does_not() -> None:
    alarms = sum(elasticity_of_contacts(company(seed)).follows_demand < 0.05 for seed in range(12))
    assert alarms <= 3


def test_the_estimate_is_that_of_statsmodels() -> None:
    panel = company(3, accounts=40, months=12)
    logs = np.log(panel.contacts.clip(lower=1.0)).to_numpy()
    none = (panel.contacts == 0).to_numpy(float)
    slopes, _ = poisson_slopes(panel.sales.to_numpy(), [logs, none])
    scaled = panel.sales.div(np.sqrt(panel.sales.mean(axis=1)), axis=0)
    rows = scaled.rename_axis(columns="month").melt(ignore_index=False).reset_index()
    rows = rows.assign(logs=logs.ravel("F"), none=none.ravel("F"))
    peer = smf.glm(
        "value ~ logs + none + C(account_id) + C(month)", rows, family=sm.families.Poisson()
    )
    np.testing.assert_allclose(slopes, peer.fit().params[["logs", "none"]], rtol=1e-6)


def test_missing_months_are_left_out() -> None:
    panel = company(4, accounts=40, months=24)
    early = np.arange(24) < np.arange(40)[:, None] % 12
    gaps = Panel(panel.sales.mask(early), panel.contacts.mask(early))
    full, cut = (elasticity_of_contacts(one).table.loc["fixed effects"] for one in (panel, gaps))
    assert cut["error"] > full["error"]
    assert abs(cut["elasticity"] - TRUE) < 3 * cut["error"]


def test_few_accounts_leave_the_prior_and_say_so() -> None:
    panel = company(1, accounts=9)
    found = elasticity_of_contacts(panel)
    assert (found.value, found.sd) == (PRIOR, PRIOR_SD)
    assert math.isnan(found.table.loc["fixed effects", "elasticity"])
    assert found.sentence == (
        "10 % more contacts go with 3.1 % more sales (elasticity 0.31, 80 % interval 0.12 to "
        "0.50). That is what other companies found: fewer than 10 accounts with varying contacts, "
        "or less than 6 months, is not enough data to tell."
    )


def test_contacts_that_never_vary_leave_the_prior() -> None:
    panel = company(1)
    constant = Panel(panel.sales, panel.contacts * 0 + 3)
    assert elasticity_of_contacts(constant).value == PRIOR


@pytest.mark.parametrize("estimate", [-2.0, 0.0, 0.9])
def test_a_lot_trusts_the_data_more(estimate: float) -> None:
    plain, drawn = combine(estimate, 0.05), combine(estimate, 0.05, randomised=True)
    assert abs(drawn[0] - max(estimate, 0)) <= abs(plain[0] - max(estimate, 0))
    assert drawn[1] < plain[1] < PRIOR_SD
    assert plain[0] >= 0


def test_the_panel_counts_own_contacts_of_full_months() -> None:
    activities = pd.DataFrame(
        [
            ("a", "2026-03-02", "visit", None),
            ("a", "2026-04-30", "call", "no"),
            ("a", "2026-04-30", "call", "yes"),
            ("a", "2026-04-30", "email", "no"),
            ("a", "2026-06-09", "visit", "no"),
        ],
        columns=["account_id", "date", "kind", "inbound"],
    ).astype({"date": "datetime64[ns]"})
    purchases = pd.DataFrame(
        {
            "account_id": ["a", "b", "b"],
            "date": pd.to_datetime(["2026-04-05", "2026-05-01", "2026-05-02"]),
            "revenue": [10.0, 5.0, -9.0],
        }
    )
    before = activities.copy(deep=True)
    panel = contact_panel(
        purchases, activities, pd.Index(["a", "b"]), as_of=dt.date(2026, 6, 29), months=36
    )
    span = pd.period_range("2026-04", "2026-05", freq="M")
    assert list(panel.sales.columns) == list(span)
    assert panel.contacts.loc["a"].tolist() == [1, 0]
    assert panel.sales.loc["a"].tolist() == [10, 0]
    assert panel.sales.loc["b"].isna().all()
    assert_frame_equal(activities, before)


def test_no_contacts_give_an_empty_panel_and_the_prior() -> None:
    none = pd.DataFrame({"account_id": [], "date": pd.to_datetime([]), "kind": []})
    bought = pd.DataFrame({"account_id": [], "date": pd.to_datetime([]), "revenue": []})
    panel = contact_panel(bought, none, pd.Index(["a"]), as_of=dt.date(2026, 6, 30))
    assert elasticity_of_contacts(panel).value == PRIOR
