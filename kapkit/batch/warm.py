"""What every notebook needs, imported once in the process that workers are forked from.

Importing this module is the work: `multiprocessing`'s fork server preloads it. Nothing here may
start a thread or open a connection, because neither survives a fork.
"""

import gc
import importlib
import sys

from kapkit.batch.leaks import hush_at_exit

# A grammar of internationalised addresses that checks no notebook and takes a second to build.
_UNNEEDED = "rfc3987_syntax"
_MODULES = (
    "kapkit.batch.engine",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "pyarrow.dataset",
    "seaborn",
    "statsmodels.api",
)


def _warm() -> None:
    """Import what notebooks import, draw one figure, and keep the collector from touching it."""
    hush_at_exit()
    if _UNNEEDED not in sys.modules:
        sys.modules[_UNNEEDED] = None  # type: ignore[assignment]
    for name in _MODULES:
        importlib.import_module(name)
    import kapkit
    from kapkit.report.look import canvas, to_svg

    for name in dir(kapkit):
        getattr(kapkit, name)
    with canvas() as (figure, axes):
        axes.plot([0, 1], [0, 1])
        to_svg(figure)
    gc.collect()
    gc.freeze()


_warm()
