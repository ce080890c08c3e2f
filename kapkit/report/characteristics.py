"""Chapter 2.2: figures and tables of what accounts are like, grow by, and leave out."""

import numpy as np

from kapkit.book.region import Region
from kapkit.classification.abc import Classification
from kapkit.classification.growth import Growth
from kapkit.classification.profile import WORDS, Drivers, profile_summary
from kapkit.classification.season import Season
from kapkit.classification.white_space import WhiteSpace
from kapkit.report.display import Chart, Column, Finding, Table, listed
from kapkit.report.forest import draw_forest, forest_height
from kapkit.report.look import (
    ACCENT,
    CONTEXT,
    INK,
    LOSS,
    canvas,
    label,
    money_axis,
    percent_axis,
    short,
)
from kapkit.wording import amount, percent, say, several, signed_percent

#: Said by the finding above already; a page leaves the section out.
_NOTHING = Finding([])
_NAME, _KEY = Column("Account"), Column("Key", key=True)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def finding_drivers(drivers: Drivers) -> Finding:
    """Say what goes with spending much and with buying, or that it cannot be told."""
    return Finding(drivers.sentences, caution=drivers.table.empty)


def plot_potential_drivers(drivers: Drivers) -> Chart | Finding:
    """Draw what goes with spending much, with intervals, the clearest first."""
    return _plot_drivers(drivers, "spend")


def plot_buying_drivers(drivers: Drivers) -> Chart | Finding:
    """Draw what goes with buying in the next quarter, with intervals, the clearest first."""
    return _plot_drivers(drivers, "buys")


def _plot_drivers(drivers: Drivers, outcome: str, *, most: int = 12) -> Chart | Finding:
    """Draw contrasts with their intervals; those that stand out in colour."""
    table = drivers.table[drivers.table["outcome"] == outcome]
    if table.empty:
        return _NOTHING
    strength = (table["effect"] / (table["high"] - table["low"])).abs()
    shown = table.loc[strength.sort_values(ascending=False, kind="stable").index].head(most)[::-1]
    points = outcome == "buys"
    ends = ["effect", "low", "high"]
    values = shown[ends] if points else shown[ends].clip(lower=-0.99).map(np.log1p)
    with canvas(height=forest_height(len(shown))) as (figure, axes):
        colors = [ACCENT if stands else CONTEXT for stands in shown["stands"]]
        names = [_contrast(row) for row in shown.to_dict("records")]
        draw_forest(axes, names, values, colors)
        if points:
            percent_axis(axes.xaxis)
            axes.set_xlabel(say("Difference in the chance to buy in the next quarter"))
        else:
            ticks = [-0.75, -0.5, 0, 1, 3, 7]
            inside = [
                t for t in ticks if values["low"].min() <= np.log1p(t) <= values["high"].max()
            ]
            axes.set_xticks([np.log1p(t) for t in inside], [signed_percent(t) for t in inside])
            axes.set_xlabel(say("What the best fifth of such accounts spend more, or less"))
    what = say("buying in the next quarter") if points else say("spending much")
    words = "; ".join(_words(row, points) for row in shown[::-1].to_dict("records"))
    count = several(int(shown["accounts"].iloc[0]), "account")
    return Chart(
        figure,
        alt=say("What goes with {what}: {words}.", what=what, words=words),
        caption=say("What goes with {what}, whole company, {accounts}", what=what, accounts=count),
        how=say(
            "A word is compared with the mean account, a number from the lower to the upper "
            "quarter of accounts, all else equal. Lines are 90 % intervals; in colour is what "
            "stands out after allowing for the number of things tried. What goes together need "
            "not be cause."
        ),
    )


def table_profile(drivers: Drivers, classified: Classification) -> Table | Finding:
    """Show the middle account of each class."""
    if drivers.profile.empty:
        return _NOTHING
    table = profile_summary(drivers.profile, classified.table).T
    table = table.reset_index(names="what")
    shown = table.assign(what=[_called(str(name)) for name in table["what"]])
    kept = shown.dropna(how="all", subset=[name for name in "ABC" if name in shown])
    columns = {"what": Column("Middle account")} | {
        name: Column(f"Class {name}", _value, numeric=True) for name in "ABC" if name in kept
    }
    return Table(
        kept,
        columns,
        name="profile",
        caption=say("What the accounts of each class are like"),
        how=say(
            "Numbers are medians; of words the most frequent stands with its share. Orders, "
            "categories and contacts are of twelve months; regularity is 1 for orders like a "
            "clock, 0 for orders by chance."
        ),
        folded=True,
    )


