"""How a command ends when something is wrong: in words, with an exit code."""

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer


@contextmanager
def errors_said() -> Iterator[None]:
    """End with what the user can mend, in words: exit code 2 for input, 3 for circumstances."""
    from kapkit.batch.errors import RunError
    from kapkit.book.errors import DataError

    try:
        yield
    except DataError as error:
        _end(str(error), 2)
    except RunError as error:
        _end(str(error), 3)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        where = f" ({error.filename})" if error.filename else ""
        _end(f"the disk is full{where}: make room and run the same command, it goes on", 3)
    except KeyboardInterrupt:
        _end("interrupted; the same command goes on from here", 130)


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Let `kill`, as Ctrl-C does, end every kernel before this process ends."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(said: str, code: int) -> NoReturn:
    typer.secho(f"kapkit: {said}", err=True, fg=typer.colors.RED)
    raise typer.Exit(code) from None
