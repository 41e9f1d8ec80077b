"""The servers that tests run on are there, are ours alone, and are not more powerful than a bank would give us."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import psycopg
import redis

from tests.support.servers import KEEPER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.servers import S3, PostgreSQL


def test_the_owner_of_a_test_database_may_create_roles_and_is_no_superuser(postgresql_server: PostgreSQL) -> None:
    url = postgresql_server.create_database()
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, True, False)
        connection.execute("CREATE EXTENSION btree_gist")  # what exclusion constraints need
    postgresql_server.drop_database(url)


def test_each_database_of_the_server_is_a_new_one(postgresql_server: PostgreSQL) -> None:
    first, second = postgresql_server.create_database(), postgresql_server.create_database()
    assert first != second
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    for url in (first, second):
        postgresql_server.drop_database(url)


def test_redis_is_empty_and_answers(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    client.set("key", b"value", ex=60)
    assert client.get("key") == b"value"
    client.delete("key")
    client.close()


def test_s3_keeps_what_is_put(s3_server: S3) -> None:
    client = boto3.client("s3", endpoint_url=s3_server.endpoint)
    client.put_object(Bucket=s3_server.bucket, Key="name", Body="正文".encode())
    assert client.get_object(Bucket=s3_server.bucket, Key="name")["Body"].read().decode() == "正文"
    client.delete_object(Bucket=s3_server.bucket, Key="name")
    client.close()


def test_a_server_ends_with_the_run_that_started_it_also_when_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    run = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    server = ["sh", "-c", "echo $$ >pid.part; mv pid.part pid; exec sleep 60"]
    subprocess.run([sys.executable, str(KEEPER), str(run.pid), str(folder), *server], check=True)
    _until(lambda: (folder / "pid").exists())
    number = int((folder / "pid").read_text())
    run.kill()
    run.wait()
    _until(lambda: not folder.exists() and not Path(f"/proc/{number}").exists())


def _until(happens: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)
