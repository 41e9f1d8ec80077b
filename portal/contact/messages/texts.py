"""Texts for debtors: written by an agency or the bank, approved by somebody else at the bank, taken out of use.

What is approved does not change; another wording is another version, and until it is approved the one before is sent.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from portal.contact.messages.models import MessageTemplate, MessageTemplateVersion, TextState
from portal.contact.messages.queries import text_for
from portal.contact.messages.wording_packs import wording_named
from portal.contact.models import Channel
from portal.contact.wording import (
    Purpose,
    WordingError,
    Written,
    check,
    check_fields,
    fields_for,
    is_blocked,
)
from portal.foundation.access import OrganisationKind, Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.free_text import check_free_text, given_reason
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from portal.contact.wording import Finding
    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.foundation.work import Work

__all__ = [
    "LANGUAGES", "LONGEST", "SPOKEN_OR_SENT", "Content", "TextDetails", "approve_text", "check_content", "findings_of", "is_ours", "make_text",
    "refuse_text", "submit_text", "take_back_text", "withdraw_text", "wording_words", "write_version",
]  # fmt: skip

LANGUAGES = ("zh_Hans", "en")
SPOKEN_OR_SENT = (Channel.SMS, Channel.EMAIL, Channel.CALL, Channel.LETTER)
LONGEST = {Channel.SMS: 500, Channel.CALL: 1_000, Channel.EMAIL: 4_000, Channel.LETTER: 4_000}  # characters
LONGEST_SUBJECT, LONGEST_NAME, LONGEST_REASON = 200, 80, 400
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,31}")


@dataclass(frozen=True, slots=True)
class TextDetails:
    """What a text is, whatever it says. `organisation_id`: whose; None: the bank's own, or of an agency its own."""

    code: str
    name: str
    channel: Channel
    purpose: Purpose
    language: str
    organisation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a text says."""

    text: str
    subject: str = ""


# --- writing ------------------------------------------------------------------------------------------------------------


def make_text(actor: Actor, details: TextDetails, content: Content) -> int:
    """Begin a text with its first version, a draft; the text's id. An agency writes for itself, the bank for itself or
    for an agency. DomainError naming the field for what cannot be."""
    demand(actor, Permission.TEXTS_WRITE)
    _check_details(actor, details)
    check_content(details.channel, details.purpose, content)
    with transaction(actor) as work:
        template = MessageTemplate(
            organisation_id=_owner(work, details.organisation_id),
            code=details.code.strip().upper(),
            name=details.name.strip(),
            channel=details.channel,
            purpose=details.purpose,
            language=details.language,
            made_by=actor.user_id,
            made_at=work.now,
            changed_at=work.now,
        )
        work.session.add(template)
        try:
            work.session.flush()
        except IntegrityError as error:
            words = say("There is a text with the code %(code)s already. Choose another code.", code=template.code)
            raise DomainError("text.code_taken", words, field="code") from error
        _add_version(work, template, content, 1)
        work.audit("text.written", template, after=_facts(template, 1))
        return template.id


def write_version(actor: Actor, template_id: int, content: Content) -> int:
    """Change the draft of a text, or begin its next version; the version's number. Refused while a version waits for its
    decision."""
    demand(actor, Permission.TEXTS_WRITE)
    with transaction(actor) as work:
        template = text_for(work.session, actor, template_id, lock=True)
        check_content(template.channel, template.purpose, content)
        last = _last(work, template)
        if last.state is TextState.SUBMITTED:
            words = say("This text waits for its decision. Take it back before you change it.")
            raise Refused("text.submitted", words)
        if last.state is TextState.DRAFT:
            _check_ours(work, last)
            last.subject, last.text = content.subject.strip(), content.text.strip()
            last.made_by, last.made_at = actor.user_id, work.now
            number = last.version
        else:
            number = last.version + 1
            _add_version(work, template, content, number)
        template.changed_at = work.now
        work.audit("text.written", template, after=_facts(template, number))
        return number


def submit_text(actor: Actor, template_id: int) -> None:
    """Put the draft before the bank. Refused where there is none, or where the rules of wording stand against it: what
    cannot be approved need not be read."""
    demand(actor, Permission.TEXTS_WRITE)
    with transaction(actor) as work:
        template = text_for(work.session, actor, template_id, lock=True)
        last = _last(work, template)
        if last.state is not TextState.DRAFT:
            raise Refused("text.no_draft", say("There is no draft to submit."))
        _check_ours(work, last)
        _refuse_blocked(template, last)
        last.state, last.submitted_at = TextState.SUBMITTED, work.now
        template.changed_at = work.now
        work.audit("text.submitted", template, after=_facts(template, last.version))


def take_back_text(actor: Actor, template_id: int) -> None:
    """Take a draft, or what nobody has decided about yet, back. Refused where there is none."""
    demand(actor, Permission.TEXTS_WRITE)
    with transaction(actor) as work:
        template = text_for(work.session, actor, template_id, lock=True)
        last = _last(work, template)
        if last.state not in (TextState.DRAFT, TextState.SUBMITTED):
            raise Refused("text.decided", _decided())
        _check_ours(work, last)
        last.state = TextState.WITHDRAWN
        template.changed_at = work.now
        work.audit("text.taken_back", template, after=_facts(template, last.version))


# --- deciding -----------------------------------------------------------------------------------------------------------


def approve_text(actor: Actor, template_id: int, version: int, judgement: str = "") -> None:
    """Let a version be sent, as it was read; the one before is sent no more. Kept with what the rules had against it.

    `judgement`: why words may be said that the rules leave to be judged. Refused for who wrote it, where it is not (any
    more) what waits, where the rules forbid a part of it, and without a judgement where they ask for one.
    """
    with _deciding(actor, template_id, version) as (work, template, last):
        findings = _refuse_blocked(template, last)
        judgement = judgement.strip()
        check_free_text(judgement, LONGEST_REASON, "text.judgement", "reason")
        if findings and not judgement:
            words = say("The rules leave words of this text to be judged. Say why they may be said.")
            raise DomainError("text.judgement", words, field="reason")
        rules = wording_named()
        last.findings = {
            "rules": rules.id, "version": rules.version, "judgement": judgement,
            "found": [{"rule": f.rule, "code": f.code, "phrase": f.phrase, "part": f.part, "start": f.start} for f in findings],
        }  # fmt: skip
        _decide(work, last, TextState.APPROVED)
        template.version_in_use = version
        facts = _facts(template, version) | ({"judgement": judgement} if judgement else {})
        work.audit("text.approved", template, after=facts, findings=len(findings))


def refuse_text(actor: Actor, template_id: int, version: int, reason: str) -> None:
    """Send a version back with the reason. Refused as `approve_text`; DomainError without a reason."""
    reason = _given(reason)
    with _deciding(actor, template_id, version) as (work, template, last):
        _decide(work, last, TextState.REFUSED)
        last.refusal = reason
        work.audit("text.refused", template, after=_facts(template, version), reason=reason)


def withdraw_text(actor: Actor, template_id: int, reason: str) -> None:
    """Take the approved text out of use, by the bank or by whose it is. Refused where none is in use."""
    if not actor.can(Permission.TEXTS_APPROVE):
        demand(actor, Permission.TEXTS_WRITE)
    reason = _given(reason)
    with transaction(actor) as work:
        template = text_for(work.session, actor, template_id, lock=True)
        if template.version_in_use is None:
            raise Refused("text.not_in_use", say("No version of this text is in use."))
        before = _facts(template, template.version_in_use)
        template.version_in_use = None
        template.withdrawn_by, template.withdrawn_at, template.withdrawal = actor.user_id, work.now, reason
        template.changed_at = work.now
        work.audit("text.withdrawn", template, before=before, reason=reason)


@contextmanager
def _deciding(
    actor: Actor, template_id: int, version: int
) -> Iterator[tuple[Work, MessageTemplate, MessageTemplateVersion]]:
    """A transaction about the version that waits, locked, for somebody who may decide about it."""
    demand(actor, Permission.TEXTS_APPROVE)
    with transaction(actor) as work:
        template = text_for(work.session, actor, template_id, lock=True)
        last = _last(work, template)
        if last.state is not TextState.SUBMITTED or last.version != version:
            raise Refused("text.decided", _decided())
        if last.made_by is not None and last.made_by == actor.user_id:
            raise Refused("text.own", say("You wrote this text, so another person has to decide about it."))
        template.changed_at = work.now
        yield work, template, last


def _decide(work: Work, version: MessageTemplateVersion, state: TextState) -> None:
    version.state, version.decided_by, version.decided_at = state, work.actor.user_id, work.now


def _decided() -> Message:
    """What a second click or a colleague finds."""
    return say("This version does not wait for a decision any more. Look at the text before you go on.")


# --- what the rules say -------------------------------------------------------------------------------------------------


def findings_of(template: MessageTemplate, content: Content | MessageTemplateVersion) -> tuple[Finding, ...]:
    """What the rules of wording have against a text as they stand now."""
    of_bank = template.organisation_id is None
    written = Written(content.text, content.subject, template.channel.value, template.purpose, of_bank)
    return check(wording_named(), written)


def _refuse_blocked(template: MessageTemplate, version: MessageTemplateVersion) -> tuple[Finding, ...]:
    findings = findings_of(template, version)
    if is_blocked(findings):
        words = say("The rules of wording forbid this text as it stands. What they found stands below it.")
        raise Refused("text.forbidden", words)
    return findings


def wording_words(error: WordingError, purpose: Purpose) -> Message:
    """Why a text cannot be read or filled, and what it takes."""
    known = ", ".join(f"{{{name}}}" for name in fields_for(purpose))
    if error.code == "unknown_field":
        return say("There is no field “%(field)s”. These are there: %(known)s", field=error.what, known=known)
    if error.code == "other_purpose":
        return say(
            "The field “%(field)s” is not known when such a text is sent. These are: %(known)s",
            field=error.what, known=known,
        )  # fmt: skip
    if error.code == "missing":
        return say(
            "The field “%(field)s” has no value here, so the text would have a gap. Have it entered, or choose another text.",
            field=error.what,
        )
    return say(
        "A brace stands alone near “%(words)s”. Fields stand in braces; a brace that is meant is written twice.",
        words=error.what,
    )


# --- what several of these need -----------------------------------------------------------------------------------------


def check_content(channel: Channel, purpose: Purpose, content: Content) -> None:
    """DomainError naming the field for a text that is empty, too long, or cannot be read."""
    text, subject = content.text.strip(), content.subject.strip()
    if not text:
        raise DomainError("text.empty", say("Write the text."), field="text")
    if len(text) > LONGEST[channel]:
        words = say("Such a text takes %(most)s characters; this one has %(n)s.", most=LONGEST[channel], n=len(text))
        raise DomainError("text.too_long", words, field="text")
    if channel is Channel.EMAIL and not subject:
        raise DomainError("text.subject", say("An e-mail needs a subject."), field="subject")
    if channel is not Channel.EMAIL and subject:
        raise DomainError("text.subject", say("Only an e-mail has a subject."), field="subject")
    if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        words = say("A subject is one line of at most %(most)s characters.", most=LONGEST_SUBJECT)
        raise DomainError("text.subject", words, field="subject")
    for field, written in (("text", text), ("subject", subject)):
        try:
            check_fields(written, purpose)
        except WordingError as error:
            raise DomainError(f"text.{error.code}", wording_words(error, purpose), field=field) from error


def _check_details(actor: Actor, details: TextDetails) -> None:
    name = details.name.strip()
    if not _CODE.fullmatch(details.code.strip().upper()):
        words = say("A code is 2 to 32 letters, figures, hyphens or underlines, for example SMS-01.")
        raise DomainError("text.code", words, field="code")
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        words = say("A text needs a name of at most %(most)s characters.", most=LONGEST_NAME)
        raise DomainError("text.name", words, field="name")
    if details.language not in LANGUAGES:
        raise DomainError("text.language", say("Choose the language."), field="language")
    if details.channel not in SPOKEN_OR_SENT:
        raise DomainError("text.channel", say("Choose the way of contact."), field="channel")
    if (details.purpose is Purpose.OPENING) != (details.channel is Channel.CALL):
        words = say("A call takes the opening of a call, and an opening is only spoken.")
        raise DomainError("text.purpose", words, field="purpose")
    if details.purpose is Purpose.NOTICE:
        if not actor.is_bank or details.organisation_id is not None:
            words = say("The notice that an account is entrusted is the bank’s own.")
            raise DomainError("text.notice", words, field="purpose")
        if details.channel is Channel.EMAIL:
            words = say("The notice that an account is entrusted goes by SMS or letter.")
            raise DomainError("text.notice_channel", words, field="channel")
    elif actor.is_bank and details.organisation_id is None:
        words = say("The bank’s own texts are notices of entrusting. Choose the agency that is to use this one.")
        raise DomainError("text.banks_own", words, field="organisation_id")
    elif details.channel is Channel.LETTER:
        words = say("By letter goes the notice that an account is entrusted, and nothing else.")
        raise DomainError("text.letter", words, field="channel")


def _owner(work: Work, organisation_id: int | None) -> int | None:
    """Whose the text is. NotFound for an organisation that is no agency, or not the actor's."""
    if not work.actor.is_bank:
        if organisation_id not in (None, work.actor.organisation_id):
            raise NotFound
        return work.actor.organisation_id
    if organisation_id is None:
        return None
    agencies = visible(Organisation, work.actor).where(Organisation.kind == OrganisationKind.AGENCY)
    if work.session.scalar(agencies.where(Organisation.id == organisation_id)) is None:
        raise DomainError("text.organisation", say("Choose whose text it is."), field="organisation_id")
    return organisation_id


