"""Pages of complaints: the list, one with what is to be done about it, and writing one down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, redirect, render_template, request, url_for

from portal.contact.blueprint import blueprint
from portal.contact.complaints import operations as complaints
from portal.contact.complaints import queries
from portal.contact.complaints.codes import LONGEST_AHEAD, ComplaintState, ComplaintStep, Outcome, Root, decided_by
from portal.contact.complaints.effect import effect_words
from portal.contact.complaints.forms import CloseForm, DeadlineForm, RaiseForm, SayForm
from portal.contact.complaints.labels import (
    CATEGORIES,
    OUTCOMES,
    ROOTS,
    SOURCES,
    complaint_tag,
    event_words,
    reply_is_late,
)
from portal.contact.complaints.tables import complaints_table
from portal.contact.history import Debtor, pack_of
from portal.contact.proofs import person_key_of
from portal.contact.queries import held_account
from portal.contact.requests.labels import side_words
from portal.contact.requests.operations import side_of
from portal.contact.requests.views import sealed_file
from portal.contact.thread_lines import Line, line_of
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.states import Tone
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.portfolio.masking import mask_unknown
from portal.portfolio.queries import account_for
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask_wtf import FlaskForm

    from portal.contact.complaints.models import Complaint
    from portal.foundation.access import Actor
    from portal.foundation.language import Message

__all__ = ["complaints_wait"]


@counts("contact.complaints")
def complaints_wait(who: Actor) -> int:
    """Complaints that the person has to do something about."""
    return queries.waiting(db.session(), who)


@blueprint.get("/complaints", endpoint="complaints")
@requires(Permission.COMPLAINTS_VIEW)
def complaints_list() -> Any:
    """Complaints, and before them what waits."""
    session, who, clock = db.session(), actor(), services().clock
    return table_response(
        complaints_table(who, clock.now(), clock.today()),
        "contact/complaints.html",
        waiting=queries.waiting(session, who),
        due=queries.first_due(session, who),
    )


# --- one complaint ------------------------------------------------------------------------------------------------------


_TONES: dict[ComplaintStep, Tone] = {
    ComplaintStep.RAISED: "bad",
    ComplaintStep.QUESTION: "wait",
    ComplaintStep.REPLY: "good",
}


@blueprint.get("/complaints/<int:complaint_id>")
@requires(Permission.COMPLAINTS_VIEW)
def complaint(complaint_id: int) -> Any:
    """One complaint: what it is about, until when, what was said, and what may be done."""
    return _page(complaint_id)


@blueprint.post("/complaints/<int:complaint_id>/reveal")
@requires(Permission.PERSON_REVEAL)
def reveal_words(complaint_id: int) -> Any:
    """The words in full, numbers included; recorded."""
    return _page(complaint_id, shown=complaints.reveal_complaint(actor(), complaint_id))


@blueprint.get("/complaints/entries/<int:event_id>/proof")
@requires(Permission.COMPLAINTS_VIEW)
def complaint_proof(event_id: int) -> Response:
    """The file of an entry, as a file to be kept."""
    row = queries.event_for(db.session(), actor(), event_id)
    return sealed_file(person_key_of(db.session(), actor(), row.account_id), row.ComplaintEvent)


@blueprint.post("/complaints/<int:complaint_id>/entries")
@requires(Permission.COMPLAINTS_WRITE)
def say_of_complaint(complaint_id: int) -> Any:
    """The bank notes or asks, the organisation replies."""
    who = actor()
    found = queries.complaint_for(db.session(), who, complaint_id).Complaint
    form = _say_form(found)

    def deed() -> Message:
        if not who.is_bank:
            complaints.reply_to_question(who, complaint_id, form.said())
            return say("The bank has your reply.")
        if form.is_question:
            complaints.ask_organisation(who, complaint_id, form.said())
            return say("The organisation is asked; its clock runs.")
        complaints.note_complaint(who, complaint_id, form.said())
        return say("The note is kept.")

    return _done(complaint_id, form, deed, say_form=form)


@blueprint.post("/complaints/<int:complaint_id>/take")
@requires(Permission.COMPLAINTS_MANAGE)
def take_complaint(complaint_id: int) -> Any:
    """Be the one who decides it."""
    complaints.take_complaint(actor(), complaint_id)
    say_flash(say("The complaint is yours to decide."))
    return redirect(url_for("contact.complaint", complaint_id=complaint_id))


@blueprint.post("/complaints/<int:complaint_id>/deadline")
@requires(Permission.COMPLAINTS_MANAGE)
def move_deadline(complaint_id: int) -> Any:
    """Give it more days."""
    queries.complaint_for(db.session(), actor(), complaint_id)
    form = DeadlineForm(prefix="later-")

    def deed() -> Message:
        complaints.move_deadline(actor(), complaint_id, form.until(), form.reason.data or "")
        return say("The deadline is moved.")

    return _done(complaint_id, form, deed, deadline_form=form)


@blueprint.post("/complaints/<int:complaint_id>/decision")
@requires(Permission.COMPLAINTS_MANAGE)
def close_complaint(complaint_id: int) -> Any:
    """Decide it; what held the account back is released."""
    found = queries.complaint_for(db.session(), actor(), complaint_id).Complaint
    form = CloseForm(prefix="end-")

    def deed() -> Message:
        outcome, paid = Outcome(form.outcome.data), form.paid(found.currency)
        if complaints.close_complaint(actor(), complaint_id, outcome, form.reason.data or "", paid):
            return say("The complaint is decided and its hold released.")
        return say("The complaint is decided.")

    return _done(complaint_id, form, deed, close_form=form)


def _done(complaint_id: int, form: FlaskForm, deed: Callable[[], Message], **forms: Any) -> Any:
    """What one of the page's forms asks for; else the page again, with what is wrong beside its field."""
    if form.validate_on_submit():
        try:
            words = deed()
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(words)
            return redirect(url_for("contact.complaint", complaint_id=complaint_id))
    return _page(complaint_id, **forms), 422


