"""What may be written: attempts one by one and by the log, contact points that were found; and a number in full."""

from __future__ import annotations

from typing import Any

from portal.api.scopes import Scope
from portal.api.v1 import asked, examples, log_rows, reads, shapes, showing
from portal.api.v1.blueprint import blueprint, needs
from portal.api.v1.handing_in import hand_in
from portal.contact.log.files import import_attempts, receive_attempts
from portal.contact.models import Channel, Direction
from portal.contact.operations import Blocked
from portal.contact.points.operations import Find, keep_found_point
from portal.contact.references import Told, held_by_reference, log_told
from portal.contact.words import finding_words
from portal.foundation.database import db
from portal.foundation.errors import DomainError, errors_in
from portal.foundation.language import say
from portal.foundation.problems import problem
from portal.foundation.web import actor
from portal.foundation.work import reading
from portal.portfolio.models import ContactKind
from portal.portfolio.reveal import reveal_contact_point

__all__ = ["enter_contact_point", "log_attempt", "log_attempts", "reveal_point"]


@blueprint.route("/attempts", methods=["POST"])
@needs(Scope.ATTEMPTS_WRITE, writes=True)
@blueprint.arguments(asked.AttemptAsked, example=examples.ATTEMPT_ASKED)
@blueprint.response(201, shapes.Logged, example=examples.LOGGED, description="Logged")
@blueprint.alt_response(200, schema=shapes.Logged, description="It was logged before by this reference", success=True)
def log_attempt(wanted: dict[str, Any]) -> Any:
    """Log an attempt

    With all that follows from it on the page: promise, hold, queue, counts. A contact that the rules forbid now is refused
    (`conduct.blocked`, with what `/checks` says of it in `check`), unless it has already happened (`already_happened`); then
    it is kept as a breach.
    """
    channel, direction = Channel(wanted.pop("channel")), Direction(wanted.pop("direction"))
    several = {
        name: tuple(wanted.pop(name)) for name in ("debts_placed_for", "debts_discussed") if wanted[name] is not None
    }
    told = Told(channel=channel, direction=direction, **(wanted | several))
    try:
        logged = log_told(actor(), told)
    except DomainError as error:
        return _blocked(error)
    with reading(actor()) as session:
        kept = showing.attempt(reads.one_attempt(session, actor(), logged.attempt_id), told.account_ref)
    return kept | {"hold_raised": logged.hold.value if logged.hold else None}, 201 if logged.is_new else 200


def _blocked(error: DomainError) -> Any:
    """What the rules say against the contact, beside all else that is wrong with it; other errors go on as they are."""
    told = errors_in(error)
    decision = next((each.decision for each in told if isinstance(each, Blocked)), None)
    if decision is None:
        raise error
    rules = [DomainError(f.rule, finding_words(f)) for f in decision.findings if f.verdict == decision.verdict]
    others = [each for each in told if not isinstance(each, Blocked)]
    words = say("A contact that has already happened is logged with already_happened: true; it is kept as a breach.")
    way_out = DomainError(error.code, words, field="already_happened")
    return problem(
        error.status, error.code, error.message, [*rules, *others, way_out],
        check=shapes.Check().dump(showing.check(decision)),
    )  # fmt: skip


@blueprint.route("/attempt-logs", methods=["POST"])
@needs(Scope.ATTEMPTS_WRITE, writes=True)
@blueprint.arguments(asked.LogAsked, example=examples.LOG_ASKED)
@blueprint.response(200, shapes.LogResult, example=examples.LOG_RESULT)
def log_attempts(wanted: dict[str, Any]) -> Any:
    """Hand in a log

    Up to 1,000 rows by the columns of the file of attempts, judged as the file is: each as of its own time, in the order of
    their times; what happened against the rules is kept and named a breach. Good rows are kept, the others listed with all
    that is wrong with them; where no row is good the answer is a problem with the same list. The same rows again change
    nothing.
    """
    return hand_in(
        wanted["rows"], log_rows.COLUMNS, receive_attempts, import_attempts, own=True, with_changes=True
    )  # fmt: skip


@blueprint.route("/accounts/<account_ref>/contact-points", methods=["POST"])
@needs(Scope.CONTACT_POINTS_WRITE, writes=True)
@blueprint.arguments(asked.FoundAsked, example=examples.FOUND_ASKED)
@blueprint.response(201, shapes.ContactPoint, example=examples.POINT, description="Kept")
@blueprint.alt_response(200, schema=shapes.ContactPoint, description="It was on file before", success=True)
def enter_contact_point(wanted: dict[str, Any], account_ref: str) -> Any:
    """Enter a contact point that was found

    With where it was found and on which lawful ground it may be used. One that is on file stays what it was.
    """
    _placement, owed, _customer = held_by_reference(db.session(), actor(), account_ref)
    find = Find(
        kind=ContactKind(wanted["kind"]), value=wanted["value"], relation=wanted["relation"], source=wanted["source"],
        ground=wanted["lawful_ground"],
    )  # fmt: skip
    point, is_new = keep_found_point(actor(), owed.id, find)
    return showing.contact_point(point), 201 if is_new else 200


@blueprint.route("/contact-points/<int:contact_point_id>/reveal", methods=["POST"])
@needs(Scope.PERSONS_REVEAL, body=False)
@blueprint.response(200, shapes.Revealed, example=examples.REVEALED)
def reveal_point(contact_point_id: int) -> Any:
    """A number or address in full

    Of a person whose account you hold. Each time is recorded; ask for one when you are about to use it.
    """
    return {"value": reveal_contact_point(actor(), contact_point_id)}
