"""Chapter 2: figures and tables of the classification."""

import pandas as pd

from kapkit.book.region import Region
from kapkit.classification.abc import CLASSES, Classification, pareto_curve
from kapkit.models.backtest import ValueBacktest
from kapkit.report.display import Chart, Column, Finding, Table
from kapkit.report.look import CLASS_COLORS, CONTEXT, canvas, label, percent_axis
from kapkit.wording import amount, day, percent, several


def table_key_accounts(region: Region, classified: Classification, *, most: int = 40) -> Table:
    """List accounts with class, value and reason, best first.

    Parameters
    ----------
    region : Region
        For the currency and the name.
    classified : Classification
        From `key_accounts`.
    most : int
        Rows shown; the caption says how many there are.
    """
    shown = classified.table.head(most).reset_index(names="account_id")
    currency = region.book.currency
    ends = zip(shown["low"], shown["high"], strict=True)
    ranges = pd.Series([_range(low, high) for low, high in ends], shown.index, dtype="str")
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "class": Column("Class"),
        "value": Column(f"Expected a year, {currency}", amount, numeric=True),
        "range": Column("Range", numeric=True),
        "past_value": Column("Last 12 months", amount, numeric=True),
        "reason": Column("Why"),
        "would_change": Column("What would change it"),
    }
    return Table(
        shown.assign(range=ranges),
        columns,
        name="key-accounts",
        caption=_listed("Accounts by expected value", len(shown), len(classified.table)),
        how=(
            f"Expected value is next year's {region.book.value_measure} if the account goes on as "
            "lately: purchases count half after each half-life. The range holds the account's "
            "yearly rate in 8 of 10 cases where it orders weekly, in 5 to 8 of 10 where it orders "
            "two to six times a year; one single year scatters more. It knows no seasons and no "
            "account that leaves."
        ),
    )


def plot_pareto(classified: Classification) -> Chart | Finding:
    """Draw how few accounts make most of the expected value, by class.

    A finding where no account has a positive value.
    """
    if not (classified.table["value"] > 0).any():
        return Finding([f"No Pareto curve. {classified.sentence}"], caution=True)
    curve = pareto_curve(classified.table["value"]).join(classified.table[["class", "name"]])
    with canvas() as (figure, axes):
        axes.plot([0, 1], [0, 1], color=CONTEXT, linewidth=1)
        for name in CLASSES:
            part = curve[curve["class"] == name]
            dots = len(curve) <= 60 or len(part) == 1
            axes.plot(
                part["account_share"],
                part["value_share"],
                color=CLASS_COLORS[name],
                linewidth=3,
                marker="o" if dots else None,
                markersize=4,
            )
            if len(part):
                middle = part.iloc[len(part) // 2]
                at = (float(middle["account_share"]), float(middle["value_share"]))
                label(axes, f"{name}: {several(len(part), 'account')}", at, xytext=(8, -12))
        axes.set(xlim=(0, 1.02), ylim=(0, 1.05), xlabel="Share of accounts, best first")
        axes.set_ylabel("Share of expected value")
        percent_axis(axes.xaxis)
        percent_axis(axes.yaxis)
    return Chart(
        figure,
        alt=_pareto_words(curve),
        caption="Pareto curve of expected value",
        how="The steeper the start, the more depends on few accounts. The straight line is a "
        "region whose accounts are all alike.",
    )


def finding_classes(classified: Classification) -> Finding:
    """Say how many key accounts there are, what they carry, and which are undecided."""
    undecided = int((classified.table["reaches"] != "").sum())
    sentences = [classified.sentence]
    if undecided:
        sentences.append(
            f"For {several(undecided, 'account')} the range of the expected value reaches "
            "the next class: their class is undecided."
        )
    return Finding(sentences)


def table_backtest(backtest: ValueBacktest) -> Table:
    """Show how the choice would have done on the last half-year, beside the plain ranking."""
    frame = backtest.table.reset_index()
    columns = {
        "ranking": Column("Ranked by"),
        "capture": Column("Caught of the attainable value", percent, numeric=True),
    }
    return Table(
        frame,
        columns,
        name="backtest",
        caption=f"Chosen as of {day(backtest.origin)}, judged by the "
        f"{backtest.horizon_weeks} weeks that followed",
        how="100 % is a choice made with hindsight. The plain ranking is the one to beat.",
    )


def finding_backtest(backtest: ValueBacktest) -> Finding:
    """Say whether the value axis beat the plain ranking here.

    A caution where it did worse, or where the data cannot tell.
    """
    return Finding([backtest.sentence], caution=not backtest.high >= 0)


def _pareto_words(curve: pd.DataFrame) -> str:
    parts = [
        f"class {name}: {several(len(part), 'account')} up to "
        f"{percent(float(part['value_share'].iloc[-1]))} of the value"
        for name in CLASSES
        if len(part := curve[curve["class"] == name])
    ]
    return "Cumulative share of expected value; " + "; ".join(parts) + "."


def _range(low: float, high: float) -> str | None:
    return None if pd.isna(low) else f"{amount(low)} to {amount(high)}"


def _listed(what: str, shown: int, there: int) -> str:
    return f"{what}: {shown} of {there:,}" if shown < there else what
