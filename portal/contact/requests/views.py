"""Pages of requests: the list, one thread with its form in reach, and the question that begins one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, redirect, render_template, request, url_for

from portal.contact.blueprint import blueprint
from portal.contact.proofs import open_proof, person_key_of
from portal.contact.queries import held_account
from portal.contact.requests import operations as requests
from portal.contact.requests import queries
from portal.contact.requests.forms import AskForm, WriteForm
from portal.contact.requests.labels import ANSWERS, CODES, message_words, request_tag, side_words
from portal.contact.requests.tables import requests_table
from portal.contact.requests.thread import Answer, RequestCode, RequestState, Step, may, puts_on_hold
from portal.contact.thread_lines import Line, line_of
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.downloads import uploaded_file
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.states import Tone
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.placement.recall_queries import objections_to_decide
from portal.portfolio.labels import HOLD_LABELS, hold_state
from portal.portfolio.masking import mask_unknown
from portal.portfolio.queries import account_for
from portal.vendors.labels import name_of
from portal.vendors.proofs import type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.foundation.vault import PersonKey

__all__ = ["sealed_file", "waits"]


@counts("contact.requests")
def waits(who: Actor) -> int:
    """What it is our turn in."""
    return queries.waiting(db.session(), who)


@blueprint.get("/requests", endpoint="requests")
@requires(Permission.REQUESTS_VIEW)
def requests_list() -> Any:
    """What was asked about accounts, and before it what waits."""
    session, who, now = db.session(), actor(), services().clock.now()
    return table_response(
        requests_table(who, now, request.args.get("state")),
        "contact/requests.html",
        ours=queries.waiting(session, who, RequestState.OPEN),
        answered=queries.waiting(session, who, RequestState.ANSWERED),
        objections=_objections(session, who),
        due=queries.next_due(session, who),
        now=now,
    )


def _objections(session: Session, who: Actor) -> int:
    """What stands in the list for the bank to answer and is no request."""
    return objections_to_decide(session, who) if who.is_bank and who.can(Permission.RECALLS_VIEW) else 0


# --- one thread ---------------------------------------------------------------------------------------------------------


_TONES: dict[Step, Tone] = {Step.ASKED: "wait", Step.REOPENED: "wait"}


@blueprint.get("/requests/<int:request_id>")
@requires(Permission.REQUESTS_VIEW)
def request_page(request_id: int) -> Any:
    """One request: where it stands, what was said, and the form for the next word."""
    return _page(request_id)


@blueprint.post("/requests/<int:request_id>/reveal")
@requires(Permission.PERSON_REVEAL)
def show_request(request_id: int) -> Any:
    """The words in full, numbers included; recorded."""
    return _page(request_id, shown=requests.reveal_thread(actor(), request_id))


@blueprint.post("/requests/<int:request_id>/messages")
@requires(Permission.REQUESTS_WRITE)
def write_message(request_id: int) -> Any:
    """Say something, or answer."""
    form = _form(queries.request_for(db.session(), actor(), request_id).Request)
    if form.validate_on_submit():
        try:
            answer = form.chosen_answer()
            requests.write_message(actor(), request_id, form.said(), answer, form.stop())
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(_done(queries.request_for(db.session(), actor(), request_id).Request.code, answer))
            return redirect(url_for("contact.request_page", request_id=request_id))
    return _page(request_id, form), 422


@blueprint.post("/requests/<int:request_id>/close")
@requires(Permission.REQUESTS_WRITE)
def close_request(request_id: int) -> Any:
    """Take the answer, or withdraw the question."""
    requests.close_request(actor(), request_id)
    say_flash(say("The request is closed."))
    return redirect(url_for("contact.request_page", request_id=request_id))


@blueprint.post("/requests/<int:request_id>/reopen")
@requires(Permission.REQUESTS_WRITE)
def reopen_request(request_id: int) -> Any:
    """Ask again, with the reason."""
    requests.reopen_request(actor(), request_id, request.form.get("reason", ""))
    say_flash(say("The request is open again."))
    return redirect(url_for("contact.request_page", request_id=request_id))


@blueprint.get("/requests/messages/<int:message_id>/proof")
@requires(Permission.REQUESTS_VIEW)
def request_proof(message_id: int) -> Response:
    """The file of a message, as a file to be kept."""
    row = queries.message_for(db.session(), actor(), message_id)
    return sealed_file(person_key_of(db.session(), actor(), row.account_id), row.RequestMessage)


def sealed_file(key: PersonKey, row: Any) -> Response:
    """A file about a person as an answer."""
    return uploaded_file(open_proof(key, row), type_of(row.proof_name), row.proof_name)


def _done(code: RequestCode, answer: Answer | None) -> Message:
    if puts_on_hold(code, answer):
        return say("The answer is given, and the hold stands.")
    return say("The answer is given.") if answer else say("It is said.")


def _form(found: Any) -> WriteForm:
    steps = may(requests.thread_of(found), requests.side_of(actor()))
    return WriteForm(
        found.code, may_answer=Step.ANSWERED in steps, may_hold=actor().can(Permission.HOLDS_RAISE),
        of_bank=actor().is_bank,
    )  # fmt: skip


def _page(request_id: int, form: WriteForm | None = None, shown: Mapping[int, str] | None = None) -> str:
    session, who, now = db.session(), actor(), services().clock.now()
    row = queries.request_for(session, who, request_id)
    found, mine, organisation = row.Request, requests.side_of(who), name_of(row.Organisation)
    texts = queries.texts_of(session, who, found)
    is_live = row.Placement.ended_at is None
    steps = may(requests.thread_of(found), mine) if who.can(Permission.REQUESTS_WRITE) else frozenset()
    if not is_live:
        steps &= {Step.CLOSED}
    lines = [_line(message, found, texts, organisation, shown or {}) for message in _messages(request_id)]
    masked = texts is not None and any(mask_unknown(text) != text for text in texts.values())
    return render_template(
        "contact/request.html",
        request_row=found,
        row=row,
        in_queue=who.can(Permission.QUEUE_WORK) and held_account(session, who, found.account_id) is not None,
        what=CODES[found.code],
        tag=request_tag(found.state, found.turn, found.due_at, found.answer, mine, now),
        turn=side_words(found.turn, organisation, mine),
        asked_by=side_words(found.asked_side, organisation, mine),
        organisation=organisation,
        late=found.due_at is not None and found.due_at < now,
        is_live=is_live,
        lines=lines,
        holds=_holds(found),
        steps={step.value for step in steps},
        form=form or (_form(found) if Step.SAID in steps else None),
        may_show=masked and shown is None and who.can(Permission.PERSON_REVEAL),
    )


def _holds(found: Any) -> list[tuple[int, Any, Any]]:
    """What a request for a hold has come to: key, name and state of each hold on the account."""
    session, who, today = db.session(), actor(), services().clock.today()
    if found.code is not RequestCode.HOLD or not who.can(Permission.HOLDS_VIEW):
        return []
    stopped = queries.stopped_by(session, who, found)
    return [(hold.id, HOLD_LABELS[hold.flag], hold_state(hold, today)) for hold in stopped]


def _messages(request_id: int) -> Any:
    return queries.messages_of(db.session(), actor(), request_id)


def _line(row: Any, found: Any, texts: Mapping[int, str] | None, organisation: str, shown: Mapping[int, str]) -> Line:
    message = row.RequestMessage
    side = side_words(message.side, organisation, requests.side_of(actor()))
    return line_of(
        message, texts, shown, lambda: url_for("contact.request_proof", message_id=message.id),
        title=message_words(message, found.code),
        who="" if message.step is Step.ENDED else f"{side} · {row.who}" if row.who else f"{side}",
        tone=ANSWERS[message.answer].tone if message.answer else _TONES.get(message.step, "plain"),
        due_at=message.due_at if message.step in (Step.ASKED, Step.REOPENED) else None,
    )  # fmt: skip


# --- asking -------------------------------------------------------------------------------------------------------------


@blueprint.route("/accounts/<int:account_id>/requests/new", methods=["GET", "POST"])
@requires(Permission.REQUESTS_WRITE)
def new_request(account_id: int) -> Any:
    """Ask the other side about an account."""
    session, who = db.session(), actor()
    account = account_for(session, who, account_id)
    person_key_of(session, who, account_id)
    holders = {row.Organisation.id: name_of(row.Organisation) for row in queries.holders(session, who, account_id)}
    form = AskForm(list(holders.items()), of_bank=actor().is_bank)
    if request.method == "GET" and request.args.get("code") in set(RequestCode):
        form.code.data = request.args["code"]
    if form.validate_on_submit():
        try:
            request_id = requests.ask(who, account_id, form.chosen_code(), form.said(), form.whom())
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("The question is put; the clock runs."))
            return redirect(url_for("contact.request_page", request_id=request_id))
    page = render_template(
        "contact/new_request.html",
        account=account,
        form=form,
        holders=list(holders.values()),
        hours=max((row.answer_hours for row in queries.holders(session, who, account_id)), default=None),
        back=url_for("portfolio.account", account_id=account_id),
    )
    return page, 422 if form.errors or form.form_errors else 200
