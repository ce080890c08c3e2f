"""A kernel of its own for each notebook, of this interpreter, of which nothing is left."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellControlSignal

from kapkit.batch.nursery import NurseryProvisioner

_LONGEST_ROOM = 85  # bytes; with "/k-5" still within the 103 a socket's path may have

silent = logging.getLogger("kapkit.kernel")
silent.addHandler(logging.NullHandler())
silent.propagate = False


class LostKernelError(RuntimeError):
    """The kernel did not start, or ended by itself; ``last_words`` is what it wrote last."""

    def __init__(self, message: str, last_words: str = "") -> None:
        super().__init__(message)
        self.last_words = last_words


class _OwnKernelManager(AsyncKernelManager):
    """Starts this interpreter's kernel, whatever kernelspecs are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(
            argv=[*command, "--HistoryManager.enabled=False"],
            display_name="Python 3",
            language="python",
            metadata={"supported_encryption": ["curve"]},
        )


@contextmanager
def own_kernel(
    cwd: Path, *, memory: int | None = None
) -> Iterator[tuple[AsyncKernelManager, dict[str, Any]]]:
    """Give a kernel's manager and how to launch it; nothing of it is left afterwards.

    ``memory`` bounds the bytes of data of the kernel, and of each process its cells start.
    """
    with TemporaryDirectory(prefix="kapkit-", ignore_cleanup_errors=True) as room:
        manager = _OwnKernelManager(
            connection_file=f"{room}/k.json", log=silent, **_transport(room)
        )
        manager.provisioner = NurseryProvisioner(
            parent=manager, kernel_spec=manager.kernel_spec, memory=memory
        )
        words = Path(room, "stderr")
        try:
            with words.open("wb") as stderr:
                streams = {"stdout": subprocess.DEVNULL, "stderr": stderr}
                yield manager, {"cwd": str(cwd), "env": _environment(room), **streams}
        except CellControlSignal:
            raise
        except Exception as error:
            last_words = words.read_text(encoding="utf-8", errors="replace")
            raise LostKernelError(_end_of(manager, error), last_words) from error
        finally:
            _kill(manager)


def _transport(room: str) -> dict[str, str]:
    """Choose sockets in the kernel's own folder: random ports and ipc's default path clash."""
    if sys.platform != "win32" and zmq.has("ipc") and len(os.fsencode(room)) <= _LONGEST_ROOM:
        return {"transport": "ipc", "ip": f"{room}/k"}
    return {"transport": "tcp", "transport_encryption": "auto"}


def _environment(room: str) -> dict[str, str]:
    """One thread of BLAS unless the user says otherwise; none of the user's IPython files."""
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONSTARTUP"}
    return one_thread | inherited | {"IPYTHONDIR": f"{room}/ipython"}


def _kill(manager: AsyncKernelManager) -> None:
    """End what is left of a kernel and of the processes its cells started."""
    group = getattr(manager.provisioner, "pgid", None)
    if group and group == getattr(manager.provisioner, "pid", None):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def _end_of(manager: AsyncKernelManager, error: Exception) -> str:
    """Say in words how a kernel ended."""
    process = getattr(manager.provisioner, "process", None)
    code = process.poll() if process else None
    if code is None:
        return f"the kernel was lost: {error}"
    if code < 0:
        name = signal.Signals(-code).name
        hint = " (often: out of memory)" if name == "SIGKILL" else ""
        return f"the kernel was ended by {name}{hint}"
    return f"the kernel ended by itself with exit code {code}"
