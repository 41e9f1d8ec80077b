"""Payments of a file posted and attributed in chunks, in the import's one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.limits.keeping import reckon
from portal.foundation import hooks
from portal.foundation.bulk import in_chunks, insert_rows, reserve_ids
from portal.foundation.language import as_data
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.placement.tail import earns_until
from portal.portfolio.bulk import CHUNK, Applied, AppliesAtOnce
from portal.portfolio.models import Account
from portal.recovery.attribution import RULE, Window, attribute
from portal.recovery.bulk_clocks import note_payments
from portal.recovery.models import Attribution, DayCredit, Decision, Payment
from portal.recovery.posting import KnownAccount, PaymentRow
from portal.recovery.words import trace_of, trace_of_impossible_reversal, trace_of_reversal
from portal.vendors.models import ContractVersion, PlacementKind

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.language import Message
    from portal.foundation.work import Work

__all__ = ["BankLedger", "PaymentWriter"]

EXCLUDING_KINDS = (PlacementKind.COLLECTION, PlacementKind.LITIGATION)  # letters run beside them and take no credit
PAYMENT_COLUMNS = (
    "id", "payment_ref", "account_id", "customer_id", "amount_minor", "principal_minor", "interest_minor", "fees_minor",
    "currency", "paid_on", "received_on", "cleared_on", "posted_on", "received_by", "channel", "reverses_ref",
    "content_hash", "import_run_id", "created_at",
)  # fmt: skip
ATTRIBUTION_COLUMNS = (
    "payment_id", "organisation_id", "placement_id", "batch_id", "account_id", "decision", "payment_ref", "paid_on",
    "currency", "credit_minor", "amount_minor", "reverses_id", "rule", "trace", "supersedes_id", "decided_at",
)  # fmt: skip
DAY_COLUMNS = ("import_run_id", "organisation_id", "batch_id", "currency", "paid_on", "credit_minor")
DAY = tuple(ATTRIBUTION_COLUMNS.index(name) for name in DAY_COLUMNS[1:-1])
CREDIT = ATTRIBUTION_COLUMNS.index("credit_minor")


class BankLedger:
    """What is on file, for the checks of posting."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def accounts(self, refs: Collection[str]) -> Mapping[str, KnownAccount]:
        """The known ones among these account references."""
        rows = self._session.execute(
            sa.select(Account.account_ref, Account.currency, Account.total_minor).where(Account.account_ref.in_(refs))
        )
        return {ref: KnownAccount(currency, balance) for ref, currency, balance in rows}

    def payments(self, refs: Collection[str]) -> Mapping[str, bytes]:
        """Content hashes of those of these payments that were posted before."""
        rows = self._session.execute(
            sa.select(Payment.payment_ref, Payment.content_hash).where(Payment.payment_ref.in_(refs))
        )
        return {ref: bytes(content) for ref, content in rows}


class _Place(NamedTuple):
    """A placement as attribution needs it, with what is kept beside the decision."""

    window: Window
    organisation_id: int
    organisation_name: str
    batch_id: int


