"""Requests between the bank and who holds an account: asked, answered, reopened, closed, each step a message that stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.contact.holds.operations import raise_within
from portal.contact.proofs import NO_PROOF, KeptProof, keep_sealed, person_key_of
from portal.contact.requests import queries
from portal.contact.requests.models import Request, RequestMessage
from portal.contact.requests.thread import (
    LONGEST_TEXT,
    Answer,
    RequestCode,
    RequestState,
    Side,
    Step,
    Thread,
    first_of,
    following,
    may,
    puts_on_hold,
)
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.free_text import check_free_text
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.portfolio.models import HoldFlag
    from portal.vendors.proofs import Proof

__all__ = ["Said", "Stop", "ask", "close_request", "reopen_request", "reveal_thread", "write_message"]

_DEEDS = {
    Step.SAID: "request.said",
    Step.ANSWERED: "request.answered",
    Step.REOPENED: "request.reopened",
    Step.CLOSED: "request.closed",
}
# Without words these say nothing that the other side could act on.
_NEED_WORDS = frozenset({Answer.REFUSED, Answer.NEEDS_MORE})
# The other codes say by themselves what is asked for; a file may say it in place of words.
_ASKED_IN_WORDS = frozenset({RequestCode.OTHER})


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody writes: words, a file, or both."""

    text: str = ""
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The hold that an answer raises: of which kind, and whether for all accounts of the person."""

    flag: HoldFlag
    whole_person: bool = False


def ask(actor: Actor, account_id: int, code: RequestCode, said: Said, organisation_id: int | None = None) -> int:
    """Ask the other side about an account; the request's id.

    An organisation asks the bank about what it holds. The bank asks who holds the account, naming the organisation where
    there are two. Raises NotFound for an account that the actor may not see, Refused where nobody holds it, DomainError
    naming the field for what is missing.
    """
    demand(actor, Permission.REQUESTS_WRITE)
    _check_text(said.text, needed=code in _ASKED_IN_WORDS and said.proof is None)
    kept = keep_sealed(actor, account_id, said.proof)
    with transaction(actor) as work:
        placement, hours = _addressee(work, account_id, organisation_id)
        side = side_of(actor)
        thread = first_of(side, work.now, hours)
        request = Request(
            organisation_id=placement.organisation_id, placement_id=placement.id, account_id=account_id, code=code,
            asked_side=side, asked_by=actor.user_id, asked_at=work.now, answer_hours=hours, state=thread.state,
            turn=thread.turn, due_at=thread.due_at, changed_at=work.now,
        )  # fmt: skip
        work.session.add(request)
        work.session.flush()
        _keep(work, request, Step.ASKED, said.text, kept)
        work.audit("request.asked", request, after=_facts(request))
        return request.id


def write_message(
    actor: Actor, request_id: int, said: Said, answer: Answer | None = None, stop: Stop | None = None
) -> Request:
    """Add words or a file to a request, or answer it; the answer that a hold is granted raises it (`stop`).

    Raises NotFound, Refused for an answer that is not this side's to give or an account that went back, DomainError where
    nothing is said, or no kind for the hold.
    """
    demand(actor, Permission.REQUESTS_WRITE)
    _check_text(said.text, needed=answer in _NEED_WORDS or (answer is None and said.proof is None))
    step = Step.SAID if answer is None else Step.ANSWERED
    return _step(actor, request_id, step, said, answer, stop)


def close_request(actor: Actor, request_id: int) -> Request:
    """Who asked takes the answer, or withdraws the question. Raises NotFound, Refused."""
    demand(actor, Permission.REQUESTS_WRITE)
    return _step(actor, request_id, Step.CLOSED, Said())


def reopen_request(actor: Actor, request_id: int, text: str) -> Request:
    """Who asked does not take the answer, and says why. Raises NotFound, Refused, DomainError without words."""
    demand(actor, Permission.REQUESTS_WRITE)
    _check_text(text, needed=True)
    return _step(actor, request_id, Step.REOPENED, Said(text))


def reveal_thread(actor: Actor, request_id: int) -> dict[int, str]:
    """The words of a request in full, by message; recorded. Raises NotFound, also where the account is closed to the actor."""
    demand(actor, Permission.PERSON_REVEAL)
    with transaction(actor) as work:
        request = work.session.scalar(visible(Request, actor).where(Request.id == request_id))
        if request is None:
            raise NotFound
        texts = queries.texts_of(work.session, actor, request)
        if texts is None:
            raise NotFound
        work.audit("person.revealed", request, field="request", count=len(texts))
        return texts


def side_of(actor: Actor) -> Side:
    """For whom the actor writes."""
    return Side.BANK if actor.is_bank else Side.ORGANISATION


def _addressee(work: Work, account_id: int, organisation_id: int | None) -> Any:
    """The live placement that a request is about, with the hours that its contract gives for an answer."""
    person_key_of(work.session, work.actor, account_id)  # NotFound for what is closed to the actor
    found = queries.holders(work.session, work.actor, account_id)
    if organisation_id is not None:
        found = [row for row in found if row.Placement.organisation_id == organisation_id]
    if not found:
        raise Refused("request.nobody", say("Nobody holds this account now, so there is nobody to ask."))
    if len({row.Placement.organisation_id for row in found}) > 1:
        raise DomainError("request.whom", say("Choose whom to ask."), field="organisation")
    return found[0].Placement, found[0].answer_hours


def _step(
    actor: Actor, request_id: int, step: Step, said: Said, answer: Answer | None = None, stop: Stop | None = None
) -> Request:
    account_id = queries.account_of(actor, request_id)
    kept = keep_sealed(actor, account_id, said.proof)
    with transaction(actor) as work:
        request = work.session.scalar(
            visible(Request, actor)
            .where(Request.id == request_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if request is None:
            raise NotFound
        side = side_of(actor)
        before = thread_of(request)
        _check_step(work, request, before, side, step)
        after = following(before, side, step, work.now, request.answer_hours, answer)
        request.state, request.turn, request.due_at, request.answer = (
            after.state,
            after.turn,
            after.due_at,
            after.answer,
        )
        request.closed_at = work.now if after.state is RequestState.CLOSED else None
        if step is Step.ANSWERED and after.state is RequestState.ANSWERED:
            request.answered_at = work.now
        elif after.answer is None:
            request.answered_at = None
        request.changed_at = work.now
        _keep(work, request, step, said.text, kept, answer)
        if puts_on_hold(request.code, answer):
            _put_on_hold(work, request, stop)
        work.audit(_DEEDS[step], request, after=_facts(request))
        return request


def _put_on_hold(work: Work, request: Request, stop: Stop | None) -> None:
    """What the answer says, done with it: a hold that stands already is enough."""
    demand(work.actor, Permission.HOLDS_RAISE)
    flag, whole_person = (stop.flag, stop.whole_person) if stop else (None, False)
    raise_within(work, request.account_id, flag, queries.raised_by(request), whole_person=whole_person)


def _check_step(work: Work, request: Request, thread: Thread, side: Side, step: Step) -> None:
    if step is not Step.CLOSED and not queries.is_live(work.session, work.actor, request.placement_id):
        raise Refused("request.ended", say("The account went back; nothing more is asked or answered about it."))
    if step in may(thread, side):
        return
    if step is Step.ANSWERED:
        raise Refused("request.turn", say("This has already been answered, or it is not your side that was asked."))
    if step is Step.SAID:
        raise Refused("request.closed", say("This request is closed. Who asked can open it again."))
    raise Refused("request.asker", say("Only the side that asked can do this, and only once."))


def thread_of(request: Request) -> Thread:
    """Where a request stands, for the rules."""
    turn = Side(request.turn) if request.turn else None
    return Thread(request.asked_side, request.state, turn, request.due_at, request.answer)


def _keep(
    work: Work, request: Request, step: Step, text: str, proof: KeptProof = NO_PROOF, answer: Answer | None = None
) -> None:
    text = text.strip()
    sealed = None
    if text:
        sealed = work.vault.seal(person_key_of(work.session, work.actor, request.account_id), text, "request")
    work.session.add(
        RequestMessage(
            request_id=request.id, organisation_id=request.organisation_id, step=step, side=side_of(work.actor),
            by=work.actor.user_id, at=work.now, answer=answer, due_at=request.due_at,
            text_sealed=sealed, proof_digest=proof.digest, proof_name=proof.name,
        )
    )  # fmt: skip
    work.session.flush()


def _check_text(text: str, *, needed: bool) -> None:
    if needed and not text.strip():
        raise DomainError("request.text", say("Say what it is about."), field="text")
    check_free_text(text, LONGEST_TEXT, "request.text", "text")


def _facts(request: Request) -> dict[str, Any]:
    return {
        "code": request.code.value,
        "account": request.account_id,
        "organisation_id": request.organisation_id,
        "state": request.state.value,
        "turn": request.turn,
        "answer": request.answer.value if request.answer else None,
        "due": request.due_at.isoformat() if request.due_at else None,
    }
