"""Numbers that were found: entered by the agency with their ground, seen and marked by the bank."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.portfolio.models import ContactPoint, ContactSource, ContactStatus
from tests.contact.factories import NOON, Desk, Person, at_time, make_desk, make_person
from tests.identity.factories import make_bank, make_user

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.support.pages import PageClient

    Client = Callable[..., PageClient]

FOUND = {
    "kind": "phone", "value": "139 1111 2222", "relation": "self", "source": "published by the debtor's own shop",
    "lawful_ground": "public_source",
}  # fmt: skip


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def test_a_number_that_was_found_is_entered_with_its_ground_and_stands_among_the_others(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}/contact-points").submit("form", **FOUND)

    assert page.path == f"/queue/{desk.account_id}"
    assert "It is kept; the bank sees it." in page and "2222" in page and "13911112222" not in page
    point = db_session.scalars(sa.select(ContactPoint).where(ContactPoint.source == ContactSource.FOUND)).one()
    assert (point.found_by_id, point.lawful_ground) == (desk.agency.id, "public_source")
    again = client_for(desk.user).get(f"/queue/{desk.account_id}/contact-points").submit("form", **FOUND)
    assert "It was on file before." in again


@pytest.mark.parametrize("words", ["139%201111%202222", "%2B8613911112222", "2222"])
def test_a_number_that_was_found_is_found_by_the_search(desk: Desk, client_for: Client, words: str) -> None:
    client = client_for(desk.user)
    form = client.get(f"/queue/{desk.account_id}/contact-points")
    form.submit("form", **FOUND)
    form.submit("form", **(FOUND | {"value": "139 3333 2222"}))

    client.get(f"/search?q={words}", to=f"/accounts/{desk.account_id}")


def test_without_a_ground_nothing_is_kept_and_the_form_says_what_is_missing(desk: Desk, client_for: Client) -> None:
    form = client_for(desk.user).get(f"/queue/{desk.account_id}/contact-points")

    page = form.submit("form", status=422, **(FOUND | {"lawful_ground": "", "source": ""}))
    assert page.html.count("Fill this in.") >= 2
    assert "with its area code" in form.submit("form", status=422, **(FOUND | {"value": "12345"}))
    assert "name@example.com" in form.submit("form", status=422, **(FOUND | {"kind": "email", "value": "12345"}))


def test_the_bank_sees_what_was_found_and_by_whom_and_marks_it(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    client_for(desk.user).get(f"/queue/{desk.account_id}/contact-points").submit("form", **FOUND)
    compliance = client_for(make_user(Role.COMPLIANCE, make_bank()))

    page = compliance.get("/contact-points")
    assert desk.agency.name_en in page or desk.agency.name in page
    assert "a lawful public source" in page and "13911112222" not in page
    assert "published by the debtor's own shop" in page
    assert f'data-href="/accounts/{desk.account_id}"' in page.html
    assert "Numbers and addresses that agencies found are to be looked at" in compliance.get("/")
    assert "Numbers found waiting: 1" in page.links
    point = db_session.scalars(sa.select(ContactPoint).where(ContactPoint.source == ContactSource.FOUND)).one()
    page = compliance.post(
        "/contact-points/mark", {"row": str(point.id), "status": "third_party"}, to="/contact-points"
    )

    assert "1 contact point is marked." in page and "Numbers found" in page.links
    assert "Numbers and addresses that agencies found" not in compliance.get("/")
    db_session.rollback()
    assert db_session.get_one(ContactPoint, point.id).status is ContactStatus.THIRD_PARTY
    assert db_session.scalar(sa.select(AuditEvent.action).where(AuditEvent.action == "contact_point.marked"))
    client_for(desk.user).get("/contact-points", status=403)
