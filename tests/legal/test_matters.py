"""Matters: opened, taken from stage to stage, corrected by more rows, heard, paid for; and whose they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.contact.conduct import Ground
from portal.contact.limits.keeping import standing_restarts
from portal.contact.limits.models import LimitationRestart
from portal.contact.proofs import person_key_of
from portal.foundation.audit import AuditEvent
from portal.foundation.clock import FrozenClock
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.legal.matters import hearings, operations, queries
from portal.legal.matters.documents import add_document
from portal.legal.matters.feeds import answer_feed, end_feed, make_feed
from portal.legal.matters.hearings import Summons
from portal.legal.matters.models import (
    DocumentKind,
    Hearing,
    HearingKind,
    HearingState,
    Matter,
    MatterStep,
    StepEffect,
)
from portal.legal.matters.stages import Outcome, Stage
from portal.portfolio.models import Account, LimitationClock
from portal.vendors.proofs import Proof
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.legal.factories import a_firm, letter_batch
from tests.legal.suing import COURT, PDF, TODAY, Suing, a_suing_firm, at, in_court, rows, said, sue, the_matter
from tests.placement.factories import placements, recalled

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.settings(today=TODAY)

SCAN = Proof(PDF, "scan.pdf")


@pytest.fixture
def firm(app: Flask) -> Suing:
    return a_suing_firm()


def course(matter_id: int) -> list[MatterStep]:
    with reading(observer()) as session:
        found = queries.course_of(queries.steps_of(session, observer(), matter_id))
        session.expunge_all()
    return found


def later(days: int) -> None:
    services().clock = FrozenClock(at=datetime(2005, 7, 20, 4, tzinfo=UTC) + timedelta(days=days))


# --- the course ---------------------------------------------------------------------------------------------------------


def test_a_matter_goes_from_its_preparation_to_its_end(firm: Suing) -> None:
    matter_id = in_court(firm)
    operations.add_step(firm.actor, matter_id, said(Stage.HEARING, 20))
    awarded = ("45210.55", "6120.40", "", "830")
    operations.add_step(firm.actor, matter_id, said(Stage.JUDGMENT, 30, awarded=awarded, note="主文见判决书"))
    operations.add_step(firm.actor, matter_id, said(Stage.ENFORCEMENT, 10, 7))
    operations.add_step(firm.actor, matter_id, said(Stage.CLOSED, 18, 7, outcome=Outcome.ENFORCED))

    matter = the_matter(matter_id)
    assert (matter.stage, matter.outcome, matter.stage_on) == (Stage.CLOSED, Outcome.ENFORCED, date(2005, 7, 18))
    assert matter.number == f"MA-{firm.organisation.code}-2005-0001"
    assert (matter.court, matter.case_no, matter.claimed_minor) == (COURT, "(2005)沪0115执77号", 5_283_895)
    judgment = course(matter_id)[4]
    assert (judgment.awarded_principal_minor, judgment.awarded_fees_minor, judgment.awarded_costs_minor) == (
        4_521_055,
        0,
        83_000,
    )
    told = [event.action for event in rows(AuditEvent) if event.action.startswith("legal.matter")]
    assert told == ["legal.matter_opened", *["legal.matter_step"] * 6]


def test_what_cannot_have_been_is_refused_at_its_field(firm: Suing) -> None:
    matter_id = sue(firm)
    for wrong, field in (
        (said(Stage.HEARING, 2), "stage"), (said(Stage.FILED, 21, 7), "happened_on"), (said(Stage.FILED, 30, 5), "happened_on"),
        (said(Stage.FILED, 2, court=" "), "court"), (said(Stage.CLOSED, 2), "outcome"),
        (said(Stage.CLOSED, 2, outcome=Outcome.SETTLED, awarded=("1.234", "", "", "")), "principal"),
        (said(Stage.FILED, 2, note="card 6222021234567890128"), "note"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            operations.add_step(firm.actor, matter_id, wrong)
        assert refused.value.field == field
    assert the_matter(matter_id).stage is Stage.PREPARED


def test_a_matter_begins_when_the_firm_has_the_account_and_not_before(firm: Suing) -> None:
    with pytest.raises(DomainError, match="accepted the account") as refused:
        sue(firm, opened_on=date(2005, 5, 19))
    assert refused.value.field == "opened_on"
    matter_id = sue(firm, opened_on=date(2005, 5, 20))
    begun_too_early = replace(said(Stage.PREPARED, 1), on=date(2001, 1, 1))
    with pytest.raises(DomainError) as refused:
        operations.correct_step(firm.actor, matter_id, course(matter_id)[0].id, begun_too_early)
    assert refused.value.field == "happened_on"


def test_what_is_wrong_with_an_award_is_said_at_the_amount_that_is_wrong(firm: Suing) -> None:
    matter_id = in_court(firm)
    operations.add_step(firm.actor, matter_id, said(Stage.HEARING, 20))
    for awarded, field in (
        (("100", "-1", "", ""), "interest"), (("-1", "", "", ""), "principal"), (("", "", "-0.01", ""), "fees"),
        (("", "", "", "-5"), "costs"), (("52838.96", "", "", ""), "principal"), (("52838950", "", "", ""), "principal"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            operations.add_step(firm.actor, matter_id, said(Stage.JUDGMENT, 30, awarded=awarded))
        assert refused.value.field == field
    whole = said(Stage.JUDGMENT, 30, awarded=("52838.95", "60000", "", "5000"))
    operations.add_step(firm.actor, matter_id, whole)  # interest runs on, and costs are the court's to lay on the loser


def test_a_wrong_entry_is_corrected_by_another_row_and_stays(firm: Suing) -> None:
    matter_id = in_court(firm)
    accepted = course(matter_id)[2]
    right = said(Stage.ACCEPTED, 10, case_no="(2005)沪0115民初1243号")
    assert operations.correct_step(firm.actor, matter_id, accepted.id, right)
    assert the_matter(matter_id).case_no == "(2005)沪0115民初1243号"
    assert len(rows(MatterStep)) == 4 and len(course(matter_id)) == 3

    assert not operations.correct_step(firm.actor, matter_id, course(matter_id)[2].id, right)  # says the same
    with pytest.raises(Refused, match="corrected"):
        operations.correct_step(firm.actor, matter_id, accepted.id, right)
    with pytest.raises(DomainError) as refused:  # the court cannot have accepted it before it was filed
        operations.correct_step(firm.actor, matter_id, course(matter_id)[1].id, said(Stage.FILED, 15))
    assert refused.value.field == "happened_on"
    with pytest.raises(NotFound):
        operations.correct_step(firm.actor, matter_id, 99_999, right)


def test_what_was_not_so_is_taken_back_unless_something_rests_on_it(firm: Suing) -> None:
    matter_id = in_court(firm)
    prepared, filed, accepted = course(matter_id)
    for step in (prepared, filed):
        with pytest.raises(Refused):
            operations.take_back_step(firm.actor, matter_id, step.id, "a slip")
    operations.take_back_step(firm.actor, matter_id, accepted.id, "the court has only taken the papers")
    assert the_matter(matter_id).stage is Stage.FILED and the_matter(matter_id).case_no == ""
    operations.add_step(firm.actor, matter_id, said(Stage.ACCEPTED, 12))
    assert [step.happened_on.day for step in course(matter_id)] == [1, 2, 12]


def test_a_firm_has_one_open_matter_about_an_account(firm: Suing) -> None:
    matter_id = sue(firm)
    with pytest.raises(Refused, match="open matter"):
        sue(firm)
    operations.add_step(firm.actor, matter_id, said(Stage.CLOSED, 2, outcome=Outcome.WITHDRAWN))
    assert sue(firm) != matter_id
    with pytest.raises(IntegrityError), transaction(observer()) as work:
        work.session.execute(sa.update(Matter).where(Matter.id == matter_id).values(stage="filed", outcome=None))


def test_an_enforcement_that_found_nothing_is_taken_up_again(firm: Suing) -> None:
    matter_id = in_court(firm)
    for step in (
        said(Stage.MEDIATED, 20), said(Stage.ENFORCEMENT, 30), said(Stage.CLOSED, 1, 7, outcome=Outcome.UNENFORCEABLE),
    ):  # fmt: skip
        operations.add_step(firm.actor, matter_id, step)
    other = sue(firm)
    again = said(Stage.ENFORCEMENT, 10, 7, case_no="(2005)沪0115执恢9号")
    with pytest.raises(Refused, match="open matter"):
        operations.add_step(firm.actor, matter_id, again)
    operations.add_step(firm.actor, other, said(Stage.CLOSED, 2, outcome=Outcome.WITHDRAWN))
    operations.add_step(firm.actor, matter_id, again)
    assert the_matter(matter_id).outcome is None and the_matter(matter_id).case_no == "(2005)沪0115执恢9号"


def test_only_an_account_that_is_placed_for_litigation_is_sued_for(firm: Suing) -> None:
    lettered = a_firm()
    placed = placements(letter_batch(lettered, 1, desk=firm.desk))[-1]
    wanted = operations.Opening("100.00", lettered.lawyer.id, TODAY)
    with pytest.raises(Refused, match="litigation"):
        operations.open_matter(lettered.actor, placed.account_id, wanted)
    stranger = actor_of(make_user(organisation=make_law_firm("粤诉")))
    with pytest.raises(NotFound):
        operations.open_matter(stranger, firm.accounts[0], wanted)


def test_it_is_handled_by_a_lawyer_with_a_licence(firm: Suing) -> None:
    without = make_user(organisation=firm.organisation, lawyer_licence_no="")
    over = make_user(organisation=firm.organisation, lawyer_licence_no="L-9", lawyer_licence_until=date(2005, 7, 19))
    for person in (without, over, make_user()):
        with pytest.raises(DomainError) as refused:
            sue(firm, lawyer_id=person.id)
        assert refused.value.field == "lawyer_id"
    second = make_user(organisation=firm.organisation, lawyer_licence_no="L-10")
    matter_id = sue(firm)
    operations.assign_lawyer(firm.actor, matter_id, second.id)
    assert the_matter(matter_id).lawyer_id == second.id


def test_a_firm_sees_no_other_firms_matter_and_the_bank_runs_none(firm: Suing) -> None:
    matter_id = in_court(firm)
    other = actor_of(make_user(organisation=make_law_firm("粤诉")))
    with reading(other) as session:
        assert session.scalars(sa.select(Matter)).all() == []
    with pytest.raises(NotFound):
        operations.add_step(other, matter_id, said(Stage.HEARING, 20))
    with pytest.raises(Refused):
        operations.add_step(firm.desk.maker, matter_id, said(Stage.HEARING, 20))


def test_once_the_account_has_gone_back_a_matter_can_only_be_closed(firm: Suing) -> None:
    matter_id = in_court(firm)
    add_document(firm.actor, matter_id, DocumentKind.COMPLAINT, SCAN)
    recalled(firm.desk, firm.batch)
    with pytest.raises(Refused, match="taken the account back"):
        operations.add_step(firm.actor, matter_id, said(Stage.HEARING, 20))
    with pytest.raises(NotFound):  # what is sealed for the person is closed to the firm
        add_document(firm.actor, matter_id, DocumentKind.COMPLAINT, SCAN)
    with reading(firm.actor) as session:
        assert queries.matter_for(session, firm.actor, matter_id).name_masked
        with pytest.raises(NotFound):
            person_key_of(session, firm.actor, firm.accounts[0])
    operations.add_step(firm.actor, matter_id, said(Stage.CLOSED, 30, outcome=Outcome.WITHDRAWN))
    assert the_matter(matter_id).outcome is Outcome.WITHDRAWN


# --- hearings -----------------------------------------------------------------------------------------------------------


def test_a_hearing_is_fixed_moved_and_held_and_takes_the_matter_there(firm: Suing) -> None:
    matter_id = in_court(firm)
    hearing_id = hearings.fix_hearing(firm.actor, matter_id, HearingKind.TRIAL, Summons(at(3), COURT, "第三法庭"))
    with pytest.raises(Refused, match="still to come"):
        hearings.hold_hearing(firm.actor, matter_id, hearing_id)
    assert hearings.move_hearing(firm.actor, matter_id, hearing_id, Summons(at(5), COURT, "第五法庭", "法官另有庭审"))
    assert not hearings.move_hearing(firm.actor, matter_id, hearing_id, Summons(at(5), COURT, "第五法庭"))
    later(17)
    hearings.hold_hearing(firm.actor, matter_id, hearing_id, "当庭未宣判")

    (hearing,) = rows(Hearing)
    assert (hearing.state, hearing.edition, hearing.room) == (HearingState.HELD, 2, "第五法庭")
    with reading(firm.actor) as session:
        told = queries.events_of_hearings(session, firm.actor, [hearing_id])[hearing_id]
    assert [event.state for event in told] == [HearingState.HELD, HearingState.MOVED, HearingState.FIXED]
    assert (the_matter(matter_id).stage, the_matter(matter_id).stage_on) == (Stage.HEARING, date(2005, 8, 5))
    with pytest.raises(Refused, match="already"):
        hearings.cancel_hearing(firm.actor, matter_id, hearing_id, "late")


def test_a_court_hears_what_was_filed_and_not_what_is_closed(firm: Suing) -> None:
    matter_id = sue(firm)
    with pytest.raises(Refused):
        hearings.fix_hearing(firm.actor, matter_id, HearingKind.MEDIATION, Summons(at(3), COURT))
    operations.add_step(firm.actor, matter_id, said(Stage.FILED, 2))
    hearing_id = hearings.fix_hearing(firm.actor, matter_id, HearingKind.MEDIATION, Summons(at(3), COURT))
    with pytest.raises(DomainError) as refused:
        hearings.fix_hearing(firm.actor, matter_id, HearingKind.TRIAL, Summons(at(3) + timedelta(days=2_000), COURT))
    assert refused.value.field == "starts_at"
    operations.add_step(firm.actor, matter_id, said(Stage.CLOSED, 30, outcome=Outcome.SETTLED))
    assert [row.state for row in rows(Hearing)] == [HearingState.CANCELLED]
    with reading(firm.actor) as session:
        (cancelled, _fixed) = queries.events_of_hearings(session, firm.actor, [hearing_id])[hearing_id]
    assert (cancelled.state, cancelled.note) == (
        HearingState.CANCELLED,
        "",
    )  # the page says why, in its reader's language


def test_no_court_hears_a_claim_before_it_was_filed(firm: Suing) -> None:
    matter_id = sue(firm)
    operations.add_step(firm.actor, matter_id, said(Stage.FILED, 10))
    before, on_the_day = at(9, month=6), at(10, month=6)
    with pytest.raises(DomainError) as refused:
        hearings.fix_hearing(firm.actor, matter_id, HearingKind.MEDIATION, Summons(before, COURT))
    assert refused.value.field == "starts_at"
    hearing_id = hearings.fix_hearing(firm.actor, matter_id, HearingKind.MEDIATION, Summons(on_the_day, COURT))
    with pytest.raises(DomainError):
        hearings.move_hearing(firm.actor, matter_id, hearing_id, Summons(before, COURT))
    operations.correct_step(firm.actor, matter_id, course(matter_id)[-1].id, said(Stage.FILED, 11))
    with pytest.raises(Refused, match="filed"):
        hearings.hold_hearing(firm.actor, matter_id, hearing_id)


# --- the calendar -------------------------------------------------------------------------------------------------------


def test_a_calendars_address_tells_hearings_and_no_debtor_until_it_ends(firm: Suing) -> None:
    matter_id = in_court(firm)
    hearing_id = hearings.fix_hearing(firm.actor, matter_id, HearingKind.TRIAL, Summons(at(3), COURT, "第三法庭"))
    secret = make_feed(firm.actor)
    content = answer_feed(secret).replace(b"\r\n ", b"").decode()
    matter = the_matter(matter_id)
    for words in (
        matter.number,
        matter.case_no,
        COURT,
        "第三法庭",
        "DTSTART:20050803T013000Z",
        f"UID:hearing-{hearing_id}@",
    ):
        assert words in content
    for secret_word in (matter.name_masked, "52838", "52,838", matter.account_ref):
        assert secret_word not in content

    hearings.cancel_hearing(firm.actor, matter_id, hearing_id, "撤诉")
    assert b"STATUS:CANCELLED" in answer_feed(secret) and b"SEQUENCE:1" in answer_feed(secret)
    renewed = make_feed(firm.actor)
    with pytest.raises(NotFound):
        answer_feed(secret)
    assert answer_feed(renewed)
    end_feed(firm.actor)
    for nothing in (renewed, "", "x" * 43):
        with pytest.raises(NotFound):
            answer_feed(nothing)
    with pytest.raises(Refused):
        end_feed(firm.actor)


def test_a_calendar_holds_ones_own_firms_hearings_and_the_banks_all(firm: Suing) -> None:
    other = a_suing_firm("粤诉", desk=firm.desk)
    for one in (firm, other):
        hearings.fix_hearing(
            one.actor, in_court(one), HearingKind.TRIAL, Summons(at(3), f"{one.organisation.code} court")
        )
    own = answer_feed(make_feed(firm.actor)).decode()
    assert own.count("BEGIN:VEVENT") == 1 and "粤诉" not in own
    assert answer_feed(make_feed(firm.desk.maker)).decode().count("BEGIN:VEVENT") == 2


def test_who_has_left_leaves_no_calendar_behind(firm: Suing) -> None:
    secret = make_feed(firm.actor)
    with transaction(observer()) as work:
        person = work.session.merge(firm.lawyer)
        person.active = False
    with pytest.raises(NotFound):
        answer_feed(secret)


# --- the time to sue ----------------------------------------------------------------------------------------------------


def begun(account_id: int) -> list[date]:
    """The days on which the account's limitation began anew by what stands."""
    with reading(observer()) as session:
        standing = standing_restarts(observer()).where(LimitationRestart.account_id == account_id)
        return [row.happened_on for row in session.scalars(standing.order_by(LimitationRestart.id))]


