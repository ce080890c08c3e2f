"""A run on the workers of a Dask cluster is the run at home, whatever becomes of a worker."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from distributed import LocalCluster
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from kapkit.batch import cluster as batch_cluster
from kapkit.batch import notebooks
from kapkit.batch.changes import inputs_of
from kapkit.batch.cluster import Cluster, cluster_of
from kapkit.batch.errors import RunError
from kapkit.batch.execute import Runner, execute_regions
from kapkit.batch.prepare import prepare
from kapkit.batch.record import NotebookRecord, NotebookTask
from kapkit.batch.run import RunFolders, execute, plan_run
from kapkit.batch.store import Store
from kapkit.book.book import read_book
from kapkit.book.errors import DataError
from kapkit.book.prepared import PreparedBook
from kapkit.cli import app
from tests.batch.cheap import without_kernel, write_book, write_templates

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cluster")]

#: Differ from run to run, wherever it runs.
PASSING = {"ran", "seconds", "digest", "started", "finished"}


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Serve storage like S3 from this process, and make a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    told = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in told.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="plans")
        yield "s3://plans/kapkit"
    server.stop()


@pytest.fixture(scope="module")
def scheduler(bucket: str) -> Iterator[str]:
    """Start two workers, each a process of its own."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as made:
        yield made.scheduler_address


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_book(tmp_path_factory.mktemp("book"), ["North", "bad", "Süd/West"])


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = write_templates(tmp_path_factory.mktemp("templates"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notebooks, "template_folder", lambda: made)
        yield made


def run(book: Path, place: Path, cluster: Cluster | None) -> tuple[dict, dict[str, str]]:
    """Give the record without what passes, and the site."""
    folders = RunFolders(place / "runs", place / "site")
    planned = plan_run(read_book(book), folders)
    execute(planned, jobs=2, run_notebook=without_kernel, cluster=cluster)
    record = json.loads((folders.work / "record.json").read_text("utf-8"))
    for part in (record, *record["notebooks"]):
        for name in PASSING & set(part):
            del part[name]
    text = json.dumps(record).replace(json.dumps(str(place))[1:-1], "PLACE")
    site = {
        path.relative_to(folders.site).as_posix(): path.read_text("utf-8")
        for path in folders.site.rglob("*.html")
    }
    return json.loads(text), site


@pytest.mark.parametrize("kind", ["folders that all see", "a folder", "s3"])
def test_a_run_on_a_cluster_is_the_run_at_home(
    kind: str, book: Path, templates: Path, bucket: str, scheduler: str, tmp_path: Path
) -> None:
    url = {"a folder": str(tmp_path / "shared"), "s3": bucket}.get(kind)
    store = Store(url) if url else None
    at_home = run(book, tmp_path / "home", None)
    away = run(book, tmp_path / "away", Cluster(scheduler, store))
    assert away == at_home
    states = {(one["region"], one["status"]) for one in away[0]["notebooks"]}
    assert states == {("North", "ok"), ("Süd/West", "ok"), (None, "ok"), ("bad", "failed")}
    if store:
        files, root = store._open()
        assert not files.exists(root) or not files.find(root)


READS = """import kapkit as kap
here = kap.open_book(book).region(region, as_of=as_of)
print(len(here.accounts), book)"""
PARAMETERS = 'book = ""\nregion: str | None = None\nas_of = ""'


def tasks(template, prepared: Path, folder: Path, **cells: str) -> list[list[NotebookTask]]:
    told = {"book": str(prepared), "as_of": "2026-01-31"}
    return [
        [
            NotebookTask(
                region,
                template(cell, name=f"reads-{number}", parameters=PARAMETERS),
                {**told, "region": region},
                folder,
                f"{number}/reads.ipynb",
            )
        ]
        for number, (region, cell) in enumerate(cells.items())
    ]


@pytest.fixture(scope="module")
def prepared(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("work") / "prepared"
    prepare(read_book(book).at(), place)
    return place


def shown(task: NotebookTask) -> list:
    """Give the cells of an executed notebook without times."""
    made = json.loads((task.folder / task.output).read_text("utf-8"))
    told = made["metadata"]["papermill"]["parameters"]
    cells = [(cell["source"], cell.get("outputs")) for cell in made["cells"]]
    return [told, *cells]


def test_notebooks_are_those_of_a_local_run_and_a_lost_worker_loses_nothing(
    template, prepared: Path, bucket: str, scheduler: str, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    kills = f"""import os, pathlib, time, psutil
mark = pathlib.Path({str(mark)!r})
if not mark.exists():
    mark.write_text("")
    psutil.Process().parent().kill()
    time.sleep(60)
"""
    cells = {"North": READS, "bad": "1 / 0", "Süd/West": kills}
    regions = tasks(template, prepared, tmp_path / "away", **cells)
    results: list[NotebookRecord] = []
    Cluster(scheduler, Store(bucket)).execute_regions(
        regions, run=Runner(60), on_done=results.append
    )
    found = {one.region: one for one in results}
    assert {name: one.status for name, one in found.items()} == {
        "North": "ok",
        "bad": "failed",
        "Süd/West": "ok",
    }
    assert found["bad"].error == "ZeroDivisionError: division by zero"
    local = [[replace(task, folder=tmp_path / "home") for task in one] for one in regions[:2]]
    execute_regions(local, jobs=2, run=Runner(60), on_done=lambda _: None)
    for (home,), (away,) in zip(local, regions, strict=False):
        assert shown(home) == shown(away)
    assert f"1 {prepared}" in json.dumps(shown(regions[0][0]))


def test_ctrl_c_ends_the_kernels_and_tells_of_what_was_cut_short(
    template, prepared: Path, scheduler: str, tmp_path: Path, ended
) -> None:
    pid = tmp_path / "pid"
    hangs = f"import os, pathlib, time\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))"
    waits = f"import pathlib, time\nwhile not pathlib.Path({str(pid)!r}).exists(): time.sleep(.1)"
    cells = {"North": f"{hangs}\ntime.sleep(90)", "Süd/West": f"{waits}\ntime.sleep(1)"}
    told: list[NotebookRecord] = []

    def stop(record: NotebookRecord) -> None:
        told.append(record)
        if len(told) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Cluster(scheduler).execute_regions(
            tasks(template, prepared, tmp_path / "run", **cells), run=Runner(100), on_done=stop
        )
    assert [(one.region, one.status, one.error) for one in told] == [
        ("Süd/West", "ok", None),
        ("North", "failed", "interrupted"),
    ]
    assert ended(int(pid.read_text()))


def test_a_worker_with_another_package_says_so(
    template, prepared: Path, scheduler: str, tmp_path: Path
) -> None:
    ((task,),) = tasks(template, prepared, tmp_path, North="1")
    own = inputs_of(task, data="")
    results: list[NotebookRecord] = []
    other = replace(task, inputs={**own, "package": "another"})
    Cluster(scheduler).execute_regions([[other]], run=Runner(30), on_done=results.append)
    assert results[0].status == "failed"
    assert results[0].error == (
        "this worker has another package than the machine that runs the batch; install the same "
        "on both"
    )


def test_what_cannot_be_reached_is_said(
    template, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_cluster, "_PATIENCE", 0.5)
    regions = tasks(template, prepared, tmp_path, North="1")
    with pytest.raises(RunError, match=r"--scheduler: tcp://127\.0\.0\.1:9 does not answer"):
        Cluster("tcp://127.0.0.1:9").execute_regions(
            regions, run=Runner(30), on_done=lambda _: None
        )
    with pytest.raises(DataError, match="--store: only a run with --scheduler"):
        cluster_of(None, "s3://plans")
    with pytest.raises(DataError, match="--store: nowhere://x cannot be reached"):
        cluster_of("tcp://host:1", "nowhere://x")


def test_a_copy_of_one_region_is_not_taken_for_the_company(prepared: Path, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    store.put_prepared(prepared, "now")
    store.get_prepared("now", ["North"], tmp_path / "here")
    copy = PreparedBook(tmp_path / "here")
    assert len(copy.region("North").accounts) == 1
    with pytest.raises(DataError, match="this copy holds North only, not the company"):
        _ = copy.region("North").company
    store.get_prepared("now", None, tmp_path / "all")
    assert len(PreparedBook(tmp_path / "all").company().accounts) == 3


def test_a_scheduler_out_of_reach_stops_a_run_before_it_prepares(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_cluster, "_PATIENCE", 0.5)
    monkeypatch.chdir(tmp_path)
    told = ["run", "--book", str(book), "--scheduler", "tcp://127.0.0.1:9"]
    result = CliRunner().invoke(app, told)
    assert result.exit_code != 0
    assert "--scheduler: tcp://127.0.0.1:9 does not answer" in result.output
    assert not [*tmp_path.glob("runs*"), *tmp_path.glob("reports*")]
