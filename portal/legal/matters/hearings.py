"""Hearings: fixed, moved, held, cancelled. The row says how it stands; each event stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Refused
from portal.foundation.free_text import check_free_text, given_reason
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.legal.matters import queries
from portal.legal.matters.course import Said, append_step, plain
from portal.legal.matters.models import Hearing, HearingEvent, HearingKind, HearingState
from portal.legal.matters.stages import Stage, may_follow

if TYPE_CHECKING:
    from datetime import date, datetime

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.foundation.work import Work
    from portal.legal.matters.models import Matter

__all__ = ["Summons", "cancel_hearing", "cancel_open", "fix_hearing", "hold_hearing", "move_hearing"]

LONGEST_PLACE, LONGEST_NOTE = 120, 400
FURTHEST = timedelta(days=3 * 366)  # ahead: what lies behind that is a slip of the pen


@dataclass(frozen=True)
class Summons:
    """When and where one is called to; `starts_at` as an instant."""

    starts_at: datetime
    court: str
    room: str = ""
    note: str = ""


def fix_hearing(actor: Actor, matter_id: int, kind: HearingKind, summons: Summons) -> int:
    """The court has fixed a day; the hearing's id. NotFound; Refused before the claim is filed and when the matter is closed;
    DomainError naming the field. What lies in the past may be entered too."""
    demand(actor, Permission.MATTERS_RUN)
    with transaction(actor) as work:
        matter = queries.matter_for(work.session, actor, matter_id, lock=True)
        if matter.stage in (Stage.PREPARED, Stage.CLOSED):
            words = say("A court hears a matter from its filing until it is closed.")
            raise Refused("hearing.not_in_court", words)
        _check(work, matter.id, summons)
        hearing = Hearing(
            matter_id=matter.id, organisation_id=matter.organisation_id, kind=kind, starts_at=summons.starts_at,
            court=summons.court.strip(), room=summons.room.strip(), state=HearingState.FIXED, made_at=work.now,
            changed_at=work.now, edition=0,
        )  # fmt: skip
        work.session.add(hearing)
        work.session.flush()
        _note(work, hearing, summons.note)
        return hearing.id


def move_hearing(actor: Actor, matter_id: int, hearing_id: int, summons: Summons) -> bool:
    """Another time or room; whether that is new. NotFound; Refused for one that was held or cancelled; DomainError naming the
    field."""
    demand(actor, Permission.MATTERS_RUN)
    with transaction(actor) as work:
        hearing = _open_one(work, matter_id, hearing_id)
        _check(work, hearing.matter_id, summons)
        before = (hearing.starts_at, hearing.court, hearing.room)
        after = (summons.starts_at, summons.court.strip(), summons.room.strip())
        if before == after:
            return False
        hearing.starts_at, hearing.court, hearing.room = after
        _change(work, hearing, HearingState.MOVED, summons.note)
        return True


def hold_hearing(actor: Actor, matter_id: int, hearing_id: int, note: str = "") -> None:
    """It took place. A court hearing takes the matter to that stage, where it can come there and was not brought there by hand.
    NotFound; Refused before its time and for one that is over."""
    demand(actor, Permission.MATTERS_RUN)
    check_free_text(note, LONGEST_NOTE, "hearing.note", "note")
    with transaction(actor) as work:
        matter = queries.matter_for(work.session, actor, matter_id, lock=True)
        hearing = _open_one(work, matter_id, hearing_id)
        if hearing.starts_at > work.now:
            raise Refused("hearing.to_come", say("This hearing is still to come."))
        early = _before_filing(work, matter.id, hearing.starts_at)
        if early is not None:
            raise Refused("hearing.early", early)
        _change(work, hearing, HearingState.HELD, note.strip())
        on = _day_of(hearing.starts_at)
        if hearing.kind is HearingKind.TRIAL and _can_be_heard(work, matter, on):
            append_step(work, matter, Said(Stage.HEARING, on, hearing.court))


def cancel_hearing(actor: Actor, matter_id: int, hearing_id: int, reason: str) -> None:
    """It does not take place. NotFound; Refused for one that is over; DomainError without a reason."""
    demand(actor, Permission.MATTERS_RUN)
    reason = given_reason(reason, LONGEST_NOTE, "hearing.reason", say("Say why it does not take place."))
    with transaction(actor) as work:
        _change(work, _open_one(work, matter_id, hearing_id), HearingState.CANCELLED, reason)


def cancel_open(work: Work, matter: Matter) -> None:
    """A matter that is closed is not heard any more."""
    wanted = visible(Hearing, work.actor).where(
        Hearing.matter_id == matter.id, Hearing.state.in_(queries.AHEAD), Hearing.starts_at > work.now
    )
    for hearing in work.session.scalars(wanted.order_by(Hearing.id)).all():
        _change(
            work, hearing, HearingState.CANCELLED, ""
        )  # no reason of its own: the page says that the matter was closed


# --- what several of these need -----------------------------------------------------------------------------------------


def _can_be_heard(work: Work, matter: Matter, on: date) -> bool:
    course = queries.course_of(queries.steps_of(work.session, work.actor, matter.id))
    heard = any(row.stage is Stage.HEARING and row.happened_on == on for row in course)
    return not heard and course[-1].happened_on <= on and Stage.HEARING in may_follow(plain(course))


def _open_one(work: Work, matter_id: int, hearing_id: int) -> Hearing:
    matter = queries.matter_for(work.session, work.actor, matter_id, lock=True)
    hearing = queries.hearing_for(work.session, work.actor, matter.id, hearing_id)
    if hearing.state not in queries.AHEAD:
        raise Refused("hearing.over", say("This hearing was held or cancelled already."))
    return hearing


def _before_filing(work: Work, matter_id: int, at: datetime) -> Message | None:
    """That no court hears what it does not have yet; None where it can have been so."""
    course = queries.course_of(queries.steps_of(work.session, work.actor, matter_id))
    filed = next((row.happened_on for row in course if row.stage is Stage.FILED), None)
    if filed is None or _day_of(at) >= filed:
        return None
    return say("The claim was filed on %(day)s; no court hears it before.", day=filed)


def _day_of(at: datetime) -> date:
    return at.astimezone(ZoneInfo(services().clock.time_zone)).date()


def _check(work: Work, matter_id: int, summons: Summons) -> None:
    early = _before_filing(work, matter_id, summons.starts_at)
    if early is not None:
        raise DomainError("hearing.early", early, field="starts_at")
    if summons.starts_at > work.now + FURTHEST:
        raise DomainError("hearing.far", say("This lies too far ahead."), field="starts_at")
    for field, text in (("court", summons.court), ("room", summons.room)):
        if len(text.strip()) > LONGEST_PLACE:
            words = say("Say it in at most %(most)s characters.", most=LONGEST_PLACE)
            raise DomainError(f"hearing.{field}", words, field=field)
    if not summons.court.strip():
        raise DomainError("hearing.court", say("Say which court it is."), field="court")
    check_free_text(summons.note, LONGEST_NOTE, "hearing.note", "note")


def _change(work: Work, hearing: Hearing, state: HearingState, note: str) -> None:
    hearing.state, hearing.edition, hearing.changed_at = state, hearing.edition + 1, work.now
    work.session.flush()
    _note(work, hearing, note)


def _note(work: Work, hearing: Hearing, note: str) -> None:
    work.session.add(
        HearingEvent(
            hearing_id=hearing.id, organisation_id=hearing.organisation_id, state=hearing.state, starts_at=hearing.starts_at,
            court=hearing.court, room=hearing.room, note=note.strip(), by_user_id=work.actor.user_id or 0,
            by_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    after = {"matter": hearing.matter_id, "starts_at": hearing.starts_at.isoformat(), "court": hearing.court}
    work.audit(
        f"legal.hearing_{hearing.state.value}", hearing, after=after | {"room": hearing.room or None}, reason=note
    )
