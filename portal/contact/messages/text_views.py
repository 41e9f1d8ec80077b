"""Pages of texts for debtors: written, read beside what the rules of wording say, approved; and what goes out by itself."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from portal.contact.blueprint import blueprint
from portal.contact.labels import CHANNELS
from portal.contact.messages import queries as message_queries
from portal.contact.messages import settings as message_settings
from portal.contact.messages import texts as message_texts
from portal.contact.messages.forms import NewTextForm, NoticeForm, RemindersForm, TextForm
from portal.contact.messages.labels import (
    FIELD_LABELS,
    LANGUAGE_LABELS,
    PURPOSES,
    TEXT_STATES,
    WEIGHTS,
    finding_words,
    text_tag,
)
from portal.contact.messages.models import MessageTemplate, TextState
from portal.contact.messages.tables import texts_table
from portal.contact.messages.wording_packs import wording_named
from portal.contact.models import Channel
from portal.contact.wording import FIELDS, Purpose, Written, check, fields_for, is_blocked, measure
from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, Refused
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.navigation import counts
from portal.foundation.table_pages import table_response
from portal.foundation.visibility import visible
from portal.foundation.web import actor, key, requires, say_flash
from portal.identity.models import Organisation
from portal.vendors.labels import name_of

__all__ = [
    "approve_text", "edit_text", "new_text", "refuse_text", "submit_text", "take_back_text", "text", "text_settings",
    "texts_list", "withdraw_text",
]  # fmt: skip


@blueprint.get("/texts", endpoint="texts")
@requires(Permission.MESSAGES_VIEW)
def texts_list() -> Any:
    """Texts that the person may see."""
    return table_response(texts_table(actor()), "contact/texts.html")


@blueprint.get("/texts/<int:template_id>")
@requires(Permission.MESSAGES_VIEW)
def text(template_id: int) -> str:
    """One text: its versions, and of the latest what the rules have against it."""
    session, who = db.session(), actor()
    found = message_queries.text_for(session, who, template_id)
    versions = message_queries.versions_of(session, who, found.id)
    latest = versions[0][0]
    findings = message_texts.findings_of(found, latest)
    whose = None
    if found.organisation_id is not None:
        wanted = visible(Organisation, who).where(Organisation.id == found.organisation_id)
        whose = name_of(session.scalars(wanted).one())
    return render_template(
        "contact/text.html",
        text=found,
        whose=whose,
        versions=versions,
        latest=latest,
        findings=[(WEIGHTS[f.weight], finding_words(f)) for f in findings],
        blocked=is_blocked(findings),
        rules=wording_named(),
        length=measure(latest.text) if found.channel is Channel.SMS else None,
        tag=text_tag(found, latest.state),
        states=TEXT_STATES,
        channel=CHANNELS[found.channel],
        purpose=PURPOSES[found.purpose],
        language=LANGUAGE_LABELS[found.language],
        decides=latest.state is TextState.SUBMITTED and who.can(Permission.TEXTS_APPROVE),
        is_maker=latest.made_by is not None and latest.made_by == who.user_id,
        writes=who.can(Permission.TEXTS_WRITE),
        ours=message_texts.is_ours(session, who, latest),
        withdraws=found.version_in_use is not None
        and (who.can(Permission.TEXTS_APPROVE) or who.can(Permission.TEXTS_WRITE)),
    )


@blueprint.route("/texts/new", methods=["GET", "POST"])
@requires(Permission.TEXTS_WRITE)
def new_text() -> Any:
    """Write a text."""
    who = actor()
    form = NewTextForm(_agencies(), who.is_bank)
    findings: list[Any] = []
    if form.validate_on_submit():
        details = form.details(who.is_bank)
        try:
            message_texts.check_content(details.channel, details.purpose, form.content())
            of_bank = who.is_bank and details.organisation_id is None
            findings = _checked(form, details.channel, details.purpose, of_bank)
            if "look" not in request.form:
                template_id = message_texts.make_text(who, details, form.content())
                say_flash(say("The text is kept as a draft. Submit it when it is ready."))
                return redirect(url_for("contact.text", template_id=template_id))
        except DomainError as error:
            show_error(form, error)
    return _form_page("contact/new_text.html", form, findings, None)


@blueprint.route("/texts/<int:template_id>/edit", methods=["GET", "POST"])
@requires(Permission.TEXTS_WRITE)
def edit_text(template_id: int) -> Any:
    """Change the draft, or begin the next version."""
    session, who = db.session(), actor()
    found = message_queries.text_for(session, who, template_id)
    latest = message_queries.versions_of(session, who, found.id)[0][0]
    form = TextForm(data={"subject": latest.subject, "text": latest.text})
    findings: list[Any] = []
    if form.validate_on_submit():
        try:
            message_texts.check_content(found.channel, found.purpose, form.content())
            findings = _checked(form, found.channel, found.purpose, found.organisation_id is None)
            if "look" not in request.form:
                message_texts.write_version(who, template_id, form.content())
                say_flash(say("The text is kept as a draft. Submit it when it is ready."))
                return redirect(url_for("contact.text", template_id=template_id))
        except DomainError as error:
            show_error(form, error)
    return _form_page("contact/edit_text.html", form, findings, found)


def _checked(form: TextForm, channel: Channel, purpose: Purpose, of_bank: bool) -> list[Any]:
    """What the rules have against what stands in the form."""
    content = form.content()
    written = Written(content.text, content.subject, channel.value, purpose, of_bank)
    return [(WEIGHTS[f.weight], finding_words(f)) for f in check(wording_named(), written)]


def _form_page(template: str, form: TextForm, findings: list[Any], found: MessageTemplate | None) -> Any:
    known = fields_for(found.purpose) if found is not None else FIELDS
    looked = "look" in request.form and not form.errors and not form.form_errors
    page = render_template(
        template,
        form=form,
        text=found,
        findings=findings,
        looked=looked,
        length=measure(form.content().text) if looked else None,
        fields=[(name, FIELD_LABELS[name]) for name in known],
    )
    return page, 422 if form.errors or form.form_errors else 200


def _agencies() -> list[tuple[int, str]]:
    """Whose texts the bank may write beside its own."""
    if not actor().is_bank:
        return []
    wanted = visible(Organisation, actor()).where(Organisation.kind == OrganisationKind.AGENCY, Organisation.active)
    return [(o.id, f"{o.code} {name_of(o)}") for o in db.session().scalars(wanted.order_by(Organisation.code))]


# --- steps --------------------------------------------------------------------------------------------------------------


@blueprint.post("/texts/<int:template_id>/submit")
@requires(Permission.TEXTS_WRITE)
def submit_text(template_id: int) -> Any:
    """Put the draft before the bank."""
    message_texts.submit_text(actor(), template_id)
    return _done(template_id, say("The text waits for the bank’s approval."))


@blueprint.post("/texts/<int:template_id>/take-back")
@requires(Permission.TEXTS_WRITE)
def take_back_text(template_id: int) -> Any:
    """Take back what nobody has decided about."""
    message_texts.take_back_text(actor(), template_id)
    return _done(template_id, say("The version is taken back."))


@blueprint.post("/texts/<int:template_id>/approve")
@requires(Permission.TEXTS_APPROVE)
def approve_text(template_id: int) -> Any:
    """Let the version that was read be sent."""
    message_texts.approve_text(actor(), template_id, _version(template_id), request.form.get("reason", ""))
    return _done(template_id, say("The text is approved and may be sent from now on."))


@blueprint.post("/texts/<int:template_id>/refuse")
@requires(Permission.TEXTS_APPROVE)
def refuse_text(template_id: int) -> Any:
    """Send the version that was read back."""
    message_texts.refuse_text(actor(), template_id, _version(template_id), request.form.get("reason", ""))
    return _done(template_id, say("The text is refused; who wrote it reads why."))


@blueprint.post("/texts/<int:template_id>/withdraw")
@requires(Permission.TEXTS_WRITE)
def withdraw_text(template_id: int) -> Any:
    """Take the approved text out of use."""
    message_texts.withdraw_text(actor(), template_id, request.form.get("reason", ""))
    return _done(template_id, say("The text is out of use; nothing is sent with it any more."))


def _version(template_id: int) -> int:
    """The version that the page showed."""
    message_queries.text_for(db.session(), actor(), template_id)
    number = request.form.get("version", type=key)
    if number is None:
        raise Refused("text.version", say("Read the text before you decide about it."))
    return number


def _done(template_id: int, sentence: Any) -> Any:
    say_flash(sentence)
    return redirect(url_for("contact.text", template_id=template_id))


# --- what goes out by itself --------------------------------------------------------------------------------------------


@blueprint.route("/texts/settings", methods=["GET", "POST"])
@requires(Permission.TEXTS_WRITE)
def text_settings() -> Any:
    """The bank's notice of entrusting; an agency's reminders."""
    session, who = db.session(), actor()
    setting = message_queries.setting_of(session, who, who.organisation_id or 0)
    if who.is_bank:
        return _notice_page(setting)
    return _reminders_page(setting)


def _notice_page(setting: Any) -> Any:
    chosen = setting.notice_template_id if setting else None
    channels = (Channel.SMS, Channel.LETTER)
    form = NoticeForm(_choices(None, channels, Purpose.NOTICE), data={"notice_template_id": str(chosen or "")})
    if form.validate_on_submit():
        try:
            message_settings.choose_notice(actor(), form.template())
        except DomainError as error:
            show_error(form, error)
        else:
            return _kept()
    return render_template("contact/text_settings.html", form=form), 422 if form.errors or form.form_errors else 200


def _reminders_page(setting: Any) -> Any:
    chosen = {
        "reminder_days": setting.reminder_days if setting else None,
        "reminder_template_id": str((setting.reminder_template_id if setting else None) or ""),
    }
    texts = _choices(actor().organisation_id, (Channel.SMS, Channel.EMAIL), Purpose.REMINDER)
    form = RemindersForm(texts, data=chosen)
    if form.validate_on_submit():
        try:
            message_settings.choose_reminders(actor(), form.reminder_days.data, form.template())
        except DomainError as error:
            show_error(form, error)
        else:
            return _kept()
    return render_template("contact/text_settings.html", form=form), 422 if form.errors or form.form_errors else 200


def _choices(organisation_id: int | None, channels: tuple[Channel, ...], purpose: Purpose) -> list[tuple[int, str]]:
    texts = message_queries.texts_in_use(db.session(), actor(), organisation_id, channels, (purpose,))
    return [(template.id, f"{template.code} {template.name}") for template, _ in texts]


def _kept() -> Any:
    say_flash(say("What goes out by itself is kept."))
    return redirect(url_for("contact.text_settings"))


@counts("contact.texts")
def texts_that_wait(who: Any) -> int:
    """Texts that this person may decide about."""
    return message_queries.texts_to_decide(db.session(), who) if who.can(Permission.TEXTS_APPROVE) else 0
