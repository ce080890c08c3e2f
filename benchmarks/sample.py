"""How many accounts a second does the simulated company take, and how much memory?

Three years of all tables, dirt and truth written to disk, at 1e4 and 1e5 accounts (and at 1e6
with the argument ``all``, which takes some 2 GB of disk). Each size runs in a fresh process,
imports included. Ratios say how the processor time per account and memory grow: 1 is linear time,
flat memory.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (10_000, 100_000, 1_000_000)


def measure(accounts: int) -> dict[str, float]:
    """Write a company in this process: seconds, peak memory, rows and bytes."""
    from kapkit.sample import stream, write

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "book"
        began = time.perf_counter()
        rows = write(stream(accounts=accounts, seed=1), folder, truth=Path(place) / "truth")
        seconds = time.perf_counter() - began
        size = sum(path.stat().st_size for path in folder.iterdir())
    used = resource.getrusage(resource.RUSAGE_SELF)
    work, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    taken = {"seconds": seconds, "work": work, "MiB": peak}
    return taken | {"rows": sum(rows.values()), "GB": size / 1e9}


def main(sizes: tuple[int, ...]) -> None:
    found = []
    for accounts in sizes:
        command = [sys.executable, __file__, "--measure", str(accounts)]
        found.append(json.loads(subprocess.check_output(command, text=True)))
    print("sample, three years of all tables and the truth, written to disk")
    for accounts, one in zip(sizes, found, strict=True):
        slower = one["work"] / accounts / (found[0]["work"] / sizes[0])
        print(
            f"  {accounts:9,} accounts {one['seconds']:7.1f} s  {one['work']:7.1f} s of processor  "
            f"{accounts / one['work']:6,.0f} a second of it  {one['MiB']:6.0f} MiB  "
            f"{one['rows']:12,} rows  {one['GB']:5.2f} GB  work per account {slower:.2f} x  "
            f"memory {one['MiB'] / found[0]['MiB']:.2f} x"
        )


if __name__ == "__main__":
    if "--measure" in sys.argv:
        print(json.dumps(measure(int(sys.argv[-1]))))
    else:
        main(SIZES if "all" in sys.argv else SIZES[:2])
