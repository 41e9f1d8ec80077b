"""The building of a pack: each chosen placement's data as of the balance day, checked, sealed under the debtor's key, hashed.

What is frozen is what the lawyer will read and approve; later files of the bank do not change it. A letter that a check
stops stands aside with its reasons and is never approved.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

import letters
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say
from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import actor_of, visible
from portal.foundation.work import reading, transaction
from portal.identity.models import LetterLaw
from portal.legal import flags
from portal.legal.bulk import write_letters
from portal.legal.choosing import Selection, to_write
from portal.legal.itemization import Balance
from portal.legal.letter_data import Said, Stated, fields_of, said_now
from portal.legal.living import take_places
from portal.legal.models import LetterPack, PackState
from portal.legal.numbering import draw_sample, new_verify_code, sample_size
from portal.legal.queries import pack_for
from portal.legal.wording import wording
from portal.placement.models import Placement
from portal.portfolio.models import (
    Account,
    AccountStatus,
    BalanceSnapshot,
    ContactKind,
    ContactPoint,
    ContactStatus,
    Customer,
    Hold,
    LimitationClock,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.vault import Vault
    from portal.foundation.work import Work

__all__ = ["SEALED_AS", "build"]

SEALED_AS = "letter"  # the purpose under which frozen data is sealed
REPORT_EVERY = 50


class Address(NamedTuple):
    """Where a person's letters go: which contact point, as it is sealed, and the postcode."""

    id: int
    sealed: bytes
    postcode: str


@dataclass(frozen=True)
class FrozenLetter:
    """A letter before it has a place in the pack."""

    placement_id: int
    account_id: int
    customer_id: int
    contact_point_id: int | None
    account_ref: str
    name_masked: str
    total_minor: int
    currency: str
    as_of: date
    sealed: bytes
    content_sha256: str
    flags: list[dict[str, Any]]
    verify_code: str


@handler("legal.build", _l("Building a letter pack"))
def build(job: JobView, progress: Progress) -> dict[str, Any]:
    """Freeze the letters of a pack and put it before the lawyer. Run again, it finds its pack built and does nothing."""
    pack_id = int(job.payload["pack"])
    with reading(job.actor) as session:
        pack = pack_for(session, job.actor, pack_id)
        if pack.state is not PackState.BUILDING:
            return _result(pack_id, pack.letter_count)
        frozen = _freeze(session, pack, progress)
    with transaction(job.actor) as work:
        pack = pack_for(work.session, job.actor, pack_id, lock=True)
        if pack.state is PackState.BUILDING:
            _store(work, pack, frozen)
        return _result(pack_id, pack.letter_count)


def _result(pack_id: int, count: int) -> dict[str, Any]:
    return {"message": as_data(say("%(count)s letters are ready for review.", count=count)), "url": f"/packs/{pack_id}"}


# --- freezing -----------------------------------------------------------------------------------------------------------


def _freeze(session: Session, pack: LetterPack, progress: Progress) -> list[FrozenLetter]:
    """Every chosen placement of the pack's batch as a letter, by account."""
    freezer = _Freezer(session, pack)
    found: list[FrozenLetter] = []
    for row in session.execute(freezer.placements(session).execution_options(yield_per=500)):
        found.append(freezer.letter(*row))
        if len(found) % REPORT_EVERY == 0:
            progress.step(len(found), note=say("checking letters"))
    return found


