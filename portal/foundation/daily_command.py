"""`portal daily`: the day's work by hand, where no worker runs or a day is to be played through."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from portal.foundation.command_line import PUBLIC, access, application, in_application
from portal.foundation.errors import Refused
from portal.foundation.language import from_data, say, translate

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["daily"]

ROUNDS = 100  # what one round brings to light the next one does; a day has an end


@click.command("daily")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Another business date; not in production.")
@access(PUBLIC)
@in_application
def daily(day: datetime | None) -> None:
    """Do what is due today: batches without an answer, terms, last days. Prints JSON; a second time it finds nothing."""
    from portal.foundation.clock import Clock
    from portal.foundation.daily import ask_for_due
    from portal.foundation.jobs import JobState, run_to_end
    from portal.foundation.services import services

    found = services()
    if day is not None:
        if found.settings.env == "production" and day.date() != found.clock.today():
            raise Refused("daily.date", say("In production the day's work is that of today."))
        found.clock = Clock(found.clock.time_zone, day.date())
    done, seen = [], set()
    for _ in range(ROUNDS):
        waiting = [number for number in ask_for_due() if number not in seen]
        if not waiting:
            break
        for number in waiting:
            seen.add(number)
            job = run_to_end(application(), number)
            said = (job.result or job.error or {}).get("message")
            words = translate(from_data(said)) if said else ""
            done.append({"kind": job.kind, "key": job.key, "state": job.state.value, "message": words})
    click.echo(json.dumps({"date": found.clock.today().isoformat(), "done": done}, ensure_ascii=False))
    if any(piece["state"] != JobState.DONE.value for piece in done):
        sys.exit(1)
