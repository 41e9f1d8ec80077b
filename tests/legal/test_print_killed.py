"""A print whose worker is killed -9: the next one goes on, lays out no finished letter again, and draws no other number."""

from __future__ import annotations

import signal
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

import letters.render
import letters.seal
from portal.foundation.jobs import Job, JobState, run_pending
from portal.foundation.services import services
from portal.legal import sealing
from portal.legal.approving import approve_pack
from portal.legal.models import PackState
from portal.legal.signing import put_certificate
from portal.legal.taking import record_download, set_up_print
from tests.legal.factories import Firm, a_firm, built_pack, letters_of, open_sample, the_pack
from tests.letters.test_seal import PASSWORD, a_certificate
from tests.support.dying import TIMING, run_to_death, take_up_again

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.config import Settings

pytestmark = [pytest.mark.kill, pytest.mark.settings(today=date(2005, 7, 1))]
LETTERS = 4
LEFT = {"part": 2, "merged": 0, "stored": 0, "finished": 0}  # letters that the next worker has to lay out


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["JOB_TIMING"] = TIMING
    return app


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The letters that this process lays out, one a part as in the one that dies."""
    seen: list[int] = []
    render_part = letters.render.render_part

    def counted(part: object) -> object:
        seen.append(1)
        return render_part(part)  # type: ignore[arg-type]

    monkeypatch.setattr(letters.render, "render_part", counted)
    monkeypatch.setattr(letters.render, "LETTERS_A_PART", 1)
    monkeypatch.setattr(letters.render, "PARTS_A_WORKER", 1)
    return seen


def approved(app: Flask, firm: Firm) -> int:
    pack_id = built_pack(app, firm, accounts=LETTERS)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    return pack_id


def waiting_job(session: Session) -> int:
    return session.scalars(sa.select(Job.id).where(Job.state == JobState.QUEUED)).one()


@pytest.mark.parametrize("point", LEFT)
def test_a_print_that_is_killed_goes_on_where_it_stopped(
    app: Flask, settings: Settings, tmp_path: Path, db_session: Session, laid_out: list[int], point: str
) -> None:
    firm = a_firm()
    pack_id = approved(app, firm)
    numbers = [letter.letter_no for letter in letters_of(pack_id)]
    job = waiting_job(db_session)

    assert run_to_death("tests.legal.killed_print", settings, tmp_path, job, name=point) == -signal.SIGKILL
    assert the_pack(pack_id).state is PackState.APPROVED
    assert the_pack(pack_id).print_digest is None

    take_up_again(job)
    assert len(laid_out) == LEFT[point]
    pack = the_pack(pack_id)
    assert pack.state is PackState.READY
    assert [letter.letter_no for letter in letters_of(pack_id)] == numbers
    assert not list((services().settings.home / "tmp").glob("pack-*"))

    # The same letters, made without an accident, are the same bytes.
    set_up_print(firm.actor, pack_id, duplex=True, postal=False)
    run_pending(app)
    set_up_print(firm.actor, pack_id, duplex=False, postal=False)
    run_pending(app)
    assert the_pack(pack_id).print_digest == pack.print_digest


def test_a_sealing_that_is_killed_seals_no_letter_twice(
    app: Flask,
    settings: Settings,
    tmp_path: Path,
    db_session: Session,
    laid_out: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    firm = a_firm()
    put_certificate(firm.actor, a_certificate(), PASSWORD)
    pack_id = approved(app, firm)
    run_pending(app)
    laid_out.clear()
    job = sealing.ask_singles(firm.actor, pack_id)
    sealed: list[str] = []
    seal_letter = letters.seal.seal_letter

    def counted(*args: object, **options: object) -> bytes:
        sealed.append(str(options["reason"]))
        return seal_letter(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(letters.seal, "seal_letter", counted)

    assert run_to_death("tests.legal.killed_print", settings, tmp_path, job, name="sealed") == -signal.SIGKILL
    take_up_again(job)

    assert (laid_out, len(sealed)) == ([], LETTERS - 1)
    assert record_download(firm.actor, pack_id, "letters.zip").size > 0
