"""The biases, effects and selections of the world, at two sizes."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from kapkit.book.errors import DataError
from kapkit.sample import Company, Settings, simulate
from kapkit.sample.world import sized_regions, territories

pytestmark = pytest.mark.slow


def logged_share(company: Company) -> pd.Series:
    """Give the share of true contacts that is in the activities table, by owner."""
    owner = company.accounts.set_index("account_id")["owner"]
    true = company.truth.months["contacts"].groupby(level="account_id").sum()
    logged = company.tables["activities"].query("inbound == 'no'").groupby("owner").size()
    return logged / true.groupby(owner).sum()


def test_wallets_are_skewed_and_shares_are_not(clean: Company) -> None:
    truth = clean.truth.accounts
    assert 1.0 < np.log(truth["wallet"]).std() < 1.8
    assert 0.35 < truth.loc[truth["alive"], "share"].mean() < 0.50


def test_owners_call_on_size_not_on_response(clean: Company) -> None:
    truth = clean.truth.accounts[clean.truth.accounts["alive"]]
    spend = truth["share"] * truth["wallet"]
    assert truth["contacts"].corr(spend, method="spearman") > 0.6
    assert abs(truth["contacts"].corr(truth["elasticity"])) < 0.15


def test_owners_keep_to_their_hours(large: Company) -> None:
    staff = large.tables["staff"].set_index("owner")
    owner = large.accounts.set_index("account_id")["owner"]
    worked = large.truth.months["contacts"].groupby([owner, "month"]).sum()  # an hour each
    mean = worked.groupby(level="owner").mean()
    assert (mean <= 1.1 * staff["hours_per_month"].reindex(mean.index)).all()
    minutes = large.tables["activities"].query("inbound == 'no'")["minutes"]
    assert minutes.mean() == pytest.approx(60, rel=0.05)


def test_naive_response_to_calls_is_biased(large: Company) -> None:
    truth = large.truth.accounts[large.truth.accounts["alive"]]
    bought = large.sales.query("date > '2025-06-30'").groupby("account_id")["revenue"].sum()
    logs = pd.DataFrame({"contacts": truth["contacts"], "revenue": bought}).dropna().clip(1)
    logs = np.log(logs)
    naive = np.polyfit(logs["contacts"], logs["revenue"], 1)[0]
    assert naive > 2 * truth["elasticity"].mean()


def test_calls_that_follow_nothing_show_the_true_elasticity() -> None:
    settings = Settings(
        calls_follow_size=0.0,
        calls_follow_demand=0.0,
        effort_sd=0.8,
        elasticity=0.31,
        elasticity_sd=0.0,
        demand_sd=0.1,
    )
    months = simulate(accounts=800, seed=1, dirt=False, settings=settings).truth.months
    made, pace = (months[name].to_numpy().reshape(800, -1) for name in ("contacts", "pace"))
    stock = lfilter([0.25], [1, -0.75], made)[:, 12:]  # what is remembered of contacts
    calls, orders = np.log(stock + 0.1), np.log(pace[:, 12:])
    calls -= calls.mean(axis=1, keepdims=True)
    found = (calls * orders).sum() / (calls**2).sum()
    assert found == pytest.approx(0.31, abs=0.03)


def test_owners_log_part_and_partly_at_month_end(large: Company) -> None:
    share = logged_share(large)
    owners = large.truth.owners.set_index("owner")
    assert share.mean() == pytest.approx(0.67, abs=0.05)
    assert (share - owners["logging"].reindex(share.index)).abs().max() < 0.10
    made = large.tables["activities"].query("inbound == 'no'")
    date = made["date"].to_numpy().astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    last = np.busday_offset((month + 1).astype("datetime64[D]") - 1, 0, roll="backward")
    at_end = pd.Series(date == last).groupby(made["owner"].to_numpy()).mean()
    assert at_end.corr(owners["batching"].reindex(at_end.index)) > 0.9


def test_the_unhappy_answer_less_and_scales_drift(large: Company) -> None:
    surveys = large.tables["surveys"]
    answered = surveys.groupby("account_id").size()
    feels = large.truth.months["satisfaction"].groupby(level="account_id").mean()
    stays = large.truth.accounts["leaves"].isna() & large.truth.accounts["purchase_rate"].gt(0)
    times = answered.reindex(feels.index[stays.reindex(feels.index)]).fillna(0)
    happy = feels.reindex(times.index).gt(0)
    assert times[happy].mean() > 1.3 * times[~happy].mean()
    csat = surveys.query("kind == 'csat'")
    assert set(csat["scale_max"]) == {5.0, 10.0}
    assert (
        csat.groupby("scale_max")["date"].max()[5.0] < csat.query("scale_max == 10")["date"].min()
    )
    nps = surveys.query("kind == 'nps'").groupby("date")["score"].agg(["mean", "size"])
    by_year = surveys.query("kind == 'nps'").groupby(surveys["date"].dt.year)["score"].mean()
    assert by_year.is_monotonic_increasing
    assert nps["size"].sum() > 300


def test_bad_deliveries_spoil_satisfaction() -> None:
    good = simulate(accounts=400, seed=2, dirt=False, settings=Settings(bad_deliveries=0.0))
    bad = simulate(accounts=400, seed=2, dirt=False, settings=Settings(bad_deliveries=0.20))
    assert len(good.tables["complaints"]) == 0
    assert len(bad.tables["complaints"]) > 250
    change = bad.truth.months["satisfaction"].mean() - good.truth.months["satisfaction"].mean()
    assert change < -0.2
    assert bad.truth.accounts["alive"].mean() < good.truth.accounts["alive"].mean()


def test_worse_complaints_take_longer(large: Company) -> None:
    complaints = large.tables["complaints"]
    days = (complaints["closed"] - complaints["opened"]).dt.days
    median = days.groupby(complaints["severity"]).median()
    assert median["low"] < median["medium"] < median["high"]
    assert complaints["closed"].isna().any()
    assert complaints["account_id"].isin(large.sales["account_id"]).all()


def test_the_unhappy_leave_sooner(large: Company) -> None:
    truth, months = large.truth.accounts, large.truth.months
    early = months.xs(pd.Timestamp(2024, 7, 1), level="month")["satisfaction"]
    there = truth["purchase_rate"].gt(0) & ~(truth["leaves"] <= "2024-07-01")
    leaves = truth.loc[there, "leaves"].notna()
    unhappy = early.reindex(leaves.index) < early.median()
    assert leaves[unhappy].mean() > 1.3 * leaves[~unhappy].mean()
    # A year at a mean rate of 0.08, more for moods that differ, less for who has left already.
    left = truth["leaves"].between("2025-07-01", "2026-06-30").sum()
    assert 0.07 < left / (truth["alive"].sum() + left) < 0.12


def test_the_programme_takes_the_large(clean: Company) -> None:
    wave = clean.truth.accounts["wave"]
    first = wave.min()
    size = revenue(clean, first - pd.DateOffset(years=1), first)
    assert size[wave == first].median() > 2.5 * size[wave.isna()].median()


@pytest.mark.parametrize(("selection", "fall"), [(1.0, -0.20), (0.0, 0.0)])
def test_who_was_large_last_year_falls_back(selection: float, fall: float) -> None:
    settings = Settings(
        programme_effect=0.0,
        programme_effect_sd=0.0,
        selection=selection,
        wave_share=0.1 if selection else 0.4,
        demand_sd=0.5,
        waves=1,
    )
    chosen, others = change(simulate(accounts=1500, seed=1, dirt=False, settings=settings))
    assert chosen - others == pytest.approx(fall, abs=0.10)


def revenue(company: Company, begin: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    sales = company.sales
    inside = sales["date"].ge(begin) & sales["date"].lt(end)
    total = sales[inside].groupby("account_id")["revenue"].sum()
    return total.reindex(company.truth.accounts.index).fillna(0.0)


def change(company: Company) -> tuple[float, float]:
    """Give the log change of orders, the year after the wave against the year before.

    Of the accounts of the first wave, and of those never chosen that bought before.
    """
    truth, months = company.truth.accounts, company.truth.months
    wave = truth["wave"].min()
    orders = months.reset_index().pivot_table("orders", "account_id", "month")
    before = orders.loc[:, wave - pd.DateOffset(years=1) : wave - pd.DateOffset(days=1)].sum(axis=1)
    after = orders.loc[:, wave : wave + pd.DateOffset(years=1, days=-1)].sum(axis=1)
    chosen = truth["wave"].eq(wave)
    others = truth["wave"].isna() & before.gt(0) & ~(truth["leaves"] <= wave)
    return tuple(float(np.log(after[who].sum() / before[who].sum())) for who in (chosen, others))


@pytest.mark.parametrize("effect", [0.0, 0.25])
def test_a_programme_by_lot_has_the_effect_that_is_set(effect: float) -> None:
    settings = Settings(
        programme_effect=effect,
        programme_effect_sd=0.0,
        programme_no_effect=0.0,
        selection=0.0,
        waves=1,
        wave_share=0.4,
        demand_sd=0.1,
    )
    chosen, others = change(simulate(accounts=2500, seed=5, dirt=False, settings=settings))
    assert chosen - others == pytest.approx(effect, abs=0.06)


def test_effects_are_zero_on_some_and_right_on_average(large: Company) -> None:
    effect = large.truth.accounts["programme_effect"]
    assert effect.eq(0).mean() == pytest.approx(0.30, abs=0.03)
    assert effect.mean() == pytest.approx(0.10, abs=0.01)
    waves = large.truth.waves
    enrolled = large.tables["enrolments"].groupby("date").size()
    assert waves["accounts"].tolist() == enrolled.tolist()
    by_wave = effect.groupby(large.truth.accounts["wave"]).mean()
    assert waves["effect"].tolist() == pytest.approx(by_wave.tolist())


def test_plan_actions_are_done_late_and_skipped(clean: Company) -> None:
    actions = clean.tables["plan_actions"]
    by_status = actions["status"].value_counts()
    assert set(by_status.index) == {"done", "done late", "skipped", "planned"}
    done = actions["status"].isin(["done", "done late"])
    assert actions["done"].notna().equals(done)
    assert actions.query("status == 'planned'")["due"].min() > pd.Timestamp(2026, 6, 28)
    entered = clean.tables["enrolments"].set_index("account_id")["date"]
    assert (actions["due"] >= actions["account_id"].map(entered)).all()


def test_needs_goals_and_deals(clean: Company) -> None:
    tables = clean.tables
    assert set(tables["needs"]["need"]) > set(tables["solutions"]["need"])
    goals = tables["goals"]
    year = goals[goals["end"].eq("2026-12-31") & goals["start"].eq("2026-01-01")]
    year = year[year["account_id"].isna() & year["metric"].eq("revenue")]
    assert len(year) == clean.accounts["region"].nunique() + 1
    last = clean.sales.query("'2025-01-01' <= date <= '2025-12-31'")["revenue"].sum()
    company = year.loc[year["region"].isna(), "target"].item()
    assert 1.0 < company / last < 1.15
    deals = tables["opportunities"]
    decided = deals["closes"] <= pd.Timestamp(clean.as_of)
    assert deals.loc[decided, "stage"].isin(["won", "lost"]).all()
    assert not deals.loc[~decided, "stage"].isin(["won", "lost"]).any()


def test_regions_keep_their_small_ones_and_never_share_an_owner() -> None:
    regions = sized_regions(20_000)
    blocks = list(territories(regions, 5_000))
    assert [sum(region.accounts for region in block) for block in blocks] == [5_000] * 4
    assert [region.accounts for region in blocks[0][:2]] == [12, 30]
    owners = [owner for block in blocks for region in block for owner in region.owners]
    assert len(owners) == len(set(owners))


def test_named_regions() -> None:
    company = simulate(regions={"Nord": 40, "Süd": 8}, seed=3)
    assert company.accounts["region"].value_counts().to_dict() == {"Nord": 38, "Süd": 9}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"accounts": 20}, "accounts is 20; give 60 or more, or name regions"),
        ({"accounts": 50, "regions": {"A": 60}}, "accounts is 50, the regions hold 60"),
        ({"regions": {"A": 0}}, "regions: A; each needs an account"),
    ],
)
def test_worlds_that_cannot_be(given: dict, message: str) -> None:
    with pytest.raises(DataError) as error:
        simulate(**given)
    assert str(error.value) == message


def test_settings_out_of_range() -> None:
    with pytest.raises(DataError) as error:
        Settings(selection=1.5, demand_sd=-1)
    assert str(error.value) == (
        "settings: selection, demand_sd out of range; "
        "shares lie in 0 to 1, rates and spreads are not negative"
    )