def _last(work: Work, template: MessageTemplate) -> MessageTemplateVersion:
    """The latest version; a text has at least one."""
    wanted = visible(MessageTemplateVersion, work.actor).where(MessageTemplateVersion.template_id == template.id)
    latest = wanted.order_by(MessageTemplateVersion.version.desc()).limit(1)
    return work.session.scalars(latest.execution_options(populate_existing=True)).one()


def is_ours(session: Session, actor: Actor, version: MessageTemplateVersion) -> bool:
    """Whether somebody of the actor's organisation wrote a version: only they change it, submit it or take it back. The bank
    refuses what it does not want, with the reason."""
    if version.made_by is None:
        return actor.is_bank
    wanted = visible(User, actor).where(User.id == version.made_by, User.organisation_id == actor.organisation_id)
    return session.scalar(wanted) is not None


def _check_ours(work: Work, version: MessageTemplateVersion) -> None:
    if not is_ours(work.session, work.actor, version):
        words = say("The other side wrote this version, so only it can change it, submit it or take it back.")
        raise Refused("text.theirs", words)


def _add_version(work: Work, template: MessageTemplate, content: Content, number: int) -> None:
    version = MessageTemplateVersion(
        template_id=template.id,
        organisation_id=template.organisation_id,
        version=number,
        subject=content.subject.strip(),
        text=content.text.strip(),
        state=TextState.DRAFT,
        made_by=work.actor.user_id,
        made_at=work.now,
    )
    work.session.add(version)
    work.session.flush()


def _given(reason: str) -> str:
    return given_reason(reason, LONGEST_REASON, "text.reason", say("Say why, in a few words."))


def _facts(template: MessageTemplate, version: int) -> dict[str, Any]:
    return {
        "code": template.code, "name": template.name, "channel": template.channel.value, "version": version,
        "organisation_id": template.organisation_id,
    }  # fmt: skip
