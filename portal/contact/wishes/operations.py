"""What the debtor asked for, agreed to or was sent is noted by either side, and ended by whom its end does not serve.

A cease letter is a fact, and the rules that know such letters read it as one (12 CFR 1006.6(c), with the notices that stay
allowed). What nobody decides from a letter is whether the account goes on being placed and who answers the person: that is
what the hold `do_not_contact` is for, with its clock, its release and its effect in every country. So the letter raises that
hold as the outcomes of calls do; where it stands already nothing is doubled, and once the letter is taken back the hold that it
raised goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import IntegrityError

from portal.contact.history import Debtor, pack_of
from portal.contact.models import Channel
from portal.contact.proofs import KeptProof, keep_for_customer, keep_sealed, key_of_customer
from portal.contact.wishes import queries
from portal.contact.wishes.kinds import (
    LONGEST_NOTE,
    NOTHING,
    SPECS,
    End,
    Kind,
    Place,
    Subject,
    Terms,
    ends_for,
    faults_of,
)
from portal.contact.wishes.models import Wish, WishSource
from portal.contact.wishes.offering import check_kind
from portal.foundation import hooks
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Faults, NotFound, Refused
from portal.foundation.free_text import check_free_text
from portal.foundation.language import Message, _l, say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.portfolio.keepers import Keeper
from portal.portfolio.models import Account, ContactPoint, HoldFlag
from portal.portfolio.operations import add_hold, end_hold

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.portfolio.models import Hold
    from portal.vendors.proofs import Proof

__all__ = ["Ending", "Telling", "check", "end_wish", "may_end", "note_of", "note_wish", "reveal_wish"]

LONGEST_AHEAD: Final = timedelta(days=3 * 366)  # a last day beyond that is a slip of the pen
PURPOSE: Final = "wish"
_FAULTS: dict[str, Message] = {
    "missing": say("Fill this in."),
    "neither": say("Choose a way, a number, or both."),
    "foreign": say("This does not belong to what is noted."),
    "range": say("This value cannot be so."),
}


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What is noted. `said_at`: when it was said, received or sent; None: now. `whole_person`: whatever the debt, where it
    may be of one account. `proof`: the letter, or what else shows it."""

    kind: Kind
    said_at: datetime | None = None
    terms: Terms = NOTHING
    whole_person: bool = False
    note: str = ""
    proof: Proof | None = None


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Why a wish ends, and since when; None: now."""

    reason: End
    at: datetime | None = None
    note: str = ""
    proof: Proof | None = None


# --- noted --------------------------------------------------------------------------------------------------------------


def note_wish(actor: Actor, account_id: int, telling: Telling) -> int:
    """Note what the debtor asked for, agreed to or was sent, from whatever account it was said on; its number.

    What restricts binds the bank and all who collect for it from here on. Raises NotFound for an account that the actor may
    not see, DomainError (all at once) naming the fields that are wrong, or for a kind that the debtor's law does not know.
    """
    demand(actor, Permission.HOLDS_RAISE)
    check(telling, services().clock.now())
    kept = keep_sealed(actor, account_id, telling.proof)
    with transaction(actor) as work:
        account = work.session.scalar(visible(Account, actor).where(Account.id == account_id))
        if account is None:
            raise NotFound
        check_kind(telling.kind, pack_of(work.session, actor, Debtor.of(account, account.customer), work.now))
        _check_point(work, account, telling.terms.contact_point_id)
        wish = _wish(work, account, telling)
        _keep(work, wish, telling.note, kept)
        work.audit("wish.noted", wish, after=_facts(wish))
        if wish.kind is Kind.CEASE:
            add_hold(work, wish.customer_id, wish.account_id, HoldFlag.DO_NOT_CONTACT, queries.raised_by(wish))
        return wish.id


def check(telling: Telling, now: datetime) -> None:
    """What can be seen without the account. DomainError, all at once, naming the fields that are wrong."""
    faults = Faults()
    for field, fault in faults_of(telling.kind, telling.terms):
        faults.read(lambda field=field, fault=fault: _refuse(fault, _FAULTS[fault], field), None)  # type: ignore[misc]
    faults.read(lambda: _check_note(telling.note), None)
    shown = telling.note.strip() or telling.proof
    if SPECS[telling.kind].loosens and not shown:
        words = say("What lets more be done has to be shown: say how it was given, or add the file.")
        faults.read(lambda: _refuse("unproved", words, "note"), None)
    faults.read(lambda: _check_moment(telling.said_at, now, "said_at"), None)
    faults.read(lambda: _check_until(telling, now), None)
    faults.tell()


def _refuse(code: str, words: Message, field: str) -> None:
    raise DomainError(f"wish.{code}", words, field=field)


def _check_note(note: str) -> None:
    check_free_text(note, LONGEST_NOTE, "wish.note", "note")


def _check_moment(at: datetime | None, now: datetime, field: str) -> None:
    if at is not None and at > now:
        _refuse("future", say("It is noted once it was said: today or before."), field)


def _check_until(telling: Telling, now: datetime) -> None:
    until = telling.terms.until
    said_on = (telling.said_at or now).date()
    if until is not None and not said_on - timedelta(days=1) <= until <= said_on + LONGEST_AHEAD:
        _refuse("until", say("The last day lies behind the day on which it was said, by three years at most."), "until")


def _check_point(work: Work, account: Account, point_id: int | None) -> None:
    if point_id is None:
        return
    mine = visible(ContactPoint, work.actor).where(
        ContactPoint.id == point_id, ContactPoint.customer_id == account.customer_id
    )
    if work.session.scalar(mine.with_only_columns(ContactPoint.id)) is None:
        _refuse("number", say("Choose the number."), "contact_point_id")


def _wish(work: Work, account: Account, telling: Telling) -> Wish:
    spec, terms, actor = SPECS[telling.kind], telling.terms, work.actor
    of_person = spec.subject is Subject.PERSON or (spec.subject is Subject.EITHER and telling.whole_person)
    wish = Wish(
        customer_id=account.customer_id, account_id=None if of_person else account.id,
        told_to_id=actor.organisation_id if spec.to_one else None, kind=telling.kind,
        said_at=telling.said_at or work.now, noted_at=work.now, by_bank=actor.is_bank,
        channel=Channel(terms.channel) if terms.channel else None, contact_point_id=terms.contact_point_id,
        weekdays=terms.weekdays, opens=terms.opens, closes=terms.closes,
        place=Place(terms.place) if terms.place else None, dials=terms.dials, until=terms.until,
        is_crisis=terms.is_crisis,
    )  # fmt: skip
    work.session.add(wish)
    work.session.flush()
    return wish


def _keep(work: Work, wish: Wish, note: str, kept: KeptProof) -> None:
    """Who noted it, in words and with a file that only they and the bank read."""
    sealed = None
    if note.strip():
        sealed = work.vault.seal(key_of_customer(work.session, work.actor, wish.customer_id), note.strip(), PURPOSE)
    work.session.add(
        WishSource(
            wish_id=wish.id, organisation_id=None if work.actor.is_bank else work.actor.organisation_id,
            by=work.actor.user_id, note_sealed=sealed, proof_digest=kept.digest, proof_name=kept.name,
        )
    )  # fmt: skip
    work.session.flush()


@hooks.hold_keepers.register
def kept_by_letters(session: Session, actor: Actor, holds: Collection[Hold]) -> dict[int, Keeper]:
    """While the debtor's letter stands, so does the hold that it has raised."""
    of_letters = [hold for hold in holds if hold.flag is HoldFlag.DO_NOT_CONTACT]
    if not of_letters:
        return {}
    letters = queries.standing_letters(session, actor, {hold.customer_id for hold in of_letters})
    by_reason = {queries.raised_by(letter): letter.id for letter in letters}
    words = say("The debtor's letter stands; its end releases this hold.")
    return {
        hold.id: Keeper(words, _l("Open the letter"), "contact.wish", {"wish_id": by_reason[hold.reason]})
        for hold in of_letters
        if hold.reason in by_reason
    }


