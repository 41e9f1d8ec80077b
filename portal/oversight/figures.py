"""This month beside last month, line by line; and what an event of the audit trail says, field by field."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.contact.complaints.queries import received_within
from portal.foundation.access import Permission
from portal.foundation.columns import Cell
from portal.foundation.language import _l
from portal.oversight import queries
from portal.oversight.labels import FIELDS
from portal.recovery.queries import credited_in

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.audit import AuditEvent
    from portal.oversight.months import Stretch

__all__ = ["Change", "Comparison", "changes_of", "comparisons"]

LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True)
class Comparison:
    """One line: what, now, before, and by how much it has changed (of one; None where there was nothing before)."""

    label: Any
    now: Cell
    before: Cell
    endpoint: str | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def change(self) -> Decimal | None:
        """0.12 is twelve percent more than in the other month."""
        if not self.before.value:
            return None
        return (Decimal(self.now.value) / Decimal(self.before.value) - 1).quantize(Decimal("0.001"))


@dataclass(frozen=True, slots=True)
class Change:
    """A field of an event, before and after."""

    label: Any
    before: str
    after: str


def comparisons(session: Session, actor: Actor, now: Stretch, before: Stretch) -> list[Comparison]:
    """What the actor's page compares: money first, then what was done for it."""
    lines: list[Comparison] = []
    if actor.can(Permission.PAYMENTS_VIEW):
        money, earlier = (credited_in(session, actor, days.first, days.last) for days in (now, before))
        lines += _by_currency(_l("Recovered"), money, earlier, "recovery.payments")
    if actor.can(Permission.STATEMENTS_VIEW):
        money, earlier = (queries.commission_in(session, actor, days, actor.time_zone) for days in (now, before))
        lines += _by_currency(_l("Commission on statements"), money, earlier, "commission.statements")
    if actor.can(Permission.ATTEMPTS_VIEW):
        lines += _work(session, actor, now, before)
    if actor.can(Permission.COMPLAINTS_VIEW):
        came, came_before = (received_within(session, actor, days.first, days.last) for days in (now, before))
        lines.append(_count(_l("Complaints"), came, came_before, "contact.complaints"))
    return lines


def _by_currency(label: Any, now: dict[str, int], before: dict[str, int], endpoint: str) -> list[Comparison]:
    currencies = sorted(now.keys() | before.keys())
    return [
        Comparison(label, Cell("money", now.get(c, 0), c), Cell("money", before.get(c, 0), c), endpoint)
        for c in currencies
    ]


def _work(session: Session, actor: Actor, now: Stretch, before: Stretch) -> list[Comparison]:
    logged, earlier = (queries.attempts_in(session, actor, days) for days in (now, before))
    kept, kept_before = (queries.promises_in(session, actor, days) for days in (now, before))
    where = _findings(actor, now)
    return [
        _count(_l("Attempts logged"), logged.logged, earlier.logged),
        _count(_l("Debtors reached"), logged.reached, earlier.reached),
        _count(_l("Promises for these days"), kept[1], kept_before[1]),
        _count(_l("Promises kept"), kept[0], kept_before[0]),
        _count(_l("Contacts against the conduct rules"), logged.breaches, earlier.breaches, *where),
    ]


def _findings(actor: Actor, days: Stretch) -> tuple[str | None, dict[str, Any]]:
    """Where the breaches of these days stand one by one: for the bank, for an agency's leader, for nobody else."""
    first, last = days.first.isoformat(), days.last.isoformat()
    among = {"verdict": "block", "day_from": first, "day_to": last}
    if actor.can(Permission.CONDUCT_VIEW):
        return "conduct.findings", {"month": first[:7], **among, "_anchor": "findings"}
    return ("conduct.own_findings", among) if actor.can(Permission.QUEUE_DEAL) else (None, {})


def _count(
    label: Any, now: int, before: int, endpoint: str | None = None, values: dict[str, Any] | None = None
) -> Comparison:
    return Comparison(label, Cell("number", now), Cell("number", before), endpoint, values or {})


def changes_of(event: AuditEvent) -> list[Change]:
    """The fields of an event in the order in which they were written; details have no before."""
    before, after = event.before or {}, {**(event.after or {}), **(event.details or {})}
    return [
        Change(FIELDS.get(name, name), _plain(before.get(name)), _plain(after.get(name)))
        for name in dict.fromkeys([*before, *after])
    ]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"
