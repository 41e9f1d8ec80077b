"""What begins a claim's limitation anew is kept where it happens: with the attempt, the message, the arrangement.

The rules of the account's place on that day say whether it does (`conduct/limits.py`). A correction takes back what the
corrected entry had restarted; after each change the account's clock is reckoned again from all that stands.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.conduct import Ground, Happened, restarts
from portal.contact.history import local_day
from portal.contact.limits.models import LimitationRestart
from portal.contact.messages.models import OutgoingMessage
from portal.contact.models import Channel, Direction
from portal.contact.rules.shelf import shelf_of
from portal.contact.wording import Purpose
from portal.foundation.bulk import in_chunks
from portal.foundation.visibility import actor_of, visible
from portal.portfolio.bulk_clocks import set_restarted
from portal.portfolio.limitation import due_since, law_of, restarts_that_count
from portal.portfolio.models import PROVED_WRONG, Account, ContactPoint, ContactSource, Customer, LimitationClock
from portal.portfolio.queries import last_paid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.contact.arrangements.models import Arrangement
    from portal.contact.conduct import Pack
    from portal.contact.models import ContactAttempt
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "DeliveredLetter",
    "Filed",
    "days_that_count",
    "may_restart",
    "note_agreement",
    "note_attempts",
    "note_delivered",
    "note_dispatched",
    "note_filed",
    "note_undelivered",
    "pack_words",
    "reckon",
    "standing_restarts",
    "take_back",
    "take_back_restarts",
]  # fmt: skip

# In writing, to an address that the holder has given: provisions on bank cards, art. 3.
WRITTEN = (Channel.SMS, Channel.EMAIL, Channel.LETTER)
UNDER_WAY = ("sent", "delivered", "read")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DeliveredLetter:
    """A letter by its number, whose it is, when it arrived, and the file that proves it."""

    number: str
    organisation_id: int
    arrived_on: date
    proof_digest: str = ""
    proof_name: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """A claim that was brought before a court: number of the matter, whose it is, and the day."""

    number: str
    organisation_id: int
    on: date


# --- attempts -------------------------------------------------------------------------------------------------------------


def may_restart(attempt: ContactAttempt, point: ContactPoint | None) -> Happened | None:
    """What an attempt may begin anew by: a promise of the debtor's own, or a written demand; None for all others."""
    if attempt.outcome == "promise":
        return Happened(Ground.DEBTOR_AGREES) if attempt.party == "self" else None
    if attempt.channel not in WRITTEN or attempt.direction is not Direction.OUTBOUND or point is None:
        return None
    return Happened(Ground.DEMAND, reserved=_is_reserved(point), arrived=attempt.outcome in UNDER_WAY)


def _is_reserved(point: ContactPoint) -> bool:
    """The debtor's own, given to the bank by the holder, and not known to be another's by now."""
    return point.source is ContactSource.RESERVED and point.relation == "self" and point.status not in PROVED_WRONG


def note_attempts(
    work: Work,
    made: Iterable[tuple[ContactAttempt, ContactPoint | None, Pack]],
    corrected: Collection[int] = (),
) -> None:
    """Keep what attempts begin anew, each under the pack of its day, and take back what corrected ones had."""
    rows = []
    for attempt, point, pack in made:
        event = may_restart(attempt, point)
        if event is not None and restarts(pack, event):
            rows.append(_row(work, attempt.account_id, attempt.local_date, event.ground, pack, attempt_id=attempt.id))
    _keep(work, rows)
    reckon(work.session, {row.account_id for row in rows} | _take_back_corrected(work, corrected))


def _take_back_corrected(work: Work, attempt_ids: Collection[int]) -> set[int]:
    """What entries had begun anew, by themselves or by the message that they tell of; the accounts."""
    if not attempt_ids:
        return set()
    messages = visible(OutgoingMessage, work.actor).where(OutgoingMessage.attempt_id.in_(attempt_ids))
    by_message = LimitationRestart.message_id.in_(messages.with_only_columns(OutgoingMessage.id))
    return _take_back_of(work, LimitationRestart.attempt_id.in_(attempt_ids) | by_message, "corrected")


