"""`portal serve` and `portal worker`: the web server, and who does the long work."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped] # gunicorn ships none

from portal.foundation.command_line import PUBLIC, access, application
from portal.foundation.migrating import is_current, missing_guards

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["serve", "worker"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=int)
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--with-worker/--without-worker", default=None, help="Start a worker too; yes where no Redis is named.")
@access(PUBLIC)
def serve(host: str, port: int, processes: int, threads: int, with_worker: bool | None) -> None:
    """Serve the portal. Without Redis it brings its own worker."""
    app = application()
    _refuse_unready(app)
    settings = app.extensions["portal"].settings
    helper = None
    if with_worker or (with_worker is None and not settings.redis_url):
        helper = subprocess.Popen([sys.executable, "-m", "portal", "worker"], env=os.environ)
    try:
        _Server(app, {"bind": f"{host}:{port}", "workers": processes, "threads": threads}).run()
    finally:
        if helper is not None:
            helper.terminate()
            helper.wait(timeout=30)


@click.command()
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@access(PUBLIC)
def worker(workers: int) -> None:
    """Do the jobs that were asked for, until told to stop."""
    from portal.foundation.jobs.worker import run_worker

    app = application()
    _refuse_unready(app)
    run_worker(app, workers)


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
