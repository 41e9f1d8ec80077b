"""Pages of messages: one is written from the workbench, the outbox is exported, and what became of each is seen."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for

from portal.contact import queries
from portal.contact.blueprint import blueprint
from portal.contact.conduct import Question, group_of
from portal.contact.entries import whose_number
from portal.contact.labels import CHANNELS, KINDS
from portal.contact.messages import dispatch, notices
from portal.contact.messages import follow as message_follow
from portal.contact.messages import operations as messages
from portal.contact.messages import panel as message_panel
from portal.contact.messages import queries as message_queries
from portal.contact.messages.addresses import serves
from portal.contact.messages.filling import language_for
from portal.contact.messages.forms import WriteForm
from portal.contact.messages.gateway import exported_channels
from portal.contact.messages.labels import FAILURES, LANGUAGE_LABELS, MESSAGE_STATES, PURPOSES
from portal.contact.messages.tables import exports_table, messages_table
from portal.contact.outcomes import PARTIES
from portal.contact.wishes.queries import of_account as wishes_of
from portal.contact.wishes.unheeded import asked_against
from portal.contact.words import finding_words
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import DomainError, NotFound, SeveralErrors
from portal.foundation.forms import show_error
from portal.foundation.job_pages import shown_job
from portal.foundation.jobs.queries import job_about
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.vendors.labels import name_of

__all__ = [
    "account_message", "ask_export", "download_export", "draw_notices", "drop_message", "message", "message_export",
    "message_exports", "message_follow", "message_panel", "message_result", "messages_list", "reveal_message",
]  # fmt: skip


# --- writing from the workbench -----------------------------------------------------------------------------------------


@blueprint.route("/queue/<int:account_id>/message", methods=["GET", "POST"])
@requires(Permission.QUEUE_WORK)
def account_message(account_id: int) -> Any:
    """Choose a text and a number, read it filled, send it."""
    held = queries.held_account(db.session(), actor(), account_id)
    if held is None:
        raise NotFound
    form, shown = WriteForm(), None
    if form.validate_on_submit():
        try:
            template_id, point_id = form.chosen()
            version = form.version_read(template_id, point_id)
            if "send" in request.form and version is not None:
                messages.send_message(actor(), account_id, template_id, version, point_id)
                say_flash(say("The message is in the outbox, and the attempt is logged."))
                return redirect(url_for("contact.account", account_id=account_id))
            shown = messages.preview(actor(), account_id, template_id, point_id)
            form.note_read(template_id, point_id, shown.version.version)
            if "send" in request.form:
                words = say("This is not what you read: another text or number was chosen. Read it, then send it.")
                raise DomainError("message.not_read", words)
        except DomainError as error:
            _show(form, error)
    return _write_page(account_id, form, shown), 422 if form.errors or form.form_errors else 200


def _show(form: WriteForm, error: DomainError) -> None:
    for each in error.errors if isinstance(error, SeveralErrors) else (error,):
        show_error(form, each)


def _write_page(account_id: int, form: WriteForm, shown: messages.Preview | None) -> str:
    session, who, now = db.session(), actor(), services().clock.now()
    held = queries.held_account(session, who, account_id)
    if held is None:
        raise NotFound
    _, account, customer = held
    standing = queries.standing_of(session, who, account, customer, now)
    texts = message_queries.texts_in_use(
        session, who, who.organisation_id, messages.BY_GATEWAY, messages.SENT_BY_STAFF
    )  # fmt: skip
    closed = {
        channel: finding_words(standing.channels[channel.value].decision.findings[0])
        for channel in messages.BY_GATEWAY
        if standing.channels[channel.value].decision.is_blocked
    }
    language = language_for(customer.region or account.region)
    texts.sort(key=lambda found: found[0].language != language)
    usable = [template for template, _ in texts if template.channel not in closed]
    if usable and not form.is_submitted():
        form.template_id.data = str(usable[0].id)
    channels = [shown.template.channel] if shown else list(messages.BY_GATEWAY)
    chosen = [shown.point] if shown else [check.point for check in standing.points]
    asked = [Question(now, c.value, point=point.id) for c in channels for point in chosen if serves(point, c)]
    own = [check.point for check in standing.points if group_of(whose_number(check.point)) == "debtor"]
    return render_template(
        "contact/write.html",
        account=account,
        customer=customer,
        form=form,
        shown=shown,
        texts=[(template, version, closed.get(template.channel)) for template, version in texts],
        points=[point for point in own if any(serves(point, channel) for channel in messages.BY_GATEWAY)],
        asked=asked_against(wishes_of(session, who, account), who, account, standing.call.facts, *asked),
        closed=[(CHANNELS[channel], words) for channel, words in closed.items()],
        channels=CHANNELS,
        kinds=KINDS,
        parties=PARTIES,
        purposes=PURPOSES,
        languages=LANGUAGE_LABELS,
    )


# --- messages -----------------------------------------------------------------------------------------------------------


@blueprint.get("/messages", endpoint="messages")
@requires(Permission.MESSAGES_VIEW)
def messages_list() -> Any:
    """What was drawn up."""
    who = actor()
    exports = who.can(Permission.MESSAGES_EXPORT)
    waiting = message_queries.waits_in_outbox(db.session(), who, exported_channels()) if exports else 0
    return table_response(
        messages_table(who), "contact/messages.html", waiting=waiting, most=message_queries.COUNTED_TO
    )  # fmt: skip


@blueprint.get("/messages/<int:message_id>")
@requires(Permission.MESSAGES_VIEW)
def message(message_id: int) -> str:
    """One message: with which text, to where, and what became of it."""
    return _message_page(message_id, None)


@blueprint.post("/messages/<int:message_id>/reveal")
@requires(Permission.PERSON_REVEAL)
def reveal_message(message_id: int) -> str:
    """What it says; recorded."""
    return _message_page(message_id, messages.reveal_message(actor(), message_id))


def _message_page(message_id: int, revealed: Any) -> str:
    session, who = db.session(), actor()
    row = message_queries.message_for(session, who, message_id)
    found = row[0]
    return render_template(
        "contact/message.html",
        row=row,
        message=found,
        tag=MESSAGE_STATES[found.state],
        failure=FAILURES.get(found.failure),
        channel=CHANNELS[found.channel],
        purpose=PURPOSES[found.purpose],
        organisation=name_of(row.Organisation) if row.Organisation is not None else None,
        events=[
            (MESSAGE_STATES[event[0].state], event[0].at, event.who, FAILURES.get(event[0].detail, event[0].detail))
            for event in message_queries.events_of(session, who, message_id)
        ],
        revealed=revealed,
        sees_text=row.template_id is not None,
    )


@blueprint.post("/messages/<int:message_id>/result")
@requires(Permission.MESSAGES_EXPORT)
def message_result(message_id: int) -> Any:
    """What the gateway says."""
    message_queries.message_for(db.session(), actor(), message_id)
    said = request.form.get("result")
    if said not in ("delivered", "failed"):
        raise DomainError("message.result", say("Choose whether it was delivered."), field="result")
    dispatch.record_result(actor(), message_id, delivered=said == "delivered")
    say_flash(say("The result is kept."))
    return redirect(url_for("contact.message", message_id=message_id))


@blueprint.post("/messages/<int:message_id>/drop")
@requires(Permission.MESSAGES_EXPORT)
def drop_message(message_id: int) -> Any:
    """Take it out of the outbox."""
    message_queries.message_for(db.session(), actor(), message_id)
    dispatch.drop_message(actor(), message_id, request.form.get("reason", ""))
    say_flash(say("The message is taken out of the outbox."))
    return redirect(url_for("contact.message", message_id=message_id))


# --- exports ------------------------------------------------------------------------------------------------------------


@blueprint.post("/messages/export")
@requires(Permission.MESSAGES_EXPORT)
def ask_export() -> Any:
    """Take the outbox away as a file."""
    export_id = dispatch.ask_export(actor())
    return redirect(url_for("contact.message_export", export_id=export_id))


@blueprint.get("/messages/exports")
@requires(Permission.MESSAGES_EXPORT)
def message_exports() -> Any:
    """Files of the outbox."""
    return table_response(exports_table(actor()), "contact/exports.html")


@blueprint.get("/messages/exports/<int:export_id>")
@requires(Permission.MESSAGES_EXPORT)
def message_export(export_id: int) -> str:
    """One export: how far it is, its files."""
    found = message_queries.export_for(db.session(), actor(), export_id)
    job = job_about(db.session(), actor(), dispatch.EXPORT, str(found.id)) if found.done_at is None else None
    files = []
    for name, (column, _) in dispatch.EXPORT_FILES.items():
        digest = getattr(found, column)
        if digest is not None:
            files.append((name, services().storage.size(digest), digest))
    return render_template(
        "contact/export.html", export=found, job=shown_job(actor(), job) if job else None, files=files
    )  # fmt: skip


@blueprint.get("/messages/exports/<int:export_id>/files/<any('messages.csv', 'messages.xlsx'):file_name>")
@requires(Permission.MESSAGES_EXPORT)
def download_export(export_id: int, file_name: str) -> Response:
    """A file of an export, streamed; recorded before the first byte."""
    taken = dispatch.record_download(actor(), export_id, file_name)
    response = Response(services().storage.chunks(taken.digest), content_type=taken.mimetype)
    response.content_length = taken.size
    response.headers["X-Content-SHA256"] = taken.digest
    response.headers["Cache-Control"] = "no-store"
    return name_as_file(response, taken.file_name)


# --- notices ------------------------------------------------------------------------------------------------------------


@blueprint.post("/batches/<int:batch_id>/notices")
@requires(Permission.PLACEMENTS_PROPOSE)
def draw_notices(batch_id: int) -> Any:
    """Have the notices of a batch drawn up."""
    notices.ask_notices(actor(), batch_id)
    say_flash(say("The notices are being drawn up."))
    return redirect(url_for("placement.batch", batch_id=batch_id) + "#notices")
