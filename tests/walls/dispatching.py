"""What each firm has said of its letters' way, with files and proofs; and what holders of letters have asked."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.errors import Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.legal.dispatch.files import DISPATCH, import_dispatch, receive_dispatch
from portal.legal.dispatch.models import LetterResult
from portal.legal.dispatch.operations import dispatch_letter, record_result
from portal.legal.dispatch.terms import MailResult, Outcome, Sent
from portal.legal.taking import record_download
from portal.legal.verification.operations import verify
from portal.vendors.proofs import Proof
from tests.legal.factories import letters_of
from tests.walls.filing import files_of, layout_of
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from tests.walls.world import World

__all__ = ["dispatched", "settled"]

DAY = date(2005, 9, 1)


def settled(world: World) -> None:
    """A hold that came since the print voids a letter as soon as somebody takes a file: that is over before the walls are tried."""
    for side in SIDES:
        lawyer = world.person(Role.LEGAL_PARTNER, f"{side.mark}LF").actor
        with suppress(Refused):
            record_download(lawyer, world.one("worked pack", f"{side.mark}LF"), "print.pdf")
    run_pending(world.app)


def dispatched(world: World) -> None:
    """Once packs are printed: a letter of each firm came back, one was delivered, and a file tells of the rest."""
    for side in SIDES:
        code = f"{side.mark}LF"
        lawyer, pack_id = world.person(Role.LEGAL_PARTNER, code), world.one("worked pack", code)
        for name in ("dispatch.csv", "dispatch.xlsx"):
            world.keep("dispatch file of a pack", code, pack_id, name)
        numbered = [letter for letter in letters_of(pack_id) if letter.letter_no]
        for letter, result in zip(numbered, (MailResult.DELIVERED, MailResult.RETURNED), strict=False):
            world.keep("numbered letter", code, pack_id, letter.id)
            sent = Sent(f"{code} post", f"{code}-{letter.position}", DAY)
            dispatch_letter(lawyer.actor, pack_id, letter.id, sent, all_the_same=True)  # its account was paid since
            scan = Proof(f"%PDF-1.4 {code}".encode(), f"{code}-card.pdf") if result is MailResult.DELIVERED else None
            record_result(lawyer.actor, pack_id, letter.id, Outcome(result, DAY, f"{code} moved"), scan)
            verify(letter.verify_code)
        with reading(lawyer.actor) as session:
            wanted = sa.select(LetterResult.id).where(LetterResult.proof_digest != "").order_by(LetterResult.id)
            result_id = session.scalars(wanted).one()
        world.keep("proof of a delivery", code, pack_id, numbered[0].id, result_id)
        rows = (f"{numbered[0].letter_no},,,,,,", "(1999)no such letter,EMS,,2005-09-01,,,")
        head = "letter_no,carrier,tracking_no,dispatched_on,result,result_on,reason"
        content = "\n".join((head, *rows, "")).encode()
        files_of(world, lawyer, DISPATCH, content, receive_dispatch, import_dispatch)
    verify("2222-3333-4444")
    world.keep("code of a letter", "nobody", numbered[0].verify_code)
    layout_of(world, world.person(Role.COMPLIANCE).actor, DISPATCH)
