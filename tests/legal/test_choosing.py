"""What a pack is built of: which accounts, by which template, as of which day; and that nobody gets the same letter twice at once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.legal import flags
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.choosing import Choice, Selection, count_chosen
from portal.legal.dispatch.operations import dispatch_letter, record_result
from portal.legal.dispatch.terms import MailResult, Outcome, Sent
from portal.legal.models import LiveLetter, PackState
from portal.legal.operations import refuse_letter, refuse_pack
from portal.legal.queries import batches_to_pack
from portal.placement.conditions import Conditions
from portal.portfolio.models import (
    Account,
    BalanceSnapshot,
    HoldFlag,
    ImportKind,
    ImportRun,
    ImportState,
)
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.legal.factories import (
    Firm,
    a_firm,
    address_everybody,
    change_accounts,
    letter_batch,
    letters_of,
    open_sample,
    ready_pack,
    the_pack,
)
from tests.portfolio.factories import make_accounts, make_hold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
AGAIN = Choice(selection=Selection(again=True))


def built(app: Flask, firm: Firm, batch_id: int, choice: Choice | None = None) -> int:
    pack_id = build_pack(firm.actor, batch_id, choice)
    run_pending(app)
    return pack_id


def refs(pack_id: int) -> list[str]:
    return [letter.account_ref for letter in letters_of(pack_id)]


def places() -> list[int]:
    """Letters that hold their placement's place."""
    with reading(observer()) as session:
        return list(session.scalars(sa.select(LiveLetter.letter_id).order_by(LiveLetter.letter_id)))


def snapshots(accounts: Sequence[Account], on: date, owed: int) -> None:
    """What a file of an earlier day said of these accounts."""
    with transaction(observer()) as work:
        run = ImportRun(
            kind=ImportKind.ACCOUNTS, state=ImportState.APPLIED, file_name=f"{on}.csv", content_sha256=on.isoformat(),
            mapping="standard@1", as_of=on, options={}, requested_at=datetime(2005, 6, 1, tzinfo=UTC),
        )  # fmt: skip
        work.session.add(run)
        work.session.flush()
        for account in accounts:
            work.session.add(
                BalanceSnapshot(
                    account_id=account.id, import_run_id=run.id, as_of=on, principal_minor=owed, interest_minor=0,
                    fees_minor=0, total_minor=owed, days_past_due=60, bucket="M2",
                )
            )  # fmt: skip


def test_a_batch_becomes_several_packs_by_what_is_chosen(app: Flask) -> None:
    firm = a_firm()
    old, young = make_accounts(2, currency="CNY", days=170), make_accounts(3, currency="CNY", days=40)
    batch_id = letter_batch(firm, accounts=0)

    first = built(app, firm, batch_id, Choice(selection=Selection(buckets=("M6",))))
    second = built(app, firm, batch_id)

    assert refs(first) == [account.account_ref for account in old]
    assert refs(second) == [account.account_ref for account in young]
    assert the_pack(second).number == the_pack(first).number + "2"
    assert the_pack(first).criteria == {"buckets": ["M6"], "balance_on": "2005-06-30"}
    with pytest.raises(Refused, match="No account is left"):
        build_pack(firm.actor, batch_id)


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(balance_from=107_919), [1, 2, 3]),
        (Selection(balance_to=107_919), [0, 1]),
        (Selection(conditions=Conditions(days_from=100)), [3]),
        (Selection(conditions=Conditions(products=("Gold",))), [2]),
        (Selection(without_holds=True), [0, 2, 3]),
    ],
)
def test_accounts_are_chosen_by_balance_age_product_and_holds(
    app: Flask, selection: Selection, taken: list[int]
) -> None:
    firm = a_firm()
    accounts = make_accounts(4, currency="CNY", days=90)
    batch_id = letter_batch(firm, accounts=0)
    change_accounts(Account.id == accounts[3].id, days_past_due=120)
    change_accounts(Account.id == accounts[2].id, product="Gold")
    make_hold(accounts[1], HoldFlag.COMPLAINT)

    with reading(firm.actor) as session:
        counted = count_chosen(session, firm.actor, batch_id, "lawyer-letter-zh", selection).accounts
    pack_id = built(app, firm, batch_id, Choice(selection=selection))

    assert sorted(refs(pack_id)) == [accounts[place].account_ref for place in taken]
    assert counted == len(taken)


def test_the_bank_s_vendor_manager_builds_a_pack_too_and_another_firm_does_not(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=2)
    manager, stranger = actor_of(make_user()), actor_of(make_user(organisation=make_law_firm()))

    with pytest.raises(NotFound):
        build_pack(stranger, batch_id)
    pack_id = build_pack(manager, batch_id)
    run_pending(app)

    pack = the_pack(pack_id)
    assert (pack.state, pack.organisation_id, pack.built_by) == (
        PackState.REVIEW,
        firm.organisation.id,
        manager.user_id,
    )
    assert pack.head["firm"]["lawyers"][0]["name"] == "张示例"
    assert len(letters_of(pack_id)) == 2


def test_a_letter_states_the_balance_of_the_day_that_was_chosen(app: Flask) -> None:
    firm = a_firm()
    accounts = make_accounts(2, currency="CNY", days=90, total_minor=100_000)
    snapshots(accounts[:1], date(2005, 5, 31), 80_000)
    batch_id = letter_batch(firm, accounts=0)

    letters = letters_of(built(app, firm, batch_id, Choice(balance_on=date(2005, 6, 15))))

    stated = {letter.account_ref: letter for letter in letters}
    assert stated[accounts[0].account_ref].total_minor == 80_000
    assert stated[accounts[0].account_ref].flags == []
    assert [flag["code"] for flag in stated[accounts[1].account_ref].flags] == [flags.NO_BALANCE]