def _say_form(found: Complaint) -> SayForm:
    may_ask = actor().is_bank and queries.placement_now(db.session(), actor(), found) is not None
    return SayForm(may_ask=may_ask)


def _page(
    complaint_id: int, shown: Mapping[int, str] | None = None, say_form: SayForm | None = None,
    deadline_form: DeadlineForm | None = None, close_form: CloseForm | None = None,
) -> str:  # fmt: skip
    session, who, clock = db.session(), actor(), services().clock
    row = queries.complaint_for(session, who, complaint_id)
    found: Complaint = row.Complaint
    organisation = name_of(row.Organisation) if row.Organisation else ""
    texts = queries.texts_of(session, who, found)
    is_open = found.state is ComplaintState.OPEN
    decides = is_open and who.can(Permission.COMPLAINTS_MANAGE)
    replies = is_open and not who.is_bank and found.question_due_at is not None
    masked = texts is not None and any(mask_unknown(text) != text for text in texts.values())
    return render_template(
        "contact/complaint.html",
        complaint=found,
        row=row,
        in_queue=who.can(Permission.QUEUE_WORK) and held_account(session, who, found.account_id) is not None,
        organisation=organisation,
        about=ROOTS[Root.BANK] if found.root is Root.BANK else organisation,
        category=CATEGORIES[found.category],
        source=SOURCES[found.source],
        tag=complaint_tag(found, is_bank=who.is_bank, now=clock.now(), today=clock.today()),
        outcome=OUTCOMES[found.outcome] if found.outcome else None,
        raised_by=side_words(found.raised_side, organisation, side_of(who)),
        late=is_open and found.due_on < clock.today(),
        reply_late=reply_is_late(found, clock.now()),
        last_day=decided_by(found.received_on, LONGEST_AHEAD),
        is_owner=found.owner_id is not None and found.owner_id == who.user_id,
        lines=[
            _line(event, found, texts, organisation, shown or {}) for event in queries.events_of(session, who, found.id)
        ],
        decides=decides,
        replies=replies,
        say_form=(say_form or _say_form(found)) if decides or replies else None,
        deadline_form=(deadline_form or DeadlineForm(prefix="later-")) if decides else None,
        close_form=(close_form or CloseForm(prefix="end-")) if decides else None,
        may_show=masked and shown is None and who.can(Permission.PERSON_REVEAL),
    )


def _line(
    row: Any, found: Complaint, texts: Mapping[int, str] | None, organisation: str, shown: Mapping[int, str]
) -> Line:
    event = row.ComplaintEvent
    side = side_words(event.side, organisation, side_of(actor()))
    tone: Tone = "plain"
    if event.step is ComplaintStep.CLOSED and found.outcome is not None:
        tone = OUTCOMES[found.outcome].tone
    return line_of(
        event, texts, shown, lambda: url_for("contact.complaint_proof", event_id=event.id),
        title=event_words(event, found), who=f"{side} · {row.who}" if row.who else f"{side}",
        tone=_TONES.get(event.step, tone), due_at=event.due_at,
        internal=event.organisation_id is None and actor().is_bank and found.organisation_id is not None,
    )  # fmt: skip


# --- writing one down ---------------------------------------------------------------------------------------------------


@blueprint.route("/accounts/<int:account_id>/complaints/new", methods=["GET", "POST"])
@requires(Permission.COMPLAINTS_WRITE)
def new_complaint(account_id: int) -> Any:
    """Write down what somebody complains of; the hold stands at once, and what it does the rules of the place say."""
    session, who = db.session(), actor()
    account = account_for(session, who, account_id)
    person_key_of(session, who, account_id)
    holders = {row.Organisation.id: name_of(row.Organisation) for row in queries.holders_ever(session, who, account_id)}
    form = RaiseForm(list(holders.items()))
    effect = effect_words(pack_of(session, who, Debtor.of(account, account.customer), services().clock.now()))
    if request.method == "GET":
        form.received_on.data = services().clock.today(who.time_zone)
    if form.validate_on_submit():
        try:
            complaint_id = complaints.raise_complaint(who, account_id, form.heard(), form.said())
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("The complaint is written down. %(effect)s", effect=effect))
            return redirect(url_for("contact.complaint", complaint_id=complaint_id))
    page = render_template(
        "contact/new_complaint.html",
        account=account,
        form=form,
        effect=effect,
        back=url_for("portfolio.account", account_id=account_id),
    )
    return page, 422 if form.errors or form.form_errors else 200
