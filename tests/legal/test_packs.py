"""A pack from the accepted batch to the lawyer's desk: what is frozen, what stands aside, who sees it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.legal import flags
from portal.legal.building import build_pack
from portal.legal.models import PackState
from portal.legal.operations import open_letter, refuse_letter, refuse_pack
from portal.legal.queries import pack_for
from portal.legal.reading import pdf_of
from portal.portfolio.models import AccountStatus, HoldFlag
from tests.identity.factories import actor_of, make_agency, make_law_firm, make_user
from tests.legal.factories import (
    Firm,
    a_firm,
    built_pack,
    change_accounts,
    end_licences,
    letter_batch,
    letters_of,
    text_of,
    the_pack,
)
from tests.placement.factories import criteria, make_desk, placed, recalled
from tests.portfolio.factories import make_accounts, make_hold
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def test_a_pack_freezes_a_letter_for_every_placement(app: Flask) -> None:
    firm = a_firm()

    pack = the_pack(built_pack(app, firm, accounts=8))
    letters = letters_of(pack.id)

    assert (pack.state, pack.letter_count, pack.flagged_count) == (PackState.REVIEW, 8, 0)
    assert [letter.position for letter in letters] == list(range(1, 9))
    assert pack.total_minor == sum(letter.total_minor for letter in letters)
    assert pack.head["firm"]["lawyers"] == [{"name": "张示例", "licence_no": firm.lawyer.lawyer_licence_no}]
    assert pack.head["client"]["name"] == "江南银行"
    assert pack.head["issued_on"] == "2005-07-01"
    assert pack.balance_as_of == date(2005, 6, 30)


def test_the_sample_has_the_size_that_the_policy_demands(app: Flask) -> None:
    pack = the_pack(built_pack(app, a_firm(), accounts=8))

    assert pack.must_open == services().settings.review_sample == 5
    assert sum(letter.in_sample for letter in letters_of(pack.id)) == 5


def test_frozen_data_is_sealed_and_does_not_follow_the_account(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    letter = letters_of(pack_id)[0]
    before = open_letter(firm.actor, pack_id, letter.id).data

    change_accounts(principal_minor=1, total_minor=1, balance_as_of=date(2005, 7, 1))

    after = open_letter(firm.actor, pack_id, letter.id).data
    assert after == before
    assert after is not None
    assert (after["total"], after["currency"], after["debtor_name"]) == ("1000.00", "CNY", "王伟")
    assert after["verify_code"] == letter.verify_code
    assert "王伟".encode() not in letter.frozen_sealed


def test_letters_that_a_check_stops_stand_aside_first_in_the_list_with_the_reason(app: Flask) -> None:
    firm = a_firm()
    letters = letters_of(build_and_run(app, firm, letter_batch(firm, accounts=5, but=1)))

    assert [letter.flagged for letter in letters] == [True, False, False, False, False]
    assert [flag["code"] for flag in letters[0].flags] == [flags.NO_ADDRESS]
    assert not letters[0].in_sample


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": AccountStatus.CLOSED}, flags.ACCOUNT_CLOSED),
        ({"balance_as_of": date(2005, 3, 1)}, flags.OLD_BALANCE),
        ({"principal_minor": 0, "total_minor": 0}, "sum.nothing_due"),
    ],
)
def test_what_keeps_a_letter_aside(app: Flask, change: dict[str, object], code: str) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)
    change_accounts(**change)

    letter = letters_of(build_and_run(app, firm, batch_id))[0]

    assert letter.flagged
    assert code in [flag["code"] for flag in letter.flags]


def test_a_hold_keeps_a_letter_aside_by_its_flag(app: Flask) -> None:
    firm = a_firm()
    desk = make_desk()
    account = make_accounts(1, currency="CNY", days=90)[0]
    batch_id = letter_batch(firm, accounts=1, desk=desk)
    make_hold(account, HoldFlag.DECEASED, of_person=True)

    letters = letters_of(build_and_run(app, firm, batch_id))

    assert [flag["code"] for flag in letters[0].flags] == ["hold.deceased"]
    assert not letters[1].flagged


def test_an_account_in_taiwan_dollars_gets_its_amounts_without_capitals(app: Flask) -> None:
    firm = a_firm(currency="TWD")
    pack_id = built_pack(app, firm, accounts=1, currency="TWD")

    text = text_of(pdf_of(open_letter(firm.actor, pack_id, letters_of(pack_id)[0].id)))

    assert "新台币" in text
    assert "1,000.00" in text
    assert "壹仟元整" not in text


def test_while_a_pack_of_a_batch_is_built_no_other_one_is(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)
    build_pack(firm.actor, batch_id)

    with pytest.raises(Refused, match="is being built"):
        build_pack(firm.actor, batch_id)


def test_only_an_accepted_batch_of_letters_of_the_own_firm_becomes_a_pack(app: Flask) -> None:
    firm, other, desk = a_firm(), a_firm("沪例"), make_desk()
    agency = make_agency()
    make_contract(agency, currency="CNY")
    make_accounts(4, currency="CNY", days=90)
    calls = placed(desk, agency, criteria(currency="CNY"))
    foreign = letter_batch(other, accounts=1, desk=desk)

    for batch_id in (calls, foreign):
        with pytest.raises(NotFound):
            build_pack(firm.actor, batch_id)


def test_nobody_but_the_firm_and_the_bank_sees_a_pack(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    stranger = actor_of(make_user(organisation=make_law_firm()))

    with reading(stranger) as session, pytest.raises(NotFound):
        pack_for(session, stranger, pack_id)
    with pytest.raises(NotFound):
        open_letter(stranger, pack_id, letters_of(pack_id)[0].id)
    with pytest.raises(NotFound):
        refuse_pack(stranger, pack_id, "not ours")


def test_the_bank_reads_no_letter(app: Flask) -> None:
    pack_id = built_pack(app, a_firm(), accounts=1)
    manager = actor_of(make_user())

    with pytest.raises(DomainError) as refused:
        open_letter(manager, pack_id, letters_of(pack_id)[0].id)

    assert refused.value.status == 403


def test_a_firm_without_a_licensed_lawyer_builds_no_pack(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)
    end_licences(firm.organisation.id, date(2005, 6, 30))

    with pytest.raises(Refused, match="licence"):
        build_pack(firm.actor, batch_id)


def test_a_recalled_batch_takes_its_pack_along(app: Flask) -> None:
    firm, desk = a_firm(), make_desk()
    batch_id = letter_batch(firm, accounts=2, desk=desk)
    pack_id = build_and_run(app, firm, batch_id)

    recalled(desk, batch_id)

    pack = the_pack(pack_id)
    assert (pack.state, pack.refusal) == (PackState.REFUSED, flags.BATCH_ENDED)


def test_a_pack_is_refused_as_a_whole_with_a_reason(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)

    with pytest.raises(DomainError, match="why"):
        refuse_pack(firm.actor, pack_id, " ")
    refuse_pack(firm.actor, pack_id, "amounts look wrong")

    assert (the_pack(pack_id).state, the_pack(pack_id).refusal) == (PackState.REFUSED, "amounts look wrong")
    with pytest.raises(Refused):
        refuse_letter(firm.actor, pack_id, letters_of(pack_id)[0].id, "too late")


def build_and_run(app: Flask, firm: Firm, batch_id: int) -> int:
    pack_id = build_pack(firm.actor, batch_id)
    run_pending(app)
    return pack_id
