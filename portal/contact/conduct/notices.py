"""The period in which the consumer may dispute: it ends so many days after the notice is taken to have arrived.

After 12 CFR 1006.34(b)(5): receipt may be assumed from the fifth working day after the sending on; where a notice came back, the
next one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from portal.contact.conduct.calendars import Calendar, working_days_after
from portal.contact.conduct.events import Event, NoticeReturned, NoticeSent
from portal.contact.conduct.terms import Rule

__all__ = ["ValidationRule", "validation_period"]


@dataclass(frozen=True, kw_only=True)
class ValidationRule(Rule):
    """`receipt_days`: working days by the calendar until receipt may be assumed. `then_days`: calendar days from then on.

    `within_days`: by when the notice is sent, after the first communication; 0: nothing is said. `template`: a form of it.
    """

    receipt_days: int
    then_days: int
    calendar: Calendar
    within_days: int = 0
    template: str = ""


def validation_period(rule: ValidationRule, log: Sequence[Event], zone: ZoneInfo) -> tuple[date, date] | None:
    """The earliest day on which the notice may be taken to have arrived, and the last day of the period; None without one."""
    sent = None
    for event in sorted((e for e in log if isinstance(e, NoticeSent | NoticeReturned)), key=lambda e: e.at):
        sent = event.at if isinstance(event, NoticeSent) else None
    if sent is None:
        return None
    received = working_days_after(sent.astimezone(zone).date(), rule.receipt_days, rule.calendar)
    return received, received + timedelta(days=rule.then_days)
