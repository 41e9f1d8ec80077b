"""The page of one payment: its facts, every decision on it with the why, what takes it back. To the agency, its own credit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, url_for

from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.language import _l, from_data, translate
from portal.foundation.web import actor, requires
from portal.recovery import payment_queries as queries
from portal.recovery.attribution import BY_HAND
from portal.recovery.blueprint import blueprint
from portal.recovery.labels import DECISIONS, EXCLUSION_LABELS, RECEIVERS
from portal.recovery.models import Payment
from portal.recovery.reported.queries import matched_with
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

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
        came_with=_came_with(session, who, payment_id, posted),
        panels=[panel for panel in hooks.payment_panels(session, who, payment_id) if panel is not None],
    )


def _came_with(session: Session, who: Actor, payment_id: int, posted: Payment | None) -> list[tuple[Any, str, str]]:
    """What brought a payment, where the reader may open it: its file, and what an agency reported of it: words, name, address."""
    found: list[tuple[Any, str, str]] = []
    if posted is not None and who.can(Permission.PAYMENTS_IMPORT):
        run = queries.file_of(session, who, posted)
        if run is not None:
            found.append((_l("Came with the file"), run.file_name, url_for("recovery.import_run", run_id=run.id)))
    if who.can(Permission.REPORTED_VIEW):
        found += [
            (_l("Reported as"), report.reported_ref, url_for("reported.report", reported_id=report.id))
            for report in matched_with(session, who, payment_id)
        ]
    return found


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
