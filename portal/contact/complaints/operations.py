"""Complaints: raised by either side, which stops contact at once, asked about, decided by the bank, which lets it go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from portal.contact.complaints import queries
from portal.contact.complaints.codes import (
    DECIDED_WITHIN,
    LONGEST_AHEAD,
    LONGEST_TEXT,
    QUESTION_HOURS,
    Category,
    ComplaintState,
    ComplaintStep,
    Outcome,
    Root,
    Source,
    decided_by,
)
from portal.contact.complaints.models import Complaint, ComplaintEvent
from portal.contact.proofs import NO_PROOF, KeptProof, keep_sealed, person_key_of
from portal.contact.requests.operations import Said, side_of
from portal.foundation import hooks
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.free_text import check_free_text
from portal.foundation.language import _l, say
from portal.foundation.money import Money
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.keepers import Keeper
from portal.portfolio.models import Account, Hold, HoldFlag
from portal.portfolio.operations import add_hold, end_hold
from portal.portfolio.queries import hold_days

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "Heard", "ask_organisation", "close_complaint", "kept_by_complaints", "move_deadline", "note_complaint", "raise_complaint",
    "reply_to_question", "reveal_complaint", "take_complaint",
]  # fmt: skip

LONGEST_BACK = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody complained of, by which way and when; `about`: the organisation, None for the bank itself."""

    category: Category
    source: Source
    received_on: date
    about: int | None


def raise_complaint(actor: Actor, account_id: int, heard: Heard, said: Said) -> int:
    """Write down a complaint about how an account is collected; its id. The hold `complaint` stands from here on.

    An organisation raises what it hears about accounts that it holds. Raises NotFound for an account that the actor may
    not see, DomainError naming the field for what is missing or cannot be so.
    """
    demand(actor, Permission.COMPLAINTS_WRITE)
    _check_text(said.text)
    kept = keep_sealed(actor, account_id, said.proof)
    with transaction(actor) as work:
        account = work.session.scalar(visible(Account, actor).where(Account.id == account_id))
        if account is None:
            raise NotFound
        if not work.today - LONGEST_BACK <= heard.received_on <= work.today:
            words = say("It was received today or before, and within the last year.")
            raise DomainError("complaint.received_on", words, field="received_on")
        placement = _placement(work, account_id, heard.about)
        complaint = Complaint(
            organisation_id=placement.organisation_id if placement else None, placement_id=placement.id if placement else None,
            account_id=account_id, category=heard.category, source=heard.source, currency=account.currency,
            root=Root.BANK if heard.about is None else Root.ORGANISATION, received_on=heard.received_on,
            raised_side=side_of(actor), raised_by=actor.user_id, raised_at=work.now,
            owner_id=actor.user_id if actor.can(Permission.COMPLAINTS_MANAGE) else None,
            due_on=decided_by(heard.received_on, _days(work)), state=ComplaintState.OPEN,
        )  # fmt: skip
        work.session.add(complaint)
        work.session.flush()
        hold = add_hold(work, account.customer_id, account_id, HoldFlag.COMPLAINT, f"complaint:{complaint.number}")
        work.session.flush()
        complaint.hold_id = hold.id
        _set_clock(work, complaint)
        # What the bank heard is the bank's: the organisation knows that there is a complaint, and of which kind.
        shared = not actor.is_bank
        _keep(work, complaint, ComplaintStep.RAISED, said.text if shared else "", kept if shared else NO_PROOF)
        if not shared:
            _keep(work, complaint, ComplaintStep.NOTE, said.text, kept, internal=True)
        work.audit("complaint.raised", complaint, after=_facts(complaint))
        return complaint.id


def _days(work: Work) -> int:
    """How many days the bank gives itself to decide a complaint: what it has set for the hold."""
    return hold_days(work.session, work.actor)[HoldFlag.COMPLAINT] or DECIDED_WITHIN


def _placement(work: Work, account_id: int, about: int | None) -> Any:
    """The placement whose organisation knows of the complaint: of the one that it is about, else of who holds it now."""
    found = [row.Placement for row in queries.holders_ever(work.session, work.actor, account_id)]
    if about is None:
        return next((placement for placement in found if placement.ended_at is None), None)
    theirs = next((placement for placement in found if placement.organisation_id == about), None)
    if theirs is None:
        raise DomainError("complaint.about", say("Choose from the list whom it is about."), field="about")
    return theirs


def note_complaint(actor: Actor, complaint_id: int, said: Said) -> None:
    """Keep a note or a file that only the bank reads. Raises NotFound, Refused once it is closed, DomainError without
    either."""
    demand(actor, Permission.COMPLAINTS_MANAGE)
    _check_text(said.text, needed=said.proof is None)
    kept = _kept(actor, complaint_id, said)
    with transaction(actor) as work:
        complaint = _open(work, complaint_id)
        _keep(work, complaint, ComplaintStep.NOTE, said.text, kept, internal=True)
        work.audit("complaint.noted", complaint)


