"""Texts: written by one person, approved by another at the bank, unchanged from then on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.contact.messages.models import MessageTemplate, MessageTemplateVersion, TextState
from portal.contact.messages.queries import texts_in_use, texts_to_decide
from portal.contact.messages.texts import (
    Content,
    approve_text,
    make_text,
    refuse_text,
    submit_text,
    take_back_text,
    withdraw_text,
    write_version,
)
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.access import Actor, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from tests.contact.factories import NOON, Desk, at_time, make_desk, make_person
from tests.contact.message_factories import DEMAND, NOTICE, clerk, details, leader_of, make_approved
from tests.identity.factories import observer

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def desk(app: Flask) -> Desk:
    at_time(NOON)
    return make_desk(make_person())


@pytest.fixture
def leader(desk: Desk) -> Actor:
    return leader_of(desk)


def in_use(leader: Actor) -> list[tuple[int, str]]:
    with reading(leader) as session:
        return [(version.version, version.text) for _, version in texts_in_use(session, leader, leader.organisation_id)]


def version(session: Session, template_id: int, number: int = 1) -> MessageTemplateVersion:
    wanted = sa.select(MessageTemplateVersion).where(MessageTemplateVersion.template_id == template_id)
    return session.scalars(wanted.where(MessageTemplateVersion.version == number)).one()


def test_a_text_may_be_sent_once_the_bank_has_approved_it(leader: Actor, db_session: Session) -> None:
    template_id = make_text(leader, details(), Content(DEMAND))
    assert in_use(leader) == []
    submit_text(leader, template_id)
    assert in_use(leader) == []
    bank = clerk(Role.COMPLIANCE)
    with reading(bank) as session:
        assert texts_to_decide(session, bank) == 1
    approve_text(bank, template_id, 1)
    assert in_use(leader) == [(1, DEMAND)]
    kept = version(db_session, template_id)
    assert kept.findings and kept.findings["found"] == [] and kept.findings["rules"] == "cn"
    deeds = db_session.scalars(sa.select(AuditEvent.action).where(AuditEvent.action.like("text.%"))).all()
    assert sorted(deeds) == ["text.approved", "text.submitted", "text.written"]


def test_who_wrote_a_text_does_not_decide_about_it(desk: Desk) -> None:
    writer = clerk()
    template_id = make_text(writer, details(organisation_id=desk.agency.id), Content(DEMAND))
    submit_text(writer, template_id)
    for decide in (lambda: approve_text(writer, template_id, 1), lambda: refuse_text(writer, template_id, 1, "no")):
        with pytest.raises(Refused) as refused:
            decide()
        assert refused.value.code == "text.own"
    approve_text(clerk(), template_id, 1)
    assert [text for _, text in in_use(leader_of(desk))] == [DEMAND]


def test_an_agency_approves_nothing(leader: Actor, desk: Desk) -> None:
    template_id = make_text(leader, details(), Content(DEMAND))
    submit_text(leader, template_id)
    for somebody in (leader, leader_of(desk), desk.actor):
        with pytest.raises(Refused) as refused:
            approve_text(somebody, template_id, 1)
        assert refused.value.code == "access.forbidden"


def test_a_text_that_the_rules_forbid_is_neither_submitted_nor_approved(leader: Actor, db_session: Session) -> None:
    template_id = make_text(leader, details(), Content(DEMAND + "否则后果自负。"))
    with pytest.raises(Refused) as refused:
        submit_text(leader, template_id)
    assert refused.value.code == "text.forbidden"
    with transaction(observer()) as work:  # as if the rules had been laxer when it was submitted
        row = version(work.session, template_id)
        row.state, row.submitted_at = TextState.SUBMITTED, work.now
    with pytest.raises(Refused) as refused:
        approve_text(clerk(), template_id, 1)
    assert refused.value.code == "text.forbidden"
    refuse_text(clerk(), template_id, 1, "threatens")
    assert version(db_session, template_id).refusal == "threatens"


def test_what_is_decided_does_not_change(leader: Actor, db_session: Session) -> None:
    template_id = make_approved(leader)
    for statement in (
        sa.update(MessageTemplateVersion).values(text="another"),
        sa.update(MessageTemplateVersion).values(state=TextState.DRAFT, decided_at=None),
        sa.delete(MessageTemplateVersion),
    ):
        with pytest.raises(DBAPIError, match="append-only"), transaction(observer()) as work:
            work.session.execute(statement)
    assert version(db_session, template_id).text == DEMAND


def test_another_wording_is_another_version_and_the_one_before_is_sent_until_it_is_approved(leader: Actor) -> None:
    template_id = make_approved(leader)
    assert write_version(leader, template_id, Content(DEMAND + "谢谢。")) == 2
    assert write_version(leader, template_id, Content(DEMAND + "多谢。")) == 2
    assert in_use(leader) == [(1, DEMAND)]
    submit_text(leader, template_id)
    with pytest.raises(Refused) as refused:
        write_version(leader, template_id, Content(DEMAND))
    assert refused.value.code == "text.submitted"
    with pytest.raises(Refused) as refused:
        approve_text(clerk(), template_id, 1)
    assert refused.value.code == "text.decided"
    approve_text(clerk(), template_id, 2)
    assert in_use(leader) == [(2, DEMAND + "多谢。")]


def test_words_that_are_left_to_be_judged_are_approved_with_the_reason_alone(
    leader: Actor, db_session: Session
) -> None:
    template_id = make_text(leader, details(), Content(DEMAND + "否则将提起诉讼。"))
    submit_text(leader, template_id)

    with pytest.raises(DomainError) as error:
        approve_text(clerk(), template_id, 1)
    assert (error.value.code, error.value.field) == ("text.judgement", "reason")
    approve_text(clerk(), template_id, 1, " The firm has the file and files suit this month. ")

    kept = version(db_session, template_id).findings
    assert kept is not None
    assert kept["judgement"] == "The firm has the file and files suit this month."


def test_a_version_is_taken_back_before_it_is_decided_and_not_after(leader: Actor, db_session: Session) -> None:
    template_id = make_text(leader, details(), Content(DEMAND))
    submit_text(leader, template_id)
    take_back_text(leader, template_id)
    assert version(db_session, template_id).state is TextState.WITHDRAWN
    with pytest.raises(Refused):
        take_back_text(leader, template_id)
    assert write_version(leader, template_id, Content(DEMAND)) == 2


def test_a_version_is_changed_submitted_and_taken_back_by_the_side_that_wrote_it(leader: Actor, desk: Desk) -> None:
    bank = clerk()
    theirs, banks = make_text(leader, details(), Content(DEMAND)), details(organisation_id=desk.agency.id)
    ours = make_text(bank, banks, Content(DEMAND))
    for somebody, template_id in ((bank, theirs), (leader, ours)):
        for deed in (
            lambda who, text: write_version(who, text, Content(DEMAND)),
            submit_text,
            take_back_text,
        ):
            with pytest.raises(Refused) as refused:
                deed(somebody, template_id)
            assert refused.value.code == "text.theirs"
    take_back_text(leader_of(desk), theirs)
    assert write_version(bank, theirs, Content(DEMAND)) == 2  # a next version may be anybody's


@pytest.mark.parametrize("by_bank", [True, False])
def test_a_text_is_taken_out_of_use_by_either_side(leader: Actor, by_bank: bool, db_session: Session) -> None:
    template_id = make_approved(leader)
    with pytest.raises(DomainError):
        withdraw_text(leader, template_id, " ")
    withdraw_text(clerk() if by_bank else leader, template_id, "the amount is wrong")
    assert in_use(leader) == []
    assert db_session.get_one(MessageTemplate, template_id).withdrawal == "the amount is wrong"
    with pytest.raises(Refused):
        withdraw_text(leader, template_id, "again")


@pytest.mark.parametrize(
    ("fields", "content", "code"),
    [
        ({"code": "a"}, Content(DEMAND), "text.code"),
        ({"name": " "}, Content(DEMAND), "text.name"),
        ({"language": "fr"}, Content(DEMAND), "text.language"),
        ({"channel": Channel.CALL}, Content(DEMAND), "text.purpose"),
        ({"channel": Channel.VISIT}, Content(DEMAND), "text.channel"),
        ({"purpose": Purpose.NOTICE}, Content(NOTICE), "text.notice"),
        ({"channel": Channel.LETTER}, Content(DEMAND), "text.letter"),
        ({}, Content("  "), "text.empty"),
        ({}, Content("长" * 501), "text.too_long"),
        ({}, Content(DEMAND, "subject"), "text.subject"),
        ({"channel": Channel.EMAIL}, Content(DEMAND), "text.subject"),
        ({}, Content("{nmae}"), "text.unknown_field"),
        ({}, Content("{promise_on}"), "text.other_purpose"),
        ({}, Content("{name"), "text.brace"),
    ],
)
def test_what_cannot_be_is_told_with_its_field(
    leader: Actor, fields: dict[str, object], content: Content, code: str
) -> None:
    with pytest.raises(DomainError) as error:
        make_text(leader, details(**fields), content)  # type: ignore[arg-type]
    assert error.value.code == code and error.value.field


def test_the_banks_own_text_is_the_notice_and_goes_by_sms_or_letter(app: Flask) -> None:
    bank = clerk()
    for fields, code in (
        ({"purpose": Purpose.DEMAND}, "text.banks_own"),
        ({"purpose": Purpose.NOTICE, "channel": Channel.EMAIL}, "text.notice_channel"),
        ({"organisation_id": 987_654}, "text.organisation"),
    ):
        with pytest.raises(DomainError) as error:
            make_text(bank, details(**fields), Content(NOTICE if "purpose" in fields else DEMAND, ""))  # type: ignore[arg-type]
        assert error.value.code == code


def test_a_field_that_is_not_there_is_named_with_those_that_are(leader: Actor) -> None:
    with pytest.raises(DomainError) as error:
        make_text(leader, details(), Content("{nmae}"))
    assert "nmae" in str(error.value.message) and "{account_tail}" in str(error.value.message)


def test_a_code_is_given_once_in_an_organisation(leader: Actor, desk: Desk) -> None:
    make_text(leader, details(code="SMS-01"), Content(DEMAND))
    with pytest.raises(DomainError) as error:
        make_text(leader, details(code="sms-01"), Content(DEMAND))
    assert error.value.code == "text.code_taken"
    make_text(leader_of(make_desk(make_person())), details(code="SMS-01"), Content(DEMAND))
    bank = clerk()
    make_text(bank, details(Purpose.NOTICE, code="SMS-01"), Content(NOTICE))
    with pytest.raises(DomainError):
        make_text(bank, details(Purpose.NOTICE, code="SMS-01"), Content(NOTICE))


def test_the_texts_of_another_agency_are_not_there(leader: Actor) -> None:
    template_id = make_approved(leader)
    other = leader_of(make_desk(make_person()))
    for deed in (
        lambda: write_version(other, template_id, Content(DEMAND)),
        lambda: submit_text(other, template_id),
        lambda: withdraw_text(other, template_id, "no"),
    ):
        with pytest.raises(NotFound):
            deed()
    with pytest.raises(NotFound):
        make_text(other, details(organisation_id=leader.organisation_id), Content(DEMAND))
    with reading(other) as session:
        assert texts_in_use(session, other, leader.organisation_id) == []


def test_two_drafts_of_one_text_cannot_stand(leader: Actor) -> None:
    template_id = make_text(leader, details(), Content(DEMAND))
    with pytest.raises(DBAPIError), transaction(observer()) as work:
        work.session.add(
            MessageTemplateVersion(
                template_id=template_id, version=2, text="x", state=TextState.DRAFT, made_at=datetime(2005, 7, 1, tzinfo=UTC)
            )
        )  # fmt: skip
