"""The outbox: exported by the bank as a file, each message once; what became of what was sent."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from portal.contact.limits.keeping import note_dispatched, note_undelivered
from portal.contact.messages.addresses import dialled
from portal.contact.messages.bulk import mark_exported, mark_failed
from portal.contact.messages.gateway import exported_channels
from portal.contact.messages.models import MessageEvent, MessageExport, MessageState, OutgoingMessage
from portal.contact.messages.operations import SUBJECT, TEXT
from portal.contact.messages.queries import export_for
from portal.contact.messages.sifting import Sifted, sift
from portal.contact.models import Channel
from portal.foundation.access import Permission, demand
from portal.foundation.bulk import in_chunks, one_at_a_time
from portal.foundation.errors import NotFound, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.tabular import CsvWriter, XlsxWriter
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.models import ContactKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "EXPORT", "EXPORT_FILES", "MOST_IN_A_FILE", "Taken", "ask_export", "begin_export", "drop_message", "locked_message", "move",
    "record_download", "record_result", "run_export",
]  # fmt: skip

EXPORT = "contact.export"
MOST_IN_A_FILE = 20_000
_AT_ONCE = 500
HEADER = (
    "message", "channel", "to", "name", "postcode", "subject", "text", "parts", "purpose", "organisation", "batch", "account",
)  # fmt: skip
EXPORT_FILES = {
    "messages.csv": ("csv_digest", "text/csv; charset=utf-8"),
    "messages.xlsx": ("xlsx_digest", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


class Taken(NamedTuple):
    """A file that somebody takes away."""

    digest: str
    size: int
    file_name: str
    mimetype: str


# --- the export ---------------------------------------------------------------------------------------------------------


def ask_export(actor: Actor) -> int:
    """Ask for the outbox as a file; the export's id. Refused where nothing waits."""
    demand(actor, Permission.MESSAGES_EXPORT)
    with transaction(actor) as work:
        export = begin_export(work)
        work.request_job(EXPORT, f"{export.id}", {"export": export.id})
        return export.id


def begin_export(work: Work) -> MessageExport:
    """An export that is to be filled. Refused where nothing waits."""
    one_at_a_time(work.session, "contact.export")
    if not _waiting(work, 1):
        raise Refused("export.nothing", say("Nothing waits in the outbox."))
    same_day = visible(MessageExport, work.actor).where(MessageExport.number.like(f"M{work.today.isoformat()}-%"))
    number = f"M{work.today.isoformat()}-{len(work.session.scalars(same_day).all()) + 1:02d}"
    export = MessageExport(number=number, asked_by=work.actor.user_id, asked_at=work.now)
    work.session.add(export)
    work.session.flush()
    work.audit("message.export_asked", export, after={"number": number})
    return export


def run_export(actor: Actor, export_id: int, at: Callable[[int], None] = lambda _done: None) -> MessageExport:
    """Write what may go out now into the export's files and mark it, in one transaction: whoever dies half-way has exported
    nothing, and run again on an export that is done it changes nothing. `at` hears how many were looked at."""
    demand(actor, Permission.MESSAGES_EXPORT)
    with transaction(actor) as work:
        one_at_a_time(work.session, "contact.export")
        export = export_for(work.session, actor, export_id, lock=True)
        if export.done_at is not None:
            return export
        with ExitStack() as stack:
            files = [stack.enter_context(_scratch()) for _ in EXPORT_FILES]
            gone, over = _write(work, export, files[0], files[1], at)
            export.csv_digest, export.xlsx_digest = (_kept(work, file) if gone else None for file in files)
        export.message_count, export.dropped, export.done_at = len(gone), len(over), work.now
        mark_failed(work, over)
        mark_exported(work, export.id, export.number, gone)
        note_dispatched(work, gone)
        after = {"number": export.number, "messages": len(gone), "held_back": export.held_back, "dropped": len(over)}
        work.audit("message.exported", export, after=after, sha256=export.csv_digest)
        return export


def _write(
    work: Work, export: MessageExport, csv_file: IO[bytes], xlsx_file: IO[bytes], at: Callable[[int], None]
) -> tuple[list[int], list[tuple[int, str]]]:
    """The rows of both files; ids of what is in them, and of what is not sent any more."""
    gone: list[int] = []
    over: list[tuple[int, str]] = []
    done = 0
    with CsvWriter(csv_file) as as_csv, XlsxWriter(xlsx_file) as as_xlsx:
        as_csv.write(HEADER)
        as_xlsx.write(HEADER)
        for ids in in_chunks(_waiting(work, MOST_IN_A_FILE), _AT_ONCE):
            found: Sifted = sift(work.session, work.actor, ids, work.now)
            for row in found.go:
                values = _row(work, row)
                as_csv.write(values)
                as_xlsx.write(values)
                gone.append(row.OutgoingMessage.id)
            over += found.over
            export.held_back += found.held
            done += len(ids)
            at(done)
    return gone, over


