"""Who may receive accounts of a kind in a currency on a day, with how much room, and what to be careful about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.placement.allocation import Receiver
from portal.placement.leaving_models import ExitState, OrganisationExit
from portal.placement.models import Placement
from portal.vendors.models import ContractVersion, PlacementKind
from portal.vendors.queries import standing_of, valid_versions

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.vendors.standing import Standing

__all__ = ["PossibleReceiver", "possible_receivers"]


@dataclass(frozen=True)
class PossibleReceiver:
    """An organisation with a contract that holds on the day. `room`: accounts that still fit (None: no limit)."""

    organisation: Organisation
    version: ContractVersion
    held: int
    held_minor: int
    standing: Standing
    on_date: date

    @property
    def id(self) -> int:
        return self.organisation.id

    @property
    def room(self) -> int | None:
        """What the contract's capacity leaves beside the live placements of this kind."""
        capacity = self.version.capacity_accounts
        return None if capacity is None else max(capacity - self.held, 0)

    @property
    def room_minor(self) -> int | None:
        """The amount that the contract's capacity leaves beside what was placed and lives, in minor units."""
        capacity = self.version.capacity_minor
        return None if capacity is None else max(capacity - self.held_minor, 0)

    @property
    def may_receive(self) -> bool:
        """Whether anything may be placed here: licence and insurance hold, it has begun and does not leave."""
        return self.standing.may_receive

    def as_receiver(self) -> Receiver:
        """As the pure rules know it."""
        return Receiver(
            self.id,
            self.organisation.code,
            room_accounts=self.room,
            room_minor=self.room_minor,
            regions=self.standing.regions or None,
            buckets=self.standing.buckets or None,
            licence_until=self.standing.valid_until,
            term_days=self.version.term_days,
        )

    @property
    def warning(self) -> Message | None:
        """Why nothing may be placed here, what ends before these placements do, or what ends soon."""
        if self.standing.reason is not None:
            return self.standing.reason.words
        for ending in self.standing.endings[:1]:
            if ending.day < self.on_date + timedelta(days=self.version.term_days):
                return say(
                    "the %(paper)s ends on %(day)s, before these placements do", paper=ending.what, day=ending.day
                )
        return self.standing.warnings[0] if self.standing.warnings else None


def possible_receivers(
    session: Session, actor: Actor, kind: PlacementKind, currency: str, on_date: date
) -> list[PossibleReceiver]:
    """Organisations with a valid contract version of the kind and currency, by code; where one has several contracts,
    the newest counts."""
    versions: dict[int, ContractVersion] = {}
    for version in session.scalars(valid_versions(kind, currency, on_date)):
        versions.setdefault(version.organisation_id, version)
    if not versions:
        return []
    held = {
        organisation_id: (accounts, int(minor))
        for organisation_id, accounts, minor in session.execute(
            sa.select(Placement.organisation_id, sa.func.count(), sa.func.sum(Placement.placed_total_minor))
            .where(Placement.ended_at.is_(None), Placement.kind == kind, Placement.currency == currency)
            .group_by(Placement.organisation_id)
        )
    }
    organisations = session.scalars(
        visible(Organisation, actor)
        .where(Organisation.id.in_(versions), Organisation.active, ~_leaves())
        .order_by(Organisation.code)
    )
    standings = standing_of(session, actor, versions, on_date)
    return [
        PossibleReceiver(o, versions[o.id], *held.get(o.id, (0, 0)), standings[o.id], on_date) for o in organisations
    ]


def _leaves() -> sa.ColumnElement[bool]:
    """Whether an exit of the organisation is approved: nothing is placed with it any more."""
    return sa.exists().where(
        OrganisationExit.organisation_id == Organisation.id,
        OrganisationExit.state.in_((ExitState.APPROVED, ExitState.RUNNING, ExitState.DONE)),
    )
