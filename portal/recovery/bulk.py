"""Payments of a file posted and attributed in chunks, in the import's one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.limits.keeping import reckon
from portal.foundation import hooks
from portal.foundation.bulk import among, in_chunks, insert_rows, reserve_ids
from portal.placement.models import Placement
from portal.portfolio.bulk import CHUNK, Applied, AppliesAtOnce
from portal.portfolio.models import Account
from portal.recovery.again import touch_ended_since
from portal.recovery.attribution import RULE, Paid, decide, needs_split
from portal.recovery.bulk_clocks import note_payments
from portal.recovery.decisions import Decisions, alone, row_of
from portal.recovery.following import follow, wait_for_originals
from portal.recovery.models import Attribution, Decision, Payment
from portal.recovery.places import EXCLUDING_KINDS, Held, holder_of, places_of
from portal.recovery.posting import KnownAccount, PaymentRow
from portal.recovery.words import trace_above_balance, trace_of, trace_of_split, with_more_than_owed

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.language import Message
    from portal.foundation.work import Work
    from portal.recovery.attribution import Credit

__all__ = ["BankLedger", "PaymentWriter"]

PAYMENT_COLUMNS = (
    "id", "payment_ref", "account_id", "customer_id", "amount_minor", "principal_minor", "interest_minor", "fees_minor",
    "currency", "paid_on", "received_on", "cleared_on", "posted_on", "received_by", "channel", "reverses_ref",
    "content_hash", "import_run_id", "created_at",
)  # fmt: skip


class BankLedger:
    """What is on file, for the checks of posting."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def accounts(self, refs: Collection[str]) -> Mapping[str, KnownAccount]:
        """The known ones among these account references."""
        rows = self._session.execute(
            sa.select(Account.account_ref, Account.currency, Account.total_minor).where(
                among(self._session, Account.account_ref, refs)
            )
        )
        return {ref: KnownAccount(currency, balance) for ref, currency, balance in rows}

    def payments(self, refs: Collection[str]) -> Mapping[str, bytes]:
        """Content hashes of those of these payments that were posted before."""
        rows = self._session.execute(
            sa.select(Payment.payment_ref, Payment.content_hash).where(among(self._session, Payment.payment_ref, refs))
        )
        return {ref: bytes(content) for ref, content in rows}


class _Known(NamedTuple):
    """An account of a file: `owed` in minor units, as it is known today."""

    id: int
    customer_id: int
    owed: int


class _Posted(NamedTuple):
    """A payment of a file with its number, its account, and what the rules say of it."""

    id: int
    row: PaymentRow
    account: _Known


