"""A real worker for the tests that kill one: `python -m tests.foundation.worker_process SETTINGS.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from portal import create_app
from portal.config import Settings
from portal.foundation.jobs.runtime import Timing
from portal.foundation.jobs.worker import run_worker
from tests.foundation import job_kinds


def main(file: str) -> None:
    """Work with the settings and times of the file until told to stop."""
    said = json.loads(Path(file).read_text())
    app = create_app(Settings(**(said["settings"] | {"home": Path(said["settings"]["home"])})))
    app.config["JOB_TIMING"] = Timing(**said["timing"])
    assert job_kinds.DONE
    run_worker(app, workers=said["workers"])


if __name__ == "__main__":
    main(sys.argv[1])
