"""Reads of requests: the list with the objections to recalls beside them, one thread, what waits for a side."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact import threads
from portal.contact.requests.day_sql import end_of_day
from portal.contact.requests.models import Request, RequestMessage
from portal.contact.requests.thread import RequestState, Side
from portal.foundation.access import Permission
from portal.foundation.database import UtcDateTime
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.placement.recall_models import Objection, ObjectionState, RecallLine
from portal.placement.references import account_reference
from portal.portfolio.models import Account, Hold
from portal.vendors.models import ContractVersion

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "OBJECTION", "REQUESTS", "account_of", "all_rows", "deadline", "holders", "is_live", "message_for", "messages_of", "next_due", "of_account",
    "of_requests", "raised_by", "request_for", "stopped_by", "texts_of", "waiting", "waits",
]  # fmt: skip

MOST_COUNTED = 1_000  # beyond that, the navigation need not know how many
MOST_OF_ACCOUNT = 20
OBJECTION = "recall_objection"  # what the list has for a code where an objection stands in it
REQUESTS = "requests"  # what the list is asked for where objections are to stay out of it
_word = sa.String(32)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # behind every clock
# As the indexes have them: a bound value would be another expression to the planner.
_one, _two = sa.literal_column("1", sa.BigInteger()), sa.literal_column("2", sa.BigInteger())


# --- whom to ask --------------------------------------------------------------------------------------------------------


def holders(session: Session, actor: Actor, account_id: int) -> Sequence[Any]:
    """The accepted, live placements of an account that the actor may see, each with its organisation and the hours in
    which its contract wants an answer."""
    wanted = (
        visible(Placement, actor)
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .add_columns(Organisation, ContractVersion.answer_hours.label("answer_hours"))
        .where(Placement.account_id == account_id, Placement.accepted_at.is_not(None), Placement.ended_at.is_(None))
    )
    return session.execute(wanted.order_by(Placement.id)).all()


def is_live(session: Session, actor: Actor, placement_id: int) -> bool:
    """Whether the account of a request is still where it was when it was asked."""
    wanted = visible(Placement, actor).where(Placement.id == placement_id, Placement.ended_at.is_(None))
    return session.scalar(wanted.with_only_columns(Placement.id)) is not None


# --- the list -----------------------------------------------------------------------------------------------------------


def all_rows(actor: Actor, now: datetime) -> Any:
    """Requests and objections to recalls as rows of one kind: key (even: a request, odd: an objection), id, asked_at, code,
    state, due_at, and whose turn it is (bank_turn, organisation_turn). Objections only for who may look at recalls; the
    bank has until the end of the account's last day to answer one.

    Each half is plain columns of one table and its key an expression that the table has an index over, so that PostgreSQL
    merges both halves in their order instead of sorting all that was ever asked.
    """
    requests = visible(Request, actor).with_only_columns(
        (Request.id * _two).label("key"),
        Request.id.label("id"),
        Request.asked_at.label("asked_at"),
        sa.cast(Request.code, _word).label("code"),
        sa.cast(Request.state, _word).label("state"),
        Request.due_at.label("due_at"),
        (Request.turn == Side.BANK.value).label("bank_turn"),
        (Request.turn == Side.ORGANISATION.value).label("organisation_turn"),
    )
    if not actor.can(Permission.RECALLS_VIEW):
        return requests.subquery("asked")
    is_open = Objection.state == ObjectionState.OPEN
    state = sa.case((is_open, "open"), (Objection.state == ObjectionState.VOID, "closed"), else_="answered")
    objections = visible(Objection, actor).with_only_columns(
        (Objection.id * _two + _one).label("key"),
        Objection.id.label("id"),
        Objection.raised_at.label("asked_at"),
        sa.cast(sa.literal(OBJECTION), _word).label("code"),
        sa.cast(state, _word).label("state"),
        sa.case((is_open, end_of_day(_last_day(), actor.time_zone, now)), else_=sa.null()).label("due_at"),
        is_open.label("bank_turn"),
        sa.false().label("organisation_turn"),
    )
    halves = [_latest_first(half) for half in (requests, objections)]
    return sa.union_all(*halves).subquery("asked")


def _last_day() -> sa.ScalarSelect[Any]:
    """The last day of the account that an objection is about. Beside the objections, not joined to them: only rows that a
    page shows, or sorts by it, are asked for it."""
    wanted = sa.select(RecallLine.final_on).where(RecallLine.id == Objection.recall_line_id)
    return wanted.correlate(Objection).scalar_subquery()


def deadline(rows: Any) -> sa.ColumnElement[datetime]:
    """What the list of what waits is sorted by: the clock; where none runs, behind all clocks."""
    return sa.func.coalesce(rows.c.due_at, sa.literal(_NEVER, UtcDateTime()), type_=UtcDateTime())


def waits(rows: Any) -> sa.ColumnElement[bool]:
    """Whether a row is somebody's turn; the indexes of turns and of open objections find these."""
    return sa.or_(rows.c.bank_turn, rows.c.organisation_turn)


