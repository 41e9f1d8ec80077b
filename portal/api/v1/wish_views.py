"""What debtors asked for, agreed to or were sent: what stands, noting one, what ends it."""

from __future__ import annotations

import re
from typing import Any, Final

from portal.api.scopes import Scope
from portal.api.v1 import asked, examples, shapes
from portal.api.v1.blueprint import blueprint, needs
from portal.contact.history import Debtor, pack_of, zone_for
from portal.contact.references import held_by_reference
from portal.contact.wishes import operations as wishes
from portal.contact.wishes import queries
from portal.contact.wishes.kinds import DAY, WEEKDAYS, End, Kind, Terms, weekdays_of
from portal.contact.wishes.lines import tag_of
from portal.contact.wishes.offering import check_kind
from portal.foundation.database import db
from portal.foundation.errors import DomainError, Faults
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.web import actor

__all__ = ["account_wishes", "end_wish", "note_wish"]

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@blueprint.route("/accounts/<account_ref>/wishes", methods=["GET"])
@needs(Scope.WISHES_READ)
@blueprint.response(200, shapes.Wishes, example=examples.WISHES)
def account_wishes(account_ref: str) -> Any:
    """Wishes and consents

    What was noted about an account that you hold and its person, the latest first: what binds everybody who collects for
    the bank, and the consents that were given to you.
    """
    _placement, owed, customer = held_by_reference(db.session(), actor(), account_ref)
    pack = pack_of(db.session(), actor(), Debtor.of(owed, customer), services().clock.now())
    rows = queries.of_account(db.session(), actor(), owed)
    return {"items": [_shown(row, pack, customer.time_zone) for row in rows]}


@blueprint.route("/accounts/<account_ref>/wishes", methods=["POST"])
@needs(Scope.WISHES_WRITE, writes=True)
@blueprint.arguments(asked.WishAsked, example=examples.WISH_ASKED)
@blueprint.response(201, shapes.Wish, example=examples.WISH, description="Noted")
def note_wish(wanted: dict[str, Any], account_ref: str) -> Any:
    """Note a wish or consent

    What restricts binds the bank and all who collect for it at once; a consent counts for you alone, and its note says how it
    was given. A letter that contact ends puts the account on hold as well.
    """
    _placement, owed, customer = held_by_reference(db.session(), actor(), account_ref)
    faults, kind = Faults(), Kind(wanted["kind"])
    # First and alone: what else is wrong with a kind that cannot be noted need not be mended.
    check_kind(kind, pack_of(db.session(), actor(), Debtor.of(owed, customer), services().clock.now()))
    telling = wishes.Telling(
        kind=kind, said_at=wanted["said_at"], terms=_terms(wanted, faults),
        whole_person=wanted["whole_person"], note=wanted["note"],
    )  # fmt: skip
    faults.read(lambda: wishes.check(telling, services().clock.now()), None)
    faults.tell()
    return _one(wishes.note_wish(actor(), owed.id, telling)), 201


@blueprint.route("/wishes/<int:wish_id>/end", methods=["POST"])
@needs(Scope.WISHES_WRITE, writes=True)
@blueprint.arguments(asked.WishEndAsked, example=examples.WISH_END_ASKED)
@blueprint.response(200, shapes.Wish, example=examples.WISH)
def end_wish(wanted: dict[str, Any], wish_id: int) -> Any:
    """Note what ends one

    A consent that was taken back, a notice that came back. What restricts only the bank lets go (403 `wish.not_yours`).
    """
    ending = wishes.Ending(reason=End(wanted["reason"]), at=wanted["at"], note=wanted["note"])
    wishes.end_wish(actor(), wish_id, ending)
    return _one(wish_id)


def _terms(wanted: dict[str, Any], faults: Faults) -> Terms:
    opens = faults.read(lambda: _minutes(wanted["opens"], "opens"), None)
    closes = faults.read(lambda: _minutes(wanted["closes"], "closes"), None)
    return Terms(
        channel=wanted["channel"], contact_point_id=wanted["contact_point_id"],
        weekdays=faults.read(lambda: _bits(wanted["weekdays"]), 1), opens=opens, closes=closes, place=wanted["place"],
        dials=wanted["dials"], until=wanted["until"], is_crisis=wanted["is_crisis"],
    )  # fmt: skip


def _bits(days: tuple[str, ...]) -> int | None:
    if not set(days) <= set(WEEKDAYS):
        words = say("Not one of: %(known)s.", known=", ".join(WEEKDAYS))
        raise DomainError("wish.weekdays", words, field="weekdays")
    return sum(1 << WEEKDAYS.index(day) for day in set(days)) or None


def _minutes(clock: str, field: str) -> int | None:
    if not clock:
        return None
    if clock == "24:00" and field == "closes":
        return DAY
    found = _CLOCK.fullmatch(clock)
    if found is None:
        raise DomainError("wish.hours", say("Write hours and minutes, for example 09:30."), field=field)
    return int(found[1]) * 60 + int(found[2])


def _one(wish_id: int) -> dict[str, Any]:
    session, who = db.session(), actor()
    row = queries.wish_for(session, who, wish_id)
    owed = queries.account_of(session, who, row.Wish)
    pack = pack_of(session, who, Debtor.of(owed, owed.customer), services().clock.now())
    return _shown(row, pack, owed.customer.time_zone)


def _shown(row: Any, pack: Any, time_zone: str) -> dict[str, Any]:
    wish, end = row.Wish, row.ending
    zone = zone_for(time_zone, actor().time_zone)
    tag, last = tag_of(row, pack, zone, services().clock.now())
    return {
        "id": wish.id, "kind": wish.kind.value, "state": tag.code, "account_ref": row.account_ref,
        "for_you_alone": wish.told_to_id is not None, "said_at": wish.said_at, "noted_at": wish.noted_at,
        "noted_by_you": row.source is not None, "channel": wish.channel.value if wish.channel else None,
        "contact_point_id": wish.contact_point_id, "weekdays": [WEEKDAYS[day] for day in weekdays_of(wish.weekdays)],
        "opens": _clock(wish.opens), "closes": _clock(wish.closes), "place": wish.place.value if wish.place else None,
        "dials": wish.dials, "until": wish.until, "is_crisis": wish.is_crisis, "last_day": last,
        "ended_at": end.said_at if end else None, "end_reason": end.end_reason.value if end else None,
    }  # fmt: skip


def _clock(minutes: int | None) -> str | None:
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
