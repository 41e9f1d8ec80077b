"""The letter templates that are shipped: what a check says of each, and which fit a firm's packs.

Publishing is a deployment; what is chosen for a pack is checked all the same (`letters.check_template`), so that wording which
may not be said in a letter never gets into one (reference/letters.md, Gates).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import letters
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import say
from portal.legal.pictures import pictures_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from letters import Problem, Template

__all__ = [
    "Sheet", "fitting", "sample_pages", "sample_pdf", "sheet_named", "sheets",
    "template_to_use",
]  # fmt: skip

FOLDER: Path = letters.TEMPLATES
# What the portal knows to fill in: a template that needs more is none of those that packs are built with.
HEAD = frozenset(
    {
        "firm.name", "firm.address", "firm.phone", "firm.licence_no", "firm.lawyers", "firm.seal", "client.name",
        "client.query_phone", "client.payment_channels", "issued_on", "pay_within_days", "validation_ends", "verify_url",
    }
)  # fmt: skip
LETTER = frozenset(
    {
        "letter_no", "debtor_name", "postcode", "address", "card_last4", "currency", "principal", "interest", "fees", "total",
        "as_of", "days_past_due", "items", "verify_code", "agreement_date", "interest_continues", "itemization_creditor",
        "itemization_date", "itemization_event", "amount_then", "credits",
    }
)  # fmt: skip
OF_LAWYERS = "firm.lawyers"  # a letter of the bank's own names none


class Sheet(NamedTuple):
    """A template and what its check found; `template` is None where it cannot even be read."""

    name: str
    template: Template | None
    digest: str
    problems: Sequence[Problem]

    def title(self, locale: str) -> str:
        """What it is called."""
        return self.template.title(locale) if self.template else self.name

    @property
    def passes(self) -> bool:
        """Whether packs may be built with it."""
        return self.template is not None and not self.problems


def sheets() -> list[Sheet]:
    """Every template there is, by name, checked."""
    return [sheet_named(name) for name in letters.template_names(FOLDER)]


def sheet_named(name: str) -> Sheet:
    """One template, checked. NotFound where there is none of this name."""
    if name not in letters.template_names(FOLDER):
        raise NotFound
    digest = _digest(FOLDER / name)
    with _one_at_a_time:  # the sample is laid out for it, which is not done twice at once
        return _checked(FOLDER, name, digest)


def fitting(jurisdiction: str) -> list[Sheet]:
    """Templates of lawyers' letters that a firm under this law can use, whether they pass their check or not."""
    return [sheet for sheet in sheets() if sheet.template is not None and _fits(sheet.template, jurisdiction)]


def template_to_use(name: str | None, jurisdiction: str) -> Template:
    """The template of a new pack; the first that can be used if none is named.

    DomainError at `template` where it does not fit the firm, or its check fails: then with the place of the fault.
    """
    offered = fitting(jurisdiction)
    found = next((sheet for sheet in offered if sheet.name == name or (name is None and sheet.passes)), None)
    if found is None or found.template is None:
        words = say("No template of this name fits the law firm. Choose one of those that are offered.")
        raise DomainError("legal.template", words, field="template")
    if found.problems:
        first = found.problems[0]
        words = say(
            "The check of this template fails at %(place)s: %(what)s. Nothing can be built with it.",
            place=first.field or found.name, what=_said(first),
        )  # fmt: skip
        raise DomainError("legal.template_check", words, field="template")
    return found.template


@lru_cache(maxsize=32)
def sample_pdf(name: str, version: str) -> bytes:
    """A template's first sample letter as PDF, by the version that is shown. Raises letters.LettersError."""
    template = letters.load_template(name, FOLDER)
    head = {key: value for key, value in template.sample.items() if key not in ("letters", "template")}
    return letters.render_single(template, head, template.sample["letters"][0])


@lru_cache(maxsize=32)
def sample_pages(name: str, version: str) -> tuple[bytes, ...]:
    """The same as pictures, a PNG each page."""
    return pictures_of(sample_pdf(name, version))


# --- the check ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _checked(folder: Path, name: str, digest: str) -> Sheet:
    """By digest: the same files are checked once in a process."""
    problems = letters.check_template(folder / name)
    try:
        template = letters.load_template(name, folder)
    except letters.LettersError:
        template = None
    return Sheet(name, template, digest, tuple(problems))


def _digest(folder: Path) -> str:
    """Over every file of a template, its sample too, since that is part of the check."""
    digest = hashlib.sha256()
    for file in sorted(entry for entry in folder.iterdir() if entry.is_file()):
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _fits(template: Template, jurisdiction: str) -> bool:
    needed = {(field.part, field.name) for field in template.fields if field.required in ("always", "printed")}
    known = {("head", name) for name in HEAD} | {("letter", name) for name in LETTER}
    return template.jurisdiction == jurisdiction and ("head", OF_LAWYERS) in needed and needed <= known


def _said(problem: Problem) -> str:
    from flask_babel import get_locale

    return problem.message(str(get_locale() or "en"))


_one_at_a_time = Lock()
