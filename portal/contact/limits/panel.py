"""What this room shows of limits on the account page: the time to sue with what began it anew, and how long records are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.contact.conduct import kept_until
from portal.contact.limits import queries
from portal.contact.limits.labels import (
    STEP_TAGS,
    effect_words,
    ground_words,
    law_words,
    restart_words,
    sue_tag,
    sue_words,
    why_words,
)
from portal.contact.rules.labels import MOMENT_WORDS, RECORD_WORDS
from portal.contact.words import source_words
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Panel
from portal.foundation.services import services
from portal.portfolio.queries import limitation_for
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.contact.conduct import KeptUntil
    from portal.contact.limits.queries import Step
    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["limitation_panel", "retention_panel"]


@hooks.account_panels.register
def limitation_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """Until when the claim can be sued for, by which law, and what began that anew; for everybody who sees the account."""
    today = services().clock.today()
    found = limitation_for(session, actor, account)
    pack = queries.pack_of_claim(session, actor, account, today)
    context = {
        "tag": sue_tag(found, today),
        "words": sue_words(found),
        "rules": restart_words(pack),
        "law": law_words(pack),
        "effect": effect_words(pack, account.region),
        "steps": [_step(step, actor) for step in queries.restarts_of(session, actor, account)],
        "new_url": url_for("contact.new_restart", account_id=account.id) if actor.can(Permission.LIMITS_NOTE) else None,
    }
    return Panel(_l("Limitation"), "contact/limitation_panel.html", context)


def _step(step: Step, actor: Actor) -> dict[str, Any]:
    row = step.row
    is_own = actor.is_bank or (row.organisation_id is not None and row.organisation_id == actor.organisation_id)
    may_note = is_own and actor.can(Permission.LIMITS_NOTE)
    return {
        "row": row,
        "what": ground_words(row.ground),
        "tag": STEP_TAGS[step.state],
        "words": row.words if is_own else "",
        "why": why_words(step.why) if step.why and (is_own or not row.is_noted) else None,
        "who": step.who,
        "url": _evidence(step, actor),
        "proof_url": url_for("contact.restart_proof", restart_id=row.id) if may_note and row.proof_digest else None,
        "end_url": url_for("contact.end_restart", restart_id=row.id) if may_note and step.state != "back" else None,
    }


def _evidence(step: Step, actor: Actor) -> str | None:
    """Where the evidence stands, for a reader who may see it. An attempt that was corrected has lost its place."""
    row = step.row
    if step.attempt_id is not None and actor.can(Permission.ATTEMPTS_VIEW) and step.state != "back":
        return f"#attempt-{step.attempt_id}"
    if row.message_id is not None and actor.can(Permission.MESSAGES_VIEW) and actor.is_bank:
        return url_for("contact.message", message_id=row.message_id)
    if row.arrangement_id is not None and actor.can(Permission.ARRANGEMENTS_VIEW):
        return url_for("arrangements.arrangement", arrangement_id=row.arrangement_id)
    return None


@hooks.account_panels.register
def retention_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """How long records of the account are kept, class by class; an organisation sees the days of its own records."""
    if not actor.can(Permission.ATTEMPTS_VIEW):
        return None
    pack = queries.pack_of_claim(session, actor, account, services().clock.today())
    rows = []
    for kept in kept_until(pack, queries.record_days(session, actor, account)):
        if kept.keep.delete_on:
            rows += _copies(session, actor, account, kept)
        else:
            rows.append(_record(kept))
    return Panel(_l("How long records are kept"), "contact/retention_panel.html", {"rows": rows}) if rows else None


def _record(kept: KeptUntil) -> dict[str, Any]:
    return {
        "what": RECORD_WORDS[kept.keep.record],
        "from": MOMENT_WORDS[kept.keep.since],
        "years": kept.keep.years,
        "since": kept.since,
        "until": kept.until,
        "deleted_from": kept.deleted_from,
        "sources": [source_words(source) for source in kept.sources],
    }


def _copies(session: Session, actor: Actor, account: Account, kept: KeptUntil) -> list[dict[str, Any]]:
    """The copy of each organisation that has the account or had it: deleted from the end of its mandate."""
    return [
        {
            "what": RECORD_WORDS[kept.keep.record],
            "whose": name_of(row.Organisation),
            "from": MOMENT_WORDS[kept.keep.delete_on],
            "since": row.Placement.ended_on,
            "deleted_from": row.Placement.ended_on,
            "certificate": url_for("placement.certificate", duty_id=row.duty_id)
            if row.duty_id and actor.can(Permission.BATCHES_VIEW)
            else None,
            "sources": [source_words(source) for source in kept.sources],
        }
        for row in queries.copies_of(session, actor, account)
    ]
