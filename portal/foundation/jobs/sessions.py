"""Short transactions of the job machinery, apart from those of handlers and requests."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from portal.foundation.access import system_actor
from portal.foundation.database import WRITE_OPTION, db

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["system_session"]

RUNNER = system_actor("job-runner")


@contextmanager
def system_session(*, writes: bool) -> Iterator[Session]:
    """A transaction of the system actor on a connection of its own; committed at the end if it writes."""
    with Session(db.engine, info={"actor": RUNNER}, expire_on_commit=False) as session:
        session.connection(execution_options={WRITE_OPTION: writes})
        yield session
        if writes:
            session.commit()
