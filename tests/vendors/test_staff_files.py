"""The staff register by file: whole or not at all, once, and nobody else's."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import OrganisationKind, Role
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.work import reading
from portal.identity import entering
from portal.portfolio.importing import ImportRefused, Options
from portal.portfolio.models import ImportRun, RejectedRow
from portal.portfolio.waiting import receive_waiting
from portal.vendors import register
from portal.vendors.master import require
from portal.vendors.models import Item, RecordKind, StaffMember, StaffRecord
from portal.vendors.staff_files import STAFF, import_staff, receive_staff, try_staff
from tests.identity.factories import PASSWORD, actor_of, make_agency, make_bank, make_law_firm, make_user, observer
from tests.vendors.factories import make_member, make_record
from tests.vendors.staff_files import (
    HAN,
    LI,
    a_file,
    bring,
    counts,
    deeds,
    last_changes,
    leader_of,
    members,
    records,
    rejected,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.identity.models import User
    from tests.support.pages import PageClient

    Client = Callable[[User], PageClient]

TODAY = date(2005, 7, 1)
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


# --- what a file does -----------------------------------------------------------------------------------------------------


def test_a_first_file_enters_people_with_all_that_they_have_taken() -> None:
    agency = make_agency()

    assert counts(bring(leader_of(agency), agency, a_file(LI, HAN))) == (2, 0, 0, 0)

    first, second = members()
    assert (first.organisation_id, first.employee_no, first.name) == (agency.id, "E1", "李雷")
    assert (first.position, first.started_on, first.ended_on) == ("collector", date(2005, 1, 10), None)
    assert (second.name, second.position, second.started_on) == ("韩梅", "", date(2005, 2, 1))
    assert records() == [
        (RecordKind.TRAINING, "Conduct", "", date(2005, 1, 11), None),
        (RecordKind.TEST, "Conduct test", "", date(2005, 1, 12), 88),
        (RecordKind.CERTIFICATE, "Debt work", "C-1", date(2004, 6, 1), None),
    ]
    assert last_changes() == {"created": 2, "training": 1, "test": 1, "certificate": 1}


def test_chinese_headers_words_and_three_certificates_are_understood() -> None:
    firm = make_law_firm()
    actor = actor_of(make_user(Role.LEGAL_PARTNER, firm))
    header = (
        "工号,姓名,岗位,入职日期,离职日期,考试名称,考试日期,考试结果,证书名称,证书编号,发证日期,证书名称2,证书编号2,发证日期2,"
        "证书有效期至2,证书名称3,证书编号3,发证日期3"
    )
    row = "Ａ１,王伟,律师,2005年1月3日,,合规考试,2005/06/01,不合格,执业证,Z1,20010901,英语,Y2,2003-05-05,2008-05-04,会计,K3,2002-02-02"

    assert counts(bring(actor, firm, a_file(row, header=header))) == (1, 0, 0, 0)

    assert members()[0].employee_no == "A1"
    assert [(kind.value, title, number) for kind, title, number, *_ in records()] == [
        ("test", "合规考试", ""), ("certificate", "执业证", "Z1"), ("certificate", "英语", "Y2"), ("certificate", "会计", "K3"),
    ]  # fmt: skip
    with reading(observer()) as session:
        assert list(session.scalars(sa.select(StaffRecord.passed).order_by(StaffRecord.id))) == [
            False,
            True,
            True,
            True,
        ]


def test_the_same_file_again_changes_nothing_and_says_so() -> None:
    agency = make_agency()
    leader = leader_of(agency)
    bring(leader, agency, a_file(LI, HAN))
    before = (len(members()), len(records()), len(deeds()))

    summary = bring(leader, agency, a_file(LI, HAN))

    assert (summary["status"], summary["unchanged"]) == ("already_imported", 2)
    assert (len(members()), len(records()), len(deeds())) == before


def test_a_later_file_changes_details_adds_records_and_takes_nothing_away() -> None:
    agency = make_agency()
    leader = leader_of(agency)
    bring(leader, agency, a_file(LI, HAN))

    later = a_file(
        "E1,李雷,team leader,2005-01-10,,,Conduct,2005-01-11,2006-01-10,,,,,,Debt work,C-2,2005-06-01,2008-05-31",
        "E2,韩梅梅,,2005-02-01,2005-06-30,,,,,,,,,,,,,",
        "E3,高山,,2005-06-01,,,,,,,,,,,,,,",
    )
    summary = bring(leader, agency, later)

    assert counts(summary) == (1, 2, 0, 0)
    first, second, _third = members()
    assert (first.position, second.name, second.ended_on) == ("team leader", "韩梅梅", date(2005, 6, 30))
    assert [number for _, _, number, *_ in records() if number] == ["C-1", "C-2"]
    assert len(records()) == 4
    assert last_changes() == {"created": 1, "name": 1, "position": 1, "ended_on": 1, "certificate": 1}
    assert counts(bring(leader, agency, later + b"\n\n")) == (0, 0, 3, 0)


def test_an_empty_cell_or_a_column_that_is_not_there_empties_nothing() -> None:
    agency = make_agency()
    make_member(agency, name="李雷", employee_no="E1", position="collector", ended_on=date(2005, 9, 1))

    bring(leader_of(agency), agency, a_file("E1,李雷,2005-01-01", header="employee_no,name,started_on"))
    bring(
        leader_of(agency),
        agency,
        a_file("E1,李雷,,2005-01-01,", header="employee_no,name,position,started_on,ended_on"),
    )

    assert (members()[0].position, members()[0].ended_on) == ("collector", date(2005, 9, 1))


def test_what_one_organisation_calls_e1_is_not_anothers() -> None:
    east, west = make_agency("HT"), make_agency("ZX")
    bring(leader_of(east), east, a_file(LI))
    manager = actor_of(make_user(Role.VENDOR_MANAGER))

    assert counts(bring(manager, west, a_file(LI))) == (1, 0, 0, 0)

    assert [member.organisation_id for member in members()] == [east.id, west.id]


def test_a_file_lets_people_in_whom_the_bank_asks_for_papers() -> None:
    agency = make_agency()
    somebody = make_user(Role.AGENCY_STAFF, agency, user_name="ht.li", password=PASSWORD)
    manager = actor_of(make_user(Role.VENDOR_MANAGER))
    for item in (Item.TRAINING, Item.TEST, Item.CERTIFICATE):
        require(manager, OrganisationKind.AGENCY, item, TODAY)
    with pytest.raises(DomainError):
        entering.sign_in(somebody.user_name, PASSWORD, origin="test", browser="test")

    bring(manager, agency, a_file(LI.replace("2005-01-10,,,", "2005-01-10,,HT.LI,")))

    assert entering.sign_in(somebody.user_name, PASSWORD, origin="test", browser="test")


def test_an_entry_without_a_number_is_found_by_its_sign_in_and_gets_the_number() -> None:
    agency = make_agency()
    somebody = make_user(Role.AGENCY_STAFF, agency, user_name="ht.li")
    make_member(agency, somebody, employee_no=None, name="Li Lei")

    summary = bring(leader_of(agency), agency, a_file(LI.replace("2005-01-10,,,", "2005-01-10,,ht.li,")))

    assert counts(summary) == (0, 1, 0, 0)
    assert [(m.employee_no, m.name, m.user_id) for m in members()] == [("E1", "李雷", somebody.id)]
    assert last_changes()["employee_no"] == 1


# --- what it leaves out ----------------------------------------------------------------------------------------------------


def test_a_row_is_left_out_with_all_that_is_wrong_by_line_column_value_and_rule() -> None:
    agency = make_agency()
    wrong = ",王小明,,yesterday,,nobody,Conduct,2005-08-01,,Test,2005-06-01,888,perhaps,,,C-9,2005-02-02,2004-01-01"

    assert counts(bring(leader_of(agency), agency, a_file(LI, wrong))) == (1, 0, 0, 1)

    ((line, errors),) = rejected()
    assert line == 3
    assert sorted(errors) == sorted(
        [
            ("employee_no", "", "missing"),
            ("started_on", "yesterday", "unreadable"),
            ("user_name", "nobody", "unknown_value"),
            ("trained_on", "2005-08-01", "future_date"),
            ("test_result", "perhaps", "unknown_value"),
            ("certificate", "", "missing"),
        ]
    )


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("E1,李雷,,2005-03-01,2005-02-01,,,,,,,,,,,,,", ("ended_on", "2005-02-01", "unknown_value")),
        ("E1,李雷,,2005-01-01,,,Conduct,,2006-01-01,,,,,,,,,", ("trained_on", "", "missing")),
        ("E1,李雷,,2005-01-01,,,,,,Test,2005-01-02,101,passed,,,,,", ("test_score", "101", "unknown_value")),
        ("E1,李雷,,2005-01-01,,,,,,Test,2005-01-02,-5,passed,,,,,", ("test_score", "-5", "unreadable")),
        ("E1,李雷,,2005-01-01,,,,,,Test,2005-01-02,60,,,,,,", ("test_result", "", "missing")),
        ("E1,李雷,,2005-01-01,,,,,,,,,,,Debt work,,2005-01-02,", ("certificate_no", "", "missing")),
        ("E1,李雷,,2005-01-01,,,,,,,,,,,Debt work,1,2005-01-02,2005-01-01", ("certificate_valid_until", "2005-01-01", "unknown_value")),
        ("E1,李雷,,2005-01-01,,,,,,Test,2005-01-02,٣,passed,,,,,", ("test_score", "٣", "unreadable")),
        ("E1,李雷,,0001-01-01,,,,,,,,,,,,,,", ("started_on", "0001-01-01", "unreadable")),
        ("E1,李雷,,2005-01-01,,,,,,,,,,,,,,,more,cells", ("", "", "unreadable")),
        ("1.5E+10,李雷,,2005-01-01,,,,,,,,,,,,,,", ("employee_no", "1.5E+10", "scientific_notation")),
        ("E1,李雷,6222021234567890128,2005-01-01,,,,,,,,,,,,,,", ("position", "622202*********0128", "card_number")),
        (f"E1,{'长' * 121},,2005-01-01,,,,,,,,,,,,,,", ("name", "长****", "unreadable")),
        (f"{'9' * 65},李雷,,2005-01-01,,,,,,,,,,,,,,", ("employee_no", "9" * 65, "unreadable")),
    ],
)  # fmt: skip
def test_what_the_register_would_refuse_the_file_refuses(row: str, error: tuple[str, str, str]) -> None:
    agency = make_agency()

    assert counts(bring(leader_of(agency), agency, a_file(HAN, row))) == (1, 0, 0, 1)

    assert rejected() == [(3, [error])]


def test_the_number_of_a_certificate_is_masked_where_it_is_an_identity_number() -> None:
    agency = make_agency()
    row = "E1,李雷,,2005-01-01,,,,,,,,,,,,110101199003070011,2005-01-02,"

    bring(leader_of(agency), agency, a_file(HAN, row, "E1,王五,,2005-01-01,,,,,,,,,,,X,110101199003070011,2005-08-01,"))

    shown = json.dumps(rejected())
    assert "110101199003070011" not in shown


def test_a_number_twice_in_a_file_stands_once() -> None:
    agency = make_agency()

    assert counts(bring(leader_of(agency), agency, a_file(HAN, LI, HAN))) == (2, 0, 0, 1)

    assert rejected() == [(4, [("employee_no", "E2", "duplicate")])]


def test_a_sign_in_belongs_to_one_entry_of_its_own_organisation() -> None:
    agency, rival = make_agency("HT"), make_agency("ZX")
    make_user(Role.AGENCY_STAFF, rival, user_name="zx.li")
    taken = make_user(Role.AGENCY_STAFF, agency, user_name="ht.taken")
    make_user(Role.AGENCY_STAFF, agency, user_name="ht.free")
    make_member(agency, taken, employee_no="E9")

    summary = bring(
        leader_of(agency), agency,
        a_file("E1,李,2005-01-01,zx.li", "E2,王,2005-01-01,ht.taken", "E3,张,2005-01-01,ht.free", "E4,赵,2005-01-01,ht.free",
               header="employee_no,name,started_on,user_name"),
    )  # fmt: skip

    assert counts(summary) == (1, 0, 0, 3)
    assert [(line, errors[0][2]) for line, errors in rejected()] == [
        (2, "unknown_value"),
        (3, "conflict"),
        (5, "conflict"),
    ]


def test_a_namesake_without_a_number_is_asked_for_first() -> None:
    agency = make_agency()
    make_member(agency, name="李雷", employee_no=None)

    assert counts(bring(leader_of(agency), agency, a_file(LI, HAN))) == (1, 0, 0, 1)

    assert rejected() == [(2, [("employee_no", "E1", "conflict")])]


def test_a_record_that_stands_is_not_changed_and_one_withdrawn_does_not_come_back() -> None:
    agency = make_agency()
    leader = leader_of(agency)
    bring(leader, agency, a_file(LI))
    longer = LI.replace("2006-01-10", "2007-01-10").replace("88", "99")
    with pytest.raises(ImportRefused) as refused:
        bring(leader, agency, a_file(longer))
    assert refused.value.summary["errors"] == {"conflict": 2}
    with reading(observer()) as session:
        training = session.scalars(sa.select(StaffRecord.id).where(StaffRecord.kind == RecordKind.TRAINING)).one()

    register.withdraw_record(leader, training)

    with pytest.raises(ImportRefused):
        bring(leader, agency, a_file(LI, ""))
    corrected = LI.replace("2006-01-10", "2007-01-10")
    assert counts(bring(leader, agency, a_file(corrected))) == (0, 1, 0, 0)
    assert len(records()) == 4


def test_a_title_that_a_layout_gives_to_all_rows_makes_no_record_without_its_day() -> None:
    agency = make_agency()

    summary = bring(leader_of(agency), agency, a_file("E1,李雷,,2005-01-10,,,Conduct,,,,,,,,,,,"))

    assert (counts(summary), summary["warnings"]) == ((1, 0, 0, 0), {"missing": 1})
    assert records() == []


def test_a_file_without_a_good_row_or_column_changes_nothing() -> None:
    agency = make_agency()
    with pytest.raises(ImportRefused) as refused:
        bring(leader_of(agency), agency, a_file("E1,,,,,,,,,,,,,,,,,"))
    assert refused.value.summary["status"] == "refused"
    with pytest.raises(DomainError) as lacking:
        bring(leader_of(agency), agency, a_file("E1,李雷", header="employee_no,name"))
    assert "started_on (入职日期)" in str(lacking.value.message)
    assert members() == []


def test_a_file_that_is_no_text_is_refused_whole() -> None:
    agency = make_agency()
    with pytest.raises(DomainError) as refused:
        bring(leader_of(agency), agency, a_file(HAN, "E1,李\0雷,,2005-01-01,,,,,,,,,,,,,,"))
    assert refused.value.code == "tabular.binary"
    assert members() == []


def test_a_trial_says_what_would_be_and_leaves_nothing() -> None:
    agency = make_agency()
    leader = leader_of(agency)

    summary = try_staff(leader, io.BytesIO(a_file(LI, HAN)), "staff.csv", Options(organisation_id=agency.id))

    assert (summary["status"], counts(summary)) == ("dry_run", (2, 0, 0, 0))
    assert members() == [] and deeds() == []


def test_whom_the_bank_has_barred_a_file_does_not_permit() -> None:
    agency = make_agency()
    manager = actor_of(make_user(Role.VENDOR_MANAGER))
    register.bar_member(manager, make_member(agency, employee_no="E1", name="李雷"), "complaint 17")

    bring(leader_of(agency), agency, a_file(LI))

    assert members()[0].barred_at is not None


def test_every_change_is_audited_with_the_name_masked_and_the_file_beside_it() -> None:
    agency = make_agency()
    leader = leader_of(agency)
    member_id = make_member(agency, employee_no="E2", name="韩梅", started_on=date(2005, 2, 1))
    make_record(member_id, RecordKind.TRAINING, date(2005, 1, 1))

    bring(leader, agency, a_file(LI, HAN.replace("韩梅,", "韩梅梅,desk")))

    with reading(observer()) as session:
        run = session.scalars(sa.select(ImportRun.id)).one()
    found = deeds()
    assert [event.action for event in found] == [
        "register.member_added", *["register.record_added"] * 3, "register.member_changed",
    ]  # fmt: skip
    assert {event.details["import_run"] for event in found} == {run}
    assert "李雷" not in json.dumps([event.after for event in found], ensure_ascii=False)
    assert found[-1].after == {"name": "韩*", "position": "desk"}


# --- whose it is ------------------------------------------------------------------------------------------------------------


def test_a_leader_sends_files_of_the_own_organisation_only() -> None:
    agency, rival = make_agency("HT"), make_agency("ZX")
    bank = make_bank()
    leader = leader_of(agency)
    for other in (rival.id, bank.id, 987_654, None):
        options = Options(organisation_id=other)
        with pytest.raises(NotFound):
            receive_staff(leader, io.BytesIO(a_file(LI)), "staff.csv", options)
        with pytest.raises(NotFound):
            try_staff(leader, io.BytesIO(a_file(LI)), "staff.csv", options)
        with pytest.raises(NotFound):
            receive_waiting(leader, STAFF, io.BytesIO(a_file(LI)), "staff.csv", other)
    with reading(observer()) as session:
        assert not session.scalar(sa.select(sa.func.count()).select_from(ImportRun))


def test_a_file_is_seen_by_the_bank_and_by_whose_staff_it_lists() -> None:
    agency, rival = make_agency("HT"), make_agency("ZX")
    leader, other = leader_of(agency), leader_of(rival)
    bring(leader, agency, a_file(HAN, "E5,,,,,,,,,,,,,,,,,"))

    for actor, seen in ((leader, 1), (other, 0), (observer(), 1)):
        with reading(actor) as session:
            for model in (ImportRun, RejectedRow):
                assert session.scalar(sa.select(sa.func.count()).select_from(model)) == seen
    with reading(other) as session:
        number = session.scalar(sa.select(sa.func.count()).select_from(StaffMember))
    assert number == 0
    with pytest.raises(NotFound):
        import_staff(other, 1)


def test_staff_without_the_register_in_hand_send_no_file() -> None:
    agency = make_agency()
    collector = actor_of(make_user(Role.AGENCY_STAFF, agency))

    with pytest.raises(DomainError) as refused:
        receive_waiting(collector, STAFF, io.BytesIO(a_file(LI)), "staff.csv", agency.id)

    assert refused.value.status == 403
