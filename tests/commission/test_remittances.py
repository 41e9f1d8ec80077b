"""What an agency holds of the bank's money, net and gross, and what handing over does to it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.commission import remittance_queries as queries
from portal.commission.closing import draw_period
from portal.commission.operations import issue_statement, release_statement
from portal.commission.remittance import Handed, announce, record, take_back, withdraw
from portal.commission.remittance_models import RemittanceState
from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from portal.placement.models import EndReason, Placement
from portal.recovery.again import decide_again
from portal.recovery.decisions import alone
from portal.recovery.remitting import Balance
from portal.recovery.reported import queries as reported
from portal.vendors.models import ContractVersion, PlacementKind
from portal.vendors.proofs import read_proof
from tests.identity.factories import actor_of, make_agency, make_user, observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import Held, _version, held_account, make_book, payments_file, place
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from portal.foundation.access import Actor

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1)), pytest.mark.usefixtures("app")]
DAY = date(2005, 8, 1)


def finance() -> Actor:
    return actor_of(make_user(Role.FINANCE))


def net_account() -> Held:
    """An account whose contract lets the agency keep its commission of 20 % and wants the rest within three days."""
    agency = make_agency()
    (account,) = make_book()
    with transaction(observer()) as work:
        version_id = _version(
            work.session, agency, "TWD", PlacementKind.COLLECTION, {"currency": "TWD", "rate": "0.20"}
        )
        version = ContractVersion(
            contract_id=work.session.get_one(ContractVersion, version_id).contract_id, organisation_id=agency.id,
            version=2, effective_from=date(2005, 1, 2), plan={"currency": "TWD", "rate": "0.20", "remittance": "net"},
            clauses={"remittance": {"days": 3}}, created_at=work.now,
        )  # fmt: skip
        work.session.add(version)
        work.session.flush()
        version_id = version.id
    leader = make_user(Role.AGENCY_LEADER, agency)
    return Held(account, agency, leader, place(account, agency, date(2005, 7, 1), version_id=version_id))


def receive(held: Held, *rows: dict[str, str]) -> None:
    bring_payments(payments_file(held.account, *({**row, "received_by": "agency"} for row in rows)))


def balance_of(held: Held, who: Actor | None = None) -> Balance:
    who = who or held.actor
    with reading(who) as session:
        found = queries.balances(session, who, held.agency.id)
    return found[0].balance if found else Balance(0, 0, 0)


def left_of(held: Held) -> dict[str, int]:
    with reading(held.actor) as session:
        rows = session.execute(queries.open_receipts(held.actor, held.agency.id, "TWD")).all()
    return {row.AgencyReceipt.payment_ref: int(row.left) for row in rows}


def release(period: date = date(2005, 7, 1)) -> None:
    for statement in draw_period(finance(), period):
        issue_statement(finance(), statement.id)
        release_statement(finance(), statement.id)


def test_gross_owes_all_that_was_received_whatever_was_earned() -> None:
    held = held_account()
    receive(held, paid("P-1", "100.00"), paid("P-2", "50.00"))
    release()
    assert balance_of(held) == Balance(15_000, 0, 0)


def test_a_receipt_whose_credit_went_is_owed_no_more_and_both_sides_see_the_same() -> None:
    held = held_account()
    receive(held, paid("P-1", "100.00", "2005-07-20"), paid("P-2", "50.00", "2005-07-02"))
    bank = finance()
    assert unreported_of(held.actor) == unreported_of(bank) == (["P-1", "P-2"], 2, 15_000)
    with transaction(observer()) as work:
        ended: dict[str, Any] = {"ended_on": date(2005, 7, 15), "ended_at": datetime(2005, 7, 16, tzinfo=UTC)}
        work.session.execute(sa.update(Placement).values(end_reason=EndReason.RECALLED, **ended))
        alone(work)
        assert decide_again(work, [held.account.id]).changed == 1

    assert balance_of(held) == balance_of(held, bank) == Balance(5_000, 0, 0)
    assert unreported_of(held.actor) == unreported_of(bank) == (["P-2"], 1, 5_000)


def unreported_of(who: Actor) -> tuple[list[str], int, int]:
    """What agencies received and did not report: the list, the count in the navigation, and the sum of the page."""
    with reading(who) as session:
        rows = session.execute(reported.unreported(who)).all()
        totals = reported.open_totals(session, who, date(2005, 8, 1))["posted"]
        listed = sorted(row.AgencyReceipt.payment_ref for row in rows)
        return listed, reported.count_open(session, who), sum(total for *_, total in totals)


def test_net_keeps_what_stands_on_a_statement_that_the_agency_was_shown() -> None:
    held = net_account()
    receive(held, paid("P-1", "100.00"))
    (statement,) = draw_period(finance(), date(2005, 7, 1))
    assert balance_of(held).kept == 0
    issue_statement(finance(), statement.id)
    assert balance_of(held, finance()).kept == 0
    release_statement(finance(), statement.id)
    assert balance_of(held) == Balance(10_000, 2_000, 0)
    assert balance_of(held).holds == 8_000
    assert left_of(held) == {"P-1": 8_000}


def test_what_the_bank_received_itself_is_nothing_to_remit() -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", "100.00")))
    assert balance_of(held) == Balance(0, 0, 0)


def test_a_remittance_pays_the_oldest_first_and_what_is_over_stays_over() -> None:
    held = held_account()
    receive(held, paid("P-2", "50.00", "2005-07-12"), paid("P-1", "100.00", "2005-07-10"))
    record(finance(), held.agency.id, Handed("TWD", 12_000, DAY, "B-1"))
    assert left_of(held) == {"P-2": 3_000}
    record(finance(), held.agency.id, Handed("TWD", 4_000, DAY, "B-2"))
    assert left_of(held) == {}
    assert balance_of(held).holds == -1_000


def test_a_remittance_for_payments_that_are_named_covers_these() -> None:
    held = held_account()
    receive(held, paid("P-1", "100.00", "2005-07-10"), paid("P-2", "50.00", "2005-07-12"))
    record(finance(), held.agency.id, Handed("TWD", 5_000, DAY, "B-1"), ["P-2"])
    assert left_of(held) == {"P-1": 10_000}
    with pytest.raises(DomainError, match=r"remittance\.payments"):
        record(finance(), held.agency.id, Handed("TWD", 1, DAY, "B-2"), ["P-2"])


def test_the_same_reference_of_the_bank_is_recorded_once() -> None:
    held = held_account()
    record(finance(), held.agency.id, Handed("TWD", 1_000, DAY, "B-1"))
    with pytest.raises(DomainError, match=r"remittance\.reference"):
        record(finance(), held.agency.id, Handed("TWD", 1_000, DAY, "B-1"))
    assert balance_of(held).remitted == 1_000


def test_what_is_announced_counts_once_the_bank_has_recorded_it() -> None:
    held = held_account()
    receive(held, paid("P-1", "100.00"))
    proof = read_proof(io.BytesIO(b"%PDF-1.7 slip"), "slip.pdf")
    key = announce(held.actor, Handed("TWD", 10_000, DAY), proof)
    assert balance_of(held).remitted == 0
    with reading(held.actor) as session:
        assert queries.balances(session, held.actor)[0].announced == 10_000
    assert record(finance(), held.agency.id, Handed("TWD", 9_900, DAY, "B-1"), (), key) == key
    assert balance_of(held).holds == 100
    with pytest.raises(Refused):
        withdraw(held.actor, key, "too late")
    with pytest.raises(Refused):
        record(finance(), held.agency.id, Handed("TWD", 1, DAY, "B-2"), (), key)


def test_an_announcement_is_withdrawn_and_a_record_taken_back_with_a_reason() -> None:
    held = held_account()
    receive(held, paid("P-1", "100.00"))
    key = announce(held.actor, Handed("TWD", 10_000, DAY))
    withdraw(held.actor, key, "the transfer failed")
    other = record(finance(), held.agency.id, Handed("TWD", 10_000, DAY, "B-1"))
    assert left_of(held) == {}
    with pytest.raises(DomainError, match=r"remittance\.reason"):
        take_back(finance(), other, " ")
    take_back(finance(), other, "another agency's")
    assert left_of(held) == {"P-1": 10_000}
    with reading(held.actor) as session:
        assert queries.state_of(session, held.actor, other) is RemittanceState.TAKEN_BACK


def test_a_reversal_takes_off_what_is_held_and_what_was_kept_of_it() -> None:
    held = net_account()
    receive(held, paid("P-1", "100.00"), paid("P-2", "30.00"))
    release()
    receive(held, reversal("R-1", "P-1", "100.00", "2005-08-05"))
    release(date(2005, 8, 1))
    assert balance_of(held) == Balance(3_000, 600, 0)


def test_an_agency_sees_its_own_alone_and_records_nothing() -> None:
    mine, other = held_account(), held_account()
    receive(mine, paid("P-1", "100.00"))
    key = announce(mine.actor, Handed("TWD", 100, DAY))
    with reading(other.actor) as session:
        assert queries.balances(session, other.actor) == []
        with pytest.raises(NotFound):
            queries.remittance_for(session, other.actor, key)
    with pytest.raises(NotFound):
        withdraw(other.actor, key, "not mine")
    with pytest.raises(Refused):
        record(mine.actor, mine.agency.id, Handed("TWD", 100, DAY, "B-1"))
    with pytest.raises(NotFound):
        record(finance(), other.agency.id, Handed("TWD", 100, DAY, "B-1"), (), key)


@pytest.mark.parametrize(
    ("handed", "field"),
    [(Handed("TWD", 0, DAY, "B"), "amount"), (Handed("TWD", 1, date(2005, 10, 2), "B"), "on"), (Handed("TWD", 1, DAY), "reference")],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_field(handed: Handed, field: str) -> None:
    held = held_account()
    with pytest.raises(DomainError) as error:
        record(finance(), held.agency.id, handed)
    assert error.value.field == field
