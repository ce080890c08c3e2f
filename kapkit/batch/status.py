"""How a run stands, in words: a line for chat, and lines that say what went wrong where."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from kapkit.batch.record import NotebookRecord, RunRecord, status_of
from kapkit.wording import several

_MOST = 3  # regions that a line for chat names


def summary(record: RunRecord) -> str:
    """Say in one line how a run went, as a chat or a mail's subject takes it.

    Regions and then notebooks are counted over the record; those that still stood from an
    earlier run are called unchanged.
    """
    known = record.by_region()
    portfolio = status_of(known.pop(None, []))
    bad = {name: state for name, found in known.items() if (state := status_of(found)) != "ok"}
    named = [f"{name}: {state}" for name, state in list(bad.items())[:_MOST]]
    named += [f"{len(bad) - _MOST:,} more"] if len(bad) > _MOST else []
    named += [f"portfolio: {portfolio}"] if portfolio != "ok" else []
    ran = sum(is_new(one, record) for one in record.notebooks)
    stood = sum(one.ran is not None for one in record.notebooks) - ran
    regions = f"{len(known) - len(bad):,} of {several(len(known), 'region')} ok"
    return (
        f"{record.book} as of {record.as_of}: {regions}"
        + (f" ({', '.join(named)})" if named else "")
        + f"; {several(ran, 'notebook')} run, {stood:,} unchanged"
        + (f"; {_duration(record)}" if record.finished else "")
    )


def status_lines(record: RunRecord, *, running: bool) -> Iterator[str]:
    """Say how a run stands, then for each notebook that is not ok where and why."""
    yield summary(record)
    if running:
        yield "The run is going on."
    elif record.finished is None:
        yield "The run ended before its end; the same command goes on from here."
    for one in record.notebooks:
        if one.status != "ok":
            yield account(one)


def account(one: NotebookRecord) -> str:
    """Say what became of one notebook: where it ended, and the error.

    >>> account(NotebookRecord(region="North", notebook="brief", parameters={}, output=""))
    'North, brief: not started'
    """
    place = f" at “{one.heading}”" if one.heading else ""
    cell = f" (cell {one.cell})" if one.cell is not None else ""
    error = f": {one.error}" if one.error else ""
    return f"{one.region or 'portfolio'}, {one.notebook}: {one.status}{place}{cell}{error}"


def event(what: str, **about: object) -> str:
    """Write a thing that happened as one line of JSON, with its time."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": now, "event": what, **about}, ensure_ascii=False)


def notebook_event(one: NotebookRecord) -> str:
    """Write the end of a notebook as one line of JSON."""
    shown = {"region", "notebook", "status", "heading", "cell", "error", "seconds", "why"}
    return event("notebook", **one.model_dump(mode="json", include=shown))


def is_new(one: NotebookRecord, record: RunRecord) -> bool:
    """Tell whether a notebook was run in this run, not in an earlier one."""
    return one.ran is not None and one.ran >= record.started


def _duration(record: RunRecord) -> str:
    seconds = (record.finished - record.started).total_seconds() if record.finished else 0.0
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
