"""The agency's invoice for a confirmed statement: matched by its amount, or its difference accepted by two people at the bank,
or sent back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from portal.commission.life_models import InvoiceEvent, InvoiceState, StatementInvoice
from portal.commission.life_queries import due_for_payment, invoice_for, invoices_of
from portal.commission.models import StatementState
from portal.commission.stepping import given, locked
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, Refused
from portal.foundation.language import say
from portal.foundation.money import Money
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.vendors.proofs import keep_proof

if TYPE_CHECKING:
    from portal.commission.models import Statement
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.vendors.proofs import Proof

__all__ = ["InvoiceDetails", "accept_difference", "return_invoice", "upload_invoice"]

AHEAD = timedelta(days=1)  # an invoice may be dated by a clock that is ahead of the bank's


@dataclass(frozen=True)
class InvoiceDetails:
    """What is on the invoice, in minor units of the statement's currency; the tax is within the amount."""

    number: str
    issued_on: date
    amount_minor: int
    tax_minor: int


def upload_invoice(actor: Actor, statement_id: int, details: InvoiceDetails, file: Proof) -> StatementInvoice:
    """Put an invoice beside a confirmed statement. It is matched at once where it bills what is due, with the same tax; else
    the bank looks at the difference. Refused while another one stands; DomainError for a number used before."""
    with transaction(actor) as work:
        statement = locked(work, statement_id, {StatementState.CONFIRMED})
        due = due_for_payment(statement)
        _check(work, statement, details, due)
        earlier = invoices_of(work.session, work.actor, statement.id)
        if earlier and earlier[0].state is not InvoiceState.RETURNED:
            raise Refused("invoice.stands", say("An invoice for this statement is with the bank already."))
        invoice = StatementInvoice(
            statement_id=statement.id, organisation_id=statement.organisation_id, turn=len(earlier) + 1,
            number=details.number.strip(), issued_on=details.issued_on, currency=statement.currency,
            amount_minor=details.amount_minor, tax_minor=details.tax_minor, due_minor=due, file_digest=keep_proof(file),
            file_name=file.name, by_user_id=work.actor.user_id, by_name=work.actor.name, at=work.now,
        )  # fmt: skip
        work.session.add(invoice)
        work.session.flush()
        same = details.amount_minor == due and (statement.tax_rate is None or details.tax_minor == statement.tax_minor)
        _event(work, invoice, InvoiceState.MATCHED if same else InvoiceState.DIFFERS)
        work.audit(
            "statement.invoiced", statement,
            after={"invoice": invoice.number, "amount": str(Money(invoice.amount_minor, invoice.currency)), "same": same},
        )  # fmt: skip
        return invoice


def _check(work: Work, statement: Statement, details: InvoiceDetails, due: int) -> None:
    if due <= 0:
        raise Refused("invoice.nothing_due", say("Nothing of this statement is to be billed."))
    if details.amount_minor <= 0:
        raise DomainError("invoice.amount", say("Enter the amount of the invoice, above 0."), field="amount")
    if not 0 <= details.tax_minor < details.amount_minor:
        raise DomainError("invoice.tax", say("The tax is within the amount: less than it, and 0 or more."), field="tax")
    if details.issued_on > work.today + AHEAD:
        raise DomainError("invoice.future", say("This date lies in the future."), field="issued_on")
    number = details.number.strip()
    if not number:
        raise DomainError("invoice.number", say("Enter the number of the invoice."), field="number")
    # Two statements must not be paid on one invoice, also not when both are uploaded at once.
    one_at_a_time(work.session, f"commission.invoice.{statement.organisation_id}")
    same = visible(StatementInvoice, work.actor).where(
        StatementInvoice.organisation_id == statement.organisation_id, StatementInvoice.number == number
    )
    for other in work.session.scalars(same):
        if other.statement_id != statement.id or other.state is not InvoiceState.RETURNED:
            raise DomainError("invoice.used", say("An invoice of this number is here already."), field="number")


def accept_difference(actor: Actor, statement_id: int, invoice_id: int, reason: str) -> InvoiceState:
    """Let an invoice stand that does not bill what is due. The first person proposes it, another accepts it; each says why.
    Refused to the same person twice."""
    words = given(reason)
    with transaction(actor) as work:
        statement, invoice = _undecided(work, statement_id, invoice_id)
        proposed = invoice.events[-1] if invoice.state is InvoiceState.PROPOSED else None
        if proposed is None:
            state = InvoiceState.PROPOSED
            _event(work, invoice, state, words)
        else:
            if proposed.by_user_id == work.actor.user_id:
                raise Refused(
                    "invoice.own_proposal",
                    say("You proposed this yourself; another person has to accept the difference."),
                )
            state = InvoiceState.ACCEPTED
            _event(work, invoice, state, words, proposed_by=proposed.by_user_id)
        work.audit(f"statement.invoice_{state.value}", statement, after={"invoice": invoice.number, "reason": words})
        return state


def return_invoice(actor: Actor, statement_id: int, invoice_id: int, reason: str) -> None:
    """Send an invoice back that does not bill what is due; the agency uploads another."""
    words = given(reason)
    with transaction(actor) as work:
        statement, invoice = _undecided(work, statement_id, invoice_id)
        _event(work, invoice, InvoiceState.RETURNED, words)
        work.audit("statement.invoice_returned", statement, after={"invoice": invoice.number, "reason": words})


def _undecided(work: Work, statement_id: int, invoice_id: int) -> tuple[Statement, StatementInvoice]:
    statement = locked(work, statement_id, {StatementState.CONFIRMED})
    invoice = invoice_for(work.session, work.actor, statement.id, invoice_id)
    if invoice.state not in (InvoiceState.DIFFERS, InvoiceState.PROPOSED):
        raise Refused("invoice.decided", say("This invoice has been decided in the meantime."))
    return statement, invoice


def _event(
    work: Work, invoice: StatementInvoice, state: InvoiceState, reason: str = "", proposed_by: int | None = None
) -> None:
    work.session.add(
        InvoiceEvent(
            invoice_id=invoice.id, organisation_id=invoice.organisation_id, state=state, proposed_by=proposed_by,
            by_user_id=work.actor.user_id, by_name=work.actor.name, at=work.now, reason=reason,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.refresh(invoice, ["events"])
