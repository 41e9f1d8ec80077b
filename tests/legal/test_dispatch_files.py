"""Dispatches and results by file: read as a firm has it, applied whole, what is on file never changed."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.work import reading
from portal.legal.dispatch.files import import_dispatch, receive_dispatch, try_dispatch
from portal.legal.dispatch.models import LetterDispatch, LetterResult
from portal.legal.dispatch.operations import dispatch_pack
from portal.portfolio.importing import ImportRefused, Options
from portal.portfolio.models import ContactPoint, ContactStatus, RejectedRow
from tests.identity.factories import observer
from tests.legal.factories import Firm, a_firm, letters_of, ready_pack
from tests.legal.test_dispatch import void

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.settings(today=date(2005, 7, 20))

TODAY = date(2005, 7, 20)
HEAD = "letter_no,carrier,tracking_no,dispatched_on,result,result_on,reason"
CHINESE_HEAD = "函件编号,承运方,邮件号,寄出日期,投递结果,结果日期,原因"


@pytest.fixture
def firm(app: Flask) -> Firm:
    return a_firm()


@pytest.fixture
def numbers(app: Flask, firm: Firm) -> list[str]:
    return [str(letter.letter_no) for letter in letters_of(ready_pack(app, firm, 4))]


def bring(firm: Firm, *lines: str, head: str = HEAD, encoding: str = "utf-8") -> dict[str, Any]:
    """Import a file of these lines; its summary."""
    content = "\n".join((head, *lines, "")).encode(encoding)
    options = Options(organisation_id=firm.organisation.id, encoding=None)
    run = receive_dispatch(firm.actor, io.BytesIO(content), "寄递.csv", options, as_job=False)
    return import_dispatch(firm.actor, run.id)


def reasons() -> list[tuple[str, str]]:
    """Of all rejected rows: the column and what is wrong with it."""
    with reading(observer()) as session:
        found = session.scalars(sa.select(RejectedRow).order_by(RejectedRow.id)).all()
        return [(error["column"], error["code"]) for row in found for error in row.errors]


def rows(model: Any) -> list[Any]:
    with reading(observer()) as session:
        found = list(session.scalars(sa.select(model).order_by(model.id)))
        session.expunge_all()
    return found


def figures(summary: dict[str, Any]) -> tuple[int, ...]:
    return tuple(summary[name] for name in ("created", "updated", "unchanged", "rejected"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_dispatches_and_results_come_in_by_one_file_in_either_encoding_and_language(
    firm: Firm, numbers: list[str], encoding: str
) -> None:
    summary = bring(
        firm,
        f"{numbers[0]},中国邮政EMS,EA1CN,2005-07-20,已签收,2005-07-20,",
        f"{numbers[1]},中国邮政EMS,EA2CN,2005/7/20,退回,2005年7月20日,查无此人",
        f"{numbers[2]},中国邮政EMS,,20050720,,,",
        head=CHINESE_HEAD,
        encoding=encoding,
    )

    assert figures(summary) == (3, 0, 0, 0)
    assert [row.tracking_no for row in rows(LetterDispatch)] == ["EA1CN", "EA2CN", ""]
    assert [(row.result.value, row.reason) for row in rows(LetterResult)] == [
        ("delivered", ""),
        ("returned", "查无此人"),
    ]
    marked = [point for point in rows(ContactPoint) if point.status is ContactStatus.INVALID]
    assert len(marked) == 1


def test_a_file_that_comes_twice_changes_nothing_and_says_so(firm: Firm, numbers: list[str]) -> None:
    line = f"{numbers[0]},EMS,EA1CN,2005-07-20,delivered,2005-07-20,"
    bring(firm, line)

    assert bring(firm, line)["status"] == "already_imported"
    assert figures(bring(firm, line, f"{numbers[1]},EMS,,2005-07-20,,,")) == (1, 0, 1, 0)
    assert len(rows(LetterDispatch)) == 2


def test_tracking_numbers_and_results_are_filled_in_and_what_is_on_file_is_not_changed(
    firm: Firm, numbers: list[str]
) -> None:
    dispatch_pack(firm.actor, letters_of(1)[0].pack_id, "EMS", TODAY)

    assert figures(bring(firm, *(f"{number},,EA{n}CN,,,," for n, number in enumerate(numbers)))) == (0, 4, 0, 0)
    with reading(observer()) as session:
        last = session.scalars(sa.select(LetterDispatch).order_by(LetterDispatch.id.desc()).limit(1)).one()
        assert (last.carrier, last.tracking_no, last.dispatched_on) == ("EMS", "EA3CN", TODAY)
        assert last.corrects_id is not None

    summary = bring(firm, f"{numbers[0]},SF,EA9CN,,,,", f"{numbers[1]},,,,unclaimed,2005-07-20,")
    assert figures(summary) == (0, 1, 0, 1)
    assert reasons() == [("carrier", "conflict"), ("tracking_no", "conflict")]


def test_rows_that_cannot_be_are_left_out_by_name_and_the_others_are_taken(firm: Firm, numbers: list[str]) -> None:
    void(letters_of(1)[3])

    summary = bring(
        firm,
        f"{numbers[2]},EMS,EA3CN,2005-07-20,,,",
        "(2005)京示律函字第999999号,EMS,EA0CN,2005-07-20,,,",
        f"{numbers[0]},EMS,EA1CN,2005-07-21,,,",
        f"{numbers[1]},,,,delivered,2005-07-20,",
        f"{numbers[3]},EMS,EA4CN,2005-07-20,,,",
        ",EMS,EA5CN,2005-07-20,,,",
    )

    assert figures(summary) == (1, 0, 0, 5)
    assert reasons() == [
        ("letter_no", "unknown_letter"), ("dispatched_on", "future_date"), ("result", "missing"),
        ("letter_no", "conflict"), ("letter_no", "missing"),
    ]  # fmt: skip
    summary = bring(
        firm,
        f"{numbers[0]},EMS,EA1CN,2005-07-20,,,",
        f"{numbers[1]},EMS,EA2CN,2005-07-20,lost,2005-07-20,",
        f"{numbers[2]},,,,returned,2005-07-20,",
    )
    assert figures(summary) == (1, 0, 0, 2)
    assert reasons()[5:] == [("result", "unknown_value"), ("reason", "missing")]


def test_another_firms_letters_are_unknown_to_a_file(app: Flask, firm: Firm, numbers: list[str]) -> None:
    stranger = a_firm("沪例")
    content = f"{HEAD}\n{numbers[0]},EMS,,2005-07-20,,,\n".encode()
    options = Options(organisation_id=stranger.organisation.id)

    with pytest.raises(ImportRefused) as refused:
        try_dispatch(stranger.actor, io.BytesIO(content), "x.csv", options)

    assert refused.value.issues["rejected"][0]["errors"][0]["code"] == "unknown_letter"


def test_a_number_in_full_width_or_other_brackets_is_the_letters(firm: Firm, numbers: list[str]) -> None:
    wide = numbers[0].translate({ord(narrow): chr(ord(narrow) + 0xFEE0) for narrow in "()0123456789"})
    cornered = numbers[1].replace("(", "〔").replace(")", "〕")

    assert figures(bring(firm, f"{wide},EMS,EA1,2005-07-20,,,", f"{cornered},EMS,EA2,2005-07-20,,,")) == (2, 0, 0, 0)


def test_one_tracking_number_on_two_letters_is_refused_within_the_file_and_against_what_is_on_file(
    firm: Firm, numbers: list[str]
) -> None:
    bring(firm, f"{numbers[0]},EMS,EA1,2005-07-20,,,")

    summary = bring(
        firm,
        f"{numbers[1]},ems,ea1,2005-07-20,,,",
        f"{numbers[2]},EMS,EA2,2005-07-20,,,",
        f"{numbers[3]},EMS,EA2,2005-07-20,,,",
    )

    assert figures(summary) == (1, 0, 0, 2)
    assert reasons() == [("tracking_no", "conflict"), ("tracking_no", "duplicate")]


def test_days_before_what_they_follow_are_counted_by_a_name_of_their_own(firm: Firm, numbers: list[str]) -> None:
    summary = bring(
        firm,
        f"{numbers[0]},EMS,,2005-07-20,,,",
        f"{numbers[1]},EMS,,1999-07-20,,,",
        f"{numbers[2]},EMS,,2005-07-20,delivered,1999-07-20,",
    )

    assert summary["errors"] == {"early_date": 2}
    assert reasons() == [("dispatched_on", "early_date"), ("result_on", "early_date")]
