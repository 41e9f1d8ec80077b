"""Runs a server for as long as the test run lives, then stops it and removes its folder.

It goes into the background, so that a server ends with its test run also when that is killed:
`python keeper.py PID FOLDER COMMAND…` runs COMMAND in FOLDER until process PID is gone. Its own number stands in
FOLDER/keeper.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

GRACE = 10  # seconds a server has for stopping


def keep(pid: int, folder: Path, command: list[str]) -> None:
    """Run the command in the folder until process `pid` is gone or the command ends by itself."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(  # SIGINT is for the test run, which then takes the server along
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    ended = os.pidfd_open(server.pid)
    select.select([watched, ended], [], [])
    if server.poll() is None:
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown; Redis takes it as its end too
        try:
            server.wait(GRACE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def main() -> None:
    """Keep a server; its folder goes with it."""
    pid, folder, *command = sys.argv[1:]
    if os.fork():
        os._exit(0)
    os.setsid()
    (Path(folder) / "keeper").write_text(str(os.getpid()))
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, lambda *_: None)  # not SIG_IGN, which the server would inherit
    try:
        keep(int(pid), Path(folder), command)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).with_suffix(".lock").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