class PaymentWriter(AppliesAtOnce):
    """Applies chunks of validated payments in an open unit of work."""

    def __init__(self, work: Work, run_id: int) -> None:
        self._work = work
        self._session = work.session
        self._run_id = run_id
        self._decisions = _Decisions(work.session)
        self.applied = Applied()

    def write(self, outcomes: Iterable[PaymentRow]) -> None:
        """One chunk: new payments are posted; those that reverse nothing are attributed at once."""
        rows = list(outcomes)
        new = [row for row in rows if not row.posted_before]
        self.applied.unchanged += len(rows) - len(new)
        self.applied.created += len(new)
        for row in new:
            self.applied.totals[row.currency] = self.applied.totals.get(row.currency, 0) + row.signed_amount
        accounts = self._accounts({row.account_ref for row in new})
        ids = reserve_ids(self._session, Payment, len(new))
        posted = [(i, row, *accounts[row.account_ref]) for i, row in zip(ids, new, strict=True)]
        insert_rows(self._session, Payment, PAYMENT_COLUMNS, [self._payment_values(*each) for each in posted])
        self._attribute([(i, row, account_id) for i, row, account_id, _ in posted if not row.reverses])

    def finish(self) -> None:
        """Reversals follow their originals; limitations begin anew; whoever waits for money hears of it."""
        self._attribute_reversals()
        reckon(self._session, note_payments(self._session, self._run_id))
        self._decisions.sum_up(self._run_id)
        hooks.payments_credited(self._work, self._run_id)

    def _accounts(self, refs: Collection[str]) -> dict[str, tuple[int, int]]:
        rows = self._session.execute(
            sa.select(Account.account_ref, Account.id, Account.customer_id).where(Account.account_ref.in_(refs))
        )
        return {ref: (account_id, customer_id) for ref, account_id, customer_id in rows}

    def _payment_values(self, payment_id: int, row: PaymentRow, account_id: int, customer_id: int) -> tuple[Any, ...]:
        return (
            payment_id, row.payment_ref, account_id, customer_id, row.amount, row.principal, row.interest, row.fees,
            row.currency, row.paid_on, row.received_on, row.cleared_on, row.posted_on, row.received_by, row.channel,
            row.reverses or None, row.content_hash, self._run_id, self._work.now,
        )  # fmt: skip

    def _attribute(self, posted: Sequence[tuple[int, PaymentRow, int]]) -> None:
        places = _places(self._session, {account_id for _, _, account_id in posted})
        self._decisions.insert([self._decide(i, row, account_id, places[account_id]) for i, row, account_id in posted])

    def _attribute_reversals(self) -> None:
        """Reversals of this run, and those that waited for a payment of this run, follow their original's credit; one
        whose original is not posted waits in the exception list."""
        for chunk in in_chunks(self._session.execute(_open_reversals(self._run_id)).all(), CHUNK):
            rows = [each for each in chunk if each.waiting_id is None or each.original_id is not None]
            originals = _originals(self._session, [row.original_id for row in rows if row.original_id])
            self._decisions.insert(
                [_mirror(self._work.now, row.Payment, row.waiting_id, originals.get(row.original_id)) for row in rows]
            )

    def _decide(self, payment_id: int, row: PaymentRow, account_id: int, places: list[_Place]) -> tuple[Any, ...]:
        credit = attribute(row.paid_on, [place.window for place in places])
        holder = None
        if credit.decision == Decision.CREDITED:
            holder = next(place for place in places if place.window == credit.window)
        trace = trace_of(row.paid_on, credit, holder.organisation_name if holder else "")
        return (
            payment_id,
            holder.organisation_id if holder else None,
            holder.window.placement_id if holder else None,
            holder.batch_id if holder else None,
            account_id, credit.decision, row.payment_ref, row.paid_on, row.currency,
            row.amount if holder else 0,
            row.amount, None, RULE, as_data(trace), None, self._work.now,
        )  # fmt: skip


