"""Reporting a payment, withdrawing a report, matching by hand and undoing a match. Nothing is edited: each is an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portal.contact.proofs import NO_PROOF, keep_sealed, person_key_of
from portal.foundation.access import OrganisationKind, Permission, demand
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, Faults, NotFound, Refused
from portal.foundation.free_text import check_free_text, given_reason
from portal.foundation.language import say
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.recovery.models import Payment
from portal.recovery.reported import queries
from portal.recovery.reported.matching_job import ask_to_match, match_pair, open_again
from portal.recovery.reported.models import (
    ReportedEvent,
    ReportedPayment,
    ReportStanding,
    ReportState,
    ReportStep,
    Way,
)
from portal.recovery.reported.telling import LONGEST_NOTE, Telling, content_of, faults_of
from portal.recovery.rules import rules_now

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.recovery.reported.queries import Placed
    from portal.vendors.proofs import Proof

__all__ = ["keep_report", "match_by_hand", "report_payment", "undo_match", "withdraw_report"]

MATCHING: Final = "recovery.match"  # one at a time, so that no posting is looked at twice at once


def report_payment(
    actor: Actor, account_ref: str, told: Telling, note: str = "", proof: Proof | None = None
) -> tuple[int, bool]:
    """Report a payment on an account that the agency holds, or whose tail still runs: the report's id, and whether it is
    new (the same reference with the same content is the same report).

    DomainError naming the fields, all at once; an account that is not the agency's is unknown to it.
    """
    demand(actor, Permission.REPORTED_WRITE)
    if actor.organisation_kind is not OrganisationKind.AGENCY:
        raise Refused("reported.whose", say("A payment is reported by the agency that was told of it."))
    placed = _checked(actor, account_ref, told, note, has_proof=proof is not None)
    kept = keep_sealed(actor, placed.account_id, proof) if placed.is_open else NO_PROOF
    with transaction(actor) as work:
        one_at_a_time(work.session, f"reported.{actor.organisation_id}")
        known = queries.by_reference(work.session, actor, told.reported_ref)
        if known is not None:
            if bytes(known.content_hash) == content_of(account_ref, told):
                return known.id, False
            raise _conflict()
        row = keep_report(work, placed, account_ref, told)
        if note.strip():
            row.note_sealed = work.vault.seal(
                person_key_of(work.session, actor, placed.account_id), note.strip(), "reported_payment"
            )
        row.proof_digest, row.proof_name = kept.digest, kept.name
        write_report(work, row)
        work.audit("reported_payment.reported", row, after=_facts(row))
        ask_to_match(work, f"report-{row.id}")
        return row.id, True


def _checked(actor: Actor, account_ref: str, told: Telling, note: str, *, has_proof: bool) -> Placed:
    """The account that is named; every fault at once."""
    faults, today = Faults(), services().clock.today()
    with reading(actor) as session:
        placed = queries.placed(session, actor, [account_ref], today).get(account_ref)
    if placed is None:
        faults.add(unknown_account())
    for fault in faults_of(told, today, placed.currency if placed else None):
        faults.add(fault)
    faults.read(lambda: check_free_text(note, LONGEST_NOTE, "reported.note", "note"), None)
    if placed is not None and not placed.is_open and (note.strip() or has_proof):
        words = say("The account went back, so no words and no file are kept for it. Report the payment without them.")
        faults.add(DomainError("reported.closed", words, field="note"))
    faults.tell()
    if placed is None:
        raise NotFound
    return placed


def unknown_account() -> DomainError:
    """Another agency's account and none at all are the same to whoever asks."""
    words = say("You hold no account with this reference, and none whose tail still runs.")
    return DomainError("reported.account", words, field="account_ref")


def _conflict() -> DomainError:
    return DomainError(
        "reported.conflict", say("This reference was seen before with other content."), field="reported_ref", status=409
    )


def keep_report(
    work: Work, placed: Placed, account_ref: str, told: Telling, import_run_id: int | None = None
) -> ReportedPayment:
    """Within another operation: the row of a report that was checked, not yet written."""
    return ReportedPayment(
        organisation_id=placed.organisation_id, reported_ref=told.reported_ref, kind=told.kind,
        account_id=placed.account_id, customer_id=placed.customer_id, placement_id=placed.placement_id,
        amount_minor=told.amount, currency=told.currency, paid_on=told.paid_on, received_on=told.received_on,
        channel=told.channel, proof_digest="", proof_name="", content_hash=content_of(account_ref, told),
        import_run_id=import_run_id, reported_by=work.actor.user_id, reported_at=work.now, reported_on=work.today,
    )  # fmt: skip