# --- messages and arrangements ----------------------------------------------------------------------------------------------


def note_dispatched(work: Work, message_ids: Collection[int]) -> None:
    """Demands that have just gone out of the outbox begin anew what they may."""
    shelf = shelf_of(work.session, work.actor)
    rows = []
    for some in in_chunks(sorted(message_ids), _AT_ONCE):
        for message, account, customer, point in work.session.execute(_demands(work, some)):
            day = local_day(work.now, customer.time_zone, work.actor.time_zone)
            pack = shelf.pack_for(account.region, day)
            if restarts(pack, Happened(Ground.DEMAND, reserved=_is_reserved(point))):
                rows.append(_row(work, account.id, day, Ground.DEMAND, pack, message_id=message.id))
    _keep(work, rows)
    reckon(work.session, {row.account_id for row in rows})


def _demands(work: Work, message_ids: list[int]) -> sa.Select[Any]:
    return (
        visible(OutgoingMessage, work.actor)
        .join(Account, Account.id == OutgoingMessage.account_id)
        .join(Customer, Customer.id == OutgoingMessage.customer_id)
        .join(ContactPoint, ContactPoint.id == OutgoingMessage.contact_point_id)
        .add_columns(Account, Customer, ContactPoint)
        .where(OutgoingMessage.id.in_(message_ids), OutgoingMessage.purpose == Purpose.DEMAND)
        .order_by(OutgoingMessage.id)
    )


def note_delivered(
    work: Work, account: Account, point: ContactPoint, letter: DeliveredLetter
) -> LimitationRestart | None:
    """A demand by letter has arrived: the row by which it begins anew, on the day of its arrival; None where it does not,
    under the rules of the account's place or because the address is not the debtor's own."""
    event = Happened(Ground.DEMAND, reserved=_is_reserved(point))
    return _note_of_firm(
        work, account, letter.arrived_on, event, words=letter.number, organisation_id=letter.organisation_id,
        proof_digest=letter.proof_digest, proof_name=letter.proof_name,
    )  # fmt: skip


def note_filed(work: Work, account: Account, claim: Filed) -> LimitationRestart | None:
    """A claim was filed: the row by which it begins anew, on that day; None where the rules of the account's place know no
    such thing. In China with the day on which the court was given the claim: provisions on limitation, art. 10."""
    event = Happened(Ground.LAWSUIT)
    return _note_of_firm(
        work, account, claim.on, event, words=claim.number, organisation_id=claim.organisation_id
    )  # fmt: skip


def _note_of_firm(work: Work, account: Account, on: date, event: Happened, **facts: Any) -> LimitationRestart | None:
    pack = shelf_of(work.session, work.actor).pack_for(account.region, on)
    if not restarts(pack, event):
        return None
    row = _row(work, account.id, on, event.ground, pack, **facts)
    _keep(work, [row])
    reckon(work.session, {account.id})
    return row


def take_back_restarts(work: Work, restart_ids: Collection[int]) -> None:
    """A letter did not arrive after all, a claim was not filed: what that had begun anew is taken back, unless it was before."""
    if restart_ids:
        reckon(work.session, _take_back_of(work, LimitationRestart.id.in_(restart_ids), "corrected"))


def note_undelivered(work: Work, message_id: int) -> None:
    """A message did not arrive: what it had begun anew is taken back."""
    reckon(work.session, _take_back_of(work, LimitationRestart.message_id == message_id, "undelivered"))


def note_agreement(work: Work, row: Arrangement) -> None:
    """The debtor has agreed to an arrangement: to a plan, or to pay a part."""
    if row.agreed_on is None:
        return
    region = work.session.scalar(
        visible(Account, work.actor).where(Account.id == row.account_id).with_only_columns(Account.region)
    )
    pack = shelf_of(work.session, work.actor).pack_for(region or "", row.agreed_on)
    if restarts(pack, Happened(Ground.DEBTOR_AGREES)):
        _keep(work, [_row(work, row.account_id, row.agreed_on, Ground.DEBTOR_AGREES, pack, arrangement_id=row.id)])
        reckon(work.session, {row.account_id})


