"""How failed attempts slow the next one down, by name and by address; kept in a table, so a restart forgets nothing.

An attempt is counted before the password is looked at, so that many at once cannot slip through together; a success
takes its count back. All by real time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.identity.models import SignInThrottle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.foundation.work import Work

__all__ = ["Brake", "by_address", "by_name", "by_person", "count_attempt", "delay_after", "take_back"]

FIRST_DELAY = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(hours=24)
SWEPT_AT_ONCE = 100


@dataclass(frozen=True)
class Brake:
    """What is being tried, and how patient we are with it. `free` failures cost nothing; `longest` caps the delay."""

    kind: str
    value: str
    free: int
    longest: timedelta
    cleared_by_success: bool = True


def by_name(user_name: str) -> Brake:
    """Attempts at one name. Capped at a quarter of an hour, so that nobody can shut somebody else out for long."""
    return Brake("sign-in name", user_name, free=5, longest=timedelta(minutes=15))


def by_address(origin: str) -> Brake:
    """Attempts from one address, which a whole office may share; one success does not whitewash the others."""
    return Brake("sign-in address", origin, free=30, longest=timedelta(hours=1), cleared_by_success=False)


def by_person(what: str, user_id: int) -> Brake:
    """Attempts at a known person's codes or old password."""
    return Brake(what, str(user_id), free=5, longest=timedelta(minutes=15))


def delay_after(failures: int, free: int, longest: timedelta) -> timedelta:
    """How long the next attempt has to wait after so many failures: nothing at first, then 30 seconds, doubling."""
    if failures < free:
        return timedelta(0)
    doublings = min(failures - free, 20)
    return min(longest, FIRST_DELAY * (1 << doublings))


def count_attempt(work: Work, brakes: Sequence[Brake]) -> None:
    """Count an attempt against each brake. DomainError `throttled` (429) while one of them is on; nothing counts then."""
    rows = [_row(work, brake) for brake in brakes]
    waits = [row.blocked_until - work.real_now for row in rows if row.blocked_until]
    longest = max(waits, default=timedelta(0))
    if longest > timedelta(0):
        raise DomainError("throttled", _words(longest), status=429)
    for row, brake in zip(rows, brakes, strict=True):
        forgotten = work.real_now - row.last_failure_at > FORGOTTEN_AFTER
        row.failures = 1 if forgotten else row.failures + 1
        row.last_failure_at = work.real_now
        row.blocked_until = _end(work.real_now, row.failures, brake)


def take_back(work: Work, brakes: Sequence[Brake]) -> None:
    """The attempt was right: it leaves no trace, and where success clears, neither do those before it."""
    for brake in brakes:
        row = _row(work, brake)
        row.failures = 0 if brake.cleared_by_success else max(0, row.failures - 1)
        row.blocked_until = _end(work.real_now, row.failures, brake)
    _sweep(work)


def _sweep(work: Work) -> None:
    """Drop some rows of long ago, so that guessing at made-up names does not fill the table for good."""
    old = sa.select(SignInThrottle).where(SignInThrottle.last_failure_at < work.real_now - FORGOTTEN_AFTER)
    for row in work.session.scalars(old.limit(SWEPT_AT_ONCE).with_for_update(skip_locked=True)):
        work.session.delete(row)


def _end(now: datetime, failures: int, brake: Brake) -> datetime | None:
    delay = delay_after(failures, brake.free, brake.longest)
    return now + delay if delay else None


def _row(work: Work, brake: Brake) -> SignInThrottle:
    """The brake's row, locked; made if it is the first attempt. Names and addresses are kept as keyed hashes only."""
    key = work.vault.fingerprint(brake.kind, brake.value)
    wanted = sa.select(SignInThrottle).where(SignInThrottle.key_hash == key).with_for_update()
    wanted = wanted.execution_options(populate_existing=True)
    found = work.session.scalar(wanted)
    if found is not None:
        return found
    try:
        with work.session.begin_nested():
            made = SignInThrottle(key_hash=key, failures=0, last_failure_at=work.real_now)
            work.session.add(made)
        return made
    except IntegrityError:  # somebody else made it at the same moment
        return work.session.scalars(wanted).one()


def _words(wait: timedelta) -> Message:
    seconds = max(1, round(wait.total_seconds()))
    if seconds < 90:
        return say("Too many failed attempts. Wait %(n)s seconds and try again.", n=seconds)
    return say("Too many failed attempts. Wait %(n)s minutes and try again.", n=-(-seconds // 60))
