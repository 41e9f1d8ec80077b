"""What a version of a contract holds: kept and read back, carried over, told in words, and what it changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from portal.commission.freezing import contest_days
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError
from portal.foundation.work import transaction
from portal.vendors.models import ContractVersion
from portal.vendors.operations import add_version
from portal.vendors.reading import lines_of
from portal.vendors.recovery_terms import NO_CLAUSES, RecoveryClauses, channel_words, recovery_lines
from portal.vendors.terms import AtEnd, DataClauses, Settlement, Tail, TailUnit, Terms, terms_of
from tests.identity.factories import contracts_clerk, make_agency, make_user, observer
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
FULL = Terms(
    Decimal("0.1413"), 1_500, 120, 500, 9_000_000_00, Tail(2, TailUnit.MONTHS), 24, 7, 20, 30,
    Settlement(Decimal("0.8"), waive_interest=True), DataClauses(AtEnd.RETURN, 10, leaves_country=True),
)  # fmt: skip


def as_version(terms: Terms, base: dict[str, Any] | None = None) -> ContractVersion:
    """The row that these terms become."""
    plain = (
        "letter_fee_minor", "term_days", "capacity_accounts", "capacity_minor", "answer_hours", "recall_notice_days",
        "objection_days", "payment_extends_days",
    )  # fmt: skip
    values = {name: getattr(terms, name) for name in plain}
    return ContractVersion(plan=terms.plan("TWD", base), clauses=terms.clauses(), **values)


def versions(session: Session) -> list[ContractVersion]:
    return list(session.scalars(sa.select(ContractVersion).order_by(ContractVersion.version)))


some_terms = st.builds(
    Terms,
    rate=st.decimals(0, 1, places=6),
    letter_fee_minor=st.integers(0, 10**9),
    capacity_minor=st.none() | st.integers(0, 2**62),
    tail=st.none() | st.builds(Tail, st.integers(1, 24), st.sampled_from(TailUnit)),
    settlement=st.none() | st.builds(Settlement, st.decimals("0.01", 1, places=2), st.booleans(), st.booleans()),
    data=st.none() | st.builds(DataClauses, st.sampled_from(AtEnd), st.integers(0, 1_000), st.booleans()),
    work_days=st.none() | st.integers(1, 90),
)


@given(some_terms)
def test_terms_are_read_back_as_they_were_agreed(terms: Terms) -> None:
    terms.check()
    assert terms_of(as_version(terms)) == terms


def test_the_tail_stands_in_the_plan_as_the_notation_has_it() -> None:
    assert FULL.plan("TWD") == {"currency": "TWD", "rate": "0.1413", "tail": {"months": 2}}
    assert replace(FULL, tail=Tail(30)).plan("TWD")["tail"] == {"days": 30}
    assert "tail" not in replace(FULL, tail=None).plan("TWD", FULL.plan("TWD"))


def test_other_keys_of_a_plan_are_carried_over_untouched() -> None:
    scale = {"by": "bucket", "mode": "whole", "rows": [{"is": ["M2"], "rate": "0.1"}]}
    plan = replace(FULL, rate=None).plan("TWD", {"currency": "TWD", "bands": scale, "cap": {"share": "0.3"}})

    assert plan == {"currency": "TWD", "bands": scale, "cap": {"share": "0.3"}, "tail": {"months": 2}}
    with pytest.raises(DomainError) as refused:
        replace(FULL, rate=None).plan("TWD")
    assert refused.value.field == "rate"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capacity_minor": -1}, "capacity_amount"),
        ({"answer_hours": 0}, "answer_hours"),
        ({"recall_notice_days": -1}, "recall_notice_days"),
        ({"objection_days": 5_000}, "objection_days"),
        ({"payment_extends_days": -1}, "payment_extends_days"),
        ({"tail": Tail(25, TailUnit.MONTHS)}, "tail_length"),
        ({"tail": Tail(0)}, "tail_length"),
        ({"settlement": Settlement(Decimal(0))}, "settle_from"),
        ({"data": DataClauses(within_days=-1)}, "data_within_days"),
        ({"work_days": 0}, "work_days"),
        ({"work_days": 91}, "work_days"),
        ({"data": DataClauses(recordings_days=10_000)}, "recordings_days"),
    ],
)
def test_a_term_that_cannot_be_meant_names_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        replace(FULL, **change).check()
    assert refused.value.field == field


def test_a_new_version_keeps_all_terms_and_the_audit_trail_both(app: Flask, db_session: Session) -> None:
    contract = make_contract(make_agency("HT"))

    add_version(contracts_clerk(), contract, date(2005, 9, 1), FULL)

    before, after = versions(db_session)
    assert terms_of(after) == FULL
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "contract.version_added")).one()
    assert event.before is not None and event.after is not None
    assert (event.before["answer_hours"], event.after["answer_hours"]) == (before.answer_hours, 24)
    assert event.after["clauses"]["settlement"] == {"lowest": "0.8", "waive_interest": True, "waive_fees": False}


def test_a_version_keeps_the_scale_of_the_one_before(app: Flask, db_session: Session) -> None:
    contract = make_contract(make_agency("HT"))
    with transaction(observer()) as work:
        first = work.session.scalars(sa.select(ContractVersion)).one()
        columns = {c.name: getattr(first, c.name) for c in ContractVersion.__table__.columns if c.name != "id"}
        scale = {"currency": "TWD", "bands": {"by": "round", "rows": [{"is": [1], "rate": "0.2"}]}}
        later = columns | {"version": 2, "effective_from": date(2005, 8, 1), "plan": scale}
        work.session.add(ContractVersion(**later))

    add_version(contracts_clerk(), contract, date(2005, 9, 1), replace(FULL, rate=None, tail=None))

    assert versions(db_session)[-1].plan == scale


def test_the_words_of_a_version_say_what_was_changed(app: Flask) -> None:
    with app.test_request_context():
        before = as_version(FULL)
        after = as_version(replace(FULL, term_days=90, settlement=None))
        lines = lines_of(after, before, "TWD")

    changed = {str(line.label): (str(line.words), str(line.before)) for line in lines if line.before is not None}
    assert changed == {
        "Length of a placement": ("90 days", "120 days"),
        "Settlement without asking": ("only with the bank's consent", "from 80% of the balance"),
        "May waive interest": ("only with the bank's consent", "yes"),
        "May waive fees": ("only with the bank's consent", "no"),
    }
    assert all(line.before is None for line in lines_of(before, None, "TWD"))


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_all_terms_are_agreed_on_the_page_and_read_by_the_agency(
    client_for: Callable[..., PageClient], db_session: Session, locale: str
) -> None:
    agency = make_agency("HT")
    contract = make_contract(agency)
    browser = client_for(make_user(Role.VENDOR_MANAGER, locale=locale))
    form = browser.get(f"/contracts/{contract}/versions/new")

    wrong = form.submit("form", effective_from="2005-07-01", waive_fees="y", status=422)
    assert wrong.field("waive_fees").get("checked") is not None
    wrong.submit(
        "form", rate="14.13%", letter_fee="15", term_days="120", capacity="500", capacity_amount="9,000,000",
        tail_length="2", tail_unit="months", answer_hours="24", recall_notice_days="7", objection_days="20",
        payment_extends_days="30", settle_from="80%", waive_interest="y", waive_fees=None, data_at_end="return",
        data_within_days="10", leaves_country="y", to=f"/contracts/{contract}",
    )  # fmt: skip

    assert terms_of(versions(db_session)[-1]) == FULL
    again = browser.get(f"/contracts/{contract}/versions/new").submit(
        "form", effective_from="2005-08-01", term_days="60", to=f"/contracts/{contract}"
    )
    assert terms_of(versions(db_session)[-1]) == replace(FULL, term_days=60)
    reader = client_for(make_user(Role.AGENCY_LEADER, agency, locale=locale))
    page = reader.get(f"/contracts/{contract}/versions/3")
    assert ("Terms changed against version 2: 1." in page) == (locale == "en")
    assert ("before: 120 days" in page) == (locale == "en")
    assert f"/contracts/{contract}/versions/2" in again.links.values()
    reader.get(f"/contracts/{contract}/versions/4", status=404)


def test_which_payments_count_is_kept_with_the_version_and_read_back() -> None:
    clauses = RecoveryClauses(5, True, ("giro", "代扣"), True, 15)
    terms = replace(FULL, recovery=clauses)
    terms.check()
    assert terms.clauses()["recovery"] == {
        "grace_days": 5, "exclude_automatic": True, "automatic_channels": ["giro", "代扣"],
        "exclude_before_contact": True, "contest_days": 15,
    }  # fmt: skip
    assert terms_of(as_version(terms)) == terms
    assert "recovery" not in FULL.clauses()
    assert channel_words("giro， 代扣;giro\nautopay") == ("giro", "代扣", "autopay")


def test_a_contract_that_says_nothing_of_it_says_how_long_a_decision_may_be_contested() -> None:
    words = {str(label): str(said) for label, said in recovery_lines(NO_CLAUSES)}
    assert words["A decision on a payment may be contested within"] == "10 days, as usual: not agreed in this version"
    assert contest_days({}) == 10


@pytest.mark.parametrize(
    ("field", "clauses"),
    [
        ("grace_days", RecoveryClauses(grace_days=366)),
        ("contest_days", RecoveryClauses(contest_days=0)),
        ("automatic_channels", RecoveryClauses(automatic_channels=("giro",))),
        ("automatic_channels", RecoveryClauses(exclude_automatic=True, automatic_channels=("x" * 65,))),
    ],
)
def test_clauses_that_cannot_be_meant_name_their_field(field: str, clauses: RecoveryClauses) -> None:
    with pytest.raises(DomainError) as refused:
        clauses.check()
    assert refused.value.field == field