# --- ended --------------------------------------------------------------------------------------------------------------


def may_end(actor: Actor, kind: Kind) -> bool:
    """Whether the actor may say that it is over: what restricts the bank lets go, the end of what was allowed binds whoever
    was allowed it, so that they may note it too."""
    spec = SPECS[kind]
    if not actor.can(Permission.HOLDS_RAISE):
        return False
    return actor.can(Permission.HOLDS_MANAGE) or spec.loosens or spec.to_one


def end_wish(actor: Actor, wish_id: int, ending: Ending) -> None:
    """Note what ends a wish. Raises NotFound for one that the actor may not read, Refused where it has ended or is not theirs
    to end, DomainError (all at once) naming the fields that are wrong."""
    demand(actor, Permission.HOLDS_RAISE)
    _check_note(ending.note)
    with reading(actor) as session:
        found = queries.wish_for(session, actor, wish_id).Wish
        customer_id, kind = found.customer_id, found.kind
    if not may_end(actor, kind):
        words = say("What the debtor does not want only the bank lets go. Ask it by a request.")
        raise Refused("wish.not_yours", words, status=403)
    kept = keep_for_customer(actor, customer_id, ending.proof)
    try:
        with transaction(actor) as work:
            _end(work, wish_id, ending, kept)
    except IntegrityError:  # somebody else ended it in the same moment
        raise _ended() from None


