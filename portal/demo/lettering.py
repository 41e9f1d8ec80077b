"""Letter packs of the demo: built by the firm's assistant, read and approved by its lawyer, taken to the printer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.demo.cast import HOUSES
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.legal.approving import approve_pack
from portal.legal.models import Letter, LetterPack, PackState
from portal.legal.operations import build_pack, open_letter, refuse_letter, refuse_pack
from portal.legal.queries import batches_to_pack, letter_rows, packs
from portal.legal.taking import record_download

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["approve_packs", "build_packs", "take_files"]

FIRMS = {house.code: [person.user_name for person in house.people] for house in HOUSES}


def build_packs(stage: Stage, code: str) -> None:
    """Make a pack of every letter batch that the firm has accepted."""
    assistant = stage.actor(FIRMS[code][1])
    with reading(assistant) as session:
        waiting = [batch.id for batch in session.scalars(batches_to_pack(assistant))]
    for batch_id in waiting:
        build_pack(assistant, batch_id)
    run_pending(stage.app)


def approve_packs(stage: Stage, code: str) -> None:
    """Read what has to be read, leave one letter out, approve the rest; the print file is made."""
    lawyer = stage.actor(FIRMS[code][0])
    for pack_id in _packs(stage, code, PackState.REVIEW):
        with reading(lawyer) as session:
            letters = [row[0] for row in session.execute(letter_rows(lawyer, pack_id).order_by(Letter.position))]
            sample = [letter.id for letter in letters if letter.in_sample]
            others = [letter.id for letter in letters if not (letter.in_sample or letter.flagged)]
        for letter_id in sample:
            open_letter(lawyer, pack_id, letter_id)
        if len(others) > 1:
            refuse_letter(lawyer, pack_id, others[-1], "地址与身份证住址不一致，请银行核实后重新委托")
        if sample or others:
            approve_pack(lawyer, pack_id)
        else:
            refuse_pack(lawyer, pack_id, "函件资料均不完整，请银行补充后重新委托")
    run_pending(stage.app)


def take_files(stage: Stage, code: str) -> None:
    """The assistant takes the files of what is ready."""
    assistant = stage.actor(FIRMS[code][1])
    for pack_id in _packs(stage, code, PackState.READY):
        for file_name in ("print.pdf", "manifest.csv"):
            record_download(assistant, pack_id, file_name)


def _packs(stage: Stage, code: str, state: PackState) -> list[int]:
    lawyer = stage.actor(FIRMS[code][0])
    with reading(lawyer) as session:
        wanted = packs(lawyer).where(LetterPack.state == state).order_by(LetterPack.id)
        return [pack.id for pack in session.scalars(wanted)]