def ask_organisation(actor: Actor, complaint_id: int, said: Said) -> None:
    """Ask the organisation about a complaint; it has the contract's hours to reply. Raises NotFound, Refused where there
    is none or it does not hold the account any more (it could not read the question), DomainError without words."""
    demand(actor, Permission.COMPLAINTS_MANAGE)
    _check_text(said.text)
    kept = _kept(actor, complaint_id, said)
    with transaction(actor) as work:
        complaint = _open(work, complaint_id)
        placement_id = queries.placement_now(work.session, actor, complaint)
        if placement_id is None:
            words = say("The organisation does not hold the account now, so it could not read the question.")
            raise Refused("complaint.nobody", words)
        complaint.placement_id = placement_id
        complaint.question_due_at = work.now + timedelta(hours=_hours(work, complaint))
        _keep(work, complaint, ComplaintStep.QUESTION, said.text, kept)
        work.audit("complaint.asked", complaint, after=_facts(complaint))


def _hours(work: Work, complaint: Complaint) -> int:
    rows = queries.holders_ever(work.session, work.actor, complaint.account_id)
    theirs = (row.answer_hours for row in rows if row.Placement.organisation_id == complaint.organisation_id)
    return next(theirs, QUESTION_HOURS)


def reply_to_question(actor: Actor, complaint_id: int, said: Said) -> None:
    """The organisation replies to what it was asked. Raises NotFound, Refused where nothing is asked, DomainError without
    words."""
    demand(actor, Permission.COMPLAINTS_WRITE)
    _check_text(said.text)
    kept = _kept(actor, complaint_id, said)
    with transaction(actor) as work:
        complaint = _open(work, complaint_id)
        if actor.is_bank or complaint.question_due_at is None:
            raise Refused("complaint.not_asked", say("Nothing is asked about this complaint now."))
        complaint.question_due_at = None
        _keep(work, complaint, ComplaintStep.REPLY, said.text, kept)
        work.audit("complaint.replied", complaint, after=_facts(complaint))


def take_complaint(actor: Actor, complaint_id: int) -> None:
    """Be the one who decides it. Raises NotFound, Refused once it is closed or where it is theirs already."""
    demand(actor, Permission.COMPLAINTS_MANAGE)
    with transaction(actor) as work:
        complaint = _open(work, complaint_id)
        if complaint.owner_id == actor.user_id:
            raise Refused("complaint.owner", say("This complaint is yours already."))
        before = {"owner": complaint.owner_id}
        complaint.owner_id = actor.user_id
        _keep(work, complaint, ComplaintStep.TAKEN, "", internal=True)
        work.audit("complaint.taken", complaint, before=before, after={"owner": actor.user_id})


def move_deadline(actor: Actor, complaint_id: int, due_on: date, reason: str) -> None:
    """Give a difficult complaint more days, up to the longest that one may take. Raises NotFound, Refused once it is closed,
    DomainError naming the field."""
    demand(actor, Permission.COMPLAINTS_MANAGE)
    _check_text(reason, field="reason")
    with transaction(actor) as work:
        complaint = _open(work, complaint_id)
        last = decided_by(complaint.received_on, LONGEST_AHEAD)
        if not complaint.due_on < due_on <= last:
            words = say("The deadline moves to a later day, until %(last)s at most.", last=last)
            raise DomainError("complaint.due_on", words, field="due_on")
        before = {"due": complaint.due_on.isoformat()}
        complaint.due_on = due_on
        _set_clock(work, complaint)
        _keep(work, complaint, ComplaintStep.MOVED, reason, internal=True, due_on=due_on)
        work.audit("complaint.moved", complaint, before=before, after={"due": due_on.isoformat()})


def _set_clock(work: Work, complaint: Complaint) -> None:
    """The hold of a complaint is to be decided about with it; of several, with the last."""
    hold = work.session.scalar(visible(Hold, work.actor).where(Hold.id == complaint.hold_id))
    if hold is not None and (hold.due_on is None or hold.due_on < complaint.due_on or hold.raised_at == work.now):
        hold.due_on = complaint.due_on


def close_complaint(
    actor: Actor, complaint_id: int, outcome: Outcome, reason: str, compensation: Money | None = None
) -> bool:
    """Decide a complaint, with the reason; what held the account back is released, unless another complaint does. Whether
    it was.

    `compensation`: paid to the debtor, in the account's currency. Raises NotFound, Refused once it is closed, DomainError
    naming the field.
    """
    demand(actor, Permission.COMPLAINTS_MANAGE)
    _check_text(reason, field="reason")
    with transaction(actor) as work:
        complaint = _open(work, complaint_id)
        if compensation is not None and (outcome is Outcome.REJECTED or compensation.minor <= 0):
            words = say("An amount is paid where the complaint is upheld, and it is more than nothing.")
            raise DomainError("complaint.compensation", words, field="compensation")
        complaint.state, complaint.outcome, complaint.question_due_at = ComplaintState.CLOSED, outcome, None
        complaint.compensation_minor = compensation.minor if compensation else None
        complaint.closed_at, complaint.closed_by = work.now, actor.user_id
        complaint.owner_id = complaint.owner_id or actor.user_id
        _keep(work, complaint, ComplaintStep.NOTE, reason, internal=True)
        _keep(work, complaint, ComplaintStep.CLOSED, "")
        work.audit("complaint.closed", complaint, after=_facts(complaint))
        work.session.flush()
        return _let_go(work, complaint)


