"""The private address of a person's calendar of hearings: made, renewed, ended, and what it answers.

Whoever has the address sees hearings of the person's firm (at the bank: of all firms): matter, case number, court and room. No
debtor is named in it and no amount. The secret is kept as its hash.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask_babel import force_locale

from portal.foundation.access import Permission, demand, system_actor
from portal.foundation.errors import NotFound, Refused
from portal.foundation.hooks import actor_loader
from portal.foundation.language import say, translate
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.identity.tokens import new_token, token_hash
from portal.legal.matters.calendar import Entry, calendar
from portal.legal.matters.labels import HEARING_KINDS
from portal.legal.matters.models import CalendarFeed, HearingState
from portal.legal.matters.queries import hearings_to_tell

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["answer_feed", "end_feed", "feed_of", "make_feed"]

READER = system_actor("calendar", "calendar")
KEPT_FOR = timedelta(days=92)  # hearings that are over stay in the calendar for a quarter
MOST = 2_000
LASTS = timedelta(hours=1)


def feed_of(session: Session, actor: Actor) -> CalendarFeed | None:
    """The address that the actor has now."""
    wanted = visible(CalendarFeed, actor).where(CalendarFeed.user_id == actor.user_id, CalendarFeed.ended_at.is_(None))
    return session.scalar(wanted)


def make_feed(actor: Actor) -> str:
    """A new address, whose secret is told this once; the one before, if there was one, leads nowhere from now on."""
    demand(actor, Permission.MATTERS_VIEW)
    secret = new_token()
    with transaction(actor) as work:
        before = feed_of(work.session, actor)
        if before is not None:
            before.ended_at = work.real_now
            work.session.flush()
        feed = CalendarFeed(
            organisation_id=actor.organisation_id, user_id=actor.user_id, token_hash=token_hash(secret),
            made_at=work.real_now,
        )  # fmt: skip
        work.session.add(feed)
        work.session.flush()
        work.audit("legal.calendar_made", feed, after={"renewed": before is not None})
    return secret


def end_feed(actor: Actor) -> None:
    """The address leads nowhere from now on. Refused where there is none."""
    demand(actor, Permission.MATTERS_VIEW)
    with transaction(actor) as work:
        feed = feed_of(work.session, actor)
        if feed is None:
            raise Refused("calendar.none", say("You have no address that could be ended."))
        feed.ended_at = work.real_now
        work.audit("legal.calendar_ended", feed)


def answer_feed(secret: str) -> bytes:
    """The calendar behind a secret, in its person's language. NotFound for what is none, was ended, or belongs to somebody who
    may not see matters (any more)."""
    who = _whose(secret)
    with reading(who) as session, force_locale(who.locale):
        rows = hearings_to_tell(session, who, services().clock.now() - KEPT_FOR, MOST)
        name = translate(say("Hearings · %(name)s", name=who.organisation_name))
        return calendar(name, [_entry(row) for row in rows])


def _whose(secret: str) -> Actor:
    with reading(READER) as session:
        wanted = visible(CalendarFeed, READER).where(
            CalendarFeed.token_hash == token_hash(secret), CalendarFeed.ended_at.is_(None)
        )
        feed = session.scalar(wanted)
        who: Actor | None = actor_loader.one(session, feed.user_id) if feed is not None else None
    if who is None or not who.can(Permission.MATTERS_VIEW):
        raise NotFound
    return who


def _entry(row: Any) -> Entry:
    hearing, matter = row.Hearing, row.Matter
    base = services().settings.base_url.rstrip("/")
    kind = str(HEARING_KINDS[hearing.kind])
    number = translate(say("Case number: %(number)s", number=matter.case_no)) if matter.case_no else ""
    return Entry(
        uid=f"hearing-{hearing.id}@{urlsplit(base).hostname or 'portal'}", starts_at=hearing.starts_at, lasts=LASTS,
        changed_at=hearing.changed_at, sequence=hearing.edition, summary=f"{kind} · {matter.number}",
        location=" ".join(filter(None, (hearing.court, hearing.room))), description=number,
        url=f"{base}/matters/{matter.id}", cancelled=hearing.state is HearingState.CANCELLED,
        reminded=hearing.state is not HearingState.HELD,
    )  # fmt: skip
