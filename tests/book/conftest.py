"""A PostgreSQL server of the tests' own: its own folder, port and password."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

PASSWORD = "s3cret-of-the-server"  # noqa: S105


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a server on a free port; give its address, password included."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    runuser = shutil.which("runuser", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    if not found or (os.geteuid() == 0 and not runuser):
        pytest.skip("no PostgreSQL server here; apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="kapkit-pg-"))
    (folder / "password").write_text(PASSWORD)
    user = [str(runuser), "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(folder, "postgres")
        shutil.chown(folder / "password", "postgres")

    def run(tool: str, *arguments: str) -> None:
        command = [*user, str(found[-1].with_name(tool)), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)

    port = _free_port()
    try:
        secured = ("-A", "scram-sha-256", "--pwfile", str(folder / "password"))
        run("initdb", "-U", "kap", *secured, "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -F"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://kap:{PASSWORD}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(server: str) -> str:
    """Make an empty database; give its address."""
    dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
    name = f"kap_{uuid4().hex}"
    with dbapi.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}").close()
    return f"{server}/{name}"


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