def test_a_claim_that_was_filed_begins_the_time_to_sue_anew_on_that_day_by_itself(firm: Suing) -> None:
    matter_id = sue(firm)
    assert begun(firm.accounts[0]) == []

    operations.add_step(firm.actor, matter_id, said(Stage.FILED, 2))

    assert begun(firm.accounts[0]) == [date(2005, 6, 2)]
    with reading(firm.actor) as session:
        (row,) = queries.restarts_of(session, firm.actor, matter_id)
        assert (row.ground, row.words) == (Ground.LAWSUIT, the_matter(matter_id).number)
        clock = session.scalars(sa.select(LimitationClock).where(LimitationClock.account_id == firm.accounts[0])).one()
        assert clock.restarted_on == date(2005, 6, 2)
    assert [event.action for event in rows(AuditEvent)].count("limitation.noted") == 1


def test_a_day_of_filing_that_is_corrected_or_taken_back_is_reckoned_anew(firm: Suing) -> None:
    matter_id = sue(firm)
    operations.add_step(firm.actor, matter_id, said(Stage.FILED, 2))

    operations.correct_step(firm.actor, matter_id, course(matter_id)[-1].id, said(Stage.FILED, 5))
    assert begun(firm.accounts[0]) == [date(2005, 6, 5)]

    operations.take_back_step(firm.actor, matter_id, course(matter_id)[-1].id, "尚未递交起诉状")
    assert begun(firm.accounts[0]) == []


