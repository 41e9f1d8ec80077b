"""What attempts teach about a number or address: whether it serves, and what is unlearned when an entry is put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.models import ContactAttempt
from portal.contact.outcomes import OUTCOMES, Outcome
from portal.foundation.visibility import visible
from portal.portfolio.models import ContactPoint, ContactStatus

if TYPE_CHECKING:
    from portal.foundation.work import Work

__all__ = ["KEPT_AS", "learn_about_number", "taught_by", "unlearn_about_number"]

KEPT_AS = "point_status"  # under this name an attempt keeps what was known of the number before it
_LATER = aliased(ContactAttempt)


def taught_by(outcome: Outcome, party: str, relation: str) -> ContactStatus | None:
    """What an attempt says of the number by which it was made; None where it says nothing. `relation`: whose it was placed as."""
    if outcome.code == "dead_number":
        return ContactStatus.INVALID
    if outcome.code == "wrong_number":
        return ContactStatus.THIRD_PARTY
    return ContactStatus.VALID if outcome.contact and party == relation else None


def learn_about_number(point: ContactPoint | None, outcome: Outcome, party: str) -> None:
    """A number that proves wrong is marked, since the rules on third persons ask whether the debtor's own still serve."""
    taught = taught_by(outcome, party, point.relation) if point is not None else None
    if point is not None and taught is not None:
        point.status = taught


def unlearn_about_number(work: Work, old: ContactAttempt) -> None:
    """What an entry that is put right had taught is taken back to what was known before it, unless somebody has said otherwise
    since: the bank by a mark of its own, or the organisation by another entry that stands."""
    if old.contact_point_id is None:
        return
    point = work.session.scalar(visible(ContactPoint, work.actor).where(ContactPoint.id == old.contact_point_id))
    if point is None:
        return
    taught = taught_by(OUTCOMES[old.outcome], old.party, point.relation)
    if taught is None or point.status is not taught or _is_taught_since(work, old, point):
        return
    point.status = ContactStatus(old.decision.get(KEPT_AS, ContactStatus.UNCHECKED))


def _is_taught_since(work: Work, old: ContactAttempt, point: ContactPoint) -> bool:
    """Whether a later entry by the same number says something of it, and was not put right itself."""
    later = work.session.execute(
        visible(ContactAttempt, work.actor)
        .with_only_columns(ContactAttempt.outcome, ContactAttempt.party)
        .where(ContactAttempt.contact_point_id == point.id, ContactAttempt.customer_id == old.customer_id)
        .where(sa.or_(ContactAttempt.at > old.at, sa.and_(ContactAttempt.at == old.at, ContactAttempt.id > old.id)))
        .where(~sa.select(_LATER.id).where(_LATER.corrects_id == ContactAttempt.id).exists())
    )
    return any(taught_by(OUTCOMES[row.outcome], row.party, point.relation) is not None for row in later)
