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


def test_moments_are_those_that_are_set(clean: Company) -> None:
    truth = clean.truth.accounts
    rate = truth.loc[truth["purchase_rate"] > 0, "purchase_rate"]
    error = 1 / np.sqrt(len(rate))
    # Orders a year are gamma with shape 3 and mean 10, hazards gamma with shape 2.
    assert rate.mean() == pytest.approx(10, rel=2 * error)
    assert rate.std() / rate.mean() == pytest.approx(3**-0.5, rel=3 * error)
    assert truth["leave_rate"].mean() == pytest.approx(Settings().leave_rate, rel=3 * error)
    assert truth["elasticity"].mean() == pytest.approx(Settings().elasticity, rel=2 * error)
    assert truth["elasticity"].std() == pytest.approx(Settings().elasticity_sd, rel=3 * error)


def test_accounts_spend_around_their_own_mean(clean: Company) -> None:
    sales = clean.sales.query("kind == 'sale' and date > '2025-06-30'")
    order = np.log(sales.groupby(["account_id", "order_id"])["revenue"].sum())
    by_account = order.groupby(level="account_id").agg(["mean", "std", "size"]).query("size >= 8")
    truth = np.log(clean.truth.accounts["mean_order_value"].reindex(by_account.index))
    assert by_account["mean"].corr(truth) > 0.9
    assert by_account["mean"].std() > 1.5 * by_account["std"].mean()


def test_trends_show_in_the_value_of_orders(clean: Company) -> None:
    sales = clean.sales.query("kind == 'sale'")
    order = sales.groupby(["account_id", "order_id", "date"])["revenue"].sum().reset_index()
    year = (order["date"] - pd.Timestamp(2023, 7, 1)).dt.days // 366
    value = order.assign(year=year, log=np.log(order["revenue"]))
    by_year = value.pivot_table("log", "account_id", "year", ["mean", "size"])
    known = by_year[by_year["size"][[0, 2]].ge(5).all(axis=1)]
    rise = (known[("mean", 2)] - known[("mean", 0)]) / 2
    slope = np.polyfit(clean.truth.accounts["trend"].reindex(rise.index), rise, 1)[0]
    assert slope == pytest.approx(1, abs=0.2)


def test_wallets_are_skewed_and_shares_are_not(clean: Company) -> None:
    truth = clean.truth.accounts
    assert 1.0 < np.log(truth["wallet"]).std() < 1.8
    assert 0.35 < truth.loc[truth["alive"], "share"].mean() < 0.50


def test_the_share_moves_with_satisfaction_contacts_and_competitors(clean: Company) -> None:
    months, never = clean.truth.months, clean.truth.accounts["wave"].isna().to_numpy()
    course = {name: months[name].to_numpy().reshape(len(never), -1) for name in months}
    stock = lfilter([0.25], [1, -0.75], course["contacts"])  # what is remembered of contacts
    share = course["share"][:, 12:]
    inside = never & (share > 0).all(axis=1) & (share < 0.94).all(axis=1)
    causes = [course["satisfaction"], np.log(stock + 0.1), course["pressure"], course["demand"]]
    columns = [np.log(share[inside]), *(cause[inside, 12:] for cause in causes)]
    moved, *held = [(one - one.mean(axis=1, keepdims=True)).ravel() for one in columns]
    found = np.linalg.lstsq(np.column_stack(held), moved, rcond=None)[0]
    # Demand moves the wallet, not our share of it.
    assert found == pytest.approx([0.12, 0.31, -1.0, 0.0], abs=0.08)


def test_owners_call_on_size_not_on_response(clean: Company) -> None:
    truth = clean.truth.accounts[clean.truth.accounts["alive"]]
    spend = truth["share"] * truth["wallet"]
    assert truth["contacts"].corr(spend, method="spearman") > 0.6
    assert abs(truth["contacts"].corr(truth["elasticity"])) < 0.15


def test_owners_keep_to_their_hours(clean: Company) -> None:
    staff = clean.tables["staff"].set_index("owner")
    owner = clean.accounts.set_index("account_id")["owner"]
    worked = clean.truth.months["contacts"].groupby([owner, "month"]).sum()  # an hour each
    mean = worked.groupby(level="owner").mean()
    assert (mean <= 1.1 * staff["hours_per_month"].reindex(mean.index)).all()
    minutes = clean.tables["activities"].query("inbound == 'no'")["minutes"]
    assert minutes.mean() == pytest.approx(60, rel=0.05)


def test_naive_response_to_calls_is_biased(clean: Company) -> None:
    truth = clean.truth.accounts[clean.truth.accounts["alive"]]
    bought = clean.sales.query("date > '2025-06-30'").groupby("account_id")["revenue"].sum()
    logs = pd.DataFrame({"contacts": truth["contacts"], "revenue": bought}).dropna().clip(1)
    logs = np.log(logs)
    naive = np.polyfit(logs["contacts"], logs["revenue"], 1)[0]
    assert naive > 2 * truth["elasticity"].mean()