class _Freezer:
    """Makes letters of one pack; knows the addresses and holds of its people."""

    def __init__(self, session: Session, pack: LetterPack) -> None:
        self._vault: Vault = services().vault
        self._pack = pack
        self._batch_id = pack.batch_id
        self._head = pack.head
        self._template = letters.load_template(pack.template)
        self._oldest = pack.issued_on - timedelta(days=wording().oldest_balance_days)
        self._balance_on = date.fromisoformat(pack.criteria["balance_on"]) if "balance_on" in pack.criteria else None
        self._addresses = dict(self._read_addresses(session))
        self._holds = self._read_holds(session)
        self._balances = self._read_balances(session)

    def placements(self, session: Session) -> sa.Select[Any]:
        """The placements that were chosen, on which work goes on, with account, person and key."""
        selection = Selection.from_data(self._pack.criteria)
        return (
            to_write(actor_of(session), self._batch_id, self._template.name, selection)
            .join(Customer, Customer.id == Placement.customer_id)
            .join(PersonKey, PersonKey.id == Customer.person_key_id)
            .outerjoin(LimitationClock, LimitationClock.account_id == Account.id)
            .with_only_columns(Placement.id, Account, Customer, PersonKey, LimitationClock.posted_on)
            .order_by(Account.account_ref)
        )

    def letter(
        self, placement_id: int, account: Account, customer: Customer, key: PersonKey, posted_on: date | None
    ) -> FrozenLetter:
        """One placement's letter with what stands in its way. `posted_on`: the last day on which a payment was posted."""
        code = new_verify_code()
        stated = self._stated(account)
        address = self._addresses.get(customer.id)
        data = fields_of(
            self._template, account, stated, client=self._head["client"]["name"], code=code,
            name=self._vault.open(key, customer.name_sealed, "name") or "",
            address=(self._vault.open(key, address.sealed, ContactKind.ADDRESS.value) or "") if address else "",
            postcode=address.postcode if address else "", interest=self._pack.criteria.get("interest", ""),
        )  # fmt: skip
        return FrozenLetter(
            placement_id=placement_id,
            account_id=account.id,
            customer_id=customer.id,
            contact_point_id=address.id if address else None,
            account_ref=account.account_ref,
            name_masked=customer.name_masked,
            total_minor=stated.balance.total,
            currency=account.currency,
            as_of=stated.as_of,
            # Nothing can be sealed for somebody who was erased, and nothing of them is left to seal.
            sealed=self._vault.seal(key, json.dumps(data, ensure_ascii=False), SEALED_AS) if key.salt else b"",
            content_sha256=letters.content_hash(self._template, self._head, data),
            flags=list(self._flags(account, stated, key, data, posted_on)),
            verify_code=code,
        )

    def _stated(self, account: Account) -> Stated:
        """The balance that the letter states: of the latest file up to the day that was chosen."""
        now = said_now(account, self._balances.get(account.id, {}))
        on = self._balance_on
        if on is None or account.balance_as_of <= on:
            return now
        earlier = max((day for day in now.known if day <= on), default=None)
        return now if earlier is None else now._replace(balance=now.known[earlier].balance, as_of=earlier,
                                                        days=now.known[earlier].days)  # fmt: skip

    def _flags(
        self, account: Account, stated: Stated, key: PersonKey, data: dict[str, Any], posted_on: date | None
    ) -> Iterator[dict[str, Any]]:
        """Everything that keeps this letter from going out (reference/letters.md, Gates)."""
        if key.salt is None:
            yield flags.flag(flags.PERSON_ERASED)
            return
        for hold in self._holds.get(account.customer_id, ()):
            if hold.account_id in (None, account.id):
                yield flags.flag(flags.hold_code(hold.flag))
        if account.status is AccountStatus.CLOSED:
            yield flags.flag(flags.ACCOUNT_CLOSED)
        yield from self._flags_of_balance(account, stated, posted_on)
        if not data["address"]:
            yield flags.flag(flags.NO_ADDRESS)
        if self._pack.jurisdiction == LetterLaw.STATES and "itemization_date" not in data:
            yield flags.flag(flags.NO_ITEMIZATION)
            return
        for problem in letters.check_letter(self._template, self._head, data):
            if problem.field != "address" or data["address"]:
                yield flags.from_problem(problem)

    def _flags_of_balance(self, account: Account, stated: Stated, posted_on: date | None) -> Iterator[dict[str, Any]]:
        if stated.as_of < self._oldest:
            yield flags.flag(flags.OLD_BALANCE, as_of=stated.as_of.isoformat())
        if self._balance_on is not None and stated.as_of > self._balance_on:
            yield flags.flag(flags.NO_BALANCE)
        elif account.total_minor < stated.balance.total:
            yield flags.flag(flags.OWES_LESS)
        if posted_on is not None and posted_on > stated.as_of:
            yield flags.flag(flags.PAID_SINCE)

    def _read_balances(self, session: Session) -> dict[int, dict[date, Said]]:
        """What earlier files said of the accounts, by day; the last word of a day counts. Asked for only where a letter may state
        another day's balance, or has to say what came since one."""
        latest = self._pack.jurisdiction != LetterLaw.STATES and self._balance_on is not None
        wanted = (
            visible(BalanceSnapshot, actor_of(session))
            .join(Placement, Placement.account_id == BalanceSnapshot.account_id)
            .where(Placement.batch_id == self._batch_id)
            .order_by(BalanceSnapshot.id)
        )
        if latest:
            later = visible(Account, actor_of(session)).where(
                Account.id == BalanceSnapshot.account_id, Account.balance_as_of > self._balance_on
            )
            wanted = wanted.where(later.with_only_columns(Account.id).exists())
        found: dict[int, dict[date, Said]] = {}
        for row in session.scalars(wanted):
            balance = Balance(row.principal_minor, row.interest_minor, row.fees_minor)
            found.setdefault(row.account_id, {})[row.as_of] = Said(balance, row.days_past_due)
        return found

    def _read_addresses(self, session: Session) -> Iterator[tuple[int, Address]]:
        """The first address of each person that is still theirs; later ones in the order come first and are replaced."""
        wanted = (
            sa.select(ContactPoint.customer_id, ContactPoint.id, ContactPoint.value_sealed, ContactPoint.postcode)
            .join(Placement, Placement.customer_id == ContactPoint.customer_id)
            .where(
                Placement.batch_id == self._batch_id,
                ContactPoint.kind == ContactKind.ADDRESS,
                ContactPoint.relation == "self",
                ContactPoint.status.in_((ContactStatus.UNCHECKED, ContactStatus.VALID)),
            )
            .order_by(ContactPoint.position.desc(), ContactPoint.id.desc())
        )
        for customer_id, *address in session.execute(wanted):
            yield customer_id, Address(*address)

    def _read_holds(self, session: Session) -> dict[int, list[Hold]]:
        wanted = (
            sa.select(Hold)
            .join(Placement, Placement.customer_id == Hold.customer_id)
            .where(Placement.batch_id == self._batch_id, Hold.released_at.is_(None))
            .order_by(Hold.id)
            .distinct()
        )
        found: dict[int, list[Hold]] = {}
        for hold in session.scalars(wanted):
            found.setdefault(hold.customer_id, []).append(hold)
        return found