@hooks.hold_keepers.register
def kept_by_complaints(session: Session, actor: Actor, holds: Collection[Hold]) -> dict[int, Keeper]:
    """A hold stands as long as a complaint behind it is open: its decision releases it."""
    of_complaints = {hold.id: hold for hold in holds if hold.flag is HoldFlag.COMPLAINT}
    if not of_complaints:
        return {}
    accounts = {hold.account_id for hold in of_complaints.values() if hold.account_id is not None}
    found: dict[int, Keeper] = {}
    for complaint in queries.open_behind(session, actor, of_complaints, accounts):
        words = say("The decision about complaint %(number)s releases this hold.", number=complaint.number)
        where = {"complaint_id": complaint.id}
        found.setdefault(complaint.hold_id or 0, Keeper(words, _l("Open the complaint"), "contact.complaint", where))
    return found


def _let_go(work: Work, complaint: Complaint) -> bool:
    """Release the hold, where no other open complaint stands behind it."""
    still = visible(Complaint, work.actor).where(
        Complaint.hold_id == complaint.hold_id, Complaint.state == ComplaintState.OPEN
    )
    hold = work.session.scalar(
        visible(Hold, work.actor).where(Hold.id == complaint.hold_id, Hold.released_at.is_(None))
    )
    if hold is None or work.session.scalar(still.with_only_columns(Complaint.id).limit(1)) is not None:
        return False
    end_hold(work, hold, f"decided:{complaint.number}")
    return True


def reveal_complaint(actor: Actor, complaint_id: int) -> dict[int, str]:
    """The words of a complaint in full, by entry; recorded. Raises NotFound, also where the account is closed to the actor."""
    demand(actor, Permission.PERSON_REVEAL)
    with transaction(actor) as work:
        complaint = work.session.scalar(visible(Complaint, actor).where(Complaint.id == complaint_id))
        texts = queries.texts_of(work.session, actor, complaint) if complaint else None
        if complaint is None or texts is None:
            raise NotFound
        work.audit("person.revealed", complaint, field="complaint", count=len(texts))
        return texts


def _kept(actor: Actor, complaint_id: int, said: Said) -> KeptProof:
    return keep_sealed(actor, queries.account_of(actor, complaint_id), said.proof)


def _open(work: Work, complaint_id: int) -> Complaint:
    complaint = work.session.scalar(
        visible(Complaint, work.actor)
        .where(Complaint.id == complaint_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if complaint is None:
        raise NotFound
    if complaint.state is not ComplaintState.OPEN:
        raise Refused("complaint.closed", say("This complaint is closed."))
    return complaint


def _keep(
    work: Work,
    complaint: Complaint,
    step: ComplaintStep,
    text: str,
    proof: KeptProof = NO_PROOF,
    *,
    internal: bool = False,
    due_on: date | None = None,
) -> None:
    """One more entry; `internal`: it names no organisation, so that none can read it."""
    sealed = None
    if text.strip():
        key = person_key_of(work.session, work.actor, complaint.account_id)
        sealed = work.vault.seal(key, text.strip(), "complaint")
    work.session.add(
        ComplaintEvent(
            complaint_id=complaint.id, organisation_id=None if internal else complaint.organisation_id, step=step,
            side=side_of(work.actor), by=work.actor.user_id, at=work.now, due_on=due_on,
            due_at=complaint.question_due_at if step is ComplaintStep.QUESTION else None, text_sealed=sealed,
            proof_digest=proof.digest, proof_name=proof.name,
        )
    )  # fmt: skip
    work.session.flush()


def _check_text(text: str, *, needed: bool = True, field: str = "text") -> None:
    if needed and not text.strip():
        raise DomainError("complaint.text", say("Say it in words."), field=field)
    check_free_text(text, LONGEST_TEXT, "complaint.text", field)


def _facts(complaint: Complaint) -> dict[str, Any]:
    return {
        "account": complaint.account_id,
        "category": complaint.category.value,
        "root": complaint.root.value,
        "organisation_id": complaint.organisation_id,
        "state": complaint.state.value,
        "outcome": complaint.outcome.value if complaint.outcome else None,
        "due": complaint.due_on.isoformat(),
        "compensation_minor": complaint.compensation_minor,
    }
