"""Versions of rule packs: put up by one person, published by another, and from then on as they are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.contact.rules.models import RulePackChoice, RulePackVersion
from portal.contact.rules.packs import pack_names
from portal.contact.rules.publishing import (
    confirm_choice,
    discard_draft,
    drop_choice,
    propose_choice,
    propose_version,
    publish_version,
    read_upload,
    withdraw_version,
)
from portal.contact.rules.reader import LONGEST_TEXT
from portal.contact.rules.shelf import shelf_of
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from tests.contact.factories import NOON, at_time
from tests.contact.packs import Officers, alone_text, make_officers, own_text, publication, put_shipped, version
from tests.identity.factories import actor_of, make_bank, make_user, observer

pytestmark = pytest.mark.usefixtures("app")
TODAY = date(2005, 7, 1)
TOMORROW = date(2005, 7, 2)


@pytest.fixture
def officers(app: Flask) -> Officers:
    at_time(NOON)
    return make_officers()


def code_of(error: pytest.ExceptionInfo[DomainError]) -> str:
    return error.value.code


def test_a_version_holds_once_another_person_has_published_it(officers: Officers, db_session: Session) -> None:
    version_id = officers.put_up(own_text())
    with reading(observer()) as session, pytest.raises(LookupError):
        shelf_of(session, observer()).named("own-cn", TOMORROW)

    officers.publish(version_id, TOMORROW)

    with reading(observer()) as session:
        pack = shelf_of(session, observer()).named("own-cn", TOMORROW)
    assert (pack.version, pack.base) == ("1", ("cn-card", "2026.11.2"))
    published = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "rules.published")).one()
    assert published.after and published.after["effective_from"] == "2005-07-02"
    assert published.after["sha256"] == version(version_id).sha256


def test_who_put_a_version_up_does_not_publish_it(officers: Officers) -> None:
    version_id = officers.put_up(own_text())
    with pytest.raises(Refused, match="another person") as refused:
        publish_version(officers.proposes, version_id, publication(version_id, TODAY))
    assert code_of(refused) == "rules.own"


def test_the_database_refuses_one_person_for_both(officers: Officers) -> None:
    with pytest.raises(DBAPIError), transaction(observer()) as work:
        person = officers.maker.id
        work.session.add(
            RulePackVersion(
                pack="p", version="1", jurisdiction="CN", content="", sha256="", proposed_by=person, published_by=person,
                proposed_at=NOON, published_at=NOON, effective_from=TODAY,
            )
        )  # fmt: skip


def test_a_version_begins_today_at_the_earliest(officers: Officers) -> None:
    version_id = officers.put_up(own_text())
    with pytest.raises(DomainError) as refused:
        officers.publish(version_id, TODAY - timedelta(days=1))
    assert (code_of(refused), refused.value.field) == ("rules.past", "effective_from")


def test_what_is_published_is_what_was_read(officers: Officers) -> None:
    version_id = officers.put_up(own_text())
    with pytest.raises(Refused) as refused:
        officers.publish(version_id, TOMORROW, sha256="0" * 64)
    assert code_of(refused) == "rules.changed"


def test_sources_that_were_not_read_in_full_need_a_person_who_answers_for_them(officers: Officers) -> None:
    version_id = officers.put_up(own_text(seen="secondary"))
    for given, code in (({}, "rules.not_signed"), ({"signed": True, "sign_off": "  "}, "rules.reason")):
        with pytest.raises(DomainError) as refused:
            officers.publish(version_id, TOMORROW, **given)
        assert code_of(refused) == code
    officers.publish(version_id, TOMORROW, signed=True, sign_off="opinion 2005-17")
    kept = version(version_id)
    assert (kept.sign_off, kept.signed_off_by) == ("opinion 2005-17", officers.checker.id)


def test_a_published_version_is_neither_changed_nor_deleted(officers: Officers) -> None:
    version_id = officers.published(own_text(), TOMORROW)
    for deed in (
        sa.update(RulePackVersion).where(RulePackVersion.id == version_id).values(content="rules: []"),
        sa.delete(RulePackVersion).where(RulePackVersion.id == version_id),
    ):
        with pytest.raises(DBAPIError, match="append-only"), transaction(observer()) as work:
            work.session.execute(deed, execution_options={"synchronize_session": False})
    with pytest.raises(Refused):
        discard_draft(officers.proposes, version_id, "changed my mind")


def test_a_pack_that_is_not_understood_is_refused_with_rule_and_word(officers: Officers) -> None:
    with pytest.raises(DomainError, match=r"rule own\.conversations: unknown word “colour”") as refused:
        propose_version(officers.proposes, own_text().replace("max: 1,", "max: 1, colour: red,"), "why")
    assert (code_of(refused), refused.value.field) == ("rules.not_understood", "file")


def test_an_overlay_that_loosens_is_refused_with_the_rule_named(officers: Officers) -> None:
    text = own_text(most=9).replace("own.conversations", "cn.effective_calls")
    with pytest.raises(DomainError, match=r"rule cn\.effective_calls: an overlay only tightens.*a higher number"):
        propose_version(officers.proposes, text, "why")


def test_an_overlay_keeps_what_it_extends_and_a_pack_its_place(officers: Officers) -> None:
    officers.published(own_text(), TOMORROW)
    with pytest.raises(DomainError) as refused:
        officers.put_up(own_text("2").replace(", extends: cn-card", ""))
    assert code_of(refused) == "rules.other_base"
    with pytest.raises(DomainError) as refused:
        officers.put_up(alone_text(name="us-federal"))  # shipped, and for another place
    assert code_of(refused) == "rules.other_place"


def test_a_version_has_a_number_of_its_own(officers: Officers) -> None:
    officers.put_up(own_text())
    with pytest.raises(Refused, match="Version 1 of own-cn is there already"):
        officers.put_up(own_text(most=2))


def test_a_version_is_withdrawn_before_its_first_day_and_not_after(officers: Officers) -> None:
    first, second = officers.published(own_text(), TODAY), officers.published(own_text("2", most=2), TOMORROW)
    with pytest.raises(Refused, match="in force already"):
        withdraw_version(officers.publishes, first, "wrong")
    withdraw_version(officers.publishes, second, "wrong figure")
    with pytest.raises(Refused, match="withdrawn before"):
        withdraw_version(officers.publishes, second, "again")
    with reading(observer()) as session:
        assert shelf_of(session, observer()).named("own-cn", TOMORROW).version == "1"


def test_a_draft_is_dropped_and_its_number_is_free_again(officers: Officers, db_session: Session) -> None:
    discard_draft(officers.publishes, officers.put_up(own_text()), "not like this")
    officers.put_up(own_text(most=2))
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "rules.discarded")).one()
    assert event.before and event.before["version"] == "1"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COMPLIANCE])
def test_nobody_but_compliance_puts_up_or_publishes(officers: Officers, role: Role) -> None:
    actor = actor_of(
        make_user(role, make_bank() if role.value in ("administrator", "vendor_manager", "finance") else None)
    )
    version_id = officers.put_up(own_text())
    for deed in (
        lambda: propose_version(actor, own_text("2"), "why"),
        lambda: publish_version(actor, version_id, publication(version_id, TOMORROW)),
        lambda: withdraw_version(actor, version_id, "why"),
        lambda: discard_draft(actor, version_id, "why"),
        lambda: propose_choice(actor, "CN", "uk", TOMORROW),
    ):
        with pytest.raises(Refused) as refused:
            deed()
        assert refused.value.status == 403


def test_a_file_that_is_no_text_or_too_long_is_refused() -> None:
    assert read_upload(b"\xef\xbb\xbfpack: 1") == "pack: 1"
    for content in ("包".encode("gb18030"), b"x" * (LONGEST_TEXT + 1)):
        with pytest.raises(DomainError) as refused:
            read_upload(content)
        assert refused.value.field == "file"


def test_what_is_not_there_is_not_found(officers: Officers) -> None:
    for deed in (
        lambda: withdraw_version(officers.publishes, 999, "why"),
        lambda: discard_draft(officers.proposes, 999, "why"),
        lambda: confirm_choice(officers.publishes, 999),
        lambda: drop_choice(officers.publishes, 999),
    ):
        with pytest.raises(NotFound):
            deed()


# --- which pack for whom --------------------------------------------------------------------------------------------------


def test_another_pack_for_a_place_is_asked_for_by_one_and_confirmed_by_another(officers: Officers) -> None:
    officers.published(own_text(), TODAY)
    choice_id = propose_choice(officers.proposes, "中国", "own-cn", TOMORROW)
    with pytest.raises(Refused, match="another person"):
        confirm_choice(officers.proposes, choice_id)

    def chosen(day: date) -> str:
        with reading(observer()) as session:
            return shelf_of(session, observer()).name_for("CN-SH", day)

    assert chosen(TOMORROW) == "cn-card"
    confirm_choice(officers.publishes, choice_id)
    assert (chosen(TODAY), chosen(TOMORROW)) == ("cn-card", "own-cn")
    with pytest.raises(Refused):
        drop_choice(officers.publishes, choice_id)


def test_a_choice_that_cannot_be_meant_is_refused(officers: Officers) -> None:
    for region, pack, day, field in (
        ("Atlantis", "uk", TODAY, "region"), ("UK", "uk", TODAY, "region"), ("ZZ", "uk", TODAY, "region"),
        ("CN US", "uk", TODAY, "region"), ("CN", "nobody", TODAY, "pack"), ("CN", "uk", TODAY - timedelta(days=1), "effective_from"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            propose_choice(officers.proposes, region, pack, day)
        assert refused.value.field == field
    choice_id = propose_choice(officers.proposes, "", "uk", TODAY)
    at_time(NOON + timedelta(days=1))
    with pytest.raises(DomainError) as refused:
        confirm_choice(officers.publishes, choice_id)  # its day has passed: nothing is decided again
    assert code_of(refused) == "rules.past"
    drop_choice(officers.publishes, choice_id)


# --- what is shipped ------------------------------------------------------------------------------------------------------


def test_what_is_shipped_is_published_from_the_beginning_once(officers: Officers, db_session: Session) -> None:
    put_shipped()
    put_shipped()
    rows = db_session.scalars(sa.select(RulePackVersion)).all()
    assert tuple(sorted(row.pack for row in rows)) == pack_names()
    assert all(row.shipped and row.published_at and row.effective_from is None for row in rows)
    chosen = {row.region: row.pack for row in db_session.scalars(sa.select(RulePackChoice))}
    assert chosen == {"": "cn-card", "CN": "cn-card", "US": "us-federal", "US-MA": "us-ma", "GB": "uk"}
    with reading(observer()) as session:
        assert shelf_of(session, observer()).pack_for("US-MA", TODAY).base == ("us-federal", "2026.11.2")


def test_a_later_release_brings_a_draft_for_the_banks_people(
    officers: Officers, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_shipped()
    with monkeypatch.context() as later:
        later.setattr("portal.contact.rules.publishing.pack_names", lambda: ["cn-card"])
        text = version(1).content.replace("2026.11.2", "2027.1.1")
        later.setattr("portal.contact.rules.publishing.shipped_text", lambda name: text)
        put_shipped()
    with reading(observer()) as session:
        row = session.scalars(sa.select(RulePackVersion).where(RulePackVersion.version == "2027.1.1")).one()
        assert row.published_at is None and row.proposed_by is None and row.shipped
    officers.publish(row.id, TOMORROW, signed=True, sign_off="read the changes")
    with reading(observer()) as session:
        shelf = shelf_of(session, observer())
        assert [shelf.named("cn-card", day).version for day in (TODAY, TOMORROW)] == ["2026.11.2", "2027.1.1"]
