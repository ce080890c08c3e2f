"""Faults, each made to happen: the record stays true, the site whole, no process is left."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

from kapkit.batch import run as module
from kapkit.batch.errors import RunError
from kapkit.batch.execute import limit_in_bytes
from kapkit.batch.lock import is_held
from kapkit.batch.record import NotebookRecord, RunRecord
from kapkit.batch.run import Outcome, Progress, Run, RunFolders, execute, plan_run
from kapkit.book.book import read_book
from tests.batch.cheap import ROOT, command, without_kernel, write_book, write_templates

pytestmark = pytest.mark.slow

REGIONS = ("East", "North", "South", "West")
PAUSE = {"pause": "import time; time.sleep(0.3)"}
HANG = {"hang": "import time\nif region == 'North': time.sleep(600)"}


class Company:
    """A small book and where its runs go."""

    def __init__(self, folder: Path, templates: Path, *, runs: Path | None = None) -> None:
        self.book = write_book(folder / "book", REGIONS)
        self.templates = templates
        self.runs = runs or folder / "runs"
        self.reports = folder / "reports"
        self.work = self.runs / "book" / "2026-01-31"
        self.site = self.reports / "book" / "2026-01-31"

    def command(self, *arguments: str) -> list[str]:
        places = ("--runs", self.runs, "--reports", self.reports)
        given = ("run", "--book", self.book, "--jobs", "2", *places, *arguments)
        return command(self.templates, *given)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            self.command(*arguments), env=environment, cwd=ROOT, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return self.process

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    @property
    def record(self) -> RunRecord:
        return RunRecord.load(self.work / "record.json")

    @property
    def done(self) -> list[NotebookRecord]:
        there = (self.work / "record.json").exists()
        return [one for one in self.record.notebooks if one.status == "ok"] if there else []

    @property
    def pages(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.site)): path.read_text("utf-8")
            for path in self.site.rglob("*.html")
        }

    def until(self, holds: Callable[[], object]) -> None:
        while not holds():
            assert self.process.poll() is None, self.process.stdout.read()
            time.sleep(0.02)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path, write_templates(tmp_path / "templates", **PAUSE))


def descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def none_left(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=10)[1]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    company = Company(folder, write_templates(folder / "templates", **PAUSE))
    code, said = company.run()
    assert code == 0, said
    return company.pages


@pytest.mark.parametrize("moment", [0, 4, "publish"])
def test_a_batch_killed_at_any_moment_goes_on_with_the_same_result(
    company: Company, undisturbed: dict[str, str], moment: int | str
) -> None:
    batch = company.start()
    if moment == "publish":
        company.until(lambda: any(company.reports.glob("book/.2026-01-31-*")) or company.pages)
    elif moment:
        company.until(lambda: len(company.done) >= moment)
    else:
        company.until(lambda: (company.work / "prepared.new").exists() or company.done)
    family = descendants(batch.pid)
    batch.kill()
    batch.communicate()
    assert none_left(family)
    for path in (company.work / "notebooks").rglob("[!.]*.ipynb"):
        nbformat.validate(nbformat.read(path, 4))
    before = {one.key: one for one in company.done}
    code, said = company.run("--quiet")
    assert (code, said) == (0, "")
    stood = [one for one in company.record.notebooks if one == before.get(one.key)]
    assert stood == list(before.values()), "what was done is not done again"

    assert company.pages == undisturbed
    assert len(company.pages) == 1 + len(REGIONS)
    left = [path.name for path in (*company.work.rglob(".*"), *company.site.parent.glob(".*-31-*"))]
    assert left == []
    assert not list(company.work.glob("prepared.*"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_kill_end_all_kernels_and_say_so(tmp_path: Path, how: signal.Signals) -> None:
    company = Company(tmp_path, write_templates(tmp_path / "templates", **HANG))
    batch = company.start()
    company.until(lambda: len(company.done) >= 5)
    family = descendants(batch.pid)
    if how == signal.SIGINT:
        os.killpg(batch.pid, how)  # as a terminal does
    else:
        batch.send_signal(how)
    said, _ = batch.communicate(timeout=40)
    assert batch.returncode == 130
    assert said.splitlines()[-1] == "kapkit: interrupted; the same command goes on from here"
    assert none_left(family)
    cut = {one.key: one.error for one in company.record.notebooks if one.status == "failed"}
    assert cut[("North", "brief")] == "interrupted"
    assert set(cut.values()) == {"interrupted"}
    assert company.record.finished is None
    assert not company.site.exists()


def test_a_hanging_cell_and_an_eater_of_memory_stop_no_other_region(tmp_path: Path) -> None:
    faults = {
        "hang": HANG["hang"],
        "eat": "if region == 'South': held = bytearray(8 * 2**30)",
        "kill": "import os\nif region == 'West': os.kill(os.getpid(), 9)",
    }
    company = Company(tmp_path, write_templates(tmp_path / "templates", **faults))
    code, said = company.run("--timeout", "3", "--memory", "2")
    assert code == 1, said
    found = {one.region: one for one in company.record.notebooks if one.notebook == "brief"}
    assert {name: one.status for name, one in found.items()} == {
        "East": "ok", "North": "timeout", "South": "failed", "West": "dead kernel",
    }  # fmt: skip
    assert found["South"].error == "MemoryError: limit 2 GiB a kernel"
    assert found["South"].heading == "brief"
    assert "1 of 4 regions ok (North: timeout, South: failed, West: dead kernel)" in said
    assert sorted(path.split("-")[0] for path in company.pages) == ["east", "index.html"]
    assert all(one.status == "ok" for one in company.record.notebooks if one.notebook != "brief")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_is_said_and_the_run_goes_on_after_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    large = {"large": "print('x' * 300_000)"}
    templates = write_templates(tmp_path / "templates", **large)
    company = Company(tmp_path, templates, runs=small_disk)
    code, said = company.run()
    assert code in {1, 3}, said
    assert "No space left on device" in said or "the disk is full" in said
    assert not any(one.status == "ok" and one.digest is None for one in company.record.notebooks)
    assert len(company.pages) < 1 + len(REGIONS)
    subprocess.run(["mount", "-o", "remount,size=32m", small_disk], check=True)
    code, said = company.run()
    assert code == 0, said
    assert len(company.pages) == 1 + len(REGIONS)


def test_no_room_for_the_first_file_ends_with_3(small_disk: Path, company: Company) -> None:
    (small_disk / "ballast").write_bytes(b"x" * (2**20 - 8192))
    company.runs = small_disk
    code, said = company.run()
    assert code == 3, said
    assert "the disk is full" in said


def test_a_second_run_is_refused_or_waits(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    held = f"import pathlib, time\nwhile not pathlib.Path({str(flag)!r}).exists(): time.sleep(0.1)"
    company = Company(tmp_path, write_templates(tmp_path / "templates", held=held))
    first = company.start()
    company.until(lambda: is_held(company.work))
    code, said = company.run()
    assert code == 3
    assert "another run is writing here; wait for its end (--wait SECONDS)" in said
    second = company.start("--wait", "120")
    time.sleep(1)
    flag.touch()
    first.communicate(timeout=120)
    assert first.returncode == 0
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    assert "; 0 notebooks run, " in said
    assert not is_held(company.work)


def planned(book: Path, folder: Path, **options: object) -> Run:
    opened = read_book(book)
    day = str(opened.at().as_of)
    folders = RunFolders.of(book, day, runs=folder / "runs", reports=folder / "reports")
    return plan_run(opened, folders, **options)


def carry_out(run: Run) -> tuple[Outcome, list[NotebookRecord]]:
    told: list[NotebookRecord] = []
    progress = Progress(on_done=told.append)
    return execute(run, jobs=2, run_notebook=without_kernel, progress=progress), told


def replace_source(run: Run) -> None:
    (file,) = (Path(run.snapshot.source._origin._folder) / "sales.csv",)
    file.write_text(file.read_text("utf-8").replace("10.5", "11.5"), "utf-8")


def test_a_source_replaced_while_it_is_read_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = planned(write_book(tmp_path / "book", REGIONS), tmp_path)
    prepare = module.prepare

    def disturbed(*about: object, **more: object) -> object:
        replace_source(run)
        return prepare(*about, **more)

    monkeypatch.setattr(module, "prepare", disturbed)
    with pytest.raises((RunError, ValueError), match=r"replaced|reconcile"):
        carry_out(run)
    assert not run.folders.site.exists()
    assert not (run.folders.work / "record.json").exists()


def test_a_source_replaced_while_notebooks_run_stops_before_publishing(tmp_path: Path) -> None:
    run = planned(write_book(tmp_path / "book", REGIONS), tmp_path)
    with pytest.raises(RunError, match="the source was replaced while the run"):
        execute(
            run,
            jobs=1,
            run_notebook=without_kernel,
            progress=Progress(on_done=lambda _: replace_source(run)),
        )
    assert not run.folders.site.exists()
    assert RunRecord.load(run.folders.work / "record.json").finished is None
    again, _ = carry_out(planned(tmp_path / "book", tmp_path))
    assert again.ok


NAMES = [
    "x" * 300, "../../x", "CON", "con", "nul.txt", "..", "/etc", "a/b", "a\\b", "NA", " ", "  a",
    "Île", "I\u0302le", "ÎLE", "华东", "华南", "-", "#1", "prepared", "index.html", "<b>&", "%2e",
]  # fmt: skip


def test_names_that_attack_or_look_alike_get_folders_of_their_own(tmp_path: Path) -> None:
    book = write_book(tmp_path / "book", [*NAMES, ""])
    outcome, _ = carry_out(planned(book, tmp_path))
    assert outcome.ok
    named = {page.name for page in outcome.pages}
    assert named == {name for name in NAMES if name.strip()} - {"  a"} | {"a"} or named == set(
        filter(str.strip, NAMES)
    )
    folders = [path.parent for path in outcome_folder(tmp_path).glob("*/index.html")]
    assert len({path.name.casefold() for path in folders}) == len(named)
    assert all(len(path.name) <= 50 and path.name.isascii() for path in folders)
    assert {path.name for path in tmp_path.iterdir()} == {"book", "runs", "reports"}
    for page in outcome.pages:
        text = (outcome_folder(tmp_path) / page.slug / "index.html").read_text("utf-8")
        assert f"<p>of {page.name}</p>" in text or "<b>" in page.name


def outcome_folder(folder: Path) -> Path:
    return folder / "reports" / "book" / "2026-01-31"


def test_a_thousand_regions_of_which_three_fail(tmp_path: Path) -> None:
    names = [f"{'bad' if i in {3, 500, 999} else 'region'} {i}" for i in range(1000)]
    book = write_book(tmp_path / "book", names)
    outcome, told = carry_out(planned(book, tmp_path))
    assert not outcome.ok
    assert len(told) == len(outcome.record.notebooks)
    bad = {page.name for page in outcome.pages if not page.ok}
    assert bad == {"bad 3", "bad 500", "bad 999"}
    index = (outcome_folder(tmp_path) / "index.html").read_text("utf-8")
    assert "1,000 regions: 997 ok, 3 failed" in index
    assert len(list(outcome_folder(tmp_path).glob("*/index.html"))) == 997


def test_a_limit_of_memory_needs_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limit_in_bytes(None) is None
    assert limit_in_bytes(0.5) == 2**29
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(ValueError, match="--memory: only Linux"):
        limit_in_bytes(1)


def test_log_lines_are_json(company: Company) -> None:
    code, said = company.run("--log-json")
    events = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    count = len(company.record.notebooks)
    assert [one["event"] for one in events] == ["started", *["notebook"] * count, "finished"]
    assert events[0]["due"] == count
    assert {(one["status"], one["why"]) for one in events[1:-1]} == {("ok", "first run")}
    assert events[-1]["ok"]
