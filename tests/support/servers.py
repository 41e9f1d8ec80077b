"""PostgreSQL, Redis and S3 for tests: started for the run, shared by its workers, gone with it.

Where the programs are installed, a run starts its own servers on free ports of 127.0.0.1, so that nobody's database is
touched. Where they are not, a server that answers at the usual port and lets us in is used; else the test is skipped
and says so. A program that is there but does not start is an error, not a skip. `PORTAL_TEST_POSTGRESQL` (the URL of a
superuser) and `PORTAL_TEST_REDIS` name servers to use instead.
"""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 60  # seconds a server has for its first answer, on a machine that is busy with tests
KEEPER = Path(__file__).with_name("keeper.py")

POSTGRESQL_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "timezone": "UTC",
    "fsync": "off",  # nothing here is to be kept
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "on",
    "log_min_messages": "fatal",
}


# --- what both servers share: one per run, whichever worker comes first starts it -------------------------------------


def run_process(config: pytest.Config) -> int:
    """The process whose life is the test run's: pytest itself, or what started this xdist worker."""
    return os.getppid() if hasattr(config, "workerinput") else os.getpid()


def started_once(config: pytest.Config, name: str, start: Callable[[Path], str]) -> str:
    """The address of the run's server `name`; the first worker that asks starts it."""
    run = run_process(config)
    folder = Path(tempfile.gettempdir()) / f"portal-tests-{os.getuid()}-{run}-{name}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        address = folder / "address"
        if address.exists() and _alive(folder):
            return address.read_text()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o711)
        try:
            url = start(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        address.touch(mode=0o600)
        address.write_text(url)
        return url


def _alive(folder: Path) -> bool:
    """Whether the keeper that was started for this folder still runs (process numbers come round again)."""
    try:
        pid = int((folder / "keeper").read_text())
        return str(folder) in Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (OSError, ValueError):
        return False


def _keep(run: int, folder: Path, command: list[str]) -> None:
    subprocess.run(
        [sys.executable, str(KEEPER), str(run), str(folder), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def _wait_for(answers: Callable[[], object], folder: Path, *refusals: type[Exception]) -> None:
    end = time.monotonic() + PATIENCE
    log = folder / "log"
    while True:
        try:
            answers()
            return
        except refusals as refusal:
            said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            if time.monotonic() > end or (said and not _alive(folder)):
                raise RuntimeError(f"the server in {folder} did not start: {refusal}\n{said}") from refusal
            time.sleep(0.05)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str, *folders: Path) -> str | None:
    """The path of a program, on the search path or in one of the folders."""
    return shutil.which(name) or next((str(folder / name) for folder in folders if (folder / name).exists()), None)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@dataclass
class PostgreSQL:
    """A server that lets us make databases. Each has an owner of its own, who may create roles but is no superuser,
    so that row-level security holds for it as it would at a bank."""

    url: str  # a superuser's, in libpq's form
    _made: list[str] = field(default_factory=list)

    def create_database(self, name: str = "portal") -> str:
        """A fresh database; its owner's URL (`postgresql://owner:password@127.0.0.1:port/name`)."""
        name = f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{secrets.token_hex(4)}"
        password = secrets.token_hex(12)
        with psycopg.connect(self.url, autocommit=True) as connection:
            owner = sql.Identifier(name)
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}").format(owner, sql.Literal(password))
            )
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(owner, owner))
        self._made.append(name)
        at = conninfo_to_dict(self.url)
        return f"postgresql://{name}:{password}@{at['host']}:{at.get('port', 5432)}/{name}"

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made, whoever is still connected to it, and its roles."""
        name = str(conninfo_to_dict(url)["dbname"])
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            like = name.replace("_", r"\_") + "%"
            roles = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", (like,)).fetchall()
            for (role,) in roles:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
        if name in self._made:
            self._made.remove(name)

    def drop_all(self) -> None:
        """Drop every database that this process made."""
        at = conninfo_to_dict(self.url)
        for name in list(self._made):
            self.drop_database(f"postgresql://{at['host']}/{name}")


def _start_postgresql(run: int, initdb: str, folder: Path) -> str:
    """A cluster of its own, as an unprivileged user where we are root (PostgreSQL refuses root)."""
    user = _unprivileged_user()
    as_user = _as_user(user, initdb) if user else []
    password = secrets.token_hex(12)
    data, secret = folder / "data", folder / "password"
    secret.write_text(password)
    if user:
        shutil.chown(folder, user)
        shutil.chown(secret, user)
    secret.chmod(0o600)
    made = subprocess.run(
        [
            *as_user,
            initdb,
            *("--pgdata", data),
            *("--username", "postgres", "--pwfile", secret, "--auth", "password"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr}")
    port = _free_port()
    settings = POSTGRESQL_SETTINGS | {"port": str(port), "unix_socket_directories": str(folder)}
    command = [*as_user, str(Path(initdb).with_name("postgres")), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    _keep(run, folder, command)
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    _wait_for(lambda: psycopg.connect(url, connect_timeout=5).close(), folder, psycopg.OperationalError)
    return url


def _unprivileged_user() -> str | None:
    """Who runs PostgreSQL where we are root, which it refuses to be run by; None: ourselves."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _as_user(user: str, program: str) -> list[str]:
    """The words before a command that have root run it as the user.

    In a container or chroot whose top folder only root may enter, no other user finds any program; there the command
    keeps root's right to pass through folders, and no other.
    """
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    plain = ["setpriv", "--reuid", user, "--regid", group, "--clear-groups"]
    right = "-all,+dac_read_search"
    passing = [*plain, "--securebits=+no_setuid_fixup", f"--inh-caps={right}", f"--ambient-caps={right}"]
    for words in (plain, passing):
        if (
            subprocess.run([*words, program, "--version"], capture_output=True, stdin=subprocess.DEVNULL).returncode
            == 0
        ):
            return words
    raise RuntimeError(f"{program} cannot be run as {user}")


