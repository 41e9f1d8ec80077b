"""The public page: what it says of a code, what it keeps to itself, and what the firm learns of it."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import system_actor
from portal.foundation.work import reading, transaction
from portal.legal.models import Letter, LetterPack, PackState
from portal.legal.verification.codes import NO_CODE, read_code, read_number
from portal.legal.verification.models import Answer, IssuedLetter, VerificationCount
from portal.legal.verification.operations import verify
from portal.legal.verification.queries import MANY, asked_of_letter, asked_of_pack, unknown_codes
from portal.portfolio.models import Account, Customer
from tests.identity.factories import make_law_firm, make_user, observer
from tests.legal.factories import Firm, a_firm, built_pack, letters_of, ready_pack, the_pack
from tests.legal.test_dispatch import void

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 20))

TODAY = date(2005, 7, 20)


@pytest.fixture
def firm(app: Flask) -> Firm:
    return a_firm()


@pytest.fixture
def letter(app: Flask, firm: Firm) -> Letter:
    return letters_of(ready_pack(app, firm, 2))[0]


def counts() -> list[tuple[str, int, bool]]:
    """Answer, times, and whether a firm is named."""
    with reading(observer()) as session:
        found = session.scalars(sa.select(VerificationCount).order_by(VerificationCount.id)).all()
        return [(row.answer.value, row.times, row.organisation_id is not None) for row in found]


@pytest.mark.parametrize(
    "typed",
    [
        "7KQ2-M9TD-4PXA",
        "7kq2m9td4pxa",
        " 7KQ2 M9TD 4PXA ",
        "７ＫＱ２－Ｍ９ＴＤ－４ＰＸＡ",
        "7KQ2—M9TD—4PXA",
        "7kq2.m9td.4pxa",
    ],
)
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert read_code(typed) == "7KQ2-M9TD-4PXA"


@pytest.mark.parametrize(
    "typed", ["", "7KQ2", "7KQ2-M9TD-4PXA-7", "0KQ2-M9TD-4PXA", "七七七七七七七七七七七七", "x" * 10_000]
)
def test_what_cannot_be_a_code_is_asked_for_like_one_that_nobody_has_issued(typed: str) -> None:
    assert read_code(typed) == NO_CODE


def test_a_letter_number_is_the_same_with_other_brackets_and_spaces() -> None:
    assert read_number("（2005）京示律函字第 000001 号") == read_number("(2005)京示律函字第000001号")
    assert read_number("(2005)京示律函字第000001号") != read_number("(2005)京示律函字第000011号")


def test_whoever_has_the_code_learns_firm_bank_number_and_day_and_nothing_else(firm: Firm, letter: Letter) -> None:
    found = verify(letter.verify_code.lower())

    assert found.answer is Answer.GENUINE
    assert found.firm is not None
    assert (found.firm.name, found.firm.phone) == (firm.organisation.name, firm.organisation.phone)
    assert (found.letter_no, found.issued_on) == (letter.letter_no, TODAY)
    assert verify(letter.verify_code, str(letter.letter_no)).answer is Answer.GENUINE


def test_the_number_of_another_letter_is_told_and_the_right_one_is_not(letter: Letter) -> None:
    other = letters_of(letter.pack_id)[1]

    found = verify(letter.verify_code, str(other.letter_no))

    assert (found.answer, found.letter_no, found.issued_on) == (Answer.MISMATCH, "", None)


def test_a_letter_that_becomes_void_is_withdrawn_from_that_moment_on(letter: Letter) -> None:
    assert verify(letter.verify_code).answer is Answer.GENUINE
    void(letter)
    assert verify(letter.verify_code).answer is Answer.WITHDRAWN


def test_a_letter_that_was_void_when_its_pack_became_ready_is_withdrawn(app: Flask, firm: Firm) -> None:
    from portal.foundation.jobs import run_pending
    from portal.legal.approving import approve_pack
    from tests.legal.factories import open_sample

    pack_id = built_pack(app, firm, 2)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    first = letters_of(pack_id)[0]
    assert verify(first.verify_code).answer is Answer.UNKNOWN  # approved, not printed
    void(first)
    run_pending(app)

    assert the_pack(pack_id).state is PackState.READY
    assert [verify(letter.verify_code).answer.value for letter in letters_of(pack_id)] == ["withdrawn", "genuine"]


def test_a_code_that_nobody_has_issued_a_malformed_one_and_one_in_review_are_answered_alike(
    app: Flask, firm: Firm
) -> None:
    waiting = letters_of(built_pack(app, firm, 1))[0]
    client = app.test_client()

    pages = []
    for code in (waiting.verify_code, "7KQ2-M9TD-4PXA", "%00x", "../etc", "x" * 300):
        answer = client.get("/verify", query_string={"code": code.replace("%00", "")})
        assert answer.status_code == 200
        text = re.sub(r'nonce-?="?[^"]*"|value="[^"]*"|content="[^"]*"', "", answer.get_data(as_text=True))
        pages.append(text)
    assert len(set(pages)) == 1
    assert counts() == [("unknown", 5, False)]


def test_every_question_is_counted_by_letter_and_firm_and_codes_of_nobody_without(firm: Firm, letter: Letter) -> None:
    other = letters_of(letter.pack_id)[1]
    for _ in range(3):
        verify(letter.verify_code)
    verify(letter.verify_code, "(2005)京示律函字第000777号")
    void(other)
    verify(other.verify_code)
    verify("7KQ2-M9TD-4PXA")

    assert counts() == [("genuine", 3, True), ("mismatch", 1, True), ("withdrawn", 1, True), ("unknown", 1, False)]
    with reading(firm.actor) as session:
        assert asked_of_letter(session, firm.actor, letter.id) == (4, 1, TODAY)
        assert asked_of_letter(session, firm.actor, letter.id).stands_out
        assert asked_of_pack(session, firm.actor, letter.pack_id) == (5, 1, TODAY)
        assert unknown_codes(session, firm.actor, TODAY).times == 0
    with reading(observer()) as session:
        assert unknown_codes(session, observer(), TODAY) == (1, 0, TODAY)


def test_a_letter_that_is_asked_for_often_stands_out_on_the_page_of_its_pack(
    firm: Firm, letter: Letter, client_for: Callable[[User], PageClient]
) -> None:
    for _ in range(MANY):
        verify(letter.verify_code)

    pages = client_for(firm.lawyer)
    assert "1 letter was verified often" in pages.get(f"/packs/{letter.pack_id}")
    pack = pages.get(f"/packs/{letter.pack_id}?show=asked_often")

    assert str(letter.letter_no) in pack
    assert str(letters_of(letter.pack_id)[1].letter_no) not in pack
    assert "going around" in pages.get(f"/packs/{letter.pack_id}/letters/{letter.id}/way")


def test_the_verification_page_can_read_what_it_confirms_and_nothing_of_letters_or_people(letter: Letter) -> None:
    verifier = system_actor("verification")
    with reading(verifier) as session:
        for model in (Letter, LetterPack, Account, Customer):
            assert session.scalars(sa.select(model.id).order_by(model.id)).all() == [], model
        assert len(session.scalars(sa.select(IssuedLetter.letter_id).order_by(IssuedLetter.letter_id)).all()) == 2


# --- the page --------------------------------------------------------------------------------------------------------------


def test_the_page_needs_no_sign_in_and_is_kept_by_no_search_engine(app: Flask, letter: Letter) -> None:
    client = app.test_client()

    answer = client.get(f"/verify/{letter.verify_code}", headers={"Accept-Language": "zh-CN"})

    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "本函件真实" in html and str(letter.letter_no) in html
    assert answer.headers["X-Robots-Tag"].startswith("noindex") and 'name="robots"' in html
    assert letter.name_masked not in html and letter.account_ref not in html
    english = client.get(f"/verify/{letter.verify_code}", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "This letter is genuine" in english


def test_somebody_who_is_signed_in_sees_the_same_page(letter: Letter, client_for: Callable[[User], PageClient]) -> None:
    page = client_for(make_user(organisation=make_law_firm("粤示"))).get(f"/verify/{letter.verify_code}")
    assert "This letter is genuine" in page


def test_a_void_letter_must_not_be_paid_by(app: Flask, letter: Letter) -> None:
    void(letter)
    html = (
        app.test_client().get(f"/verify/{letter.verify_code}", headers={"Accept-Language": "en"}).get_data(as_text=True)
    )
    assert "withdrawn" in html and "Do not pay" in html


def test_who_tries_many_codes_is_told_to_wait(app: Flask, letter: Letter) -> None:
    client = app.test_client()
    answers = [client.get(f"/verify/7KQ2-M9TD-{n:04d}").status_code for n in range(31)]
    assert answers[:30] == [200] * 30 and answers[30] == 429
    told = client.get("/verify?code=7KQ2", headers={"Accept-Language": "en"})
    page = told.get_data(as_text=True)
    assert told.headers["Retry-After"] and "Wait a minute, then ask again." in page
    assert 'value="7KQ2"' in page and "the back of the card" in page and "home page" not in page


@pytest.mark.settings(today=date(2005, 7, 20), public_url="https://letters.bank.example")
def test_the_head_of_a_pack_holds_the_pages_address_where_one_is_set(app: Flask) -> None:
    pack = the_pack(built_pack(app, a_firm("沪例"), 1))
    assert pack.head["verify_url"] == "https://letters.bank.example/verify"


def test_without_an_address_letters_name_none(letter: Letter) -> None:
    assert "verify_url" not in the_pack(letter.pack_id).head


def test_two_questions_on_one_day_are_one_row(letter: Letter) -> None:
    verify(letter.verify_code)
    with transaction(observer()) as work:
        work.session.execute(sa.update(VerificationCount).values(times=41))
    verify(letter.verify_code)
    assert counts() == [("genuine", 42, True)]
