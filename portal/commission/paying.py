"""What bank finance paid for a statement: in parts until the whole, never more than is due without saying why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from portal.commission.drawing import add_event
from portal.commission.life_models import InvoiceState, Settlement
from portal.commission.life_queries import due_for_payment, invoices_of, paid_so_far, settlements_of
from portal.commission.models import StatementState
from portal.commission.stepping import TAKEN_BACK, given, locked
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.money import Money
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from portal.commission.models import Statement
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["Paid", "record_settlement", "take_back_settlement"]

STANDING = (InvoiceState.MATCHED, InvoiceState.ACCEPTED)


@dataclass(frozen=True)
class Paid:
    """A payment as finance enters it: above 0, in minor units, in the direction in which the statement is due."""

    amount_minor: int
    paid_on: date
    bank_ref: str
    reason: str = ""


def record_settlement(actor: Actor, statement_id: int, paid: Paid) -> int:
    """Record what was paid; what is still owed after it, in minor units. With nothing owed the statement is settled.

    DomainError for more than is owed without a reason, a bank reference entered before, a day to come; Refused before an
    invoice stands.
    """
    with transaction(actor) as work:
        statement = locked(work, statement_id, {StatementState.CONFIRMED})
        due = due_for_payment(statement)
        owing = due - paid_so_far(work.session, work.actor, statement.id)
        earlier = settlements_of(work.session, work.actor, statement.id)
        _check(work, statement, paid, owing, earlier)
        _refuse_without_invoice(work, statement, due)
        amount = paid.amount_minor if due > 0 else -paid.amount_minor
        _write(work, statement, len(earlier) + 1, amount, owing, paid)
        work.audit(
            "statement.paid", statement,
            after={"amount": str(Money(amount, statement.currency)), "bank_ref": paid.bank_ref.strip(),
                   "owing": str(Money(owing - amount, statement.currency)), "reason": paid.reason.strip() or None},
        )  # fmt: skip
        if (owing - amount) * (1 if due > 0 else -1) <= 0:
            add_event(work, statement, StatementState.SETTLED)
        return owing - amount


def _check(work: Work, statement: Statement, paid: Paid, owing: int, earlier: list[Settlement]) -> None:
    if owing == 0:
        raise Refused("settlement.nothing_due", say("Nothing of this statement is owed."))
    if paid.amount_minor <= 0:
        raise DomainError("settlement.amount", say("Enter what was paid, above 0."), field="amount")
    if paid.amount_minor > abs(owing) and not paid.reason.strip():
        words = say(
            "This is more than is owed, %(owing)s. Say why, or enter less.", owing=Money(abs(owing), statement.currency)
        )
        raise DomainError("settlement.too_much", words, field="reason")
    if paid.paid_on > work.today:
        raise DomainError("settlement.future", say("This date lies in the future."), field="paid_on")
    reference = paid.bank_ref.strip()
    if not reference:
        raise DomainError("settlement.reference", say("Enter the bank's reference of the payment."), field="bank_ref")
    taken_back = {row.reverses_id for row in earlier if row.reverses_id}
    if any(row.bank_ref == reference for row in earlier if row.id not in taken_back and not row.reverses_id):
        raise DomainError(
            "settlement.twice", say("A payment of this reference is recorded for this statement already."),
            field="bank_ref",
        )  # fmt: skip


def _refuse_without_invoice(work: Work, statement: Statement, due: int) -> None:
    if due < 0:
        return
    latest = next(iter(invoices_of(work.session, work.actor, statement.id)), None)
    if latest is None or latest.state not in STANDING:
        raise Refused(
            "settlement.no_invoice",
            say("No invoice stands for this statement. It is paid when one is matched, or its difference accepted."),
        )


def take_back_settlement(actor: Actor, statement_id: int, settlement_id: int, reason: str) -> None:
    """An entry that was wrong: a second row takes it back, and what it paid is owed again."""
    words = given(reason)
    with transaction(actor) as work:
        statement = locked(work, statement_id, {StatementState.CONFIRMED, StatementState.SETTLED})
        rows = settlements_of(work.session, work.actor, statement.id)
        row = next((each for each in rows if each.id == settlement_id), None)
        if row is None:
            raise NotFound
        if row.reverses_id or any(each.reverses_id == row.id for each in rows):
            raise Refused("settlement.gone", say("This entry has been taken back already."))
        due = due_for_payment(statement)
        owing = due - sum(each.amount_minor for each in rows)
        paid = Paid(abs(row.amount_minor), work.today, row.bank_ref, words)
        _write(work, statement, len(rows) + 1, -row.amount_minor, owing, paid, reverses_id=row.id)
        work.audit("statement.payment_taken_back", statement, after={"bank_ref": row.bank_ref, "reason": words})
        if owing * (1 if due > 0 else -1) <= 0 < (owing + row.amount_minor) * (1 if due > 0 else -1):
            add_event(work, statement, StatementState.CONFIRMED, TAKEN_BACK)


def _write(
    work: Work, statement: Statement, turn: int, amount: int, owing: int, paid: Paid, reverses_id: int | None = None
) -> None:
    work.session.add(
        Settlement(
            statement_id=statement.id, organisation_id=statement.organisation_id, turn=turn, currency=statement.currency,
            amount_minor=amount, owing_minor=owing, paid_on=paid.paid_on, bank_ref=paid.bank_ref.strip(),
            reason=paid.reason.strip()[:1000], reverses_id=reverses_id, by_user_id=work.actor.user_id,
            by_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
