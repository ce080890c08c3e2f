import json
import os
import signal

import nbformat
import pytest

from kapkit.batch.execute import Runner, execute_regions
from kapkit.batch.record import NotebookRecord
from kapkit.book.errors import DataError

pytestmark = pytest.mark.slow

WRITE_PID = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\n"


def test_a_region_that_fails_stops_no_other_and_no_later_notebook(task):
    regions = [
        [task("1 / 0", name="a"), task("import os; os._exit(1)", name="b"), task("1", name="c")],
        [task("1", region="South", name="a")],
        [],
        [task("1", region=None, name="portfolio")],
    ]
    results: list[NotebookRecord] = []
    execute_regions(regions, jobs=2, run=Runner(timeout=30), on_done=results.append)
    assert {(result.region, result.notebook, result.status) for result in results} == {
        ("North", "North_a", "failed"),
        ("North", "North_b", "dead kernel"),
        ("North", "North_c", "ok"),
        ("South", "South_a", "ok"),
        (None, "None_portfolio", "ok"),
    }
    north = [result.notebook for result in results if result.region == "North"]
    assert north == ["North_a", "North_b", "North_c"]


KILL_WORKER = """import psutil
line = psutil.Process().parents()
line[1 if "forkserver" in line[0].cmdline()[-1] else 0].kill()
time.sleep(60)"""
KILL_NURSERY = "os.kill(os.getppid(), 9)\ntime.sleep(60)"


@pytest.mark.parametrize("fork", [True, False])
def test_a_worker_that_dies_takes_one_notebook_with_it(task, ended, fork):
    kill_worker = WRITE_PID + KILL_WORKER
    regions = [
        [task(kill_worker, name="a"), task("1", name="b")],
        [task("import time; time.sleep(2)", region="South")],
    ]
    results: list[NotebookRecord] = []
    execute_regions(regions, jobs=2, run=Runner(30), fork=fork, on_done=results.append)
    found = {result.notebook: (result.status, result.error) for result in results}
    assert found == {
        "North_a": ("dead kernel", "its worker process was ended"),
        "North_b": ("ok", None),
        "South_brief": ("ok", None),
    }
    assert ended(int((regions[0][0].folder / "North" / "pid").read_text()))


def test_a_nursery_that_dies_takes_one_notebook_with_it(task, ended):
    region = [task(WRITE_PID + KILL_NURSERY, name="a"), task("1", name="b")]
    results: list[NotebookRecord] = []
    execute_regions([region], jobs=1, run=Runner(30), on_done=results.append)
    assert [result.status for result in results] == ["dead kernel", "ok"]
    assert ended(int((region[0].folder / "North" / "pid").read_text()))


def test_ctrl_c_ends_all_kernels_and_tells_of_what_was_cut_short(task, ended):
    hanging = task(WRITE_PID + "time.sleep(60)")
    pid = hanging.folder / "North" / "pid"
    after = f"import pathlib, time\nwhile not pathlib.Path({str(pid)!r}).exists(): time.sleep(.1)"
    regions = [
        [hanging, task("1", name="never")],
        [task(after, region="South"), task("1", region="South", name="next")],
        [task("1", region="West")],
    ]
    results: list[NotebookRecord] = []

    def interrupt(result: NotebookRecord) -> None:
        results.append(result)
        if result.notebook == "South_brief":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        execute_regions(regions, jobs=2, run=Runner(timeout=30), on_done=interrupt)
    found = {result.notebook: (result.status, result.error) for result in results}
    assert found.pop("South_next") in {("failed", "interrupted"), ("ok", None)}
    assert found == {"South_brief": ("ok", None), "North_brief": ("failed", "interrupted")}
    assert ended(int(pid.read_text()))


def test_parameters_are_refused_before_anything_starts(task):
    regions = [[task("1")], [task("1", region="South", yaers=1)]]
    with pytest.raises(DataError, match=r"South_brief\.ipynb: yaers is unknown"):
        execute_regions(regions, jobs=2, run=Runner(timeout=30), on_done=pytest.fail)
    assert not regions[0][0].folder.exists()


def test_what_cannot_be_written_fails_its_notebook_only(task):
    asked = task("1")
    asked.folder.write_text("a file where the run's folder should be")
    results: list[NotebookRecord] = []
    execute_regions([[asked]], jobs=1, run=Runner(timeout=30), on_done=results.append)
    assert results[0].status == "failed"
    assert results[0].error.startswith(("NotADirectoryError", "FileExistsError"))


LIKE_STOCK = """import os, sys, json, threading, warnings
import numpy as np, pandas as pd, matplotlib, matplotlib.pyplot as plt
plt.plot([0, 1])
seen = hasattr(pd, 'left_behind')
pd.left_behind = True
print(json.dumps({
    'threads': [t.name for t in threading.enumerate() if 'kapkit' in t.name], 'seen': seen,
    'backend': matplotlib.get_backend(), 'argv': sys.argv[0].endswith('ipykernel_launcher.py'),
    'main': sorted(k for k in vars(sys.modules['__main__']) if not k.startswith('_'))[:3],
    'one thread': os.environ['OPENBLAS_NUM_THREADS'], 'draw': float(np.random.rand())}))"""


def test_a_forked_kernel_is_fresh_and_draws_as_a_stock_one_does(task):
    drawn = {}
    for fork in (True, False):
        region = [task(LIKE_STOCK, region=f"{fork}", name=name) for name in "ab"]
        results: list[NotebookRecord] = []
        execute_regions([region], jobs=1, run=Runner(60), fork=fork, on_done=results.append)
        assert [result.status for result in results] == ["ok", "ok"]
        outputs = [nbformat.read(one.folder / one.output, 4).cells[-1].outputs for one in region]
        said = [json.loads(shown[0].text) for shown in outputs]
        draws = {one.pop("draw") for one in said}
        assert len(draws) == 2, "each kernel draws its own numbers"
        assert said[0] == said[1], "nothing of the first is left in the second"
        kinds = [[output.output_type for output in shown] for shown in outputs]
        assert kinds == [["stream", "display_data"]] * 2
        assert "image/png" in outputs[0][1].data
        drawn[fork] = said[0] | {"argv": None}
    assert drawn[True] == drawn[False]
    assert not drawn[True]["seen"]


def test_kernels_are_forked_from_a_process_of_one_thread(task):
    asked = task("import os, psutil\nprint(psutil.Process(os.getppid()).num_threads())")
    execute_regions([[asked]], jobs=1, run=Runner(60), fork=True, on_done=lambda result: None)
    notebook = nbformat.read(asked.folder / asked.output, 4)
    assert notebook.cells[-1].outputs[0].text == "1\n"


def test_a_forked_kernel_starts_no_debugger_and_cells_may_still_import_it(task):
    cell = (
        "from ipykernel import debugger\nassert not debugger._is_debugpy_available\nimport debugpy"
    )
    results: list[NotebookRecord] = []
    execute_regions([[task(cell)]], jobs=1, run=Runner(60), on_done=results.append)
    assert [(one.status, one.error) for one in results] == [("ok", None)]
