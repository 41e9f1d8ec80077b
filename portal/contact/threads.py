"""What requests and complaints have in common: sealed words in a row of entries, about an account.

An entry's class has `id`, `by`, `text_sealed`; words and files are open to an organisation while it holds the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.contact.proofs import person_key_of
from portal.foundation.errors import NotFound
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.identity.models import User

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["account_of", "entries_of", "entry_for", "texts_of"]


def account_of(actor: Actor, thread: Any, thread_id: int) -> int:
    """The account that a thread (its class and number) is about. NotFound where there is none that the actor may see."""
    with reading(actor) as session:
        wanted = visible(thread, actor).with_only_columns(thread.account_id).where(thread.id == thread_id)
        account_id: int | None = session.scalar(wanted)
    if account_id is None:
        raise NotFound
    return account_id


def entries_of(session: Session, actor: Actor, entry: Any, of_thread: sa.ColumnElement[bool]) -> Sequence[Any]:
    """The entries of a thread that the actor may read, in their order, each with who made it where that may be known."""
    wanted = visible(entry, actor).outerjoin(User, User.id == entry.by).add_columns(User.name.label("who"))
    return session.execute(wanted.where(of_thread).order_by(entry.id)).all()


def texts_of(
    session: Session, actor: Actor, account_id: int, entry: Any, of_thread: sa.ColumnElement[bool], purpose: str
) -> dict[int, str] | None:
    """What was written, by entry; None where the account is closed to the actor. Words of an erased person are gone.

    `purpose`: for which they were sealed.
    """
    try:
        key = person_key_of(session, actor, account_id)
    except NotFound:
        return None
    wanted = visible(entry, actor).where(of_thread, entry.text_sealed.is_not(None))
    vault = services().vault
    found = {row.id: vault.open(key, row.text_sealed, purpose) for row in session.scalars(wanted)}
    return {number: text for number, text in found.items() if text}


def entry_for(session: Session, actor: Actor, entry: Any, thread: Any, of_thread: Any, entry_id: int) -> Any:
    """One entry with its thread's account (`account_id`); NotFound where there is none that the actor may read.

    `of_thread`: the entry's column that names its thread.
    """
    row = session.execute(
        visible(entry, actor)
        .join(thread, thread.id == of_thread)
        .add_columns(thread.account_id.label("account_id"))
        .where(entry.id == entry_id)
    ).first()
    if row is None:
        raise NotFound
    return row
