"""The notice that an account is entrusted, and to whom (in China a duty before collection begins): drawn up for every account
of a batch once it is sent, with the text that the bank has chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.entries import POINT_KINDS
from portal.contact.messages.addresses import serves
from portal.contact.messages.bulk import write_messages
from portal.contact.messages.filling import bank_head, fill, sender_of, values_of
from portal.contact.messages.models import (
    EntrustingNotice,
    MessageState,
    MessageTemplate,
    MessageTemplateVersion,
    OutgoingMessage,
)
from portal.contact.messages.operations import SUBJECT, TEXT
from portal.contact.messages.queries import notice_of_batch, setting_of, texts_in_use
from portal.contact.wording import Purpose
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say, say_count
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.models import BatchState, Placement
from portal.placement.queries import batch_for
from portal.portfolio.models import Account, ContactPoint, ContactSource, ContactStatus, Customer
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.contact.messages.filling import Head, Sender
    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch

__all__ = ["ENTRUSTED", "NOTICES", "ask_notices", "ask_with_batch", "draw_notices", "notice_text"]

NOTICES = "contact.notices"
# A lawyer's letter says itself who has the mandate.
ENTRUSTED = frozenset({PlacementKind.COLLECTION, PlacementKind.LITIGATION})
_AT_ONCE = 1_000


def notice_text(
    session: Session, actor: Actor, bank_id: int | None
) -> tuple[MessageTemplate, MessageTemplateVersion] | None:
    """The text that the bank has chosen for its notices, as it is approved now; None where there is none."""
    setting = setting_of(session, actor, bank_id) if bank_id is not None else None
    if setting is None or setting.notice_template_id is None:
        return None
    texts = texts_in_use(session, actor, None, purposes=(Purpose.NOTICE,))
    return next((found for found in texts if found[0].id == setting.notice_template_id), None)


def ask_with_batch(work: Work, batch: PlacementBatch) -> None:
    """A batch has been sent: have its notices drawn up, where a text is chosen and approved. Else its page says so."""
    text = notice_text(work.session, work.actor, work.actor.organisation_id) if batch.kind in ENTRUSTED else None
    if text is not None:
        _ask(work, batch, text[1])


def ask_notices(actor: Actor, batch_id: int) -> None:
    """Have the notices of a batch drawn up later, when a text has been approved. Refused where there is none, where they
    were asked for before, and where the batch does not live any more."""
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        batch = batch_for(work.session, actor, batch_id)
        if batch.kind not in ENTRUSTED or batch.state not in (BatchState.SENT, BatchState.ACCEPTED):
            raise Refused("notice.batch", say("No notices are drawn up for this batch."))
        if notice_of_batch(work.session, actor, batch.id) is not None:
            raise Refused("notice.again", say("The notices of this batch have been asked for already."))
        text = notice_text(work.session, actor, actor.organisation_id)
        if text is None:
            words = say("No approved text is chosen for the notice. Choose one under “What goes out by itself”.")
            raise Refused("notice.no_text", words)
        _ask(work, batch, text[1])


def _ask(work: Work, batch: PlacementBatch, version: MessageTemplateVersion) -> None:
    notice = EntrustingNotice(
        batch_id=batch.id,
        organisation_id=batch.organisation_id,
        template_version_id=version.id,
        asked_at=work.now,
    )
    work.session.add(notice)
    work.session.flush()
    work.audit("notice.asked", ("placement_batch", batch.id), after={"number": batch.number, "text": version.id})
    work.request_job(NOTICES, f"{batch.id}", {"batch": batch.id}, total=batch.account_count)


@handler(NOTICES, _l("Drawing up notices of entrusting"))
def _draw(job: JobView, progress: Progress) -> dict[str, Any]:
    batch_id = int(job.payload["batch"])
    count = draw_notices(job.actor, batch_id, progress.step)
    message = say_count("%(n)s notice is drawn up.", "%(n)s notices are drawn up.", count)
    return {"url": f"/batches/{batch_id}", "message": as_data(message)}


def draw_notices(actor: Actor, batch_id: int, at: Callable[[int], None] = lambda _done: None) -> int:
    """Draw the notices of a batch up, a thousand accounts a transaction; how many there are. Whoever takes it up after a
    death goes on: no account gets a second one."""
    head = bank_head()
    last, done = 0, 0
    while True:
        with transaction(actor) as work:
            notice, template, version = _asked(work, batch_id)
            if notice.drawn_at is not None:
                return notice.drawn
            rows = _placements(work.session, batch_id, last)
            if not rows:
                return _finish(work, notice, batch_id)
            sender = sender_of(work.session, actor, notice.organisation_id)
            drawer = _Drawer(work, head, sender, template, version)
            write_messages(work.session, drawer.messages(rows))
            last, done = rows[-1][0].id, done + len(rows)
        at(done)


def _asked(work: Work, batch_id: int) -> tuple[EntrustingNotice, MessageTemplate, MessageTemplateVersion]:
    """The notice with the text that was chosen when it was asked for."""
    row = work.session.execute(
        visible(EntrustingNotice, work.actor)
        .join(MessageTemplateVersion, MessageTemplateVersion.id == EntrustingNotice.template_version_id)
        .join(MessageTemplate, MessageTemplate.id == MessageTemplateVersion.template_id)
        .add_columns(MessageTemplate, MessageTemplateVersion)
        .where(EntrustingNotice.batch_id == batch_id)
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1], row[2]


def _placements(session: Session, batch_id: int, after: int) -> Sequence[Any]:
    """The next live placements of the batch, with account, person and key."""
    return session.execute(
        sa.select(Placement, Account, Customer, PersonKey)
        .join(Account, Account.id == Placement.account_id)
        .join(Customer, Customer.id == Placement.customer_id)
        .join(PersonKey, PersonKey.id == Customer.person_key_id)
        .where(Placement.batch_id == batch_id, Placement.ended_at.is_(None), Placement.id > after)
        .order_by(Placement.id)
        .limit(_AT_ONCE)
    ).all()


def _finish(work: Work, notice: EntrustingNotice, batch_id: int) -> int:
    live = sa.select(sa.func.count()).select_from(Placement).where(Placement.batch_id == batch_id)
    drawn = (
        sa.select(sa.func.count())
        .select_from(OutgoingMessage)
        .join(Placement, Placement.id == OutgoingMessage.placement_id)
        .where(Placement.batch_id == batch_id, OutgoingMessage.purpose == Purpose.NOTICE)
    )
    notice.drawn = work.session.scalar(drawn) or 0
    notice.unreachable = max((work.session.scalar(live.where(Placement.ended_at.is_(None))) or 0) - notice.drawn, 0)
    notice.drawn_at = work.now
    after = {"drawn": notice.drawn, "unreachable": notice.unreachable}
    work.audit("notice.drawn", ("placement_batch", batch_id), after=after)
    return notice.drawn


class _Drawer:
    """Makes the messages of some placements; knows the people's numbers or addresses."""

    def __init__(
        self, work: Work, head: Head, sender: Sender, template: MessageTemplate, version: MessageTemplateVersion
    ) -> None:
        self._work, self._head, self._sender = work, head, sender
        self._template, self._version = template, version

    def messages(self, rows: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Values in the order of MESSAGE_COLUMNS; people who cannot be reached, or about whom the text would have a gap, are
        left out."""
        points = self._points({customer.id for _, _, customer, _ in rows})
        for placement, account, customer, key in rows:
            point = points.get(customer.id)
            if point is None or key.salt is None:
                continue
            message = self._message(placement, account, customer, key, point)
            if message is not None:
                yield message

    def _message(
        self, placement: Placement, account: Account, customer: Customer, key: PersonKey, point: ContactPoint
    ) -> tuple[Any, ...] | None:
        name = self._work.vault.open(key, customer.name_sealed, "name") or ""
        day: date = placement.placed_on
        values = values_of(self._template.language, self._head, self._sender, account, name, placed_on=day)
        try:
            filled = fill(self._template, self._version, values)
        except DomainError:
            return None
        seal = self._work.vault.sealer(key)
        return (
            placement.organisation_id, self._version.id, Purpose.NOTICE.value, self._template.channel.value, placement.id,
            placement.batch_id, account.id, customer.id, point.id, point.source is ContactSource.RESERVED,
            seal(filled.subject, SUBJECT) if filled.subject else None, seal(filled.text, TEXT), filled.digest, filled.parts,
            MessageState.QUEUED.value, self._work.now, "", None, self._work.now,
        )  # fmt: skip

    def _points(self, customer_ids: Iterable[int]) -> dict[int, ContactPoint]:
        """The first number or address of each person's own that the text can go to."""
        channel = self._template.channel
        wanted = (
            sa.select(ContactPoint)
            .where(ContactPoint.customer_id.in_(customer_ids), ContactPoint.kind == POINT_KINDS[channel])
            .where(ContactPoint.relation == "self")
            .where(ContactPoint.status.in_((ContactStatus.UNCHECKED, ContactStatus.VALID)))
            .order_by(ContactPoint.position.desc(), ContactPoint.id.desc())
        )
        serving = (point for point in self._work.session.scalars(wanted) if serves(point, channel))
        return {point.customer_id: point for point in serving}  # those that come first come last, and stay
