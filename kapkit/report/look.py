"""The look every figure shares: quiet, one accent, classes told apart by lightness too."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, PercentFormatter
from matplotlib.typing import RcKeyType
from scipy.optimize import isotonic_regression

from kapkit.wording import amount, language, worded

ACCENT, CONTEXT, INK, LOSS = "#1f5f8b", "#b8c2cc", "#2b3440", "#b3452c"
CLASS_COLORS = {"A": "#123f5e", "B": "#4b8fbd", "C": "#bcd3e3"}
PAPER, GRID = "#ffffff", "#e6eaee"

#: The look's colours by the names under which a page has them, for light and for dark.
TOKENS = {
    ACCENT: "fig-accent",
    CONTEXT: "fig-context",
    INK: "fig-ink",
    LOSS: "fig-loss",
    PAPER: "fig-paper",
    GRID: "fig-grid",
    **{color: f"fig-{name.lower()}" for name, color in CLASS_COLORS.items()},
}

_SETTINGS: dict[RcKeyType, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.edgecolor": CONTEXT,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    # Text stays text: readers can search it, and any script shows in the reader's own font.
    "svg.fonttype": "none",
    "svg.hashsalt": "kapkit",
}


#: Fonts that measure Chinese, where one is installed; the reader's browser draws with its own.
_CHINESE = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Noto Serif CJK SC",
    "Noto Serif CJK JP",
)


def _settings() -> dict[RcKeyType, Any]:
    """Give the look's settings, with a font for the language spoken."""
    if language() == "en":
        return _SETTINGS
    known = {font.name for font in fontManager.ttflist}
    found = [name for name in _CHINESE if name in known][:1]
    return {**_SETTINGS, "font.family": [*found, "DejaVu Sans"]}


@contextmanager
def canvas(*, width: float = 7.2, height: float = 3.6) -> Iterator[tuple[Figure, Axes]]:
    """Open a figure of a page's width in the shared look (inches); nothing global changes."""
    with sns.axes_style("whitegrid"), mpl.rc_context(_settings()):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        axes.grid(axis="x", visible=False)
        yield figure, axes


def to_svg(figure: Figure) -> str:
    """Draw a figure as SVG that is the same each time, without a date."""
    buffer = io.StringIO()
    for text in figure.findobj(Text):
        text.set_text(worded(text.get_text()))
    with mpl.rc_context(_settings()), warnings.catch_warnings():
        # The reader's browser has the glyphs that the measuring font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawn = buffer.getvalue()
    return drawn[drawn.index("<svg") :]


def percent_axis(axis: mpl.axis.Axis) -> None:
    """Write shares of one as percentages."""
    axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))


def money_axis(axis: mpl.axis.Axis) -> None:
    """Write money short; the unit stands once, in the label."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: amount(value).replace(".00", "")))


def short(name: str, *, most: int = 32) -> str:
    """Fit a name from CRM on a figure: one line, no control characters, not too long.

    >>> short(" North  West"), short("a" * 9, most=5)
    ('North West', 'aaaa…')
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def apart(at: pd.Series, *, least: float) -> pd.Series:
    """Move places along a line so far apart that what is written there does not overlap.

    Order and middle stay as they are.

    >>> apart(pd.Series([1.0, 1.0, 5.0]), least=2.0).tolist()
    [0.0, 2.0, 5.0]
    """
    order = at.sort_values(kind="stable")
    steps = least * np.arange(len(order))
    # Blocks that touch move as one, to their mean (isotonic regression of what is left of steps).
    moved = isotonic_regression(order.to_numpy(dtype=float) - steps).x + steps
    return pd.Series(moved, order.index).reindex(at.index)


def label(axes: Axes, text: str, at: tuple[float, float], **options: object) -> None:
    """Write a name beside its mark; CRM text is never read as mathematics."""
    axes.annotate(
        text,
        at,
        textcoords="offset points",
        **{"xytext": (6, 0), "va": "center", "parse_math": False, **options},  # type: ignore[arg-type]
    )
