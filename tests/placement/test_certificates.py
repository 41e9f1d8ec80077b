"""Certificates of return and deletion: when one falls due, who confirms it, and that it stays as it was said."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from portal.placement import leaving_queries as queries
from portal.placement.batches import refuse_batch
from portal.placement.certificates import confirm
from portal.placement.leaving_models import Certificate, CertificateDuty
from tests.identity.factories import actor_of, make_user, observer
from tests.placement.factories import answerer, make_desk, on, placed, recalled
from tests.placement.leaving_factories import confirmation, make_leaver
from tests.portfolio.factories import make_accounts

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import Organisation

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def duties(actor: Actor | None = None) -> list[CertificateDuty]:
    with reading(actor or observer()) as session:
        found = list(session.scalars(sa.select(CertificateDuty).order_by(CertificateDuty.id)))
        session.expunge_all()
        return found


def over(organisation: Organisation, n: int = 3) -> CertificateDuty:
    """What falls due with a batch of `n` accounts that was worked and recalled."""
    desk = make_desk()
    make_accounts(n)
    recalled(desk, placed(desk, organisation))
    return duties()[-1]


def test_a_certificate_falls_due_with_the_batch_in_the_days_of_the_contract(app: Flask) -> None:
    duty = over(make_leaver("HT"))

    assert (duty.ended_on, duty.due_on, duty.account_count) == (date(2005, 7, 1), date(2005, 7, 21), 3)


def test_none_falls_due_where_the_contract_does_not_ask_or_nobody_was_opened(app: Flask) -> None:
    desk, silent, refuser = make_desk(), make_leaver("HT", data=None), make_leaver("ZX")
    make_accounts(2)
    recalled(desk, placed(desk, silent))
    refuse_batch(answerer(refuser), placed(desk, refuser, accepted=False), "no staff")

    assert duties() == []


def test_the_bank_sees_what_is_open_and_overdue_and_the_organisation_its_own(app: Flask) -> None:
    leaver, other = make_leaver("HT"), make_leaver("ZX")
    duty = over(leaver)
    leader, bank = answerer(leaver), observer()
    with reading(leader) as session:
        assert queries.certificates_open(session, leader) == 1
    with reading(bank) as session:
        assert queries.certificates_overdue(session, bank, duty.due_on) == 0
        assert queries.certificates_overdue(session, bank, date(2005, 7, 22)) == 1
    assert duties(answerer(other)) == []
    with pytest.raises(NotFound):
        confirm(answerer(other), duty.id, confirmation())


def test_what_was_confirmed_is_corrected_by_a_later_one_and_neither_changes(app: Flask) -> None:
    leaver = make_leaver("HT")
    duty, leader = over(leaver), answerer(leaver)
    on(app, date(2005, 7, 5))
    first = confirm(leader, duty.id, confirmation())
    kept = {"kept": "call recordings, Personal Information Protection Law", "kept_until": date(2007, 7, 1)}
    second = confirm(leader, duty.id, confirmation(**kept))

    with reading(leader) as session:
        rows = queries.certificates_of(session, leader, duty.id)
        assert [(row.id, row.corrects_id) for row in rows] == [(second, first), (first, None)]
        assert [row.number for row in rows] == [f"C-{duty.subject}-2", f"C-{duty.subject}"]
        assert queries.certificates_open(session, leader) == 0
    for deed in (sa.update(Certificate).values(returned="nothing"), sa.delete(Certificate)):
        with pytest.raises(DBAPIError, match="append-only"), transaction(observer()) as work:
            work.session.execute(deed.where(Certificate.id == first))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"returned": "  "}, "returned"),
        ({"deleted": ""}, "deleted"),
        ({"methods": ()}, "methods"),
        ({"methods": ("burnt",)}, "methods"),
        ({"carried_out_by": ""}, "carried_out_by"),
        ({"carried_out_on": date(2005, 6, 30)}, "carried_out_on"),
        ({"carried_out_on": date(2005, 7, 2)}, "carried_out_on"),
        ({"kept": "recordings"}, "kept_until"),
        ({"kept": "recordings", "kept_until": date(2005, 7, 1)}, "kept_until"),
        ({"kept_until": date(2006, 7, 1)}, "kept"),
        ({"returned": "card 6228480402564890018"}, "returned"),
        ({"deleted": "x" * 1001}, "deleted"),
    ],
)
def test_what_cannot_be_so_is_named_by_its_field(app: Flask, fields: dict[str, object], wrong: str) -> None:
    leaver = make_leaver("HT")
    duty = over(leaver, 1)

    with pytest.raises(DomainError) as said:
        confirm(answerer(leaver), duty.id, confirmation(**fields))

    assert said.value.field == wrong


def test_neither_staff_nor_the_bank_confirms(app: Flask) -> None:
    leaver = make_leaver("HT")
    duty = over(leaver, 1)
    for actor in (actor_of(make_user(Role.AGENCY_STAFF, leaver)), make_desk().maker):
        with pytest.raises(Refused):
            confirm(actor, duty.id, confirmation())
