"""The dated actions: calendar by owner and week, and the first to do."""

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap

from kapkit.book.region import Region
from kapkit.cultivation.regional import NoPlan
from kapkit.cultivation.schedule import Schedule
from kapkit.report.cultivation.phrases import KEY, NAME, NOTHING, short_day
from kapkit.report.display import Chart, Column, Finding, Table, listed
from kapkit.report.look import ACCENT, INK, canvas, short
from kapkit.report.tasks import NOUNS
from kapkit.wording import say, say_count

#: Most weeks on which hours are written into the calendar.
_WEEKS_WITH_NUMBERS = 32


def finding_schedule(dated: Schedule | NoPlan) -> Finding:
    """Say how many contacts have their day, why others have none, and which holidays are kept."""
    if isinstance(dated, NoPlan):
        return NOTHING
    return Finding(
        [dated.sentence, _days_off(dated)],
        caution=bool(len(dated.shortfall)) or dated.holidays is None,
    )


def _days_off(dated: Schedule) -> str:
    """Say which days are kept free."""
    if dated.holidays is None:
        said = say("Weekends are kept; holidays are not known, because no country is given.")
    else:
        said = say("Weekends and public holidays of {country} are kept.", country=dated.holidays)
    if not dated.closed_days:
        return said
    return f"{said} " + say_count(
        dated.closed_days,
        "{count} working day is closed to somebody, as the calendar of the book says.",
        "{count} working days are closed to somebody, as the calendar of the book says.",
    )


def plot_calendar(region: Region, dated: Schedule | NoPlan) -> Chart | Finding:
    """Draw each owner's hours of planned contacts, week by week."""
    if isinstance(dated, NoPlan):
        return NOTHING
    if dated.ahead.empty:
        return Finding(["No calendar: no contact has a day."], caution=True)
    hours = _hours_by_week(dated.ahead)
    colors = LinearSegmentedColormap.from_list("hours", ["#f4f7fa", ACCENT])
    most = float(hours.to_numpy().max())
    with canvas(height=1.0 + 0.3 * len(hours)) as (figure, axes):
        axes.grid(visible=False)
        axes.pcolormesh(
            hours.to_numpy(), cmap=colors, vmin=0, vmax=most, edgecolor="white", linewidth=1
        )
        if hours.shape[1] <= _WEEKS_WITH_NUMBERS:
            for (row, week), value in np.ndenumerate(hours.to_numpy()):
                ink = "white" if value > 0.6 * most else INK
                axes.text(
                    week + 0.5,
                    row + 0.5,
                    f"{value:.0f}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color=ink,
                )
        axes.set_yticks(
            np.arange(len(hours)) + 0.5,
            [short(str(one), most=22) for one in hours.index],
            parse_math=False,
        )
        weeks = pd.DatetimeIndex(hours.columns)
        starts = np.flatnonzero(weeks.day <= 7)
        axes.set_xticks(starts + 0.5, list(weeks[starts].strftime("%b %Y")))
        axes.tick_params(length=0)
        axes.invert_yaxis()
        axes.spines[:].set_visible(False)
    words = "; ".join(
        f"{owner} {total:,.0f} in all, at most {peak:,.0f} a week"
        for owner, total, peak in zip(
            hours.index, hours.sum(axis=1), hours.max(axis=1), strict=True
        )
    )
    return Chart(
        figure,
        alt=f"Hours of contacts by owner and week: {words}.",
        caption=f"Calendar: hours of planned contacts by owner and week, {region.name}",
        how="Each field is a week of an owner, with the hours of the contacts dated in it, "
        "travel included; the darker, the more. Months stand under their first whole week.",
    )


def table_actions(region: Region, dated: Schedule | NoPlan, *, most: int = 20) -> Table | Finding:
    """List the first dated actions.

    Parameters
    ----------
    region : Region
        For the names.
    dated : Schedule or NoPlan
        From `schedule_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if isinstance(dated, NoPlan):
        return NOTHING
    frame = dated.ahead.head(most).join(region.accounts["name"], on="account_id")
    columns = {
        "due": Column("Day", short_day, key=True),
        "owner": Column("Owner"),
        "kind": Column("What", lambda kind: NOUNS.get(kind, kind)),
        "name": NAME,
        "account_id": KEY,
        "status": Column("State"),
        "action_id": Column("Action", key=True),
    }
    return Table(
        frame,
        columns,
        name="actions",
        caption=listed("First dated actions", len(frame), len(dated.ahead)),
        how="A contact falls due an interval after the last one of its kind and may move a "
        "quarter of the interval either way. Times of day are agreed with the account. The key "
        "stays the same in calendars and CRM, so that the next plan updates and does not double.",
    )


def _hours_by_week(actions: pd.DataFrame) -> pd.DataFrame:
    """Add up hours by owner and week (its Monday); weeks without any have none."""
    week = actions["due"].dt.to_period("W").dt.start_time
    hours = (actions["minutes"].fillna(0.0) / 60).groupby([actions["owner"], week]).sum()
    weeks = pd.date_range(week.min(), week.max(), freq="7D")
    wide = hours.rename("hours").rename_axis(["owner", "week"]).reset_index()
    wide = wide.pivot_table("hours", "owner", "week", aggfunc="sum", fill_value=0.0)
    return wide.reindex(columns=weeks, fill_value=0.0)
