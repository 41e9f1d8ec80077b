"""The course of a matter as rows: what somebody says of a stage, checked by the rules and written beside what stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError

from portal.foundation.errors import DomainError, Refused
from portal.foundation.free_text import check_free_text
from portal.foundation.language import say
from portal.foundation.money import Money, parse_amount
from portal.foundation.services import services
from portal.legal.matters.flaws import PARTS, error_of
from portal.legal.matters.models import MatterStep
from portal.legal.matters.queries import course_of, placement_of, steps_of
from portal.legal.matters.stages import Limits, Outcome, Stage, Step, fault_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from portal.foundation.work import Work
    from portal.legal.matters.models import Matter
    from portal.placement.models import Placement

__all__ = [
    "LONGEST_CASE_NO", "LONGEST_COURT", "LONGEST_NOTE", "Said", "add_row", "amount_of", "append_step", "as_data", "check_course",
    "flush_open", "limits_of", "plain", "row_of", "short", "take_over", "taken_on",
]  # fmt: skip

LONGEST_COURT, LONGEST_CASE_NO, LONGEST_NOTE = 120, 64, 400


@dataclass(frozen=True)
class Said:
    """A stage that a matter came to. `awarded`: amounts as written (principal, interest, fees, costs), all empty where the step
    says none; one that is empty beside others is nothing."""

    stage: Stage
    on: date
    court: str = ""
    case_no: str = ""
    note: str = ""
    outcome: Outcome | None = None
    awarded: tuple[str, str, str, str] = ("", "", "", "")


def append_step(work: Work, matter: Matter, said: Said) -> MatterStep:
    """The matter, which is locked, came to a stage: the row that says so. DomainError naming the field."""
    course = course_of(steps_of(work.session, work.actor, matter.id))
    row = row_of(matter, said)
    check_course(work, matter, [*course, row], len(course))
    add_row(work, matter, row)
    take_over(work, matter, [*course, row])
    work.audit("legal.matter_step", matter, after=as_data(row))
    return row


def row_of(matter: Matter, said: Said) -> MatterStep:
    """What was said, as a row. DomainError naming the field."""
    check_free_text(said.note, LONGEST_NOTE, "matter.note", "note")
    row = MatterStep(
        stage=said.stage, happened_on=said.on, court=short(said.court, LONGEST_COURT, "court"),
        case_no=short(said.case_no, LONGEST_CASE_NO, "case_no"), note=said.note.strip(), outcome=said.outcome,
    )  # fmt: skip
    if any(text.strip() for text in said.awarded):
        for part, text in zip(PARTS, said.awarded, strict=True):
            setattr(row, f"awarded_{part}_minor", amount_of(text, matter.currency, part) if text.strip() else 0)
    return row


def add_row(work: Work, matter: Matter, row: MatterStep) -> None:
    """Write it, with who says it and when."""
    row.matter_id, row.organisation_id, row.at = matter.id, matter.organisation_id, work.now
    row.by_user_id, row.by_name = work.actor.user_id or 0, work.actor.name
    work.session.add(row)
    work.session.flush()


def plain(rows: Sequence[MatterStep]) -> list[Step]:
    """Rows as the rules know steps."""
    return [Step(row.stage, row.happened_on, row.court, row.case_no, row.outcome, _awarded(row)) for row in rows]


def _awarded(row: MatterStep) -> tuple[int, int, int, int] | None:
    principal, interest = row.awarded_principal_minor, row.awarded_interest_minor
    fees, costs = row.awarded_fees_minor, row.awarded_costs_minor
    return None if principal is None else (principal, interest or 0, fees or 0, costs or 0)


def check_course(work: Work, matter: Matter, rows: Sequence[MatterStep], place: int) -> None:
    """DomainError where a course cannot have been so; `place`: what was said just now."""
    steps, limits = plain(rows), limits_of(work, matter)
    fault = fault_in(steps, work.today, limits)
    if fault is not None:
        raise error_of(fault, steps, place, limits)


def limits_of(work: Work, matter: Matter) -> Limits:
    """What a matter's course cannot go beyond."""
    since = taken_on(placement_of(work.session, work.actor, matter))
    return Limits(since, Money(matter.claimed_minor, matter.currency))


def taken_on(placement: Placement) -> date | None:
    """The day on which the firm accepted an account, by the bank's clock: before it the firm could not know of it."""
    zone = ZoneInfo(services().clock.time_zone)
    return placement.accepted_at.astimezone(zone).date() if placement.accepted_at else None


def take_over(work: Work, matter: Matter, course: Sequence[MatterStep]) -> None:
    """What lists show of a matter is what stands of its course."""
    last = course[-1]
    matter.stage, matter.stage_on, matter.outcome = last.stage, last.happened_on, last.outcome
    matter.court = next((row.court for row in reversed(course) if row.court), "")
    matter.case_no = next((row.case_no for row in reversed(course) if row.case_no), "")
    flush_open(work)


def flush_open(work: Work) -> None:
    """Write. The database lets a firm have one open matter about an account: Refused for a second."""
    try:
        work.session.flush()
    except IntegrityError as error:
        words = say("Your firm has an open matter about this account already.")
        raise Refused("matter.open_already", words) from error


def amount_of(written: str, currency: str, field: str) -> int:
    """An amount as written, in minor units. DomainError naming the field."""
    try:
        return parse_amount(written.strip(), currency)
    except ValueError as error:
        words = say("Write the amount as 1234.50, with no more digits than the currency has.")
        raise DomainError("matter.amount", words, field=field) from error


def short(text: str, most: int, field: str) -> str:
    """Of a court and a case number, which may well look like the number of a card."""
    if len(text.strip()) > most:
        raise DomainError(f"matter.{field}", say("Say it in at most %(most)s characters.", most=most), field=field)
    return text.strip()


def as_data(row: MatterStep) -> dict[str, Any]:
    """A row for the audit trail."""
    said = {
        "stage": row.stage.value, "on": row.happened_on.isoformat(), "court": row.court or None,
        "case_no": row.case_no or None, "outcome": row.outcome.value if row.outcome else None, "note": row.note or None,
    }  # fmt: skip
    awarded = _awarded(row)
    return said | ({"awarded_minor": list(awarded)} if awarded else {})
