"""`portal serve` and `portal worker`: the web server, and who does the long work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import click
import structlog
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped] # gunicorn ships none

from portal.foundation.command_line import PUBLIC, access, application
from portal.foundation.migrating import is_current, missing_guards

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["serve", "worker"]

log = structlog.get_logger()
LOOK = 2.0  # seconds between two looks whether the server's own worker lives
GRACE = 30.0  # seconds that it has to put away what it is at


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port", default=8000, envvar="PORTAL_PORT", show_default=True, show_envvar=True, type=click.IntRange(1, 65535)
)
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--with-worker/--without-worker", default=None, help="Start a worker too; yes where no Redis is named.")
@access(PUBLIC)
def serve(host: str, port: int, processes: int, threads: int, with_worker: bool | None) -> None:
    """Serve the portal. Without Redis it brings its own worker."""
    app = application()
    _refuse_unready(app)
    _refuse_taken(host, port)
    settings = app.extensions["portal"].settings
    brings_worker = with_worker or (with_worker is None and not settings.redis_url)
    helper = _OwnWorker() if brings_worker else None
    try:
        _Server(app, {"bind": f"{host}:{port}", "workers": processes, "threads": threads}).run()
    finally:
        if helper is not None:
            helper.stop()


@click.command()
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--ends-with", type=int, hidden=True, help="Number of the parent process, without which to stop.")
@access(PUBLIC)
def worker(workers: int, ends_with: int | None) -> None:
    """Do the jobs that were asked for, until told to stop."""
    from portal.foundation.jobs.worker import run_worker

    app = application()
    _refuse_unready(app)
    run_worker(app, workers, parent=ends_with)


def _refuse_taken(host: str, port: int) -> None:
    """Said before anything is started, in one sentence; gunicorn tries five times and speaks of a connection."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}. "
            "Stop what listens there, or name another port with --port or PORTAL_PORT."
        ) from error


class _OwnWorker:
    """The worker that a server without Redis brings: replaced when it dies, and gone when the server is."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process = self._spawn()
        # gunicorn's children do not inherit the thread
        self._watch = threading.Thread(target=self._replace_when_dead, name="own-worker", daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """Ask it to put away what it is at; what takes longer than the grace is found by the next worker."""
        self._stopping.set()
        self._watch.join()
        self._process.terminate()
        try:
            self._process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()

    @staticmethod
    def _spawn() -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "portal", "worker", "--ends-with", str(os.getpid())]
        return subprocess.Popen(words, process_group=0)  # Ctrl-C is for the server, which then stops its worker

    def _replace_when_dead(self) -> None:
        while not self._stopping.wait(LOOK):
            if self._process.poll() is not None:
                log.warning("worker.replaced", lost=self._process.pid)
                self._process = self._spawn()


def _refuse_unready(app: Flask) -> None:
    """A database of another revision, or without the triggers that keep evidence, is not worked on."""
    from portal.foundation.database import db

    if not is_current(app):
        raise click.ClickException("The database is not ready. Run “portal init” (or “portal demo”) first.")
    with app.app_context():
        missing = missing_guards(db.engine)
    if missing:
        raise click.ClickException(f"The database lacks the triggers that keep evidence: {', '.join(missing)}")


class _Server(BaseApplication):  # type: ignore[misc] # its base has no types
    """gunicorn with threads, over an application that stands already."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options | {"worker_class": "gthread", "timeout": 120, "graceful_timeout": 20}
        super().__init__()

    def load_config(self) -> None:
        """gunicorn asks for its settings here."""
        for name, value in self._options.items():
            self.cfg.set(name, value)
        if "control_socket_disable" in self.cfg.settings:  # from gunicorn 25 on; nobody asked for a door in $HOME
            self.cfg.set("control_socket_disable", True)

    def load(self) -> Flask:
        """gunicorn asks for the application here, in each process; connections are not shared between them."""
        from portal.foundation.database import db

        with self._app.app_context():
            db.engine.dispose()
        return self._app