class _Decisions:
    """Inserts the decisions of a file and sums up, for each batch and value date, what they credit.

    A decision that supersedes another supersedes one without credit (a reversal that waited), so nothing is taken off.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._days: defaultdict[tuple[Any, ...], int] = defaultdict(int)

    def insert(self, values: Sequence[tuple[Any, ...]]) -> None:
        """One chunk, each a tuple of `ATTRIBUTION_COLUMNS`."""
        insert_rows(self._session, Attribution, ATTRIBUTION_COLUMNS, values)
        for each in values:
            if each[CREDIT]:
                self._days[tuple(each[at] for at in DAY)] += each[CREDIT]

    def sum_up(self, run_id: int) -> None:
        """One row for each batch, currency and day; a day on which all was taken back again has none."""
        rows = [(run_id, *day, credit) for day, credit in sorted(self._days.items()) if credit]
        insert_rows(self._session, DayCredit, DAY_COLUMNS, rows)


def _places(session: Session, account_ids: Collection[int]) -> dict[int, list[_Place]]:
    """All placements of these accounts that exclude others, whoever held them."""
    rows = session.execute(
        sa.select(
            Placement.account_id, Placement.id, Placement.placed_on, Placement.ended_on, Placement.organisation_id,
            Placement.batch_id, Organisation.name, Placement.reverse, ContractVersion.plan,
        )
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .where(Placement.account_id.in_(account_ids), Placement.kind.in_(EXCLUDING_KINDS))
    )  # fmt: skip
    found: dict[int, list[_Place]] = defaultdict(list)
    for account_id, placement_id, placed_on, ended_on, organisation_id, batch_id, name, reverse, plan in rows:
        # what was placed in error earns nothing after its end
        last = earns_until(ended_on, plan.get("tail")) if ended_on and not reverse else None
        window = Window(placement_id, placed_on, ended_on, last)
        found[account_id].append(_Place(window, organisation_id, name, batch_id))
    return found


def _open_reversals(run_id: int) -> sa.Select[Any]:
    """Reversals without a decision, or with one that waits, that this run has to do with; in order of posting."""
    original, waiting, later = aliased(Payment), aliased(Attribution), aliased(Attribution)
    current = ~sa.select(later.id).where(later.supersedes_id == waiting.id).exists()
    return (
        sa.select(Payment, original.id.label("original_id"), waiting.id.label("waiting_id"))
        .outerjoin(original, original.payment_ref == Payment.reverses_ref)
        .outerjoin(waiting, sa.and_(waiting.payment_id == Payment.id, current))
        .where(Payment.reverses_ref.is_not(None))
        .where(sa.or_(Payment.import_run_id == run_id, original.import_run_id == run_id))
        .where(sa.or_(waiting.id.is_(None), waiting.decision == Decision.ORIGINAL_UNKNOWN))
        .order_by(Payment.id)
    )


@dataclass
class _Original:
    """A reversed payment's standing decision, and what is left of it to take back; minor units."""

    credit: Attribution
    left: int


def _originals(session: Session, payment_ids: Collection[int]) -> dict[int, _Original]:
    later, taken = aliased(Attribution), aliased(Attribution)
    superseded = sa.select(later.id).where(later.supersedes_id == Attribution.id).exists()
    back = (
        sa.select(sa.func.coalesce(sa.func.sum(taken.amount_minor), 0))
        .where(taken.reverses_id == Attribution.id, taken.decision != Decision.CANNOT_REVERSE)
        .scalar_subquery()
    )
    rows = session.execute(sa.select(Attribution, back).where(Attribution.payment_id.in_(payment_ids), ~superseded))
    # What was taken back is negative, and so is a reversal's own amount: nothing is left of that.
    return {credit.payment_id: _Original(credit, credit.amount_minor + int(taken)) for credit, taken in rows}


def _mirror(now: datetime, payment: Payment, waiting_id: int | None, original: _Original | None) -> tuple[Any, ...]:
    """What a reversal's attribution holds: the same placement, the amount taken back."""
    reference = payment.reverses_ref or ""
    if original is None:
        return _reversal_values(now, payment, waiting_id, Decision.ORIGINAL_UNKNOWN, trace_of_reversal(None, reference))
    if payment.amount_minor > original.left or payment.account_id != original.credit.account_id:
        return _reversal_values(
            now, payment, waiting_id, Decision.CANNOT_REVERSE, trace_of_impossible_reversal(reference)
        )
    original.left -= payment.amount_minor
    trace = trace_of_reversal(original.credit.payment_ref, reference)
    return _reversal_values(now, payment, waiting_id, original.credit.decision, trace, original.credit)


def _reversal_values(
    now: datetime, payment: Payment, waiting_id: int | None, decision: Decision, trace: Message,
    credit: Attribution | None = None,
) -> tuple[Any, ...]:  # fmt: skip
    credited = decision is Decision.CREDITED and credit is not None
    return (
        payment.id,
        credit.organisation_id if credit else None,
        credit.placement_id if credit else None,
        credit.batch_id if credit else None,
        payment.account_id, decision.value, payment.payment_ref, payment.paid_on, payment.currency,
        -payment.amount_minor if credited else 0,
        -payment.amount_minor, credit.id if credit else None, RULE, as_data(trace), waiting_id, now,
    )  # fmt: skip
