"""The page of one payment: its facts, every decision on it with the why, what takes it back. To the agency, its own credit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.language import from_data, translate
from portal.foundation.web import actor, requires
from portal.recovery import payment_queries as queries
from portal.recovery.attribution import BY_HAND
from portal.recovery.blueprint import blueprint
from portal.recovery.labels import DECISIONS, EXCLUSION_LABELS, RECEIVERS
from portal.recovery.models import Payment
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.recovery.payment_queries import Step

__all__ = ["facts_of", "payment"]


@blueprint.get("/payments/<int:payment_id>")
@requires(Permission.PAYMENTS_VIEW)
def payment(payment_id: int) -> str:
    """One payment, to the bank as it was posted, to an agency as it is or was credited to it."""
    session, who = db.session(), actor()
    latest, posted = queries.payment_for(session, who, payment_id)
    steps = queries.chain_of(session, who, payment_id)
    decisions = [step.decision for step in steps]
    waits = who.can(Permission.PAYMENTS_IMPORT) and queries.to_decide_of(session, who, payment_id) is not None
    return render_template(
        "recovery/payment.html",
        latest=latest,
        payment=posted,
        receiver=RECEIVERS[posted.received_by] if posted else None,
        account=queries.account_of(session, who, latest.account_id) if who.can(Permission.ACCOUNTS_VIEW) else None,
        state=DECISIONS[latest.decision] if decisions and steps[-1].stands else None,
        steps=[_step(step, who) for step in reversed(steps)],
        reversals=queries.reversals_of(session, who, decisions),
        original=queries.original_of(session, who, decisions),
        states=DECISIONS,
        exception_url=url_for("recovery.exception", payment_id=payment_id) if waits else None,
        second_look=next(
            (look for attribution, look in queries.second_looks(session, who) if attribution.payment_id == payment_id),
            None,
        )
        if who.is_bank
        else None,
        words=_words,
    )


def _words(data: dict[str, Any]) -> str:
    return translate(from_data(data))


def _step(step: Step, who: Actor) -> dict[str, Any]:
    """A decision as the page shows it."""
    decision = step.decision
    return {
        "decision": decision,
        "tag": DECISIONS[decision.decision],
        "exclusion": EXCLUSION_LABELS.get(decision.exclusion),
        "why": _words(decision.trace),
        "stands": step.stands,
        "by_hand": decision.rule == BY_HAND,
        "holder": name_of(step.organisation) if step.organisation else None,
        "batch": step.batch,
        "batch_url": url_for("placement.batch", batch_id=step.batch.id)
        if step.batch and who.can(Permission.BATCHES_VIEW)
        else None,
        "contract": step.contract,
        "version": step.version,
        "contract_url": url_for("vendors.version", contract_id=step.contract.id, number=step.version)
        if step.contract and who.can(Permission.CONTRACTS_VIEW)
        else None,
    }


def facts_of(posted: Payment) -> dict[str, Any]:
    """What the pages of a payment and of an exception say of a posting."""
    return {"payment": posted, "receiver": RECEIVERS[posted.received_by]}