def _latest_first(half: sa.Select[Any]) -> sa.Select[Any]:
    """The half in the list's own order, which its index has, so that two halves in order can be merged into one."""
    ordered = half.order_by(half.selected_columns.asked_at.desc(), half.selected_columns.key.desc()).subquery()
    return sa.select(ordered)


def of_requests(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, Any]:
    """These requests with their organisation and their account's reference, as far as the account is open to the actor."""
    if not ids:
        return {}
    return {row.Request.id: row for row in session.execute(_with_names(actor).where(Request.id.in_(ids)))}


def of_account(session: Session, actor: Actor, account_id: int) -> Sequence[Any]:
    """The latest requests about an account that the actor may see."""
    wanted = _with_names(actor).where(Request.account_id == account_id)
    return session.execute(wanted.order_by(Request.asked_at.desc(), Request.id.desc()).limit(MOST_OF_ACCOUNT)).all()


def _with_names(actor: Actor) -> sa.Select[Any]:
    return (
        visible(Request, actor)
        .join(Placement, Placement.id == Request.placement_id)
        .join(Organisation, Organisation.id == Request.organisation_id)
        .outerjoin(Account, Account.id == Request.account_id)
        .add_columns(Organisation, Placement, *account_reference())
    )


# --- one thread ---------------------------------------------------------------------------------------------------------


def request_for(session: Session, actor: Actor, request_id: int) -> Any:
    """One request as in the list, with its placement; NotFound where there is none that the actor may see."""
    row = session.execute(_with_names(actor).where(Request.id == request_id)).first()
    if row is None:
        raise NotFound
    return row


def account_of(actor: Actor, request_id: int) -> int:
    """The account that a request is about. NotFound as `request_for`."""
    return threads.account_of(actor, Request, request_id)


def messages_of(session: Session, actor: Actor, request_id: int) -> Sequence[Any]:
    """As `threads.entries_of`."""
    return threads.entries_of(session, actor, RequestMessage, RequestMessage.request_id == request_id)


def texts_of(session: Session, actor: Actor, request: Request) -> dict[int, str] | None:
    """As `threads.texts_of`."""
    of_it = RequestMessage.request_id == request.id
    return threads.texts_of(session, actor, request.account_id, RequestMessage, of_it, "request")


def message_for(session: Session, actor: Actor, message_id: int) -> Any:
    """As `threads.entry_for`."""
    return threads.entry_for(session, actor, RequestMessage, Request, RequestMessage.request_id, message_id)


def raised_by(request: Request) -> str:
    """How a hold says that the answer to a request has raised it."""
    return f"request:{request.id}"


def stopped_by(session: Session, actor: Actor, request: Request) -> Sequence[Hold]:
    """The holds that stand on a request's account or on its person, and what the request has raised, also when it has
    ended; none where the account is closed to the actor."""
    wanted = visible(Hold, actor).join(Account, Account.customer_id == Hold.customer_id)
    wanted = wanted.where(
        Account.id == request.account_id,
        sa.or_(Hold.account_id.is_(None), Hold.account_id == request.account_id),
        sa.or_(Hold.released_at.is_(None), Hold.reason == raised_by(request)),
    )
    return session.scalars(wanted.order_by(Hold.raised_at.desc(), Hold.id.desc()).limit(MOST_OF_ACCOUNT)).all()


# --- what waits ---------------------------------------------------------------------------------------------------------


def waiting(session: Session, actor: Actor, state: RequestState | None = None) -> int:
    """How many requests it is the actor's side's turn in, of a state or of all."""
    some = _turn(actor, state).with_only_columns(Request.id).limit(MOST_COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def next_due(session: Session, actor: Actor) -> datetime | None:
    """The first deadline of the actor's side."""
    wanted = _turn(actor, RequestState.OPEN).with_only_columns(Request.due_at)
    return session.scalar(wanted.order_by(Request.due_at, Request.id).limit(1))


def _turn(actor: Actor, state: RequestState | None) -> sa.Select[Any]:
    side = Side.BANK if actor.is_bank else Side.ORGANISATION
    wanted = visible(Request, actor).where(Request.turn == side.value)
    return wanted if state is None else wanted.where(Request.state == state)