def finding_growth(growth: Growth) -> Finding:
    """Say how the region grew, and how many accounts did beyond chance."""
    return Finding([growth.sentence], caution=bool(np.isnan(growth.total)))


def plot_growth(
    region: Region, classified: Classification, growth: Growth, *, most: int = 15
) -> Chart | Finding:
    """Draw growth with its interval of the largest accounts, fastest first."""
    told = growth.table.dropna(subset=["growth"]).join(classified.table["name"])
    if told.empty:
        return _NOTHING
    size = told[["revenue", "revenue_before"]].max(axis=1)
    largest = told.loc[size.sort_values(ascending=False, kind="stable").head(most).index]
    shown = largest.sort_values("growth", kind="stable")
    ends = ["growth", "growth_low", "growth_high"]
    logs = shown[ends].map(np.log1p)
    with canvas(height=forest_height(len(shown))) as (figure, axes):
        colors = [{"grows": ACCENT, "shrinks": LOSS}.get(str(c), CONTEXT) for c in shown["course"]]
        draw_forest(axes, [short(name) for name in shown["name"]], logs, colors)
        ticks = [-0.8, -0.5, -0.25, 0, 0.33, 1, 2, 4]
        inside = [t for t in ticks if logs.min(axis=None) <= np.log1p(t) <= logs.max(axis=None)]
        axes.set_xticks([np.log1p(t) for t in inside], [signed_percent(t) for t in inside])
        axes.set_xlabel("Growth against the year before")
    words = "; ".join(
        f"{row['name']} {signed_percent(row['growth'])} ({signed_percent(row['growth_low'])} to "
        f"{signed_percent(row['growth_high'])})"
        for row in shown[::-1].to_dict("records")
    )
    return Chart(
        figure,
        alt=say("Growth of the largest accounts: {words}.", words=words),
        caption=listed(say("Growth of the largest accounts"), len(shown), len(told)),
        how=say(
            "Growth is drawn to the region's by how little two years of orders can tell; lines are "
            "80 % intervals. Blue grows and red shrinks beyond chance; of grey ones it cannot be "
            "told. The more orders, the shorter the line."
        ),
    )


def finding_season(season: Season) -> Finding:
    """Say which months stand out, or that none can be told from chance."""
    return Finding([season.sentence], caution=bool(season.table["index"].isna().all()))


def plot_season(region: Region, season: Season) -> Chart | Finding:
    """Draw orders of each month against the mean month, with the company's behind."""
    table = season.table
    if table["index"].isna().any():
        return _NOTHING
    with canvas(height=3.0) as (figure, axes):
        at = np.arange(12)
        axes.axhline(1, color=CONTEXT, linewidth=1)
        axes.fill_between(at, table["low"], table["high"], color=ACCENT, alpha=0.15, linewidth=0)
        if table["company"].notna().all():
            axes.plot(at, table["company"], color=CONTEXT, linewidth=2)
            end = float(table["company"].iloc[-1])
            label(axes, say("company"), (11, end), color=INK)
        axes.plot(at, table["index"], color=ACCENT, linewidth=2.5)
        end = float(table["index"].iloc[-1])
        label(axes, short(str(region.name or "all")), (11, end), color=ACCENT, xytext=(6, 10))
        axes.set_xticks(at, _MONTHS)
        axes.set(xlim=(-0.3, 12.4), ylim=(0, None), ylabel=say("Orders, mean month = 100 %"))
        percent_axis(axes.yaxis)
    words = ", ".join(
        f"{name} {percent(value)}" for name, value in zip(_MONTHS, table["index"], strict=True)
    )
    return Chart(
        figure,
        alt=say("Orders by month against the mean month: {words}.", words=words),
        caption=say("Season of orders"),
        how=say(
            "Each month's orders over the mean of the twelve months around it, averaged over the "
            "years. The band holds all twelve months in 9 of 10 cases; where it covers 100 %, the "
            "month cannot be told from the mean one."
        ),
    )