def _waiting(work: Work, most: int) -> list[int]:
    """The oldest messages that wait for a file; locked, so that nobody takes one back while it is written."""
    wanted = visible(OutgoingMessage, work.actor).where(
        OutgoingMessage.state == MessageState.QUEUED, OutgoingMessage.channel.in_(exported_channels())
    )
    ids = wanted.with_only_columns(OutgoingMessage.id).order_by(OutgoingMessage.id).limit(most)
    return list(work.session.scalars(ids.with_for_update()))


def _row(work: Work, row: Any) -> tuple[Any, ...]:
    """One message as the file has it. A short message needs no name, a letter does."""
    message, key, point = row.OutgoingMessage, row.Customer.person_key, row.ContactPoint
    to = work.vault.open(key, point.value_sealed, point.kind.value) or ""
    is_letter = message.channel is Channel.LETTER
    return (
        message.id,
        message.channel.value,
        dialled(to) if point.kind is ContactKind.PHONE else to,
        (work.vault.open(key, row.Customer.name_sealed, "name") or "") if is_letter else "",
        point.postcode if is_letter else "",
        work.vault.open(key, message.subject_sealed, SUBJECT) or "",
        work.vault.open(key, message.text_sealed, TEXT) or "",
        message.parts,
        message.purpose.value,
        row.Organisation.code,
        row.PlacementBatch.number,
        row.Account.account_ref,
    )


def _scratch() -> Any:
    """A file without a name, on the disk of the portal's home, that is gone with its process."""
    home = services().settings.home / "tmp"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=home)


def _kept(work: Work, file: IO[bytes]) -> str:
    file.seek(0)
    return work.storage.put(file)


def record_download(actor: Actor, export_id: int, file_name: str) -> Taken:
    """Somebody takes an export's file; recorded before a byte goes out. NotFound for a file that it does not have."""
    demand(actor, Permission.MESSAGES_EXPORT)
    if file_name not in EXPORT_FILES:
        raise NotFound
    column, mimetype = EXPORT_FILES[file_name]
    with transaction(actor) as work:
        export = export_for(work.session, actor, export_id)
        digest: str | None = getattr(export, column)
        if digest is None:
            raise NotFound
        work.audit("message.export_taken", export, file=file_name, sha256=digest)
        return Taken(digest, work.storage.size(digest), f"{export.number}-{file_name}", mimetype)


# --- what became of it --------------------------------------------------------------------------------------------------


def record_result(actor: Actor, message_id: int, *, delivered: bool, at_gateway: str = "") -> None:
    """What the gateway says of a message that went out. Refused for one that did not, or whose end is known already."""
    demand(actor, Permission.MESSAGES_EXPORT)
    with transaction(actor) as work:
        message = locked_message(work, message_id)
        if message.state not in (MessageState.EXPORTED, MessageState.SENT):
            words = say("Only a message that has gone out and whose end is not known has a result.")
            raise Refused("message.state", words)
        before = message.state
        message.state = MessageState.DELIVERED if delivered else MessageState.FAILED
        message.failure = "" if delivered else "undelivered"
        move(work, message, at_gateway.strip()[:200] or message.failure)
        if not delivered:
            note_undelivered(work, message.id)
        work.audit("message.result", message, before={"state": before.value}, after={"state": message.state.value})


def drop_message(actor: Actor, message_id: int, reason: str) -> None:
    """Take a message out of the outbox before it goes. Refused for one that does not wait; DomainError without a reason."""
    demand(actor, Permission.MESSAGES_EXPORT)
    reason = given_reason(reason, 200, "message.reason", say("Say why, in a few words."))
    with transaction(actor) as work:
        message = locked_message(work, message_id)
        if message.state is not MessageState.QUEUED or message.handed_at is not None:
            raise Refused("message.gone", say("This message does not wait in the outbox any more."))
        message.state, message.failure = MessageState.FAILED, "dropped"
        move(work, message, reason)
        work.audit("message.dropped", message, reason=reason)


def move(work: Work, message: OutgoingMessage, detail: str) -> None:
    """Note the step that a message has just taken."""
    message.state_at = work.now
    work.session.add(
        MessageEvent(
            message_id=message.id, organisation_id=message.organisation_id, state=message.state, at=work.now,
            by_user_id=work.actor.user_id, detail=detail,
        )
    )  # fmt: skip
    work.session.flush()


def locked_message(work: Work, message_id: int) -> OutgoingMessage:
    """A message for this transaction alone. NotFound."""
    wanted = visible(OutgoingMessage, work.actor).where(OutgoingMessage.id == message_id).with_for_update()
    found = work.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found
