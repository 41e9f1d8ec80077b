"""A process that closes a month and is killed at a chosen point of its second organisation: `begun`, `claimed`, `written`,
`commit` or `committed`."""

from __future__ import annotations

from itertools import count

from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.commission import closing, drawing
from tests.support.dying import before, die, live_until

STEPS = {"begun": (closing, "_draw_one"), "claimed": (drawing, "claim_beside"), "written": (drawing, "freeze")}


def arm(name: str) -> None:
    """See to it that this process dies there."""
    numbers = count(1)
    if name in STEPS:
        before(*STEPS[name], lambda: die() if next(numbers) == 2 else None)
    else:
        moment = {"commit": "before_commit", "committed": "after_commit"}[name]
        before(drawing, "freeze", lambda: event.listen(Session, moment, die) if next(numbers) == 2 else None)


if __name__ == "__main__":
    live_until(arm)
