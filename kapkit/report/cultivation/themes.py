"""What many accounts complain about or miss."""

import numpy as np

from kapkit.book.region import Region
from kapkit.cultivation.offering import Themes
from kapkit.report.cultivation.phrases import (
    COUNT,
    NOTHING,
    as_far_as_known,
    from_to,
    missing,
)
from kapkit.report.display import Column, Finding, Table, listed, ranges
from kapkit.wording import amount, percent

#: Tables of the book that themes are read from, as people call them.
_THEMES = {"complaints": "complaints", "needs": "needs"}


def finding_themes(region: Region, found: Themes) -> Finding:
    """Say where most is at stake, and which tables would be needed to know more."""
    return as_far_as_known(region, "Themes", found.sentence, _THEMES)


def table_themes(region: Region, found: Themes, *, most: int = 15) -> Table | Finding:
    """Rank what to repair or to offer by what its accounts bring.

    Parameters
    ----------
    region : Region
        For the currency and the measure.
    found : Themes
        From `themes_of`.
    most : int
        Rows shown; the caption says how many there are.
    """
    if len(missing(region, _THEMES)) == len(_THEMES):
        return NOTHING
    shown = found.table.head(most)
    dated = shown["source"].eq("complaint")
    trend = shown["trend"].notna() & np.isfinite(shown["trend_high"].astype(float))
    frame = shown.assign(
        range=ranges(shown["low"], shown["high"], amount),
        counts=from_to(shown["before"], shown["recent"], always=True).where(dated),
        change=ranges(shown["trend_low"], shown["trend_high"], "{:.2g}".format).where(trend),
    )
    columns = {
        "theme": Column("Theme"),
        "source": Column("Raised as", str.capitalize),
        "category": Column("Category"),
        "stake": Column("At stake", amount, numeric=True),
        "range": Column("Range", numeric=True, by="low"),
        "top_chance": Column("Top three", percent, numeric=True),
        "accounts": Column("Accounts", COUNT.show, numeric=True),
        "open": Column("Open", COUNT.show, numeric=True),
        "counts": Column("Half-years", numeric=True),
        "change": Column("Trend", numeric=True),
        "names": Column("Largest"),
    }
    return Table(
        frame,
        columns,
        name="themes",
        caption=listed(
            f"Themes by what is at stake a year, {region.book.currency}",
            len(frame),
            len(found.table),
        ),
        how=f"At stake is the {region.book.value_measure} of the last twelve months of the "
        "accounts that raised a theme, each once; not what would be lost, and not to be added up. "
        "Its range tells how far it hangs on single accounts. Top three: the chance to be among "
        "the first three, equals included. Half-years: complaints of the half-year before and of "
        "the last one; trend: the range of their ratio (1: no change).",
    )
