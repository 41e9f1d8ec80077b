"""The portal as people run it: real processes on a free port, in a home of its own, restarted at will."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds until the first answer


@dataclass
class RunningPortal:
    """A home, what the environment says, and the processes over it."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    workers: int = 0  # of a worker process of its own; 0: the server brings one
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of `portal` to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "portal", *words], cwd=ROOT, env=self._environment(), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"portal {' '.join(words)}: {done.stdout}\n{done.stderr}"
        return done

    def start(self, today: str) -> None:
        """Serve as at a business date; returns once it answers."""
        self.environment["PORTAL_TODAY"] = today
        self.port = _free_port()
        self._spawn("serve", "--port", str(self.port))
        if self.workers:
            self._spawn("worker", "--workers", str(self.workers))
        end = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/sign-in", timeout=5).close()
                return
            except OSError:
                if time.monotonic() > end or self.processes[0].poll() is not None:
                    raise AssertionError(self.log()) from None
                time.sleep(0.2)

    def stop(self) -> None:
        """End all processes as a person does, and wait for them."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)
        self.processes.clear()

    def log(self) -> str:
        """What the processes said last."""
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.home.glob("*.log")))

    def _spawn(self, *words: str) -> None:
        log = (self.home / f"{words[0]}.log").open("ab")
        with log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "portal", *words], cwd=ROOT, env=self._environment(), stdout=log, stderr=log,
                    stdin=subprocess.DEVNULL, start_new_session=True,
                )
            )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        return inherited | {"PORTAL_HOME": str(self.home)} | self.environment


@contextmanager
def running(home: Path, environment: dict[str, str] | None = None, workers: int = 0) -> Iterator[RunningPortal]:
    """A portal that is stopped in the end, whatever happens."""
    home.mkdir(parents=True, exist_ok=True)
    portal = RunningPortal(home, dict(environment or {}), workers)
    try:
        yield portal
    finally:
        portal.stop()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The test's own application behind a port of this machine, for a browser; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
