"""Costs and documents of a matter: asked for, decided on, paid; sealed, and withdrawn where one was put there in error."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from portal.commission.charge_models import Charge, ChargeKind
from portal.commission.charging import approve_charge
from portal.contact.proofs import open_proof, person_key_of
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.legal.matters import costs, queries
from portal.legal.matters.documents import add_document, withdraw_document
from portal.legal.matters.models import CostKind, CostState, DocumentKind, MatterDocument
from portal.vendors.proofs import Proof, read_proof
from tests.identity.factories import actor_of, make_law_firm, make_user
from tests.legal.suing import PDF, TODAY, Suing, a_suing_firm, in_court, rows, the_matter

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.settings(today=TODAY)

SCAN = Proof(PDF, "scan.pdf")


@pytest.fixture
def firm(app: Flask) -> Suing:
    return a_suing_firm()


# --- costs --------------------------------------------------------------------------------------------------------------


def test_an_approved_cost_that_was_paid_becomes_a_charge_of_the_next_statement(firm: Suing) -> None:
    matter_id = in_court(firm)
    wanted = costs.Wanted(CostKind.COURT_FEE, "560.50", "案件受理费", SCAN)
    cost_id = costs.ask_cost(firm.actor, matter_id, wanted)
    paid = costs.Advance("560.50", TODAY, SCAN)
    with pytest.raises(Refused, match="approve"):
        costs.advance_cost(firm.actor, matter_id, cost_id, paid)
    with pytest.raises(Refused):
        costs.approve_cost(firm.actor, matter_id, cost_id)  # the bank's to do
    costs.approve_cost(firm.desk.maker, matter_id, cost_id)
    with pytest.raises(DomainError) as refused:
        costs.advance_cost(firm.actor, matter_id, cost_id, costs.Advance("560.51", TODAY, SCAN))
    assert refused.value.field == "amount"
    with pytest.raises(DomainError) as refused:
        costs.advance_cost(firm.actor, matter_id, cost_id, costs.Advance("560.50", TODAY, None))
    assert refused.value.field == "proof"
    charge_id = costs.advance_cost(firm.actor, matter_id, cost_id, paid)
    with pytest.raises(Refused):
        costs.advance_cost(firm.actor, matter_id, cost_id, paid)

    (charge,) = rows(Charge)
    assert (charge.id, charge.kind, charge.amount_minor, charge.about) == (
        charge_id,
        ChargeKind.COST,
        56_050,
        the_matter(matter_id).number,
    )
    assert charge.organisation_id == firm.organisation.id and charge.proof_name == "scan.pdf"
    approve_charge(actor_of(make_user(Role.FINANCE)), charge_id)


def test_a_cost_is_decided_once_and_what_is_not_approved_is_not_paid(firm: Suing) -> None:
    matter_id = in_court(firm)
    ids = [costs.ask_cost(firm.actor, matter_id, costs.Wanted(CostKind.TRAVEL, "80", "差旅")) for _ in range(2)]
    costs.refuse_cost(firm.desk.maker, matter_id, ids[0], "by train")
    costs.withdraw_cost(firm.actor, matter_id, ids[1])
    for cost_id in ids:
        with pytest.raises(Refused):
            costs.approve_cost(firm.desk.checker, matter_id, cost_id)
        with pytest.raises(Refused):
            costs.advance_cost(firm.actor, matter_id, cost_id, costs.Advance("80", TODAY, SCAN))
    with reading(firm.actor) as session:
        found = queries.costs_of(session, firm.actor, matter_id)
        assert [cost.state for cost in found] == [CostState.WITHDRAWN, CostState.REFUSED]
    for wrong in ("0", "-1", "1.234", "x"):
        with pytest.raises(DomainError) as refused:
            costs.ask_cost(firm.actor, matter_id, costs.Wanted(CostKind.TRAVEL, wrong, "差旅"))
        assert refused.value.field == "amount"


# --- documents ----------------------------------------------------------------------------------------------------------


def test_a_document_is_sealed_for_the_person(firm: Suing) -> None:
    matter_id = in_court(firm)
    document_id = add_document(firm.actor, matter_id, DocumentKind.JUDGMENT, SCAN)
    with reading(firm.desk.maker) as session:
        row = queries.document_for(session, firm.desk.maker, matter_id, document_id)
        assert open_proof(person_key_of(session, firm.desk.maker, firm.accounts[0]), row) == PDF
        with services().storage.open(row.proof_digest) as stored:
            assert PDF not in stored.read()
    with pytest.raises(NotFound):
        add_document(actor_of(make_user(organisation=make_law_firm("粤诉"))), matter_id, DocumentKind.RULING, SCAN)
    with pytest.raises(DomainError):
        read_proof(io.BytesIO(b"MZ\x90 an executable"), "judgment.pdf")


def test_a_document_that_was_put_there_in_error_is_withdrawn_by_a_row_beside_it(firm: Suing) -> None:
    matter_id = in_court(firm)
    document_id = add_document(firm.actor, matter_id, DocumentKind.JUDGMENT, SCAN)
    with pytest.raises(DomainError) as refused:
        withdraw_document(firm.actor, matter_id, document_id, " ")
    assert refused.value.field == "reason"
    with pytest.raises(Refused):  # the firm's to do
        withdraw_document(firm.desk.maker, matter_id, document_id, "another debtor's")
    withdraw_document(firm.actor, matter_id, document_id, "another debtor's")
    with pytest.raises(Refused, match="already"):
        withdraw_document(firm.actor, matter_id, document_id, "again")
    (document,) = rows(MatterDocument)
    assert document.withdrawal is not None and document.withdrawal.reason == "another debtor's"
    with services().storage.open(document.proof_digest) as stored:
        assert stored.read()
    assert rows(AuditEvent)[-1].action == "legal.document_withdrawn"
