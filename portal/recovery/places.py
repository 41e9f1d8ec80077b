"""The placements of accounts as the rules of attribution ask for them, each with the clauses of its contract version."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from portal.contact.models import ContactAttempt
from portal.contact.outcomes import OUTCOMES
from portal.foundation.bulk import among
from portal.foundation.language import Named
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.placement.tail import earns_until
from portal.recovery.attribution import Clauses, Place, Window, grace_until, read_clauses
from portal.vendors.models import ContractVersion, PlacementKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.recovery.attribution import Credit

__all__ = ["EXCLUDING_KINDS", "Held", "Terms", "holder_of", "places_of", "terms_of_versions"]

EXCLUDING_KINDS = (PlacementKind.COLLECTION, PlacementKind.LITIGATION)  # letters run beside them and take no credit


class Held(NamedTuple):
    """A placement as the rules see it, with what is kept beside a decision. `placed_minor`: what was owed when it began."""

    place: Place
    organisation_id: int
    organisation_name: Named
    batch_id: int
    placed_minor: int
    terms: Terms


class Terms(NamedTuple):
    """What a contract version says of attribution. `tail`: as a plan says it, `{"days"}` or `{"months"}`."""

    clauses: Clauses
    tail: Mapping[str, int] | None


def terms_of_versions(session: Session, version_ids: Collection[int]) -> dict[int, Terms]:
    """The terms of these contract versions: a few, however many placements are under them."""
    rows = session.execute(
        sa.select(ContractVersion.id, ContractVersion.plan, ContractVersion.clauses).where(
            ContractVersion.id.in_(version_ids)
        )
    )
    return {
        version_id: Terms(read_clauses(plan, (clauses or {}).get("recovery") or {}), plan.get("tail"))
        for version_id, plan, clauses in rows
    }


def places_of(session: Session, account_ids: Collection[int]) -> dict[int, list[Held]]:
    """All placements of these accounts that exclude others, whoever held them."""
    rows = session.execute(
        sa.select(
            Placement.account_id, Placement.id, Placement.placed_on, Placement.ended_on, Placement.organisation_id,
            Placement.batch_id, Placement.placed_total_minor, Organisation.name, Organisation.name_en,
            Placement.reverse, Placement.contract_version_id,
        )
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .where(among(session, Placement.account_id, account_ids), Placement.kind.in_(EXCLUDING_KINDS))
    ).all()  # fmt: skip
    terms = terms_of_versions(session, {row.contract_version_id for row in rows})
    asked = [row.id for row in rows if terms[row.contract_version_id].clauses.exclude_before_contact]
    contacts = _first_contacts(session, asked) if asked else {}
    found: dict[int, list[Held]] = defaultdict(list)
    for (
        account_id,
        placement_id,
        placed_on,
        ended_on,
        organisation_id,
        batch_id,
        placed,
        name,
        name_en,
        reverse,
        version,
    ) in rows:
        clauses, tail = terms[version]
        last = first = None
        if ended_on is not None and not reverse:  # what was placed in error earns nothing after its end
            last, first = earns_until(ended_on, tail), grace_until(ended_on, clauses.grace_days)
        named = Named(name, name_en or "")
        place = Place(Window(placement_id, placed_on, ended_on, last, first), clauses, contacts.get(placement_id))
        found[account_id].append(Held(place, organisation_id, named, batch_id, placed, terms[version]))
    return found


def holder_of(credit: Credit, places: Sequence[Held]) -> Held | None:
    """The placement that a decision names; None where it names none, or only the one nearest to the date."""
    if not credit.names_placement:
        return None
    return next(held for held in places if held.place.window == credit.window)


def _first_contacts(session: Session, placement_ids: Collection[int]) -> dict[int, date]:
    """The day of each placement's first contact with a person, where the debtor is; entries that were put right later do not
    count."""
    corrected = sa.select(ContactAttempt.corrects_id).where(ContactAttempt.corrects_id.is_not(None))
    rows = session.execute(
        sa.select(ContactAttempt.placement_id, sa.func.min(ContactAttempt.local_date))
        .where(ContactAttempt.placement_id.in_(placement_ids), ContactAttempt.outcome.in_(contact_outcomes()))
        .where(ContactAttempt.id.not_in(corrected.where(ContactAttempt.placement_id.in_(placement_ids))))
        .group_by(ContactAttempt.placement_id)
    )
    return {placement_id: day for placement_id, day in rows}  # noqa: C416  # rows are no pairs to the type checker


@lru_cache(maxsize=1)
def contact_outcomes() -> tuple[str, ...]:
    """Codes of outcomes with which a person was reached (reference/files.md)."""
    return tuple(code for code, outcome in OUTCOMES.items() if outcome.contact)
