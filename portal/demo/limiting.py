"""Limitation in the demo: a suit that the bank notes, an arbitration that a law firm notes, and a note that was not true."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.conduct import Ground
from portal.contact.limits.operations import note_restart, take_back_restart
from portal.demo.vouching import made_up_scan
from portal.foundation.errors import DomainError
from portal.foundation.work import reading
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["note_suits"]


def note_suits(stage: Stage) -> None:
    """Of the longest overdue: what each side notes of those that it sees."""
    _suit(stage, "mh.lawyer", 0, Ground.ARBITRATION, "沪仲案字第 0231 号")
    _suit(stage, "vendor1", 1, Ground.LAWSUIT, "民初 1702 号")
    wrong = _suit(stage, "vendor1", 2, Ground.LAWSUIT, "民初 1720 号")
    if wrong is not None:
        take_back_restart(stage.actor("vendor1"), wrong, "案号属于另一账户")


def _suit(stage: Stage, user_name: str, place: int, ground: Ground, words: str) -> int | None:
    """What somebody notes of an account; None where there is none so far down, or its place has other rules."""
    actor = stage.actor(user_name)
    owing = sa.select(Account.id).where(Account.currency == stage.currency, Account.total_minor > 0)
    wanted = owing.order_by(Account.days_past_due.desc(), Account.id)
    with reading(actor) as session:
        account_id = session.scalar(wanted.offset(place).limit(1))
    if account_id is None:
        return None
    day = stage.yesterday - timedelta(days=3 + place)
    try:
        return note_restart(actor, account_id, ground, day, words, made_up_scan("claim", "Statement of claim"))
    except DomainError:
        return None
