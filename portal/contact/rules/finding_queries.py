"""Reads of what the rules found: sums by organisation, rule and month, the findings one by one, and one decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.authors import by_interface
from portal.contact.models import ContactAttempt
from portal.contact.rules.models import ConductDayCount, ConductFinding
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.models import Placement
from portal.placement.references import account_reference
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Sum",
    "attempt_for",
    "findings_of_log",
    "findings_statement",
    "month_of",
    "months_back",
    "own_findings",
    "sums_of",
]

BREACH, PRESUMPTION = "block", "presume"


@dataclass(slots=True)
class Sum:
    """What one organisation did against one rule in a month: breaches and presumptions."""

    organisation: Organisation
    rule: str
    month: date
    counts: dict[str, int] = field(default_factory=lambda: {BREACH: 0, PRESUMPTION: 0})

    @property
    def breaches(self) -> int:
        return self.counts[BREACH]

    @property
    def presumptions(self) -> int:
        return self.counts[PRESUMPTION]


def month_of(day: date) -> tuple[date, date]:
    """First and last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def months_back(today: date, count: int) -> list[date]:
    """The first days of so many months, the running one first."""
    number = today.year * 12 + today.month - 1
    return [date((number - n) // 12, (number - n) % 12 + 1, 1) for n in range(count)]


def sums_of(session: Session, actor: Actor, first: date, last: date) -> list[Sum]:
    """Sums by month, organisation and rule over a period, both ends included; out of the counts of days, a few for each."""
    rows = session.execute(
        visible(ConductDayCount, actor)
        .join(Organisation, Organisation.id == ConductDayCount.organisation_id)
        .add_columns(Organisation)
        .where(ConductDayCount.day >= first, ConductDayCount.day <= last, ConductDayCount.count > 0)
    )
    found: dict[tuple[date, int, str], Sum] = {}
    for count, organisation in rows:
        month = count.day.replace(day=1)
        key = (month, organisation.id, count.rule)
        one = found.setdefault(key, Sum(organisation, count.rule, month))
        one.counts[count.verdict] = one.counts.get(count.verdict, 0) + count.count
    return sorted(found.values(), key=lambda s: (s.month, -s.breaches - s.presumptions, s.organisation.code, s.rule))


def findings_statement(actor: Actor) -> sa.Select[Any]:
    """Findings with organisation, account, who logged the attempt and whether it was put right later."""
    later = aliased(ContactAttempt)
    return (
        visible(ConductFinding, actor)
        .join(Organisation, Organisation.id == ConductFinding.organisation_id)
        .join(Account, Account.id == ConductFinding.account_id)
        .join(ContactAttempt, ContactAttempt.id == ConductFinding.attempt_id)
        .outerjoin(User, User.id == ContactAttempt.logged_by)
        .outerjoin(later, later.corrects_id == ConductFinding.attempt_id)
        .add_columns(
            Organisation, Account.account_ref.label("account_ref"), ContactAttempt.channel.label("channel"),
            ContactAttempt.override_reason.label("override_reason"), User.name.label("who"),
            by_interface().label("by_interface"), later.id.label("corrected_by"),
        )
    )  # fmt: skip


def own_findings(actor: Actor) -> sa.Select[Any]:
    """Findings with the attempt, who logged it, and its account as far as the actor knows it still."""
    later = aliased(ContactAttempt)
    return (
        visible(ConductFinding, actor)
        .join(ContactAttempt, ContactAttempt.id == ConductFinding.attempt_id)
        .join(Placement, Placement.id == ContactAttempt.placement_id)
        .outerjoin(Account, Account.id == ContactAttempt.account_id)
        .outerjoin(User, User.id == ContactAttempt.logged_by)
        .outerjoin(later, later.corrects_id == ConductFinding.attempt_id)
        .add_columns(
            ContactAttempt, *account_reference(), User.name.label("who"), by_interface().label("by_interface"),
            later.id.label("corrected_by"),
        )
    )  # fmt: skip


def findings_of_log(actor: Actor, run_id: int) -> sa.Select[Any]:
    """The same against the attempts of one imported log."""
    # the second says what the first comes to, in the words of the index
    return own_findings(actor).where(
        ContactAttempt.import_run_id == run_id, ContactAttempt.verdict.in_((BREACH, PRESUMPTION))
    )


def attempt_for(session: Session, actor: Actor, attempt_id: int) -> Any:
    """An attempt with organisation, account, who logged it and its correction. Raises NotFound."""
    later = aliased(ContactAttempt)
    row = session.execute(
        visible(ContactAttempt, actor)
        .join(Organisation, Organisation.id == ContactAttempt.organisation_id)
        .join(Account, Account.id == ContactAttempt.account_id)
        .outerjoin(User, User.id == ContactAttempt.logged_by)
        .outerjoin(later, later.corrects_id == ContactAttempt.id)
        .add_columns(
            Organisation,
            Account.account_ref.label("account_ref"),
            User.name.label("who"),
            by_interface().label("by_interface"),
            later.id.label("corrected_by"),
        )
        .where(ContactAttempt.id == attempt_id)
    ).first()
    if row is None:
        raise NotFound
    return row
