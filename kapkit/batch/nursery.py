"""Kernels forked from a process that has the libraries imported, one fresh for each notebook.

A worker forks its nursery while it has no thread; the nursery forks a kernel whenever the worker
asks for one, and ends every kernel when its worker is gone.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import IO, Any, NoReturn

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

INLINE = "module://matplotlib_inline.backend_inline"
_nursery: Connection | None = None


def open_nursery() -> None:
    """Fork the nursery of this process; call it before the process starts a thread."""
    global _nursery
    ours, theirs = Pipe()
    if os.fork() == 0:
        ours.close()
        _tend(theirs)
    theirs.close()
    _nursery = ours


class ForkedProcess:
    """A kernel the nursery forked, with the part of `subprocess.Popen` that managers use."""

    stdin = stdout = stderr = None

    def __init__(self, nursery: Connection, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Give the exit code, negative for a signal; None while it runs."""
        try:
            while self.returncode is None and self._nursery.poll():
                pid, code = self._nursery.recv()
                self.returncode = code if pid == self.pid else None
        except (EOFError, OSError):
            self.returncode = -signal.SIGKILL
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class NurseryProvisioner(LocalProvisioner):
    """Has kernels forked where this process has a nursery, else started; limits their memory."""

    def __init__(self, *, memory: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.memory = memory

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; by itself if the nursery was killed."""
        info = self._fork(cmd, **kwargs) or await super().launch_kernel(cmd, **kwargs)
        if self.memory and self.pid:
            limit_memory(self.pid, self.memory)
        return info

    def _fork(
        self,
        cmd: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        stderr: IO[bytes],
        **_: object,
    ) -> KernelConnectionInfo | None:
        if _nursery is None:
            return None
        arguments = list(cmd[cmd.index("ipykernel_launcher") + 1 :])
        try:
            _nursery.send((arguments, cwd, dict(env), stderr.name))
            forked = ForkedProcess(_nursery, _pid_of_next(_nursery))
        except (EOFError, OSError):
            return None
        self.process = forked  # type: ignore[assignment]  # what is used of Popen, it has
        self.pid = self.pgid = forked.pid
        self.cwd = cwd
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the kernel's end; a forked one is reaped by the nursery at once."""
        forked: object = self.process
        if not isinstance(forked, ForkedProcess):
            return await super().wait()
        while forked.poll() is None:
            await asyncio.sleep(0.005)
        self.process = None
        return forked.returncode


def limit_memory(pid: int, limit: int) -> None:
    """Bound the data a process may hold: what asks for more gets a MemoryError."""
    import resource

    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))


def _pid_of_next(nursery: Connection) -> int:
    """Receive the new kernel's pid; late news of the one before are dropped."""
    while (told := nursery.recv())[0] != "pid":
        pass
    return int(told[1])


def _tend(worker: Connection) -> NoReturn:
    """Fork kernels on request and tell of their ends, until the worker is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    kernels: dict[int, int] = {}
    try:
        while True:
            for ready in wait([worker, *kernels]):
                if ready is worker:
                    pid = _fork(worker, *worker.recv())
                    kernels[os.pidfd_open(pid)] = pid
                    worker.send(("pid", pid))
                elif isinstance(ready, int):
                    worker.send(_reaped(ready, kernels.pop(ready)))
    except (EOFError, OSError):
        for pid in kernels.values():
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    finally:
        os._exit(0)


def _reaped(watched: int, pid: int) -> tuple[int, int]:
    os.close(watched)
    return pid, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _fork(
    worker: Connection, arguments: list[str], cwd: str, env: dict[str, str], stderr: str
) -> int:
    if pid := os.fork():
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        worker.close()
        _become_kernel(arguments, cwd, env, stderr)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def _become_kernel(arguments: list[str], cwd: str, env: dict[str, str], stderr: str) -> None:
    """Turn a fork into what a kernel started by itself would be."""
    import matplotlib as mpl
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    with suppress(PermissionError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    _redirect(stderr)
    sys.argv = ["ipykernel_launcher", *arguments]
    mpl.rcParams["backend"] = env.get("MPLBACKEND") or INLINE
    random.seed()
    np.random.seed()  # noqa: NPY002 - notebooks may still draw from the shared generator
    IPKernelApp.launch_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])


def _redirect(stderr: str) -> None:
    """Read nothing, say nothing, complain into the file."""
    nothing = os.open(os.devnull, os.O_RDWR)
    words = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for target, source in enumerate((nothing, nothing, words)):
        os.dup2(source, target)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
