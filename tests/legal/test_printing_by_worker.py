"""A pack of several parts is printed by a real worker, whose processes have to have processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.foundation.jobs.queries import job_about
from portal.foundation.jobs.runtime import Timing
from portal.foundation.work import reading
from portal.legal.approving import approve_pack
from portal.legal.models import PackState
from tests.legal.factories import a_firm, built_pack, open_sample, the_pack

if TYPE_CHECKING:
    from flask import Flask

    from portal.config import Settings
    from portal.foundation.access import Actor

pytestmark = [
    pytest.mark.kill,
    pytest.mark.settings(today=date(2005, 7, 1)),
    pytest.mark.databases("sqlite"),
]
ROOT = Path(__file__).resolve().parents[2]
SMALL_PARTS = (
    "import sys, letters.render; letters.render.LETTERS_A_PART = 2; "
    "import portal.legal.printing; from tests.foundation.worker_process import main; main(sys.argv[1])"
)
PATIENCE = 40  # seconds


def test_a_worker_prints_a_pack_of_several_parts(app: Flask, settings: Settings, tmp_path: Path) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=5)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    names = ("env", "database_url", "secret_key")
    chosen = {name: getattr(settings, name) for name in names} | {"home": str(settings.home)}
    said = {"settings": chosen, "timing": asdict(Timing()), "workers": 1}
    file = tmp_path / "worker.json"
    file.write_text(json.dumps(said))

    worker = subprocess.Popen([sys.executable, "-c", SMALL_PARTS, str(file)], cwd=ROOT)
    try:
        until = time.monotonic() + PATIENCE
        while not is_over(firm.actor, pack_id) and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        worker.terminate()
        worker.wait(30)

    assert the_pack(pack_id).state is PackState.READY


def is_over(actor: Actor, pack_id: int) -> bool:
    with reading(actor) as session:
        job = job_about(session, actor, "legal.print", f"{pack_id}-1")
        return job is not None and job.is_over