def test_more_than_a_later_file_says_is_not_demanded(app: Flask) -> None:
    firm = a_firm()
    accounts = make_accounts(1, currency="CNY", days=90, total_minor=50_000)
    snapshots(accounts, date(2005, 5, 31), 80_000)

    letter = letters_of(built(app, firm, letter_batch(firm, accounts=0), Choice(balance_on=date(2005, 6, 1))))[0]

    assert [flag["code"] for flag in letter.flags] == [flags.OWES_LESS]


@pytest.mark.parametrize("day", [date(2005, 7, 2), date(2005, 3, 1)])
def test_a_balance_day_lies_neither_ahead_nor_too_far_back(app: Flask, day: date) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)

    with pytest.raises(DomainError) as refused:
        build_pack(firm.actor, batch_id, Choice(balance_on=day))

    assert refused.value.field == "balance_on"


# --- one live letter ------------------------------------------------------------------------------------------------------


def test_a_letter_that_was_left_out_can_be_written_again_when_it_is_asked_for(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=3)
    first = built(app, firm, batch_id)
    left_out = letters_of(first)[0]
    refuse_letter(firm.actor, first, left_out.id, "wrong address")

    with pytest.raises(Refused, match="No account is left"):
        build_pack(firm.actor, batch_id)
    again = built(app, firm, batch_id, AGAIN)

    assert refs(again) == [left_out.account_ref]


def test_a_refused_pack_is_built_anew_without_asking_for_more(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=2)
    first = built(app, firm, batch_id)
    assert len(places()) == 2
    refuse_pack(firm.actor, first, "amounts look wrong")

    assert places() == []
    assert refs(built(app, firm, batch_id)) == refs(first)


def test_what_stood_aside_in_an_approved_pack_can_be_written_again(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=3, but=1)
    first = built(app, firm, batch_id)
    open_sample(firm.actor, first)
    approve_pack(firm.actor, first)
    run_pending(app)
    address_everybody()

    again = letters_of(built(app, firm, batch_id, AGAIN))

    assert [letter.account_ref for letter in again] == [letters_of(first)[0].account_ref]
    assert not again[0].flagged


@pytest.mark.parametrize(
    ("result", "again"),
    [
        (MailResult.RETURNED, True), (MailResult.UNCLAIMED, True), (MailResult.DELIVERED, False),
        (MailResult.REFUSED, False),
    ],
)  # fmt: skip
def test_an_account_is_written_to_again_after_its_letter_came_back(app: Flask, result: MailResult, again: bool) -> None:
    firm = a_firm()
    pack_id = ready_pack(app, firm, accounts=2)
    letter = letters_of(pack_id)[0]
    dispatch_letter(firm.actor, pack_id, letter.id, Sent("EMS", "1", date(2005, 7, 1)))

    record_result(firm.actor, pack_id, letter.id, Outcome(result, date(2005, 7, 1), "moved"))

    batch_id = the_pack(pack_id).batch_id
    if again:
        assert refs(built(app, firm, batch_id, AGAIN)) == [letter.account_ref]
    else:
        with pytest.raises(Refused, match="No account is left"):
            build_pack(firm.actor, batch_id, AGAIN)


def test_a_return_that_was_not_true_takes_the_place_again_unless_another_letter_has_it(app: Flask) -> None:
    firm = a_firm()
    pack_id = ready_pack(app, firm, accounts=2)
    today, sent = date(2005, 7, 1), letters_of(pack_id)
    for letter in sent:
        dispatch_letter(firm.actor, pack_id, letter.id, Sent("EMS", str(letter.id), today))
        record_result(firm.actor, pack_id, letter.id, Outcome(MailResult.UNCLAIMED, today))
    assert places() == []
    record_result(firm.actor, pack_id, sent[0].id, Outcome(MailResult.DELIVERED, today))
    assert places() == [sent[0].id]

    second = built(app, firm, the_pack(pack_id).batch_id, AGAIN)
    record_result(firm.actor, pack_id, sent[1].id, Outcome(MailResult.DELIVERED, today))

    assert places() == [sent[0].id, letters_of(second)[0].id]


def test_the_database_refuses_two_live_letters_of_a_template_to_one_placement(app: Flask) -> None:
    firm = a_firm()
    pack_id = built(app, firm, letter_batch(firm, accounts=1))
    letter = letters_of(pack_id)[0]
    other = letters_of(built(app, firm, letter_batch(firm, accounts=1)))[0]

    with pytest.raises(IntegrityError), transaction(observer()) as work:
        work.session.execute(sa.delete(LiveLetter).where(LiveLetter.letter_id == other.id))
        row = {"letter_id": other.id, "placement_id": letter.placement_id, "organisation_id": firm.organisation.id}
        work.session.add(LiveLetter(**row, template="lawyer-letter-zh"))
        work.session.flush()


def test_a_batch_waits_for_a_pack_until_it_has_one_that_was_not_refused(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=2)

    def waits() -> list[int]:
        with reading(firm.actor) as session:
            return [batch.id for batch in session.scalars(batches_to_pack(firm.actor, unpacked=True))]

    assert waits() == [batch_id]
    pack_id = built(app, firm, batch_id, Choice(selection=Selection(balance_to=100_000)))
    assert waits() == []
    refuse_pack(firm.actor, pack_id, "amounts look wrong")
    assert waits() == [batch_id]
