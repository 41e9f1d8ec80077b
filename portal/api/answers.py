"""A request that is sent twice does its work once: its key is claimed before the work, and its answer kept for the second.

Each step stands in a short transaction of its own, as for forms (foundation/submissions.py). A claim whose process died is
taken over after a minute; whoever comes late with it is fenced off by the instant of the claim.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.api.models import ApiAnswer
from portal.foundation import hooks
from portal.foundation.daily import Due
from portal.foundation.database import WRITE_OPTION, db
from portal.foundation.errors import DomainError
from portal.foundation.jobs import JobView, Progress, handler
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from datetime import date

    from portal.foundation.access import Actor

__all__ = ["KEPT_DAYS", "Answer", "Claim", "claim", "forget_old", "release", "settle"]

FORGET: Final = "api.forget"
LONGEST_KEY: Final = 200
KEPT_DAYS: Final = 7
AT_WORK: Final = timedelta(minutes=1)  # nothing that the interface does takes longer


@dataclass(frozen=True)
class Claim:
    """The right to do a request's work, until somebody takes it over."""

    key: str
    at: datetime


@dataclass(frozen=True)
class Answer:
    """What the same request was answered before."""

    status: int
    body: str


def claim(actor: Actor, key: str, address: str, content: bytes) -> Claim | Answer:
    """The right to do the work, or the answer that is known. DomainError where the key stands for another request, or the
    first with it is still at work."""
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        words = say("An idempotency key has 1 to %(most)s plain characters, for example a UUID.", most=LONGEST_KEY)
        raise DomainError("idempotency.key", words, field="Idempotency-Key")
    mark = hashlib.sha256(f"{address}\0".encode() + content).digest()
    now = services().clock.real_now()
    with _session(actor) as session:
        known = session.scalar(_of(actor, key))
        if known is None:
            session.add(ApiAnswer(organisation_id=actor.organisation_id, key=key, request_hash=mark, at=now))
            try:
                session.commit()
            except IntegrityError:  # somebody came first in the same moment
                raise _still_at_work() from None
            return Claim(key, now)
        return _known(session, known, mark, now)


def _known(session: Session, known: ApiAnswer, mark: bytes, now: datetime) -> Claim | Answer:
    if bytes(known.request_hash) != mark:
        words = say("This idempotency key was used for another request. Take a new key for a new request.")
        raise DomainError("idempotency.conflict", words, field="Idempotency-Key")
    if known.status is not None and known.body is not None:
        return Answer(known.status, known.body)
    if known.at > now - AT_WORK:
        raise _still_at_work()
    mine = sa.update(ApiAnswer).where(ApiAnswer.id == known.id, ApiAnswer.at == known.at, ApiAnswer.status.is_(None))
    taken = session.execute(mine.values(at=now).execution_options(synchronize_session=False))
    session.commit()
    if not taken.rowcount:  # type: ignore[attr-defined]
        raise _still_at_work()
    return Claim(known.key, now)


def settle(actor: Actor, claimed: Claim, status: int, body: str) -> None:
    """Keep what was answered."""
    _end(actor, claimed, sa.update(ApiAnswer).values(status=status, body=body))


def release(actor: Actor, claimed: Claim) -> None:
    """Nothing was done: the same request may come again."""
    _end(actor, claimed, sa.delete(ApiAnswer))


def _end(actor: Actor, claimed: Claim, deed: Any) -> None:
    mine = (
        ApiAnswer.organisation_id == actor.organisation_id,
        ApiAnswer.key == claimed.key,
        ApiAnswer.at == claimed.at,
        ApiAnswer.status.is_(None),
    )
    with _session(actor) as session:
        session.execute(deed.where(*mine).execution_options(synchronize_session=False))
        session.commit()


def _of(actor: Actor, key: str) -> sa.Select[tuple[ApiAnswer]]:
    return visible(ApiAnswer, actor).where(ApiAnswer.organisation_id == actor.organisation_id, ApiAnswer.key == key)


def _session(actor: Actor) -> Session:
    session = Session(db.engine, info={"actor": actor})
    session.connection(execution_options={WRITE_OPTION: True})
    return session


def _still_at_work() -> DomainError:
    words = say("The first request with this idempotency key is still at work. Ask again in a moment.")
    return DomainError("idempotency.at_work", words, field="Idempotency-Key", status=409)


# --- what nobody asks for any more -------------------------------------------------------------------------------------


@hooks.due_work.register
def _old_answers(session: Session, actor: Actor, now: datetime, today: date) -> list[Due]:
    """Once a day, where there is something to forget."""
    old = visible(ApiAnswer, actor).where(ApiAnswer.at < _before()).limit(1)
    return [Due(FORGET, today.isoformat())] if session.scalar(old) is not None else []


def _before() -> datetime:
    return services().clock.real_now() - timedelta(days=KEPT_DAYS)


def forget_old(actor: Actor) -> int:
    """Forget answers older than KEPT_DAYS; how many."""
    with transaction(actor) as work:
        old = sa.delete(ApiAnswer).where(ApiAnswer.at < _before()).execution_options(synchronize_session=False)
        gone = int(work.session.execute(old).rowcount)  # type: ignore[attr-defined]
        work.audit("api.forgotten", "api_answer", after={"count": gone})
    return gone


@handler(FORGET, _l("Old answers of the interface forgotten"))
def _forget(job: JobView, _progress: Progress) -> dict[str, int]:
    return {"gone": forget_old(job.actor)}
