"""A bundle of an account's evidence as one PDF with an index: made by a job, sealed for the person, kept by its hash."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import render_template
from flask_babel import force_locale

import letters
from portal.contact.log.sealing import keep_under_new_key, opened_pieces
from portal.contact.proofs import open_proof, person_key_of
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.formats import instant
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say, translate
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.legal.dispatch.queries import ways_by_letter
from portal.legal.flags import reason_words
from portal.legal.matters import queries
from portal.legal.matters.bundle_parts import PARTS, About
from portal.legal.matters.labels import DOCUMENT_KINDS, LANGUAGES
from portal.legal.matters.models import EvidenceBundle
from portal.legal.printing import work_folder
from portal.legal.queries import letters_of_account, sealed_letter
from portal.legal.reading import Opened, pdf_of, unsealed
from portal.placement.leaving_queries import bank_name
from portal.portfolio.queries import account_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import Job, JobView, Progress
    from portal.foundation.vault import PersonKey

__all__ = ["Taken", "ask_bundle", "make_bundle", "take_bundle"]

JOB = "legal.bundle"
PURPOSE = "bundle key"
_LOCALES = {"zh": "zh_Hans", "en": "en"}
PARTS_PAGE = "legal/bundle_parts.html"
_STYLE = Path(__file__).parents[3] / "static" / "css" / "bundle.css"


def ask_bundle(actor: Actor, account_id: int, language: str, matter_id: int | None = None) -> Job:
    """Ask for a bundle; asking again while it is being made is the same job. With a matter, the bank makes it for that
    matter's firm, which may take it away too. NotFound for an account or a matter of it that the actor may not see; DomainError
    for a language that is none."""
    demand(actor, Permission.EVIDENCE_BUNDLE)
    with transaction(actor) as work:
        account = account_for(work.session, actor, account_id)
        if language not in LANGUAGES:
            raise DomainError("bundle.language", say("Choose one of the list."), field="language")
        person_key_of(work.session, actor, account_id)
        if matter_id is not None and queries.matter_for(work.session, actor, matter_id).account_id != account.id:
            raise NotFound
        made = len(queries.bundles_of(work.session, actor, account_id, most=100_000))
        key = f"{account.id}-{language}-{matter_id or 0}-{actor.user_id}-{made}"
        payload = {"account": account.id, "language": language, "matter": matter_id}
        work.audit("legal.bundle_asked", account, after={"language": language, "matter": matter_id})
        return work.request_job(JOB, key, payload)


@handler(JOB, _l("Bundle of evidence"))
def make_bundle(job: JobView, progress: Progress) -> dict[str, Any]:
    """Make it and keep it. Run again after it was kept, it finds it."""
    with reading(job.actor) as session:
        found = queries.bundle_made_by(session, job.actor, job.id)
        if found is not None:
            return _result(found.id)
    account_id, language = int(job.payload["account"]), str(job.payload["language"])
    matter_id = job.payload["matter"]
    bank = bank_name(language)
    with reading(job.actor) as session, force_locale(_LOCALES[language]):
        about, annexes = _gather(session, job.actor, account_id)
        reference = about.account.account_ref
        made = _Made(about, language, bank, annexes, progress)
        with work_folder(f"pack-bundle-{job.id}") as folder:
            pages = made.write(folder / "bundle.pdf")
            with (folder / "bundle.pdf").open("rb") as stream:
                kept = keep_under_new_key(stream)
    with transaction(job.actor) as work:
        key = person_key_of(work.session, job.actor, account_id)
        owner = queries.matter_for(work.session, job.actor, matter_id).organisation_id if matter_id else None
        bundle = EvidenceBundle(
            organisation_id=owner or job.actor.organisation_id, account_id=account_id, account_ref=reference,
            matter_id=matter_id, job_id=job.id, language=language, stored=kept.stored,
            key_sealed=work.vault.seal(key, kept.key.hex(), PURPOSE), sha256=kept.digest, size=kept.size, pages=pages,
            by_user_id=job.actor.user_id, by_name=job.actor.name, at=work.now,
        )  # fmt: skip
        work.session.add(bundle)
        work.session.flush()
        after = {"account": account_id, "sha256": kept.digest, "pages": pages, "language": language}
        work.audit("legal.bundle_made", bundle, after=after)
        bundle_id = bundle.id
    return _result(bundle_id)


def _result(bundle_id: int) -> dict[str, Any]:
    return {"message": as_data(say("The bundle is made and can be downloaded.")), "url": f"/bundles/{bundle_id}/file"}


@dataclass(frozen=True)
class Taken:
    """A bundle on its way out."""

    name: str
    size: int
    sha256: str
    pieces: Iterator[bytes]


def take_bundle(actor: Actor, bundle_id: int) -> Taken:
    """A bundle to be sent; recorded with its hash before the first byte. NotFound where the actor may not see it or its account
    (any more), and where the person was erased."""
    demand(actor, Permission.EVIDENCE_BUNDLE)
    with transaction(actor) as work:
        bundle = queries.bundle_for(work.session, actor, bundle_id)
        key = work.vault.open(person_key_of(work.session, actor, bundle.account_id), bundle.key_sealed, PURPOSE)
        if key is None:
            raise NotFound
        work.audit("legal.bundle_taken", bundle, after={"account": bundle.account_id, "sha256": bundle.sha256})
        name = f"{bundle.account_ref}-{services().clock.today(actor.time_zone):%Y%m%d}-{bundle.id}.pdf"
        return Taken(name, bundle.size, bundle.sha256, opened_pieces(bundle.stored, bundle.sha256, bytes.fromhex(key)))


# --- what goes in -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Annex:
    """A file behind the parts: its title, how it is known to the parts, and how its pages are had."""

    title: str
    key: tuple[str, int]
    sheets: Callable[[], bytes]


def _gather(session: Session, actor: Actor, account_id: int) -> tuple[About, list[_Annex]]:
    account = account_for(session, actor, account_id)
    key = person_key_of(session, actor, account_id)
    vault, customer = services().vault, account.customer
    written = [row for row in reversed(letters_of_account(session, actor, account_id)) if row.Letter.letter_no]
    may_see_letters = actor.can(Permission.PACKS_VIEW)
    written = written if may_see_letters else []
    ids = [row.Letter.id for row in written]
    ways, void = ways_by_letter(session, actor, ids), queries.why_void(session, actor, ids)
    annexes = list(_annexes(session, actor, key, (written, ways, void), account_id))
    about = About(
        session, actor, account, key, vault.open(key, customer.name_sealed, "name") or customer.name_masked,
        vault.open(key, customer.id_no_sealed, "id_no") or "", services().clock.today(), written, ways,
        {annex.key: place for place, annex in enumerate(annexes, 1)}, void,
    )  # fmt: skip
    return about, annexes


def _annexes(
    session: Session,
    actor: Actor,
    key: PersonKey,
    sent: tuple[Sequence[Any], dict[int, Any], dict[int, str]],
    account_id: int,
) -> Iterator[_Annex]:
    written, ways, void = sent
    for row in written:
        letter, result = row.Letter, ways[row.Letter.id].result if row.Letter.id in ways else None
        number = letter.letter_no
        yield _Annex(
            _letter_title(number, void.get(letter.id)), ("letter", letter.id),
            lambda letter=letter, pack=row.LetterPack: _of_letter(session, letter, pack),  # type: ignore[misc]
        )  # fmt: skip
        if result is not None and result.proof_digest:
            title = translate(
                say("Proof of delivery of letter %(number)s: %(file)s", number=number, file=result.proof_name)
            )
            yield _Annex(title, ("proof", letter.id), lambda result=result: _of_proof(key, result))  # type: ignore[misc]
    if not actor.can(Permission.MATTERS_VIEW):
        return
    for matter in reversed(queries.matters_of_account(session, actor, account_id)):
        for document in reversed(queries.documents_of(session, actor, matter.id)):
            if document.withdrawal is not None:
                continue
            title = (
                f"{matter.number} · {DOCUMENT_KINDS[document.kind]} · {document.proof_name} · SHA-256 {document.sha256}"
            )
            yield _Annex(title, ("document", document.id), lambda document=document: _of_proof(key, document))  # type: ignore[misc]


def _letter_title(number: str, void: str | None) -> str:
    """What is void was never sent: whoever leafs through the annexes must not take it for a letter that was."""
    if void is None:
        return translate(say("Letter %(number)s", number=number))
    return translate(say("Letter %(number)s, void: %(reason)s", number=number, reason=reason_words(void)))


def _of_letter(session: Session, letter: Any, pack: Any) -> bytes:
    """The letter laid out as it was frozen."""
    sealed = sealed_letter(session, letter)
    data = unsealed(services().vault, sealed, letter.letter_no) if sealed else None
    if data is None:
        raise letters.Undrawable
    try:
        return letters.on_sheets(pdf_of(Opened(letter, pack.template, pack.head, data)), "pdf")
    except letters.LettersError as error:
        raise letters.Undrawable from error


def _of_proof(key: PersonKey, row: Any) -> bytes:
    try:
        content = open_proof(key, row)
    except DomainError as error:
        raise letters.Undrawable from error
    return letters.on_sheets(content, row.proof_name.rpartition(".")[2])


# --- putting it together ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """A line of the index."""

    title: str
    page: int
    is_annex: bool = False


@dataclass(frozen=True)
class _Bound:
    """What begins a page of its own: the parts, which follow each other, and each annex. `starts`: the titles in it, each with its
    page, the first being 0; `above`: what stands above each of its pages."""

    pdf: bytes
    starts: Sequence[tuple[str, int]]
    above: str = ""

    @cached_property
    def pages(self) -> int:
        """How many it has."""
        return letters.pages_in(self.pdf)


@dataclass(frozen=True)
class _Made:
    """A bundle while it is being made."""

    about: About
    language: str
    bank: str
    annexes: Sequence[_Annex]
    progress: Progress

    def write(self, out: Path) -> int:
        """The file; how many pages it has."""
        total = len(self.annexes) + 3
        bound = [self._parts()]
        self.progress.step(1, total=total)
        for place, annex in enumerate(self.annexes, 1):
            title = translate(say("Annex %(n)s: %(title)s", n=place, title=annex.title))
            bound.append(_Bound(self._sheets(annex), [(title, 0)], title))
            self.progress.step(len(bound), total=total)
        front = self._front(bound)
        first = letters.pages_in(front)
        above = [""] * first + [one.above for one in bound for _page in range(one.pages)]
        mark = f"{translate(say('Bundle of evidence'))} · {self.about.account.account_ref}"
        stamped = self._document("legal/bundle_lines.html", lines=above, mark=mark)
        self.progress.step(total - 1, total=total)
        bookmarks = [(entry.title, entry.page) for entry in _entries(bound, first)]
        return letters.bind([front, *(one.pdf for one in bound)], stamped, bookmarks, mark, out)

    def _parts(self) -> _Bound:
        """All parts as one text, so that a short one costs no sheet."""
        parts = [part_of(self.about) for part_of in PARTS]
        titles = [f"{place}. {part.title}" for place, part in enumerate(parts, 1)]
        pdf = self._document(PARTS_PAGE, title=titles[0], parts=list(zip(titles, parts, strict=True)))
        return _Bound(pdf, list(zip(titles, letters.headings_in(pdf), strict=True)))

    def _sheets(self, annex: _Annex) -> bytes:
        """The annex on its sheets; a page that says so where it cannot be drawn."""
        try:
            return annex.sheets()
        except letters.Undrawable:
            words = translate(
                say("This file cannot be drawn. It is kept as it was sent, and can be downloaded from the portal.")
            )
            return self._document(PARTS_PAGE, title=annex.title, parts=[(annex.title, {"words": [words]})])

    def _front(self, bound: Sequence[_Bound]) -> bytes:
        """The first pages; how many they are is known only once they are laid out."""
        pages = 1
        while True:
            front = self._document(
                "legal/bundle_front.html", title=translate(say("Bundle of evidence")), facts=self._facts(),
                entries=_entries(bound, pages),
            )  # fmt: skip
            found = letters.pages_in(front)
            if found <= pages:
                return front
            pages = found

    def _facts(self) -> list[tuple[str, str]]:
        about = self.about
        return [
            (translate(say("Account")), about.account.account_ref), (translate(say("Debtor")), about.name),
            (translate(say("Bank")), self.bank), (translate(say("Bundle made by")), f"{about.actor.name} · {about.actor.organisation_name}"),
            (translate(say("Bundle made")), instant(services().clock.now())),
        ]  # fmt: skip

    def _document(self, template: str, **shown: Any) -> bytes:
        markup = render_template(template, language=self.language, **shown)
        return letters.render_document(markup, _STYLE.read_text(encoding="utf-8"))


def _entries(bound: Sequence[_Bound], front: int) -> list[_Entry]:
    """The index, where so many pages stand before what is bound."""
    entries, page = [], front + 1
    for place, one in enumerate(bound):
        entries += [_Entry(title, page + start, place > 0) for title, start in one.starts]
        page += one.pages
    return entries
