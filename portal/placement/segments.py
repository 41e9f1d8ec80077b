"""Saved segments: a question to the book under a name, kept, changed and archived by the vendor manager.

A segment is the accounts of a run's criteria without its kind and its seed. A run made from it freezes a copy, so changing
or archiving a segment changes no run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Refused
from portal.foundation.language import say
from portal.foundation.work import transaction
from portal.placement.conditions import Conditions
from portal.placement.criteria import PLACEABLE_BUCKETS, Criteria
from portal.placement.segment_models import Segment
from portal.placement.segment_queries import segment_for, taken_names
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["archive_segment", "change_segment", "save_segment", "seed_segments", "usual_segments"]

LONGEST_NAME = 80
LONGEST_NOTE = 400
NEAR_LIMITATION_DAYS = 915  # two and a half years: in China half a year is left


def save_segment(actor: Actor, name: str, criteria: Criteria, note: str = "") -> int:
    """Keep a question under a name; the segment's id. DomainError naming the field for a name that another segment has,
    and for criteria that cannot be meant."""
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    name, note = _check(name, note)
    with transaction(actor) as work:
        segment = Segment(
            name=name, data=_data(criteria), note=note, version=1, made_by=actor.user_id, made_at=work.now,
            changed_by=actor.user_id, changed_at=work.now,
        )  # fmt: skip
        work.session.add(segment)
        _flush(work, name)
        work.audit("placement.segment_made", segment, after=_facts(segment))
        return segment.id


def change_segment(actor: Actor, segment_id: int, version: int, name: str, criteria: Criteria, note: str = "") -> None:
    """Change what the person saw as `version`; the same again changes nothing.

    Refused where somebody else has changed or archived it meanwhile; DomainErrors as for `save_segment`.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    name, note = _check(name, note)
    with transaction(actor) as work:
        segment = segment_for(work.session, actor, segment_id, lock=True)
        _refuse_archived(segment)
        if segment.version != version:
            words = say(
                "Somebody else has changed this segment meanwhile. Look at it first: saving again writes this over it."
            )
            raise Refused("segment.changed", words)
        before = _facts(segment)
        segment.name, segment.note, segment.data = name, note, _data(criteria)
        if _facts(segment) == before:
            return
        segment.version += 1
        segment.changed_by, segment.changed_at = actor.user_id, work.now
        _flush(work, name)
        work.audit("placement.segment_changed", segment, before=before, after=_facts(segment))


def archive_segment(actor: Actor, segment_id: int) -> None:
    """Offer a segment no longer; its name is free again. Archived again it changes nothing."""
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        segment = segment_for(work.session, actor, segment_id, lock=True)
        if segment.archived_at is not None:
            return
        segment.archived_at = work.now
        segment.changed_by, segment.changed_at = actor.user_id, work.now
        work.audit("placement.segment_archived", segment, before=_facts(segment), after={"archived": True})


def seed_segments(actor: Actor, currency: str, large_minor: int) -> list[int]:
    """Segments that a bank begins with; `large_minor`: from which balance one is large. Those whose name there is already
    stay as they are. The ids of the new ones."""
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        there = taken_names(work.session, actor)
    wanted = usual_segments(currency, large_minor)
    return [save_segment(actor, name, criteria) for name, criteria in wanted.items() if name not in there]


def usual_segments(currency: str, large_minor: int) -> dict[str, Criteria]:
    """Early, middle and late debts, large ones, and those that it soon is too late to sue for."""

    def of(*buckets: str, **given: Any) -> Criteria:
        limits = {name: given.pop(name) for name in ("from_minor",) if name in given}
        return Criteria(PlacementKind.COLLECTION, currency, buckets, conditions=Conditions(**given), **limits)

    return {
        "M1 early 早期": of("M1"),
        "M2-M3 never placed 未委案": of("M2", "M3", rounds_to=0),
        "M4-M6 second round 二手": of("M4", "M5", "M6", rounds_from=1, rounds_to=1),
        "Large balances 大额": of(*PLACEABLE_BUCKETS, from_minor=large_minor),
        "Long overdue, near limitation 临近时效": of("M7+", days_from=NEAR_LIMITATION_DAYS),
    }


def _check(name: str, note: str) -> tuple[str, str]:
    name, note = name.strip(), note.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        words = say("A segment needs a name of at most %(most)s characters.", most=LONGEST_NAME)
        raise DomainError("segment.name", words, field="name")
    if len(note) > LONGEST_NOTE or "\0" in note:
        words = say("Say it in at most %(most)s characters.", most=LONGEST_NOTE)
        raise DomainError("segment.note", words, field="note")
    return name, note


def _data(criteria: Criteria) -> dict[str, Any]:
    return {"currency": criteria.currency} | criteria.check().as_data()


def _flush(work: Work, name: str) -> None:
    """To the database, which knows of every name, also of one that somebody gives at this moment."""
    try:
        work.session.flush()
    except IntegrityError as error:
        words = say("There is a segment named “%(name)s” already. Choose another name.", name=name)
        raise DomainError("segment.name_taken", words, field="name") from error


def _refuse_archived(segment: Segment) -> None:
    if segment.archived_at is not None:
        raise Refused("segment.archived", say("This segment is archived, so it is not changed any more."))


def _facts(segment: Segment) -> dict[str, Any]:
    return {"name": segment.name, "note": segment.note, "version": segment.version, "data": segment.data}