# --- storing ------------------------------------------------------------------------------------------------------------


def _store(work: Work, pack: LetterPack, frozen: list[FrozenLetter]) -> None:
    """Write the letters, those that stand aside first, and open the pack for review."""
    ordered = [f for f in frozen if f.flags] + [f for f in frozen if not f.flags]
    aside = sum(bool(f.flags) for f in frozen)
    size = _to_read(pack, len(ordered) - aside)
    sample = draw_sample(pack.number, range(aside + 1, len(ordered) + 1), size)
    write_letters(work.session, (_row(pack, place, f, place in sample) for place, f in enumerate(ordered, 1)))
    take_places(work, pack)
    pack.state = PackState.REVIEW
    pack.letter_count = len(ordered)
    pack.flagged_count = aside
    pack.total_minor = sum(f.total_minor for f in ordered)
    pack.must_open = size
    pack.balance_as_of = min((f.as_of for f in ordered if not f.flags), default=pack.balance_as_of)
    after = {"state": pack.state.value, "letters": len(ordered), "aside": aside, "to_open": size}
    work.audit("legal.pack_built", pack, after=after)


def _to_read(pack: LetterPack, letters_to_read: int) -> int:
    """US letters are read and approved each by itself, others by the firm's sample."""
    if pack.jurisdiction == LetterLaw.STATES:
        return letters_to_read
    return sample_size(letters_to_read, services().settings.review_sample)


def _row(pack: LetterPack, position: int, letter: FrozenLetter, in_sample: bool) -> tuple[Any, ...]:
    """Values in the order of `bulk.LETTER_COLUMNS`."""
    return (
        pack.id, pack.organisation_id, letter.placement_id, letter.account_id, letter.customer_id,
        letter.contact_point_id, position, letter.account_ref, letter.name_masked, letter.total_minor, letter.currency, letter.as_of, letter.sealed,
        letter.content_sha256, bool(letter.flags), letter.flags, in_sample, letter.verify_code,
    )  # fmt: skip
