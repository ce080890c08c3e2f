"""What does a run cost beyond the notebooks' own work, next to other ways to run them?

Contenders, each in fresh processes, in turn, medians of the rounds:

- kapkit: `execute_regions`, kernels forked;
- stock: the same with a stock kernel each;
- command: the ``papermill`` command, once per notebook, one after the other;
- loop: ``papermill.execute_notebook`` per notebook, one after the other;
- pool: the same in a pool of as many processes as kapkit has;
- script: the notebooks' cells as plain Python, one after the other (the limit).

One notebook a region: the sample's evaluation (pandas, matplotlib, statsmodels behind it). The
command and the loop are measured on a few regions and scaled up: their cost is one notebook's cost
times the notebooks. ``python benchmarks/batch.py [REGIONS ...]``, by default 20 and 100.
"""

import ctypes
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from subprocess import DEVNULL, PIPE

ROOT = Path(__file__).parents[1]
JOBS = 2
ROUNDS = int(os.environ.get("ROUNDS", "3"))
FEW = 4  # notebooks of the serial papermill contenders; scaled to the number of regions
NOTEBOOK = ROOT / "notebooks" / "2_evaluation.ipynb"


def plan(count: int, prepared: Path) -> list[dict[str, str]]:
    """Give the parameters of so many notebooks, region after region."""
    regions = list(json.loads((prepared / "book.json").read_text("utf-8"))["regions"])
    day = {"book": str(prepared), "as_of": "2026-06-30"}
    return [{**day, "region": regions[number % len(regions)]} for number in range(count)]


def with_kapkit(told: list[dict[str, str]], folder: Path, *, fork: bool = True) -> int:
    from kapkit.batch.execute import Runner, execute_regions
    from kapkit.batch.record import NotebookRecord, NotebookTask

    tasks = [
        [NotebookTask(str(number), NOTEBOOK, one, folder, f"{number}/out.ipynb")]
        for number, one in enumerate(told)
    ]
    results: list[NotebookRecord] = []
    execute_regions(tasks, jobs=JOBS, run=Runner(300), fork=fork, on_done=results.append)
    return sum(one.status == "ok" for one in results)


def with_stock(told: list[dict[str, str]], folder: Path) -> int:
    return with_kapkit(told, folder, fork=False)


def with_command(told: list[dict[str, str]], folder: Path) -> int:
    for number, one in enumerate(told):
        given = [part for name, value in one.items() for part in ("-r", name, value)]
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3"]
        subprocess.run(
            [*command, str(NOTEBOOK), str(folder / f"{number}.ipynb"), *given],
            check=True, capture_output=True,
        )  # fmt: skip
    return len(told)


def with_papermill(told: dict[str, str], output: str) -> None:
    import papermill

    papermill.execute_notebook(NOTEBOOK, output, told, kernel_name="python3", progress_bar=False)


def with_loop(told: list[dict[str, str]], folder: Path) -> int:
    for number, one in enumerate(told):
        with_papermill(one, str(folder / f"{number}.ipynb"))
    return len(told)


def with_pool(told: list[dict[str, str]], folder: Path) -> int:
    with ProcessPoolExecutor(JOBS, get_context("spawn")) as pool:
        outputs = [str(folder / f"{number}.ipynb") for number in range(len(told))]
        list(pool.map(with_papermill, told, outputs))
    return len(told)


def with_script(told: list[dict[str, str]], folder: Path) -> int:
    from IPython.core.interactiveshell import InteractiveShell

    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    shell = InteractiveShell.instance()
    for one in told:
        for number, cell in enumerate(code):
            shown = shell.run_cell(cell, silent=True)
            shown.raise_error()
            if number == 0:
                shell.push(one)
            if shown.result is not None:
                shell.display_formatter.format(shown.result)
    return len(told)


CONTENDERS = {
    "kapkit": with_kapkit,
    "stock": with_stock,
    "pool": with_pool,
    "loop": with_loop,
    "command": with_command,
    "script": with_script,
}


def measure(name: str, count: int, prepared: Path) -> dict[str, float]:
    """Run one contender in this process: seconds, CPU of it and its children, notebooks right."""
    shown = min(count, FEW) if name in {"loop", "command"} else count
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        right = CONTENDERS[name](plan(shown, prepared), Path(folder))
        seconds = time.perf_counter() - began
    return {"seconds": seconds * count / shown, "right": right / shown, "scale": count / shown}


def adopt_orphans() -> None:
    """Let processes whose parent ended become this process's children (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def busy() -> float:
    """Seconds of CPU of all that was started, once all of it has ended."""
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory_of_kernels() -> dict[str, float]:
    """Give the private MiB of a kernel that ran the notebook, forked and stock."""
    from kapkit.batch.execute import Runner, execute_regions
    from kapkit.batch.record import NotebookRecord, NotebookTask

    ask = (
        "import psutil\n"
        "held = psutil.Process().memory_full_info()\n"
        "raise MemoryError(f'{held.uss / 2**20:.0f}')"
    )
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        asking = json.loads(NOTEBOOK.read_text("utf-8"))
        asking["cells"][-1]["source"] = ask
        template = Path(folder, "asking.ipynb")
        template.write_text(json.dumps(asking), "utf-8")
        prepared = prepare_sample(Path(folder))
        (told,) = plan(1, prepared)
        for kind, fork in {"forked": True, "stock": False}.items():
            results: list[NotebookRecord] = []
            task = NotebookTask("x", template, told, Path(folder), f"{kind}.ipynb")
            execute_regions([[task]], jobs=1, run=Runner(300), fork=fork, on_done=results.append)
            found[kind] = float((results[0].error or "nan").rpartition(" ")[2])
    return found


def prepare_sample(folder: Path) -> Path:
    from kapkit.batch.prepare import prepare
    from kapkit.book.book import read_book

    prepare(read_book(ROOT / "data" / "sample").at(), folder / "prepared")
    return folder / "prepared"


def compare(count: int, prepared: Path) -> None:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(ROUNDS):
        for name, results in found.items():
            before = busy()
            command = [sys.executable, __file__, name, str(count), str(prepared)]
            done = subprocess.run(command, check=True, stdout=PIPE, stderr=DEVNULL, text=True)
            said = done.stdout.splitlines()[-1]
            measured = json.loads(said)
            results.append(measured | {"cpu": (busy() - before) * measured["scale"]})
    seconds = {name: statistics.median(one["seconds"] for one in found[name]) for name in found}
    print(f"batch: {count} notebooks, {JOBS} at a time, medians of {ROUNDS}, imports included")
    for name in CONTENDERS:
        right = min(one["right"] for one in found[name])
        cpu = statistics.median(one["cpu"] for one in found[name])
        ratio = seconds[name] / seconds["kapkit"]
        print(
            f"  {name:8} {seconds[name]:7.1f} s {cpu:7.1f} s CPU {right:4.0%} right {ratio:6.2f} x"
        )


def main(counts: list[int]) -> None:
    adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare_sample(Path(folder))
        for count in counts:
            compare(count, prepared)
    held = memory_of_kernels()
    print(f"  private memory of a kernel: forked {held['forked']:.0f} MiB, ", end="")
    print(f"stock {held['stock']:.0f} MiB")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in CONTENDERS:
        name, count, place = sys.argv[1:]
        print(json.dumps(measure(name, int(count), Path(place))), flush=True)
        os._exit(0)  # DuckDB's binding would speak of itself
    main([int(count) for count in sys.argv[1:]] or [20, 100])