def _ended() -> Refused:
    return Refused("wish.ended", say("This has ended already."))


def _end(work: Work, wish_id: int, ending: Ending, kept: KeptProof) -> None:
    row = queries.wish_for(work.session, work.actor, wish_id)
    wish = row.Wish
    if row.ending is not None:
        raise _ended()
    if ending.reason not in ends_for(wish.kind, queries.terms_of(wish)):
        raise DomainError("wish.reason", say("Choose from the list why it ends."), field="reason")
    at = ending.at or work.now
    _check_moment(at, work.now, "at")
    if at < wish.said_at:
        raise DomainError("wish.ended_before", say("It ended before it was said."), field="at")
    end = Wish(
        customer_id=wish.customer_id, account_id=wish.account_id, told_to_id=wish.told_to_id, kind=Kind.ENDED, said_at=at,
        noted_at=work.now, by_bank=work.actor.is_bank, ends_id=wish.id, ends_kind=wish.kind.value,
        end_reason=ending.reason,
    )  # fmt: skip
    work.session.add(end)
    work.session.flush()
    _keep(work, end, ending.note, kept)
    work.audit("wish.ended", wish, after={"reason": ending.reason.value, "at": at.isoformat(), "by_row": end.id})
    hold = queries.hold_of(work.session, work.actor, wish)
    if hold is not None:
        end_hold(work, hold, f"unwished:{wish.id}")


# --- in words -----------------------------------------------------------------------------------------------------------


def note_of(actor: Actor, source: WishSource | None, session: Any, customer_id: int) -> str:
    """What was written down; nothing for who may not read it, or where the person was erased."""
    if source is None or source.note_sealed is None:
        return ""
    return services().vault.open(key_of_customer(session, actor, customer_id), source.note_sealed, PURPOSE) or ""


def reveal_wish(actor: Actor, wish_id: int) -> tuple[str, str]:
    """What was written when it was noted and when it ended, numbers included; recorded. Raises NotFound."""
    demand(actor, Permission.PERSON_REVEAL)
    with transaction(actor) as work:
        row = queries.wish_for(work.session, actor, wish_id)
        wish = row.Wish
        texts = [note_of(actor, source, work.session, wish.customer_id) for source in (row.source, row.end_source)]
        if not any(texts):
            raise NotFound
        work.audit("person.revealed", wish, field="wish", customer=wish.customer_id)
        return texts[0], texts[1]


def _facts(wish: Wish) -> dict[str, Any]:
    return {
        "kind": wish.kind.value,
        "account": wish.account_id,
        "customer": wish.customer_id,
        "said_at": wish.said_at.isoformat(),
        "told_to": wish.told_to_id,
    }