class PaymentWriter(AppliesAtOnce):
    """Applies chunks of validated payments in an open unit of work."""

    def __init__(self, work: Work, run_id: int) -> None:
        self._work = work
        self._session = work.session
        self._run_id = run_id
        self._decisions = Decisions(work.session)
        self.applied = Applied()
        alone(work)

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
        posted = [_Posted(i, row, accounts[row.account_ref]) for i, row in zip(ids, new, strict=True)]
        insert_rows(self._session, Payment, PAYMENT_COLUMNS, [self._payment_values(*each) for each in posted])
        self._attribute([each for each in posted if not each.row.reverses])

    def finish(self) -> None:
        """Reversals follow their originals; limitations begin anew; whoever waits for money hears of it."""
        self._attribute_reversals()
        reckon(self._session, note_payments(self._session, self._run_id))
        self._decisions.sum_up(self._run_id)
        hooks.payments_credited(self._work, self._run_id)  # from here on no placement ends until this is done
        touch_ended_since(self._work, self._run_id)

    def _accounts(self, refs: Collection[str]) -> dict[str, _Known]:
        rows = self._session.execute(
            sa.select(Account.account_ref, Account.id, Account.customer_id, Account.total_minor).where(
                among(self._session, Account.account_ref, refs)
            )
        )
        return {ref: _Known(*known) for ref, *known in rows}

    def _payment_values(self, payment_id: int, row: PaymentRow, account: _Known) -> tuple[Any, ...]:
        return (
            payment_id, row.payment_ref, account.id, account.customer_id, row.amount, row.principal, row.interest,
            row.fees, row.currency, row.paid_on, row.received_on, row.cleared_on, row.posted_on, row.received_by,
            row.channel, row.reverses or None, row.content_hash, self._run_id, self._work.now,
        )  # fmt: skip

    def _attribute(self, posted: Sequence[_Posted]) -> None:
        places = places_of(self._session, {each.account.id for each in posted})
        of_account = {account_id: [held.place for held in some] for account_id, some in places.items()}
        values, large = [], []
        for each in posted:
            row, held = each.row, places.get(each.account.id, [])
            credit = decide(Paid(row.paid_on, row.received_by, row.channel), of_account.get(each.account.id, ()))
            holder = holder_of(credit, held)
            owed = max(each.account.owed, holder.placed_minor if holder else 0)
            if row.amount > owed:
                large.append((each, owed))
            if row.owed is None:
                trace = trace_of(row.paid_on, credit, holder)
                values.append(
                    self._value(each, credit, holder, with_more_than_owed(trace) if row.amount > owed else trace)
                )
            else:
                trace = trace_above_balance(row.amount, row.owed, row.currency)
                values.append(self._value(each, credit, None, trace, Decision.ABOVE_BALANCE))
        if large:
            self._put_aside(values, large, places)
        self._decisions.insert(values)

    def _put_aside(
        self, values: list[tuple[Any, ...]], large: Sequence[tuple[_Posted, int]], places: Mapping[int, list[Held]]
    ) -> None:
        """What is more than its account owed waits for its shares, where its customer has other accounts placed."""
        others = self._placed_accounts({each.account.customer_id for each, _ in large})
        waiting = {}
        for each, owed in large:
            row = each.row
            also = {
                account_id
                for account_id, currency, placed_on, ended_on in others[each.account.customer_id]
                if account_id != each.account.id and currency == row.currency and placed_on <= row.paid_on
                and (ended_on is None or row.paid_on <= ended_on)
            }  # fmt: skip
            if needs_split(row.amount, owed, len(also)):
                credit = decide(Paid(row.paid_on), [held.place for held in places.get(each.account.id, ())])
                trace = trace_of_split(row.amount, owed, len(also), row.currency)
                waiting[each.id] = self._value(each, credit, None, trace, Decision.SPLIT_NEEDED)
        values[:] = [waiting.get(value[0], value) for value in values]

    def _value(
        self, each: _Posted, credit: Credit, holder: Held | None, trace: Message, instead: Decision | None = None
    ) -> tuple[Any, ...]:
        """The row of a decision; `instead`: of what waits for a person, whatever the placements say."""
        row = each.row
        return row_of(
            row, each.account.id, row.amount, credit, holder, trace, RULE, self._work.now, payment_id=each.id,
            decision=instead.value if instead else "",
        )  # fmt: skip

    def _placed_accounts(self, customer_ids: Collection[int]) -> Mapping[int, list[Any]]:
        rows = self._session.execute(
            sa.select(
                Placement.customer_id, Placement.account_id, Placement.currency, Placement.placed_on, Placement.ended_on
            ).where(Placement.customer_id.in_(customer_ids), Placement.kind.in_(EXCLUDING_KINDS))
        )
        found: defaultdict[int, list[Any]] = defaultdict(list)
        for customer_id, *placed in rows:
            found[customer_id].append(placed)
        return found

    def _attribute_reversals(self) -> None:
        """Reversals of this run, and those that waited for a payment of this run, follow their original's credit, with all
        others of the same payment; one whose original is not posted waits in the exception list."""
        rows = self._session.execute(_reversed_payments(self._run_id)).all()
        for chunk in in_chunks(sorted({row[0] for row in rows if row[0]}), CHUNK):
            follow(self._session, chunk, self._decisions, self._work.now)
        without = [row[1] for row in rows if row[0] is None]
        for chunk in in_chunks(without, CHUNK):
            waiting = self._session.scalars(sa.select(Payment).where(Payment.id.in_(chunk)).order_by(Payment.id)).all()
            wait_for_originals(self._session, waiting, self._decisions, self._work.now)


def _reversed_payments(run_id: int) -> sa.Select[Any]:
    """Reversals that a run has to do with: the reversed payment (null: not posted), and the reversal."""
    original, waiting = aliased(Payment), aliased(Attribution)
    waits = sa.exists().where(waiting.payment_id == Payment.id, waiting.decision == Decision.ORIGINAL_UNKNOWN)
    return (
        sa.select(original.id, Payment.id)
        .outerjoin(original, original.payment_ref == Payment.reverses_ref)
        .where(Payment.reverses_ref.is_not(None))
        .where(sa.or_(Payment.import_run_id == run_id, sa.and_(original.import_run_id == run_id, waits)))
        .order_by(Payment.id)
    )