@pytest.mark.parametrize("accounts", [200, 800])
def test_calls_that_follow_nothing_show_the_true_elasticity(accounts: int) -> None:
    settings = Settings(
        calls_follow_size=0.0,
        calls_follow_demand=0.0,
        effort_sd=0.8,
        elasticity=0.31,
        elasticity_sd=0.0,
        demand_sd=0.1,
    )
    months = simulate(accounts=accounts, seed=1, dirt=False, settings=settings).truth.months
    made, pace = (months[name].to_numpy().reshape(accounts, -1) for name in ("contacts", "pace"))
    stock = lfilter([0.25], [1, -0.75], made)[:, 12:]  # what is remembered of contacts
    calls, orders = np.log(stock + 0.1), np.log(pace[:, 12:])
    calls -= calls.mean(axis=1, keepdims=True)
    found = (calls * orders).sum() / (calls**2).sum()
    assert found == pytest.approx(0.31, abs=0.03)


def test_owners_log_part_and_partly_at_month_end(clean: Company) -> None:
    share = logged_share(clean)
    owners = clean.truth.owners.set_index("owner")
    assert share.mean() == pytest.approx(0.67, abs=0.05)
    assert (share - owners["logging"].reindex(share.index)).abs().max() < 0.10
    made = clean.tables["activities"].query("inbound == 'no'")
    date = made["date"].to_numpy().astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    last = np.busday_offset((month + 1).astype("datetime64[D]") - 1, 0, roll="backward")
    at_end = pd.Series(date == last).groupby(made["owner"].to_numpy()).mean()
    assert at_end.corr(owners["batching"].reindex(at_end.index)) > 0.9


def test_the_unhappy_answer_less_and_scales_drift(clean: Company) -> None:
    surveys = clean.tables["surveys"]
    answered = surveys.groupby("account_id").size()
    feels = clean.truth.months["satisfaction"].groupby(level="account_id").mean()
    stays = clean.truth.accounts["leaves"].isna() & clean.truth.accounts["purchase_rate"].gt(0)
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
    assert by_year.iloc[-1] > by_year.iloc[0] + 0.1
    assert nps["size"].sum() > 300


def test_bad_deliveries_spoil_satisfaction() -> None:
    good = simulate(accounts=400, seed=2, dirt=False, settings=Settings(bad_deliveries=0.0))
    bad = simulate(accounts=400, seed=2, dirt=False, settings=Settings(bad_deliveries=0.20))
    assert len(good.tables["complaints"]) == 0
    assert len(bad.tables["complaints"]) > 250
    change = bad.truth.months["satisfaction"].mean() - good.truth.months["satisfaction"].mean()
    assert change < -0.2
    assert bad.truth.accounts["alive"].mean() < good.truth.accounts["alive"].mean()


def test_worse_complaints_take_longer(clean: Company) -> None:
    complaints = clean.tables["complaints"]
    assert set(complaints["category"]) == {"late", "wrong goods", "damaged", "quality", "invoice"}
    assert complaints["product_id"].isna().equals(complaints["category"].eq("invoice"))
    days = (complaints["closed"] - complaints["opened"]).dt.days
    median = days.groupby(complaints["severity"]).median()
    assert median["low"] < median["medium"] < median["high"]
    assert complaints["closed"].isna().any()
    assert set(complaints["account_id"]) <= set(clean.sales["account_id"].unique())


def test_the_unhappy_leave_sooner(clean: Company) -> None:
    truth, months = clean.truth.accounts, clean.truth.months
    early = months.xs(pd.Timestamp(2024, 7, 1), level="month")["satisfaction"]
    there = truth["purchase_rate"].gt(0) & ~(truth["leaves"] <= "2024-07-01")
    leaves = truth.loc[there, "leaves"].notna()
    unhappy = early.reindex(leaves.index) < early.median()
    assert leaves[unhappy].mean() > 1.3 * leaves[~unhappy].mean()
    # A year at a mean rate of 0.08, more for moods that differ, less for who has left already.
    left = truth["leaves"].between("2025-07-01", "2026-06-30").sum()
    assert 0.06 < left / (truth["alive"].sum() + left) < 0.12


def test_the_programme_takes_the_large(clean: Company) -> None:
    wave = clean.truth.accounts["wave"]
    first = wave.min()
    size = revenue(clean, first - pd.DateOffset(years=1), first)
    assert size[wave == first].median() > 2.5 * size[wave.isna()].median()


