"""Wishes and consents over the interface: the same operation and the same refusals as on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from portal.contact.wishes.kinds import Kind
from portal.foundation.access import Role
from portal.foundation.errors import DomainError
from tests.api.machines import make_machine, problem_in
from tests.contact.factories import NOON, at_time, make_person
from tests.contact.wishing import tell
from tests.identity.factories import actor_of, make_bank, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.api.machines import Machine
    from tests.support.pages import PageClient


@pytest.fixture
def machine(app: Flask) -> Machine:
    at_time(NOON)
    make_bank()
    return make_machine(app, make_person())


def note(machine: Machine, status: int = 201, **told: Any) -> dict[str, Any]:
    answer = machine.post(f"/accounts/{machine.account_ref}/wishes", told)
    assert answer.status_code == status, answer.text
    return dict(answer.json)


def test_a_consent_is_noted_counts_in_the_next_check_and_is_taken_back(machine: Machine) -> None:
    agreed = note(machine, kind="contact_time", opens="20:00", closes="24:00", note="asked for it at noon")
    assert (agreed["state"], agreed["for_you_alone"], agreed["closes"]) == ("heeded", True, "24:00")
    at_time(NOON.replace(hour=23))
    asked = {"account_ref": machine.account_ref, "channel": "call"}
    assert machine.post("/checks", asked).json["verdict"] == "allow"

    ended = machine.post(f"/wishes/{agreed['id']}/end", {"reason": "withdrawn"})

    assert (ended.status_code, ended.json["state"], ended.json["end_reason"]) == (200, "ended", "withdrawn")
    assert machine.post("/checks", asked).json["verdict"] == "block"
    again = machine.post(f"/wishes/{agreed['id']}/end", {"reason": "withdrawn"})
    assert (again.status_code, problem_in(again)["code"]) == (409, "wish.ended")
    (listed,) = machine.get(f"/accounts/{machine.account_ref}/wishes").json["items"]
    assert listed == ended.json


def test_what_is_wrong_is_told_at_once_with_the_words_of_the_page(machine: Machine) -> None:
    wrong = note(
        machine,
        422,
        kind="inconvenient_time",
        opens="9",
        dials=3,
        said_at="2005-07-02T09:00:00+08:00",
        weekdays=["moo"],
    )
    assert {error["field"] for error in wrong["errors"]} >= {"opens", "dials", "said_at", "weekdays"}
    assert note(machine, 422, kind="contact_time")["code"] == "wish.unproved"
    assert note(machine, 422, kind="ended")["errors"][0]["field"] == "kind"


@pytest.mark.parametrize("kind", ["breathing_space", "more_calls", "notice_sent"])
@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_a_kind_of_another_law_is_refused_by_page_and_interface_with_the_same_words(
    machine: Machine, client_for: Callable[..., PageClient], kind: str, locale: str
) -> None:
    assert machine.desk is not None
    machine.language = "en" if locale == "en" else "zh"
    reader = make_user(Role.AGENCY_STAFF, machine.desk.agency, locale=locale)
    refused = note(machine, 422, kind=kind, note="said so")
    page = client_for(reader).get(f"/accounts/{machine.desk.account_id}/wishes/new?kind={kind}", status=422)

    assert (refused["code"], refused["errors"][0]["field"]) == ("wish.kind", "kind")
    assert "cn-card" in refused["detail"] and "media_stop, inconvenient_time" in refused["detail"]
    assert refused["detail"] in page.text
    assert machine.get(f"/accounts/{machine.account_ref}/wishes").json["items"] == []
    with pytest.raises(DomainError, match="know nothing of"):  # nor from anywhere else
        tell(machine.desk, Kind(kind), note="said so")


def test_what_restricts_only_the_bank_lets_go(machine: Machine) -> None:
    days = note(machine, kind="inconvenient_time", weekdays=["mon", "sun"])
    assert (days["weekdays"], days["state"], days["for_you_alone"]) == (["mon", "sun"], "by_hand", False)
    refused = machine.post(f"/wishes/{days['id']}/end", {"reason": "withdrawn"})
    assert (refused.status_code, problem_in(refused)["code"]) == (403, "wish.not_yours")


def test_what_the_bank_noted_is_read_and_another_agency_finds_nothing(machine: Machine, app: Flask) -> None:
    assert machine.desk is not None
    wish_id = tell(actor_of(make_user(Role.COMPLIANCE)), Kind.MEDIA_STOP, machine.desk.account_id, channel="sms")
    (listed,) = machine.get(f"/accounts/{machine.account_ref}/wishes").json["items"]
    assert (listed["id"], listed["channel"], listed["noted_by_you"]) == (wish_id, "sms", False)
    other = make_machine(app, make_person())
    assert other.get(f"/accounts/{machine.account_ref}/wishes").status_code == 404
    assert other.post(f"/wishes/{wish_id}/end", {"reason": "withdrawn"}).status_code == 404