def write_report(work: Work, *rows: ReportedPayment) -> None:
    """Within another operation: reports with their first event, open."""
    work.session.add_all(rows)
    work.session.flush()
    for row in rows:
        about = {"reported_id": row.id, "organisation_id": row.organisation_id}
        work.session.add(ReportedEvent(**about, step=ReportStep.REPORTED, by=work.actor.user_id, at=work.now))
        work.session.add(ReportStanding(**about, customer_id=row.customer_id, state=ReportState.OPEN))
    work.session.flush()


def withdraw_report(actor: Actor, reported_id: int, reason: str) -> None:
    """The agency takes a report back, with the reason. NotFound; Refused where it is matched, or withdrawn already."""
    demand(actor, Permission.REPORTED_WRITE)
    reason = _reason(reason)
    with transaction(actor) as work:
        report, standing = _locked(work, reported_id)
        if standing.state is ReportState.MATCHED:
            raise Refused(
                "reported.matched", say("This report is matched with a posting. Ask the bank to undo the match first.")
            )
        if standing.state is ReportState.WITHDRAWN:
            raise Refused("reported.withdrawn", say("This report is withdrawn already."))
        standing.state = ReportState.WITHDRAWN
        _add_event(work, report, ReportStep.WITHDRAWN, reason)
        work.audit("reported_payment.withdrawn", report, after={"reason": reason})


def match_by_hand(actor: Actor, reported_id: int, payment_ref: str, reason: str) -> None:
    """The bank says which posting a report is. DomainError for a posting that is none, is another person's, another
    currency's, a reversal, or matched already; Refused where the report is not open."""
    demand(actor, Permission.REPORTED_MATCH)
    reason = _reason(reason)
    with transaction(actor) as work:
        one_at_a_time(work.session, MATCHING)
        report, standing = _locked(work, reported_id)
        if standing.state is not ReportState.OPEN:
            raise Refused("reported.state", say("This report is not open any more. Look at its state."))
        payment = work.session.scalar(visible(Payment, actor).where(Payment.payment_ref == payment_ref.strip()))
        _check_posting(work, report, payment)
        assert payment is not None  # noqa: S101  # checked just above
        match_pair(work, report, standing, payment, Way.BY_HAND, rules_now(work.session, actor), reason=reason)
        work.audit("reported_payment.matched", report, after={"payment": payment.payment_ref, "reason": reason})


def _check_posting(work: Work, report: ReportedPayment, payment: Payment | None) -> None:
    def fail(code: str, words: Any) -> DomainError:
        return DomainError(f"reported.{code}", words, field="payment_ref")

    if payment is None:
        raise fail("no_posting", say("There is no posting with this reference."))
    if payment.customer_id != report.customer_id:
        raise fail("other_person", say("This posting is another person's."))
    if payment.currency != report.currency:
        raise fail("other_currency", say("This posting is in another currency."))
    if payment.reverses_ref:
        raise fail("reversal", say("This is a reversal; a report is matched with a payment."))
    taken = visible(ReportStanding, work.actor).where(ReportStanding.payment_id == payment.id)
    if work.session.scalar(taken) is not None:
        raise fail("taken", say("This posting is matched with another report."))


def undo_match(actor: Actor, reported_id: int, reason: str) -> None:
    """The bank takes a match back: both sides are open again, and the portal does not match this pair by itself any more."""
    demand(actor, Permission.REPORTED_MATCH)
    reason = _reason(reason)
    with transaction(actor) as work:
        one_at_a_time(work.session, MATCHING)
        report, standing = _locked(work, reported_id)
        if standing.state is not ReportState.MATCHED:
            raise Refused("reported.not_matched", say("This report is matched with nothing."))
        before = {"payment": standing.payment_ref, "way": standing.way.value if standing.way else None}
        open_again(work, report, standing, reason)
        work.audit("reported_payment.undone", report, before=before, after={"reason": reason})


def _locked(work: Work, reported_id: int) -> tuple[ReportedPayment, ReportStanding]:
    found = work.session.execute(
        queries.with_standing(work.actor).where(ReportedPayment.id == reported_id).with_for_update(of=ReportStanding)
        .execution_options(populate_existing=True)
    ).first()  # fmt: skip
    if found is None:
        raise NotFound
    return found[0], found[1]


def _add_event(work: Work, report: ReportedPayment, step: ReportStep, reason: str) -> None:
    work.session.add(
        ReportedEvent(
            reported_id=report.id, organisation_id=report.organisation_id, step=step, reason=reason,
            by=work.actor.user_id, at=work.now,
        )
    )  # fmt: skip
    work.session.flush()


def _reason(reason: str) -> str:
    return given_reason(reason, 1_000, "reported.reason", say("Say why, so that the other side can follow."))


def _facts(row: ReportedPayment) -> dict[str, Any]:
    return {
        "reference": row.reported_ref,
        "kind": row.kind.value,
        "account": row.account_id,
        "amount": f"{format_amount(row.amount_minor, row.currency)} {row.currency}",
        "paid_on": row.paid_on.isoformat(),
    }
