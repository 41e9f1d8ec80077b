"""An approved pack that cannot be printed as it was read, or must not go out: its numbers are void, its accounts free."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from letters import load_template
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.dispatch.operations import dispatch_letter
from portal.legal.dispatch.terms import Sent
from portal.legal.giving_up import give_pack_up
from portal.legal.models import LetterEvent, LetterPack, LetterState, PackState
from portal.legal.operations import refuse_pack
from portal.legal.taking import record_download, set_up_print
from portal.legal.verification.operations import verify
from tests.identity.factories import observer
from tests.legal.factories import a_firm, built_pack, letters_of, open_sample, ready_pack, the_pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def change_template(pack_id: int) -> None:
    """As if a release had brought another version of the pack's template."""
    with transaction(observer()) as work:
        work.session.execute(
            sa.update(LetterPack).where(LetterPack.id == pack_id).values(template_version="0.9.0+older")
        )


def voided(pack_id: int) -> list[bool]:
    """Of each letter of a pack whether it is void."""
    with reading(observer()) as session:
        void = set(session.scalars(sa.select(LetterEvent.letter_id).where(LetterEvent.state == LetterState.VOID)))
    return [letter.id in void for letter in letters_of(pack_id)]


def test_a_pack_whose_template_changed_in_review_is_not_approved_but_refused_and_built_anew(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=2)
    open_sample(firm.actor, pack_id)
    change_template(pack_id)

    with pytest.raises(Refused, match="Refuse the pack and build it anew"):
        approve_pack(firm.actor, pack_id)
    assert [letter.number for letter in letters_of(pack_id)] == [None, None]
    refuse_pack(firm.actor, pack_id, "another template")
    again = build_pack(firm.actor, the_pack(pack_id).batch_id)
    run_pending(app)
    open_sample(firm.actor, again)
    approve_pack(firm.actor, again)

    assert [letter.number for letter in letters_of(again)] == [1, 2]


def test_an_approved_pack_that_cannot_be_printed_any_more_is_given_up_and_built_anew(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=2)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    change_template(pack_id)
    run_pending(app)
    assert the_pack(pack_id).state is PackState.APPROVED

    with pytest.raises(DomainError, match="why"):
        give_pack_up(firm.actor, pack_id, " ")
    assert give_pack_up(firm.actor, pack_id, "another template") == 2

    given_up = the_pack(pack_id)
    assert (given_up.state, given_up.refusal) == (PackState.REFUSED, "another template")
    # who approved it and who gave it up are both told
    assert (given_up.decided_by, given_up.given_up_by) == (firm.lawyer.id, firm.lawyer.id)
    assert given_up.lawyer_licence_no
    assert given_up.given_up_at is not None
    assert voided(pack_id) == [True, True]
    again = build_pack(firm.actor, the_pack(pack_id).batch_id)
    run_pending(app)
    open_sample(firm.actor, again)
    approve_pack(firm.actor, again)
    run_pending(app)
    assert the_pack(again).state is PackState.READY
    assert [letter.number for letter in letters_of(again)] == [3, 4]  # what was void stays used


def test_what_has_gone_out_of_a_pack_that_is_given_up_keeps_its_way(app: Flask) -> None:
    firm = a_firm()
    pack_id = ready_pack(app, firm, accounts=3)
    sent = letters_of(pack_id)[0]
    dispatch_letter(firm.actor, pack_id, sent.id, Sent("EMS", "1", date(2005, 7, 1)))

    assert give_pack_up(firm.actor, pack_id, "the others stay here") == 2

    assert the_pack(pack_id).state is PackState.READY
    assert voided(pack_id) == [False, True, True]
    assert verify(letters_of(pack_id)[1].verify_code).answer.value == "withdrawn"
    assert verify(sent.verify_code).answer.value == "genuine"
    with pytest.raises(NotFound):
        record_download(firm.actor, pack_id, "print.pdf")
    with pytest.raises(Refused, match="out or void"):
        give_pack_up(firm.actor, pack_id, "once more")


def test_a_pack_that_nobody_approved_and_another_firms_are_not_given_up(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)

    with pytest.raises(Refused, match="Only an approved pack"):
        give_pack_up(firm.actor, pack_id, "no")
    with pytest.raises(NotFound):
        give_pack_up(a_firm("沪例").actor, pack_id, "no")


def test_a_printed_pack_keeps_its_files_when_the_template_changes(app: Flask) -> None:
    firm = a_firm()
    pack_id = ready_pack(app, firm, accounts=1)
    change_template(pack_id)

    with pytest.raises(Refused, match="take its files as they are"):
        set_up_print(firm.actor, pack_id, duplex=True, postal=False)
    assert record_download(firm.actor, pack_id, "print.pdf").size > 0


@pytest.mark.databases("sqlite")
def test_the_page_of_the_pack_says_what_to_do(app: Flask, client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    pages = client_for(firm.lawyer)
    open_sample(firm.actor, pack_id)
    change_template(pack_id)
    assert "Refuse the pack and build it anew" in pages.get(f"/packs/{pack_id}")
    with transaction(observer()) as work:
        pack = work.session.scalars(sa.select(LetterPack).where(LetterPack.id == pack_id)).one()
        pack.template_version = load_template(pack.template).version
    approve_pack(firm.actor, pack_id)
    change_template(pack_id)
    run_pending(app)

    page = pages.get(f"/packs/{pack_id}")
    assert "Give the pack up, which voids its numbers" in page
    page = page.submit(f"/packs/{pack_id}/give-up", reason="another template", to=f"/packs/{pack_id}")
    assert "1 letter is void now." in page
    assert "another template" in page