def _postgresql_that_answers() -> str | None:
    url = "postgresql://postgres@127.0.0.1:5432/postgres"
    try:
        psycopg.connect(url, connect_timeout=3, passfile=os.devnull).close()
    except psycopg.OperationalError:
        return None
    return url


@pytest.fixture(scope="session")
def postgresql_server(request: pytest.FixtureRequest) -> Iterator[PostgreSQL]:
    """The run's PostgreSQL server: `create_database()` gives a fresh database's URL."""
    named = os.environ.get("PORTAL_TEST_POSTGRESQL")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    initdb = _program("initdb", *versions)
    if named:
        url = named
    elif initdb:
        # the real place, where its fellow `postgres` lies: distributions put links to some programs on the search path
        real = str(Path(initdb).resolve())
        run = run_process(request.config)
        url = started_once(request.config, "postgresql", lambda folder: _start_postgresql(run, real, folder))
    else:
        url = _postgresql_that_answers() or ""
    if not url:
        pytest.skip("no PostgreSQL: neither installed (apt-get install postgresql) nor at 127.0.0.1:5432")
    server = PostgreSQL(url)
    yield server
    server.drop_all()


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: PostgreSQL) -> str:
    """A fresh database of this worker, empty; the URL of its owner, who may create roles."""
    return postgresql_server.create_database()


# --- Redis ------------------------------------------------------------------------------------------------------------


def _start_redis(run: int, program: str, folder: Path) -> str:
    port, password = _free_port(), secrets.token_hex(12)
    settings = folder / "redis.conf"
    settings.touch(mode=0o600)
    settings.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndatabases 64\ndir {folder}\n'
    )
    _keep(run, folder, [program, str(settings)])
    url = f"redis://:{password}@127.0.0.1:{port}"
    _wait_for(lambda: _ping(f"{url}/0"), folder, redis.RedisError)
    return url


def _ping(url: str) -> int:
    """Ask; the number of keys in the database."""
    with closing(redis.Redis.from_url(url, socket_timeout=5)) as client:
        client.ping()
        return int(client.dbsize())  # type: ignore[arg-type]


@contextmanager
def _own_database(url: str, first: int) -> Iterator[str]:
    """An empty numbered database of the server; emptied again at the end. Nobody's keys are touched."""
    for number in range(first, first + 4):
        mine = f"{url}/{number}"
        if _ping(mine) == 0:
            yield mine
            with closing(redis.Redis.from_url(mine)) as client:
                client.flushdb()
            return
    pytest.skip(f"the Redis at {url.rpartition('@')[2]} has no empty database for tests")


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty Redis database of this worker."""
    program = shutil.which("redis-server")
    if named := os.environ.get("PORTAL_TEST_REDIS"):
        url = named.rstrip("/")
    elif program:
        run = run_process(request.config)
        url = started_once(request.config, "redis", lambda folder: _start_redis(run, program, folder))
    else:
        url = "redis://127.0.0.1:6379"
        try:
            _ping(f"{url}/1")
        except redis.RedisError:
            pytest.skip("no Redis: neither installed (apt-get install redis-server) nor at 127.0.0.1:6379")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    with _own_database(url, first=1 + 4 * (int(worker) % 3)) as mine:
        yield mine


# --- S3 ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class S3:
    """An S3 that answers on this machine; its keys stand in the environment while the session lasts."""

    endpoint: str
    bucket: str


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """moto's S3 on a free port of 127.0.0.1, with one empty bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        s3 = S3(f"http://{host}:{port}", "portal-tests")
        client = boto3.client("s3", endpoint_url=s3.endpoint)
        client.create_bucket(Bucket=s3.bucket)
        client.close()
        yield s3
    server.stop()
