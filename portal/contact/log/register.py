"""What is on file of an organisation, for the checks of its log: accounts placed, contact points, attempts, staff, evidence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.log.rows import KnownAttempt, PlacedAccount
from portal.contact.models import ContactAttempt, EvidenceFile
from portal.foundation.services import services
from portal.foundation.visibility import actor_of, visible
from portal.identity.models import User
from portal.placement.models import Placement
from portal.portfolio.models import Account, ContactKind, ContactPoint, Customer
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.orm import Session

__all__ = ["AgencyRegister"]


class AgencyRegister:
    """Reads as the session's actor: an agency does not see accounts that have gone back, the bank sees all of its windows."""

    def __init__(self, session: Session, organisation_id: int) -> None:
        self._session = session
        self._actor = actor_of(session)
        self._organisation_id = organisation_id

    def accounts(self, refs: Collection[str]) -> Mapping[str, Sequence[PlacedAccount]]:
        """The windows of those of these accounts that are or were with it for collection."""
        rows = self._session.execute(
            visible(Placement, self._actor)
            .join(Account, Account.id == Placement.account_id)
            .join(Customer, Customer.id == Account.customer_id)
            .where(
                Placement.organisation_id == self._organisation_id,
                Placement.kind == PlacementKind.COLLECTION,
                Placement.accepted_at.is_not(None),
                Account.account_ref.in_(refs),
            )
            .with_only_columns(
                Account.account_ref, Account.id, Account.customer_id, Placement.id, Placement.accepted_at,
                Placement.ended_at, Account.currency, Account.total_minor, Placement.placed_total_minor,
                Account.region, Customer.time_zone,
            )
            .order_by(Placement.accepted_at.desc())
        )  # fmt: skip
        found: defaultdict[str, list[PlacedAccount]] = defaultdict(list)
        for ref, account, customer, placement, begins, ends, currency, total, placed, region, zone in rows:
            owed = max(total, placed)
            found[ref].append(PlacedAccount(account, customer, placement, begins, ends, currency, owed, region, zone))
        return found

    def points(
        self, wanted: Collection[tuple[int, ContactKind, str]]
    ) -> Mapping[tuple[int, ContactKind, str], tuple[int, str]]:
        """Keys and relations of those of these contact points that are on file."""
        vault = services().vault
        by_hash = {(customer, kind, vault.fingerprint(kind.value, value)): value for customer, kind, value in wanted}
        rows = self._session.scalars(
            visible(ContactPoint, self._actor).where(
                ContactPoint.customer_id.in_({customer for customer, _, _ in by_hash}),
                ContactPoint.value_hash.in_({mark for _, _, mark in by_hash}),
            )
        )
        found = {}
        for point in rows:
            value = by_hash.get((point.customer_id, point.kind, bytes(point.value_hash)))
            if value is not None:
                found[point.customer_id, point.kind, value] = (point.id, point.relation)
        return found

    def attempts(self, refs: Collection[str]) -> Mapping[str, KnownAttempt]:
        """Those of these attempts that were logged before."""
        later = aliased(ContactAttempt)
        rows = self._session.execute(
            visible(ContactAttempt, self._actor)
            .outerjoin(later, later.corrects_id == ContactAttempt.id)
            .where(ContactAttempt.organisation_id == self._organisation_id, ContactAttempt.attempt_ref.in_(refs))
            .with_only_columns(
                ContactAttempt.attempt_ref, ContactAttempt.id, ContactAttempt.account_id, ContactAttempt.outcome,
                ContactAttempt.channel, ContactAttempt.at, ContactAttempt.content_hash, later.id,
            )
        )  # fmt: skip
        return {
            ref: KnownAttempt(key, account, outcome, channel.value, at, bytes(mark) if mark else None, bool(corrected))
            for ref, key, account, outcome, channel, at, mark, corrected in rows
        }

    def staff(self) -> Mapping[str, int]:
        """Its people by user name, whoever has left included: a log may be of last week."""
        mine = visible(User, self._actor).where(User.organisation_id == self._organisation_id)
        return {
            name.lower(): key for name, key in self._session.execute(mine.with_only_columns(User.user_name, User.id))
        }

    def evidence(self, names: Collection[str]) -> Collection[str]:
        """Those of these names of which a file is kept."""
        kept = visible(EvidenceFile, self._actor).where(
            EvidenceFile.organisation_id == self._organisation_id, EvidenceFile.name.in_(names)
        )
        return set(self._session.scalars(kept.with_only_columns(sa.distinct(EvidenceFile.name))))
