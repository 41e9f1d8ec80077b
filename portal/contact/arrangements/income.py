"""What a debtor has and needs in a month, with its proofs: taken down by the agency, kept as evidence, read by the bank.

Proofs are scans of a person's papers. Each is sealed with that person's key before it is stored, so that erasing the
person makes it unreadable; and each look at one is recorded.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from portal.contact import queries
from portal.contact.arrangements.models import IncomeProof, IncomeStatement
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Faults, NotFound
from portal.foundation.language import _l, say
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.models import Customer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.portfolio.models import Account
    from portal.vendors.proofs import Proof

__all__ = ["LINES", "MOST_PROOFS", "Figures", "Line", "open_proof", "take_down"]

MOST_PROOFS = 6
LARGEST_HOUSEHOLD = 30
LARGEST_LINE = 10**12  # minor units a month
PURPOSE = "income_proof"


class Line(NamedTuple):
    """One figure of the statement: what it is called, and whether it comes in or goes out."""

    label: Any
    comes_in: bool


LINES: dict[str, Line] = {
    "wages": Line(_l("Wages, after tax"), True),
    "business": Line(_l("Own business"), True),
    "pension": Line(_l("Pension"), True),
    "benefits": Line(_l("Benefits and insurance"), True),
    "family": Line(_l("From the family"), True),
    "other_income": Line(_l("Other income"), True),
    "housing": Line(_l("Rent or mortgage"), False),
    "utilities": Line(_l("Water, electricity, heating, telephone"), False),
    "food": Line(_l("Food and household"), False),
    "transport": Line(_l("Transport"), False),
    "medical": Line(_l("Doctors and medicine"), False),
    "school": Line(_l("School and children"), False),
    "support": Line(_l("Support of parents and others"), False),
    "other_debts": Line(_l("Instalments on other debts"), False),
    "other_outgoings": Line(_l("Other outgoings"), False),
}


@dataclass(frozen=True)
class Figures:
    """The statement as it is taken down. `amounts`: minor units a month by code of LINES; what is left out is nought."""

    household: int | None
    amounts: Mapping[str, int] = field(default_factory=dict)

    def check(self, faults: Faults) -> None:
        """Each figure that cannot be meant is in `faults` from here on, by its field."""
        faults.read(self._check_household, None)
        for code in self.amounts:
            faults.read(partial(self._check_line, code), None)
        if not any(self.amounts.values()) and not faults.fields & LINES.keys():
            faults.read(_nothing_entered, None)

    def _check_line(self, code: str) -> None:
        if code not in LINES or not 0 <= self.amounts[code] <= LARGEST_LINE:
            raise DomainError("income.amount", say("An amount a month, nought or more."), field=code)

    def _check_household(self) -> None:
        if self.household is None or not 1 <= self.household <= LARGEST_HOUSEHOLD:
            words = say("A number from %(least)s to %(most)s.", least=1, most=LARGEST_HOUSEHOLD)
            raise DomainError("income.household", words, field="household")

    def sum(self, *, comes_in: bool) -> int:
        """All that comes in, or goes out, a month."""
        return sum(amount for code, amount in self.amounts.items() if LINES[code].comes_in is comes_in)


def _nothing_entered() -> None:
    raise DomainError("income.empty", say("Enter at least one amount."), field="wages")


def _check_number(proofs: Sequence[Proof]) -> None:
    if len(proofs) > MOST_PROOFS:
        raise DomainError("income.proofs", say("At most %(most)s proofs.", most=MOST_PROOFS), field="proof")


def take_down(
    actor: Actor, account_id: int, figures: Figures, proofs: Sequence[Proof] = (), faults: Faults | None = None
) -> int:
    """Keep a statement for an account that the actor's organisation holds; its id. An earlier one stays on file.

    `faults`: what is wrong already with what somebody wrote; nothing is kept then. NotFound for an account that is not held;
    DomainError, or several, naming the fields.
    """
    demand(actor, Permission.ARRANGEMENTS_DRAW)
    faults = Faults() if faults is None else faults
    figures.check(faults)
    faults.read(partial(_check_number, proofs), None)
    faults.tell()
    with transaction(actor) as work:
        held = queries.held_account(work.session, actor, account_id)
        if held is None:
            raise NotFound
        _placement, account, customer = held
        row = IncomeStatement(
            account_id=account.id, customer_id=customer.id, organisation_id=actor.organisation_id,
            currency=account.currency, household=figures.household,
            lines={code: amount for code, amount in figures.amounts.items() if amount},
            income_minor=figures.sum(comes_in=True), outgoings_minor=figures.sum(comes_in=False), taken_on=work.today,
            taken_by=actor.user_id, taken_at=work.now,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        for proof in proofs:
            work.session.add(_sealed(work, customer, account, row.id, proof))
        work.session.flush()
        work.audit("income.taken_down", row, after={"account": account.id}, proofs=len(proofs))
        return row.id


def _sealed(work: Work, customer: Customer, account: Account, statement_id: int, proof: Proof) -> IncomeProof:
    sealed = work.vault.seal(customer.person_key, base64.b85encode(proof.content).decode(), PURPOSE)
    return IncomeProof(
        income_statement_id=statement_id, account_id=account.id, digest=work.storage.put(sealed),
        content_type=proof.content_type, size=len(proof.content), kept_at=work.now,
    )  # fmt: skip


def open_proof(actor: Actor, statement_id: int, proof_id: int) -> tuple[bytes, str]:
    """A proof's content and type; recorded. NotFound where the actor may not see it, or the person is erased."""
    demand(actor, Permission.PERSON_REVEAL)
    with transaction(actor) as work:
        found = work.session.execute(
            visible(IncomeProof, actor)
            .join(IncomeStatement, IncomeStatement.id == IncomeProof.income_statement_id)
            .join(Customer, Customer.id == IncomeStatement.customer_id)
            .join(PersonKey, PersonKey.id == Customer.person_key_id)
            .add_columns(PersonKey, Customer.id.label("customer_id"))
            .where(IncomeProof.id == proof_id, IncomeStatement.id == statement_id)
        ).first()
        if found is None:
            raise NotFound
        proof, key = found[0], found[1]
        with work.storage.open(proof.digest) as kept:
            content = work.vault.open(key, kept.read(), PURPOSE)
        if content is None:
            raise NotFound
        work.audit("person.revealed", ("income_statement", statement_id), field=PURPOSE, customer=found.customer_id)
        return base64.b85decode(content), proof.content_type


def statements_of(session: Any, actor: Actor, account_id: int) -> Sequence[IncomeStatement]:
    """Statements of an account, the latest first, with their proofs."""
    return list(
        session.scalars(
            visible(IncomeStatement, actor)
            .where(IncomeStatement.account_id == account_id)
            .options(sa.orm.selectinload(IncomeStatement.proofs))
            .order_by(IncomeStatement.id.desc())
            .limit(queries.LONGEST_HISTORY)
        )
    )
