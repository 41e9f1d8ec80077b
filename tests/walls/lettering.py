"""The packs of both firms: one approved and printed, one that is read when its batch is recalled."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import TYPE_CHECKING

from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.work import transaction
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.models import LetterApproval
from portal.legal.releasing import release_letter
from portal.legal.signing import put_certificate, put_image
from portal.legal.taking import PACK_FILES
from portal.portfolio.models import Account
from tests.legal.factories import a_seal, change_accounts, letters_of, open_sample
from tests.letters.test_seal import PASSWORD, a_certificate
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from tests.walls.world import World

__all__ = ["letters_of_both_sides"]


def letters_of_both_sides(world: World) -> None:
    """Each firm has a pack that is approved and printed, and one that is read when its batch is recalled."""
    old = Account.account_ref.in_(
        [f"{side.mark}-WORKED-1" for side in SIDES]
    )  # their letters stand aside, and are let go on
    change_accounts(old, balance_as_of=date(2005, 1, 31))
    for what, side in product(("worked", "recalled"), SIDES):
        firm = f"{side.mark}LF"
        pack_id = build_pack(world.person(Role.LEGAL_PARTNER, firm).actor, world.one(f"{what} batch", firm))
        world.keep(f"{what} pack", firm, pack_id)
    run_pending(world.app)
    for side in SIDES:
        firm = f"{side.mark}LF"
        lawyer = world.person(Role.LEGAL_PARTNER, firm).actor
        put_image(lawyer, a_seal())
        put_certificate(lawyer, a_certificate(days=(-9_000, 365)), PASSWORD)  # the world is of 2005
        for letter in letters_of(world.one("worked pack", firm)):
            if letter.flagged:
                release_letter(lawyer, letter.pack_id, letter.id, f"{side.mark} confirmed")
        open_sample(lawyer, world.one("worked pack", firm))
        approve_pack(lawyer, world.one("worked pack", firm))
        for what in ("worked", "recalled"):
            _keep_pack(world, firm, world.one(f"{what} pack", firm), is_shut=what == "recalled")
    run_pending(world.app)
    for side in SIDES:  # everybody's
        world.keep("letter template", f"{side.mark}LF", "lawyer-letter-zh")
        world.keep("page of a letter template", f"{side.mark}LF", "lawyer-letter-zh", 1)
    _approve_by_itself(world)
    mine, theirs = (world.one("worked pack", f"{side.mark}LF") for side in SIDES)
    letter = letters_of(mine)[0].id
    for what, rest in (("letter", ()), ("printed letter", ()), ("page of a letter", (1,))):
        world.mixed[what] = [(world.one("recalled pack", "EASTLF"), letter, *rest), (theirs, letter, *rest)]


def _approve_by_itself(world: World) -> None:
    """A letter of each firm stands as approved by itself, as under US law."""
    for side in SIDES:
        lawyer = world.person(Role.LEGAL_PARTNER, f"{side.mark}LF").actor
        letter = letters_of(world.one("worked pack", f"{side.mark}LF"))[0]
        with transaction(lawyer) as work:
            work.session.add(
                LetterApproval(
                    letter_id=letter.id, organisation_id=letter.organisation_id, content_sha256=letter.content_sha256,
                    licence_no=f"{side.mark}-1", seconds=30, by_user_id=lawyer.user_id, at=work.now,
                )
            )  # fmt: skip


def _keep_pack(world: World, firm: str, pack_id: int, *, is_shut: bool) -> None:
    """Where it is shut, the firm keeps the pack and its list; what a letter says is the person's and gone."""
    place = world.shut if is_shut else world.things
    world.keep("pack", firm, pack_id)
    for name in PACK_FILES.keys() - {"letters.zip"}:  # nobody has asked for sealed letters
        world.keep("file of a pack", firm, pack_id, name)
    for letter in letters_of(pack_id)[:2]:
        world.keep("letter", firm, pack_id, letter.id)
        place.setdefault("printed letter", []).append((firm, (pack_id, letter.id)))
        place.setdefault("page of a letter", []).append((firm, (pack_id, letter.id, 1)))