def finding_white_space(white: WhiteSpace) -> Finding:
    """Say where most is to be won, and how well such words did before."""
    return Finding(white.sentences, caution=white.table.empty)


def plot_white_space(region: Region, white: WhiteSpace) -> Chart | Finding:
    """Draw what peers would spend on categories that accounts leave out, by category."""
    shown = white.categories.head(12)[::-1]
    if shown.empty:
        return _NOTHING
    with canvas(height=1.0 + 0.36 * len(shown)) as (figure, axes):
        rows = np.arange(len(shown))
        axes.barh(rows, shown["if_won"], color=CONTEXT, height=0.6)
        axes.barh(rows, shown["expected"], color=ACCENT, height=0.6)
        axes.hlines(rows, shown["low"], shown["high"], color=INK, linewidth=1)
        for row, (high, accounts) in enumerate(zip(shown["high"], shown["accounts"], strict=True)):
            label(axes, several(int(accounts), "account"), (float(high), row))
        axes.set_yticks(rows, [short(str(name)) for name in shown.index], parse_math=False)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", visible=True)
        axes.set_xlim(0, float(shown["high"].max()) * 1.22)
        axes.set_xlabel(f"Revenue a year, {region.book.currency}")
        money_axis(axes.xaxis)
    words = "; ".join(
        f"{name} {amount(row['if_won'])} with {several(int(row['accounts']), 'account')}, "
        f"{amount(row['expected'])} to be expected"
        for name, row in shown[::-1].iterrows()
    )
    return Chart(
        figure,
        alt=say("White space by category: {words}.", words=words),
        caption=say("White space: categories that accounts leave out and their peers buy"),
        how=say(
            "Grey: what peers of the same line of business and size spend on it, if all began; the "
            "thin line is its 80 % interval. Blue: that times the share of such peers that began "
            "within a year."
        ),
    )


def table_white_space(
    region: Region, classified: Classification, white: WhiteSpace, *, most: int = 20
) -> Table | Finding:
    """List the openings worth most: account, category, what peers spend, how many begin."""
    if white.table.empty:
        return _NOTHING
    shown = white.table.head(most).join(classified.table[["name", "class"]], on="account_id")
    columns = {
        "name": _NAME,
        "account_id": _KEY,
        "class": Column("Class"),
        "category": Column("Does not buy"),
        "if_won": Column(f"Peers spend a year, {region.book.currency}", amount, numeric=True),
        "range": Column("Range", numeric=True, by="low"),
        "starts": Column("Begin within a year", percent, numeric=True),
        "peers": Column("Peers", "{:,.0f}".format, numeric=True),
    }
    ends = zip(shown["low"], shown["high"], strict=True)
    return Table(
        shown.assign(range=[f"{amount(low)} to {amount(high)}" for low, high in ends]),
        columns,
        name="white-space",
        caption=listed(say("Openings by expected revenue"), len(shown), len(white.table)),
        how=say(
            "Peers are the accounts of the same line of business in the whole company; what they "
            "spend is their usual share of the category, on the size of this account. The range "
            "holds that share in 8 of 10 cases; single accounts vary more."
        ),
        folded=True,
    )


def _called(name: str) -> str:
    words = {"accounts": say("accounts"), "orders": say("order days a year")} | WORDS
    said = words.get(name, name.replace("_", " "))
    return said[:1].upper() + said[1:]


def _contrast(row: dict) -> str:  # type: ignore[type-arg]
    name = _called(str(row["characteristic"]))
    return short(f"{name}: {row['contrast']}", most=44)


def _words(row: dict, points: bool) -> str:  # type: ignore[type-arg]
    def size(value: float) -> str:
        return f"{value * 100:+z.0f} points" if points else signed_percent(value)

    name = f"{_called(str(row['characteristic']))} {row['contrast']}"
    return f"{name} {size(row['effect'])} ({size(row['low'])} to {size(row['high'])})"


def _value(value: object) -> str:
    if isinstance(value, str):
        return value
    number = float(str(value))
    if abs(number) >= 1000:
        return amount(number)
    return f"{number:,.0f}" if number == round(number) else f"{number:,.2g}"
