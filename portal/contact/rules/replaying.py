"""A stored decision asked again: under its own version, which has to give the same answer, or under another to see what would
change. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.contact.conduct import check
from portal.contact.evidence import answer_data, facts_from, pack_kept, question_from
from portal.contact.models import ContactAttempt
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.contact.conduct import Decision, Pack
    from portal.contact.rules.shelf import Shelf
    from portal.foundation.access import Actor

__all__ = ["Again", "asked_again", "decisions", "replay", "under_its_own", "what_if"]

CHUNK = 500
_ANSWER = ("rules", "allowed_until", "next_allowed")


@dataclass(frozen=True, slots=True)
class Again:
    """One decision asked again. `decision` None: the version that it names is not kept, or the entry kept too little.

    `differs`: parts of the answer that are not what was stored; nothing under another version.
    """

    attempt_id: int
    stored: str
    decision: Decision | None
    differs: tuple[str, ...] = ()


def asked_again(pack: Pack, data: Mapping[str, Any], at: datetime) -> Decision:
    """What a pack answers to a question and facts that were kept. KeyError or TypeError for an entry that kept no such."""
    return check(pack, question_from(data, at), facts_from(data))


def under_its_own(shelf: Shelf, attempt: ContactAttempt | Any) -> Again:
    """A decision under the very version that it was made under."""
    data = attempt.decision
    try:
        pack = shelf.exactly(*pack_kept(data))
        decision = asked_again(pack, data, attempt.at)
    except (LookupError, TypeError, ValueError):
        return Again(attempt.id, attempt.verdict, None)
    now = answer_data(decision, pack.base)
    differs = [part for part in _ANSWER if now[part] != data.get(part)]
    if decision.verdict != attempt.verdict:
        differs.insert(0, "verdict")
    return Again(attempt.id, attempt.verdict, decision, tuple(differs))


def replay(session: Session, actor: Actor, shelf: Shelf, since: datetime | None) -> Iterator[Again]:
    """Every decision under its own version, in the order of their numbers."""
    return _each(session, actor, since, lambda attempt: under_its_own(shelf, attempt))


def what_if(session: Session, actor: Actor, pack: Pack, since: datetime | None) -> Iterator[Again]:
    """Every decision of a pack, or of the pack that it extends, under another version of it."""
    names = {pack.id, pack.base[0]} if pack.base else {pack.id}

    def ask(attempt: Any) -> Again | None:
        if attempt.decision.get("pack") not in names:
            return None
        try:
            return Again(attempt.id, attempt.verdict, asked_again(pack, attempt.decision, attempt.at))
        except (LookupError, TypeError, ValueError):
            return Again(attempt.id, attempt.verdict, None)

    return _each(session, actor, since, ask)


def decisions(session: Session, actor: Actor, since: datetime | None) -> Iterator[Any]:
    """Attempts with their decisions, some hundred at a time."""
    last = 0
    columns = (ContactAttempt.id, ContactAttempt.at, ContactAttempt.verdict, ContactAttempt.decision)
    while True:
        wanted = visible(ContactAttempt, actor).with_only_columns(*columns).where(ContactAttempt.id > last)
        if since is not None:
            wanted = wanted.where(ContactAttempt.at >= since)
        rows = session.execute(wanted.order_by(ContactAttempt.id).limit(CHUNK)).all()
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1].id


def _each(
    session: Session, actor: Actor, since: datetime | None, ask: Callable[[Any], Again | None]
) -> Iterator[Again]:
    for attempt in decisions(session, actor, since):
        found = ask(attempt)
        if found is not None:
            yield found
