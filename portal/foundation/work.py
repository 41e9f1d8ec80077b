"""The unit of work: one transaction, one actor, one instant; the audit trail and the job requests go into it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from portal.foundation.audit import write_event
from portal.foundation.database import WRITE_OPTION, db
from portal.foundation.services import services
from portal.foundation.visibility import bind_actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import Job
    from portal.foundation.storage import Storage
    from portal.foundation.vault import Vault

__all__ = ["Work", "reading", "transaction"]


class Work:
    """What an operation works with while its transaction is open."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor
        self._clock = services().clock
        self.now: datetime = self._clock.now()
        self.today: date = self._clock.today()
        self._afterwards: list[Callable[[], None]] = []

    @property
    def real_now(self) -> datetime:
        """Real time, for leases, sessions and throttles."""
        return self._clock.real_now()

    @property
    def vault(self) -> Vault:
        return services().vault

    @property
    def storage(self) -> Storage:
        return services().storage

    def audit(
        self,
        action: str,
        subject: Any,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        **details: Any,
    ) -> None:
        """Write the deed into the audit trail of this transaction. Mask personal data before."""
        write_event(
            self.session,
            self.actor,
            action,
            subject,
            at=self.now,
            recorded_at=self.real_now,
            before=before,
            after=after,
            details=details,
        )

    def request_job(
        self, kind: str, key: str, payload: dict[str, Any], total: int | None = None, *, as_portal: bool = False
    ) -> Job:
        """Ask for long work in this transaction; asking twice with the same key is one job. See `jobs.request_job`."""
        from portal.foundation.jobs import request_job

        return request_job(self, kind, key, payload, total, as_portal=as_portal)

    def after_commit(self, deed: Callable[[], None]) -> None:
        """Do this once the transaction stands, and not at all if it does not."""
        self._afterwards.append(deed)

    def finish(self) -> None:
        """Run what waits for the commit, in order."""
        for deed in self._afterwards:
            deed()


@contextmanager
def transaction(actor: Actor) -> Iterator[Work]:
    """One write transaction as `actor`: committed at the end, rolled back whole on any exception.

    On SQLite it takes the write lock at once (a deferred transaction that reads and then writes fails under load); on
    PostgreSQL it runs as the application's role with the actor's organisation set.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("operations do not nest: hand the work down instead")
    bind_actor(session, actor)
    session.rollback()  # ends what was read before; the operation reads anew, under its own lock
    session.info["writing"] = True
    try:
        session.connection(execution_options={WRITE_OPTION: True})
        work = Work(session, actor)
        yield work
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["writing"] = False
    work.finish()


@contextmanager
def reading(actor: Actor) -> Iterator[Session]:
    """A session to read with as `actor`, for commands and jobs; a request has its own, already bound."""
    session = db.session()
    bind_actor(session, actor)
    try:
        yield session
    finally:
        if not session.info.get("writing"):
            session.rollback()
