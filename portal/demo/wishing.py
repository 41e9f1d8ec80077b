"""What debtors of the demo ask for and agree to, and who notes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.wishes.kinds import DAY, NOTHING, End, Kind, Place, Terms
from portal.contact.wishes.operations import Ending, Telling, end_wish, note_wish
from portal.demo.asking import held_account
from portal.demo.vouching import made_up_scan
from portal.foundation.work import reading
from portal.portfolio.models import Account, ContactKind, ContactPoint

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["plan_wishes"]

_WORKDAYS = 0b0011111


@dataclass(frozen=True)
class _Heard:
    """What one person noted `days_ago` of an account that a house holds. `of_number`: of the person's first number.
    `scan`: the heading of a made-up paper that shows it. `ends`: how it ended a day later."""

    days_ago: int
    who: str
    house: str
    place: int
    kind: Kind
    terms: Terms = NOTHING
    note: str = ""
    of_number: bool = False
    scan: str = ""
    ends: End | None = None


_ALL = (
    _Heard(9, "ht.anna", "HT", 1, Kind.INCONVENIENT_TIME, Terms(weekdays=_WORKDAYS, opens=540, closes=720),
           "上午在车间，手机不在身边"),
    _Heard(8, "ht.anna", "HT", 1, Kind.CONTACT_TIME, Terms(opens=1200, closes=1380), "请求晚上联系，通话录音可查"),
    _Heard(8, "ht.bo", "HT", 3, Kind.MEDIA_STOP, Terms(channel="sms"), "家人会看到短信", of_number=True),
    _Heard(7, "compliance", "HT", 6, Kind.INCONVENIENT_PLACE, Terms(place=Place.WORK.value), "来电说明单位禁止私人电话"),
    _Heard(7, "vendor1", "ZX", 2, Kind.AGREED_FREQUENCY, Terms(dials=8), scan="Agreement on the number of calls"),
    _Heard(6, "ht.anna", "HT", 8, Kind.INCONVENIENT_TIME, Terms(weekdays=127, opens=1200, closes=DAY), "晚上照顾病人",
           ends=End.WITHDRAWN),
    _Heard(3, "compliance", "HT", 12, Kind.CEASE, note="挂号信原件已归档", scan="Letter: please do not contact me any more"),
)  # fmt: skip


def plan_wishes(stage: Stage) -> None:
    """Each on its day, in the order of the list."""
    for number, heard in enumerate(_ALL):
        day = stage.yesterday - timedelta(days=heard.days_ago)
        stage.plan(day, 16, 40 + number, partial(_note, stage, heard, number))


def _note(stage: Stage, heard: _Heard, number: int) -> None:
    account = held_account(stage, heard.house, heard.place)
    if account is None:
        return
    terms = heard.terms
    if heard.of_number:
        terms = Terms(channel=terms.channel, contact_point_id=_first_number(stage, account[0]))
    proof = made_up_scan(f"wish-{number}", heard.scan) if heard.scan else None
    telling = Telling(kind=heard.kind, terms=terms, note=heard.note, proof=proof, whole_person=True)
    wish_id = note_wish(stage.actor(heard.who), account[0], telling)
    if heard.ends is not None:
        day = stage.yesterday - timedelta(days=heard.days_ago - 1)
        stage.plan(day, 11, 5, partial(_end, stage, wish_id, heard.ends))


def _end(stage: Stage, wish_id: int, reason: End) -> None:
    end_wish(stage.actor("compliance"), wish_id, Ending(reason=reason, note="来电告知可以再联系"))


def _first_number(stage: Stage, account_id: int) -> int | None:
    wanted = (
        sa.select(ContactPoint.id)
        .join(Account, Account.customer_id == ContactPoint.customer_id)
        .where(Account.id == account_id, ContactPoint.kind == ContactKind.PHONE, ContactPoint.relation == "self")
        .order_by(ContactPoint.position, ContactPoint.id)
        .limit(1)
    )
    with reading(stage.actor("vendor1")) as session:
        return session.scalar(wanted)
