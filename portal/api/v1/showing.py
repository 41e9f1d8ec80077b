"""Rows as other systems see them: plain values, amounts as exact decimals, sentences in the asker's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.contact.labels import promise_tag
from portal.contact.presumptions import is_closed, reasons_to_choose
from portal.contact.words import finding_words, flag_words
from portal.foundation.language import translate
from portal.foundation.money import format_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from portal.contact.conduct import Decision
    from portal.contact.models import Promise
    from portal.contact.queries import Standing
    from portal.contact.queue import QueueRow
    from portal.placement.models import Placement
    from portal.portfolio.models import Account, ContactPoint, Customer, Hold

__all__ = ["account", "account_row", "amount", "attempt", "check", "contact_point", "promise", "queue_row"]


def amount(minor: int, currency: str) -> dict[str, str]:
    """An amount."""
    return {"amount": format_amount(minor, currency), "currency": currency}


def check(decision: Decision) -> dict[str, Any]:
    """What the conduct rules say about a contact."""
    return {
        "verdict": decision.verdict,
        "allowed": not is_closed(decision),
        "needs_reason": bool(reasons_to_choose(decision)),
        "allowed_until": decision.allowed_until,
        "next_allowed_at": decision.next_allowed,
        "pack": f"{decision.pack} {decision.version}",
        "findings": [_finding(finding) for finding in decision.findings],
    }


def _finding(finding: Any) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "verdict": finding.verdict,
        "code": finding.code,
        "detail": translate(finding_words(finding)),
        "sources": [{"title": s.title, "ref": s.ref, "force": s.force, "seen": s.seen} for s in finding.sources],
        "next_allowed_at": finding.next_allowed,
        "overrides": list(finding.overrides),
    }


def queue_row(row: QueueRow) -> dict[str, Any]:
    """One account of the queue, and whether it may be called now."""
    item, owed = row.item, row.account
    return {
        "account_ref": owed.account_ref,
        "name": row.customer.name_masked,
        "balance": amount(owed.total_minor, owed.currency),
        "bucket": owed.bucket,
        "days_past_due": owed.days_past_due,
        "tab": row.tab,
        "next_on": item.next_on,
        "next_at": item.next_at,
        "promised_before_for": row.promised_on,
        "attempts": item.attempts,
        "last_outcome": item.last_outcome or None,
        "last_attempt_at": item.last_attempt_at,
        "call": check(row.decision),
    }


def account_row(placement: Placement, owed: Account, customer: Customer) -> dict[str, Any]:
    """One account of the list, with what was owed when it was placed."""
    return _account(owed, customer) | {
        "balance": amount(owed.total_minor, owed.currency),
        "balance_as_of": owed.balance_as_of,
        "placed_on": placement.placed_on,
        "placed": amount(placement.placed_total_minor, owed.currency),
    }


def account(
    placement: Placement, owed: Account, customer: Customer, standing: Standing, holds: Iterable[Hold],
    promises: Iterable[dict[str, Any]], debts: Mapping[int, str],
) -> dict[str, Any]:  # fmt: skip
    """Everything that the workbench shows of an account but its history."""
    parts = {
        "principal": owed.principal_minor,
        "interest": owed.interest_minor,
        "fees": owed.fees_minor,
        "total": owed.total_minor,
    }
    balance = {name: format_amount(minor, owed.currency) for name, minor in parts.items()}
    return _account(owed, customer) | {
        "customer_ref": customer.customer_ref,
        "balance": balance | {"currency": owed.currency, "as_of": owed.balance_as_of},
        "placed_on": placement.placed_on,
        "term_ends_on": placement.term_ends_on,
        "time_zone": customer.time_zone,
        "debts_with_you": list(debts.values()),
        "holds": [_hold(hold) for hold in holds if hold.released_at is None],
        "channels": {channel: check(checked.decision) for channel, checked in standing.channels.items()},
        "contact_points": [
            contact_point(p.point) | {"call": check(p.call.decision) if p.call else None} for p in standing.points
        ],
        "promises": list(promises),
    }


def _account(owed: Account, customer: Customer) -> dict[str, Any]:
    return {
        "account_ref": owed.account_ref,
        "name": customer.name_masked,
        "product": owed.product,
        "card_last4": owed.card_last4,
        "bucket": owed.bucket,
        "days_past_due": owed.days_past_due,
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "flag": hold.flag.value,
        "whole_person": hold.account_id is None,
        "since": hold.raised_at,
        "detail": translate(flag_words(hold.flag.value)),
    }


def contact_point(point: ContactPoint) -> dict[str, Any]:
    """A number or address, masked; in full it is asked for by itself, which is recorded."""
    return {
        "id": point.id,
        "kind": point.kind.value,
        "value_masked": point.value_masked,
        "relation": point.relation,
        "source": point.source.value,
        "status": point.status.value,
    }


def promise(made: Promise, account_ref: str, attempt_ref: str | None, today: date) -> dict[str, Any]:
    """A promise in the state in which people see it."""
    return {
        "account_ref": account_ref,
        "attempt_ref": attempt_ref,
        "amount": amount(made.amount_minor, made.currency),
        "made_on": made.made_on,
        "promised_on": made.promised_on,
        "state": promise_tag(made, today).code,
    }


def attempt(row: Any, account_ref: str) -> dict[str, Any]:
    """An attempt as it was logged (a row of `attempts_of_account`). Its note stays where it is: it is personal data."""
    kept = row[0]
    return {
        "attempt_ref": kept.attempt_ref,
        "account_ref": account_ref,
        "at": kept.at,
        "ended_at": kept.ended_at,
        "logged_at": kept.logged_at,
        "channel": kept.channel.value,
        "direction": kept.direction.value,
        "initiated_by": kept.initiated_by,
        "contact_point_id": kept.contact_point_id,
        "party": kept.party,
        "outcome": kept.outcome,
        "reason_behind": kept.reason_behind or None,
        "has_note": kept.note_sealed is not None,
        "evidence": kept.evidence_name or None,
        "next_action": kept.next_action or None,
        "again_on": kept.again_on,
        "staff": row.staff,
        "corrects": row.corrects,
        "corrected_by": row.corrected_by,
        "verdict": kept.verdict,
        "is_breach": kept.verdict == "block",
        "override_reason": kept.override_reason or None,
    }
