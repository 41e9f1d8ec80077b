"""Matters: opened for an account that is placed for litigation, taken from stage to stage, closed with what came of it. Nothing
that was said is edited: a correction is one more row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import Permission, demand
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation, User
from portal.legal.matters import queries
from portal.legal.matters.course import (
    LONGEST_COURT,
    LONGEST_NOTE,
    add_row,
    amount_of,
    append_step,
    as_data,
    check_course,
    flush_open,
    limits_of,
    plain,
    row_of,
    short,
    take_over,
    taken_on,
)
from portal.legal.matters.flaws import PARTS, error_of, not_placed_yet
from portal.legal.matters.following import follow
from portal.legal.matters.hearings import cancel_open
from portal.legal.matters.models import Matter, MatterStep
from portal.legal.matters.stages import Stage, fault_in
from portal.legal.queries import lawyers
from portal.portfolio.models import Account
from portal.portfolio.queries import account_for

if TYPE_CHECKING:
    from datetime import date

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.legal.matters.course import Said
    from portal.placement.models import Placement

__all__ = ["Opening", "add_step", "assign_lawyer", "correct_step", "open_matter", "still_placed", "take_back_step"]


@dataclass(frozen=True)
class Opening:
    """What is sued for, as written in the account's currency; who handles it; which court will have it, where that is known;
    since when the firm works on it."""

    claimed: str
    lawyer_id: int
    opened_on: date
    court: str = ""


def open_matter(actor: Actor, account_id: int, wanted: Opening) -> int:
    """Begin a suit for an account that the actor's firm holds for litigation; the matter's id.

    A placement for letters is not enough: an agency may be collecting the account meanwhile, and collection and litigation
    exclude each other. NotFound for an account that the firm does not hold; Refused without such a placement and while
    another matter of the firm is open about it; DomainError naming the field.
    """
    demand(actor, Permission.MATTERS_RUN)
    with transaction(actor) as work:
        account = account_for(work.session, actor, account_id)
        placement = queries.placement_for_suit(work.session, actor, account_id)
        if placement is None:
            words = say("The account is not placed with your firm for litigation.")
            raise Refused("matter.not_placed", words)
        claimed = amount_of(wanted.claimed, account.currency, "claimed")
        if claimed <= 0:
            raise DomainError("matter.claimed", say("What is sued for is more than nothing."), field="claimed")
        lawyer = _lawyer(work, wanted.lawyer_id)
        court = short(wanted.court, LONGEST_COURT, "court")
        if wanted.opened_on > work.today:
            raise DomainError("matter.future", say("The day is still to come."), field="opened_on")
        since = taken_on(placement)
        if since and wanted.opened_on < since:
            raise DomainError("matter.unplaced", not_placed_yet(since), field="opened_on")
        matter = _write(work, account, placement, claimed, lawyer, court, wanted.opened_on)
        first = MatterStep(stage=Stage.PREPARED, happened_on=wanted.opened_on, court=court)
        add_row(work, matter, first)
        after = {"number": matter.number, "account": account.account_ref, "claimed_minor": claimed, "lawyer": lawyer.id}
        work.audit("legal.matter_opened", matter, after=after | {"on": wanted.opened_on.isoformat()})
        return matter.id


def add_step(actor: Actor, matter_id: int, said: Said) -> None:
    """The matter came to a stage. NotFound for a matter that is not the firm's; Refused where the account has gone back (then
    it can only be closed); DomainError naming the field for what cannot be."""
    demand(actor, Permission.MATTERS_RUN)
    with transaction(actor) as work:
        matter = queries.matter_for(work.session, actor, matter_id, lock=True)
        if said.stage is not Stage.CLOSED and not still_placed(work, matter):
            words = say("The bank has taken the account back. The matter can only be closed now.")
            raise Refused("matter.gone_back", words)
        follow(work, matter, append_step(work, matter, said))
        if said.stage is Stage.CLOSED:
            cancel_open(work, matter)


def correct_step(actor: Actor, matter_id: int, step_id: int, said: Said) -> bool:
    """What was said of a step was not right, this is; whether that is new. Only the latest row about a step is corrected.

    NotFound; Refused where that row was corrected already; DomainError as `add_step`, also where a later step would not be
    right any more.
    """
    demand(actor, Permission.MATTERS_RUN)
    with transaction(actor) as work:
        matter, course, place = _standing(work, matter_id, step_id)
        if (course[place].stage is Stage.PREPARED) != (said.stage is Stage.PREPARED):
            words = say("A matter begins with its preparation, and with nothing else.")
            raise DomainError("matter.first", words, field="stage")
        before, row = course[place], row_of(matter, said)
        row.corrects_id = before.id
        if as_data(before) == as_data(row):
            return False
        corrected = [*course[:place], row, *course[place + 1 :]]
        check_course(work, matter, corrected, place)
        add_row(work, matter, row)
        take_over(work, matter, corrected)
        work.audit("legal.matter_step_corrected", matter, before=as_data(before), after=as_data(row))
        follow(work, matter, row)
        return True


def take_back_step(actor: Actor, matter_id: int, step_id: int, reason: str) -> None:
    """The matter did not come to that stage at all. NotFound; Refused as `correct_step`, for the beginning, and where a step
    behind it would not be right any more."""
    demand(actor, Permission.MATTERS_RUN)
    reason = given_reason(reason, LONGEST_NOTE, "matter.reason", say("Say why it was not so."))
    with transaction(actor) as work:
        matter, course, place = _standing(work, matter_id, step_id)
        before = course[place]
        if place == 0:
            raise Refused("matter.first", say("A matter begins with its preparation, and with nothing else."))
        rest = [*course[:place], *course[place + 1 :]]
        limits = limits_of(work, matter)
        fault = fault_in(plain(rest), work.today, limits)
        if fault is not None:
            raise Refused("matter.needed", error_of(fault, plain(rest), -1, limits).message)
        names = ("stage", "happened_on", "court", "case_no", "outcome", *(f"awarded_{part}_minor" for part in PARTS))
        row = MatterStep(**{name: getattr(before, name) for name in names}, note=reason, corrects_id=before.id)
        row.taken_back = True
        add_row(work, matter, row)
        take_over(work, matter, rest)
        work.audit("legal.matter_step_taken_back", matter, before=as_data(before), reason=reason)
        follow(work, matter, row)


def assign_lawyer(actor: Actor, matter_id: int, lawyer_id: int) -> None:
    """From now on this lawyer of the firm handles it. NotFound; DomainError for somebody without a licence that is valid."""
    demand(actor, Permission.MATTERS_RUN)
    with transaction(actor) as work:
        matter = queries.matter_for(work.session, actor, matter_id, lock=True)
        lawyer = _lawyer(work, lawyer_id)
        before, matter.lawyer_id = matter.lawyer_id, lawyer.id
        if before != lawyer.id:
            work.audit("legal.matter_lawyer", matter, before={"lawyer": before}, after={"lawyer": lawyer.id})


def still_placed(work: Work, matter: Matter) -> bool:
    """Whether the firm still holds the account for litigation."""
    return queries.placement_of(work.session, work.actor, matter).ended_at is None


# --- what several of these need -----------------------------------------------------------------------------------------


def _write(
    work: Work, account: Account, placement: Placement, claimed: int, lawyer: User, court: str, opened_on: date
) -> Matter:
    one_at_a_time(work.session, "matter.number")
    own = visible(Organisation, work.actor).where(Organisation.id == placement.organisation_id)
    mark = f"MA-{work.session.scalars(own).one().code}-{work.today.year}-"
    used = sa.select(sa.func.count(Matter.id)).where(Matter.number.startswith(mark, autoescape=True))
    matter = Matter(
        number=f"{mark}{(work.session.scalar(used) or 0) + 1:04}", organisation_id=placement.organisation_id,
        account_id=account.id, customer_id=account.customer_id, placement_id=placement.id,
        account_ref=account.account_ref, name_masked=account.customer.name_masked, currency=account.currency,
        claimed_minor=claimed, lawyer_id=lawyer.id, stage=Stage.PREPARED, stage_on=opened_on, court=court, case_no="",
        opened_by=work.actor.user_id, opened_at=work.now,
    )  # fmt: skip
    work.session.add(matter)
    flush_open(work)
    return matter


def _standing(work: Work, matter_id: int, step_id: int) -> tuple[Matter, list[MatterStep], int]:
    """The locked matter, its course, and where in it the row stands."""
    matter = queries.matter_for(work.session, work.actor, matter_id, lock=True)
    rows = queries.steps_of(work.session, work.actor, matter.id)
    if all(row.id != step_id for row in rows):
        raise NotFound
    course = queries.course_of(rows)
    place = next((n for n, row in enumerate(course) if row.id == step_id), None)
    if place is None:
        raise Refused("matter.corrected", say("This was corrected already. Look at what stands now."))
    return matter, course, place


def _lawyer(work: Work, lawyer_id: int) -> User:
    found = next(
        (
            one
            for one in lawyers(work.session, work.actor, work.actor.organisation_id or 0, work.today)
            if one.id == lawyer_id
        ),
        None,
    )
    if found is None:
        words = say("Choose a lawyer of your firm whose licence is valid today.")
        raise DomainError("matter.lawyer", words, field="lawyer_id")
    return found
