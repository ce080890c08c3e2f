"""What displays do in an analyst's JupyterLab, and nowhere else."""

import os
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from kapkit.report.display import Table

#: Set by ``kapkit lab`` for its kernels.
VARIABLE = "KAPKIT_LAB"


def in_lab() -> bool:
    """Tell whether somebody looks at this in JupyterLab, opened by ``kapkit lab``."""
    return bool(os.environ.get(VARIABLE))


def interactive(table: "Table") -> str:
    """Show a table that sorts, searches and pages by its numbers, without network.

    The first one of a kernel brings the library along.
    """
    from itables import to_html_datatable

    heads = [column.header for column in table.columns.values()]
    frame = table.frame[list(table.columns)].set_axis(heads, axis=1)
    numbers = frame.select_dtypes("number").columns
    frame = frame.assign(**{name: frame[name].map(_five_figures) for name in numbers})
    shown = to_html_datatable(
        frame, connected=False, showIndex=False, caption=table.caption, allow_html=False
    )
    _bring_library()
    return str(shown)


def _five_figures(value: float) -> float:
    return value if pd.isna(value) else float(f"{value:.5g}")


@cache
def _bring_library() -> None:
    """Bring the library along with the first table of a kernel; nothing is loaded from outside."""
    from IPython.display import HTML, display
    from itables import options
    from itables.javascript import generate_init_offline_itables_html

    display(HTML(generate_init_offline_itables_html(options.dt_bundle)))  # type: ignore[no-untyped-call]
