"""Estimates with their intervals, one below the other: the drawing that chapters share."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kapkit.models.scores import share_interval
from kapkit.report.look import CONTEXT, percent_axis


def forest_height(rows: int) -> float:
    """Give the height, in inches, that so many rows need."""
    return 0.9 + 0.27 * rows


def draw_forest(
    axes: Axes,
    names: Sequence[str],
    ends: pd.DataFrame,
    colors: Sequence[str],
    *,
    reference: float = 0.0,
) -> None:
    """Draw estimates as points on their intervals, the last row on top, against a line.

    Parameters
    ----------
    axes : Axes
        Of a canvas `forest_height` high.
    names : sequence of str
        What the rows are called; CRM text is never read as mathematics.
    ends : DataFrame
        A row each: estimate, low and high end, in this order.
    colors : sequence of str
        One a row.
    reference : float
        Where the line stands that estimates are read against.
    """
    rows = np.arange(len(ends))
    estimate, low, high = (ends.iloc[:, at] for at in range(3))
    axes.axvline(reference, color=CONTEXT, linewidth=1)
    axes.hlines(rows, low, high, color=colors, linewidth=2.5)
    axes.scatter(estimate, rows, color=colors, s=28, zorder=3)
    axes.set_yticks(rows, names, parse_math=False)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_ylim(-0.7, len(rows) - 0.3)


def draw_calibration(
    axes: Axes, curve: pd.DataFrame, *, color: str, marker: str = "o", top: float = 1.0
) -> None:
    """Draw how often what was given a chance came true, with 80 % intervals, against the line.

    Parameters
    ----------
    axes : Axes
        Of a canvas.
    curve : DataFrame
        From `calibration_curve`: ``said``, ``seen``, ``accounts``.
    color, marker : str
        Of the points.
    top : float, 0 to 1
        Where both axes end.
    """
    low, high = share_interval(curve["seen"] * curve["accounts"], curve["accounts"])
    # At 0 and 1 the interval lies to one side of what was seen.
    reach = [(curve["seen"] - low).clip(lower=0.0), (high - curve["seen"]).clip(lower=0.0)]
    axes.plot([0, top], [0, top], color=CONTEXT, linewidth=1)
    axes.errorbar(
        curve["said"],
        curve["seen"],
        yerr=np.array(reach),
        color=color,
        marker=marker,
        markersize=4,
        linewidth=1,
        elinewidth=0.8,
    )
    axes.set(xlim=(0, top), ylim=(0, top))
    percent_axis(axes.xaxis)
    percent_axis(axes.yaxis)
