"""Pages of letter packs: the list, one pack, and what a lawyer does with it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, redirect, render_template, request, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import DomainError, Refused
from portal.foundation.job_pages import shown_job
from portal.foundation.jobs.queries import job_about
from portal.foundation.language import say, say_count
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.table_pages import table_export, table_page
from portal.foundation.web import actor, requires, say_flash
from portal.identity.labels import LAW_LABELS
from portal.identity.models import LetterLaw
from portal.legal import (
    approving,
    build_views,
    closing,
    freezing,
    giving_up,
    going_out,
    letter_views,
    one_by_one,
    operations,
    panel,
    printing,
    queries,
    seal_views,
    sealing,
    signing,
    taking,
    template_views,
)
from portal.legal.blueprint import blueprint
from portal.legal.choice_words import choice_words
from portal.legal.dispatch.queries import counts_of
from portal.legal.flags import reason_words
from portal.legal.labels import FILE_LABELS, PACK_STATES
from portal.legal.licences import licence_of
from portal.legal.models import LetterPack, PackState
from portal.legal.tables import letters_table, packs_table
from portal.legal.verification.queries import asked_of_pack, count_standing_out, unknown_codes
from portal.legal.wording import last_day_to_approve, last_day_to_send
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.job_pages import ShownJob
    from portal.foundation.language import Message

__all__ = [
    "blueprint",
    "build_views",
    "closing",
    "freezing",
    "going_out",
    "letter_views",
    "panel",
    "printing",
    "seal_views",
    "sealing",
    "template_views",
]

TO_PACK_AT_ONCE = 50
UNKNOWN_FOR = 30  # days for which codes that nobody has issued are told
_JOBS = {PackState.BUILDING: "legal.build", PackState.APPROVED: "legal.print"}


@blueprint.get("/packs")
@requires(Permission.PACKS_VIEW)
def packs() -> Any:
    """Packs; above them the batches that wait for one, for who builds packs."""
    who = actor()
    table = packs_table(who)
    export = table_export(table)
    if export is not None:
        return export
    waiting: list[Any] = []
    if who.can(Permission.PACKS_BUILD):
        wanted = (
            queries.batches_to_pack(who)
            .add_columns(queries.packs_count(), queries.unwritten_count(), queries.fresh_count())
            .limit(TO_PACK_AT_ONCE)
        )
        waiting = list(db.session().execute(wanted))
    since = services().clock.today() - timedelta(days=UNKNOWN_FOR)
    return render_template(
        "legal/packs.html", table=table_page(table), waiting=waiting, unknown_days=UNKNOWN_FOR, is_bank=who.is_bank, name_of=name_of,
        unknown=unknown_codes(db.session(), who, since) if who.is_bank else None,
    )  # fmt: skip


@blueprint.get("/packs/<int:pack_id>")
@requires(Permission.PACKS_VIEW)
def pack(pack_id: int) -> Any:
    """One pack: how far the review is, its letters, and once it is ready its files."""
    session, who = db.session(), actor()
    found = queries.pack_for(session, who, pack_id)
    table = letters_table(who, found)
    export = table_export(table)
    if export is not None:
        return export
    reviewing = found.state is PackState.REVIEW and who.can(Permission.PACKS_APPROVE)
    sample = queries.sample_of(session, who, found.id) if reviewing else None
    each = one_by_one.progress_of(session, found.id) if reviewing and found.jurisdiction == LetterLaw.STATES else None
    standing = queries.standing_of(session, who, found.id)
    to_approve = (
        standing.going if reviewing else 0
    )  # of a pack in review that is approved as a whole nothing is decided yet
    return render_template(
        "legal/pack.html",
        pack=found,
        tag=PACK_STATES[found.state],
        table=table_page(table) if found.state is not PackState.BUILDING else None,
        sample=sample,
        to_approve=to_approve,
        reviewing=reviewing,
        each=each,
        missing=_missing(who, found, sample, to_approve, each) if sample else None,
        next_id=_next(who, found) if reviewing else None,
        chosen=choice_words(found),
        law=LAW_LABELS.get(found.jurisdiction, found.jurisdiction),
        changed=_changed(who, found),
        can_give_up=_can_give_up(who, found),
        last_day=last_day_to_send(found.issued_on) if found.jurisdiction == LetterLaw.STATES else None,
        can_drop=found.state is PackState.BUILDING and who.can(Permission.PACKS_APPROVE),
        first_id=queries.first_letter(session, who, found.id) if reviewing else None,
        standing=standing,
        refusal=reason_words(found.refusal),
        decided_by=queries.name_of_user(session, found.decided_by),
        given_up_by=queries.name_of_user(session, found.given_up_by),
        approve_by=last_day_to_approve(found) if found.state is PackState.REVIEW else None,
        job=_job(who, found),
        files=_files(found) if who.can(Permission.PACKS_DOWNLOAD) else [],
        sealing=_sealing(who, found),
        can_seal=_can_seal(who, found),
        reading_time=queries.reading_time(session, who, found),
        downloads=queries.downloads_of(session, who, found.id),
        file_labels=FILE_LABELS,
        counts=counts_of(session, who, found.id) if found.state is PackState.READY else None,
        asked=asked_of_pack(session, who, found.id),
        standing_out=count_standing_out(session, who, found.id),
    )


@blueprint.post("/packs/<int:pack_id>/approve")
@requires(Permission.PACKS_APPROVE)
def approve(pack_id: int) -> Any:
    """Approve under the own licence and draw the numbers."""
    numbers = approving.approve_pack(actor(), pack_id)
    words = say("The pack is approved. Letters %(first)s to %(last)s.", first=numbers.first, last=numbers.last)
    return _done(pack_id, words)


@blueprint.post("/packs/<int:pack_id>/complete")
@requires(Permission.PACKS_APPROVE)
def complete(pack_id: int) -> Any:
    """Draw the numbers of a pack whose letters were approved one by one."""
    numbers = one_by_one.complete_pack(actor(), pack_id)
    words = say("The numbers are drawn. Letters %(first)s to %(last)s.", first=numbers.first, last=numbers.last)
    return _done(pack_id, words)


@blueprint.post("/packs/<int:pack_id>/give-up")
@requires(Permission.PACKS_APPROVE)
def give_up(pack_id: int) -> Any:
    """Void what has not gone out of an approved pack."""
    count = giving_up.give_pack_up(actor(), pack_id, request.form.get("reason", ""))
    return _done(pack_id, say_count("%(n)s letter is void now.", "%(n)s letters are void now.", count))


@blueprint.post("/packs/<int:pack_id>/refuse")
@requires(Permission.PACKS_APPROVE)
def refuse(pack_id: int) -> Any:
    """Refuse the whole pack."""
    operations.refuse_pack(actor(), pack_id, request.form.get("reason", ""))
    return _done(pack_id, say("The pack is refused; no letter of it goes out."))


@blueprint.get(
    "/packs/<int:pack_id>/files/<any('print.pdf', 'labels.pdf', 'letters.zip', 'manifest.csv', 'manifest.xlsx'):file_name>"
)
@requires(Permission.PACKS_DOWNLOAD)
def download(pack_id: int, file_name: str) -> Any:
    """A file of a ready pack, streamed; recorded before the first byte. Where letters of it must not go out any more, its files
    are being made again: the page of the pack says so."""
    try:
        taken = taking.record_download(actor(), pack_id, file_name)
    except Refused as refusal:
        if refusal.code not in (taking.MADE_AGAIN, taking.NOT_READY):
            raise
        say_flash(refusal.message, "warning")
        return redirect(url_for("legal.pack", pack_id=pack_id))
    response = Response(services().storage.chunks(taken.digest), content_type=taken.mimetype)
    response.content_length = taken.size
    response.headers["X-Content-SHA256"] = taken.digest
    return name_as_file(response, taken.file_name)


@blueprint.post("/packs/<int:pack_id>/print")
@requires(Permission.PACKS_DOWNLOAD)
def set_up_print(pack_id: int) -> Any:
    """Say how the pack is printed."""
    again = taking.set_up_print(
        actor(), pack_id, duplex=request.form.get("duplex") == "1", postal=request.form.get("order") == "postal"
    )
    words = say("The files are being made again.") if again else say("The pack is printed so.")
    return _done(pack_id, words)


@blueprint.post("/packs/<int:pack_id>/singles")
@requires(Permission.PACKS_DOWNLOAD)
def seal_letters(pack_id: int) -> Any:
    """Have the letters sealed one by one."""
    sealing.ask_singles(actor(), pack_id)
    return redirect(url_for("legal.pack", pack_id=pack_id))


@counts("legal.packs")
def waiting(who: Actor) -> int:
    """Packs to review and batches to make packs of."""
    return queries.count_waiting(db.session(), who) if who.can(Permission.PACKS_APPROVE) else 0


def _done(pack_id: int, sentence: Message) -> Any:
    say_flash(sentence)
    return redirect(url_for("legal.pack", pack_id=pack_id))


def _missing(
    who: Actor, found: LetterPack, sample: queries.Sample, to_approve: int, each: one_by_one.Progress | None
) -> Message | None:
    """Why this person cannot approve now, or draw the numbers, what cannot be mended first; None where nothing stands in the way."""
    late = approving.too_late(found, services().clock.today())
    if late is not None:
        return late
    try:
        licence_of(db.session(), who, services().clock.today())
    except DomainError as error:
        return error.message
    if each is not None:
        return one_by_one.what_waits(each.waiting) or (
            None if each.approved else approving.nothing_left(found.flagged_count)
        )
    if not to_approve:
        return approving.nothing_left(found.flagged_count)
    return approving.what_is_missing(sample)


def _next(who: Actor, found: LetterPack) -> int | None:
    """The letter that this person has to look at next."""
    find = queries.next_undecided if found.jurisdiction == LetterLaw.STATES else queries.next_to_open
    return find(db.session(), who, found.id, 0)


def _changed(who: Actor, found: LetterPack) -> Message | None:
    """That the template is not the one any more that the letters were frozen with, and what can be done."""
    if found.state is PackState.REFUSED or not who.can(Permission.PACKS_APPROVE) or not taking.template_changed(found):
        return None
    if found.state is PackState.APPROVED:
        return say(
            "The template of this pack has changed since it was approved, so it cannot be printed as it was read. Give the pack up, "
            "which voids its numbers, and build it anew."
        )
    return taking.no_more_changes() if found.state is PackState.READY else approving.changed_words()


def _can_give_up(who: Actor, found: LetterPack) -> bool:
    """Whether letters of it are left that could be void."""
    if not who.can(Permission.PACKS_APPROVE) or found.state not in (PackState.APPROVED, PackState.READY):
        return False
    return found.state is PackState.APPROVED or counts_of(db.session(), who, found.id)["to_send"] > 0


def _job(who: Actor, found: LetterPack) -> ShownJob | None:
    kind = _JOBS.get(found.state)
    key_of_job = taking.print_key(found) if found.state is PackState.APPROVED else str(found.id)
    job = job_about(db.session(), who, kind, key_of_job) if kind else None
    return shown_job(who, job) if job else None


def _sealing(who: Actor, found: LetterPack) -> ShownJob | None:
    """The job that seals the letters of the present edition, while it runs or where it failed."""
    certificate = signing.certificate_of(db.session(), who) if found.state is PackState.READY else None
    if certificate is None or found.singles_digest is not None:
        return None
    job = job_about(db.session(), who, "legal.seal", sealing.job_key(found, certificate))
    return shown_job(who, job) if job else None


def _can_seal(who: Actor, found: LetterPack) -> bool:
    """Whether single letters may be asked for: a firm's own pack, ready, not sealed yet."""
    return (
        who.can(Permission.PACKS_DOWNLOAD)
        and found.state is PackState.READY
        and found.print_digest is not None
        and found.singles_digest is None
    )


def _files(found: LetterPack) -> list[dict[str, Any]]:
    """What can be taken away, with size and hash."""
    if found.state is not PackState.READY:
        return []
    shown = []
    for name, file in taking.PACK_FILES.items():
        digest: str | None = getattr(found, file.column)
        if digest is not None:
            size = services().storage.size(digest)
            shown.append({"name": name, "label": FILE_LABELS[file.code], "size": size, "digest": digest})
    return shown
