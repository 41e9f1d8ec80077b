"""Checking the audit trail: the whole chain is computed anew and compared with the anchors, both ways."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.language import Message, say
from portal.foundation.sealing import (
    ANCHORS,
    GENESIS,
    AuditAnchor,
    AuditLink,
    anchor_content,
    anchor_name,
    link_hash,
    sealer_session,
    unsealed,
)
from portal.foundation.services import services
from portal.foundation.storage import NotStored, OutOfReach, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from portal.foundation.storage import Storage

__all__ = ["Break", "VerifyResult", "verify"]

AT_A_TIME = 1_000  # rows held in memory


@dataclass(frozen=True)
class Break:
    """Where the chain breaks first, and how; `event_id` is None where no event can be named."""

    sequence: int
    event_id: int | None
    reason: Message


@dataclass(frozen=True)
class VerifyResult:
    """What was checked: links up to the first break, anchors found in the storage, events that wait to be sealed."""

    links: int
    anchors: int
    unsealed: int
    broken: Break | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed or slipped in, as far as it was sealed."""
        return self.broken is None


class _Broken(Exception):
    def __init__(self, sequence: int, event_id: int | None, reason: Message) -> None:
        super().__init__(str(reason))
        self.found = Break(sequence, event_id, reason)


class _Tally:
    """What has been checked so far."""

    def __init__(self) -> None:
        self.links = 0
        self.anchors = 0


def verify(app: Flask) -> VerifyResult:
    """Compute every link anew and compare it with the anchors; in constant memory. Stops at the first break.

    Events that are not sealed yet are counted and are no break. Raises OutOfReach where the storage does not answer, or a data key is missing.
    """
    tally, broken = _Tally(), None
    with app.app_context():
        with sealer_session(writes=False) as session:
            count = sa.select(sa.func.count()).select_from(unsealed().order_by(None).subquery())
            waiting = session.scalar(count) or 0
        try:
            _check_links(services().storage, tally)
            _check_what_lies_beyond(services().storage, tally.links)
        except _Broken as error:
            broken = error.found
    return VerifyResult(tally.links, tally.anchors, waiting, broken)


def _check_links(storage: Storage, tally: _Tally) -> None:
    previous = GENESIS
    with sealer_session(writes=False) as session:
        statement = (
            sa.select(AuditLink, AuditEvent, AuditAnchor.sequence)
            .outerjoin(AuditEvent, AuditEvent.id == AuditLink.event_id)
            .outerjoin(AuditAnchor, AuditAnchor.sequence == AuditLink.sequence)
            .order_by(AuditLink.sequence)
        )
        # closed also when a break ends it half-way: on PostgreSQL it is a cursor of the server
        with closing(session.execute(statement.execution_options(yield_per=AT_A_TIME))) as rows:
            anchors = _Anchors(storage)
            for link, event, noted in rows:
                _check_link(link, event, previous, wanted=tally.links + 1)
                tally.anchors += _check_anchor(storage, anchors, link, noted is not None)
                tally.links, previous = link.sequence, link.hash


def _check_link(link: AuditLink, event: AuditEvent | None, previous: str, wanted: int) -> None:
    if link.sequence != wanted:
        raise _Broken(wanted, None, say("link %(sequence)s is missing", sequence=wanted))
    if event is None:
        raise _Broken(link.sequence, link.event_id, say("its event %(event)s is gone", event=link.event_id))
    if link.previous_hash != previous:
        raise _Broken(link.sequence, link.event_id, say("it does not follow from the link before it"))
    if link.hash != link_hash(link.sequence, previous, event):
        raise _Broken(
            link.sequence,
            link.event_id,
            say("its event %(event)s was changed after it was sealed", event=link.event_id),
        )


class _Anchors:
    """The anchors that lie in the storage, in order, asked about in order."""

    def __init__(self, storage: Storage) -> None:
        self._sequences = _sequences(storage)
        self._next = next(self._sequences, None)

    def has(self, sequence: int) -> bool:
        """Whether there is one for this link; links are asked about in their order."""
        while self._next is not None and self._next < sequence:
            self._next = next(self._sequences, None)
        return self._next == sequence


def _check_anchor(storage: Storage, anchors: _Anchors, link: AuditLink, noted: bool) -> int:
    """Compare the link with its anchor, where it has or must have one; how many anchors that were."""
    if not noted and not anchors.has(link.sequence):
        return 0
    try:
        said = storage.read(anchor_name(link.sequence))
    except NotStored as error:
        raise _Broken(link.sequence, link.event_id, say("its anchor is missing in the storage")) from error
    except OutOfReach:
        raise  # nobody altered it
    except StorageError as error:
        raise _Broken(link.sequence, link.event_id, say("its anchor in the storage was altered")) from error
    if said != anchor_content(link):
        raise _Broken(link.sequence, link.event_id, say("its anchor in the storage says something else"))
    return 1


def _check_what_lies_beyond(storage: Storage, tail: int) -> None:
    """An anchor behind the last link: the chain's tail was cut off (or grew while we looked, which is no break)."""
    with sealer_session(writes=False) as session:
        newest = session.scalar(sa.select(sa.func.max(AuditAnchor.sequence))) or 0
    beyond = [sequence for sequence in _sequences(storage) if sequence > tail]
    for sequence in sorted({*beyond, *([newest] if newest > tail else [])}):
        with sealer_session(writes=False) as session:
            link = session.scalar(sa.select(AuditLink).where(AuditLink.sequence == sequence))
        if link is not None:
            continue
        reason = say(
            "the chain ends at %(tail)s, but there is an anchor for link %(sequence)s", tail=tail, sequence=sequence
        )
        raise _Broken(tail + 1, _event_of(storage, sequence), reason)


def _event_of(storage: Storage, sequence: int) -> int | None:
    """Which event the anchor named, as far as it can still be read."""
    try:
        said: dict[str, Any] = json.loads(storage.read(anchor_name(sequence)))
    except (StorageError, ValueError):
        return None
    return said.get("event")


def _sequences(storage: Storage) -> Iterator[int]:
    """The links that have an anchor in the storage. A file of another name there is nobody's anchor."""
    for name in storage.list(ANCHORS):
        number = name.removeprefix(ANCHORS).removesuffix(".json")
        if number.isdecimal():
            yield int(number)