@pytest.mark.parametrize(("accounts", "worlds"), [(500, 4), (1500, 2)])
@pytest.mark.parametrize(("selection", "fall"), [(1.0, -0.15), (0.0, 0.0)])
def test_who_was_large_last_year_falls_back(
    selection: float, fall: float, accounts: int, worlds: int
) -> None:
    settings = Settings(
        programme_effect=0.0,
        programme_effect_sd=0.0,
        selection=selection,
        wave_share=0.1 if selection else 0.4,
        demand_sd=0.5,
        waves=1,
    )
    changes = [
        change(simulate(accounts=accounts, seed=seed, dirt=False, settings=settings))
        for seed in range(worlds)
    ]
    # Over 8 worlds the difference has a standard deviation of 0.08 and 0.06 at the two sizes.
    apart = np.mean([chosen - others for chosen, others in changes])
    assert apart == pytest.approx(fall, abs=0.08)


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


@pytest.mark.parametrize(("accounts", "off"), [(500, 0.10), (2500, 0.06)])
@pytest.mark.parametrize("effect", [0.0, 0.25])
def test_a_programme_by_lot_has_the_effect_that_is_set(
    effect: float, accounts: int, off: float
) -> None:
    settings = Settings(
        programme_effect=effect,
        programme_effect_sd=0.0,
        programme_no_effect=0.0,
        selection=0.0,
        waves=1,
        wave_share=0.4,
        demand_sd=0.1,
    )
    chosen, others = change(simulate(accounts=accounts, seed=5, dirt=False, settings=settings))
    assert chosen - others == pytest.approx(effect, abs=off)


def test_effects_are_zero_on_some_and_right_on_average(clean: Company) -> None:
    effect = clean.truth.accounts["programme_effect"]
    assert effect.eq(0).mean() == pytest.approx(0.30, abs=0.03)
    assert effect.mean() == pytest.approx(0.10, abs=0.01)
    waves = clean.truth.waves
    enrolled = clean.tables["enrolments"].groupby("date").size()
    assert waves["accounts"].tolist() == enrolled.tolist()
    by_wave = effect.groupby(clean.truth.accounts["wave"]).mean()
    assert waves["effect"].tolist() == pytest.approx(by_wave.tolist())


def test_mail_goes_out_and_comes_in(clean: Company) -> None:
    mails = clean.tables["activities"].query("kind == 'email'")
    assert mails["inbound"].value_counts().min() > len(clean.accounts)
    other = clean.tables["activities"].query("kind != 'email'")
    assert other["inbound"].eq("no").all()
    ordered = clean.sales["account_id"].value_counts().reindex(clean.accounts["account_id"])
    wrote = mails.query("inbound == 'yes'")["account_id"].value_counts()
    wrote = wrote.reindex(ordered.index).fillna(0)
    assert wrote.corr(ordered.fillna(0), method="spearman") > 0.5


def test_firmographics_know_the_wallet_with_noise(clean: Company) -> None:
    accounts = clean.accounts.set_index("account_id")
    wallet = np.log(clean.truth.accounts["wallet"]).reindex(accounts.index)
    for column in ("employees", "annual_revenue"):
        known = accounts[column].dropna().astype(float)
        assert 0.4 < np.log(known).corr(wallet.reindex(known.index)) < 0.9
    assert 0.05 < accounts["annual_revenue"].isna().mean() < 0.25
    assert set(accounts["channel"]) == {"direct", "distributor"}


def test_every_driver_has_its_rate_from_the_first_day(clean: Company) -> None:
    used, rates = clean.tables["service_costs"], clean.tables["cost_rates"]
    # Without dirt nothing is returned.
    assert set(used["driver"]) == set(rates["driver"]) - {"return"}
    since = used["driver"].map(rates.groupby("driver")["valid_from"].min())
    assert (used["date"] >= since).all()


def test_plan_actions_are_done_late_and_skipped(clean: Company) -> None:
    actions = clean.tables["plan_actions"]
    by_status = actions["status"].value_counts()
    assert set(by_status.index) == {"done", "done late", "skipped", "planned"}
    done = actions["status"].isin(["done", "done late"])
    assert actions["done"].notna().equals(done)
    ahead = actions.loc[actions["status"].eq("planned"), "due"]
    assert ahead.min() >= pd.Timestamp(2026, 5, 1)
    overdue = (ahead <= pd.Timestamp(clean.as_of)).sum()
    assert 0 < overdue < 0.5 * (ahead > pd.Timestamp(clean.as_of)).sum()
    entered = clean.tables["enrolments"].set_index("account_id")["date"]
    assert (actions["due"] >= actions["account_id"].map(entered)).all()


def test_the_unhappy_find_their_needs_less_fulfilled(clean: Company) -> None:
    needs = clean.tables["needs"]
    feels = clean.truth.months["satisfaction"].groupby(level="account_id").mean()
    met = needs.groupby("account_id")["fulfilment"].mean()
    assert met.corr(feels.reindex(met.index)) > 0.15
    assert set(needs["importance"]) == set(needs["fulfilment"]) == {1, 2, 3, 4, 5}


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