def test_another_step_of_the_course_leaves_the_time_to_sue_as_it_is(firm: Suing) -> None:
    matter_id = in_court(firm)
    operations.correct_step(firm.actor, matter_id, course(matter_id)[-1].id, said(Stage.ACCEPTED, 10))
    assert begun(firm.accounts[0]) == [date(2005, 6, 2)]
    assert len(rows(StepEffect)) == 1


def test_a_filing_that_is_put_right_when_the_account_has_gone_back_is_followed_by_the_banks_portal(
    app: Flask, firm: Suing
) -> None:
    matter_id = in_court(firm)
    recalled(firm.desk, firm.batch)

    operations.correct_step(firm.actor, matter_id, course(matter_id)[1].id, said(Stage.FILED, 3))
    assert begun(firm.accounts[0]) == [date(2005, 6, 2)]
    run_pending(app)

    assert begun(firm.accounts[0]) == [date(2005, 6, 3)]


def test_where_the_law_knows_no_such_thing_a_filing_begins_nothing_anew(app: Flask) -> None:
    firm = a_suing_firm("伦敦")
    with transaction(observer()) as work:
        account = work.session.scalars(sa.select(Account).where(Account.id == firm.accounts[0])).one()
        account.region = "GB"
    matter_id = sue(firm)
    operations.add_step(firm.actor, matter_id, said(Stage.FILED, 2))
    assert begun(firm.accounts[0]) == []
    assert course(matter_id)[-1].stage is Stage.FILED
