"""A process that runs a job and is killed -9 at a chosen point, and the next worker, which takes it up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal import create_app
from portal.config import Settings
from portal.foundation.jobs.runner import run_job
from portal.foundation.jobs.runtime import Timing
from portal.foundation.jobs.sweeper import sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
TIMING = Timing(lease=1.0, pause=0.1, sweep=0.4, overlooked=3.0, grace=2.0)
PATIENCE = 60  # seconds


# --- in the test's process ------------------------------------------------------------------------------------------------


def run_to_death(module: str, settings: Settings, folder: Path, job: int, **point: Any) -> int:
    """Run the job by `python -m module` in a process that dies at the point; how it ended."""
    said = {
        "settings": {
            "env": "test", "home": str(settings.home), "database_url": settings.database_url,
            "secret_key": settings.secret_key, "today": settings.today and settings.today.isoformat(),
        },
        "timing": asdict(TIMING), "job": job, "point": point,
    }  # fmt: skip
    file = folder / "killed.json"
    file.write_text(json.dumps(said))
    return subprocess.run([sys.executable, "-m", module, str(file)], cwd=ROOT, check=False, timeout=300).returncode


def take_up_again(job: int) -> None:
    """The sweeper, once the dead worker's lease has run out, and the next worker."""
    end = time.monotonic() + PATIENCE
    while job not in sweep():
        assert time.monotonic() < end
        time.sleep(0.2)
    run_job(job)


# --- in the process that dies ----------------------------------------------------------------------------------------------


def die(*_: Any) -> None:
    """As a machine does that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(module: ModuleType, name: str, deed: Callable[[], None]) -> None:
    """Do this before the module's own step of that name is taken."""
    step = getattr(module, name)

    def instead(*args: Any, **options: Any) -> Any:
        deed()
        return step(*args, **options)

    setattr(module, name, instead)


def live_until(arm: Callable[..., None]) -> None:
    """Run the job that the file on the command line names; `arm(**point)` sees to it that this process dies there."""
    said = json.loads(Path(sys.argv[1]).read_text())
    settings = said["settings"] | {"home": Path(said["settings"]["home"])}
    app = create_app(Settings(**settings | {"today": date.fromisoformat(settings["today"])}))
    app.config["JOB_TIMING"] = Timing(**said["timing"])
    arm(**said["point"])
    with app.app_context():
        run_job(said["job"])
