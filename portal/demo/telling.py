"""Two agencies join their own systems to the portal. There are no such systems, so what they answer is made up and nothing
leaves this machine while the demo is built."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from portal.api.webhook_delivery import deliver_waiting
from portal.api.webhook_models import EventKind, Webhook
from portal.api.webhook_operations import (
    CHOSEN_KINDS,
    Wanted,
    add_webhook,
    pause_webhook,
    replay_since,
    resume_webhook,
)
from portal.api.webhook_post import Answer
from portal.demo.cast import HOUSES
from portal.foundation.daily import portal_itself
from portal.foundation.errors import Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.demo.stage import Stage
    from portal.foundation.access import Actor

__all__ = ["OF_PLACEMENTS", "go_live", "join"]

OF_PLACEMENTS: Final = tuple(kind for kind in CHOSEN_KINDS if kind.value.startswith(("batch", "recall")))
TOLD: Final = timedelta(days=30)  # of what happened before, when the systems are ready
BUSY: Final = Answer(503, "status")


def _leader(stage: Stage, code: str) -> Actor:
    return stage.actor(next(house for house in HOUSES if house.code == code).leader.user_name)


def join(stage: Stage, code: str, url: str, only: Sequence[EventKind] = CHOSEN_KINDS) -> None:
    """The leader enters the address; until the system is ready events are kept."""
    leader = _leader(stage, code)
    webhook_id, _secret = add_webhook(leader, Wanted(url, only))
    pause_webhook(leader, webhook_id)


def go_live(stage: Stage, code: str, *, failing: int, stays: bool = True) -> None:
    """What happened in the last days is sent, and the try of this number (from 0) fails. `stays`: it is tried again a
    minute later; else the leader stops it to look why."""
    leader, bank = _leader(stage, code), portal_itself("cli")
    with reading(leader) as session:
        webhook_id = session.scalar(visible(Webhook, leader).with_only_columns(sa.func.min(Webhook.id)))
    if webhook_id is None or bank is None:
        return
    resume_webhook(leader, webhook_id)
    try:
        replay_since(leader, webhook_id, services().clock.now() - TOLD)
    except Refused:  # nothing happened: the book is too small
        return
    tries = count()

    def answer(*_sent: Any, **_how: Any) -> Answer:
        return BUSY if next(tries) == failing else Answer(200)

    deliver_waiting(bank, webhook_id, 0, send=answer)
    if stays:
        stage.set_clock(services().clock.real_now() + timedelta(seconds=70))
        deliver_waiting(bank, webhook_id, 0, send=answer)
    else:
        pause_webhook(leader, webhook_id)
    run_pending(stage.app)  # what was asked for finds everything done
