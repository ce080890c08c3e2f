"""3.2 What accounts will bring: the next year and their lifetime value, with intervals."""

from kapkit.book.region import Region
from kapkit.evaluation.forward_value import ForwardValue
from kapkit.models.forward import DISCOUNT, YEARS
from kapkit.report.display import Chart, Column, Finding, Table, listed, ranges
from kapkit.report.forest import draw_forest, forest_height
from kapkit.report.look import ACCENT, CONTEXT, INK, LOSS, canvas, money_axis, short
from kapkit.wording import amount, percent, say, worded


def finding_forward(found: ForwardValue) -> Finding:
    """Say what accounts will bring, who costs more than that, and how good such words were."""
    return Finding(found.sentences, caution=found.told.judged.empty)


def plot_forward(region: Region, found: ForwardValue, *, most: int = 15) -> Chart | Finding:
    """Draw the next year of the accounts that bring most, beside the last; nothing where unknown.

    Parameters
    ----------
    region : Region
        For the names and the currency.
    found : ForwardValue
        From `forward_value_of`.
    most : int
        Accounts drawn, highest lifetime value first.
    """
    shown = found.table.dropna(subset=["year", "year_low"]).head(most)[::-1]
    if shown.empty:
        return Finding([])
    names = [str(region.accounts["name"].get(key, key)) for key in shown.index]
    colors = [LOSS if key in found.costly else ACCENT for key in shown.index]
    with canvas(height=forest_height(len(shown)) + 0.3) as (figure, axes):
        ends = shown[["year", "year_low", "year_high"]]
        draw_forest(axes, [short(name) for name in names], ends, colors)
        axes.plot(shown["past"], range(len(shown)), "|", color=INK, markersize=11, zorder=4)
        axes.set_xlabel(
            say(
                "{measure} a year, {currency}",
                measure=worded(region.book.value_measure.title()),
                currency=region.book.currency,
            )
        )
        axes.spines["left"].set_color(CONTEXT)
        money_axis(axes.xaxis)
    rows = zip(names, *(shown[name] for name in ("past", *ends)), strict=True)
    words = "; ".join(
        say(
            "{name} {year} ({low} to {high}), after {past}",
            name=name,
            year=amount(year),
            low=amount(low),
            high=amount(high),
            past=amount(past),
        )
        for name, past, year, low, high in list(rows)[::-1]
    )
    return Chart(
        figure,
        alt=say("Expected of the next twelve months: {words}.", words=words),
        caption=say("What the next twelve months will bring, and what the last did"),
        how=say(
            "Points: expected {measure} of the next twelve months; lines hold what comes in 8 of "
            "10 cases; upright ticks are the last twelve months. Red: serving the account cost "
            "more last year than it is expected to bring.",
            measure=worded(region.book.value_measure),
        ),
    )


def table_forward(region: Region, found: ForwardValue, *, most: int = 25) -> Table | Finding:
    """List what accounts will bring, highest lifetime value first; nothing where unknown.

    Parameters
    ----------
    region : Region
        For the names and the currency.
    found : ForwardValue
        From `forward_value_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    known = found.table.dropna(subset="year")
    if known.empty:
        return Finding([])
    shown = known.head(most).join(region.accounts["name"]).reset_index(names="account_id")
    caption = say(
        "What accounts will bring, {measure} in {currency}",
        measure=worded(region.book.value_measure),
        currency=region.book.currency,
    )
    served = {"cost_to_serve": Column("Cost to serve", amount, numeric=True)}
    columns = {
        "name": Column("Account"),
        "account_id": Column("Key", key=True),
        "past": Column("Last 12 months", amount, numeric=True),
        "year": Column("Next 12 months", amount, numeric=True),
        "year_range": Column("8 of 10", numeric=True, by="year_low"),
        **(served if known["cost_to_serve"].notna().any() else {}),
        "lifetime": Column(say("Lifetime value, {years} years", years=YEARS), amount, numeric=True),
        "lifetime_range": Column("8 of 10", numeric=True, by="lifetime_low"),
    }
    return Table(
        shown.assign(
            year_range=ranges(shown["year_low"], shown["year_high"], amount),
            lifetime_range=ranges(shown["lifetime_low"], shown["lifetime_high"], amount),
        ),
        columns,
        name="forward",
        caption=listed(caption, len(shown), len(known)),
        how=say(
            "The next twelve months at today's pace and prices, less those who leave, before cost "
            "to serve (shown: that of the last twelve months). Lifetime value: the next {years} "
            "years in today's money, a year's wait taking {discount} off. Growth is not foreseen.",
            years=YEARS,
            discount=percent(DISCOUNT),
        ),
        folded=True,
    )
