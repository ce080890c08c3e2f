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
# The debugger: most of a kernel's start, and nobody steps through the cells of a batch.
_DEBUGGER = "debugpy"
_MODULES = (
    "kapkit.batch.engine",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "pyarrow.dataset",
    "seaborn",
    "statsmodels.api",
)


def _warm() -> None:
    """Import what notebooks import, draw one figure, and keep the collector from touching it."""
    hush_at_exit()
    if _UNNEEDED not in sys.modules:
        sys.modules[_UNNEEDED] = None  # type: ignore[assignment]
    _leave_out_debugger()
    for name in _MODULES:
        importlib.import_module(name)
    from matplotlib.backends.registry import backend_registry

    import kapkit
    from kapkit.batch.nursery import INLINE
    from kapkit.report.look import canvas, to_svg

    for name in dir(kapkit):
        getattr(kapkit, name)
    backend_registry.is_valid_backend(INLINE)
    with canvas() as (figure, axes):
        axes.plot([0, 1], [0, 1])
        to_svg(figure)
    gc.collect()
    gc.freeze()


def _leave_out_debugger() -> None:
    """Let kernels find that there is no debugger, once; cells may still import it."""
    if _DEBUGGER in sys.modules:
        return
    sys.modules[_DEBUGGER] = None  # type: ignore[assignment]
    try:
        importlib.import_module("ipykernel.debugger")
    finally:
        del sys.modules[_DEBUGGER]


_warm()