# --- rows -------------------------------------------------------------------------------------------------------------------


def _row(work: Work, account_id: int, day: date, ground: Ground, pack: Pack, **evidence: Any) -> LimitationRestart:
    return LimitationRestart(
        account_id=account_id, happened_on=day, ground=ground, pack=pack_words(pack), noted_at=work.now, **evidence
    )


def pack_words(pack: Pack) -> str:
    """A pack as a row names it."""
    return f"{pack.id} {pack.version}"


def _keep(work: Work, rows: list[LimitationRestart]) -> None:
    work.session.add_all(rows)
    work.session.flush()


def standing_restarts(actor: Actor) -> sa.Select[tuple[LimitationRestart]]:
    """What begins anew and was not taken back."""
    back = aliased(LimitationRestart)
    return visible(LimitationRestart, actor).where(
        LimitationRestart.takes_back_id.is_(None),
        ~sa.exists().where(back.takes_back_id == LimitationRestart.id),
    )


def take_back(work: Work, row: LimitationRestart, words: str, organisation_id: int | None = None) -> None:
    """A row is not true: it stays, and one beside it says so."""
    work.session.add(
        LimitationRestart(
            account_id=row.account_id, happened_on=row.happened_on, ground=row.ground, pack=row.pack, takes_back_id=row.id,
            words=words, organisation_id=organisation_id, noted_by=work.actor.user_id, noted_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()


def _take_back_of(work: Work, which: sa.ColumnElement[bool], words: str) -> set[int]:
    """Take back rows of such evidence; the accounts that they are of."""
    rows = work.session.scalars(standing_restarts(work.actor).where(which)).all()
    for row in rows:
        take_back(work, row, words)
    return {row.account_id for row in rows}


# --- the clock --------------------------------------------------------------------------------------------------------------


def reckon(session: Session, account_ids: Collection[int]) -> None:
    """Set the clocks of these accounts by all that stands. Two who change one account do so one after the other."""
    for some in in_chunks(sorted(account_ids), _AT_ONCE):
        _reckon(session, some)


def _reckon(session: Session, account_ids: list[int]) -> None:
    actor = actor_of(session)
    accounts = session.execute(
        visible(Account, actor)
        .with_only_columns(
            Account.id,
            Account.region,
            Account.due_date,
            Account.last_paid_on,
            Account.days_past_due,
            Account.balance_as_of,
        )
        .where(Account.id.in_(account_ids))
        .order_by(Account.id)
        .with_for_update()
    ).all()
    clocks = {
        clock.account_id: clock
        for clock in session.scalars(
            visible(LimitationClock, actor)
            .where(LimitationClock.account_id.in_(account_ids))
            .execution_options(populate_existing=True)
        )
    }
    days = defaultdict(list)
    happened = standing_restarts(actor).where(LimitationRestart.account_id.in_(account_ids))
    for account_id, day in session.execute(
        happened.with_only_columns(LimitationRestart.account_id, LimitationRestart.happened_on)
    ):
        days[account_id].append(day)
    found = {row.id: _last(row, clocks.get(row.id), days[row.id]) for row in accounts}
    known = {row.id: clocks[row.id].restarted_on if row.id in clocks else None for row in accounts}
    set_restarted(session, {key: day for key, day in found.items() if day != known[key]})


def _last(row: Any, clock: LimitationClock | None, days: list[date]) -> date | None:
    """The last day that began an account's limitation anew; None where no law of its place is known."""
    return max(days_that_count(row, clock, days), default=None)


def days_that_count(account: Any, clock: LimitationClock | None, days: Iterable[date]) -> list[date]:
    """Of the days of an account's restarts those that count; none where no law of its place is known. `account`: one, or a
    row with the columns that the period goes by."""
    law = law_of(account.region)
    if law is None:
        return []
    due = account.due_date or due_since(account.days_past_due, account.balance_as_of)
    return restarts_that_count(law, due, last_paid(account.last_paid_on, clock), days)
