"""The pages and the interface refuse the same things with the same words, in both languages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pytest

from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.portfolio.models import HoldFlag
from portal.portfolio.operations import raise_hold
from tests.api.machines import machine_of, problem_in
from tests.contact.factories import NOON, at_time, call, make_desk, make_person
from tests.identity.factories import actor_of, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.contact.factories import Desk, Person
    from tests.support.pages import PageClient

pytestmark = pytest.mark.databases("sqlite")


def _night(_desk: Desk, _person: Person) -> None:
    at_time(NOON.replace(hour=23))


def _hold(desk: Desk, _person: Person) -> None:
    raise_hold(actor_of(make_user(Role.COMPLIANCE)), desk.account_id, HoldFlag.REPRESENTED, "来函")


def _used_up(desk: Desk, person: Person) -> None:
    for n in range(3):
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "negotiating", attempt_ref=f"B-{n}"))


# What is entered on the page, the same as the interface hears it, and what has come before.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], Callable[[Desk, Person], None] | None]] = {
    "by night": ({}, {}, _night),
    "while a lawyer speaks for the person": ({}, {}, _hold),
    "after three conversations": ({}, {}, _used_up),
    "a third person before the debtor was tried": ({"contact_point_id": "friend"}, {"contact_point_id": "friend"}, None),
    "a promise without amount": ({"outcome": "promise"}, {"outcome": "promise"}, None),
    "a promise of more than is owed": (
        {"outcome": "promise", "promise_amount": "99999999", "promise_on": "2005-07-05"},
        {"outcome": "promise", "promise_amount": "99999999", "promise_on": "2005-07-05"}, None,
    ),
    "a promise for yesterday": (
        {"outcome": "promise", "promise_amount": "5", "promise_on": "2005-06-30"},
        {"outcome": "promise", "promise_amount": "5", "promise_on": "2005-06-30"}, None,
    ),
    "an amount that is none": (
        {"outcome": "promise", "promise_amount": "five", "promise_on": "2005-07-05"},
        {"outcome": "promise", "promise_amount": "five", "promise_on": "2005-07-05"}, None,
    ),
    "an outcome of another channel": ({"channel": "sms"}, {"channel": "sms"}, None),
    "a number of another kind": (
        {"channel": "visit", "outcome": "visit_absent"}, {"channel": "visit", "outcome": "visit_absent"}, None,
    ),
    "a call-back without its hour": ({"outcome": "callback_requested"}, {"outcome": "callback_requested"}, None),
    "an attempt of tomorrow": ({"at": "2005-07-02T12:00"}, {"at": "2005-07-02T12:00:00+08:00"}, None),
    "an attempt before the account came": (
        {"at": "2005-06-29T12:00", "already_happened": "y"},
        {"at": "2005-06-29T12:00:00+08:00", "already_happened": True}, None,
    ),
    "no number": ({"contact_point_id": ""}, {"contact_point_id": None}, None),
    "a third person's word for the debtor": (
        {"outcome": "refuses", "party": "friend"}, {"outcome": "refuses", "party": "friend"}, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
@pytest.mark.parametrize("case", list(CASES))
def test_the_page_and_the_interface_refuse_with_the_same_words(
    app: Flask, client_for: Callable[..., PageClient], case: str, locale: str
) -> None:
    at_time(NOON)
    person = make_person()
    desk = make_desk(person)
    reader = make_user(Role.AGENCY_STAFF, desk.agency, locale=locale)
    machine = machine_of(app, desk)
    machine.language = "en" if locale == "en" else "zh"
    entered, told, before = CASES[case]
    if before:
        before(desk, person)
    usual: dict[str, Any] = {"channel": "call", "contact_point_id": person.mobile, "outcome": "no_answer"}
    told, entered = (part | {"contact_point_id": person.friend} if part.get("contact_point_id") == "friend" else part
                     for part in (told, entered))  # fmt: skip
    asked = usual | told
    asked = {name: value for name, value in asked.items() if value is not None}
    answer = machine.post("/attempts", asked | {"attempt_ref": "D-1", "account_ref": machine.account_ref})
    assert answer.status_code in (409, 422)
    fields = {name: str(value) for name, value in usual.items()}
    fields |= {name: str(value) for name, value in entered.items()}
    page = client_for(reader).post(f"/queue/{desk.account_id}", fields, status=422)

    assert escape(problem_in(answer)["detail"], quote=False) in page.html.replace("&#39;", "'").replace("&#34;", '"')
