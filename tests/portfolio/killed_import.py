"""A process that runs an import's job and is killed at a chosen point: `begun`, `rows` (with `chunk`, the one before which it
dies), `written`, `commit` or `committed`."""

from __future__ import annotations

from itertools import count

from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.portfolio import importing
from tests.support.dying import before, die, live_until


def arm(name: str, chunk: int, chunk_rows: int) -> None:
    """See to it that this process dies there."""
    importing.CHUNK = chunk_rows
    if name == "begun":
        before(importing, "_apply", die)
    elif name == "rows":
        numbers = count()
        before(importing, "_good_ones", lambda: die() if next(numbers) == chunk else None)
    elif name == "written":
        before(importing, "_end", die)
    else:
        moment = {"commit": "before_commit", "committed": "after_commit"}[name]
        before(importing, "_end", lambda: event.listen(Session, moment, die))


if __name__ == "__main__":
    live_until(arm)
