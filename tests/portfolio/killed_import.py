"""A process that runs an import's job and is killed at a chosen point: `python -m tests.portfolio.killed_import FILE`.

FILE is JSON: `settings`, `timing`, `job`, and `point`: `begun`, `rows` (with `chunk`, the one before which it dies),
`written`, `commit` or `committed`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from portal import create_app
from portal.config import Settings
from portal.foundation.jobs.runner import run_job
from portal.foundation.jobs.runtime import Timing
from portal.portfolio import importing


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(name: str, deed: Callable[[], None]) -> None:
    """Do this before the import's own step of that name is taken."""
    step = getattr(importing, name)

    def instead(*args: Any) -> Any:
        deed()
        return step(*args)

    setattr(importing, name, instead)


def arm(point: str, chunk: int) -> None:
    """See to it that this process dies there."""
    if point == "begun":
        _before("_apply", _die)
    elif point == "rows":
        numbers = count()
        _before("_good_ones", lambda: _die() if next(numbers) == chunk else None)
    elif point == "written":
        _before("_end", _die)
    else:
        moment = {"commit": "before_commit", "committed": "after_commit"}[point]
        _before("_end", lambda: event.listen(Session, moment, _die))


def main(file: str) -> None:
    """Run the job until death."""
    said = json.loads(Path(file).read_text())
    settings = said["settings"] | {"home": Path(said["settings"]["home"])}
    app = create_app(Settings(**settings | {"today": date.fromisoformat(settings["today"])}))
    app.config["JOB_TIMING"] = Timing(**said["timing"])
    importing.CHUNK = said["chunk_rows"]
    arm(said["point"], said["chunk"])
    with app.app_context():
        run_job(said["job"])


if __name__ == "__main__":
    main(sys.argv[1])
